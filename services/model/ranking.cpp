#include "model/ranking.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "model/spelling.hpp"
#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

// Robertson's BM25F with the usual constants; weights and length normalisation per field.
constexpr double k1 = 1.2;
enum Field : std::size_t { in_name, in_synonyms, in_description, in_parameters, fields };
constexpr std::array<double, fields> field_weight{3.0, 2.2, 1.0, 0.5};
constexpr std::array<double, fields> length_share{0.3, 0.1, 0.5, 0.6};

constexpr double related_weight = 0.7;
constexpr double misspelt_weight = 0.6;
constexpr double verb_share = 0.55;      // of a name's cover: verbs are said in many ways
constexpr double unknown_share = 0.3;    // of a word that no tool has: it is most likely a value
constexpr double unknown_verb = 0.12;    // of a verb that no tool has
constexpr double instance_share = 0.35;  // of a name's word that a parameter names: the request may give the thing itself instead

constexpr double explained_share = 0.46;
constexpr double cover_share = 0.42;
constexpr double fit_share = 0.12;
constexpr double agent_share = 0.05;
constexpr double phrase_bonus = 0.05;
constexpr double verb_as_thing = 0.5;
constexpr double question_share = 0.06;  // a question wants a tool that tells, not one that does
constexpr double verb_match = 0.06;      // the request's verb is in the tool's name …
constexpr double verb_mismatch = 0.08;   // … or the tool has another one, and does not know the request's at all
constexpr double counted_thing = 0.12;   // "order 12 desks": whatever the things are, the deed and the count are the tool's

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::vector<std::string> name_stems(const Tool& tool) { return content_stems(joined(identifier_words(tool.name))); }

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

/// Nouns of deeds: "testing", "resolution", "payment".
bool is_deed(std::string_view word) {
  return word.ends_with("ing") || word.ends_with("tion") || word.ends_with("sion") || word.ends_with("ment");
}

}  // namespace

std::size_t Index::intern(std::string_view stemmed) {
  const auto [at, fresh] = vocabulary_.try_emplace(std::string(stemmed), stems_.size());
  if (fresh) {
    stems_.emplace_back(stemmed);
    postings_.emplace_back();
    topical_.emplace_back();
  }
  return at->second;
}

Index::Index(const Catalogue& catalogue) : catalogue_(catalogue), entries_(catalogue.tools.size()) {
  for (std::size_t i = 0; i < catalogue.tools.size(); ++i) {
    entries_[i].listed = catalogue.agents[catalogue.tools[i].agent].kind == AgentKind::specialist;
  }
  count_fields(catalogue);
  add_phrases(catalogue);
  for (const auto& postings : postings_) highest_idf_ = std::max(highest_idf_, idf_of(postings.size()));
  for (const auto& agent : catalogue.agents) {
    auto& words = agents_.emplace_back();
    for (auto& stemmed : content_stems(agent.description)) words[std::move(stemmed)] = 1;
    for (auto& stemmed : content_stems(joined(identifier_words(agent.name)))) words[std::move(stemmed)] = 1.5;
  }
}

void Index::count_fields(const Catalogue& catalogue) {
  std::vector<std::array<std::vector<std::string>, fields>> texts(catalogue.tools.size());
  std::array<double, fields> average{};
  for (std::size_t i = 0; i < catalogue.tools.size(); ++i) {
    const auto& tool = catalogue.tools[i];
    if (!entries_[i].listed) continue;
    texts[i][in_name] = name_stems(tool);
    for (const auto& synonym : tool.synonyms) std::ranges::move(content_stems(synonym), std::back_inserter(texts[i][in_synonyms]));
    texts[i][in_description] = content_stems(tool.description);
    for (const auto& parameter : tool.parameters) {
      for (const auto& word : parameter.words) {
        if (!is_stop_word(word) && word != "name" && word != "details") texts[i][in_parameters].push_back(stem(word));
      }
      for (const auto& synonym : parameter.synonyms) std::ranges::move(content_stems(synonym), std::back_inserter(texts[i][in_parameters]));
    }
    for (std::size_t f = 0; f < fields; ++f) average[f] += static_cast<double>(texts[i][f].size());
  }
  for (auto& length : average) length = std::max(length / static_cast<double>(std::max<std::size_t>(catalogue.tools.size(), 1)), 1.0);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::unordered_map<std::size_t, double> frequency;
    for (std::size_t f = 0; f < fields; ++f) {
      const double norm = 1 - length_share[f] + length_share[f] * static_cast<double>(texts[i][f].size()) / average[f];
      for (const auto& word : texts[i][f]) {
        const auto term = intern(word);
        frequency[term] += field_weight[f] / norm;
        if (f == in_synonyms || f == in_description) topical_[term].push_back(i);
      }
    }
    for (const auto& [term, weight] : frequency) postings_[term].push_back({i, weight});
  }
  for (auto& tools : topical_) tools.erase(std::unique(tools.begin(), tools.end()), tools.end());
}

void Index::add_phrases(const Catalogue& catalogue) {
  for (std::size_t i = 0; i < catalogue.tools.size(); ++i) {
    if (!entries_[i].listed) continue;
    const auto add = [&](const std::vector<std::string>& words, bool is_name) {
      Phrase phrase{.terms = {}, .is_name = is_name};
      for (const auto& word : words) {
        phrase.terms.push_back(intern(word));
        const bool verb = phrase.terms.size() == 1 && words.size() > 1 && is_request_verb(word);
        const bool instance = is_name && !verb && std::ranges::any_of(catalogue.tools[i].parameters, [&](const Parameter& parameter) {
                                return (parameter.want == Want::name || parameter.want == Want::party || parameter.want == Want::person) &&
                                       parameter.words.size() > 1 && stem(parameter.words.front()) == word;
                              });
        phrase.shares.push_back(verb ? (is_light_verb(word) ? verb_share / 2 : verb_share) : instance ? instance_share : 1);
      }
      if (phrase.terms.empty()) return;
      // "Handle a return": the return is what is done.
      // A synonym such as "order status" does not make "order" what a tool does that tracks orders.
      const auto own = name_stems(catalogue.tools[i]);
      const bool thing = !is_name && std::find(own.begin() + (own.empty() ? 0 : 1), own.end(), words.front()) != own.end();
      if (!thing) entries_[i].actions.push_back(phrase.terms.front());
      if (is_light_verb(words.front()) && words.size() > 1) entries_[i].actions.push_back(phrase.terms[1]);
      if (is_name) {
        for (const auto& word : identifier_words(catalogue.tools[i].name)) {
          if (is_deed(word)) entries_[i].actions.push_back(intern(stem(word)));
        }
      }
      entries_[i].phrases.push_back(std::move(phrase));
    };
    add(name_stems(catalogue.tools[i]), true);
    for (const auto& synonym : catalogue.tools[i].synonyms) add(content_stems(synonym), false);
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
  // A compound that tools write as two words.
  for (std::size_t cut = 3; cut + 3 <= term.lower.size(); ++cut) {
    const auto left = stem(std::string_view(term.lower).substr(0, cut));
    const auto right = stem(std::string_view(term.lower).substr(cut));
    if (knows(left) && knows(right)) {
      add(left, misspelt_weight);
      add(right, misspelt_weight);
      return matches;
    }
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
    const double weight =
        term.weight * (having.empty() ? (verb ? unknown_verb : unknown_share) * highest_idf_ : idf_of(having.size())) * (verb ? 0.7 : 1.0);
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
  score_verbs(ranked, topic);
  if (topic.question) score_questions(ranked, topic.told ? 2 * question_share : question_share);
  std::erase_if(ranked, [&](const Ranked& entry) { return !entries_[entry.tool].listed || (entry.explained == 0 && entry.cover == 0); });
  std::ranges::sort(ranked, [](const Ranked& left, const Ranked& right) {
    return left.score != right.score ? left.score > right.score : left.tool < right.tool;
  });
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
        covered *= 0.9 * std::min(1.0, idf_of(postings_[phrase.terms.front()].size()) / std::max(highest_idf_, 0.1));
      }
      if (!phrase.is_name && phrase.terms.size() > 1 && covered > 0.95) entry.phrase = true;
      if (phrase.is_name) entry.name_cover = covered;
      entry.cover = std::max(entry.cover, phrase.is_name ? covered : covered * 0.97);
    }
  }
}

void Index::score_questions(std::vector<Ranked>& ranked, double share) const {
  static constexpr std::string_view telling[] = {"get",      "fetch",     "list",    "show",    "check",        "track",    "find",
                                                 "lookup",   "analyze",   "analyse", "monitor", "verify",       "evaluate", "review",
                                                 "forecast", "calculate", "read",    "search",  "troubleshoot", "diagnose"};
  for (auto& entry : ranked) {
    const auto words = identifier_words(catalogue_.tools[entry.tool].name);
    const bool tells = !words.empty() && std::ranges::find(telling, words.front()) != std::end(telling);
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
    if (named) entry.score += verb_match;
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
  const Kind kinds[] = {{topic.person, 0.35, -0.35, -0.15, {Want::person}},
                        {topic.email, 0.5, -0.4, -0.15, {Want::email}},
                        {topic.phone, 0.5, -0.4, -0.3, {Want::phone}},
                        {topic.date, 0.35, -0.2, -0.15, {Want::date, Want::month}},
                        {topic.money, 0.45, -0.35, -0.2, {Want::money}},
                        {topic.percent, 0.6, -0.4, -0.25, {Want::percent}},
                        {topic.number, 0.25, -0.15, -0.1, {Want::count, Want::money, Want::percent, Want::code, Want::period}},
                        {topic.code, 0.45, -0.2, -0.2, {Want::code}},
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
      sum += kind.misses;
    }
  }
  return std::clamp(sum, -1.0, 1.0);
}

}  // namespace convoke::model
