// Reads the JSON that clients send, field by field, and collects what is wrong with it, each mistake with the name of its field: a door
// states what it expects once and asks `status()` at the end. Sizes and depth are bounded before anything is parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"

namespace convoke::api {

using Json = nlohmann::ordered_json;

struct InputLimits {
  std::size_t max_text = std::size_t{64} * 1024;  // bytes of one text
  std::size_t max_depth = 32;                     // of nested JSON
  std::size_t max_list = 256;                     // elements of a list
};

enum class Need { required, optional };

/// MALFORMED (with the place) when it is not JSON, INVALID when it is nested deeper than allowed or a number in it is too large for any.
Result<Json> parse_json(std::string_view text, std::size_t max_depth);
/// Digits alone, from `least` to `most`; INVALID with `name` otherwise.
Result<std::uint64_t> whole_number(std::string_view text, std::string_view name,
                                   std::uint64_t most = std::numeric_limits<std::uint64_t>::max(), std::uint64_t least = 0);
/// Text for a client. Bytes that are not UTF-8 are replaced.
std::string dump(const Json& value);

class Fields {
 public:
  /// The value must be an object; otherwise every field is missing and status() says so. Borrows `limits`' values.
  Fields(Json value, InputLimits limits);
  static Result<Fields> parse(std::string_view body, InputLimits limits);

  bool has(std::string_view name) const;  // present and not null
  /// Text: UTF-8, at most max_text bytes; required text is not empty. Empty when absent or wrong.
  std::string text(std::string_view name, Need need);
  /// An id as we make them: at most 256 bytes of printable ASCII without space. Nothing between the quotes is a mistake, not an absent id:
  /// who left one empty did not mean all.
  std::string id(std::string_view name, Need need);
  /// A session that a client names: 1 to 128 of letters, digits, `.`, `_`, `:`, `-`; here too, and below, empty is not absent.
  std::string session(std::string_view name, Need need);
  bool boolean(std::string_view name, Need need, bool otherwise = false);
  std::uint64_t number(std::string_view name, Need need, std::uint64_t otherwise = 0,
                       std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
  std::vector<std::string> ids(std::string_view name);
  Uuid uuid(std::string_view name);
  /// One of `names`; its index.
  std::size_t one_of(std::string_view name, std::initializer_list<std::string_view> names, std::size_t otherwise = 0);

  void wrong(std::string_view name, std::string_view sentence);
  bool good() const { return mistakes_.empty(); }
  /// INVALID with all mistakes, or nothing.
  Status status() const;
  const Json& json() const { return value_; }

 private:
  const Json* find(std::string_view name, Need need);
  Json value_;
  InputLimits limits_;
  std::vector<std::string> mistakes_;
};

}  // namespace convoke::api
