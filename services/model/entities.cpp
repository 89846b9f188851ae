#include "model/entities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "core/text.hpp"
#include "model/names.hpp"
#include "model/spelling.hpp"

namespace convoke::model {
namespace {

bool space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

class Reader {
 public:
  Reader(Reading& reading, Day today) : r_(reading), today_(today), used_(reading.tokens.size(), false) {}

  void read(const std::function<bool(std::string_view)>& known) {
    quotations();
    titles();
    addresses();
    runs();
    phones();
    money_and_percent();
    dates();
    numbers();
    find_names(r_.text, r_.tokens, used_, known, [&](Entity entity) { add(std::move(entity)); });
    std::ranges::sort(r_.entities, {}, &Entity::begin);
    join_models();
    r_.entity_of.assign(r_.tokens.size(), Reading::none);
    for (std::size_t i = 0; i < r_.entities.size(); ++i) {
      for (std::size_t k = r_.entities[i].first; k < r_.entities[i].last; ++k) r_.entity_of[k] = i;
    }
  }

 private:
  void add(Entity entity) {
    for (std::size_t k = entity.first; k < entity.last; ++k) used_[k] = true;
    r_.entities.push_back(std::move(entity));
  }

  /// Adds the bytes [begin, end) as one entity, if no word in it belongs to another.
  bool add_bytes(Shape shape, std::size_t begin, std::size_t end, std::string value, double number = 0) {
    Entity entity{.shape = shape, .begin = begin, .end = end, .value = std::move(value), .number = number};
    entity.first = static_cast<std::size_t>(std::ranges::find_if(r_.tokens, [&](const Token& token) { return token.end > begin; }) -
                                            r_.tokens.begin());
    entity.last = entity.first;
    while (entity.last < r_.tokens.size() && r_.tokens[entity.last].begin < end) ++entity.last;
    if (entity.last == entity.first || std::any_of(used_.begin() + static_cast<std::ptrdiff_t>(entity.first),
                                                   used_.begin() + static_cast<std::ptrdiff_t>(entity.last), [](bool b) { return b; }))
      return false;
    add(std::move(entity));
    return true;
  }

  /// "the address is 14 Elm Court, Leeds LS6": through its commas one value, as if it were quoted.
  void addresses() {
    for (std::size_t i = 0; i + 2 < r_.tokens.size(); ++i) {
      auto first = i + 1;
      if (r_.tokens[i].lower != "address") continue;
      while (first < r_.tokens.size() &&
             (r_.tokens[first].lower == "is" || r_.tokens[first].lower == "to" || r_.tokens[first].lower == "now"))
        ++first;
      if (first == r_.tokens.size() || !r_.tokens[first].digits) continue;
      auto last = first + 1;
      bool comma = false;
      for (; last < r_.tokens.size() && (r_.tokens[last].capital || r_.tokens[last].digits); ++last) {
        const auto gap = std::string_view(r_.text).substr(r_.tokens[last - 1].end, r_.tokens[last].begin - r_.tokens[last - 1].end);
        if (gap != " " && gap != "-" && gap != ", ") break;
        comma = comma || gap == ", ";
      }
      if (!comma) continue;
      const auto begin = r_.tokens[first].begin;
      add_bytes(Shape::quoted, begin, r_.tokens[last - 1].end, r_.text.substr(begin, r_.tokens[last - 1].end - begin));
    }
  }

  void quotations() {
    struct Marks {
      std::string_view open, close;
    };
    constexpr Marks marks[] = {
        {"\"", "\""}, {"\xE2\x80\x9C", "\xE2\x80\x9D"}, {"\xC2\xAB", "\xC2\xBB"}, {"\xE2\x80\x98", "\xE2\x80\x99"}, {"'", "'"}, {"`", "`"}};
    const std::string_view text = r_.text;
    for (const auto& [open, close] : marks) {
      std::size_t at = 0;
      while ((at = text.find(open, at)) != std::string_view::npos) {
        const auto from = at + open.size();
        auto to = text.find(close, from);
        // An apostrophe opens nothing inside a word, and closes nothing before one.
        if (open == "'" && at > 0 && alnum(text[at - 1])) to = std::string_view::npos;
        while (open == "'" && to != std::string_view::npos && to + 1 < text.size() && alnum(text[to + 1])) to = text.find(close, to + 1);
        if (to == std::string_view::npos || to == from) {
          at = from;
          continue;
        }
        add_bytes(Shape::quoted, at, to + close.size(), trim(text.substr(from, to - from)));
        at = to + close.size();
      }
    }
  }

  /// "title: Five Ways to Save", "called Home for the Holidays": capitals with small words among them.
  void titles() {
    static const std::unordered_set<std::string_view> labels{"title", "headline", "subject", "name"};
    static const std::unordered_set<std::string_view> words{"titled", "entitled", "called", "named"};
    static const std::unordered_set<std::string_view> inner{"of", "the", "and", "to", "a", "your", "our", "with", "is"};
    for (std::size_t i = 0; i + 1 < r_.tokens.size(); ++i) {
      const bool label = labels.contains(r_.tokens[i].lower);
      if (!label && !words.contains(r_.tokens[i].lower)) continue;
      const auto gap = std::string_view(r_.text).substr(r_.tokens[i].end, r_.tokens[i + 1].begin - r_.tokens[i].end);
      if (gap != ": " && (label || gap != " ")) continue;
      std::size_t last = i + 1;
      std::size_t small = 0;
      for (auto k = i + 1; k < r_.tokens.size() && !used_[k]; ++k) {
        if (k > i + 1 && r_.tokens[k].begin != r_.tokens[k - 1].end + 1) break;
        const bool plain = !r_.tokens[k].capital && !r_.tokens[k].digits;
        if (plain && (k == i + 1 || ++small > 4 || (!label && !inner.contains(r_.tokens[k].lower)))) break;
        if (r_.tokens[k].capital || r_.tokens[k].digits) last = k + 1;
      }
      const bool mixed = std::any_of(at(i + 1), at(last), [](const Token& token) { return !token.capital && !token.digits; });
      if (last < i + 3 || (!mixed && !label)) continue;
      const auto begin = r_.tokens[i + 1].begin;
      const auto end = r_.tokens[last - 1].end;
      add_bytes(Shape::quoted, begin, end, r_.text.substr(begin, end - begin));
    }
  }

  std::vector<Token>::const_iterator at(std::size_t i) const { return r_.tokens.begin() + static_cast<std::ptrdiff_t>(i); }

  /// What is recognised as one run of bytes without a space: addresses, links, codes, versions.
  void runs() {
    const std::string_view text = r_.text;
    std::size_t at = 0;
    while (at < text.size()) {
      while (at < text.size() && space(text[at])) ++at;
      auto end = at;
      while (end < text.size() && !space(text[end])) ++end;
      auto begin = at;
      at = end;
      while (begin < end && std::string_view("(<[{\"'").find(text[begin]) != std::string_view::npos) ++begin;
      while (end > begin && std::string_view(")>]}.,;:!?\"'").find(text[end - 1]) != std::string_view::npos) --end;
      auto run = text.substr(begin, end - begin);
      if (run.ends_with("'s")) run.remove_suffix(2);
      if (!run.empty()) classify_run(run, begin);
    }
  }

  void classify_run(std::string_view run, std::size_t begin) {
    const auto add_run = [&](Shape shape, std::string_view value) { add_bytes(shape, begin, begin + run.size(), std::string(value)); };
    const auto sign = run.find('@');
    if (sign != std::string_view::npos && sign > 0 && run.find('.', sign) != std::string_view::npos) return add_run(Shape::email, run);
    if (run.starts_with("http://") || run.starts_with("https://") || run.starts_with("www.")) return add_run(Shape::url, run);
    const auto letters = std::ranges::count_if(run, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; });
    const auto upper = std::ranges::count_if(run, [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; });
    const auto digits = std::ranges::count_if(run, digit);
    if (run.find('_') != std::string_view::npos && letters > 1) return add_run(Shape::name, run);
    if (digits == 0) return;
    if (run.starts_with('#') && run.size() > 1) return add_run(Shape::code, run.substr(1));
    const auto dots = std::ranges::count(run, '.');
    const bool v = (run.front() == 'v' || run.front() == 'V') && run.size() > 1 && digit(run[1]);
    if ((v && letters == 1) || (letters == 0 && dots >= 2 && digits + dots == static_cast<std::ptrdiff_t>(run.size()))) {
      // 1.12.2026 is a date.
      if (!(dots == 2 && run.size() >= 8 && run.size() - run.rfind('.') == 5)) return add_run(Shape::version, run);
      return;
    }
    const bool hyphened = run.find_first_of("-_/") != std::string_view::npos;
    // 55-1029: an order's, a booth's
    if (letters == 0 && digits >= 5 && run.find('-') <= 2 && run.find('-') == run.rfind('-') &&
        digits + 1 == static_cast<std::ptrdiff_t>(run.size()) && digit(run.back()))
      return add_run(Shape::code, run);
    const bool only = std::ranges::all_of(run, [](char c) { return alnum(c) || c == '-' || c == '_' || c == '/' || c == '.'; });
    if (!only || letters == 0) return;
    const bool quarter = run.size() == 2 && (run[0] == 'Q' || run[0] == 'q');
    if (std::isalpha(static_cast<unsigned char>(run.front())) != 0 && !quarter) {
      const bool code =
          (upper == letters && (hyphened || digits >= 2 || letters == 1)) || (hyphened && letters <= 4 && digit(run.back()) && digits >= 2);
      // "ThinkPad X1": a short one behind a capitalised word is part of a name.
      const auto word = r_.text.find_last_of(" \n", begin >= 2 ? begin - 2 : 0);
      const char head = begin < 2 ? ' ' : r_.text[word == std::string_view::npos ? 0 : word + 1];
      const bool model = run.size() <= 3 && head >= 'A' && head <= 'Z' && begin >= 2;
      if (code && !model) return add_run(Shape::code, run);
      if (model) return;
      if (hyphened && digit(run.back())) return add_run(Shape::name, run);
    } else if (upper == letters && digits >= 3 &&
               (hyphened || (letters >= 2 && std::isalpha(static_cast<unsigned char>(run.back())) == 0))) {
      add_run(Shape::code, run);
    } else if (letters == 1 && digits >= 2 && std::string_view("ABCDEFHR").find(run.back()) != std::string_view::npos) {
      add_run(Shape::code, run);  // 14B: a room's, a booth's
    }
  }

  /// "Brother HL-L2350": what a maker calls its thing is one name with the maker's.
  void join_models() {
    for (std::size_t i = 1; i < r_.entities.size(); ++i) {
      auto& maker = r_.entities[i - 1];
      const auto& code = r_.entities[i];
      const bool adjoin =
          maker.shape == Shape::name && code.shape == Shape::code && code.begin == maker.end + 1 && r_.text[maker.end] == ' ';
      if (!adjoin || maker.person >= 0.99 || numbers_document(code.value) || is_document(r_.tokens[maker.last - 1].lower)) continue;
      maker.last = code.last;
      maker.end = code.end;
      maker.value = r_.text.substr(maker.begin, maker.end - maker.begin);
      maker.person = 0;
      r_.entities.erase(r_.entities.begin() + static_cast<std::ptrdiff_t>(i));
      --i;
    }
  }

  static constexpr std::string_view documents[] = {"invoice",  "order",    "purchase",  "po",       "ticket",  "shipment",
                                                   "tracking", "contract", "reference", "number",   "request", "delivery",
                                                   "booth",    "room",     "case",      "incident", "bill",    "account"};
  static bool is_document(std::string_view lower) { return std::ranges::find(documents, lower) != std::end(documents); }

  /// INV-2044, PO-17: of a paper, not of a thing.
  static bool numbers_document(std::string_view code) {
    const auto letters = to_lower(code.substr(0, std::min(code.size(), code.find_first_of("-_/0123456789"))));
    return letters.size() >= 2 && std::ranges::any_of(documents, [&](std::string_view word) { return word.starts_with(letters); });
  }

  /// Seven digits or more, in groups; a leading + or 0 or at least two separators.
  void phones() {
    const std::string_view text = r_.text;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!(digit(text[i]) || (text[i] == '+' && i + 1 < text.size() && digit(text[i + 1])) ||
            (text[i] == '(' && i + 1 < text.size() && digit(text[i + 1]))))
        continue;
      if (i > 0 && (alnum(text[i - 1]) || text[i - 1] == '#' || text[i - 1] == '$' || text[i - 1] == '-')) continue;
      std::size_t end = i;
      std::size_t count = 0;
      std::size_t separators = 0;
      std::size_t last_digit = i;
      while (end < text.size() && (digit(text[end]) || std::string_view("+-() ./").find(text[end]) != std::string_view::npos)) {
        if (digit(text[end])) {
          ++count;
          last_digit = end;
        } else if (end > i) {
          ++separators;
          if (end > 0 && space(text[end]) && space(text[end - 1])) break;
        }
        ++end;
      }
      const auto run = text.substr(i, last_digit + 1 - i);
      const bool date = parse_iso(run).has_value() || (count <= 8 && run.find('-') == std::string_view::npos && run.front() != '+' &&
                                                       separators >= 2 && run.find('/') != std::string_view::npos);
      const bool dashed = std::ranges::count(run, '-') >= 1 && run.find('-') >= 3;
      if (count >= 7 && count <= 15 && !date &&
          (run.front() == '+' || run.front() == '0' || run.front() == '(' || std::ranges::count(run, '-') >= 2 || (dashed && count <= 8))) {
        add_bytes(Shape::phone, i, last_digit + 1, std::string(run));
      }
      i = last_digit;
    }
  }

  void money_and_percent() {
    static const std::unordered_set<std::string_view> currencies{"usd",    "eur",   "gbp",    "chf",   "dollar", "dollars", "euro",
                                                                 "euros",  "pound", "pounds", "bucks", "cents",  "yen",     "inr",
                                                                 "rupees", "cad",   "aud",    "jpy",   "sek"};
    for (std::size_t i = 0; i < r_.tokens.size(); ++i) {
      if (used_[i]) continue;
      const bool named =
          currencies.contains(r_.tokens[i].lower) && i + 1 < r_.tokens.size() && !used_[i + 1] && digit(r_.text[r_.tokens[i + 1].begin]);
      const auto found = number_at(r_.text, r_.tokens, named ? i + 1 : i);
      if (!found) continue;
      const std::string_view before = std::string_view(r_.text).substr(0, r_.tokens[i].begin);
      const auto trimmed = before.substr(0, before.find_last_not_of(' ') == std::string_view::npos ? 0 : before.find_last_not_of(' ') + 1);
      std::size_t sign = 0;
      for (const std::string_view symbol : {"$", "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5"}) {
        if (trimmed.ends_with(symbol)) sign = symbol.size();
      }
      std::size_t end = found->end;
      const auto behind = std::string_view(r_.text).substr(end);
      const auto unit = found->last < r_.tokens.size() ? std::string_view(r_.tokens[found->last].lower) : std::string_view{};
      const auto rest = behind.substr(std::min(behind.find_first_not_of(' '), behind.size()));
      if (rest.starts_with('%')) {
        end = static_cast<std::size_t>(rest.data() - r_.text.data()) + 1;
        add_bytes(Shape::percent, r_.tokens[i].begin, end, r_.text.substr(r_.tokens[i].begin, end - r_.tokens[i].begin),
                  sign_before(r_.text, r_.tokens, r_.tokens[i].begin) * found->value);
      } else if (unit == "percent" || unit == "pct" ||
                 (unit == "per" && found->last + 1 < r_.tokens.size() && r_.tokens[found->last + 1].lower == "cent")) {
        end = r_.tokens[found->last + (unit == "per" ? 1 : 0)].end;
        add_bytes(Shape::percent, r_.tokens[i].begin, end, r_.text.substr(r_.tokens[i].begin, end - r_.tokens[i].begin),
                  sign_before(r_.text, r_.tokens, r_.tokens[i].begin) * found->value);
      } else if (sign != 0 || named || currencies.contains(unit) || rest.starts_with("\xE2\x82\xAC") || rest.starts_with("\xC2\xA3")) {
        if (!named && sign == 0 && currencies.contains(unit)) end = r_.tokens[found->last].end;
        if (!named && sign == 0 && !currencies.contains(unit))
          end = static_cast<std::size_t>(rest.data() - r_.text.data()) + (rest.starts_with("\xE2\x82\xAC") ? 3 : 2);
        const auto begin = sign != 0 ? trimmed.size() - sign : r_.tokens[i].begin;
        add_bytes(Shape::money, begin, end, r_.text.substr(begin, end - begin), sign_before(r_.text, r_.tokens, begin) * found->value);
      }
    }
  }

  void dates() {
    auto taken = used_;
    const auto all = find_dates(r_.text, r_.tokens, taken, today_);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& found = all[i];
      if (names_day(found.first, found.last)) continue;
      if (i + 1 < all.size() && narrows(found, all[i + 1])) continue;
      Entity entity{.shape = found.duration ? Shape::period : Shape::date, .first = found.first, .last = found.last};
      entity.begin = r_.tokens[found.first].begin;
      entity.end = r_.tokens[found.last - 1].end;
      entity.value = found.duration ? r_.text.substr(entity.begin, entity.end - entity.begin) : iso(found.day);
      entity.vague = found.vague;
      if (const auto count = number_at(r_.text, r_.tokens, found.first); count && found.duration) entity.number = count->value;
      add(std::move(entity));
    }
  }

  /// "next week on Monday": the day is said behind the week.
  bool narrows(const DateFound& week, const DateFound& day) const {
    if (!week.vague || week.duration || day.vague || day.duration || day.first > week.last + 1) return false;
    return day.first == week.last || r_.tokens[week.last].lower == "on";
  }

  void numbers() {
    for (std::size_t i = 0; i < r_.tokens.size(); ++i) {
      if (used_[i] || r_.tokens[i].possessive) continue;
      const auto found = number_at(r_.text, r_.tokens, i);
      if (!found || (found->in_words && r_.tokens[i].lower == "one" && found->last == i + 1 && r_.tokens.size() > 1)) continue;
      if (found->end < r_.text.size() && r_.text[found->end] == '-') continue;  // two-factor, 3-way
      if (found->in_words && opens_name(i)) continue;
      // "XPS 15", "Windows 11": a number behind a capitalised word is part of a name.
      if (!found->in_words && i > 0 && !used_[i - 1] && r_.tokens[i - 1].capital && !r_.tokens[i - 1].sentence_start &&
          !is_first_name(r_.tokens[i - 1].lower) && !is_stop_word(r_.tokens[i - 1].lower) &&
          r_.tokens[i].begin == r_.tokens[i - 1].end + 1 && found->value < 10000 && found->last == i + 1 && names_number(i) &&
          !measures(i)) {
        continue;
      }
      if (const auto street = street_end(i); street != 0) {
        const auto begin = r_.tokens[i].begin;
        const auto end = r_.tokens[street - 1].end;
        if (add_bytes(Shape::name, begin, end, r_.text.substr(begin, end - begin))) i = street - 1;
        continue;
      }
      add_bytes(Shape::number, r_.tokens[i].begin, found->end, r_.text.substr(r_.tokens[i].begin, found->end - r_.tokens[i].begin),
                sign_before(r_.text, r_.tokens, r_.tokens[i].begin) * found->value);
      i = found->last - 1;
    }
  }

  /// "the Six Sigma training": a number in words with a capital, before another capital.
  bool opens_name(std::size_t i) const {
    return r_.tokens[i].capital && !r_.tokens[i].sentence_start && i + 1 < r_.tokens.size() && !used_[i + 1] && r_.tokens[i + 1].capital &&
           r_.tokens[i + 1].begin == r_.tokens[i].end + 1;
  }

  /// "14 Elm Street": the end of the address that begins at `i`; 0 when none does.
  std::size_t street_end(std::size_t i) const {
    static const std::unordered_set<std::string_view> streets{"street",  "st",      "road",   "rd",    "avenue", "ave",     "lane",
                                                              "drive",   "grove",   "square", "court", "place",  "close",   "boulevard",
                                                              "terrace", "gardens", "hill",   "row",   "way",    "crescent"};
    for (std::size_t k = i + 1; k < std::min(r_.tokens.size(), i + 4); ++k) {
      if (!r_.tokens[k].capital || used_[k] || r_.tokens[k].begin != r_.tokens[k - 1].end + 1) return 0;
      if (k > i + 1 && streets.contains(r_.tokens[k].lower)) return town_end(k + 1);
    }
    return 0;
  }

  /// "…, Leeds.": the town behind the street, where the sentence ends with it.
  std::size_t town_end(std::size_t at) const {
    if (at >= r_.tokens.size() || !r_.tokens[at].capital || used_[at] || is_first_name(r_.tokens[at].lower)) return at;
    const auto gap = std::string_view(r_.text).substr(r_.tokens[at - 1].end, r_.tokens[at].begin - r_.tokens[at - 1].end);
    const bool ends = at + 1 == r_.tokens.size() || r_.tokens[at + 1].sentence_start;
    return gap == ", " && ends ? at + 1 : at;
  }

  /// Whether the number at `i` reads as part of the name before it: no counted thing comes behind ("HR 5 laptops" is not written).
  bool names_number(std::size_t i) const {
    const auto& before = r_.tokens[i - 1];
    return !before.all_caps || before.lower.size() > 2 || i + 1 >= r_.tokens.size();
  }

  bool measures(std::size_t i) const { return i + 1 < r_.tokens.size() && is_unit(r_.tokens[i + 1].lower); }

  /// "Black Friday", "Cyber Monday": no day of this week.
  bool names_day(std::size_t first, std::size_t last) const {
    static const std::unordered_set<std::string_view> days{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    if (last != first + 1 || first == 0 || !days.contains(r_.tokens[first].lower) || !r_.tokens[first].capital) return false;
    const auto& before = r_.tokens[first - 1];
    return before.capital && !before.digits && before.lower.size() > 2 && before.end + 1 == r_.tokens[first].begin && !used_[first - 1] &&
           !is_stop_word(before.lower) && !is_first_name(before.lower) &&
           (!before.sentence_start || (last < r_.tokens.size() && r_.tokens[last].capital));
  }

  Reading& r_;
  Day today_;
  std::vector<bool> used_;
};

}  // namespace

namespace {

// Its rules look at all pairs of words and at all letters of a word, and everybody waits while it reads.
constexpr std::size_t most_read = 4'096;

std::string what_is_read(std::string_view text) {
  if (text.size() <= most_read) return std::string(text);
  const auto begin = truncate_utf8(text, most_read * 3 / 4);
  auto end = text.size() - most_read / 4;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) ++end;
  return fmt::format("{} … {}", begin, text.substr(end));
}

}  // namespace

namespace {

/// Where the item with this number begins ("2. Order …", "2) Order …"), from `at` on; npos when there is none.
std::size_t item_at(const std::string& text, std::size_t number, std::size_t at) {
  const auto digits = std::to_string(number);
  for (; (at = text.find(digits, at)) != std::string::npos; ++at) {
    const auto sign = at + digits.size();
    const bool opens = at == 0 || space(text[at - 1]);
    if (!opens || sign + 2 >= text.size() || (text[sign] != '.' && text[sign] != ')') || text[sign + 1] != ' ') continue;
    const auto before = at == 0 ? std::string::npos : text.find_last_not_of(' ', at - 1);
    const bool first = before == std::string::npos || std::string_view(".!?:;,\n)").contains(text[before]);
    const bool word = std::isalpha(static_cast<unsigned char>(text[sign + 2])) != 0;
    if (word && (first || number > 1)) return at;
  }
  return std::string::npos;
}

/// "1. Order desks. 2. Book a room.": the numbers of a list say nothing; each begins a sentence.
void blank_list_numbers(std::string& text) {
  std::size_t at = 0;
  for (std::size_t number = 1; number <= 24; ++number) {
    const auto item = item_at(text, number, at);
    if (item == std::string::npos) return;
    if (number == 1 && item_at(text, 2, item) == std::string::npos) {
      // "1. December", "Ticket: 1. …": no list.
      const auto word = text.find_first_not_of(". )", item + 1);
      if (item != 0 || month_number(to_lower(std::string_view(text).substr(word, text.find(' ', word) - word))) != 0) return;
    }
    at = item + std::to_string(number).size();
    for (auto i = item; i <= at; ++i) text[i] = ' ';
    if (item > 0) text[at] = '\n';
  }
}

}  // namespace

Reading read_text(std::string_view text, Day today, const std::function<bool(std::string_view)>& known) {
  Reading reading;
  reading.text = what_is_read(text);
  blank_list_numbers(reading.text);
  reading.tokens = tokenize(reading.text);
  mend_spelling(reading.tokens, known);
  Reader(reading, today).read(known);
  return reading;
}

}  // namespace convoke::model
