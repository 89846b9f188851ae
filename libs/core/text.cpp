#include "core/text.hpp"

#include <cstdint>
#include <cstring>

namespace convoke {
namespace {

// Most text is plain, and looked at eight bytes at a time: what a model is told grows with its conversation.
constexpr std::uint64_t each_byte = 0x0101010101010101;
constexpr std::uint64_t each_high_bit = 0x80 * each_byte;

std::uint64_t eight_bytes(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + at, sizeof word);
  return word;
}

/// Not 0 when one of the bytes is zero.
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - each_byte) & ~word & each_high_bit; }

/// Whether JSON takes all of them as they are; bytes of multi-byte characters count as such.
constexpr bool is_plain(std::uint64_t word) {
  const std::uint64_t controls = (word - 0x20 * each_byte) & ~word & each_high_bit;
  return (controls | zero_bytes(word ^ ('"' * each_byte)) | zero_bytes(word ^ ('\\' * each_byte))) == 0;
}

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
    while (i + 8 <= text.size() && (eight_bytes(text, i) & each_high_bit) == 0) i += 8;
    if (i == text.size()) break;
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
    while (i + 8 <= text.size() && is_plain(eight_bytes(text, i))) i += 8;
    if (i == text.size()) break;
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
