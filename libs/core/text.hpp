// Text that came from outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace convoke {

/// Offset of the first byte that is not well-formed UTF-8 (Unicode 15, table 3-7), or npos when all of it is.
std::size_t first_invalid_utf8(std::string_view text);
inline bool is_utf8(std::string_view text) { return first_invalid_utf8(text) == std::string_view::npos; }

/// The longest prefix of at most `bytes` bytes that does not cut a code point.
std::string_view truncate_utf8(std::string_view text, std::size_t bytes);

/// Appends `text` as a JSON string (RFC 8259), quotes included. Bytes that are not UTF-8 become U+FFFD, each.
void append_json_string(std::string& out, std::string_view text);

}  // namespace convoke
