#include "core/text.hpp"

#include <cstdint>

namespace convoke {
namespace {

struct Lead {
  std::size_t length;      // of the whole sequence; 0 when no sequence begins so
  std::uint8_t low, high;  // range of the second byte
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

std::size_t first_invalid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    if (byte(i) < 0x80) {
      ++i;
      continue;
    }
    const Lead lead = lead_of(byte(i));
    if (lead.length == 0 || i + lead.length > text.size()) return i;
    for (std::size_t k = 1; k < lead.length; ++k) {
      const std::uint8_t low = k == 1 ? lead.low : 0x80;
      const std::uint8_t high = k == 1 ? lead.high : 0xBF;
      if (byte(i + k) < low || byte(i + k) > high) return i;
    }
    i += lead.length;
  }
  return std::string_view::npos;
}

std::string_view truncate_utf8(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<std::uint8_t>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

namespace {

void append_escape(std::string& out, std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (byte) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
}

/// Well-formed text: whole runs between two escapes are copied at once.
void append_json_text(std::string& out, std::string_view text) {
  std::size_t begun = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, begun, i - begun);
    append_escape(out, byte);
    begun = i + 1;
  }
  out.append(text, begun);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (auto bad = first_invalid_utf8(text); bad != std::string_view::npos; bad = first_invalid_utf8(text)) {
    append_json_text(out, text.substr(0, bad));
    out += "\xEF\xBF\xBD";  // U+FFFD
    text.remove_prefix(bad + 1);
  }
  append_json_text(out, text);
  out += '"';
}

}  // namespace convoke
