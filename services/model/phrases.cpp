#include "model/phrases.hpp"

#include <algorithm>
#include <unordered_set>

#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

using Words = std::unordered_set<std::string_view>;

bool is_polite(std::string_view lower) {
  static const Words words{
      "please", "kindly", "can",   "could", "would",   "will",       "you",    "i",       "we",       "need",   "want",   "like", "d",
      "ll",     "id",     "to",    "have",  "let",     "us",         "me",     "just",    "go",       "ahead",  "and",    "then", "also",
      "first",  "second", "third", "next",  "finally", "afterwards", "lastly", "help",    "must",     "should", "the",    "hi",   "hello",
      "hey",    "team",   "ok",    "okay",  "so",      "now",        "once",   "again",   "be",       "able",   "it",     "is",   "time",
      "there",  "be",     "make",  "sure",  "ensure",  "that",       "get",    "someone", "somebody", "thanks", "quickly"};
  return words.contains(lower);
}

/// Send back, hand over: belongs to the verb.
bool is_particle(std::string_view lower) {
  static const Words words{"back", "up", "out", "off", "over", "down", "away"};
  return words.contains(lower);
}

/// "wants to", "needs to": what comes is an infinitive.
bool is_wish(std::string_view lower) {
  static const Words words{"want", "wants", "need",   "needs", "like",   "have",    "has",   "going",
                           "able", "wish",  "wishes", "try",   "trying", "intends", "plans", "asked"};
  return words.contains(lower);
}

class Cutter {
 public:
  Cutter(const Reading& reading, std::size_t first, std::size_t last) : r_(reading), first_(first), last_(last) {}

  std::vector<Phrase> cut() {
    const auto verb = opening_verb(r_, first_, last_);
    for (std::size_t i = first_; i < last_; ++i) {
      punctuation(i);
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
      if (entity->shape == Shape::number && !open_) return;  // a count: not part of what is counted
      close(i);
      return;
    }
    if (is_preposition(token.lower) || is_announcing(token.lower)) {
      close(i);
      lead(i, token.lower == "of" && (lead_ == "because" || lead_ == "instead") ? lead_ : token.lower);
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
    } else {
      open(i);
    }
  }

  void open(std::size_t i) {
    if (open_) return;
    open_ = true;
    current_ = {i, i, lead_, lead_token_ == Reading::none ? i : lead_token_, listed_, single_};
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
};

}  // namespace

bool is_announcing(std::string_view lower) {
  static const Words words{"called",     "named",      "titled",       "labelled",   "labeled",    "entitled",  "targeting", "targeted",
                           "aimed",      "starting",   "beginning",    "effective",  "ending",     "costing",   "worth",     "saying",
                           "stating",    "including",  "featuring",    "covering",   "explaining", "involving", "showing",   "following",
                           "requesting", "asking",     "scheduled",    "priced",     "dated",      "based",     "located",   "hosted",
                           "addressed",  "describing", "highlighting", "announcing", "because",    "that",      "which",     "who",
                           "where",      "concerning", "reading"};
  return words.contains(lower);
}

std::vector<Phrase> phrases_of(const Reading& reading, std::size_t first, std::size_t last) {
  return Cutter(reading, first, std::min(last, reading.tokens.size())).cut();
}

std::size_t opening_verb(const Reading& reading, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < last; ++i) {
    const auto& token = reading.tokens[i];
    if (reading.entity_of[i] != Reading::none) return last;
    if (is_imperative(token.lower) && !(token.lower == "let" || token.lower == "help" || token.lower == "need" || token.lower == "get" ||
                                        token.lower == "make" || token.lower == "have"))
      return i;
    if ((token.lower == "get" || token.lower == "make") && i + 1 < last && !is_imperative(reading.tokens[i + 1].lower)) return i;
    if (!is_polite(token.lower)) return last;
  }
  return last;
}

}  // namespace convoke::model
