// Validation against JSON Schema, with valijson behind one .cpp (it compiles slowly).
#pragma once

#include <string>
#include <string_view>

#include "core/result.hpp"

namespace convoke::tools {

/// What can be checked at a bounded cost of a schema that somebody else wrote: types, required and other members, bounds, choices, and what
/// these are put together of. References are followed inside the schema, to a depth. Left out are what the tool's own server checks itself
/// (regular expressions take a stack as deep as a text is long, or for ever) and all that, left out in part, would forbid more than before:
/// what the schema allows, the result allows too. An object without members when it is no schema.
std::string bounded_schema(std::string_view schema_json);

/// INVALID with the place and the reason of the first violation, or when either text is not JSON. Depth and size are bounded. The schema is
/// our own, or a bounded_schema().
Status validate_json(std::string_view schema_json, std::string_view value_json);

}  // namespace convoke::tools
