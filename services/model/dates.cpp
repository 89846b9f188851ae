#include "model/dates.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>

namespace convoke::model {
namespace {

using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::weekday;
using std::chrono::year;
using std::chrono::year_month_day;
using std::chrono::year_month_day_last;
using std::chrono::years;

constexpr std::array<std::string_view, 12> month_names{"january", "february", "march",     "april",   "may",      "june",
                                                       "july",    "august",   "september", "october", "november", "december"};
constexpr std::array<std::string_view, 7> weekday_names{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

std::optional<Day> make_day(int y, unsigned m, unsigned d) {
  const year_month_day ymd{year{y}, month{m}, std::chrono::day{d}};
  if (!ymd.ok() || y < 1900 || y > 2200) return std::nullopt;
  return Day{ymd};
}

int weekday_number(std::string_view lower) {
  for (std::size_t i = 0; i < weekday_names.size(); ++i) {
    const auto name = weekday_names[i];
    if (lower == name ||
        (lower.size() >= 3 && lower.size() <= 5 && name.starts_with(lower) && lower != "sun" && lower != "sat" && lower != "wed"))
      return static_cast<int>(i);
    if (lower.size() == name.size() + 1 && lower.starts_with(name) && lower.back() == 's') return static_cast<int>(i);
  }
  return -1;
}

/// 1 to 31 from "3", "3rd", "21st"; 0 otherwise.
unsigned day_number(std::string_view lower) {
  unsigned value = 0;
  std::size_t i = 0;
  while (i < lower.size() && lower[i] >= '0' && lower[i] <= '9' && i < 3) value = value * 10 + static_cast<unsigned>(lower[i++] - '0');
  const auto rest = lower.substr(i);
  if (i == 0 || value > 31) return 0;
  return rest.empty() || rest == "st" || rest == "nd" || rest == "rd" || rest == "th" ? value : 0;
}

/// "third", "fourteenth": only said of a day where a month stands beside it.
unsigned spelled_day(std::string_view lower) {
  static constexpr std::array<std::string_view, 20> words{
      "first",    "second",  "third",      "fourth",     "fifth",     "sixth",     "seventh",     "eighth",     "ninth",      "tenth",
      "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"};
  for (unsigned i = 0; i < words.size(); ++i) {
    if (words[i] == lower) return i + 1;
  }
  return lower == "thirtieth" ? 30 : 0;
}

int year_number(std::string_view lower) {
  if (lower.size() != 4 || lower.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  const int value = (lower[0] - '0') * 1000 + (lower[1] - '0') * 100 + (lower[2] - '0') * 10 + (lower[3] - '0');
  return value >= 1900 && value <= 2200 ? value : 0;
}

Day first_of_month(Day day, int ahead) {
  const year_month_day ymd{day};
  return Day{year_month_day{ymd.year(), ymd.month(), std::chrono::day{1}} + months{ahead}};
}

Day last_of_month(Day day) {
  const year_month_day ymd{day};
  return Day{year_month_day_last{ymd.year(), std::chrono::month_day_last{ymd.month()}}};
}

Day monday_of(Day day) { return day - (weekday{day} - weekday{1}); }

Day plus_months(Day day, int ahead) {
  const year_month_day ymd = year_month_day{day} + months{ahead};
  return ymd.ok() ? Day{ymd} : Day{year_month_day_last{ymd.year(), std::chrono::month_day_last{ymd.month()}}};
}

class Finder {
 public:
  Finder(std::string_view text, const std::vector<Token>& tokens, Day today) : text_(text), tokens_(tokens), today_(today) {}

  /// The date that begins at this token.
  std::optional<DateFound> at(std::size_t i) {
    for (const auto find : {&Finder::numeric, &Finder::day_month, &Finder::month_day, &Finder::relative_day, &Finder::edge_of,
                            &Finder::on_weekday, &Finder::relative_span, &Finder::in_so_many, &Finder::duration, &Finder::year_alone}) {
      if (auto found = (this->*find)(i)) return found;
    }
    return std::nullopt;
  }

  void remember(const DateFound& found) { previous_ = found; }

 private:
  std::string_view word(std::size_t i) const { return i < tokens_.size() ? std::string_view(tokens_[i].lower) : std::string_view{}; }
  static DateFound exact(std::size_t first, std::size_t last, Day day) { return {first, last, day, false, false}; }
  static DateFound vague(std::size_t first, std::size_t last, Day day) { return {first, last, day, true, false}; }

  char gap(std::size_t i) const {
    return i + 1 < tokens_.size() && tokens_[i + 1].begin == tokens_[i].end + 1 ? text_[tokens_[i].end] : '\0';
  }

  /// Three numbers with the same separator: 2026-12-01, 1/12/2026, 1.12.26. With slashes the month comes first, unless it cannot.
  std::optional<DateFound> numeric(std::size_t i) {
    const char separator = gap(i);
    if (i + 2 >= tokens_.size() || (separator != '-' && separator != '/' && separator != '.') || gap(i + 1) != separator)
      return std::nullopt;
    std::array<int, 3> parts{};
    for (std::size_t k = 0; k < 3; ++k) {
      const auto part = word(i + k);
      if (part.empty() || part.size() > 4) return std::nullopt;
      for (const char c : part) {
        if (c < '0' || c > '9') return std::nullopt;
        parts[k] = parts[k] * 10 + (c - '0');
      }
    }
    std::optional<Day> day;
    if (word(i).size() == 4) {
      day = make_day(parts[0], static_cast<unsigned>(parts[1]), static_cast<unsigned>(parts[2]));
    } else {
      const int y = parts[2] < 100 ? parts[2] + 2000 : parts[2];
      if (separator == '.' && word(i + 2).size() != 4) return std::nullopt;  // a version
      const bool month_first = separator == '/' && parts[0] <= 12;
      day = make_day(y, static_cast<unsigned>(month_first ? parts[0] : parts[1]), static_cast<unsigned>(month_first ? parts[1] : parts[0]));
    }
    if (!day) return std::nullopt;
    return exact(i, i + 3, *day);
  }

  /// The year that follows, else the one in which the day is not past.
  std::optional<DateFound> with_year(std::size_t first, std::size_t last, unsigned m, unsigned d) {
    if (const int y = year_number(word(last)); y != 0) {
      const auto day = make_day(y, m, d);
      return day ? std::optional(exact(first, last + 1, *day)) : std::nullopt;
    }
    const year_month_day now{today_};
    auto day = make_day(static_cast<int>(now.year()), m, d);
    if (day && *day < today_) day = make_day(static_cast<int>(now.year()) + 1, m, d);
    return day ? std::optional(exact(first, last, *day)) : std::nullopt;
  }

  /// 3 March, the 3rd of March 2027.
  std::optional<DateFound> day_month(std::size_t i) {
    const std::size_t at = word(i + 1) == "of" ? i + 2 : i + 1;
    const auto d = day_number(word(i));
    if (d == 0) return spelled_day_month(i);
    if (const auto m = month_number(word(at)); m != 0) return with_year(i, at + 1, m, d);
    // "from 3 to 7 March", "3-7 March": the first day's month is behind the second.
    const bool joined = word(i + 1) == "to" || word(i + 1) == "until" || word(i + 1) == "and";
    const std::size_t second = joined ? i + 2 : gap(i) == '-' ? i + 1 : 0;
    if (second != 0 && day_number(word(second)) != 0 && month_number(word(second + 1)) != 0) {
      auto found = with_year(i, second + 2, month_number(word(second + 1)), d);
      if (found) found->last = i + 1;
      return found;
    }
    if ((word(i).ends_with("st") || word(i).ends_with("nd") || word(i).ends_with("rd") || word(i).ends_with("th")) && i > 0 &&
        word(i - 1) == "the") {
      const auto this_month = first_of_month(today_, 0) + days{d - 1};
      if (d <= 28) return exact(i, i + 1, this_month > today_ ? this_month : plus_months(this_month, 1));
    }
    return std::nullopt;
  }

  /// The third of March, the twenty-first of March 2027.
  std::optional<DateFound> spelled_day_month(std::size_t i) {
    const unsigned tens = word(i) == "twenty" ? 20 : word(i) == "thirty" ? 30 : 0;
    const std::size_t ones = tens != 0 ? i + 1 : i;
    const auto d = spelled_day(word(ones));
    const std::size_t at = word(ones + 1) == "of" ? ones + 2 : ones + 1;
    const auto m = month_number(word(at));
    return d == 0 || m == 0 || (tens != 0 && d > 9) ? std::nullopt : with_year(i, at + 1, m, tens + d);
  }

  /// March 3, March 3rd 2027; March, March 2027 (vague). The second day of "March 3 to 7" takes the first one's month.
  std::optional<DateFound> month_day(std::size_t i) {
    const auto m = i > 0 && i < tokens_.size() && !tokens_[i].capital && tokens_[i - 1].capital && gap(i - 1) == '-'
                       ? 0
                       : month_number(word(i));  // Min-jun
    if (m == 0) {
      const auto d = day_number(word(i));
      const bool follows =
          previous_ && !previous_->vague && !previous_->duration && i >= 1 &&
          ((previous_->last == i && gap(i - 1) == '-') || (previous_->last + 1 == i && (word(i - 1) == "to" || word(i - 1) == "until" ||
                                                                                        word(i - 1) == "through" || word(i - 1) == "and")));
      if (d == 0 || !follows) return std::nullopt;
      const year_month_day before{previous_->day};
      const auto day = make_day(static_cast<int>(before.year()), static_cast<unsigned>(before.month()), d);
      return day && *day >= previous_->day ? std::optional(exact(i, i + 1, *day)) : std::nullopt;
    }
    const std::size_t at = word(i + 1) == "the" ? i + 2 : i + 1;
    if (const auto d = std::max(day_number(word(at)), spelled_day(word(at))); d != 0) return with_year(i, at + 1, m, d);
    // "may", "march" and "mar" are also other words.
    if (!tokens_[i].capital && (word(i) == "may" || word(i).starts_with("mar") || word(i) == "sep" || word(i) == "dec" || word(i) == "jan"))
      return std::nullopt;
    if (word(i) == "may" && tokens_[i].sentence_start) return std::nullopt;
    // "May Brown"
    if (word(i) == "may" && i + 1 < tokens_.size() && tokens_[i + 1].capital && tokens_[i + 1].begin == tokens_[i].end + 1)
      return std::nullopt;
    const int y = year_number(word(i + 1));
    const year_month_day now{today_};
    const int assumed = static_cast<int>(now.year()) + (m < static_cast<unsigned>(now.month()) ? 1 : 0);
    const auto day = make_day(y != 0 ? y : assumed, m, 1);
    return day ? std::optional(vague(i, y != 0 ? i + 2 : i + 1, *day)) : std::nullopt;
  }

  std::optional<DateFound> relative_day(std::size_t i) {
    if (word(i) == "today" || word(i) == "tonight") return exact(i, i + 1, today_);
    if (word(i) == "tomorrow") return exact(i, i + 1, today_ + days{1});
    if (word(i) == "yesterday") return exact(i, i + 1, today_ - days{1});
    if (word(i) == "day" && word(i + 1) == "after" && word(i + 2) == "tomorrow") return exact(i, i + 3, today_ + days{2});
    return std::nullopt;
  }

  /// End (last day, close), beginning (start, first) and middle of a week, month or year.
  std::optional<DateFound> edge_of(std::size_t i) {
    const bool end = word(i) == "end";
    const bool start = word(i) == "beginning" || word(i) == "start" || word(i) == "first" || word(i) == "1st";
    const bool middle = word(i) == "middle" || word(i) == "mid";
    if (!end && !start && !middle) return std::nullopt;
    std::size_t at = i + 1;
    if (word(at) == "of") {
      ++at;
    } else if (!middle && (i == 0 || (word(i - 1) != "the" && word(i - 1) != "at"))) {
      return std::nullopt;  // "beginning next week": from then on, on whichever day
    }
    if (word(at) == "the") ++at;
    const auto span = relative_span(at) ? relative_span(at) : bare_span(at) ? bare_span(at) : month_day(at);
    if (!span || !span->vague) return std::nullopt;
    const auto unit = word(span->last - 1);
    Day day = span->day;
    if (unit == "week") {
      day += end ? days{4} : middle ? days{2} : days{0};
    } else if (unit == "year") {
      const year_month_day ymd{day};
      day = end ? Day{ymd.year() / 12 / 31} : middle ? Day{ymd.year() / 7 / 1} : day;
    } else if (unit == "quarter") {
      day = end ? last_of_month(plus_months(day, 2)) : middle ? day + days{45} : day;
    } else {
      day = end ? last_of_month(day) : middle ? day + days{14} : day;
    }
    return exact(i, span->last, day);
  }

  /// Monday (the next one to come), this Monday, next Monday (that of next week).
  std::optional<DateFound> on_weekday(std::size_t i) {
    const bool next = word(i) == "next";
    const bool coming = word(i) == "this" || word(i) == "coming";
    const std::size_t at = next || coming ? i + 1 : i;
    const int number = weekday_number(word(at));
    if (number < 0 || (at == i && !tokens_[i].capital && word(i).size() < 6)) return std::nullopt;
    const weekday wanted{static_cast<unsigned>(number)};
    Day day = today_ + (wanted - weekday{today_});
    if (day == today_) day += days{7};
    if (next) day = monday_of(today_) + days{7} + (wanted - weekday{1});
    std::size_t last = at + 1;
    // "Monday, 23 November": the date behind it says more.
    if (const auto said = day_month(last)) return exact(i, said->last, said->day);
    if (const auto said = month_day(last); said && !said->vague) return exact(i, said->last, said->day);
    if (word(last) == "next" && word(last + 1) == "week") return exact(i, last + 2, monday_of(today_) + days{7} + (wanted - weekday{1}));
    return exact(i, last, day);
  }

  std::optional<DateFound> span_of(std::string_view unit, std::size_t first, std::size_t last, int ahead) {
    const year_month_day now{today_};
    if (unit == "week") return vague(first, last, monday_of(today_) + days{7 * ahead});
    if (unit == "month") return vague(first, last, first_of_month(today_, ahead));
    if (unit == "year") return vague(first, last, Day{(now.year() + years{ahead}) / 1 / 1});
    if (unit == "quarter") {
      const int begin = (static_cast<int>(static_cast<unsigned>(now.month())) - 1) % 3;
      return vague(first, last, first_of_month(today_, 3 * ahead - begin));
    }
    if (unit == "weekend") return vague(first, last, monday_of(today_) + days{5 + 7 * ahead});
    return std::nullopt;
  }

  std::optional<DateFound> relative_span(std::size_t i) {
    const auto which = word(i);
    if (which != "next" && which != "this" && which != "last" && which != "coming" && which != "previous" && which != "current")
      return std::nullopt;
    return span_of(word(i + 1), i, i + 2, which == "next" || which == "coming" ? 1 : which == "last" || which == "previous" ? -1 : 0);
  }
  std::optional<DateFound> bare_span(std::size_t i) { return span_of(word(i), i, i + 1, 0); }

  /// In three days, in a week, two weeks from now (or from today).
  std::optional<DateFound> in_so_many(std::size_t i) {
    const bool leads = word(i) == "in" || word(i) == "within";
    const std::size_t at = leads ? i + 1 : i;
    const auto length = length_at(at);
    if (!length) return std::nullopt;
    const bool from_now = word(length->last) == "from" && (word(length->last + 1) == "now" || word(length->last + 1) == "today");
    if (!leads && !from_now) return std::nullopt;
    return exact(at, from_now ? length->last + 2 : length->last, length->day);
  }

  /// A number and a unit of time, counted from today.
  std::optional<DateFound> length_at(std::size_t i) {
    double count = 0;
    std::size_t at = i;
    if (const auto number = number_at(text_, tokens_, i)) {
      count = number->value;
      at = number->last;
    } else if (word(i) == "a" || word(i) == "an" || word(i) == "one") {
      count = 1;
      at = i + 1;
    }
    if (at == i || count < 0 || count > 1000 || count != std::floor(count)) return std::nullopt;
    const int n = static_cast<int>(count);
    auto unit = word(at);
    if (unit.ends_with('s')) unit.remove_suffix(1);
    if (unit == "day") return exact(i, at + 1, today_ + days{n});
    if (unit == "week") return exact(i, at + 1, today_ + days{7 * n});
    if (unit == "month") return exact(i, at + 1, plus_months(today_, n));
    if (unit == "quarter") return exact(i, at + 1, plus_months(today_, 3 * n));
    if (unit == "year") return exact(i, at + 1, plus_months(today_, 12 * n));
    return std::nullopt;
  }

  /// Two years, the next six months, Q3 2026, the first half of 2026: a length or a named stretch of time.
  std::optional<DateFound> duration(std::size_t i) {
    std::size_t at = i;
    if (word(at) == "next" || word(at) == "last" || word(at) == "past" || word(at) == "coming" || word(at) == "previous") ++at;
    if (at == i && (word(i) == "a" || word(i) == "an")) return std::nullopt;
    if (const auto length = length_at(at)) return DateFound{i, length->last, length->day, true, true};
    if (const auto last = stretch(i); last != i) return DateFound{i, last, today_, true, true};
    const bool quarter = word(i).size() == 2 && word(i)[0] == 'q' && word(i)[1] >= '1' && word(i)[1] <= '4';
    if (quarter) return DateFound{i, year_number(word(i + 1)) != 0 ? i + 2 : i + 1, today_, true, true};
    return std::nullopt;
  }

  /// "Third quarter", "the second half of 2026", "next summer": the end of what begins at `i`; `i` itself for none.
  std::size_t stretch(std::size_t i) const {
    static constexpr std::array<std::string_view, 8> ordinals{"first", "second", "third", "fourth", "1st", "2nd", "3rd", "4th"};
    static constexpr std::array<std::string_view, 5> seasons{"spring", "summer", "autumn", "fall", "winter"};
    static constexpr std::array<std::string_view, 6> which{"next", "last", "this", "coming", "past", "previous"};
    const bool relative = std::ranges::find(which, word(i)) != which.end();
    if (relative && std::ranges::find(seasons, word(i + 1)) != seasons.end()) return i + 2;
    if (std::ranges::find(ordinals, word(i)) == ordinals.end() || (word(i + 1) != "quarter" && word(i + 1) != "half")) return i;
    const std::size_t of = word(i + 2) == "of" ? i + 3 : i + 2;
    if (year_number(word(of)) != 0) return of + 1;
    return i + 2;
  }

  std::optional<DateFound> year_alone(std::size_t i) {
    const int y = year_number(word(i));
    if (y == 0 || i == 0 ||
        (word(i - 1) != "in" && word(i - 1) != "for" && word(i - 1) != "during" && word(i - 1) != "of" && word(i - 1) != "year"))
      return std::nullopt;
    const auto day = make_day(y, 1, 1);
    return day ? std::optional(DateFound{i, i + 1, *day, true, true}) : std::nullopt;
  }

  std::string_view text_;
  const std::vector<Token>& tokens_;
  Day today_;
  std::optional<DateFound> previous_;
};

}  // namespace

unsigned month_number(std::string_view lower) {
  for (std::size_t i = 0; i < month_names.size(); ++i) {
    if (lower == month_names[i] || (lower.size() >= 3 && lower.size() <= 4 && month_names[i].starts_with(lower)) ||
        (i == 8 && lower == "sept"))
      return static_cast<unsigned>(i + 1);
  }
  return 0;
}

std::string iso(Day day) {
  const year_month_day ymd{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()));
}

std::optional<Day> parse_iso(std::string_view text) {
  const auto digits = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int y = digits(0, 4);
  const int m = digits(5, 2);
  const int d = digits(8, 2);
  if (y < 0 || m < 1 || d < 1) return std::nullopt;
  return make_day(y, static_cast<unsigned>(m), static_cast<unsigned>(d));
}

std::vector<DateFound> find_dates(std::string_view text, const std::vector<Token>& tokens, std::vector<bool>& used, Day today) {
  std::vector<DateFound> dates;
  Finder finder(text, tokens, today);
  std::size_t i = 0;
  while (i < tokens.size()) {
    const auto found = used[i] ? std::nullopt : finder.at(i);
    if (!found) {
      ++i;
      continue;
    }
    for (std::size_t k = found->first; k < found->last; ++k) used[k] = true;
    finder.remember(*found);
    dates.push_back(*found);
    i = found->last;
  }
  return dates;
}

}  // namespace convoke::model
