// Checks the arguments that a model wrote before anything is done with them. Nothing is coerced: "12" is not the integer 12.
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"
#include "tools/tool.hpp"

namespace convoke::tools {

inline constexpr std::size_t max_arguments_bytes = std::size_t{256} * 1024;

/// TOOL_INVALID_ARGUMENTS with a sentence that names the first wrong field and what was expected; the model gets it as an error result.
Status check_arguments(const Tool& tool, std::string_view arguments_json);

/// The arguments with the defaults of absent parameters filled in, as compact JSON; refused as by check_arguments.
Result<std::string> complete_arguments(const Tool& tool, std::string_view arguments_json);

}  // namespace convoke::tools
