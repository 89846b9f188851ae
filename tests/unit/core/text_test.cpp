#include "core/text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace convoke;

TEST_CASE("utf-8: well-formed text passes, the first bad byte is named") {
  CHECK(
      is_utf8("plain, gr\xC3\xBC\xC3\x9F"
              "e, \xF0\x9F\x8D\xAA"));
  CHECK(first_invalid_utf8("ab\xFF") == 2);
  CHECK(first_invalid_utf8("\xC0\xAF") == 0);          // overlong
  CHECK(first_invalid_utf8("\xED\xA0\x80") == 0);      // surrogate
  CHECK(first_invalid_utf8("x\xE2\x82") == 1);         // cut off
  CHECK(first_invalid_utf8("\xF4\x90\x80\x80") == 0);  // beyond U+10FFFF
  for (std::size_t at = 0; at < 40; ++at) {            // wherever it is in the words that are looked at
    std::string text(40, 'a');
    CHECK(is_utf8(text));
    text[at] = '\xFF';
    CHECK(first_invalid_utf8(text) == at);
  }
}

TEST_CASE("utf-8: truncation never cuts a code point") {
  CHECK(truncate_utf8("a\xC3\xBC", 2) == "a");
  CHECK(truncate_utf8("a\xC3\xBC", 3) == "a\xC3\xBC");
}

TEST_CASE("json: a string is quoted, escaped, and always well-formed") {
  const auto quoted = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  CHECK(quoted("") == R"("")");
  CHECK(quoted("plain \xC3\xBC") == "\"plain \xC3\xBC\"");
  CHECK(quoted("a\"b\\c\n\r\t") == R"("a\"b\\c\n\r\t")");
  CHECK(quoted(std::string_view("\0\x1f", 2)) == R"("\u0000\u001f")");
  for (const char special : {'"', '\\', '\n', '\x1f', '\0'}) {
    for (std::size_t at = 0; at < 24; ++at) {
      std::string text = "abcdefgh\xC3\xBC!#[]~\x7F 0123456789";
      const auto plain = quoted(text);
      CHECK(plain == '"' + text + '"');
      text.insert(at == 9 ? 8 : at, 1, special);
      CHECK(nlohmann::json::parse(quoted(text)) == text);
    }
  }
  CHECK(quoted("x\xFFy\xE2\x82") == "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
