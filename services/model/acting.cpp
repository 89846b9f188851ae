#include "model/acting.hpp"

#include <algorithm>
#include <array>

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
