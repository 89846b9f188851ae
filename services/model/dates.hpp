// Dates in English text, made absolute: "tomorrow", "next Monday", "3 March", "in two weeks", "2026-12-01". The current day is handed in.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/words.hpp"

namespace convoke::model {

using Day = std::chrono::sys_days;

struct DateFound {
  std::size_t first = 0;  // tokens [first, last)
  std::size_t last = 0;
  Day day{};
  bool vague = false;     // only a week, month or year is named; `day` is its first day
  bool duration = false;  // a length of time ("six months"): `day` means nothing
};

/// `used[i]` are tokens that belong to something else already; those of the dates found are set.
std::vector<DateFound> find_dates(std::string_view text, const std::vector<Token>& tokens, std::vector<bool>& used, Day today);

std::string iso(Day day);
std::optional<Day> parse_iso(std::string_view text);

/// 1 to 12, or 0. Whole names, and abbreviations of three letters or more.
unsigned month_number(std::string_view lower);
/// A number that begins at that token: digits with separators, or words ("twenty five", "a dozen"). `last` is the token behind it.
struct NumberFound {
  double value = 0;
  std::size_t last = 0;
  std::size_t end = 0;  // byte behind it
  bool in_words = false;
};
std::optional<NumberFound> number_at(std::string_view text, const std::vector<Token>& tokens, std::size_t first);

/// -1 for "-5" and "minus 5" with the number (and its currency) at byte `begin`, else 1. A hyphen with a space behind it, or one of several
/// that open lines, is a bullet.
double sign_before(std::string_view text, const std::vector<Token>& tokens, std::size_t begin);

}  // namespace convoke::model
