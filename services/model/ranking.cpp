#include "model/ranking.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "model/spelling.hpp"
#include "model/thesaurus.hpp"
#include "model/weights.hpp"
#include "model/words.hpp"

namespace convoke::model {

using namespace weights;

namespace {
/// Words for the same deed: related, or formed from one another (pay, payment).
bool same_deed(std::string_view left, std::string_view right) {
  // The stemmer turns a final y into i: pay is "pai", payment stays.
  const auto begins = [](std::string_view whole, std::string_view part) {
    return part.size() >= 3 && whole.starts_with(part.substr(0, part.size() - (part.back() == 'i' ? 1 : 0)));
  };
  return begins(left, right) || begins(right, left) || related(left, right);
}

/// The name says that the verb is done: by its own verb, or behind a light one ("process payment").
bool does(const std::vector<std::string>& words, std::string_view verb) {
  if (words.empty()) return false;
  return same_deed(words.front(), verb) || (words.size() > 1 && is_light_verb(words.front()) && same_deed(words[1], verb));
}

/// Takes so many of something.
bool counts(const Tool& tool) {
  const auto takes = [&](Want want) { return std::ranges::find(tool.parameters, want, &Parameter::want) != tool.parameters.end(); };
  return takes(Want::count) && takes(Want::name);
}

}  // namespace

void Index::score_pairs(std::vector<Ranked>& ranked, const Topic& topic) const {
  std::unordered_map<std::size_t, double> sums;
  for (const auto& pair : topic.pairs) {
    const auto found = pairs_.find(pair);
    if (found == pairs_.end()) continue;
    for (const auto tool : found->second) sums[tool] += idf_of(found->second.size()) / highest_idf_;
  }
  for (auto& entry : ranked) {
    const auto found = sums.find(entry.tool);
    if (found != sums.end()) entry.score += bigram_share * found->second / (found->second + bigram_half);
  }
}

double Index::idf_of(std::size_t documents) const {
  const auto n = static_cast<double>(catalogue_.tools.size());
  const auto d = static_cast<double>(documents);
  return documents == 0 ? 0 : std::log(1 + (n - d + 0.5) / (d + 0.5));
}

double Index::idf(std::string_view stemmed) const {
  const auto found = vocabulary_.find(std::string(stemmed));
  return found == vocabulary_.end() ? 0 : idf_of(postings_[found->second].size());
}

std::string Index::completed(std::string_view letters) const {
  const auto found = vocabulary_.find(std::string(letters));
  if (found != vocabulary_.end() && !postings_[found->second].empty()) return std::string(letters);
  if (letters.size() < 3) return {};
  std::size_t best = stems_.size();
  for (std::size_t i = 0; i < stems_.size(); ++i) {
    if (stems_[i].starts_with(letters) && (best == stems_.size() || postings_[i].size() > postings_[best].size())) best = i;
  }
  return best == stems_.size() ? std::string{} : stems_[best];
}

bool Index::has(std::size_t tool, std::string_view stemmed) const {
  const auto found = vocabulary_.find(std::string(stemmed));
  return found != vocabulary_.end() && std::ranges::find(postings_[found->second], tool, &Posting::tool) != postings_[found->second].end();
}

bool Index::opens_with(std::size_t tool, std::string_view stemmed) const {
  const auto found = vocabulary_.find(std::string(stemmed));
  return found != vocabulary_.end() && std::ranges::find(entries_[tool].actions, found->second) != entries_[tool].actions.end();
}

bool Index::related_deed(std::size_t tool, const Token& verb) const {
  return std::ranges::any_of(expand({verb.stem, verb.lower, 1, 0, true}), [&](const Match& match) {
    return std::ranges::find(entries_[tool].actions, match.term) != entries_[tool].actions.end();
  });
}

bool Index::is_about(std::size_t tool, const Term& term) const {
  const auto name = name_stems(catalogue_.tools[tool]);
  return std::ranges::any_of(expand(term), [&](const Match& match) {
    if (!name.empty() && name.size() > 1 && stems_[match.term] == name.front()) return false;
    return std::ranges::find(topical_[match.term], tool) != topical_[match.term].end() ||
           std::ranges::find(name, stems_[match.term]) != name.end();
  });
}

std::vector<std::size_t> Index::tools_about(std::string_view stemmed) const {
  std::set<std::size_t> tools;
  for (const auto& match : expand({std::string(stemmed), std::string(stemmed), 1, 0}))
    tools.insert(topical_[match.term].begin(), topical_[match.term].end());
  return {tools.begin(), tools.end()};
}

std::vector<Index::Match> Index::expand(const Term& term) const {
  std::vector<Match> matches;
  const auto add = [&](std::string_view stemmed, double weight) {
    const auto found = vocabulary_.find(std::string(stemmed));
    if (found == vocabulary_.end() || postings_[found->second].empty()) return;
    const auto same = std::ranges::find(matches, found->second, &Match::term);
    if (same == matches.end()) {
      matches.push_back({found->second, weight});
    } else {
      same->weight = std::max(same->weight, weight);
    }
  };
  add(term.stem, 1);
  // The forms that the stemmer keeps apart: pay and payment, available and unavailable.
  if (term.stem.ends_with("ment") && term.stem.size() > 6) {
    add(std::string_view(term.stem).substr(0, term.stem.size() - 4), related_weight);
    add(stem(std::string_view(term.lower).substr(0, term.lower.rfind("ment"))), related_weight);
  }
  add(stem(term.lower + "ment"), related_weight);
  if (term.stem.ends_with('i')) add(stem(term.stem.substr(0, term.stem.size() - 1) + "yment"), related_weight);  // employed, employment
  for (const std::string_view prefix : {"un", "re", "dis", "de"}) {
    if (term.stem.starts_with(prefix) && term.stem.size() >= prefix.size() + 4)
      add(std::string_view(term.stem).substr(prefix.size()), related_weight);
  }
  for (const auto group : groups_of(term.stem)) {
    for (const auto member : members_of(group)) {
      if (!term.verb || is_request_verb(member)) add(member, related_weight);
    }
  }
  if (!matches.empty()) return matches;
  // A compound that tools write as two words; some mean something else than their parts.
  static constexpr std::array<std::string_view, 6> wholes{"homework", "deadline", "breakfast", "cupboard", "newspaper", "handsome"};
  if (std::ranges::find(wholes, term.lower) != wholes.end()) return matches;
  for (std::size_t cut = 3; cut + 3 <= term.lower.size(); ++cut) {
    const auto left = stem(std::string_view(term.lower).substr(0, cut));
    const auto right = stem(std::string_view(term.lower).substr(cut));
    if (knows(left) && knows(right)) {
      add(left, misspelt_weight);
      add(right, misspelt_weight);
      return matches;
    }
  }
  // "sourdough" is a dough, whatever the first part is.
  for (std::size_t cut = 3; cut + 5 <= term.lower.size(); ++cut) {
    const auto head = stem(std::string_view(term.lower).substr(cut));
    if (!knows(head) || is_request_verb(head)) continue;
    add(head, misspelt_weight);
    if (!matches.empty()) return matches;
  }
  return misspelt(term.stem);
}

std::vector<Index::Match> Index::misspelt(std::string_view stemmed) const {
  std::vector<Match> matches;
  if (stemmed.size() < 5) return matches;
  for (std::size_t i = 0; i < stems_.size(); ++i) {
    if (postings_[i].empty()) continue;
    const double likeness = resemblance(stemmed, stems_[i]);
    if (likeness > 0) matches.push_back({i, misspelt_weight * likeness});
  }
  return matches;
}

/// "Revoke the access": one of its phrases opens with such a verb, or what it is to do is a value ("status: revoked").
bool Index::undoes(std::size_t tool, std::string_view verb) const {
  const auto undoing = [&](std::size_t term) { return is_undoing(stems_[term]) && related(stems_[term], verb); };
  const auto action = [](const Parameter& parameter) {
    return parameter.want == Want::flag ||
           std::ranges::any_of(parameter.words, [](const std::string& word) { return word.ends_with("action"); });
  };
  return std::ranges::any_of(entries_[tool].actions, undoing) || std::ranges::any_of(catalogue_.tools[tool].parameters, action);
}

/// What a verb of undoing asks for is for no tool that only does the contrary; one that undoes takes its place if it is as near.
void Index::mark_undone(std::vector<Ranked>& ranked, const Topic& topic) const {
  if (!is_undoing(topic.verb)) return;
  for (auto& entry : ranked) entry.undone = !undoes(entry.tool, topic.verb);
  const auto able = std::ranges::find(ranked, false, &Ranked::undone);
  if (able != ranked.end() && able->score > ranked.front().score - undoing_margin) std::rotate(ranked.begin(), able, able + 1);
}

std::vector<Ranked> Index::rank(const Topic& topic) const {
  std::vector<Ranked> ranked(catalogue_.tools.size());
  for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i].tool = i;
  std::vector<double> matched(stems_.size(), 0);  // per stem of the vocabulary: how well the request has it
  std::vector<double> agent(agents_.size(), 0);
  std::vector<double> gain(ranked.size());
  double whole = 0;
  for (const auto& term : topic.terms) {
    const auto matches = expand(term);
    std::ranges::fill(gain, 0.0);
    std::unordered_map<std::size_t, double> having;  // tool → how well it has the term
    for (const auto& match : matches) {
      matched[match.term] = std::max(matched[match.term], match.weight * term.weight);
      for (const auto& posting : postings_[match.term]) {
        auto& likeness = having[posting.tool];
        likeness = std::max(likeness, match.weight);
        const bool thing =
            term.verb && std::ranges::find(entries_[posting.tool].actions, match.term) == entries_[posting.tool].actions.end();
        gain[posting.tool] =
            std::max(gain[posting.tool], (thing ? verb_as_thing * match.weight : match.weight) * posting.frequency /
                                             (posting.frequency + k1) * (k1 + field_weight[in_name]) / field_weight[in_name]);
      }
    }
    const bool verb = is_request_verb(term.stem);
    const double weight = term.weight * (having.empty() ? (verb ? unknown_verb : unknown_share) * highest_idf_ : idf_of(having.size())) *
                          (verb ? 0.7 : 1.0) * (is_common(term.stem) ? common_share : 1.0);
    whole += weight;
    for (const auto& [tool, likeness] : having) {
      ranked[tool].explained += weight * std::min(gain[tool], 1.0);
      if (!term.verb) ranked[tool].named = true;
      if (!term.verb) ranked[tool].things += likeness;
    }
    for (std::size_t a = 0; a < agents_.size(); ++a) {
      if (const auto found = agents_[a].find(term.stem); found != agents_[a].end()) agent[a] += term.weight * found->second;
    }
  }
  for (auto& entry : ranked) entry.explained = whole > 0 ? entry.explained / whole : 0;
  const auto opening = std::ranges::find(topic.terms, true, &Term::verb);
  const auto verb_at = opening == topic.terms.end() ? vocabulary_.end() : vocabulary_.find(opening->stem);
  score_names(ranked, matched, verb_at == vocabulary_.end() ? Reading::none : verb_at->second);
  const double most = std::max(1.0, static_cast<double>(topic.terms.size()));
  for (auto& entry : ranked) {
    const auto& tool = catalogue_.tools[entry.tool];
    entry.score = explained_share * entry.explained + cover_share * entry.cover + fit_share * fit(topic, tool) +
                  agent_share * std::min(1.0, 3 * agent[tool.agent] / most) + (entry.phrase ? phrase_bonus : 0);
  }
  score_pairs(ranked, topic);
  score_verbs(ranked, topic);
  if (topic.question) score_questions(ranked, topic.told ? 2 * question_share : question_share);
  std::erase_if(ranked, [&](const Ranked& entry) { return !entries_[entry.tool].listed || (entry.explained == 0 && entry.cover == 0); });
  std::ranges::sort(ranked, [](const Ranked& left, const Ranked& right) {
    return left.score != right.score ? left.score > right.score : left.tool < right.tool;
  });
  mark_undone(ranked, topic);
  return ranked;
}

double Index::cover(const Phrase& phrase, const std::vector<double>& matched, std::size_t verb) const {
  double whole = 0;
  double covered = 0;
  for (std::size_t i = 0; i < phrase.terms.size(); ++i) {
    const auto term = phrase.terms[i];
    const double weight = std::max(idf_of(postings_[term].size()), 0.3) * phrase.shares[i];
    whole += weight;
    // "Order a desk" does not speak of an order.
    const bool thing = term == verb && i > 0;
    covered += weight * matched[term] * (thing ? verb_as_thing : 1);
  }
  return whole > 0 ? covered / whole : 0;
}

void Index::score_names(std::vector<Ranked>& ranked, const std::vector<double>& matched, std::size_t verb) const {
  for (auto& entry : ranked) {
    const auto& actions = entries_[entry.tool].actions;
    const auto noun = std::ranges::find(actions, verb) == actions.end() ? verb : Reading::none;  // of a deed it is no thing
    for (const auto& phrase : entries_[entry.tool].phrases) {
      double covered = cover(phrase, matched, noun);
      if (phrase.terms.size() == 1) {
        // One word says as much as it is rare.
        covered *=
            0.9 * phrase.shares.front() * std::min(1.0, idf_of(postings_[phrase.terms.front()].size()) / std::max(highest_idf_, 0.1));
      }
      const double telling = std::accumulate(phrase.shares.begin(), phrase.shares.end(), 0.0);
      if (!phrase.is_name && telling > told_phrase && covered > 0.95) entry.phrase = true;
      if (phrase.is_name) entry.name_cover = covered;
      entry.cover = std::max(entry.cover, phrase.is_name ? covered : covered * 0.97);
    }
  }
}

void Index::score_questions(std::vector<Ranked>& ranked, double share) const {
  static constexpr std::string_view telling[] = {"get",      "fetch",     "list",    "show",     "check",        "track",    "find",
                                                 "lookup",   "analyze",   "analyse", "monitor",  "verify",       "evaluate", "review",
                                                 "forecast", "calculate", "read",    "search",   "troubleshoot", "diagnose", "assess",
                                                 "measure",  "inspect",   "compare", "recommend"};
  for (auto& entry : ranked) {
    const auto words = identifier_words(catalogue_.tools[entry.tool].name);
    const bool tells = !words.empty() && (std::ranges::find(telling, words.front()) != std::end(telling) || words.back() == "research" ||
                                          words.back() == "analysis" || words.back() == "recommendations");
    entry.score += tells ? share : -share;
  }
}

void Index::score_verbs(std::vector<Ranked>& ranked, const Topic& topic) const {
  if (topic.verb.empty()) {
    for (auto& entry : ranked) entry.named = true;
    return;
  }
  std::vector<bool> has(catalogue_.tools.size(), false);
  bool anywhere = false;
  for (const auto& match : expand({topic.verb, topic.verb, 1, 0})) {
    for (const auto& posting : postings_[match.term]) {
      has[posting.tool] = true;
      anywhere = true;
    }
  }
  if (!anywhere) return;
  for (auto& entry : ranked) {
    const auto words = name_stems(catalogue_.tools[entry.tool]);
    const bool named = std::ranges::find(words, topic.verb) != words.end();
    entry.named = entry.named || named || does(words, topic.verb);
    const bool other = !words.empty() && is_request_verb(words.front()) && !is_light_verb(words.front());
    entry.deed = has[entry.tool] || named || does(words, topic.verb);
    // "You can sell it again": a deed that hardly any other tool has, and nothing else is said.
    entry.named = entry.named || (entry.deed && entry.cover >= 0.5 && (entry.explained >= 0.9 || topic.name));
    // "Pay them": for "process payment", too.
    const bool light = words.size() > 1 && is_light_verb(words.front()) && same_deed(words[1], topic.verb);
    if (named || light) entry.score += verb_match;
    if (topic.number && does(words, topic.verb) && counts(catalogue_.tools[entry.tool])) entry.score += counted_thing;
    if (!has[entry.tool]) entry.score -= other ? verb_mismatch : verb_mismatch / 2;
  }
}

double Index::fit(const Topic& topic, const Tool& tool) const {
  struct Kind {
    bool present;
    double has, lacks, misses;  // present and wanted; present, not wanted; required, not present
    std::initializer_list<Want> wants;
  };
  const double nobody = topic.everybody ? -0.6 : -0.15;
  const Kind kinds[] = {{topic.person, 0.35, -0.35, nobody, {Want::person}},
                        {topic.email, 0.5, -0.4, -0.15, {Want::email}},
                        {topic.phone, 0.5, -0.4, -0.3, {Want::phone}},
                        {topic.date, 0.35, -0.2, -0.15, {Want::date, Want::month}},
                        {topic.money, 0.45, -0.35, -0.2, {Want::money}},
                        {topic.percent, 0.6, -0.4, -0.25, {Want::percent}},
                        {topic.number, 0.25, -0.15, -0.1, {Want::count, Want::money, Want::percent, Want::code, Want::period}},
                        {topic.code, 0.45, -0.2, -0.2, {Want::code}},
                        {topic.people >= 2, 0.4, -0.05, 0, {Want::list}},
                        {topic.thing, 0.2, -0.2, 0, {Want::name, Want::text, Want::list, Want::place}},
                        {topic.name, 0.1, -0.05, 0, {Want::name, Want::party, Want::place, Want::list, Want::text, Want::person}}};
  double sum = 0;
  for (const auto& kind : kinds) {
    bool wanted = false;
    bool required = false;
    for (const auto& parameter : tool.parameters) {
      const bool fits = std::ranges::find(kind.wants, parameter.want) != kind.wants.end();
      wanted = wanted || fits || (kind.present && kind.wants.begin()[0] == Want::person && parameter.want == Want::party);
      required = required || (fits && parameter.required && !parameter.has_default);
    }
    if (kind.present) {
      sum += wanted ? kind.has : kind.lacks;
    } else if (required) {
      const auto want = kind.wants.begin()[0];
      const bool figure = want == Want::money || want == Want::percent;
      sum += kind.misses * (topic.question && figure ? 3 : 1);  // who asks for a figure gives none
    }
  }
  return std::clamp(sum, -1.0, 1.0);
}

}  // namespace convoke::model
