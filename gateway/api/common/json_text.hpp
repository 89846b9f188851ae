// One JSON object written as text, field after field, with no tree in between: for what is sent once an event and once a token.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "core/text.hpp"

namespace convoke::api {

/// Names are written as they are: literals without anything to escape.
class JsonText {
 public:
  explicit JsonText(std::size_t bytes = 0) { text_.reserve(bytes); }

  /// Bytes that are not UTF-8 are replaced.
  JsonText& text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(text_, value);
    return *this;
  }
  /// Only where there is any.
  JsonText& some_text(std::string_view name, std::string_view value) { return value.empty() ? *this : text(name, value); }
  JsonText& number(std::string_view name, std::integral auto value) {
    begin(name);
    fmt::format_to(std::back_inserter(text_), "{}", value);
    return *this;
  }
  /// `value` is JSON.
  JsonText& json(std::string_view name, std::string_view value) {
    begin(name);
    text_ += value;
    return *this;
  }
  std::string end() && {
    if (text_.empty()) text_ += '{';
    text_ += '}';
    return std::move(text_);
  }

 private:
  void begin(std::string_view name) {
    text_ += text_.empty() ? "{\"" : ",\"";
    text_ += name;
    text_ += "\":";
  }

  std::string text_;
};

}  // namespace convoke::api
