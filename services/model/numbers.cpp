#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "model/dates.hpp"

namespace convoke::model {
namespace {

struct NumberWord {
  std::string_view word;
  double value;
};

constexpr std::array small{NumberWord{"zero", 0},     NumberWord{"one", 1},        NumberWord{"two", 2},       NumberWord{"three", 3},
                           NumberWord{"four", 4},     NumberWord{"five", 5},       NumberWord{"six", 6},       NumberWord{"seven", 7},
                           NumberWord{"eight", 8},    NumberWord{"nine", 9},       NumberWord{"ten", 10},      NumberWord{"eleven", 11},
                           NumberWord{"twelve", 12},  NumberWord{"thirteen", 13},  NumberWord{"fourteen", 14}, NumberWord{"fifteen", 15},
                           NumberWord{"sixteen", 16}, NumberWord{"seventeen", 17}, NumberWord{"eighteen", 18}, NumberWord{"nineteen", 19},
                           NumberWord{"twenty", 20},  NumberWord{"thirty", 30},    NumberWord{"forty", 40},    NumberWord{"fifty", 50},
                           NumberWord{"sixty", 60},   NumberWord{"seventy", 70},   NumberWord{"eighty", 80},   NumberWord{"ninety", 90}};
constexpr std::array large{NumberWord{"hundred", 1e2}, NumberWord{"thousand", 1e3}, NumberWord{"grand", 1e3}, NumberWord{"million", 1e6},
                           NumberWord{"billion", 1e9}, NumberWord{"dozen", 12},     NumberWord{"dozens", 12}, NumberWord{"k", 1e3},
                           NumberWord{"m", 1e6},       NumberWord{"mn", 1e6}};

template <class Table> const NumberWord* find(const Table& table, std::string_view word) {
  for (const auto& entry : table) {
    if (entry.word == word) return &entry;
  }
  return nullptr;
}

bool digit(char c) { return c >= '0' && c <= '9'; }

/// 1,200.50 from the text, as far as it is one number. Returns the byte behind it; 0 when there is none.
std::size_t scan_digits(std::string_view text, std::size_t at, double& value) {
  std::string plain;
  std::size_t i = at;
  while (i < text.size()) {
    if (digit(text[i])) {
      plain += text[i++];
    } else if (text[i] == ',' && i + 3 < text.size() && digit(text[i + 1]) && digit(text[i + 2]) && digit(text[i + 3]) &&
               (i + 4 >= text.size() || !digit(text[i + 4]))) {
      ++i;
    } else if (text[i] == '.' && i + 1 < text.size() && digit(text[i + 1]) && plain.find('.') == std::string::npos) {
      plain += text[i++];
    } else {
      break;
    }
  }
  const auto [stopped, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  return error == std::errc{} && stopped == plain.data() + plain.size() && std::isfinite(value) ? i : 0;
}

/// A magnitude that is glued to the digits: 10k, 1.5m. Other letters make it no number (3rd, 5GB).
std::optional<double> glued(std::string_view rest) {
  if (rest.empty()) return 1;
  const auto lower = to_lower(rest);
  if (lower == "k") return 1e3;
  if (lower == "m" || lower == "mn" || lower == "mio") return 1e6;
  if (lower == "bn") return 1e9;
  return std::nullopt;
}

std::optional<NumberFound> in_digits(std::string_view text, const std::vector<Token>& tokens, std::size_t first) {
  double value = 0;
  const auto end = scan_digits(text, tokens[first].begin, value);
  if (end == 0) return std::nullopt;
  std::size_t last = first;
  while (last + 1 < tokens.size() && tokens[last + 1].begin < end) ++last;
  const auto factor = glued(text.substr(end, tokens[last].end - end));
  if (!factor) return std::nullopt;
  NumberFound found{value * *factor, last + 1, tokens[last].end, false};
  if (found.last < tokens.size() && *factor == 1 && tokens[found.last].lower != "m" && tokens[found.last].lower != "k") {
    if (const auto* big = find(large, tokens[found.last].lower)) {
      found.value *= big->value;
      found.end = tokens[found.last].end;
      ++found.last;
    }
  }
  return found;
}

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

std::optional<NumberFound> number_at(std::string_view text, const std::vector<Token>& tokens, std::size_t first) {
  if (first >= tokens.size()) return std::nullopt;
  if (digit(text[tokens[first].begin])) return in_digits(text, tokens, first);
  double total = 0;
  double group = 0;
  std::size_t at = first;
  bool any = false;
  if (tokens[at].lower == "half" && at + 2 < tokens.size() && tokens[at + 1].lower == "a" && tokens[at + 2].lower == "dozen") {
    return NumberFound{6, at + 3, tokens[at + 2].end, true};
  }
  if (tokens[at].lower == "a" && at + 1 < tokens.size()) {
    const auto* big = find(large, tokens[at + 1].lower);
    if (tokens[at + 1].lower == "couple")
      return NumberFound{2, at + 2 + (at + 2 < tokens.size() && tokens[at + 2].lower == "of" ? 1U : 0U), tokens[at + 1].end, true};
    if (big == nullptr || big->word.size() < 3) return std::nullopt;
    group = 1;
    ++at;
  }
  for (; at < tokens.size(); ++at) {
    if (const auto* unit = find(small, tokens[at].lower)) {
      group += unit->value;
    } else if (const auto* big = find(large, tokens[at].lower); big != nullptr && (any || group > 0) && big->word.size() > 2) {
      group = std::max(group, 1.0) * big->value;
      if (big->value >= 1000) {
        total += group;
        group = 0;
      }
    } else if (!(tokens[at].lower == "and" && any && at + 1 < tokens.size() && find(small, tokens[at + 1].lower) != nullptr &&
                 group >= 100)) {
      break;
    }
    any = true;
  }
  if (!any) return std::nullopt;
  return NumberFound{total + group, at, tokens[at - 1].end, true};
}

double sign_before(std::string_view text, const std::vector<Token>& tokens, std::size_t begin) {
  const auto before = text.substr(0, begin);
  const auto word = std::ranges::find_if(tokens, [&](const Token& token) { return token.end + 1 == begin; });
  if (word != tokens.end() && (word->lower == "minus" || word->lower == "negative")) return -1;
  const bool hyphen = before.ends_with('-');
  if (!hyphen && !before.ends_with("\u2212")) return 1;
  const auto at = begin - (hyphen ? 1 : 3);
  if (at > 0 && std::string_view(" (:=\n").find(text[at - 1]) == std::string_view::npos) return 1;
  if (at > 0 && text[at - 1] != '\n') return -1;
  // A line of its own, or a list?
  const auto opened = (text.starts_with('-') ? 1 : 0) + count_of(text, "\n-");
  return opened > 1 ? 1 : -1;
}

}  // namespace convoke::model
