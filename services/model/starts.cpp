#include "model/starts.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "model/joints.hpp"
#include "model/phrases.hpp"
#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr std::size_t most_starts = 24;

class Finder {
 public:
  Finder(const Reading& reading, const Index& index) : r_(reading), index_(index) {
    for (const auto& tool : index.catalogue().tools) {
      const auto words = identifier_words(tool.name);
      if (words.size() > 1) tool_verbs_.insert(words.front());
    }
  }

  std::vector<Start> find(std::size_t body) {
    find_starts(body);
    mark_statements();
    drop_echoes();
    mark_references();
    mark_statements();
    return std::move(starts_);
  }

 private:
  bool is_verb(std::size_t i) const {
    return r_.entity_of[i] == Reading::none && (is_imperative(r_.tokens[i].lower) || tool_verbs_.contains(r_.tokens[i].lower)) &&
           !is_stop_word(r_.tokens[i].lower);
  }

  /// A verb at `i` that has an object or a preposition behind it: "order a desk", not "order and delivery".
  bool acts(std::size_t i) const {
    if (opens_phrasal(r_, i)) return true;
    if (!is_verb(i)) return false;
    if (i + 1 >= r_.tokens.size()) return true;
    const auto& next = r_.tokens[i + 1];
    return next.lower != "and" && next.lower != "or" && (sign_between(r_, i) == ' ' || sign_between(r_, i) == ':');
  }

  /// "let her into …", "have IT give …": somebody is to do it.
  bool causes(std::size_t i) const {
    static const std::unordered_set<std::string_view> somebody{"him", "her", "them", "it", "somebody", "someone", "everybody", "everyone"};
    const auto& word = r_.tokens[i].lower;
    if ((word == "have" || word == "take") && i + 2 < r_.tokens.size() && r_.tokens[i + 2].lower == "look") return true;
    if ((word != "let" && word != "have" && word != "get") || i + 2 >= r_.tokens.size()) return false;
    const auto* entity = r_.entity_at(i + 1);
    return somebody.contains(r_.tokens[i + 1].lower) || (entity != nullptr && entity->shape == Shape::name);
  }

  /// "What do they think of it, | how many are left": a question of its own in the same sentence.
  bool asks_too(std::size_t i) const {
    const auto head = behind_joint(r_, i);
    const auto& word = r_.tokens[head].lower;
    const bool wh =
        word == "how" || word == "what" || (head > i && (word == "where" || word == "when" || word == "which" || word == "who"));
    if (!wh || starts_.empty()) return false;
    // "Which of them are there and | what do they cost?" goes on with the question.
    if (head + 2 < r_.tokens.size() && r_.tokens[head + 2].lower == "they") return false;
    return topic_of(r_, index_, starts_.back().token, i).question;
  }

  /// The same, where the clause behind the comma has begun already.
  bool asks_before_too(std::size_t i) const {
    if (starts_.size() < 2) return false;
    const auto& word = r_.tokens[i].lower;
    return (word == "how" || word == "what") && topic_of(r_, index_, starts_[starts_.size() - 2].token, i).question;
  }

  /// "good and | bad at": both say how something is.
  bool joins_adjectives(std::size_t i) const {
    return i > 1 && r_.tokens[i - 1].lower == "and" && is_common(r_.tokens[i].stem) && is_common(r_.tokens[i - 2].stem) && !is_verb(i);
  }

  void add_start(std::size_t i, bool sentence) {
    const auto head = behind_joint(r_, i);
    auto verb = opening_verb(r_, i, r_.tokens.size());
    if (verb == r_.tokens.size() && is_verb(i)) verb = i;
    const bool imperative = ((verb < r_.tokens.size() && acts(verb)) || causes(head)) && (sentence || !goes_on_telling(i));
    const bool asks = !sentence && asks_too(i);
    starts_.push_back({i, imperative, sentence});
    starts_.back().asks = asks;
  }

  /// "We buy it at 4 and | sell it at 5": what somebody does, in the same sentence.
  bool goes_on_telling(std::size_t i) const {
    static const std::unordered_set<std::string_view> conditions{"if", "because", "unless", "until", "whether"};
    if (!starts_.empty() && i > 0 && r_.tokens[i - 1].lower == "and") {
      // "if we buy it at 4 and | sell it at 5"
      for (auto k = starts_.back().token + 1; k + 1 < i; ++k) {
        if (r_.tokens[k].sentence_start) break;
        if (conditions.contains(r_.tokens[k].lower)) return true;
      }
    }
    static const std::unordered_set<std::string_view> subjects{"we", "they", "i", "he", "she"};
    static const std::unordered_set<std::string_view> wishing{"need", "want",  "like",  "should", "must",
                                                              "can",  "could", "would", "have",   "d"};
    if (starts_.empty() || i == 0 || starts_.back().imperative || r_.tokens[i - 1].lower != "and") return false;
    const auto first = starts_.back().token;
    if (!subjects.contains(r_.tokens[first].lower)) return false;
    for (auto k = first; k < i; ++k) {
      if (wishing.contains(r_.tokens[k].lower)) return false;
    }
    return true;
  }

  void find_starts(std::size_t body) {
    add_start(body, true);
    if (gives_text(r_)) return;
    for (std::size_t i = body + 1; i < r_.tokens.size() && starts_.size() < most_starts; ++i) {
      if (labels(i)) {
        if (starts_.back().token + 1 == i && starts_.size() > 1) starts_.pop_back();
        if (holds_text(r_.tokens[i - 1].lower)) return;
      }
      if (r_.entity_of[i] != Reading::none && r_.entity_of[i] == r_.entity_of[i - 1]) continue;
      if (i < body) continue;
      const char sign = sign_between(r_, i - 1);
      const auto& word = r_.tokens[i - 1].lower;
      const bool initial = sign == '.' && r_.tokens[i - 1].lower.size() == 1 && r_.tokens[i - 1].capital;
      if (sign == ' ' && r_.tokens[i].sentence_start) {
        add_start(i, true);
      } else if (sign == ' ' || initial) {
        const bool joint = word == "and" || word == "then" || word == "plus" || word == "also" ||
                           (word == "as" && i > 1 && r_.tokens[i - 2].lower == "well");
        // "between 20 and 30" is one thing.
        bool between = false;
        for (std::size_t k = i > 5 ? i - 5 : 0; k + 1 < i; ++k) between = between || (word == "and" && r_.tokens[k].lower == "between");
        if (joint && !between && !goes_on_reporting(i) && starts_.back().token < i - 1 && !lists_name(i) && !is_naming(r_, i) &&
            !joins_adjectives(i) && !also_inside(r_, i))
          add_start(i, false);
      } else if ((sign != ':' || r_.tokens[i].lower == "please" || r_.tokens[i].lower == "can" || r_.tokens[i].lower == "could" ||
                  (!r_.tokens[i].capital && is_verb(i) && acts(i))) &&
                 !(sign == ',' && works_on_text()) && !is_naming(r_, i)) {
        if (sign == ',' && (joins_only(i) || reports(i))) continue;
        if (const auto behind = sign == ',' ? behind_apposition(r_, starts_.back().token, i) : i; behind > i) {
          body = behind + 1;
          continue;
        }
        add_start(i, sign != ',' && sign != '&');
        if (const auto behind = behind_subject(r_, i); behind > i) {
          add_start(behind, false);
          const bool asked = starts_.back().imperative;
          starts_.pop_back();
          starts_.back().imperative = asked;
          body = behind + 1;
          continue;
        }
        // Behind a comma a noun without article or count goes on with what is before it.
        const auto* entity = r_.entity_at(i);
        const bool counted_thing = entity != nullptr && entity->shape == Shape::number &&
                                   !(entity->last < r_.tokens.size() && is_unit(r_.tokens[entity->last].lower));
        if ((sign == ',' || sign == '&') && !starts_.back().imperative && r_.tokens[i].lower != "and" && !asks_before_too(i) &&
            ((!is_determiner(r_.tokens[i].lower) && !counted_thing) || lists_name(i) || apposes(r_, i))) {
          if (sign == ',' && lists_thing(r_, i)) {
            starts_.back().item = true;
          } else {
            starts_.pop_back();
          }
        }
      }
    }
  }

  /// "Subject: …": what stands before the colon is one word, with which a part of the request begins.
  bool labels(std::size_t i) const {
    return i > 1 && sign_between(r_, i - 1) == ':' && sign_between(r_, i - 2) != ' ' && r_.entity_of[i - 1] == Reading::none &&
           !is_verb(i - 1);
  }

  /// Behind such a label everything is text.
  static bool holds_text(std::string_view label) {
    static const std::unordered_set<std::string_view> words{"text", "message", "content", "body", "wording", "description", "details"};
    return words.contains(label);
  }

  /// "… and the Orbit Lamp together": one more name, nothing that anybody does or wants.
  bool lists_name(std::size_t i) const {
    const std::size_t at = is_determiner(r_.tokens[i].lower) ? i + 1 : i;
    const auto* entity = at < r_.tokens.size() ? r_.entity_at(at) : nullptr;
    if (entity == nullptr || entity->first != at || (entity->shape != Shape::name && entity->shape != Shape::quoted)) return false;
    if (entity->last >= r_.tokens.size() || sign_between(r_, entity->last - 1) != ' ') return true;
    const auto& next = r_.tokens[entity->last].lower;
    return next == "and" || next == "or" || next == "together" || next == "as" || next == "into" || is_preposition(next);
  }

  /// "Also, | his title is …": the word before the comma only joins.
  bool joins_only(std::size_t i) const {
    static const std::unordered_set<std::string_view> words{"also",  "then",   "besides",      "finally",  "lastly",     "next",
                                                            "first", "second", "additionally", "moreover", "furthermore"};
    return starts_.back().token + 1 == i && words.contains(r_.tokens[i - 1].lower);
  }

  /// "Tell everyone, by mail, | that the lift is out of order": what is to be told.
  bool reports(std::size_t i) const {
    static const std::unordered_set<std::string_view> subjects{"we", "they", "i", "you", "he", "she", "it", "there"};
    if (r_.tokens[i].lower != "that" || i + 1 >= r_.tokens.size()) return false;
    return is_determiner(r_.tokens[i + 1].lower) || subjects.contains(r_.tokens[i + 1].lower);
  }

  /// "… that the lift is out of order and | they should take the stairs"
  bool goes_on_reporting(std::size_t i) const {
    static const std::unordered_set<std::string_view> subjects{"we", "they", "he", "she", "it", "there", "everybody", "everyone"};
    if (!subjects.contains(r_.tokens[i].lower)) return false;
    for (auto k = starts_.back().token; k + 1 < i; ++k) {
      if (reports(k)) return true;
    }
    return false;
  }

  static bool refers_back(std::string_view word) {
    static const std::unordered_set<std::string_view> words{"it", "its", "they", "them", "their", "this",  "that",
                                                            "so", "one", "him",  "her",  "his",   "these", "those"};
    return words.contains(word);
  }

  void mark_references() {
    for (std::size_t k = 1; k < starts_.size(); ++k) {
      const auto last = k + 1 < starts_.size() ? starts_[k + 1].token : r_.tokens.size();
      for (std::size_t i = starts_[k].token; i < last; ++i) starts_[k].refers = starts_[k].refers || refers_back(r_.tokens[i].lower);
      // "also change her number": one thing more
      const bool more = says_also(k);
      starts_[k].refers = (starts_[k].refers && !starts_[k - 1].imperative && !starts_[k - 1].wishes && !starts_[k].asks && !more) ||
                          restates(k) || starts_[k].echo;
    }
  }

  bool says_also(std::size_t k) const {
    return std::any_of(r_.tokens.begin() + static_cast<std::ptrdiff_t>(starts_[k].token),
                       r_.tokens.begin() + static_cast<std::ptrdiff_t>(end_of(k)),
                       [](const Token& token) { return token.lower == "also"; });
  }

  /// "How did it sell? Run the analysis.": the question again, as a request.
  bool restates(std::size_t k) const {
    static const std::unordered_set<std::string_view> words{"look", "check", "find", "tell", "see", "run", "do", "give", "get", "show"};
    if (!starts_[k].imperative || !starts_[k].sentence || !is_question_at(r_, index_, starts_, k - 1, k)) return false;
    const auto verb = opening_verb(r_, starts_[k].token, r_.tokens.size());
    return verb < r_.tokens.size() && words.contains(r_.tokens[verb].lower);
  }

  /// What only tells something ("our router is slow") is context where anything else in the text is asked for.
  void mark_statements() {
    static const std::unordered_set<std::string_view> wishes{"need",   "needs", "want",   "wants",  "like",   "should", "must", "shall",
                                                             "please", "wish",  "wishes", "kindly", "has",    "have",   "let",  "lets",
                                                             "could",  "can",   "would",  "to",     "wanted", "needed"};
    static const std::unordered_set<std::string_view> finite{"is",  "are",  "was", "were",  "has",  "have", "had", "will",
                                                             "did", "does", "do",  "i",     "we",   "he",   "she", "they",
                                                             "it",  "im",   "ive", "there", "been", "got"};
    bool asked = false;
    for (std::size_t k = 0; k < starts_.size(); ++k) {
      auto& start = starts_[k];
      const auto last = end_of(k);
      bool wish = start.imperative || is_question_at(r_, index_, starts_, k, k + 1) || passive_verb(r_, start.token, last) < last ||
                  asks_politely(start.token, last) || gets(start.token) || is_given(start.token, last) || adds_to(k);
      // "Marta handed in …": opens with who did it.
      bool said =
          r_.entity_at(start.token) != nullptr && r_.entity_at(start.token)->shape == Shape::name && r_.entity_at(start.token)->last < last;
      for (std::size_t i = start.token; i < last; ++i) {
        const auto& word = r_.tokens[i].lower;
        if (r_.entity_of[i] != Reading::none) continue;
        // "has to", "have to" are wishes, "has" and "to" alone are not.
        const bool obliged = (word == "has" || word == "have") && i + 1 < last && r_.tokens[i + 1].lower == "to";
        // "We can spend 500" tells, "could you" and "she could use" ask.
        static const std::unordered_set<std::string_view> asked_of{"you",      "we",     "i",       "use", "someone",
                                                                   "somebody", "anyone", "anybody", "do"};
        const bool able =
            (word == "can" || word == "could" || word == "would") && !(i + 1 < last && asked_of.contains(r_.tokens[i + 1].lower));
        start.wishes =
            start.wishes || obliged || word == "needs" || word == "need" || word == "wants" || word == "should" || word == "must";
        // "a customer who wants data"
        const bool told = i > start.token && (r_.tokens[i - 1].lower == "who" || r_.tokens[i - 1].lower == "that");
        wish = wish || obliged || (wishes.contains(word) && !able && !told && word != "to" && word != "has" && word != "have");
        said = said || finite.contains(word);
      }
      // "… is abroad and | cannot log in": goes on telling.
      const bool goes_on = k > 0 && !start.sentence && starts_[k - 1].tells && start.token > 0 && r_.tokens[start.token - 1].lower == "and";
      start.tells = !wish && (said || start.sentence || goes_on);
      start.direct = gets(start.token) || (start.imperative && !wishes_for_us(start.token)) || asks_politely(start.token, last) ||
                     says_please(start.token, last) || (start.sentence && is_question_at(r_, index_, starts_, k, k + 1));
      asked = asked || wish;
    }
    if (asked) return;
    for (auto& start : starts_) start.tells = false;
  }

  /// "The lamp gets a new price": what is to become of it.
  bool is_given(std::size_t first, std::size_t last) const {
    for (auto i = first + 1; i + 1 < last; ++i) {
      if (r_.tokens[i].lower == "gets" && (r_.tokens[i + 1].lower == "a" || r_.tokens[i + 1].lower == "an")) return true;
    }
    return false;
  }

  /// "Take it up. She has also earned a bonus.": behind a request what is said "also" is one more.
  bool adds_to(std::size_t k) const {
    if (k == 0 || !starts_[k].sentence || r_.tokens[starts_[k].token].lower == "i") return false;
    const bool asked =
        std::any_of(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(k), [](const Start& s) { return s.imperative; });
    return asked && says_also(k);
  }

  /// "We want to show …", "I'd like to …": what somebody would like, not whom it is asked of.
  bool wishes_for_us(std::size_t first) const {
    const auto& head = r_.tokens[first].lower;
    return (head == "we" || head == "i" || head == "id") && first + 1 < r_.tokens.size();
  }

  /// "Get an offer in", "Make it ready": verbs that say nothing by themselves.
  bool gets(std::size_t first) const {
    static const std::unordered_set<std::string_view> words{"get", "make", "let", "have", "help"};
    return words.contains(r_.tokens[first].lower) && r_.tokens[first].sentence_start;
  }

  bool says_please(std::size_t first, std::size_t last) const {
    return std::any_of(r_.tokens.begin() + static_cast<std::ptrdiff_t>(first), r_.tokens.begin() + static_cast<std::ptrdiff_t>(last),
                       [](const Token& token) { return token.lower == "please" || token.lower == "pls"; });
  }

  /// "Could one of you …", "Would somebody …": a request, whoever is asked.
  bool asks_politely(std::size_t first, std::size_t last) const {
    const auto& head = r_.tokens[first].lower;
    const bool modal = head == "could" || head == "can" || head == "would" || head == "will" || head == "may";
    const auto behind = r_.text.find_first_not_of(" \"')", r_.tokens[last - 1].end);
    return modal && behind != std::string::npos && r_.text[behind] == '?';
  }

  std::size_t end_of(std::size_t start) const { return model::end_of(r_, starts_, start); }

  /// "She has to get into the database, could you set up the access?": of what was said before, and of nothing else.
  bool says_again(std::size_t k) const {
    if (starts_[k - 1].imperative || !starts_[k].imperative) return false;
    bool any = false;
    const auto before = topic_of(r_, index_, starts_[k - 1].token, end_of(k - 1));
    for (const auto& term : topic_of(r_, index_, starts_[k].token, end_of(k)).terms) {
      if (term.verb || is_light_verb(term.stem) || is_request_verb(term.stem)) continue;
      if (term.token == 0 || r_.tokens[term.token - 1].lower != "the") return false;
      // "a sponsor … the sponsorship"
      const auto same = [&](const Term& told) {
        return told.stem == term.stem || (told.stem.size() > 4 && term.stem.starts_with(told.stem));
      };
      if (std::ranges::none_of(before.terms, same)) return false;
      any = true;
    }
    return any && !has_entities_at(r_, starts_, k);
  }

  /// "Order a laptop for Ada and | configure it", "… and | then track how it performs": a deed that tools do, and not the one before it.
  bool another_deed(std::size_t k) const {
    const auto first = starts_[k].token;
    const auto last = end_of(k);
    if (!starts_[k].imperative || starts_[k].sentence || !starts_[k - 1].imperative || first == 0) return false;
    if (r_.tokens[first - 1].lower != "and" && r_.tokens[first - 1].lower != "then" && r_.tokens[first].lower != "then") return false;
    const auto before = opening_verb(r_, starts_[k - 1].token, first);
    const auto at = std::min(opening_verb(r_, first, last), last - 1);
    const auto& verb = r_.tokens[at];
    if (before >= first || is_light_verb(verb.stem) || related(verb.stem, r_.tokens[before].stem)) return false;
    return tool_verbs_.contains(verb.lower) && points_only(at + 1, last) && has_entities_or_things(k - 1);
  }

  /// "it", "its performance", "how it performs"
  bool points_only(std::size_t first, std::size_t last) const {
    static const std::unordered_set<std::string_view> objects{"it", "them", "this", "these"};
    static const std::unordered_set<std::string_view> owners{"its", "their", "his", "her"};
    if (first >= last) return false;
    const auto& head = r_.tokens[first].lower;
    if (last == first + 1) return objects.contains(head);
    if (head == "how" || head == "whether")
      return last == first + 3 && (objects.contains(r_.tokens[first + 1].lower) || r_.tokens[first + 1].lower == "they");
    return owners.contains(head) && last == first + 2;
  }

  /// "It should take place on Monday": of what was asked for, when and where.
  bool says_when(std::size_t k) const {
    const auto& head = r_.tokens[starts_[k].token].lower;
    if (starts_[k].imperative || !starts_[k].sentence || (head != "it" && head != "this" && head != "that" && head != "they")) return false;
    const auto topic = topic_of(r_, index_, starts_[k].token, end_of(k));
    const bool hollow = std::ranges::all_of(topic.terms, [](const Term& term) { return is_light_verb(term.stem) || is_common(term.stem); });
    return hollow && topic.date && !topic.question && !topic.money && !topic.number;
  }

  bool has_entities_or_things(std::size_t k) const {
    return has_entities_at(r_, starts_, k) || topic_of(r_, index_, starts_[k].token, end_of(k)).terms.size() > 1;
  }

  /// "the | welcome mail": a thing's name, though both words are verbs, too.
  bool named_by_two(std::size_t i, std::size_t first) const {
    return i > first + 1 && is_determiner(r_.tokens[i - 2].lower) && !is_stop_word(r_.tokens[i - 1].lower) &&
           r_.entity_of[i - 1] == Reading::none && r_.entity_of[i] == Reading::none && !is_stop_word(r_.tokens[i].lower) &&
           sign_between(r_, i - 1) == ' ' && is_request_verb(r_.tokens[i].stem) && is_request_verb(r_.tokens[i - 1].stem);
  }

  /// "… Track it.": what only points back is no clause of its own.
  void drop_echoes() {
    for (std::size_t k = starts_.size(); k-- > 1;) {
      const auto last = k + 1 < starts_.size() ? starts_[k + 1].token : r_.tokens.size();
      bool points = false;
      std::size_t telling = 0;
      for (std::size_t i = starts_[k].token; i < last; ++i) {
        const auto& word = r_.tokens[i].lower;
        // Also "find out why", "take care of the purchase".
        points = points || refers_back(word) || word == "why" ||
                 (i > starts_[k].token && r_.tokens[i - 1].lower == "the" && is_request_verb(r_.tokens[i].stem));
        static const std::unordered_set<std::string_view> hollow{"care",     "please", "motion", "rolling", "happen",
                                                                 "underway", "done",   "sorted", "way"};
        if (hollow.contains(word)) continue;
        if (named_by_two(i, starts_[k].token)) ++telling;
        if (r_.entity_of[i] != Reading::none || (!is_stop_word(word) && !is_request_verb(r_.tokens[i].stem))) ++telling;
      }
      // "… please arrange": a verb that says no more.
      const bool bare = starts_[k].imperative && last - starts_[k].token <= 2;
      // Behind a statement it is the request itself: "… has had its day, please retire it".
      const bool echo = (points || bare) && telling == 0 && !starts_[k].asks;
      if (echo && another_deed(k)) {
        starts_[k].more = true;
        continue;
      }
      if (echo && starts_[k - 1].tells && starts_[k].imperative) {
        starts_[k].echo = true;
        continue;
      }
      if (echo || says_again(k) || says_when(k)) starts_.erase(starts_.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }

  /// The request opens with work on text: what stands behind a comma is most likely that text.
  bool works_on_text() const {
    if (gives_text(r_)) return true;
    const auto verb = opening_verb(r_, starts_.front().token, r_.tokens.size());
    return verb < r_.tokens.size() && is_pure_text_work(r_.tokens[verb].stem);
  }

  const Reading& r_;
  const Index& index_;
  std::unordered_set<std::string> tool_verbs_;
  std::vector<Start> starts_;
};

}  // namespace

std::vector<Start> starts_of(const Reading& reading, const Index& index, std::size_t body) { return Finder(reading, index).find(body); }

std::size_t after_greeting(const Reading& r) {
  static const std::unordered_set<std::string_view> words{"hi", "hello", "hey", "dear", "good", "morning"};
  if (r.tokens.empty() || !words.contains(r.tokens.front().lower)) return 0;
  for (std::size_t i = 0; i + 1 < r.tokens.size() && i < 4; ++i) {
    const char sign = sign_between(r, i);
    if (sign == ',' || sign == '!' || sign == '.' || sign == '\n' || sign == ';') return i + 1;
  }
  return 0;
}

std::size_t after_label(const Reading& r) {
  for (std::size_t i = 0; i + 3 < r.tokens.size() && i < 6; ++i) {
    const char sign = sign_between(r, i);
    // "New vendor: …" says what it is about; that is more than whose work it is.
    if (sign == ':' && i > 1 && !is_imperative(r.tokens[i + 1].lower) && r.tokens[i + 1].lower != "please") return 0;
    if (sign == ':' && r.entity_of[i] == Reading::none)
      return r.tokens[i + 1].capital && r.text.find('\n', r.tokens[i].end) != r.tokens[i].end + 1 ? i + 1 : 0;
    if (sign != ' ' && sign != '&' && sign != ',') return 0;
  }
  return 0;
}

std::size_t end_of(const Reading& reading, const std::vector<Start>& starts, std::size_t start) {
  return start + 1 < starts.size() ? starts[start + 1].token : reading.tokens.size();
}

bool is_question_at(const Reading& reading, const Index& index, const std::vector<Start>& starts, std::size_t from, std::size_t to) {
  return topic_of(reading, index, starts[from].token, end_of(reading, starts, to - 1)).question;
}

bool has_entities_at(const Reading& reading, const std::vector<Start>& starts, std::size_t start) {
  const auto first = reading.entity_of.begin() + static_cast<std::ptrdiff_t>(starts[start].token);
  const auto last = reading.entity_of.begin() + static_cast<std::ptrdiff_t>(end_of(reading, starts, start));
  return std::any_of(first, last, [](std::size_t entity) { return entity != Reading::none; });
}

bool is_pure_text_work(std::string_view verb) {
  static constexpr std::string_view pure[] = {"translate", "summarise", "rewrite", "rephrase", "paraphrase", "proofread", "explain",
                                              "reword",    "spell",     "convert", "refactor", "define",     "shorten"};
  return std::ranges::any_of(pure, [&](std::string_view word) { return stem(word) == verb; });
}

}  // namespace convoke::model
