#include "model/script.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>

#include "llm/json_text.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

// The numbers of a pattern: what is repeated ({12}) and what is referred back to (\12). std::regex computes them without looking whether
// they fit, so longer ones are refused before it sees them.
bool has_long_number(std::string_view pattern) {
  constexpr std::size_t most_digits = 9;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' && pattern[i] != '{' && pattern[i] != ',') continue;
    std::size_t digits = 0;
    while (i + 1 < pattern.size() && pattern[i + 1] >= '0' && pattern[i + 1] <= '9') {
      ++i;
      ++digits;
    }
    if (digits > most_digits) return true;
    if (digits == 0 && pattern[i] == '\\') ++i;  // what is escaped begins nothing
  }
  return false;
}

// std::regex recurses with the length of the text.
constexpr std::size_t longest_searched = 4096;

Status only_known(const Json& json, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : json.items()) {
    if (std::ranges::find(known, key) == known.end()) return fail(Fault::invalid, "unknown member " + key);
  }
  return {};
}

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

constexpr double most = 1e9;

/// From 0 to 1e9; 0 where it is absent.
Result<double> number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return 0.0;
  const double number = found->is_number() ? found->get<double>() : -1;
  if (number >= 0 && number <= most) return number;
  return fail(Fault::invalid, fmt::format("{} must be a number from 0 to {}", key, most));
}

struct Numbers {
  double turn = 0;
  double times = 0;
  double delay_ms = 0;
  double tokens_per_second = 0;
};

Result<Numbers> numbers_of(const Json& json) {
  Numbers numbers;
  for (const auto& [key, place] : {std::pair{"turn", &numbers.turn},
                                   {"times", &numbers.times},
                                   {"delay_ms", &numbers.delay_ms},
                                   {"tokens_per_second", &numbers.tokens_per_second}}) {
    const auto number = number_of(json, key);
    if (!number) return std::unexpected(number.error());
    *place = *number;
  }
  return numbers;
}

Result<std::vector<llm::ToolCall>> calls_of(const Json& json) {
  std::vector<llm::ToolCall> calls;
  const auto list = json.find("tool_calls");
  if (list == json.end()) return calls;
  if (!list->is_array()) return fail(Fault::invalid, "tool_calls must be a list");
  for (const auto& call : *list) {
    if (!call.is_object() || text_of(call, "name").empty()) return fail(Fault::invalid, "a tool call needs a name");
    std::string arguments = "{}";
    // A text is sent as it is, so that invalid arguments can be played too.
    if (call.contains("arguments"))
      arguments = call["arguments"].is_string() ? call["arguments"].get<std::string>() : llm::dump(call["arguments"]);
    calls.push_back({fmt::format("call_s{}", calls.size()), text_of(call, "name"), std::move(arguments)});
  }
  return calls;
}

bool has_word(std::string_view text, std::string_view word) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const bool ends = at + word.size() >= text.size() || !is_word(text[at + word.size()]);
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

Result<Script::Entry> Script::read_entry(const Json& json) {
  if (!json.is_object()) return fail(Fault::invalid, "must be an object");
  if (auto known = only_known(json, {"agent", "turn", "pattern", "times", "content", "tool_calls", "delay_ms", "tokens_per_second"});
      !known)
    return std::unexpected(known.error());
  const auto numbers = numbers_of(json);
  if (!numbers) return std::unexpected(numbers.error());
  Entry entry;
  entry.agent = text_of(json, "agent");
  entry.turn = static_cast<std::size_t>(numbers->turn);
  entry.times = static_cast<std::size_t>(numbers->times);
  if (const auto pattern = text_of(json, "pattern"); !pattern.empty()) {
    if (has_long_number(pattern)) return fail(Fault::invalid, "pattern is no regular expression: a number in it has more than nine digits");
    try {
      entry.pattern.emplace(pattern, std::regex::ECMAScript | std::regex::icase);
    } catch (const std::regex_error& error) {
      return fail(Fault::invalid, "pattern is no regular expression: " + std::string(error.what()));
    }
  }
  auto calls = calls_of(json);
  if (!calls) return std::unexpected(std::move(calls.error()));
  // Structured content is sent as JSON text.
  const auto content = json.find("content");
  const bool structured = content != json.end() && (content->is_object() || content->is_array());
  entry.scripted = {.response = {.content = structured ? llm::dump(*content) : text_of(json, "content"), .tool_calls = std::move(*calls)},
                    .delay = Millis{static_cast<std::int64_t>(numbers->delay_ms)},
                    .tokens_per_second = numbers->tokens_per_second};
  return entry;
}

Result<Script> Script::read(const Json& json) {
  if (!json.is_object()) return fail(Fault::invalid, "the script must be an object with a list of answers");
  if (auto known = only_known(json, {"answers", "otherwise"}); !known) return std::unexpected(known.error());
  Script script;
  const auto otherwise = text_of(json, "otherwise");
  if (!otherwise.empty() && otherwise != "rules" && otherwise != "error") return fail(Fault::invalid, "otherwise must be rules or error");
  script.strict_ = otherwise == "error";
  const auto answers = json.find("answers");
  if (answers == json.end() || !answers->is_array()) return fail(Fault::invalid, "the script has no list of answers");
  for (const auto& answer : *answers) {
    auto entry = read_entry(answer);
    if (!entry) return fail(Fault::invalid, fmt::format("answer {}: {}", script.entries_.size() + 1, entry.error().message));
    script.entries_.push_back(std::move(*entry));
  }
  return script;
}

bool Script::fits(const Entry& entry, const ChatRequest& request) {
  if (entry.times != 0 && entry.used >= entry.times) return false;
  if (!entry.agent.empty() && request.user != entry.agent) {
    const bool named = std::ranges::any_of(request.messages, [&](const llm::Message& message) {
      return message.role == llm::Role::system && has_word(message.content, entry.agent);
    });
    if (!named) return false;
  }
  if (entry.turn != 0) {
    const auto before = std::ranges::count(request.messages, llm::Role::assistant, &llm::Message::role);
    if (static_cast<std::size_t>(before) + 1 != entry.turn) return false;
  }
  if (!entry.pattern) return true;
  const auto last = std::find_if(request.messages.rbegin(), request.messages.rend(),
                                 [](const llm::Message& message) { return message.role == llm::Role::user; });
  if (last == request.messages.rend()) return false;
  return std::regex_search(last->content.substr(0, longest_searched), *entry.pattern);
}

std::optional<Scripted> Script::answer(const ChatRequest& request) {
  const auto entry = std::ranges::find_if(entries_, [&](const Entry& candidate) { return fits(candidate, request); });
  if (entry == entries_.end()) return std::nullopt;
  ++entry->used;
  return entry->scripted;
}

}  // namespace convoke::model
