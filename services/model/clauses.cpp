#include "model/clauses.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_set>

#include "model/arguments.hpp"
#include "model/joints.hpp"
#include "model/phrases.hpp"
#include "model/starts.hpp"
#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

constexpr double step_cost = 0.3;
constexpr double unmet_value = 0.36;     // of a clause with a verb that no tool fits: a step for somebody else
constexpr double swallowed_verb = 0.3;   // lost when a clause holds another one's verb
constexpr double torn_reference = 0.45;  // "How is it? Check it." is one request
constexpr double torn_noun = 0.35;
constexpr double torn_count = 0.6;  // "two laptops and | 3 monitors, and set up payroll": what is counted goes with the verb before it
constexpr double label_weight = 0.3;
constexpr double context_weight = 0.45;  // of what is said around a request
constexpr double told_weight = 0.7;      // … and of a statement that it goes on from
constexpr double same_thing = 0.9;       // … and of what a second deed is done with
constexpr double few_things = 1.5;       // of a tool that does another deed: one word in common says nothing …
constexpr double things_share = 0.55;    // … unless the request has hardly any other
constexpr double spoken_things = 0.65;   // a request without a verb names at least one thing, not just one like it
constexpr double slim_share = 0.66;      // of the request: with one word in common it must be at least so much
constexpr double told_share = 0.45;      // … and so much where nothing is asked to be done: what is told has many words
constexpr double counted_cover = 0.7;    // of a tool that takes so many, where only a light verb asks
constexpr double text_cover = 0.45;      // "Write a poem": writing is for a tool only if what is to be written is the tool's own
constexpr double text_share = 0.6;
constexpr double told_score = 0.5;  // of what is told and has all that a tool needs

class Cutter {
 public:
  Cutter(const Reading& reading, const Index& index, const Catalogue& catalogue) : r_(reading), index_(index), catalogue_(catalogue) {}

  std::vector<Clause> cut() {
    if (r_.tokens.empty()) return {};
    const auto greeted = after_greeting(r_);
    const auto body = std::max(greeted, after_label(r_));
    for (const auto& term : topic_of(r_, index_, greeted, body).terms) {
      label_.push_back(term);
      label_.back().weight *= label_weight;
    }
    starts_ = starts_of(r_, index_, body);
    return best_cut();
  }

 private:
  /// The first of the starts [from, to) that asks most plainly for something.
  std::size_t main_of(std::size_t from, std::size_t to) const {
    auto main = from;
    for (auto k = from; k < to; ++k) {
      if (starts_[k].plainness() > starts_[main].plainness()) main = k;
    }
    return main;
  }

  /// What the starts [from, to) are about together: the deed is that of what is asked, what is only told says more about it.
  Topic topic_between(std::size_t from, std::size_t to) const {
    const auto main = main_of(from, to);
    const bool mixed = std::any_of(starts_.begin() + static_cast<std::ptrdiff_t>(from), starts_.begin() + static_cast<std::ptrdiff_t>(to),
                                   [](const Start& start) { return start.tells; });
    if ((!mixed && main == from) || to == from + 1) return topic_of(r_, index_, starts_[from].token, end_of(to - 1));
    auto topic = topic_of(r_, index_, starts_[main].token, end_of(main));
    if (starts_[main].echo) drop_hollow(topic);
    for (auto k = from; k < to; ++k) {
      if (k != main)
        add_context(topic, topic_of(r_, index_, starts_[k].token, end_of(k)),
                    starts_[k].plainness() < starts_[main].plainness() && !starts_[main].echo ? told_weight : 1);
    }
    return topic;
  }

  /// "Could someone look into it?": what is to be done about what was told, in words that say no more.
  static void drop_hollow(Topic& topic) {
    static const std::unordered_set<std::string_view> words{"investigate", "handle", "resolve", "manage",  "process", "research",
                                                            "look",        "see",    "do",      "arrange", "care",    "deal",
                                                            "take",        "put",    "make",    "give",    "get"};
    std::erase_if(topic.terms, [](const Term& term) { return words.contains(term.lower); });
    if (topic.terms.empty()) topic.verb.clear();
  }

  /// What was to be done with it is no part of it.
  Topic things_of(std::size_t start) const {
    auto topic = topic_of(r_, index_, starts_[start].token, end_of(start));
    std::erase_if(topic.terms, [](const Term& term) { return term.verb; });
    topic.pairs.clear();
    return topic;
  }

  static void add_context(Topic& topic, const Topic& around, double weight) {
    for (const auto& term : around.terms) {
      if (std::ranges::find(topic.terms, term.stem, &Term::stem) != topic.terms.end()) continue;
      topic.terms.push_back(term);
      topic.terms.back().weight *= weight;
      topic.terms.back().verb = false;
    }
    topic.pairs.insert(topic.pairs.end(), around.pairs.begin(), around.pairs.end());
    topic.person = topic.person || around.person;
    topic.name = topic.name || around.name;
    topic.email = topic.email || around.email;
    topic.phone = topic.phone || around.phone;
    topic.date = topic.date || around.date;
    topic.money = topic.money || around.money;
    topic.percent = topic.percent || around.percent;
    topic.number = topic.number || around.number;
    topic.code = topic.code || around.code;
  }

  Clause clause(std::size_t from, std::size_t to) const {
    Clause made{.first = starts_[from].token,
                .last = to < starts_.size() ? starts_[to].token : r_.tokens.size(),
                .core = to < starts_.size() ? starts_[to].token : r_.tokens.size(),
                .imperative = starts_[main_of(from, to)].imperative,
                .topic = {},
                .ranked = {}};
    auto topic = topic_between(from, to);
    for (const auto& term : label_) {
      if (std::ranges::find(topic.terms, term.stem, &Term::stem) == topic.terms.end()) topic.terms.push_back(term);
    }
    if (!made.imperative && from > 0 && !starts_[from].sentence) inherit_verb(topic, from);
    for (auto k = from; starts_[from].more && k-- > 0;) {
      add_context(topic, things_of(k), same_thing);
      if (!points_back(r_, starts_[k].token, end_of(k))) break;  // "a banner for it and track how it does"
    }
    made.ranked = index_.rank(topic);
    made.topic = topic;
    if (made.ranked.size() > 8) made.ranked.resize(8);
    made.fits = convinces(topic, made.ranked);
    if (!made.fits) without_context(made, from, to);
    return made;
  }

  bool convinces(const Topic& topic, const std::vector<Ranked>& ranked) const {
    return !ranked.empty() && !gives_text(r_) && fits(ranked.front()) && !writes_without_tool(topic, ranked.front()) &&
           !unconvincing(topic, ranked.front());
  }

  /// "She starts in spring. Could you get a room ready for her?": what is told besides can also be too much.
  void without_context(Clause& made, std::size_t from, std::size_t to) const {
    const auto main = main_of(from, to);
    if (to == from + 1 || !starts_[main].direct || starts_[main].echo) return;
    const auto own = topic_of(r_, index_, starts_[main].token, end_of(main));
    auto ranked = index_.rank(own);
    if (!convinces(own, ranked)) return;
    ranked.resize(std::min<std::size_t>(ranked.size(), 8));
    made.ranked = std::move(ranked);
    made.topic = own;
    made.fits = true;
  }

  /// "Translate this text about invoices": work on text, for which the tool has no such verb.
  bool writes_without_tool(const Topic& topic, const Ranked& best) const {
    if (!is_pure_text_work(topic.verb)) return false;
    return !index_.has(best.tool, topic.verb) || best.name_cover < 0.45;
  }

  bool takes(std::size_t tool, Want want) const {
    return std::ranges::find(catalogue_.tools[tool].parameters, want, &Parameter::want) != catalogue_.tools[tool].parameters.end();
  }

  /// "Fix my car", "Cook dinner for four people": of a deed that the tool does not do, and of what is done hardly anything.
  bool unconvincing(const Topic& topic, const Ranked& best) const {
    // "Cancel the concert": what is to be undone must be the tool's own.
    const auto own = [&](const Term& term) { return !term.verb && index_.has(best.tool, term.stem); };
    if (is_undoing(topic.verb) && std::ranges::none_of(topic.terms, own)) return true;
    if (best.phrase) return false;
    // One everyday thing and no name, code or amount: "Draw a picture of a cat".
    const bool anything = topic.person || topic.name || topic.email || topic.phone || topic.money || topic.percent || topic.code;
    // "Order 12 desks", "get a quote for 12 desks": of what it is done with, so many
    const bool counted = topic.verb.empty() && topic.number && best.cover >= counted_cover && takes(best.tool, Want::count);
    const bool known = (best.deed && (topic.number || topic.date)) || counted;
    if (!anything && !known && best.things <= 1 && best.explained < (topic.verb.empty() ? told_share : slim_share)) return true;
    const auto things = static_cast<double>(std::ranges::count(topic.terms, false, &Term::verb));
    // Nothing is asked to be done: then it must speak of what the tool is for.
    if (topic.verb.empty()) return best.things < spoken_things;
    // "Prepare the payroll for Ada": all that it names, for whom the tool does it.
    if (topic.person && best.things >= 1 && things <= 1 && takes(best.tool, Want::person)) return false;
    if (is_text_work(topic.verb) && best.name_cover < text_cover && best.things < text_share * things) return true;
    return !best.deed && best.things < few_things && best.things < things_share * (things + 1);
  }

  /// "Book a room and a projector": the second clause has the first one's verb.
  void inherit_verb(Topic& topic, std::size_t from) const {
    for (std::size_t back = from; back-- > 0;) {
      if (!starts_[back].imperative) continue;
      const auto verb = opening_verb(r_, starts_[back].token, r_.tokens.size());
      if (verb >= r_.tokens.size()) return;
      // With its particle it is one word: "set up".
      const auto said = topic_of(r_, index_, starts_[back].token, end_of(back));
      const auto whole = std::ranges::find(said.terms, verb, &Term::token);
      const bool phrasal = whole != said.terms.end() && whole->stem.starts_with(r_.tokens[verb].stem);
      topic.terms.push_back({phrasal ? whole->stem : r_.tokens[verb].stem, phrasal ? whole->lower : r_.tokens[verb].lower, 0.5, verb});
      return;
    }
  }

  /// "… they were slow", "… I'm away": opens with somebody who does something.
  bool tells_of_somebody(std::size_t from) const {
    static const std::unordered_set<std::string_view> words{"i", "we", "he", "she", "they", "it", "im", "you"};
    return words.contains(r_.tokens[starts_[from].token].lower);
  }

  /// Nothing before its noun: no article, no count, no name.
  bool bare(std::size_t from) const {
    const auto token = starts_[from].token;
    return !is_determiner(r_.tokens[token].lower) && !starts_[from].asks && r_.entity_of[token] == Reading::none && !starts_[from].wishes &&
           r_.tokens[token - 1].lower == "and";
  }

  /// "Please also …": one thing more.
  bool adds(std::size_t from) const {
    static const std::unordered_set<std::string_view> words{"also", "too", "besides", "additionally", "moreover", "furthermore"};
    for (auto i = starts_[from].token; i < end_of(from); ++i) {
      if (words.contains(r_.tokens[i].lower)) return true;
    }
    return false;
  }

  /// "ok to pay", "put it down for Monday", "Pay them out.": asks for nothing that the clause around it does not ask for.
  bool slight(std::size_t from) const {
    static const std::unordered_set<std::string_view> pointers{"it",    "them",  "they", "him", "this", "these",
                                                               "those", "there", "so",   "why", "one",  "their"};
    const auto last = end_of(from);
    bool points = false;
    for (auto i = starts_[from].token; i < last; ++i) points = points || pointers.contains(r_.tokens[i].lower);
    std::size_t content = 0;
    for (const auto& term : topic_of(r_, index_, starts_[from].token, last).terms) {
      const bool deed = term.verb || is_light_verb(term.stem) || is_request_verb(term.stem) || is_polite_word(term.lower);
      if (!deed && !is_common(term.stem) && term.weight >= 0.5) ++content;
    }
    const bool named = std::ranges::any_of(r_.entities, [&](const Entity& entity) {
      const bool inside = entity.first >= starts_[from].token && entity.last <= last;
      // "get a quote for 20 of them"
      if (inside && entity.shape == Shape::number && entity.last + 1 < last && r_.tokens[entity.last].lower == "of") return true;
      return inside && entity.shape != Shape::date && entity.shape != Shape::number && entity.shape != Shape::period;
    });
    return !named && (content == 0 || (content == 1 && points));
  }

  static bool is_polite_word(std::string_view lower) {
    return lower == "ok" || lower == "okay" || lower == "fine" || lower == "care" || lower == "rid" || lower == "something";
  }

  std::size_t end_of(std::size_t start) const { return model::end_of(r_, starts_, start); }
  bool is_question_at(std::size_t from, std::size_t to) const { return model::is_question_at(r_, index_, starts_, from, to); }
  bool has_entities_at(std::size_t from) const { return model::has_entities_at(r_, starts_, from); }

  /// "Get a quote", "Could you …", "Please …": not a question, and no statement either.
  bool asks_plainly(std::size_t from) const { return starts_[from].direct && !is_question_at(from, from + 1); }

  double value(const Clause& made, std::size_t from, std::size_t to) const {
    double gain = 0;
    if (made.fits) {
      gain = made.ranked.front().score - step_cost;
      // A statement before a request is most likely what the request is about.
      const auto end = to < starts_.size() ? starts_[to].token : r_.tokens.size();
      const auto& head = r_.tokens[starts_[from].token].lower;
      const bool states = !made.imperative && !asks_plainly(from) && head != "look" && passive_verb(r_, starts_[from].token, end) == end;
      const bool asked_behind =
          to < starts_.size() && starts_[to].sentence && starts_[to].direct && starts_[main_of(from, to)].plainness() < 3;
      const bool statement = (states && starts_[from].sentence && to < starts_.size() && (starts_[to].imperative || asked_behind) &&
                              (!is_question_at(from, to) || !has_entities_at(to))) ||
                             (asked_behind && !is_question_at(from, to) && !adds(to));
      const bool own = stands_alone(made, from, to);
      if (own) return gain;
      if (statement && starts_[to].refers && !is_question_at(from, to)) gain = 0;
      // … and so it is behind one: "Rate them; they were slow", "What does it cost? I'm going to Canada."
      const bool explains =
          states && from > 0 && (starts_[from].sentence || tells_of_somebody(from)) && !is_question_at(from, to) && !adds(from);
      if (explains && (made.ranked.front().score < 0.75 || made.ranked.front().cover < 0.8)) gain = 0;
      if (statement && (made.ranked.front().score < 0.6 || made.ranked.front().cover < 0.8)) gain = 0;
      // Without a verb of its own it must name what it wants.
      if (!made.imperative && from > 0 && !starts_[from].sentence &&
          (made.ranked.front().cover < (starts_[from].asks ? 0.4 : 0.7) ||
           (!names_something(made) && !starts_[from].wishes && !starts_[from].asks)))
        gain = 0;
      const bool told = std::all_of(starts_.begin() + static_cast<std::ptrdiff_t>(from), starts_.begin() + static_cast<std::ptrdiff_t>(to),
                                    [](const Start& start) { return start.tells; });
      if (told) gain = 0;
      if (starts_[from].item && made.ranked.front().cover < 0.9) gain = 0;
      // "What's wrong there?" goes on with what was said before.
      if (from > 0 && to == from + 1 && starts_[from].sentence && is_question_at(from, to) && slight(from) && !has_entities_at(from))
        gain = 0;
    } else if (made.imperative && !(starts_.size() > 1 && to == from + 1 && slight(from))) {
      gain = unmet_value - step_cost;
    }
    if (starts_[from].refers) gain -= torn_reference;
    // "our health and | dental insurance": most likely one thing.
    if (made.fits && from > 0 && !made.imperative && !starts_[from].sentence && bare(from)) gain -= torn_noun;
    if (from > 0 && to > from + 1 && starts_[from + 1].imperative && counted_on(from)) gain -= torn_count;
    // "… is correct, please release it for payment"
    if (made.fits && from > 0 && to == from + 1 && !starts_[from].refers && !starts_[from].more && !starts_[from].asks && slight(from))
      gain -= swallowed_verb;
    for (std::size_t k = from + 1; k < to; ++k) {
      if (starts_[k].imperative && !starts_[k].refers && k != main_of(from, to) && (starts_[k].more || !slight(k))) gain -= swallowed_verb;
    }
    return gain;
  }

  /// "Ada is on leave from 1 to 5 May. Order desks.": what is told has all that a tool needs, and what is asked is another's.
  bool stands_alone(const Clause& made, std::size_t from, std::size_t to) const {
    const auto other = to < starts_.size() ? to : from - 1;
    if (to != from + 1 || starts_.size() < 2 || !starts_[from].sentence || !starts_[from].tells || !starts_[other].imperative) return false;
    if (starts_[other].refers || starts_[other].echo || slight(other)) return false;
    const auto& best = made.ranked.front();
    const auto asked = index_.rank(topic_of(r_, index_, starts_[other].token, end_of(other)));
    if (asked.empty() || asked.front().tool == best.tool || !fits(asked.front()) || best.score < told_score) return false;
    const auto& tool = catalogue_.tools[best.tool];
    const auto filled = fill(tool, r_, made.first, made.last, {.free_text = false});
    const auto shaped = std::ranges::count_if(tool.parameters, [&](const Parameter& parameter) {
      return parameter.required && parameter.want != Want::name && parameter.want != Want::text && parameter.want != Want::place;
    });
    return filled.missing.empty() && filled.loose.empty() && shaped >= 2;
  }

  /// "… and 3 monitors": goes on with what is counted, inside a sentence.
  bool counted_on(std::size_t start) const {
    if (starts_[start].sentence || starts_[start].plainness() != 1 || starts_[start].asks) return false;
    const auto token = behind_joint(r_, starts_[start].token);
    const auto* entity = token < r_.tokens.size() ? r_.entity_at(token) : nullptr;
    return entity != nullptr && entity->shape == Shape::number;
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
    return in_context(absorb(std::move(clauses), worth));
  }

  /// What is said around a request says what it is about: "The invoice is right. Please release it."
  std::vector<Clause> in_context(std::vector<Clause> clauses) const {
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      auto& own = clauses[i];
      const auto first = i == 0 ? starts_.front().token : own.first;
      if (first == own.first && own.core == own.last) continue;
      auto topic = own.topic;
      for (const auto& [from, to] : {std::pair{first, own.first}, std::pair{own.core, own.last}}) {
        if (from >= to) continue;
        add_context(topic, topic_of(r_, index_, from, to), context_weight);
      }
      auto ranked = index_.rank(topic);
      if (ranked.empty()) continue;
      if (ranked.size() > 8) ranked.resize(8);
      const bool convincing = convinces(topic, ranked);
      if (convincing) own.ranked = std::move(ranked);
      own.fits = own.fits || convincing;
      own.first = first;
    }
    return clauses;
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
      if ((!kept.empty() && repeats(clauses[i], kept.back())) || (!kept.empty() && continues(clauses[i], kept.back()))) {
        kept.back().last = clauses[i].last;
        continue;
      }
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
    std::set<std::size_t> telling;
    for (const auto& term : topic_of(r_, index_, made.first, made.last).terms) {
      if (!is_common(term.stem) && !(is_request_verb(term.stem) && r_.tokens[term.token].lower.ends_with("ed"))) telling.insert(term.token);
    }
    return telling.size() >= 2 || is_determiner(head) || counted(made);
  }

  /// The clause goes on with the arguments of the tool before it: "… with cost price 40 | and selling price 65".
  bool continues(const Clause& made, const Clause& before) const {
    if (made.imperative || !before.fits) return false;
    // "a mentor, the employee handbook": another tool has all of it.
    const auto& own = made.ranked.front();
    if (made.fits && own.phrase && own.cover > 0.9 && own.tool != before.ranked.front().tool && !has_entities(made)) return false;
    auto terms = topic_of(r_, index_, made.first, made.last).terms;
    std::erase_if(terms, [](const Term& term) { return term.weight < 0.5; });  // quoted: a value
    const auto announced = std::ranges::count_if(terms, [&](const Term& term) {
      return std::ranges::any_of(catalogue_.tools[before.ranked.front().tool].parameters, [&](const Parameter& parameter) {
        return std::ranges::find(parameter.cues, term.stem) != parameter.cues.end();
      });
    });
    return announced * 2 >= static_cast<std::ptrdiff_t>(terms.size()) && announced > 0;
  }

  /// The same tool again, and nothing else to do it with: "Start a promotion for the lamp: buy two, get one free."
  bool repeats(const Clause& made, const Clause& before) const {
    if (!before.fits || !made.fits || before.ranked.front().tool != made.ranked.front().tool) return false;
    const auto& tool = catalogue_.tools[made.ranked.front().tool];
    if (counted(made) && counted(before) && std::ranges::find(tool.parameters, Want::count, &Parameter::want) != tool.parameters.end())
      return false;
    if (says_with_other(made, before, tool)) return false;
    if (!made.imperative || !has_entities(made) || !has_entities(before) || behind_colon(made.first)) return true;
    static constexpr std::array<Want, 6> telling{Want::person, Want::party, Want::name, Want::code, Want::email, Want::list};
    const auto own = fill(tool, r_, made.first, made.last);
    return std::ranges::any_of(own.missing,
                               [](const Parameter* parameter) { return std::ranges::find(telling, parameter->want) != telling.end(); });
  }

  /// "Prepare rye dough, and prepare spelt dough.": the same verb again, with another thing.
  bool says_with_other(const Clause& made, const Clause& before, const Tool& tool) const {
    const auto verb = opening_verb(r_, made.first, made.last);
    const auto same = opening_verb(r_, before.first, before.last);
    if (verb >= made.last || same >= before.last || r_.tokens[verb].lower != r_.tokens[same].lower) return false;
    const auto own = fill(tool, r_, made.first, made.last, {.free_text = false});
    const auto other = fill(tool, r_, before.first, before.last, {.free_text = false});
    if (!own.missing.empty() || !own.loose.empty()) return false;
    return std::ranges::any_of(tool.parameters, [&](const Parameter& parameter) {
      return parameter.want == Want::name && other.arguments.contains(parameter.name) && own.arguments.contains(parameter.name) &&
             own.arguments[parameter.name] != other.arguments[parameter.name];
    });
  }

  bool behind_colon(std::size_t token) const {
    return token > 0 && r_.text.substr(r_.tokens[token - 1].end, r_.tokens[token].begin - r_.tokens[token - 1].end).contains(':');
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
  std::vector<Term> label_;
  std::vector<Start> starts_;
};

}  // namespace

bool fits(const Ranked& ranked) {
  if (!ranked.named || ranked.undone) return false;
  return (ranked.explained >= 0.7 && ranked.cover >= 0.33) || (ranked.score >= 0.4 && ranked.cover >= 0.42) ||
         (ranked.score >= 0.55 && ranked.cover >= 0.35 && ranked.things >= 2) || (ranked.phrase && ranked.score >= 0.36);
}

std::vector<Clause> clauses_of(const Reading& reading, const Index& index, const Catalogue& catalogue) {
  return Cutter(reading, index, catalogue).cut();
}

}  // namespace convoke::model
