#include "model/phrases.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

using Words = std::unordered_set<std::string_view>;

bool is_polite(std::string_view lower) {
  static const Words words{
      "please",   "kindly", "can",     "could",  "would", "will",   "you",     "i",          "we",     "need", "want",  "like",
      "d",        "ll",     "id",      "to",     "have",  "let",    "us",      "me",         "just",   "go",   "ahead", "and",
      "then",     "also",   "first",   "second", "third", "next",   "finally", "afterwards", "lastly", "help", "must",  "should",
      "the",      "hi",     "hello",   "hey",    "team",  "ok",     "okay",    "so",         "now",    "once", "again", "be",
      "able",     "it",     "is",      "time",   "there", "be",     "make",    "sure",       "ensure", "that", "get",   "someone",
      "somebody", "thanks", "quickly", "mind",   "try",   "trying", "love",    "wish",       "happy",  "glad", "great"};
  return words.contains(lower);
}

/// "wants to", "needs to": what comes is an infinitive.
bool is_wish(std::string_view lower) {
  static const Words words{"want", "wants", "need",   "needs", "like",   "have",    "has",   "going",
                           "able", "wish",  "wishes", "try",   "trying", "intends", "plans", "asked"};
  return words.contains(lower);
}

/// Told of a thing: it ends the thing's name.
bool is_finite(std::string_view lower) {
  static const Words words{"came",  "went",  "broke",  "fell", "got",     "became", "arrived", "stopped", "keeps",  "runs",  "stays",
                           "seems", "fails", "failed", "died", "crashed", "joins",  "joined",  "broken",  "worked", "works", "wants"};
  return words.contains(lower);
}

bool is_subject(std::string_view lower) {
  return lower == "we" || lower == "they" || lower == "he" || lower == "she" || lower == "i" || lower == "you";
}

bool is_being(std::string_view lower) { return lower == "is" || lower == "are" || lower == "was" || lower == "were"; }

class Cutter {
 public:
  Cutter(const Reading& reading, std::size_t first, std::size_t last) : r_(reading), first_(first), last_(last) {}

  std::vector<Phrase> cut() {
    auto verb = opening_verb(r_, first_, last_);
    const auto passive = passive_verb(r_, first_, last_);
    for (std::size_t i = first_; i < last_; ++i) {
      punctuation(i);
      // The verb of a request in a later sentence: "Five are needed. Please buy them."
      if (i > first_ && r_.tokens[i].sentence_start) {
        if (const auto later = opening_verb(r_, i, last_); later < last_) verb = later;
      }
      const bool polite = verb < last_ && i < verb && r_.entity_of[i] == Reading::none && is_polite(r_.tokens[i].lower);
      if (i == passive || polite || tells(i) || had_done(i) || does_what(i)) {
        close(i);
        lead(i, "");
        continue;
      }
      // "Nine cartridges of toner": what is counted is a measure, too.
      const bool counted = i > first_ && r_.entity_at(i - 1) != nullptr && r_.entity_at(i - 1)->shape == Shape::number &&
                           r_.tokens[i].lower.ends_with('s') && r_.entity_of[i] == Reading::none;
      if ((counted || is_measure(r_.tokens[i].lower)) && i + 2 < last_ && r_.tokens[i + 1].lower == "of" && !open_) {
        measured_ = counted;
        ++i;
        continue;
      }
      if (i != verb && is_naming(r_, i)) {
        close(i);
        lead(++i, "called");
        continue;
      }
      const bool particle = verb < last_ && i == verb + 1 && r_.entity_of[i] == Reading::none && is_particle(r_.tokens[i].lower);
      if (i == verb || particle) {
        close(i);
      } else {
        word(i);
      }
    }
    close(last_);
    return std::move(phrases_);
  }

 private:
  void punctuation(std::size_t i) {
    if (i == first_) return;
    const auto gap = std::string_view(r_.text).substr(r_.tokens[i - 1].end, r_.tokens[i].begin - r_.tokens[i - 1].end);
    if (gap.find_first_of(".!?;\n()") != std::string_view::npos && !initial(i, gap)) {
      close(i);
      lead(i, "");
    } else if (gap.find(':') != std::string_view::npos || gap.find(" - ") != std::string_view::npos ||
               gap.find("\xE2\x80\x94") != std::string_view::npos) {
      close(i);
      lead(i, ":");
    } else if (gap.find(',') != std::string_view::npos || gap.find('&') != std::string_view::npos) {
      if (r_.entity_of[i] != Reading::none && r_.entity_of[i] == r_.entity_of[i - 1]) return;
      close(i);
      listed_ = true;
    }
  }

  /// A verb that is said of the thing before it: "the boxes came with …", "have the car serviced", "how is the market developing".
  bool tells(std::size_t i) const {
    const auto& token = r_.tokens[i];
    if (!open_ || r_.entity_of[i] != Reading::none) return false;
    if (is_finite(token.lower) || fail(i)) return true;
    // "What would they cost us?"
    const bool object =
        i + 1 < last_ && (r_.tokens[i + 1].lower == "us" || r_.tokens[i + 1].lower == "me" || r_.tokens[i + 1].lower == "you");
    const bool ends = i + 1 >= last_ || object || r_.tokens[i + 1].sentence_start || is_preposition(r_.tokens[i + 1].lower) ||
                      r_.entity_at(i + 1) != nullptr;
    if (ends && i > current_.first && asks_before(current_.first)) return true;
    const bool done = token.lower.ends_with("ed");
    const bool doing = token.lower.ends_with("ing") && is_request_verb(token.stem);
    if (!ends || (!done && !doing)) return false;
    for (std::size_t k = first_; k < current_.first; ++k) {
      const auto& word = r_.tokens[k].lower;
      if (word == "get" || (done ? word == "have" : is_being(word))) return true;
    }
    return false;
  }

  /// "Three of the lamps | flicker, …": of several things, what is wrong with them.
  bool fail(std::size_t i) const {
    static const Words words{"flicker", "leak", "overheat", "squeak", "rattle", "crash", "wobble", "jam",   "freeze", "smell",
                             "smoke",   "drip", "beep",     "buzz",   "fail",   "break", "creak",  "stick", "fade",   "rust"};
    if (i <= current_.first || !words.contains(r_.tokens[i].lower) || !r_.tokens[i - 1].lower.ends_with('s')) return false;
    return i + 1 >= last_ || r_.tokens[i + 1].begin > r_.tokens[i].end + 1 || is_stop_word(r_.tokens[i + 1].lower);
  }

  /// "have it serviced": what is done to it is no thing.
  bool had_done(std::size_t i) const {
    static const Words having{"have", "get", "having", "getting", "had", "has"};
    static const Words pronouns{"it", "them", "this", "these"};
    return i >= first_ + 2 && r_.entity_of[i] == Reading::none && r_.tokens[i].lower.ends_with("ed") &&
           pronouns.contains(r_.tokens[i - 1].lower) && having.contains(r_.tokens[i - 2].lower);
  }

  /// "Could suppliers send us …": who is asked is no object; what they are to do neither.
  bool does_what(std::size_t i) {
    static const Words modals{"can", "could", "would", "will"};
    if (!open_ || r_.entity_of[i] != Reading::none || !is_imperative(r_.tokens[i].lower) || i + 1 >= last_) return false;
    const auto before = current_.first;
    if (before != i - 1 || before == first_ || !modals.contains(r_.tokens[before - 1].lower) || !r_.tokens[before - 1].sentence_start)
      return false;
    const bool object = is_stop_word(r_.tokens[i + 1].lower) || r_.entity_of[i + 1] != Reading::none;
    if (object && r_.entity_of[before] == Reading::none) open_ = false;
    return object;
  }

  /// "What would the | desks cost", "How did | it sell": the phrase is what a question asks of, its last word the verb.
  bool asks_before(std::size_t phrase) const {
    static const Words asking{"did", "does", "do", "would", "will", "can", "could"};
    static const Words heads{"what", "how", "when", "where", "why", "which", "who"};
    const auto head = r_.tokens[first_].lower == "and" && first_ + 1 < last_ ? first_ + 1 : first_;
    if (!heads.contains(r_.tokens[head].lower)) return false;  // "Could you …", "Let's do …"
    std::size_t i = phrase;
    while (i > first_ &&
           (is_determiner(r_.tokens[i - 1].lower) || (r_.entity_at(i - 1) != nullptr && r_.entity_at(i - 1)->shape == Shape::number)))
      --i;
    return i > first_ && asking.contains(r_.tokens[i - 1].lower);
  }

  /// "how it | sold"
  bool asks_of_it(std::size_t i) const {
    static const Words heads{"how", "where", "when", "why"};
    return i > first_ + 1 && r_.tokens[i - 1].lower == "it" && heads.contains(r_.tokens[i - 2].lower);
  }

  static bool initial(std::size_t, std::string_view gap) { return gap == "."; }

  void word(std::size_t i) {
    const auto& token = r_.tokens[i];
    if (const auto* entity = r_.entity_at(i)) {
      if (entity->shape == Shape::name) {
        open(i);
        if (token.possessive && i + 1 == entity->last) {
          // "Anna's laptop": the laptop is a phrase of its own.
          close(i + 1);
        }
        return;
      }
      if (entity->shape == Shape::number && i + 1 == entity->last && i + 2 < r_.tokens.size() && is_unit(r_.tokens[i + 1].lower)) {
        open(i);  // "Dell 27 inch monitors"
        return;
      }
      if (entity->shape == Shape::number && !open_) return;  // a count: not part of what is counted
      close(i);
      return;
    }
    if (hyphened(i)) {
      open(i);  // "on-time delivery"
    } else if (is_preposition(token.lower) || is_announcing(token.lower)) {
      close(i);
      lead(i, token.lower == "of" && (lead_ == "because" || lead_ == "instead") ? lead_ : token.lower);
    } else if (token.lower == "discuss" || token.lower == "discussing") {
      close(i);
      lead(i, "about");
    } else if (token.lower == "and" || token.lower == "or") {
      close(i);
      listed_ = true;
    } else if (is_determiner(token.lower) || token.lower == "new") {
      close(i);
      single_ = token.lower == "a" || token.lower == "an" || (token.lower == "new" && single_);
    } else if (is_stop_word(token.lower)) {
      close(i);
      lead(i, token.lower == "due" || token.lower == "is" || token.lower == "are" || token.lower == "was" ? token.lower : "");
    } else if (lead_ == "to" && !open_ && is_imperative(token.lower) && lead_token_ > first_ && lead_token_ != Reading::none &&
               is_wish(r_.tokens[lead_token_ - 1].lower)) {
      lead(i, "");
    } else if (lead_ == "to" && !open_ && is_imperative(token.lower) && i + 1 < last_ &&
               (is_determiner(r_.tokens[i + 1].lower) || r_.entity_at(i + 1) != nullptr)) {
      lead(i, "");  // "to order a laptop": an infinitive
    } else if (ends_phrase(i)) {
      close(i);
    } else if (token.lower == "whether" || tells_now(i) || (is_finite(token.lower) && token.lower.ends_with('s'))) {
      close(i);
      lead(i, "");
    } else if (!open_ && i > first_ && (is_subject(r_.tokens[i - 1].lower) || asks_of_it(i)) && !token.capital &&
               !token.lower.ends_with("ly")) {
      lead(i, "");  // "before we decide on": what we do
    } else {
      open(i);
    }
  }

  /// "… of Box instead": says how, not what.
  bool ends_phrase(std::size_t i) const {
    static const Words words{"together", "again", "too", "instead", "anyway", "though", "asap", "afterwards", "beforehand"};
    if (open_ && words.contains(r_.tokens[i].lower)) return true;
    // "send the desks back"
    static const Words verbs{"send", "give", "take", "bring", "ship", "hand"};
    const auto verb = opening_verb(r_, first_, last_);
    return open_ && i > current_.first && verb < current_.first && r_.tokens[i].lower == "back" && verbs.contains(r_.tokens[verb].lower);
  }

  /// "its warranty now | covers 2 years"
  bool tells_now(std::size_t i) const {
    static const Words adverbs{"now", "already", "still", "currently"};
    if (open_ || i <= first_ || i + 1 >= last_ || !adverbs.contains(r_.tokens[i - 1].lower)) return false;
    const auto* behind = r_.entity_at(i + 1);
    return r_.tokens[i].lower.ends_with('s') &&
           (is_determiner(r_.tokens[i + 1].lower) || (behind != nullptr && behind->shape != Shape::name));
  }

  bool hyphened(std::size_t i) const {
    return i + 1 < last_ && r_.tokens[i + 1].begin == r_.tokens[i].end + 1 && r_.text[r_.tokens[i].end] == '-' &&
           (i == 0 || r_.text[r_.tokens[i].begin - 1] != '-');
  }

  void open(std::size_t i) {
    if (open_) return;
    open_ = true;
    current_ = {i, i, lead_, lead_token_ == Reading::none ? i : lead_token_, listed_, single_, measured_};
    measured_ = false;
    listed_ = false;
    single_ = false;
  }

  void close(std::size_t end) {
    if (!open_) return;
    open_ = false;
    current_.last = end;
    while (current_.last > current_.first && r_.tokens[current_.last - 1].lower == "and") --current_.last;
    if (current_.last > current_.first) phrases_.push_back(current_);
  }

  void lead(std::size_t i, std::string_view word) {
    lead_ = word;
    lead_token_ = word.empty() ? Reading::none : i;
    measured_ = false;
    listed_ = false;
    single_ = false;
  }

  const Reading& r_;
  std::size_t first_;
  std::size_t last_;
  std::vector<Phrase> phrases_;
  Phrase current_;
  std::string lead_;
  std::size_t lead_token_ = Reading::none;
  bool open_ = false;
  bool listed_ = false;
  bool single_ = false;
  bool measured_ = false;
};

}  // namespace

bool is_measure(std::string_view lower) {
  static const Words words{"pack",  "packs",  "packet", "packets", "box",    "boxes",  "bottle", "bottles",
                           "piece", "pieces", "unit",   "units",   "pair",   "pairs",  "bag",    "bags",
                           "roll",  "rolls",  "carton", "cartons", "crates", "sheets", "copies", "lots"};
  return words.contains(lower);
}

bool is_announcing(std::string_view lower) {
  static const Words words{"called",     "named",      "titled",       "labelled",   "labeled",    "entitled",  "targeting", "targeted",
                           "aimed",      "starting",   "beginning",    "effective",  "ending",     "costing",   "worth",     "saying",
                           "stating",    "including",  "featuring",    "covering",   "explaining", "involving", "showing",   "following",
                           "requesting", "asking",     "scheduled",    "priced",     "dated",      "based",     "located",   "hosted",
                           "addressed",  "describing", "highlighting", "announcing", "because",    "that",      "which",     "who",
                           "where",      "concerning", "reading"};
  return words.contains(lower);
}

bool gives_text(const Reading& reading) {
  static const Words texts{"sentence", "text", "paragraph", "passage", "phrase", "wording", "poem", "line", "lines"};
  static const Words pointing{"this", "these", "following"};
  for (std::size_t i = 1; i < reading.tokens.size() && i < 12; ++i) {
    if (!texts.contains(reading.tokens[i].lower)) continue;
    if (pointing.contains(reading.tokens[i - 1].lower) || (i > 1 && pointing.contains(reading.tokens[i - 2].lower)))
      return reading.text.find_first_of(":\n\"", reading.tokens[i].end) != std::string::npos;
  }
  return false;
}

std::vector<Phrase> phrases_of(const Reading& reading, std::size_t first, std::size_t last) {
  return Cutter(reading, first, std::min(last, reading.tokens.size())).cut();
}

bool is_naming(const Reading& reading, std::size_t i) {
  static const Words verbs{"call", "name", "title"};
  static const Words pronouns{"it", "this", "them", "these"};
  return i + 2 < reading.tokens.size() && verbs.contains(reading.tokens[i].lower) && pronouns.contains(reading.tokens[i + 1].lower) &&
         (reading.tokens[i + 2].capital || reading.entity_of[i + 2] != Reading::none);
}

bool opens_phrasal(const Reading& reading, std::size_t i) {
  const auto& word = reading.tokens[i].lower;
  return (word == "back" || word == "phase" || word == "kick" || word == "hand") && i + 1 < reading.tokens.size() &&
         is_particle(reading.tokens[i + 1].lower);
}

std::string active_stem(const Token& participle) {
  static const std::unordered_map<std::string_view, std::string_view> irregular{
      {"paid", "pay"},   {"bought", "buy"}, {"sent", "send"},         {"built", "build"}, {"written", "write"}, {"given", "give"},
      {"held", "hold"},  {"sold", "sell"},  {"put", "put"},           {"set", "set"},     {"found", "find"},    {"brought", "bring"},
      {"taken", "take"}, {"drawn", "draw"}, {"shown", "show"},        {"told", "tell"},   {"run", "run"},       {"made", "make"},
      {"done", "do"},    {"let", "let"},    {"withdrawn", "withdraw"}};
  if (const auto found = irregular.find(participle.lower); found != irregular.end()) return stem(found->second);
  return participle.lower.ends_with("ed") && is_request_verb(participle.stem) ? participle.stem : std::string{};
}

namespace {

/// "I'd like roaming activated", "I want to have the printer repaired": the participle.
std::size_t wanted_participle(const Reading& reading, std::size_t first, std::size_t last) {
  static const Words before{"like", "want", "need", "needs", "wants", "have", "get"};
  static const Words person{"i", "we", "d", "please", "to", "could", "can", "you", "they", "he", "she", "would", "must", "should"};
  for (std::size_t i = first; i + 2 < last && i < first + 12; ++i) {
    if (!before.contains(reading.tokens[i].lower) || (i > first && !person.contains(reading.tokens[i - 1].lower))) continue;
    for (std::size_t k = i + 2; k < std::min(last, i + 9) && !reading.tokens[k].sentence_start; ++k) {
      // "I want Excel put on …"
      const bool done = reading.tokens[k].lower.ends_with("ed") || reading.entity_of[k - 1] != Reading::none;
      if (reading.entity_of[k] == Reading::none && done && !active_stem(reading.tokens[k]).empty() &&
          (k + 1 == last || is_stop_word(reading.tokens[k + 1].lower) || reading.entity_of[k + 1] != Reading::none))
        return k;
    }
  }
  return last;
}

}  // namespace

std::size_t passive_verb(const Reading& reading, std::size_t first, std::size_t last) {
  static const Words before{"to", "should", "must", "shall", "will", "can", "could", "please", "would"};
  if (opening_verb(reading, first, last) < last) return last;
  if (const auto wanted = wanted_participle(reading, first, last); wanted < last) return wanted;
  bool asked = false;
  for (std::size_t i = first; i + 1 < last; ++i) {
    const auto& word = reading.tokens[i].lower;
    if (reading.entity_of[i] != Reading::none) continue;
    asked = asked || before.contains(word);
    if (asked && (word == "be" || word == "get" || word == "gets") && reading.entity_of[i + 1] == Reading::none &&
        !active_stem(reading.tokens[i + 1]).empty())
      return i + 1;
  }
  return last;
}

std::size_t opening_verb(const Reading& reading, std::size_t first, std::size_t last) {
  static const Words wishing{"need",  "want", "like", "to", "should", "must", "have",   "can",  "could",
                             "would", "will", "let",  "d",  "ll",     "id",   "please", "love", "wish"};
  bool somebody = false;
  bool wished = false;
  for (std::size_t i = first; i < last; ++i) {
    const auto& token = reading.tokens[i];
    if (reading.entity_of[i] != Reading::none) return last;
    // "We buy it at 4.20" tells what is done, "we need to buy" asks for it.
    if (somebody && !wished && is_imperative(token.lower) && !wishing.contains(token.lower)) return last;
    somebody = somebody || token.lower == "we" || token.lower == "i";
    // "We can spend 500" tells, too; "can we" asks.
    const bool able =
        token.lower == "can" || token.lower == "could" || token.lower == "will" || token.lower == "ll" || token.lower == "would";
    wished = wished || (wishing.contains(token.lower) && !(somebody && able));
    if (i > first && reading.tokens[i - 1].lower == "mind" && token.lower.ends_with("ing") && is_request_verb(token.stem)) return i;
    if (opens_phrasal(reading, i) && i + 1 < last) return i;
    // "see that she gets …", "see to it that …"
    if (token.lower == "see" && i + 1 < last && (reading.tokens[i + 1].lower == "that" || reading.tokens[i + 1].lower == "to")) continue;
    // "is to take place": happens, and is not done.
    if (token.lower == "take" && i + 1 < last && (reading.tokens[i + 1].lower == "place" || reading.tokens[i + 1].lower == "part"))
      return last;
    // "the list has 200 names": a thing.
    if (i > first && reading.tokens[i - 1].lower == "the") return last;
    if (is_imperative(token.lower) && !(token.lower == "let" || token.lower == "help" || token.lower == "need" || token.lower == "get" ||
                                        token.lower == "make" || token.lower == "have"))
      return i;
    if ((token.lower == "get" || token.lower == "make") && i + 1 < last && !is_imperative(reading.tokens[i + 1].lower)) return i;
    if (!is_polite(token.lower)) return last;
  }
  return last;
}

}  // namespace convoke::model
