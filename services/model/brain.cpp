#include "model/brain.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

#include "llm/json_text.hpp"
#include "model/acting.hpp"
#include "model/answers.hpp"
#include "model/clauses.hpp"
#include "model/reply.hpp"
#include "model/sharing.hpp"
#include "model/structured.hpp"
#include "model/task.hpp"
#include "model/wording.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t cached_catalogues = 16;

bool plan_wanted(const ChatRequest& request) {
  if (request.format != Format::json_schema) return false;
  const auto properties = request.schema.find("properties");
  return properties != request.schema.end() && properties->is_object() && properties->contains("steps");
}

/// A call's id is the same for the same call in the same place, so that a repeated request gets the same answer.
std::string call_id(const ChatRequest& request, std::size_t index) { return fmt::format("call_{}_{}", request.messages.size(), index); }

}  // namespace

Json find_catalogue(const std::vector<llm::Message>& messages, std::string& text) {
  for (const auto& message : messages) {
    std::size_t at = 0;
    while ((at = message.content.find("```", at)) != std::string::npos) {
      const auto line = message.content.find('\n', at);
      if (line == std::string::npos) break;
      const auto end = message.content.find("```", line);
      if (end == std::string::npos) break;
      text = message.content.substr(line + 1, end - line - 1);
      if (text.find("\"agents\"") != std::string::npos) {
        auto json = llm::parse_object(text, Fault::invalid, "the catalogue");
        if (json && json->contains("agents")) return std::move(*json);
      }
      at = end + 3;
    }
  }
  return nullptr;
}

std::optional<Day> day_said(const std::vector<llm::Message>& messages) {
  constexpr std::string_view mark = "Today is ";
  for (const auto& message : messages) {
    if (message.role != llm::Role::system) continue;
    const auto at = message.content.find(mark);
    if (at == std::string::npos) continue;
    if (const auto day = parse_iso(std::string_view(message.content).substr(at + mark.size()))) return day;
  }
  return std::nullopt;
}

const Known& Brain::known(std::string key, const Json& json, bool planner) {
  const auto found = std::ranges::find(cache_, key, &Cached::key);
  if (found != cache_.end()) {
    cache_.splice(cache_.begin(), cache_, found);
    return *cache_.front().known;
  }
  auto catalogue = planner ? read_catalogue(json).value_or(Catalogue{}) : catalogue_of_tools(json);
  cache_.push_front({std::move(key), std::make_unique<Known>(std::move(catalogue))});
  if (cache_.size() > cached_catalogues) cache_.pop_back();
  return *cache_.front().known;
}

llm::Response Brain::answer(const ChatRequest& request, Day today) {
  today = day_said(request.messages).value_or(today);
  llm::Response response;
  if (plan_wanted(request)) {
    std::string text;
    const auto json = find_catalogue(request.messages, text);
    if (!json.is_null()) {
      response.content = plan(request, known("plan:" + text, json, true), today);
      return response;
    }
  }
  if (request.format != Format::text) {
    response.content = llm::dump(fill_schema(request, today));
    return response;
  }
  if (!request.messages.empty() && request.messages.back().role == llm::Role::tool && !answers_question(request.messages)) {
    response.content = answer_from_results(request.messages);
    return response;
  }
  if (!request.tools.is_null() && request.tool_choice != "none")
    return act(request, known("tools:" + llm::dump(request.tools), request.tools, false), today);
  response.content = plain_reply(task_of(request.messages));
  return response;
}

std::string Brain::plan(const ChatRequest& request, const Known& known, Day today) const {
  const auto goal = goal_of(request.messages);
  const auto made =
      make_plan(known.catalogue, known.index, goal.text, goal.clarifications, parse_iso(known.catalogue.today).value_or(today));
  return plan_text(made, request.schema, request.max_tokens);
}

namespace {

std::vector<Reading> read_all(const std::vector<std::string>& texts, Day today, const Index& index) {
  std::vector<Reading> readings;
  readings.reserve(texts.size());
  for (const auto& text : texts) readings.push_back(read_text(text, today, [&](std::string_view stemmed) { return index.knows(stemmed); }));
  return readings;
}

/// Fills a call from the action, then from answers to questions, the goal, and earlier results.
Filled complete(const Tool& tool, const Reading& action, std::size_t first, std::size_t last, const Task& task,
                const std::vector<Reading>& answers, Day today, const Index& index) {
  const auto read = [&](const std::string& text) {
    return read_text(text, today, [&](std::string_view stemmed) { return index.knows(stemmed); });
  };
  auto filled = fill(tool, action, first, last);
  for (const auto& answer : answers) take_answer(filled, tool, answer);
  if (first > 0 || last < action.tokens.size()) fill_from(filled, tool, action, {.phrases = false, .free_text = false, .elsewhere = true});
  if (!task.goal.empty()) fill_from(filled, tool, read(task.goal), {.phrases = false, .free_text = true, .elsewhere = true});
  use_history(filled, tool, action, task.history);
  return filled;
}

}  // namespace

/// The calls for an action and what was answered so far, with what they lack.
std::vector<Call> Brain::calls_for(const ChatRequest& request, const Known& known, const Task& task, Day today) const {
  const auto reading = read_text(task.action, today, [&](std::string_view stemmed) { return known.index.knows(stemmed); });
  const auto named = [&](std::string_view name) { return std::ranges::find(known.catalogue.tools, name, &Tool::name); };
  auto chosen = named(task.function);
  // The function was chosen for the step as it was planned; a person may have made another one of it since.
  const bool planned = chosen != known.catalogue.tools.end();
  if (!planned) chosen = named(request.tool_choice);
  const auto suits = [&](const Tool& tool) {
    return !planned || reading.tokens.empty() ||
           asks_for(reading, known.index, static_cast<std::size_t>(&tool - known.catalogue.tools.data()));
  };
  const auto answers = read_all(task.answers, today, known.index);
  std::vector<Call> calls;
  const auto add = [&](const Tool& tool, std::size_t first, std::size_t last) {
    const auto filled = complete(tool, reading, first, last, task, answers, today, known.index);
    for (const auto& share : shares_of(tool, reading, first, last, answers, filled)) calls.push_back({&tool, share});
  };
  const bool forced = !planned && chosen != known.catalogue.tools.end();
  if (forced || (chosen != known.catalogue.tools.end() && !calls_off(reading) && suits(*chosen))) {
    add(*chosen, 0, reading.tokens.size());
  } else if (!calls_off(reading)) {
    for (const auto& clause : clauses_of(reading, known.index, known.catalogue)) {
      if (clause.ranked.empty() || (!clause.fits && request.tool_choice != "required")) continue;
      const auto& tool = known.catalogue.tools[clause.ranked.front().tool];
      if (!suits(tool)) continue;
      add(tool, clause.first, clause.last);
    }
  }
  return calls;
}

namespace {

std::vector<Asked> asked_for(const std::vector<Call>& calls) {
  std::vector<Asked> asked;
  for (const auto& [tool, filled] : calls) {
    for (const auto* parameter : filled.missing) {
      const auto known = [&](const Asked& one) { return one.tool == tool && one.parameter == parameter; };
      if (std::ranges::none_of(asked, known)) asked.push_back({tool, parameter});
    }
  }
  return asked;
}

/// Said by the tool for that, where there is one, so that nobody takes it for a question or for work that was done.
llm::Response end_undone(llm::Response response, const ChatRequest& request, const Catalogue& catalogue, bool called_off) {
  const auto* ending = ending_tool(catalogue);
  if (ending == nullptr) return response;
  const Json arguments{{"reason", std::exchange(response.content, {})}, {"called_off", called_off}};
  response.tool_calls.push_back({call_id(request, 0), ending->name, llm::dump(arguments)});
  return response;
}

}  // namespace

llm::Response Brain::act(const ChatRequest& request, const Known& known, Day today) const {
  auto task = task_of(request.messages);
  const auto answers = std::exchange(task.answers, {});
  const bool planned = !task.function.empty();
  auto calls = calls_for(request, known, task, today);
  const Read read = [&](const std::string& text) {
    return read_text(text, today, [&](std::string_view stemmed) { return known.index.knows(stemmed); });
  };
  llm::Response response;
  std::string before;  // the question
  std::size_t unknown = 0;
  for (const auto& text : answers) {
    const auto asked = asked_for(calls);
    const auto reply = asked.empty() ? Reply{} : reply_of(text, asked, known.index, read);
    if (reply.kind == ReplyKind::calls_off || (reply.kind == ReplyKind::unknown && ++unknown > 1)) {
      response.content = reply.kind == ReplyKind::unknown ? unknown_reply(asked) : called_off_reply();
      return end_undone(std::move(response), request, known.catalogue, true);
    }
    if (reply.kind == ReplyKind::request)
      task = Task{.action = reply.request, .function = {}, .goal = {}, .history = task.history, .answers = {}};
    if (reply.kind == ReplyKind::value) task.answers.push_back(text);
    if (reply.kind == ReplyKind::request || reply.kind == ReplyKind::value) calls = calls_for(request, known, task, today);
    const auto open = asked_for(calls);
    if (reply.kind == ReplyKind::request || open.size() < asked.size()) unknown = 0;  // of each question
    before = reply.kind != ReplyKind::value || open.size() == asked.size() ? before_asking_again(reply, open, text) : std::string{};
  }
  if (calls.empty()) {
    response.content = no_tool_reply(task, known.catalogue);
    // Words are all that a step wants that names no function.
    return !planned ? response : end_undone(std::move(response), request, known.catalogue, false);
  }
  if (calls.size() > most_calls) {
    response.content = too_many_reply(calls.size(), most_calls);
    return end_undone(std::move(response), request, known.catalogue, false);
  }
  for (const auto& [tool, filled] : calls) {
    if (!filled.missing.empty()) {
      const auto question = question_for(*tool, filled.missing, {});
      if (!response.content.contains(question)) response.content += (response.content.empty() ? before : " ") + question;
    } else if (response.content.empty()) {
      response.tool_calls.push_back({call_id(request, response.tool_calls.size()), tool->name, llm::dump(filled.arguments)});
    }
  }
  if (response.content.empty()) return response;
  // What is missing is asked for before anything is done: through the tool for that, where there is one.
  response.tool_calls.clear();
  if (const auto* asking = asking_tool(known.catalogue)) {
    response.tool_calls.push_back({call_id(request, 0), asking->name, llm::dump({{"question", response.content}})});
    response.content.clear();
  }
  return response;
}

}  // namespace convoke::model
