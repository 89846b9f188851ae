// The index of a catalogue: words per field, phrases and neighbouring words. Made once for a catalogue, then only read.
#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "model/ranking.hpp"
#include "model/thesaurus.hpp"
#include "model/weights.hpp"
#include "model/words.hpp"

namespace convoke::model {

using namespace weights;

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

/// Nouns of deeds: "testing", "resolution", "payment".
bool is_deed(std::string_view word) {
  return word.ends_with("ing") || word.ends_with("tion") || word.ends_with("sion") || word.ends_with("ment");
}

}  // namespace

std::vector<std::string> name_stems(const Tool& tool) {
  auto words = identifier_words(tool.name);
  for (auto& word : words) {
    if (word == "it") word = "IT";
  }
  return content_stems(joined(words));
}

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
  add_pairs(catalogue);
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
  std::map<std::vector<std::string>, std::vector<std::size_t>> having;
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
        phrase.shares.push_back(verb              ? (is_light_verb(word) ? verb_share / 2 : verb_share)
                                : instance        ? instance_share
                                : is_common(word) ? common_share
                                                  : 1);
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
    for (const auto& synonym : catalogue.tools[i].synonyms) {
      auto stems = content_stems(synonym);
      add(stems, false);
      auto& tools = having[std::move(stems)];
      if (tools.empty() || tools.back() != i) tools.push_back(i);
    }
  }
  for (auto& [stems, tools] : having) {
    if (stems.size() >= 2 && tools.size() >= 3) shared_.emplace_back(stems, std::move(tools));
  }
}

std::vector<std::string> pairs_of(const std::vector<Token>& tokens, std::size_t first, std::size_t last) {
  std::vector<std::string> pairs;
  const Token* before = nullptr;
  for (std::size_t i = first; i < std::min(last, tokens.size()); ++i) {
    const auto& token = tokens[i];
    if (token.sentence_start) before = nullptr;
    if (is_determiner(token.lower)) continue;
    if (before != nullptr && (!is_stop_word(before->lower) || !is_stop_word(token.lower) || token.lower == "many" || token.lower == "much"))
      pairs.push_back(before->stem + " " + token.stem);
    before = &token;
  }
  return pairs;
}

void Index::add_pairs(const Catalogue& catalogue) {
  for (std::size_t i = 0; i < catalogue.tools.size(); ++i) {
    if (!entries_[i].listed) continue;
    const auto add = [&](std::string_view text) {
      const auto tokens = tokenize(text);
      for (auto& pair : pairs_of(tokens, 0, tokens.size())) {
        auto& tools = pairs_[std::move(pair)];
        if (tools.empty() || tools.back() != i) tools.push_back(i);
      }
    };
    add(joined(identifier_words(catalogue.tools[i].name)));
    add(catalogue.tools[i].description);
    for (const auto& synonym : catalogue.tools[i].synonyms) add(synonym);
  }
}

}  // namespace convoke::model
