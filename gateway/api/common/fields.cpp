#include "api/common/fields.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "core/text.hpp"

namespace convoke::api {
namespace {

// Depth of brackets outside strings; the parser itself would build the whole tree first.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

// Where the parser stops: what it throws about a number names no place.
struct Stop : nlohmann::json_sax<Json> {
  std::size_t byte = 0;
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(Json::number_integer_t) override { return true; }
  bool number_unsigned(Json::number_unsigned_t) override { return true; }
  bool number_float(Json::number_float_t, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(std::string&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t at, const std::string&, const Json::exception&) override { return byte = at, false; }
};

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_session_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t max_depth) {
  if (const auto bad = first_invalid_utf8(text); bad != std::string_view::npos)
    return fail(Fault::malformed, fmt::format("the body is not UTF-8: byte {}", bad));
  if (depth_of(text) > max_depth) return fail(Fault::invalid, fmt::format("the JSON is nested deeper than {} levels", max_depth));
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return fail(Fault::malformed, fmt::format("the body is not JSON: mistake at byte {}", error.byte));
  } catch (const Json::exception&) {
    Stop stop;
    Json::sax_parse(text, &stop);
    return fail(Fault::invalid, fmt::format("the body has a number that is too large: it ends at byte {}", stop.byte));
  }
}

Result<std::uint64_t> whole_number(std::string_view text, std::string_view name, std::uint64_t most, std::uint64_t least) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most) return value;
  return fail(Fault::invalid,
              fmt::format("{}: expected a whole number from {}{}, found `{}`", name, least,
                          most == std::numeric_limits<std::uint64_t>::max() ? "" : fmt::format(" to {}", most), truncate_utf8(text, 64)));
}

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Fields::Fields(Json value, InputLimits limits) : value_(std::move(value)), limits_(limits) {
  if (!value_.is_object()) mistakes_.push_back(fmt::format("the body: expected a JSON object, found {}", value_.type_name()));
}

Result<Fields> Fields::parse(std::string_view body, InputLimits limits) {
  auto value = parse_json(body.empty() ? "{}" : body, limits.max_depth);
  if (!value) return std::unexpected(value.error());
  return Fields(std::move(*value), limits);
}

bool Fields::has(std::string_view name) const {
  if (!value_.is_object()) return false;
  const auto found = value_.find(name);
  return found != value_.end() && !found->is_null();
}

const Json* Fields::find(std::string_view name, Need need) {
  if (has(name)) return &*value_.find(name);
  if (need == Need::required) wrong(name, "missing");
  return nullptr;
}

void Fields::wrong(std::string_view name, std::string_view sentence) { mistakes_.push_back(fmt::format("{}: {}", name, sentence)); }

std::string Fields::text(std::string_view name, Need need) {
  const auto* value = find(name, need);
  if (!value) return {};
  if (!value->is_string()) return wrong(name, fmt::format("expected text, found {}", value->type_name())), std::string();
  auto text = value->get<std::string>();
  if (text.size() > limits_.max_text)
    return wrong(name, fmt::format("longer than {} bytes ({})", limits_.max_text, text.size())), std::string();
  if (need == Need::required && text.find_first_not_of(" \t\r\n") == std::string::npos) wrong(name, "expected text, found nothing");
  if (text.find('\0') != std::string::npos) wrong(name, "a NUL byte is not text");
  return text;
}

std::string Fields::id(std::string_view name, Need need) {
  auto value = text(name, has(name) ? Need::required : need);
  if (value.size() > 256 || !is_printable(value))
    wrong(name, "expected an id: at most 256 printable ASCII characters without spaces"), value.clear();
  return value;
}

std::string Fields::session(std::string_view name, Need need) {
  auto value = text(name, has(name) ? Need::required : need);
  if (value.size() > 128 || !std::ranges::all_of(value, is_session_character))
    wrong(name, "expected at most 128 letters, digits, '.', '_', ':' or '-'"), value.clear();
  return value;
}

bool Fields::boolean(std::string_view name, Need need, bool otherwise) {
  const auto* value = find(name, need);
  if (!value) return otherwise;
  if (!value->is_boolean()) return wrong(name, fmt::format("expected true or false, found {}", value->type_name())), otherwise;
  return value->get<bool>();
}

std::uint64_t Fields::number(std::string_view name, Need need, std::uint64_t otherwise, std::uint64_t most) {
  const auto* value = find(name, need);
  if (!value) return otherwise;
  if (!value->is_number_unsigned())
    return wrong(name, fmt::format("expected a whole number from 0, found {}", value->type_name())), otherwise;
  if (value->get<std::uint64_t>() > most) return wrong(name, fmt::format("expected at most {}", most)), otherwise;
  return value->get<std::uint64_t>();
}

std::vector<std::string> Fields::ids(std::string_view name) {
  const auto* value = find(name, Need::optional);
  std::vector<std::string> found;
  if (!value) return found;
  if (!value->is_array()) return wrong(name, fmt::format("expected a list, found {}", value->type_name())), found;
  if (value->empty()) return wrong(name, "expected at least one id, found none"), found;
  if (value->size() > limits_.max_list) return wrong(name, fmt::format("more than {} elements", limits_.max_list)), found;
  for (const auto& element : *value) {
    const bool fits = element.is_string() && !element.get_ref<const std::string&>().empty() &&
                      element.get_ref<const std::string&>().size() <= 256 && is_printable(element.get_ref<const std::string&>());
    if (!fits) return wrong(name, fmt::format("element {}: expected an id", found.size())), found;
    found.push_back(element.get<std::string>());
  }
  return found;
}

Uuid Fields::uuid(std::string_view name) {
  if (!has(name)) return {};
  const auto value = text(name, Need::required);
  if (value.empty()) return {};
  const auto parsed = parse_uuid(value);
  if (!parsed) wrong(name, "expected a UUID");
  return parsed.value_or(Uuid{});
}

std::size_t Fields::one_of(std::string_view name, std::initializer_list<std::string_view> names, std::size_t otherwise) {
  const auto* value = find(name, Need::optional);
  if (!value) return otherwise;
  if (value->is_string())
    for (std::size_t at = 0; at < names.size(); ++at)
      if (value->get_ref<const std::string&>() == names.begin()[at]) return at;
  wrong(name, fmt::format("expected one of {}", fmt::join(names, ", ")));
  return otherwise;
}

Status Fields::status() const {
  if (mistakes_.empty()) return {};
  return fail(Fault::invalid, fmt::format("{}", fmt::join(mistakes_, "; ")));
}

}  // namespace convoke::api
