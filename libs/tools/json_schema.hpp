// Validation against JSON Schema, with valijson behind one .cpp (it compiles slowly).
#pragma once

#include <string_view>

#include "core/result.hpp"

namespace convoke::tools {

/// INVALID with the place and the reason of the first violation, or when either text is not JSON. Depth and size are bounded.
Status validate_json(std::string_view schema_json, std::string_view value_json);

}  // namespace convoke::tools
