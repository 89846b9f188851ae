#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "runtime/config.hpp"

namespace convoke::runtime::config_detail {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array sizes{Unit{"", 1}, Unit{"KiB", 1 << 10}, Unit{"MiB", 1 << 20}, Unit{"GiB", 1 << 30}};
constexpr std::array durations{Unit{"", 1}, Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}};

/// A number directly followed by one of the units.
template <std::size_t N> std::optional<std::int64_t> scaled(std::string_view text, const std::array<Unit, N>& units) {
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  const auto unit = std::ranges::find(units, suffix, &Unit::name);
  std::int64_t value = 0;
  if (unit == units.end() || __builtin_mul_overflow(number, unit->factor, &value)) return std::nullopt;
  return value;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on" || text == "1") return true;
  if (text == "false" || text == "no" || text == "off" || text == "0") return false;
  return fail(Fault::invalid, fmt::format("expected true or false, not \"{}\"", text));
}

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t least, std::int64_t most) {
  const auto value = scaled(text, sizes);
  if (!value) return fail(Fault::invalid, fmt::format("expected a whole number (KiB, MiB, GiB allowed), not \"{}\"", text));
  if (*value < least || *value > most) return fail(Fault::invalid, fmt::format("expected {} to {}, not {}", least, most, text));
  return *value;
}

Result<double> parse_double(std::string_view text) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size() || !std::isfinite(value)) {
    return fail(Fault::invalid, fmt::format("expected a number, not \"{}\"", text));
  }
  return value;
}

Result<Millis> parse_duration(std::string_view text) {
  const auto value = scaled(text, durations);
  if (!value || *value < 0) return fail(Fault::invalid, fmt::format("expected a duration such as 250ms, 2s, 5m or 1h, not \"{}\"", text));
  return Millis{*value};
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> values;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto value = trim(text.substr(0, comma)); !value.empty()) values.emplace_back(value);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return values;
}

std::string print_duration(Millis value) {
  const auto count = value.count();
  return count != 0 && count % 1000 == 0 ? fmt::format("{}s", count / 1000) : fmt::format("{}ms", count);
}

std::string print_list(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ",") + value;
  return text;
}

std::string print_double(double value) { return fmt::format("{}", value); }

}  // namespace convoke::runtime::config_detail
