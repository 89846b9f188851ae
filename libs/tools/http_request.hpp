// What a tool of kind `http` says to its server: method, URL, headers and body made from the arguments of one call. No I/O. Secrets are not
// in team files: a header refers to a variable of the worker's environment, ${TOOL_NAME}. Only variables whose names begin with TOOL_ can
// be referred to, so that who may write a team file cannot have the worker's other secrets sent somewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "tools/tool.hpp"

namespace convoke::tools {

inline constexpr std::string_view variable_prefix = "TOOL_";

struct HttpRequest {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::string> secrets;  // what the variables held: never shown, see hide()
};

/// The value of a variable of the environment; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
/// The process's own.
std::optional<std::string> process_environment(std::string_view name);

/// The request of one call; `key` goes out as Idempotency-Key if the tool is idempotent. TOOL_INVALID_ARGUMENTS: the arguments do not fit,
/// or one of them cannot stand in a path. INVALID: a variable is not set.
Result<HttpRequest> http_request(const Tool& tool, std::string_view arguments_json, std::string_view key, const Environment& environment);

/// `text` with each secret that occurs in it replaced.
std::string hide(std::string text, const std::vector<std::string>& secrets);

/// What is wrong with URL and headers: each mistake, whatever else is wrong. Used by `team check`.
struct HttpMistake {
  enum class In : std::uint8_t { url, placeholder, header_name, header_value };  // placeholder: of the URL
  In in = In::url;
  std::string where;  // the text concerned, as written; where that may be a secret, the header's name
  std::string expected;
  std::string header;  // of its name or value: the name
  std::size_t at = 0;  // of a placeholder: the byte of the URL where it begins
};
std::vector<HttpMistake> check_http(const Tool& tool);

}  // namespace convoke::tools
