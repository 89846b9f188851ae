#include "model/acting.hpp"

#include <algorithm>
#include <array>

#include "model/joints.hpp"
#include "model/phrases.hpp"
#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

template <std::size_t size> bool among(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Changes a value of what is done anyway: "raise the amount".
bool adjusts(std::string_view lower) {
  static constexpr std::array<std::string_view, 18> words{"change",   "set",      "make",   "use",    "raise",   "lower",
                                                          "increase", "decrease", "reduce", "adjust", "correct", "enter",
                                                          "put",      "take",     "double", "halve",  "limit",   "move"};
  return among(words, lower);
}

/// Words that only say that something else was planned.
bool is_filler(std::string_view lower) {
  static constexpr std::array<std::string_view, 9> words{"instead", "rather", "though", "actually", "exactly",
                                                         "only",    "amount", "sum",    "total"};
  return among(words, lower);
}

bool announces(const Tool& tool, const std::string& stemmed) {
  return std::ranges::any_of(
      tool.parameters, [&](const Parameter& parameter) { return std::ranges::find(parameter.cues, stemmed) != parameter.cues.end(); });
}

bool announces_person(const Tool& tool, const std::string& stemmed) {
  return std::ranges::any_of(tool.parameters, [&](const Parameter& parameter) {
    return parameter.want == Want::person && std::ranges::find(parameter.cues, stemmed) != parameter.cues.end();
  });
}

}  // namespace

bool calls_off(const Reading& action) {
  static constexpr std::array<std::string_view, 12> passed_over{"please", "kindly", "just", "we",       "you", "i",
                                                                "should", "would",  "now",  "actually", "ok",  "better"};
  static constexpr std::array<std::string_view, 8> off{"nothing", "skip", "dont", "never", "no", "not", "omit", "ignore"};
  std::size_t i = 0;
  while (i < action.tokens.size() && among(passed_over, action.tokens[i].lower)) ++i;
  if (i < action.tokens.size() && action.tokens[i].lower == "do") ++i;
  if (i >= action.tokens.size() || action.entity_of[i] != Reading::none) return false;
  return among(off, action.tokens[i].lower);
}

namespace {

/// "please do not order", "but never issue": the verb is forbidden.
bool forbids(const Reading& r, std::size_t first, std::size_t last) {
  static constexpr std::array<std::string_view, 15> passed_over{"please", "kindly", "we", "you", "i",    "should", "must", "shall",
                                                                "now",    "and",    "so", "do",  "ever", "really", "but"};
  bool denied = false;
  for (auto i = first; i < last && r.entity_of[i] == Reading::none; ++i) {
    const auto& word = r.tokens[i].lower;
    if (word == "not" || word == "dont" || word == "never") {
      denied = true;
    } else if (!among(passed_over, word)) {
      return denied && is_imperative(word);
    }
  }
  return false;
}

/// "…, order a desk instead", "he needs a desk", "is it paid?"
bool asks(const Reading& r, std::size_t first, std::size_t last) {
  static constexpr std::array<std::string_view, 9> wishes{"need", "needs", "want", "wants", "like", "should", "must", "instead", "but"};
  const auto behind = r.text.find_first_not_of(" \"')", r.tokens[last - 1].end);
  if (behind != std::string::npos && r.text[behind] == '?') return true;
  if (opening_verb(r, first, last) < last || passive_verb(r, first, last) < last) return true;
  return std::any_of(r.tokens.begin() + static_cast<std::ptrdiff_t>(first), r.tokens.begin() + static_cast<std::ptrdiff_t>(last),
                     [](const Token& token) { return among(wishes, token.lower); });
}

/// "do not onboard Ada but order a desk": something else is said in the same breath.
bool turns(const Reading& r, std::size_t first, std::size_t last) {
  static constexpr std::array<std::string_view, 5> words{"but", "instead", "rather", "only", "just"};
  return std::any_of(r.tokens.begin() + static_cast<std::ptrdiff_t>(first) + 1, r.tokens.begin() + static_cast<std::ptrdiff_t>(last),
                     [](const Token& token) { return among(words, token.lower); });
}

}  // namespace

bool only_forbids(const Reading& goal) {
  bool forbidden = false;
  std::size_t first = 0;
  for (std::size_t i = 1; i <= goal.tokens.size(); ++i) {
    const bool inside = i < goal.tokens.size() && sign_between(goal, i - 1) == ' ' && !goal.tokens[i].sentence_start;
    if (inside) continue;
    if (forbids(goal, first, i)) {
      if (turns(goal, first, i)) return false;
      forbidden = true;
    } else if (asks(goal, first, i)) {
      return false;
    }
    first = i;
  }
  return forbidden;
}

bool asks_for(const Reading& action, const Index& index, std::size_t tool) {
  const auto& about = index.catalogue().tools[tool];
  const auto verb = opening_verb(action, 0, action.tokens.size());
  const bool deed = verb < action.tokens.size() && !is_light_verb(action.tokens[verb].stem);
  if (deed && index.opens_with(tool, action.tokens[verb].stem)) return true;
  bool values = false;
  bool things = false;
  for (const auto& term : topic_of(action, index).terms) {
    if (term.token == verb || term.weight < 0.5 || is_filler(term.lower) || is_light_verb(term.stem)) continue;
    if (announces_person(about, term.stem)) continue;
    if (index.is_about(tool, term)) return true;
    (announces(about, term.stem) ? values : things) = true;
  }
  if (things) return false;
  // Nothing is named: the step is told by what it was, and what is said changes a value.
  if (!deed) return true;
  return adjusts(action.tokens[verb].lower) || (values && index.related_deed(tool, action.tokens[verb])) ||
         (index.related_deed(tool, action.tokens[verb]) && !action.entities.empty());
}

}  // namespace convoke::model
