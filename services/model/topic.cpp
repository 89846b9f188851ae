// What a request is about: its telling words, the deed it asks for, and what it contains.
#include <algorithm>

#include "model/idioms.hpp"
#include "model/joints.hpp"
#include "model/phrases.hpp"
#include "model/ranking.hpp"
#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr double known_name = 0.5;    // of a name that is a word of the tools, too: most likely it is the value …
constexpr double long_name = 0.35;    // … and more likely still if it is one of several words
constexpr double said_weight = 0.25;  // of what is to be said
constexpr double meant_weight = 0.8;  // of the word that an expression stands for
constexpr double shape_weight = 0.5;  // of the word for what an amount or a share is of
constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// "Where is it?", "What does it cost?"; not "Can you send it?".
bool is_question(const Reading& reading, std::size_t first, std::size_t last) {
  while (first + 1 < last && (reading.tokens[first].lower == "and" || reading.tokens[first].lower == "but")) ++first;
  if (first >= last) return false;
  static constexpr std::string_view asking[] = {"what", "where", "when", "who", "which", "how",  "why", "whats", "is",
                                                "are",  "does",  "do",   "did", "was",   "were", "has", "have"};
  const auto& head = reading.tokens[first].lower;
  // "Is the printer …", but "… and have nothing to do": a verb asks only before its subject.
  static constexpr std::string_view auxiliaries[] = {"is", "are", "does", "do", "did", "was", "were", "has", "have"};
  static constexpr std::string_view subjects[] = {"i", "we", "you", "he", "she", "it", "they", "there", "anybody", "anyone", "somebody"};
  const bool inverted =
      first + 1 < last && (reading.entity_of[first + 1] != Reading::none || is_determiner(reading.tokens[first + 1].lower) ||
                           std::ranges::find(subjects, reading.tokens[first + 1].lower) != std::end(subjects));
  const bool asks =
      std::ranges::find(asking, head) != std::end(asking) && (inverted || std::ranges::find(auxiliaries, head) == std::end(auxiliaries));
  const auto behind = reading.text.find_first_not_of(" \"')", reading.tokens[last - 1].end);
  const bool mark = behind != std::string::npos && reading.text[behind] == '?';
  if (head == "have" && !mark) return false;  // "Have her data backed up."
  const bool polite = head == "can" || head == "could" || head == "would" || head == "will" || head == "please";
  return (asks || mark) && !polite && opening_verb(reading, first, last) == last;
}

/// "Find out which …", "Look up what …", "Tell me how …".
bool asks_to_be_told(const Reading& reading, std::size_t verb, std::size_t last) {
  static constexpr std::string_view verbs[] = {"find", "look", "tell", "check", "see", "figure", "show"};
  static constexpr std::string_view heads[] = {"what", "which", "who", "how", "where", "when", "why", "whether"};
  if (std::ranges::find(verbs, reading.tokens[verb].lower) == std::end(verbs)) return false;
  for (std::size_t i = verb + 1; i < last && i < verb + 4; ++i) {
    const auto& word = reading.tokens[i].lower;
    if (std::ranges::find(heads, word) != std::end(heads)) return true;
    if (word == "about" && i > verb + 1) return true;
    if (word != "out" && word != "up" && word != "me" && word != "us") return false;
  }
  return false;
}

bool counts(const Reading& reading, std::size_t first, std::size_t last) {
  return std::ranges::any_of(reading.entities, [&](const Entity& entity) {
    return entity.shape == Shape::number && entity.first >= first && entity.last <= last;
  });
}

/// "We need 12 chairs priced", "… 3 lamps repaired": something is to be done to them.
bool wants_done(const Reading& reading, std::size_t first, std::size_t last) {
  auto end = first;
  while (end + 1 < last && sign_between(reading, end) == ' ' && !is_stop_word(reading.tokens[end + 1].lower)) ++end;
  return end > first + 1 && reading.entity_of[end] == Reading::none && reading.tokens[end].lower.ends_with("ed");
}

/// "Fill me in on …", "I want to know …", "I wonder …": a question, too. Tokens up to `next` say no more than that.
std::size_t told_of(const Reading& reading, std::size_t first, std::size_t last) {
  const auto is = [&](std::size_t i, std::string_view word) { return i < last && reading.tokens[i].lower == word; };
  for (std::size_t i = first; i < last && i < first + 6; ++i) {
    const bool me = is(i + 1, "me") || is(i + 1, "us");
    if (is(i, "fill") && me && is(i + 2, "in")) return i + 3;
    if ((is(i, "tell") || is(i, "brief") || is(i, "inform")) && me && (is(i + 2, "about") || is(i + 2, "on") || is(i + 2, "of")))
      return i + 3;
    if (is(i, "to") && is(i + 1, "know")) return i + 2;
    if (is(i, "wonder") || is(i, "wondering")) return i + 1;
    if (is(i, "looking") && is(i + 1, "for") && !counts(reading, i, last)) return i + 2;
  }
  return first;
}

/// Somebody goes abroad: "I'm flying to Japan", "off to Spain", "a holiday in Greece".
bool travels(const Reading& reading, std::size_t first, std::size_t last) {
  static constexpr std::string_view ways[] = {"going",  "flying",  "fly",     "travelling", "traveling", "travel",   "heading",  "headed",
                                              "off",    "leaving", "driving", "trip",       "holiday",   "vacation", "visiting", "visit",
                                              "spring", "summer",  "autumn",  "winter",     "week",      "weeks",    "month",    "months"};
  for (std::size_t i = first; i + 2 < last; ++i) {
    if (std::ranges::find(ways, reading.tokens[i].lower) == std::end(ways)) continue;
    if (reading.tokens[i + 1].lower != "to" && reading.tokens[i + 1].lower != "in") continue;
    const auto* place = reading.entity_at(i + 2);
    if (place != nullptr && place->shape == Shape::name && place->person < 0.65) return true;
  }
  return false;
}

bool is_of_way(std::string_view lower) {
  static constexpr std::string_view words[] = {"drive", "route", "way",   "get", "go",      "travel",
                                               "walk",  "fly",   "train", "bus", "fastest", "quickest"};
  return std::ranges::find(words, lower) != std::end(words);
}

/// "How do I get from Berlin to Munich?", "the quickest way to drive …": the way, and no driver of any device.
bool asks_the_way(const Reading& reading, std::size_t first, std::size_t last) {
  const auto place = [&](std::size_t i) {
    const auto* entity = i < last ? reading.entity_at(i) : nullptr;
    return entity != nullptr && entity->shape == Shape::name && entity->person < 0.65 ? entity->last : 0;
  };
  bool way = false;
  for (std::size_t i = first; i + 3 < last; ++i) {
    way = way || is_of_way(reading.tokens[i].lower);
    if (!way || reading.tokens[i].lower != "from") continue;
    const auto behind = place(i + 1);
    if (behind != 0 && behind + 1 < last && reading.tokens[behind].lower == "to" && place(behind + 1) != 0) return true;
  }
  return false;
}

/// What is meant by words that say it otherwise: "8 percent off" is a discount.
void add_meant(Topic& topic, const Reading& reading, const Index& index, std::size_t first, std::size_t last) {
  const auto add = [&](std::string_view word, double weight, std::size_t at) {
    const auto stemmed = stem(word);
    if (std::ranges::find(topic.terms, stemmed, &Term::stem) == topic.terms.end())
      topic.terms.push_back({stemmed, std::string(word), weight, at});
  };
  for (const auto& entity : reading.entities) {
    const bool inside = entity.first >= first && entity.last < last;
    if (inside && entity.shape == Shape::percent && reading.tokens[entity.last].lower == "off") add("discount", 1, entity.first);
  }
  for (std::size_t i = first; i + 1 < last; ++i) {
    const auto& word = reading.tokens[i].lower;
    const auto* counted = reading.entity_at(i + 1);
    const bool some = counted != nullptr && counted->shape == Shape::number && !wants_done(reading, i + 1, last);
    if (some && (word == "get" || word == "need" || word == "want")) {
      add("buy", 0.6, i);
      const bool due = i > first && (reading.tokens[i - 1].lower == "should" || reading.tokens[i - 1].lower == "must");
      if (!due) topic.verb = stem("buy");
    }
    // "It should cost 49.90": its price is to be changed.
    if (reading.tokens[i + 1].lower == "cost" && (word == "should" || word == "must" || word == "shall")) {
      add("price", 1, i + 1);
      topic.verb = stem("change");
    }
  }
  for (const auto& meaning : meanings_in(reading, first, last)) add(meaning.word, meant_weight, meaning.token);
  if (travels(reading, first, last)) add("travel", 0.7, first);
  // "Give her $500": whoever speaks of a tool for it says dollars.
  for (const auto& entity : reading.entities) {
    if (entity.first < first || entity.first >= last) continue;
    if (entity.shape == Shape::money) add("dollars", shape_weight, entity.first);
    if (entity.shape == Shape::percent) add("percent", shape_weight, entity.first);
  }
  // "INV-2044", "PO-17": a code's letters say what it is of.
  for (const auto& entity : reading.entities) {
    if (entity.shape != Shape::code || entity.first < first || entity.last > last) continue;
    const auto letters = to_lower(std::string_view(entity.value).substr(0, entity.value.find_first_not_of(alphabet)));
    if (letters.size() < 2) continue;
    const auto meant = index.completed(letters);
    if (!meant.empty()) add(meant, 0.8, entity.first);
  }
}

/// "his computer", "for her": somebody who was named before.
bool points_to_person(const Reading& reading, std::size_t first, std::size_t last) {
  static constexpr std::string_view pronouns[] = {"his", "her", "him", "she", "he"};
  const bool named = std::ranges::any_of(
      reading.entities, [&](const Entity& entity) { return entity.shape == Shape::name && entity.person >= 0.65 && entity.first < first; });
  return named && std::any_of(reading.tokens.begin() + static_cast<std::ptrdiff_t>(first),
                              reading.tokens.begin() + static_cast<std::ptrdiff_t>(last),
                              [&](const Token& token) { return std::ranges::find(pronouns, token.lower) != std::end(pronouns); });
}

/// "saying that it goes on sale …": what is to be said, or why, is not what is to be done. The token behind the word that announces it.
std::size_t quoted_from(const Reading& reading, std::size_t first, std::size_t last) {
  static constexpr std::string_view sayings[] = {"saying", "stating", "announcing", "explaining", "mentioning"};
  static constexpr std::string_view proposing[] = {"suggested", "suggests", "proposed", "proposes"};
  // "Return them because they flicker": why it is to be done says less than what.
  const auto verb = opening_verb(reading, first, last);
  static constexpr std::string_view subjects[] = {"it", "they", "we", "he", "she", "i"};
  const auto reason = [&](std::size_t i) {
    const auto& word = reading.tokens[i].lower;
    return word == "because" ||
           ((word == "since" || word == "as") && std::ranges::find(subjects, reading.tokens[i + 1].lower) != std::end(subjects));
  };
  for (auto i = first + 1; i + 1 < last; ++i) {
    const auto& word = reading.tokens[i].lower;
    if (verb < last && i > verb + 1 && reason(i)) return i + 1;
    if (std::ranges::find(sayings, word) != std::end(sayings)) return i + 1;
    if (std::ranges::find(proposing, word) != std::end(proposing) && reading.tokens[i + 1].lower == "that") return i + 1;
  }
  return last;
}

void note_contents(Topic& topic, const Reading& reading, std::size_t first, std::size_t last) {
  for (auto i = first; i < last; ++i)
    topic.everybody = topic.everybody || reading.tokens[i].lower == "everybody" || reading.tokens[i].lower == "everyone";
  topic.person = points_to_person(reading, first, last);
  for (const auto& entity : reading.entities) {
    if (entity.first < first || entity.first >= last) continue;
    topic.person = topic.person || (entity.shape == Shape::name && entity.person >= 0.65);
    topic.people += entity.shape == Shape::name && entity.person >= 0.65 ? 1 : 0;
    topic.name = topic.name || entity.shape == Shape::quoted || (entity.shape == Shape::name && entity.person < 0.65);
    topic.thing = topic.thing || names_thing(reading, entity);
    topic.email = topic.email || entity.shape == Shape::email;
    topic.phone = topic.phone || entity.shape == Shape::phone;
    topic.date = topic.date || entity.shape == Shape::date;
    topic.money = topic.money || entity.shape == Shape::money;
    topic.percent = topic.percent || entity.shape == Shape::percent;
    topic.number = topic.number || entity.shape == Shape::number;
    topic.code = topic.code || entity.shape == Shape::code;
  }
}

}  // namespace

Topic topic_of(const Reading& reading, const Index& index, std::size_t first, std::size_t last) {
  last = std::min(last, reading.tokens.size());
  Topic topic;
  const std::vector<Token> tokens(reading.tokens.begin() + static_cast<std::ptrdiff_t>(first),
                                  reading.tokens.begin() + static_cast<std::ptrdiff_t>(last));
  const auto quoted = quoted_from(reading, first, last);
  std::vector<std::size_t> positions;
  const auto stems = content_stems(tokens, &positions);
  for (std::size_t i = 0; i < stems.size(); ++i) {
    const auto at = first + positions[i];
    const auto* entity = reading.entity_at(at);
    if (entity == nullptr && is_announcing(reading.tokens[at].lower)) continue;
    Term term{stems[i], reading.tokens[at].lower, at < quoted ? 1 : said_weight, at};
    if (entity != nullptr) {
      if (entity->shape == Shape::quoted) {
        term.weight = 0.25;
      } else if (entity->shape == Shape::name && entity->person < 0.75 && index.knows(term.stem)) {
        const bool model = entity->value.find_first_of("0123456789") != std::string::npos;
        term.weight = entity->last > entity->first + 1 && !model ? long_name : known_name;
      } else {
        continue;
      }
    }
    // Two words that tools write as one.
    if (i + 1 < stems.size() && positions[i + 1] == positions[i] + 1) {
      const auto compound = stem(reading.tokens[at].lower + reading.tokens[at + 1].lower);
      if (index.knows(compound) && compound != term.stem) topic.terms.push_back({compound, compound, term.weight, at});
    }
    topic.terms.push_back(std::move(term));
  }
  topic.pairs = pairs_of(reading.tokens, first, quoted);
  add_meant(topic, reading, index, first, quoted);
  auto verb = opening_verb(reading, first, last);
  topic.question = is_question(reading, first, last);
  if (const auto behind = told_of(reading, first, last); behind > first) {
    topic.question = true;
    topic.told = true;
    std::erase_if(topic.terms, [&](const Term& term) { return term.token < behind; });
    verb = last;
  } else if (verb < last && asks_to_be_told(reading, verb, last)) {
    topic.question = true;
    topic.told = true;
    std::erase_if(topic.terms, [&](const Term& term) { return term.token == verb; });
    verb = last;
  } else if (verb == last && !topic.question) {
    verb = passive_verb(reading, first, last);
    const auto deed = verb < last ? active_stem(reading.tokens[verb]) : std::string{};
    for (auto& term : topic.terms) {
      if (term.token == verb) term.stem = deed;
    }
    if (verb < last && !is_light_verb(deed)) {
      topic.verb = deed;
      for (auto& term : topic.terms) term.verb = term.token == verb;
    }
    verb = last;
  }
  if (verb < last && !is_light_verb(reading.tokens[verb].stem)) {
    // A verb with its particle stands as one word: "back up".
    const auto said = std::ranges::find(topic.terms, verb, &Term::token);
    topic.verb = said != topic.terms.end() && said->stem.starts_with(reading.tokens[verb].stem) ? said->stem : reading.tokens[verb].stem;
    for (auto& term : topic.terms) term.verb = term.token == verb;
  }
  if (topic.question && asks_the_way(reading, first, last)) {
    std::erase_if(topic.terms, [](const Term& term) { return is_of_way(term.lower); });
    topic.pairs.clear();
  }
  note_contents(topic, reading, first, last);
  return topic;
}

}  // namespace convoke::model
