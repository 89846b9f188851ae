// Fills the Markdown text of a template tool.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "tools/tool.hpp"

namespace convoke::tools {

/// The answer of a template tool. Checks the arguments first (TOOL_INVALID_ARGUMENTS). Lists are written "a, b", lists of records in
/// `data` as Markdown tables, an optional parameter that was not given as "not given". `now` serves {clock.…}, in UTC.
Result<std::string> render(const Tool& tool, std::string_view arguments_json, UnixTime now);

/// What is wrong with the placeholders of a response text, in their order; a name that is wrong in several of them is told once. Used by
/// `team check`.
struct BadPlaceholder {
  std::string written;
  std::string expected;
  std::size_t at = 0;  // the byte of the text where it begins: a brace
};
std::vector<BadPlaceholder> check_placeholders(const Tool& tool);

}  // namespace convoke::tools
