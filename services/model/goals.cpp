// A goal with the replies to what was asked about it: which of them are answers, and which call it off or ask for something else.
#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "model/acting.hpp"
#include "model/answers.hpp"
#include "model/phrases.hpp"
#include "model/planning.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

/// The only thing that a goal of one verb speaks of, where it is a pronoun: "Schedule it, please." Nothing was said before that.
const Token* dangling(const Reading& goal) {
  static constexpr std::array<std::string_view, 6> pronouns{"it", "this", "that", "these", "those", "them"};
  const auto verb = opening_verb(goal, 0, goal.tokens.size());
  if (verb == goal.tokens.size() || !goal.entities.empty()) return nullptr;
  const Token* found = nullptr;
  for (std::size_t i = verb + 1; i < goal.tokens.size(); ++i) {
    const auto& token = goal.tokens[i];
    if (std::ranges::find(pronouns, token.lower) != pronouns.end())
      found = &token;
    else if (!is_stop_word(token.lower) && token.lower != "please")
      return nullptr;
  }
  return found;
}

Plan asking(const std::string& goal, const std::string& question) {
  return {.goal = goal, .steps = {}, .summary = question, .clarification = question, .asked = {}};
}

Plan plan_of(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& clarifications,
             Day today) {
  const auto reading = read_text(goal, today, [&](std::string_view stemmed) { return index.knows(stemmed); });
  if (only_forbids(reading)) {
    auto plan = asking(goal, "Nothing is to be done so far. What is to be done instead?");
    plan.instead = true;
    return plan;
  }
  const auto* pronoun = dangling(reading);
  if (pronoun == nullptr) return plan_once(catalogue, index, goal, clarifications, today);
  if (clarifications.empty()) {
    const auto what =
        fmt::format("What does \"{}\" in \"{}\" stand for?", goal.substr(pronoun->begin, pronoun->end - pronoun->begin), goal);
    return asking(goal, what);
  }
  auto meant = clarifications.front();
  while (!meant.empty() && std::string_view(" .!?").contains(meant.back())) meant.pop_back();
  auto plan = plan_once(catalogue, index, goal.substr(0, pronoun->begin) + meant + goal.substr(pronoun->end), clarifications, today);
  plan.goal = goal;
  return plan;
}

Plan plan_with(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& clarifications,
               Day today) {
  auto plan = plan_of(catalogue, index, goal, clarifications, today);
  for (std::size_t used = 0; plan.instead && used < clarifications.size(); ++used)
    plan = plan_of(catalogue, index, clarifications[used],
                   {clarifications.begin() + static_cast<std::ptrdiff_t>(used) + 1, clarifications.end()}, today);
  plan.goal = goal;
  return plan;
}

Plan ended(const std::string& goal, std::string why) {
  return {.goal = goal, .steps = {}, .summary = std::move(why), .clarification = {}, .asked = {}};
}

}  // namespace

Plan make_plan(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& clarifications,
               Day today) {
  const Read read = [&](const std::string& text) {
    return read_text(text, today, [&](std::string_view stemmed) { return index.knows(stemmed); });
  };
  auto wanted = goal;
  std::vector<std::string> values;
  auto plan = plan_with(catalogue, index, wanted, values, today);
  std::size_t unknown = 0;
  auto question = plan.clarification;  // without what is said before it when it is asked again
  for (const auto& text : clarifications) {
    const auto asked = plan.asked;
    // A reply to nothing is something more that was said.
    const auto reply = plan.clarification.empty() ? Reply{} : reply_of(text, asked, index, read);
    if (reply.kind == ReplyKind::calls_off) return ended(goal, called_off_reply());
    if (reply.kind == ReplyKind::unknown && ++unknown > 1) return ended(goal, unknown_reply(asked));
    // What is left open needs other words: that is an answer, and no other request.
    const bool other = reply.kind == ReplyKind::request && !asked.empty();
    const bool value = reply.kind == ReplyKind::value || (reply.kind == ReplyKind::request && asked.empty());
    if (other) {
      wanted = reply.request;
      values.clear();
    }
    if (value) values.push_back(text);
    if (other || value) plan = plan_with(catalogue, index, wanted, values, today);
    if (other || value) question = plan.clarification;
    if (other || plan.asked.size() < asked.size()) unknown = 0;  // of each question
    if (plan.clarification.empty() || plan.asked.empty()) continue;
    if (!other && (!value || plan.asked.size() == asked.size()))
      plan.clarification = before_asking_again(reply, plan.asked, text) + question;
  }
  return plan;
}

}  // namespace convoke::model
