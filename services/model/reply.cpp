#include "model/reply.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "core/text.hpp"
#include "model/joints.hpp"
#include "model/phrases.hpp"
#include "model/planning.hpp"
#include "model/thesaurus.hpp"
#include "model/wording.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr std::size_t most_history = 6000;

bool is_failure(std::string_view result) {
  const auto lower = to_lower(result.substr(0, 200));
  return lower.starts_with("error") || lower.find("\"error\"") != std::string::npos || lower.starts_with("tool_") ||
         lower.find("failed:") != std::string::npos;
}

/// The first heading or line of a result, without marks.
std::string first_line(std::string_view result) {
  while (!result.empty()) {
    const auto end = std::min(result.find('\n'), result.size());
    std::string line;
    for (const char c : trim(result.substr(0, end))) {
      if (c != '#' && c != '*' && c != '|') line += c;
    }
    line = trim(line);
    if (!line.empty()) return std::string(truncate_utf8(line, 160));
    result.remove_prefix(std::min(end + 1, result.size()));
  }
  return {};
}

}  // namespace

std::string answer_from_results(const std::vector<llm::Message>& messages) {
  std::size_t first = messages.size();
  while (first > 0 && messages[first - 1].role == llm::Role::tool) --first;
  const auto name_of = [&](const std::string& id) -> std::string {
    for (std::size_t i = first; i-- > 0;) {
      for (const auto& call : messages[i].tool_calls) {
        if (call.id == id) return call.name;
      }
    }
    return {};
  };
  std::string text;
  std::string done;
  std::string failed;
  for (std::size_t i = first; i < messages.size(); ++i) {
    const auto& result = messages[i].content;
    const auto tool = name_of(messages[i].tool_call_id);
    text += (text.empty() ? "" : "\n\n") + trim(result);
    auto& list = is_failure(result) ? failed : done;
    const auto line = first_line(result);
    list += fmt::format("{}{}{}", list.empty() ? "" : "; ", tool.empty() ? "" : spoken(tool) + ": ", line.empty() ? "done" : line);
  }
  text += "\n\nAGENT SUMMARY: ";
  if (!done.empty()) text += done + (done.ends_with('.') ? "" : ".");
  if (!failed.empty()) text += fmt::format("{}This did not work: {}{}", done.empty() ? "" : " ", failed, failed.ends_with('.') ? "" : ".");
  return text;
}

std::string plain_reply(const Task& task) {
  std::string text(what_i_am);
  if (!task.history.empty()) {
    text += " It cannot write about them, but these are the results so far:\n\n" +
            std::string(truncate_utf8(replies_of(task.history), most_history));
    text += "\n\nAGENT SUMMARY: The earlier results are collected above" +
            (task.action.empty() ? std::string(".") : fmt::format(" for: {}", truncate_utf8(task.action, 200)));
    return text;
  }
  if (task.action.empty()) return text + " Nothing was asked.";
  text += fmt::format(" It chooses and calls tools, and cannot do this by itself: {}", truncate_utf8(task.action, 1000));
  text += "\n\nConfigure a language model in the team file for such work.";
  return text;
}

std::string no_tool_reply(const Task& task, const Catalogue& catalogue) {
  const auto words = tokenize(task.action);
  const bool about_text = std::ranges::any_of(words, [](const Token& word) { return is_text_work(word.stem); });
  if (!task.history.empty() && (about_text || catalogue.tools.size() < 2)) return plain_reply(task);
  std::string text = fmt::format("{} None of the tools here does this: {}", what_i_am,
                                 truncate_utf8(task.action.empty() ? "(nothing was asked)" : task.action, 500));
  std::string list;
  for (std::size_t i = 0; i < catalogue.tools.size() && i < 12; ++i)
    list += (list.empty() ? "" : ", ") + to_lower(spoken(catalogue.tools[i].name));
  if (!list.empty()) text += fmt::format("\n\nIt can: {}{}.", list, catalogue.tools.size() > 12 ? ", …" : "");
  return text;
}

std::string replies_of(const std::string& history) {
  constexpr std::string_view mark = " replied: ";
  std::vector<std::string_view> lines;
  std::string_view rest = history;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto replied = [&](std::size_t i) { return i < lines.size() ? lines[i].substr(0, 120).find(mark) : std::string_view::npos; };
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto line = lines[i];
    if (replied(i) != std::string_view::npos) {
      line.remove_prefix(replied(i) + mark.size());
    } else if (replied(i + 1) != std::string_view::npos) {
      continue;  // the action that was replied to
    }
    if (!line.starts_with("AGENT SUMMARY:")) text.append(line).append("\n");
  }
  return trim(text);
}

const Tool* asking_tool(const Catalogue& catalogue) {
  for (const auto& tool : catalogue.tools) {
    const auto about = to_lower(tool.name + " " + tool.description);
    const bool person =
        about.find("person") != std::string::npos || about.find("human") != std::string::npos || about.find("user") != std::string::npos;
    if (person && about.find("ask") != std::string::npos && tool.parameters.size() == 1 && tool.parameters.front().name == "question")
      return &tool;
  }
  return nullptr;
}

const Tool* ending_tool(const Catalogue& catalogue) {
  const auto is_it = [](const Tool& tool) {
    return tool.parameters.size() == 2 && tool.parameters[0].name == "reason" && tool.parameters[1].name == "called_off" &&
           tool.parameters[1].type == ValueType::boolean;
  };
  const auto found = std::ranges::find_if(catalogue.tools, is_it);
  return found != catalogue.tools.end() ? &*found : nullptr;
}

bool wants_information(const Parameter& parameter) {
  return parameter.want == Want::text && std::ranges::any_of(parameter.words, [](const std::string& word) {
           return word == "information" || word == "info" || word == "details" || word == "content" || word == "data" || word == "facts";
         });
}

namespace {

/// Results that have nothing to do with the topic would put other words into the person's mouth.
bool speaks_of(const std::string& results, const std::string& topic) {
  const auto stems = content_stems(results);
  return std::ranges::any_of(content_stems(topic),
                             [&](const std::string& stemmed) { return std::ranges::find(stems, stemmed) != stems.end(); });
}

/// "about the results"
bool names_results(const std::string& topic) {
  const auto stems = content_stems(topic);
  return std::ranges::find(stems, stem("result")) != stems.end() || std::ranges::find(stems, stem("outcome")) != stems.end();
}

}  // namespace

void use_history(Filled& filled, const Tool& tool, const Reading& action, const std::string& history) {
  if (history.empty()) return;
  const auto results = std::string(truncate_utf8(replies_of(history), most_history));
  const auto among = [](const std::vector<const Parameter*>& list, const Parameter& one) {
    return std::ranges::find(list, &one) != list.end();
  };
  for (const auto& parameter : tool.parameters) {
    if (!wants_information(parameter)) continue;
    const auto value = filled.arguments.find(parameter.name);
    const bool given = value != filled.arguments.end();
    if (given && !value->is_string()) continue;
    const auto said = given ? value->get<std::string>() : std::string{};
    const bool topic = among(filled.topics, parameter);
    if (!given || (among(filled.loose, parameter) && points_back(action, 0, action.tokens.size())) || (topic && names_results(said))) {
      filled.arguments[parameter.name] = results;
      std::erase(filled.missing, &parameter);
    } else if (topic && speaks_of(results, said)) {
      *value = fmt::format("{}\n\n{}", said, results);
    }
  }
}

}  // namespace convoke::model
