#include "model/clauses.hpp"

#include <algorithm>
#include <unordered_set>

#include "model/phrases.hpp"
#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

constexpr double step_cost = 0.30;
constexpr double unmet_value = 0.36;     // of a clause with a verb that no tool fits: a step for somebody else
constexpr double swallowed_verb = 0.30;  // lost when a clause holds another one's verb
constexpr double torn_reference = 0.45;  // "How is it? Check it." is one request
constexpr double label_weight = 0.3;
constexpr double few_things = 1.5;      // of a tool that does another deed: one word in common says nothing …
constexpr double things_share = 0.55;   // … unless the request has hardly any other
constexpr double spoken_things = 0.65;  // a request without a verb names at least one thing, not just one like it
constexpr double text_cover = 0.45;     // "Write a poem": writing is for a tool only if what is to be written is the tool's own
constexpr double text_share = 0.6;
constexpr std::size_t most_starts = 24;

struct Start {
  std::size_t token;
  bool imperative;
  bool sentence;
  bool refers = false;  // to what was said before: "reset it", "check their performance"
};

class Cutter {
 public:
  Cutter(const Reading& reading, const Index& index, const Catalogue& catalogue) : r_(reading), index_(index), catalogue_(catalogue) {
    for (const auto& tool : catalogue.tools) {
      const auto words = identifier_words(tool.name);
      if (words.size() > 1) tool_verbs_.insert(words.front());
    }
  }

  std::vector<Clause> cut() {
    if (r_.tokens.empty()) return {};
    const auto body = after_label();
    for (const auto& term : topic_of(r_, index_, 0, body).terms) {
      label_.push_back(term);
      label_.back().weight *= label_weight;
    }
    find_starts(body);
    drop_echoes();
    mark_references();
    return best_cut();
  }

 private:
  char sign_between(std::size_t left) const {
    const auto gap = std::string_view(r_.text).substr(r_.tokens[left].end, r_.tokens[left + 1].begin - r_.tokens[left].end);
    for (const char sign : {'\n', '.', '!', '?', ';', ':', ',', '&'}) {
      if (gap.find(sign) != std::string_view::npos) return sign;
    }
    return gap.find(" - ") != std::string_view::npos || gap.find("\xE2\x80\x94") != std::string_view::npos ? ';' : ' ';
  }

  /// "Heading: Sentence." gives the first token of the sentence; 0 when there is no heading.
  std::size_t after_label() const {
    for (std::size_t i = 0; i + 3 < r_.tokens.size() && i < 6; ++i) {
      const char sign = sign_between(i);
      if (sign == ':' && r_.entity_of[i] == Reading::none)
        return r_.tokens[i + 1].capital && r_.text.find('\n', r_.tokens[i].end) != r_.tokens[i].end + 1 ? i + 1 : 0;
      if (sign != ' ' && sign != '&' && sign != ',') return 0;
    }
    return 0;
  }

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
    return next.lower != "and" && next.lower != "or" && (sign_between(i) == ' ' || sign_between(i) == ':');
  }

  void add_start(std::size_t i, bool sentence) {
    auto verb = opening_verb(r_, i, r_.tokens.size());
    if (verb == r_.tokens.size() && is_verb(i)) verb = i;
    const bool imperative = verb < r_.tokens.size() && acts(verb);
    starts_.push_back({i, imperative, sentence});
  }

  void find_starts(std::size_t body) {
    add_start(body, true);
    for (std::size_t i = body + 1; i < r_.tokens.size() && starts_.size() < most_starts; ++i) {
      if (r_.entity_of[i] != Reading::none && r_.entity_of[i] == r_.entity_of[i - 1]) continue;
      const char sign = sign_between(i - 1);
      const auto& word = r_.tokens[i - 1].lower;
      const bool initial = sign == '.' && r_.tokens[i - 1].lower.size() == 1 && r_.tokens[i - 1].capital;
      if (sign == ' ' || initial) {
        const bool joint = word == "and" || word == "then" || word == "plus" || word == "also" ||
                           (word == "as" && i > 1 && r_.tokens[i - 2].lower == "well");
        // "between 20 and 30" is one thing.
        bool between = false;
        for (std::size_t k = i > 5 ? i - 5 : 0; k + 1 < i; ++k) between = between || (word == "and" && r_.tokens[k].lower == "between");
        if (joint && !between && starts_.back().token < i - 1) add_start(i, false);
      } else if (sign != ':' && !(sign == ',' && works_on_text())) {
        add_start(i, sign != ',' && sign != '&');
        // Behind a comma a noun without article or count goes on with what is before it.
        const auto* entity = r_.entity_at(i);
        const bool counted_thing = entity != nullptr && entity->shape == Shape::number;
        if ((sign == ',' || sign == '&') && !starts_.back().imperative && !is_determiner(r_.tokens[i].lower) && !counted_thing &&
            r_.tokens[i].lower != "and")
          starts_.pop_back();
      }
    }
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
      starts_[k].refers = starts_[k].refers && !starts_[k - 1].imperative;
    }
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
        if (word == "care" || word == "please") continue;
        if (r_.entity_of[i] != Reading::none || (!is_stop_word(word) && !is_request_verb(r_.tokens[i].stem))) ++telling;
      }
      if (points && telling == 0) starts_.erase(starts_.begin() + static_cast<std::ptrdiff_t>(k));
    }
  }

  Clause clause(std::size_t from, std::size_t to) const {
    Clause made{.first = starts_[from].token,
                .last = to < starts_.size() ? starts_[to].token : r_.tokens.size(),
                .imperative = starts_[from].imperative,
                .ranked = {}};
    auto topic = topic_of(r_, index_, made.first, made.last);
    for (const auto& term : label_) {
      if (std::ranges::find(topic.terms, term.stem, &Term::stem) == topic.terms.end()) topic.terms.push_back(term);
    }
    if (!made.imperative && from > 0 && !starts_[from].sentence) inherit_verb(topic, from);
    made.ranked = index_.rank(topic);
    if (made.ranked.size() > 8) made.ranked.resize(8);
    made.fits = !made.ranked.empty() && fits(made.ranked.front()) && !writes_without_tool(topic, made.ranked.front()) &&
                !unconvincing(topic, made.ranked.front());
    return made;
  }

  static bool is_pure_text_work(std::string_view verb) {
    static constexpr std::string_view pure[] = {"translate", "summarise", "rewrite", "rephrase", "paraphrase", "proofread", "explain",
                                                "reword",    "spell",     "convert", "refactor", "define",     "shorten"};
    return std::ranges::any_of(pure, [&](std::string_view word) { return stem(word) == verb; });
  }

  /// The request opens with work on text: what stands behind a comma is most likely that text.
  bool works_on_text() const {
    const auto verb = opening_verb(r_, starts_.front().token, r_.tokens.size());
    return verb < r_.tokens.size() && is_pure_text_work(r_.tokens[verb].stem);
  }

  /// "Translate this text about invoices": work on text, for which the tool has no such verb.
  bool writes_without_tool(const Topic& topic, const Ranked& best) const {
    if (!is_pure_text_work(topic.verb)) return false;
    return !index_.has(best.tool, topic.verb) || best.name_cover < 0.45;
  }

  bool takes_person(std::size_t tool) const {
    return std::ranges::find(catalogue_.tools[tool].parameters, Want::person, &Parameter::want) != catalogue_.tools[tool].parameters.end();
  }

  /// "Fix my car", "Cook dinner for four people": of a deed that the tool does not do, and of what is done hardly anything.
  bool unconvincing(const Topic& topic, const Ranked& best) const {
    if (best.phrase) return false;
    const auto things = static_cast<double>(std::ranges::count(topic.terms, false, &Term::verb));
    // Nothing is asked to be done: then it must speak of what the tool is for.
    if (topic.verb.empty()) return best.things < spoken_things;
    // "Prepare the payroll for Ada": all that it names, for whom the tool does it.
    if (topic.person && best.things >= 1 && things <= 1 && takes_person(best.tool)) return false;
    if (is_text_work(topic.verb) && best.name_cover < text_cover && best.things < text_share * things) return true;
    return !best.deed && best.things < few_things && best.things < things_share * (things + 1);
  }

  /// "Book a room and a projector": the second clause has the first one's verb.
  void inherit_verb(Topic& topic, std::size_t from) const {
    for (std::size_t back = from; back-- > 0;) {
      if (!starts_[back].imperative) continue;
      const auto verb = opening_verb(r_, starts_[back].token, r_.tokens.size());
      if (verb < r_.tokens.size()) topic.terms.push_back({r_.tokens[verb].stem, r_.tokens[verb].lower, 0.5, verb});
      return;
    }
  }

  bool is_question_at(std::size_t from, std::size_t to) const {
    const auto last = to < starts_.size() ? starts_[to].token : r_.tokens.size();
    return topic_of(r_, index_, starts_[from].token, last).question;
  }

  /// "… they were slow", "… I'm away": opens with somebody who does something.
  bool tells_of_somebody(std::size_t from) const {
    static const std::unordered_set<std::string_view> words{"i", "we", "he", "she", "they", "it", "im", "you"};
    return words.contains(r_.tokens[starts_[from].token].lower);
  }

  double value(const Clause& made, std::size_t from, std::size_t to) const {
    double gain = 0;
    if (made.fits) {
      gain = made.ranked.front().score - step_cost;
      // A statement before a request is most likely what the request is about.
      const auto end = to < starts_.size() ? starts_[to].token : r_.tokens.size();
      const auto& head = r_.tokens[starts_[from].token].lower;
      const bool states = !made.imperative && head != "look" && passive_verb(r_, starts_[from].token, end) == end;
      const bool statement = states && starts_[from].sentence && to < starts_.size() && starts_[to].imperative &&
                             (!is_question_at(from, to) || !has_entities_at(to));
      if (statement && starts_[to].refers && !is_question_at(from, to)) gain = 0;
      // … and so it is behind one: "Rate them; they were slow", "What does it cost? I'm going to Canada."
      const bool explains = states && from > 0 && (starts_[from].sentence || tells_of_somebody(from)) && !is_question_at(from, to);
      if (explains && (made.ranked.front().score < 0.75 || made.ranked.front().cover < 0.8)) gain = 0;
      if (statement && (made.ranked.front().score < 0.6 || made.ranked.front().cover < 0.8)) gain = 0;
      // Without a verb of its own it must name what it wants.
      if (!made.imperative && from > 0 && !starts_[from].sentence && (made.ranked.front().cover < 0.7 || !names_something(made))) gain = 0;
    } else if (made.imperative) {
      gain = unmet_value - step_cost;
    }
    if (starts_[from].refers) gain -= torn_reference;
    for (std::size_t k = from + 1; k < to; ++k) {
      if (starts_[k].imperative && !starts_[k].refers) gain -= swallowed_verb;
    }
    return gain;
  }

  std::vector<Clause> best_cut() {
    const auto n = starts_.size();
    std::vector<double> best(n + 1, -1e9);
    std::vector<std::size_t> came(n + 1, 0);
    best[0] = 0;
    std::vector<std::vector<Clause>> made(n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 1; j <= std::min(n, i + 6); ++j) {
        made[i].push_back(clause(i, j));
        const double sum = best[i] + value(made[i].back(), i, j) + 0.001;  // of equal cuts the longer clauses: fewer bonuses lost below
        if (sum > best[j] + 1e-9) {
          best[j] = sum;
          came[j] = i;
        }
      }
    }
    std::vector<Clause> clauses;
    std::vector<bool> worth;
    for (std::size_t j = n; j > 0; j = came[j]) {
      auto& part = made[came[j]][j - came[j] - 1];
      worth.push_back(value(part, came[j], j) > 0 && (part.fits || part.imperative));
      clauses.push_back(std::move(part));
    }
    std::ranges::reverse(clauses);
    std::reverse(worth.begin(), worth.end());
    return absorb(std::move(clauses), worth);
  }

  /// What asks for nothing by itself belongs to the clause before it (the first one: to the one behind it).
  std::vector<Clause> absorb(std::vector<Clause> clauses, const std::vector<bool>& worth) const {
    std::vector<Clause> kept;
    std::size_t open = 0;
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      if (!worth[i]) {
        if (!kept.empty()) kept.back().last = clauses[i].last;
        continue;
      }
      const bool again = !kept.empty() && kept.back().fits && clauses[i].fits &&
                         (!clauses[i].imperative || !has_entities(clauses[i]) || !has_entities(kept.back())) &&
                         kept.back().ranked.front().tool == clauses[i].ranked.front().tool && !counted(clauses[i]);
      if (again || (!kept.empty() && continues(clauses[i], kept.back()))) {
        kept.back().last = clauses[i].last;
        continue;
      }
      if (kept.empty()) clauses[i].first = std::min(clauses[i].first, starts_.front().token);
      kept.push_back(std::move(clauses[i]));
    }
    if (kept.empty()) {
      open = starts_.front().token;
      Clause whole = clause(0, starts_.size());
      whole.first = open;
      kept.push_back(std::move(whole));
    }
    return kept;
  }

  /// Two telling words, or one with an article or a count: "an ID card", but not the last item of a list.
  bool names_something(const Clause& made) const {
    const auto& head = r_.tokens[made.first].lower;
    return topic_of(r_, index_, made.first, made.last).terms.size() >= 2 || is_determiner(head) || counted(made);
  }

  /// The clause goes on with the arguments of the tool before it: "… with cost price 40 | and selling price 65".
  bool continues(const Clause& made, const Clause& before) const {
    if (made.imperative || !before.fits) return false;
    auto terms = topic_of(r_, index_, made.first, made.last).terms;
    std::erase_if(terms, [](const Term& term) { return term.weight < 0.5; });  // quoted: a value
    const auto announced = std::ranges::count_if(terms, [&](const Term& term) {
      return std::ranges::any_of(catalogue_.tools[before.ranked.front().tool].parameters, [&](const Parameter& parameter) {
        return std::ranges::find(parameter.cues, term.stem) != parameter.cues.end();
      });
    });
    return announced * 2 >= static_cast<std::ptrdiff_t>(terms.size()) && announced > 0;
  }

  bool has_entities_at(std::size_t from) const {
    const auto last = from + 1 < starts_.size() ? starts_[from + 1].token : r_.tokens.size();
    return std::any_of(r_.entity_of.begin() + static_cast<std::ptrdiff_t>(starts_[from].token),
                       r_.entity_of.begin() + static_cast<std::ptrdiff_t>(last),
                       [](std::size_t entity) { return entity != Reading::none; });
  }

  bool has_entities(const Clause& made) const {
    return std::ranges::any_of(r_.entities, [&](const Entity& entity) { return entity.first >= made.first && entity.last <= made.last; });
  }

  bool counted(const Clause& made) const {
    if (r_.tokens[made.first].lower == "a" || r_.tokens[made.first].lower == "an") return true;
    return std::ranges::any_of(r_.entities, [&](const Entity& entity) {
      return entity.shape == Shape::number && entity.first >= made.first && entity.last <= made.last;
    });
  }

  const Reading& r_;
  const Index& index_;
  const Catalogue& catalogue_;
  std::unordered_set<std::string> tool_verbs_;
  std::vector<Term> label_;
  std::vector<Start> starts_;
};

}  // namespace

bool fits(const Ranked& ranked) {
  if (!ranked.named) return false;
  return (ranked.explained >= 0.7 && ranked.cover >= 0.33) || (ranked.score >= 0.40 && ranked.cover >= 0.42) ||
         (ranked.phrase && ranked.score >= 0.36);
}

std::vector<Clause> clauses_of(const Reading& reading, const Index& index, const Catalogue& catalogue) {
  return Cutter(reading, index, catalogue).cut();
}

}  // namespace convoke::model
