#include "model/subjects.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {

std::vector<std::size_t> all_for_newcomer(const Index& index, const Reading& r, std::size_t first, std::size_t last) {
  static constexpr std::array<std::string_view, 7> wholes{"everything", "anything", "whatever", "complete", "entire", "whole", "full"};
  const auto person = [](std::string_view stemmed) { return related(stemmed, stem("employee")); };
  // What the tools call it themselves: a synonym that they share and that speaks of an employee.
  const auto& shared = index.shared_synonyms();
  const auto subject = std::ranges::find_if(shared, [&](const auto& entry) { return std::ranges::any_of(entry.first, person); });
  if (subject == shared.end()) return {};
  bool whole = false;
  bool fresh = false;
  bool comes = false;
  bool staff = false;
  for (std::size_t i = first; i < last; ++i) {
    const auto& word = r.tokens[i].lower;
    const bool one = person(r.tokens[i].stem);
    whole = whole || std::ranges::find(wholes, word) != wholes.end();
    staff = staff || one;
    fresh = fresh || (one && i > 0 && (r.tokens[i - 1].lower == "new" || (i > 1 && r.tokens[i - 2].lower == "new")));
    comes = comes || word == "joins" || word == "joining" || word == "starts" ||
            std::ranges::any_of(subject->first, [&](const std::string& own) { return !person(own) && related(r.tokens[i].stem, own); });
  }
  return whole && (fresh || (staff && comes)) ? subject->second : std::vector<std::size_t>{};
}

std::vector<std::size_t> belonging(const Index& index, const std::string& stemmed) {
  std::vector<std::size_t> tools;
  std::map<std::vector<std::string>, std::vector<std::size_t>> shared;
  const auto has = [&](const std::vector<std::string>& stems) { return std::ranges::find(stems, stemmed) != stems.end(); };
  for (const auto tool : index.tools_about(stemmed)) {
    if (has(content_stems(index.catalogue().tools[tool].description))) tools.push_back(tool);
    for (const auto& synonym : index.catalogue().tools[tool].synonyms) {
      auto stems = content_stems(synonym);
      if (has(stems)) shared[std::move(stems)].push_back(tool);
    }
  }
  for (const auto& [synonym, having] : shared) {
    if (having.size() >= 3) tools.insert(tools.end(), having.begin(), having.end());
  }
  std::ranges::sort(tools);
  tools.erase(std::unique(tools.begin(), tools.end()), tools.end());
  return tools;
}

std::vector<std::size_t> shared_subject(const Index& index, const Topic& topic) {
  for (const auto& [stems, having] : index.shared_synonyms()) {
    // A person who is named need not be called an employee, too; the rest is said in these very words.
    const bool said = std::ranges::all_of(stems, [&](const std::string& stemmed) {
      return std::ranges::find(topic.terms, stemmed, &Term::stem) != topic.terms.end() || (topic.person && stemmed == stem("employee"));
    });
    if (said) return having;
  }
  return {};
}

bool is_named(const Catalogue& catalogue, const std::string& stemmed) {
  return std::ranges::any_of(catalogue.tools, [&](const Tool& tool) {
    const auto words = identifier_words(tool.name);
    return std::ranges::any_of(words, [&](const std::string& word) {
      const auto other = stem(word);
      return other == stemmed || (other.size() > 2 && stemmed.starts_with(other)) || (stemmed.size() > 2 && other.starts_with(stemmed));
    });
  });
}

}  // namespace convoke::model
