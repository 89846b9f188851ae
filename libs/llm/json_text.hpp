// Reading and writing JSON with nlohmann inside this folder: depth-limited, never throwing on what came from outside.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::llm {

inline constexpr int json_depth_limit = 128;

/// Bytes that are not UTF-8 are replaced.
inline std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// `fault` with `what` in the sentence where the text is not JSON or nested too deeply.
inline Result<nlohmann::ordered_json> parse_json(std::string_view text, Fault fault, std::string_view what) {
  using Json = nlohmann::ordered_json;
  bool too_deep = false;
  const auto guard = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > json_depth_limit;
    return !too_deep;
  };
  auto json = Json::parse(text, guard, false);
  if (too_deep) return fail(fault, std::string(what) + " is nested more than 128 levels deep");
  if (json.is_discarded()) return fail(fault, std::string(what) + " is not valid JSON");
  return json;
}

inline Result<nlohmann::ordered_json> parse_object(std::string_view text, Fault fault, std::string_view what) {
  auto json = parse_json(text, fault, what);
  if (json && !json->is_object()) return fail(fault, std::string(what) + " is not a JSON object");
  return json;
}

}  // namespace convoke::llm
