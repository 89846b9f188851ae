// Names that people write and messages carry: agents `<team>.<name>`, users, topics.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace convoke {

/// A single name: a letter or digit, then letters, digits, `_` or `-`; at most 64 bytes.
bool is_name(std::string_view text);

/// Splits `<team>.<name>`; INVALID when either part is not a name.
Result<std::pair<std::string, std::string>> split_agent(std::string_view full_name);

/// Users come from outside (e-mail addresses, subject ids): 1 to 256 printable ASCII bytes without space, `/` or `~`.
bool is_user(std::string_view text);

}  // namespace convoke
