#include "model/spelling.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

/// Damerau-Levenshtein distance (neighbours may be swapped), as far as it is at most 2; 3 otherwise.
std::size_t distance(std::string_view left, std::string_view right) {
  const auto n = left.size();
  const auto m = right.size();
  if (std::max(n, m) - std::min(n, m) > 2) return 3;
  std::vector<std::vector<std::size_t>> d(n + 1, std::vector<std::size_t>(m + 1));
  for (std::size_t i = 0; i <= n; ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= m; ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t j = 1; j <= m; ++j) {
      const std::size_t change = left[i - 1] == right[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return std::min<std::size_t>(d[n][m], 3);
}

constexpr std::size_t shortest_mended = 6;

/// One letter of `meant` is missing in `typed`, neither the first nor the last, unless the last is doubled.
bool lacks_letter(std::string_view typed, std::string_view meant) {
  if (typed.size() + 1 != meant.size()) return false;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(typed, meant).in1 - typed.begin());
  if (at == 0 || typed.substr(at) != meant.substr(at + 1)) return false;
  return at < typed.size() || meant[at] == meant[at - 1];
}

bool swaps_letters(std::string_view typed, std::string_view meant) {
  if (typed.size() != meant.size()) return false;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(typed, meant).in1 - typed.begin());
  return at > 0 && at + 1 < typed.size() && typed[at] == meant[at + 1] && typed[at + 1] == meant[at] &&
         typed.substr(at + 2) == meant.substr(at + 2);
}

bool slips(std::string_view typed, std::string_view meant) {
  if (typed.front() != meant.front() || std::max(typed.size(), meant.size()) < shortest_mended) return false;
  return lacks_letter(typed, meant) || lacks_letter(meant, typed) || swaps_letters(typed, meant);
}

constexpr std::array<std::string_view, 14> calendar{"january", "february", "august",    "september", "october", "november", "december",
                                                    "monday",  "tuesday",  "wednesday", "thursday",  "friday",  "saturday", "sunday"};

template <class Words> std::string_view meant_by(std::string_view typed, const Words& words) {
  const auto found = std::ranges::find_if(words, [&](std::string_view word) { return slips(typed, word); });
  return found == words.end() ? std::string_view{} : *found;
}

/// A month stands beside a number, a weekday behind "on" or "next".
bool dated(const std::vector<Token>& tokens, std::size_t i) {
  const bool counted = (i > 0 && tokens[i - 1].digits) || (i + 1 < tokens.size() && tokens[i + 1].digits);
  static constexpr std::array<std::string_view, 7> leads{"on", "next", "by", "in", "until", "of", "from"};
  return counted || (i > 0 && std::ranges::find(leads, tokens[i - 1].lower) != leads.end());
}

}  // namespace

double resemblance(std::string_view left, std::string_view right) {
  if (left.size() < 4 || right.size() < 4 || left.front() != right.front() || left[1] != right[1]) return 0;
  const auto longest = std::max(left.size(), right.size());
  const auto shortest = std::min(left.size(), right.size());
  const auto common = static_cast<std::size_t>(std::ranges::mismatch(left, right).in1 - left.begin());
  // photograph and photo: one begins with the other.
  if (common == shortest && shortest >= 5) return 0.8;
  if (longest - shortest <= 2) {
    const auto far = distance(left, right);
    if (far == 1 && shortest >= 5) return 1;
    if (far == 2 && shortest >= 8) return 0.8;
  }
  if (common >= 6 && common * 10 >= longest * 6) return 0.7;
  return 0;
}

void mend_spelling(std::vector<Token>& tokens, const std::function<bool(std::string_view)>& known) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    auto& token = tokens[i];
    if (token.lower.size() + 1 < shortest_mended || token.digits || token.all_caps || is_stop_word(token.lower)) continue;
    // "instal" has the stem of the verb that it was meant to be.
    const bool cut = is_request_verb(token.stem) && token.lower == token.stem && !is_imperative(token.lower);
    if (!cut && (known(token.stem) || is_request_verb(token.stem) || is_common(token.stem) || !groups_of(token.stem).empty())) continue;
    auto meant = dated(tokens, i) ? meant_by(token.lower, calendar) : std::string_view{};
    if (meant.empty() && (!token.capital || token.sentence_start)) meant = meant_by(token.lower, request_verbs());
    if (meant.empty()) continue;
    token.lower = meant;
    token.stem = stem(meant);
  }
}

}  // namespace convoke::model
