#include "cli/answers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "cli/arguments.hpp"

namespace convoke::cli {
namespace {

// As they were put.
std::vector<Question> in_order(const Show& show) {
  std::vector<Question> questions;
  for (const auto& [id, question] : show.questions()) questions.push_back(question);
  std::ranges::sort(questions, {}, &Question::seq);
  return questions;
}

}  // namespace

Choice choice_of(std::string_view typed, bool may_edit) {
  constexpr std::array<std::pair<std::string_view, Choice>, 4> words{
      {{"yes", Choice::yes}, {"no", Choice::no}, {"edit", Choice::edit}, {"later", Choice::later}}};
  std::string word;
  for (const unsigned char c : typed)
    if (std::isspace(c) == 0) word += static_cast<char>(std::tolower(c));
  for (const auto& [name, choice] : words) {
    if (word != name && word != name.substr(0, 1)) continue;
    return choice == Choice::edit && !may_edit ? Choice::unclear : choice;
  }
  return Choice::unclear;
}

std::vector<std::string> commands_for(const Question& question, const Show& show, const std::string& self) {
  const auto plan = shell_word(question.plan);
  if (question.kind == "approval" && !question.plan.empty()) {
    const auto what = question.step.empty() ? plan : plan + " " + shell_word(show.step_label(question.step));
    return {fmt::format("{} approve {}", self, what), fmt::format("{} reject {}", self, what)};
  }
  if (question.kind == "clarification" && !question.plan.empty()) return {fmt::format("{} clarify {} \"…\"", self, plan)};
  const auto request = shell_word(question.request);
  if (question.kind == "approval" || question.kind == "unknown_outcome")
    return {fmt::format("{} answer {} --yes", self, request), fmt::format("{} answer {} --no", self, request)};
  return {fmt::format("{} answer {} \"…\"", self, request)};
}

std::vector<std::string> waiting_lines(const Show& show, const std::string& self) {
  std::vector<std::string> lines;
  std::map<std::string, int> approvals;  // by plan
  for (const auto& question : in_order(show)) {
    if (question.kind == "approval" && !question.step.empty()) ++approvals[question.plan];
    const auto step = question.step.empty() ? std::string() : fmt::format("step {}: ", show.step_label(question.step));
    lines.push_back(fmt::format("? {}: {}{}", safe(question.kind), step, brief(question.text, 160)));
    for (const auto& command : commands_for(question, show, self)) lines.push_back("    " + safe(command));
  }
  for (const auto& [plan, count] : approvals)
    if (count > 1) lines.push_back(safe(fmt::format("all steps at once: {0} approve {1}, or {0} reject {1}", self, shell_word(plan))));
  return lines;
}

Json waiting_json(const Show& show, const std::string& self) {
  Json questions = Json::array();
  for (const auto& question : in_order(show))
    questions.push_back({{"request", question.request},
                         {"kind", question.kind},
                         {"plan", question.plan},
                         {"step", question.step},
                         {"text", question.text},
                         {"commands", commands_for(question, show, self)}});
  return {{"type", "waits_for_person"}, {"questions", std::move(questions)}};
}

}  // namespace convoke::cli
