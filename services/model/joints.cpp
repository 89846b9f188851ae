#include "model/joints.hpp"

#include <algorithm>
#include <unordered_set>

#include "model/words.hpp"

namespace convoke::model {

char sign_between(const Reading& r, std::size_t left) {
  const auto gap = std::string_view(r.text).substr(r.tokens[left].end, r.tokens[left + 1].begin - r.tokens[left].end);
  for (const char sign : {'\n', '.', '!', '?', ';', ':', ',', '&'}) {
    if (gap.find(sign) != std::string_view::npos) return sign;
  }
  return gap.find(" - ") != std::string_view::npos || gap.find("\xE2\x80\x94") != std::string_view::npos ? ';' : ' ';
}

std::size_t behind_joint(const Reading& r, std::size_t i) {
  static const std::unordered_set<std::string_view> joints{"and", "but", "so", "then", "also", "plus"};
  while (i + 1 < r.tokens.size() && joints.contains(r.tokens[i].lower)) ++i;
  return i;
}

std::size_t behind_subject(const Reading& r, std::size_t i) {
  const auto head = behind_joint(r, i);
  const auto second = head + 1 < r.tokens.size() ? std::string_view(r.tokens[head + 1].lower) : std::string_view{};
  const bool sets = (r.tokens[head].lower == "as" && (second == "for" || second == "to" || second == "regards")) ||
                    r.tokens[head].lower == "regarding" || r.tokens[head].lower == "concerning";
  for (auto k = head + 2; sets && k < std::min(r.tokens.size(), head + 10); ++k) {
    if (sign_between(r, k - 1) == ',') return k;
    if (sign_between(r, k - 1) != ' ') return i;
  }
  return i;
}

std::size_t behind_apposition(const Reading& r, std::size_t from, std::size_t i) {
  static const std::unordered_set<std::string_view> finite{"is",   "are", "was",   "were", "has",   "have",  "should", "must", "needs",
                                                           "need", "can", "could", "will", "would", "wants", "gets",   "does", "shall"};
  if (!is_determiner(r.tokens[i].lower)) return i;
  for (auto k = from; k < i; ++k) {
    if (finite.contains(r.tokens[k].lower)) return i;
  }
  // "Add Globex, a shop from Linz, | to the list"
  const auto* named = i > 0 ? r.entity_at(i - 1) : nullptr;
  const bool name = named != nullptr && named->shape == Shape::name;
  for (auto k = i + 1; k < std::min(r.tokens.size(), i + 9); ++k) {
    const char sign = sign_between(r, k - 1);
    if (sign == ',') return finite.contains(r.tokens[k].lower) || (name && is_preposition(r.tokens[k].lower)) ? k : i;
    if (sign != ' ' || finite.contains(r.tokens[k].lower)) return i;
  }
  return i;
}

bool also_inside(const Reading& r, std::size_t i) {
  static const std::unordered_set<std::string_view> words{"has",  "have",  "is",    "are", "was", "were", "had", "should", "must", "can",
                                                          "will", "would", "could", "i",   "we",  "he",   "she", "they",   "it",   "d"};
  return i > 1 && r.tokens[i - 1].lower == "also" && words.contains(r.tokens[i - 2].lower);
}

bool lists_thing(const Reading& r, std::size_t i) {
  for (auto k = i; k < std::min(r.tokens.size(), i + 4); ++k) {
    if (k > i && r.tokens[k].lower == "and") return k > i + 1 && k + 1 < r.tokens.size() && is_determiner(r.tokens[k + 1].lower);
    if (k > i && sign_between(r, k - 1) == ',') return k > i + 1;
    if (is_stop_word(r.tokens[k].lower) || r.entity_of[k] != Reading::none || (k > i && sign_between(r, k - 1) != ' ')) return false;
  }
  return false;
}

bool apposes(const Reading& r, std::size_t i) {
  static const std::unordered_set<std::string_view> pointers{"them", "those", "these", "which"};
  if (i + 1 >= r.tokens.size()) return false;
  if (r.tokens[i].lower == "the" && (r.tokens[i + 1].lower == "one" || r.tokens[i + 1].lower == "ones")) return true;
  const auto* entity = r.entity_at(i);
  const bool counts = entity != nullptr && entity->shape == Shape::number && entity->last + 1 < r.tokens.size();
  return counts && r.tokens[entity->last].lower == "of" && pointers.contains(r.tokens[entity->last + 1].lower);
}

bool points_back(const Reading& r, std::size_t first, std::size_t last) {
  for (auto k = first; k < last; ++k) {
    const auto& word = r.tokens[k].lower;
    if (word == "it" || r.tokens[k].stem == stem("result") || word == "outcome" || word == "accordingly") return true;
    const bool pointing = word == "this" || word == "that" || word == "these" || word == "those" || word == "them";
    const bool alone = k + 1 >= last || is_stop_word(r.tokens[k + 1].lower) || r.tokens[k + 1].begin > r.tokens[k].end + 1;
    // "… that the office closes" only joins.
    static const std::unordered_set<std::string_view> subjects{"we", "they", "i", "you", "he", "she", "there"};
    const bool joins = word == "that" && k + 1 < last && (is_determiner(r.tokens[k + 1].lower) || subjects.contains(r.tokens[k + 1].lower));
    if (pointing && alone && !joins && k > first) return true;
  }
  return false;
}

bool follows(const Reading& r, std::size_t first, std::size_t last) {
  static const std::unordered_set<std::string_view> words{"then", "afterwards", "afterward", "finally", "subsequently", "once"};
  for (auto k = first > 1 ? first - 2 : 0; k < std::min(first + 2, last); ++k)
    if (words.contains(r.tokens[k].lower)) return true;
  return false;
}

bool names_thing(const Reading& r, const Entity& entity) {
  if (entity.shape != Shape::name || entity.person >= 0.65 || entity.company || entity.first == 0) return false;
  if (r.tokens[entity.first - 1].lower != "the") return false;
  return entity.last >= r.tokens.size() || sign_between(r, entity.last - 1) != ' ' || is_stop_word(r.tokens[entity.last].lower);
}

std::size_t behind_frame(const Reading& r) {
  if (r.tokens.empty() || (r.tokens[0].lower != "for" && r.tokens[0].lower != "regarding")) return 0;
  for (std::size_t i = 0; i + 1 < std::min<std::size_t>(r.tokens.size(), 10); ++i) {
    const char sign = sign_between(r, i);
    if (sign != ' ') return sign == ':' ? i + 1 : 0;
  }
  return 0;
}

}  // namespace convoke::model
