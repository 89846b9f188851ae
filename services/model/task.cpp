#include "model/task.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/reply.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr std::string_view history_open = "<conversation_history>";
constexpr std::string_view history_close = "</conversation_history>";
constexpr std::string_view function_mark = "Function:";
constexpr std::string_view answered_mark = "The person answered: ";
constexpr std::string_view clarification_mark = "Clarification:";

/// Cuts the block out of the text and returns its inside.
std::string take_history(std::string& text) {
  const auto from = text.find(history_open);
  if (from == std::string::npos) return {};
  const auto to = text.find(history_close, from);
  const auto inside_end = to == std::string::npos ? text.size() : to;
  auto inside = trim(std::string_view(text).substr(from + history_open.size(), inside_end - from - history_open.size()));
  text.erase(from, (to == std::string::npos ? text.size() : to + history_close.size()) - from);
  return inside;
}

/// Cuts the first line that begins with `mark` out of the text and returns what follows the mark on it.
std::string take_line(std::string& text, std::string_view mark) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = trim(std::string_view(text).substr(at, end - at));
    if (line.starts_with(mark)) {
      text.erase(at, end + 1 - at);
      return trim(std::string_view(line).substr(mark.size()));
    }
    at = end + 1;
  }
  return {};
}

std::string take_function(std::string& text) {
  const auto at = text.rfind(function_mark);
  if (at == std::string::npos) return {};
  auto name = trim(std::string_view(text).substr(at + function_mark.size()));
  const auto end = name.find_first_of(" \t\r\n.,;`");
  // Only at the end of the action.
  if (end != std::string::npos && name.find_first_not_of(" \t\r\n.,;`", end) != std::string::npos) return {};
  if (end != std::string::npos) name.resize(end);
  if (name.empty()) return {};
  text = trim(std::string_view(text).substr(0, at));
  return name;
}

/// Without `<name> says: ` or `<name> answered: ` before it: who speaks is no part of what is wanted.
std::string_view words_of_speaker(std::string_view text) {
  const auto name = std::min(text.find_first_of(" \t\r\n"), text.size());
  for (const auto mark : {answered_mark, std::string_view("The person says: ")}) {
    const auto verb = mark.substr(std::string_view("The person").size());
    if (text.starts_with(mark)) return text.substr(mark.size());
    if (name > 0 && text.substr(name).starts_with(verb)) return text.substr(name + verb.size());
  }
  return text;
}

/// Whether that call asked a person a question.
bool asked(const std::vector<llm::Message>& messages, const std::string& call_id) {
  for (const auto& message : messages) {
    for (const auto& call : message.tool_calls) {
      if (call.id == call_id)
        return call.arguments.find("\"question\"") != std::string::npos && call.name.find("agent") == std::string::npos;
    }
  }
  return false;
}

/// Whether the assistant asked for something; then what comes is the answer.
bool is_question(const llm::Message& message) {
  return message.role == llm::Role::assistant && message.tool_calls.empty() && !message.content.starts_with(what_i_am) &&
         (message.content.find('?') != std::string::npos || message.content.find("please tell me") != std::string::npos);
}

/// Whether the message gives a step of its own, and so answers nothing.
bool gives_step(const llm::Message& message) {
  const auto& text = message.content;
  return text.starts_with("Goal:") || text.find("\nGoal:") != std::string::npos || text.find(history_open) != std::string::npos ||
         text.find(function_mark) != std::string::npos;
}

/// What stands around the action: a person's comment, the goal, and answers inside the history.
void take_notes(Task& task) {
  for (auto answer = take_line(task.history, answered_mark); !answer.empty(); answer = take_line(task.history, answered_mark))
    task.answers.push_back(std::move(answer));
  take_line(task.history, "The person was asked:");
  for (auto text = trim(task.action); text.starts_with("Comment"); text = trim(task.action)) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto colon = text.find(": ");
    if (colon < end) task.answers.push_back(text.substr(colon + 2, end - colon - 2));
    task.action = text.substr(std::min(end + 1, text.size()));
  }
  const auto goal = task.action.starts_with("Goal:") ? 0 : task.action.find("\nGoal:");
  if (goal == std::string::npos) return;
  // The action is the last line; a goal may have several.
  auto text = trim(std::string_view(task.action).substr(task.action.find(':', goal) + 1));
  const auto last = text.rfind('\n');
  task.goal = trim(std::string_view(text).substr(0, last));
  task.action = last == std::string::npos ? text : trim(std::string_view(text).substr(last + 1));
}

}  // namespace

bool answers_question(const std::vector<llm::Message>& messages) {
  return !messages.empty() && messages.back().role == llm::Role::tool && asked(messages, messages.back().tool_call_id);
}

Task task_of(const std::vector<llm::Message>& messages) {
  Task task;
  std::size_t at = messages.size();
  while (at > 0 && messages[at - 1].role != llm::Role::user) --at;
  // Back over questions to what they were about.
  while (at > 1 && is_question(messages[at - 2]) && !gives_step(messages[at - 1])) {
    std::size_t earlier = at - 2;
    while (earlier > 0 && messages[earlier - 1].role != llm::Role::user) --earlier;
    if (earlier == 0) break;
    task.answers.insert(task.answers.begin(), messages[at - 1].content);
    at = earlier;
  }
  if (at > 0) task.action = words_of_speaker(messages[at - 1].content);
  for (std::size_t i = at; i < messages.size(); ++i) {
    if (messages[i].role == llm::Role::tool && asked(messages, messages[i].tool_call_id)) task.answers.push_back(messages[i].content);
  }
  for (auto& answer : task.answers) {
    answer = std::string(words_of_speaker(answer));
  }
  task.history = take_history(task.action);
  take_notes(task);
  task.function = take_function(task.action);
  task.action = trim(task.action);
  return task;
}

Goal goal_of(const std::vector<llm::Message>& messages) {
  Goal goal;
  bool first = true;
  for (const auto& message : messages) {
    if (message.role != llm::Role::user) continue;
    auto text = message.content;
    take_history(text);
    for (auto line = take_line(text, clarification_mark); !line.empty(); line = take_line(text, clarification_mark))
      goal.clarifications.push_back(std::move(line));
    if (!std::exchange(first, false)) continue;
    if (const auto results = text.find("Earlier results:"); results != std::string::npos) text.resize(results);
    goal.text = trim(text);
    if (goal.text.starts_with("Goal:")) goal.text = trim(std::string_view(goal.text).substr(5));
  }
  return goal;
}

}  // namespace convoke::model
