// Answers that are given instead of the rules': for tests and recorded demonstrations. The first entry that fits a request is used.
//
//   answers:
//     - agent: HrAgent           # the request's `user`, or a word of a system message
//       turn: 2                  # how many messages of the assistant there are in the request, plus one
//       pattern: "bonus .*Ada"   # regular expression (ECMAScript), searched in the last user message without regard to case
//       times: 1                 # used so often, then passed over; without it for ever
//       content: "Done."
//       tool_calls: [{name: issue_bonus, arguments: {employee_name: Ada, amount: 100}}]
//       delay_ms: 50             # before the first token
//       tokens_per_second: 20
//   otherwise: rules             # or `error`: a request that no entry fits is answered 500
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "llm/chat.hpp"
#include "model/chat_request.hpp"

namespace convoke::model {

struct Scripted {
  llm::Response response;
  Millis delay{0};
  double tokens_per_second = 0;
};

class Script {
 public:
  Script() = default;
  /// INVALID with the number of the entry and what is wrong with it; unknown members are refused.
  static Result<Script> read(const nlohmann::ordered_json& json);

  /// Uses up one of the entry's `times`.
  std::optional<Scripted> answer(const ChatRequest& request);
  /// A request without an entry is an error.
  bool strict() const { return strict_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string agent;
    std::size_t turn = 0;  // 0: any
    std::optional<std::regex> pattern;
    std::size_t times = 0;  // 0: always
    std::size_t used = 0;
    Scripted scripted;
  };
  static Result<Entry> read_entry(const nlohmann::ordered_json& json);
  static bool fits(const Entry& entry, const ChatRequest& request);

  std::vector<Entry> entries_;
  bool strict_ = false;
};

/// Reads YAML or JSON. NOT_FOUND, MALFORMED or INVALID, with the file's name.
Result<Script> load_script(const std::string& path);
/// The same, of text; `name` is what mistakes are said to be in.
Result<Script> parse_script(std::string_view text, std::string_view name);

}  // namespace convoke::model
