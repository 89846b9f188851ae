#include "core/name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace convoke {
namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || !is_letter_or_digit(text.front())) return false;
  return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
}

Result<std::pair<std::string, std::string>> split_agent(std::string_view full_name) {
  const auto dot = full_name.find('.');
  if (dot == std::string_view::npos || !is_name(full_name.substr(0, dot)) || !is_name(full_name.substr(dot + 1)))
    return fail(Fault::invalid, fmt::format("'{}' is not an agent's full name; expected <team>.<name>", full_name));
  return std::pair{std::string(full_name.substr(0, dot)), std::string(full_name.substr(dot + 1))};
}

bool is_user(std::string_view text) {
  if (text.empty() || text.size() > 256) return false;
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F && c != '/' && c != '~'; });
}

}  // namespace convoke
