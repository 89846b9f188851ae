// Reads JSON that came from outside: bounded in size and depth, nothing thrown. For .cpp files, it includes nlohmann/json.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::tools {

inline constexpr std::size_t max_json_bytes = std::size_t{16} * 1024 * 1024;
inline constexpr int max_json_depth = 64;

/// TOO_LARGE beyond `bytes`; INVALID with the place of the mistake. Of a key that is given twice the last value counts.
template <class Json> Result<Json> parse_json(std::string_view text, std::size_t bytes = max_json_bytes) {
  if (text.size() > bytes) return fail(Fault::too_large, fmt::format("{} bytes of JSON, at most {} are allowed", text.size(), bytes));
  bool too_deep = false;
  const auto shallow = [&](int depth, typename Json::parse_event_t, Json&) {
    too_deep |= depth > max_json_depth;
    return depth <= max_json_depth;
  };
  try {
    Json value = Json::parse(text, shallow);
    if (too_deep) return fail(Fault::invalid, fmt::format("JSON nested deeper than {}", max_json_depth));
    return value;
  } catch (const typename Json::parse_error& problem) {
    return fail(Fault::invalid, fmt::format("not JSON: the mistake is near byte {}", problem.byte));
  } catch (const typename Json::exception& problem) {
    return fail(Fault::invalid, fmt::format("not JSON: {}", problem.what()));
  }
}

}  // namespace convoke::tools
