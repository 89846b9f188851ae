#include "model/listing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

using Kind = Candidate::Kind;

bool overlaps(const Candidate& left, const Candidate& right) { return left.first < right.last && right.first < left.last; }

/// Whether only a comma, "and", "or" or an ampersand (and an article) stands between the two.
bool adjoins(const Candidate& left, const Candidate& right, const Reading& reading) {
  if (right.first < left.last) return false;
  for (std::size_t i = left.last; i < right.first; ++i) {
    const auto& word = reading.tokens[i].lower;
    if (word != "and" && word != "or" && !is_determiner(word)) return false;
  }
  const auto gap = std::string_view(reading.text)
                       .substr(reading.tokens[left.last - 1].end, reading.tokens[right.first].begin - reading.tokens[left.last - 1].end);
  if (gap.find_first_of(".;:!?\n(") != std::string_view::npos) return false;
  return gap.find(',') != std::string_view::npos || gap.find('&') != std::string_view::npos || gap.find("and") != std::string_view::npos ||
         gap.find("or ") != std::string_view::npos;
}

}  // namespace

std::vector<Listing> listings_of(const std::vector<Candidate>& candidates, const Reading& reading) {
  std::vector<const Candidate*>
      spans;  // phrases and entities in order; an entity that is part of a phrase is left to it, unless it is a quotation
  for (const auto& candidate : candidates) {
    if (candidate.kind == Kind::tail || (candidate.kind == Kind::modifier && candidate.modified.empty())) continue;
    const bool shorter = std::ranges::any_of(spans, [&](const Candidate* other) { return overlaps(*other, candidate); });
    if (candidate.kind == Kind::entity) {
      if (candidate.entity->shape != Shape::date && candidate.entity->shape != Shape::money) spans.push_back(&candidate);
    } else if (shorter) {
      // The phrase is the whole of it: "HP printers" rather than "HP".
      if (candidate.kind == Kind::phrase && candidate.last - candidate.first > 1) {
        std::erase_if(spans, [&](const Candidate* other) {
          return overlaps(*other, candidate) && other->entity != nullptr && other->entity->shape == Shape::name;
        });
        if (std::ranges::none_of(spans, [&](const Candidate* other) { return overlaps(*other, candidate); })) spans.push_back(&candidate);
      }
    } else {
      spans.push_back(&candidate);
    }
  }
  std::ranges::sort(spans, {}, &Candidate::first);
  std::vector<Listing> listings;
  for (const auto* span : spans) {
    if (!listings.empty() && adjoins(*listings.back().items.back(), *span, reading)) {
      listings.back().items.push_back(span);
    } else {
      listings.push_back({{span}});
    }
  }
  return listings;
}

bool names_any(const Listing& listing, const Reading& reading) {
  return std::ranges::any_of(listing.items, [&](const Candidate* item) {
    const auto begin = reading.entity_of.begin();
    return std::any_of(begin + static_cast<std::ptrdiff_t>(item->first), begin + static_cast<std::ptrdiff_t>(item->last),
                       [](std::size_t entity) { return entity != Reading::none; });
  });
}

double list_suitability(const Parameter& parameter, const Listing& listing, const std::vector<Candidate>&, const Reading& reading) {
  const auto& head = *listing.items.front();
  // What a text parameter of that name would make of the head; the head stands for all.
  Parameter single = parameter;
  single.want = Want::name;
  double score = suitability(single, head, reading);
  if (head.entity != nullptr && head.entity->shape == Shape::name) score = std::max(score, 0.5);
  if (head.entity != nullptr && (head.entity->shape == Shape::url || head.entity->shape == Shape::email)) score = std::max(score, 0.8);
  if (listing.items.size() > 1) score += 0.45;
  if (head.lead == "on" || head.lead == "using" || head.lead == "with" || head.lead == "including" || head.lead == ":") score += 0.15;
  return score;
}

nlohmann::ordered_json split_list(std::string_view text) {
  auto list = nlohmann::ordered_json::array();
  std::string item;
  const auto flush = [&] {
    auto value = trim(item);
    if (value.starts_with("and ")) value = value.substr(4);
    while (!value.empty() && (value.front() == '[' || value.front() == '"')) value.erase(0, 1);
    while (!value.empty() && (value.back() == ']' || value.back() == '"')) value.pop_back();
    if (!value.empty()) list.push_back(value);
    item.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      flush();
    } else if (text.substr(i).starts_with(" and ")) {
      flush();
      i += 4;
    } else {
      item += text[i];
    }
  }
  flush();
  return list;
}

double choice_match(std::string_view choice, const Reading& reading, std::size_t first, std::size_t last) {
  const auto spaced = identifier_words(choice);
  if (spaced.empty()) return 0;
  double sum = 0;
  for (const auto& word : spaced) {
    const auto stemmed = stem(word);
    double best = 0;
    for (std::size_t i = first; i < std::min(last, reading.tokens.size()); ++i) {
      if (reading.tokens[i].stem == stemmed) {
        best = 1;
      } else if (best < 0.6 && related(stemmed, reading.tokens[i].stem)) {
        best = 0.6;
      }
    }
    sum += best;
  }
  return sum / static_cast<double>(spaced.size());
}

}  // namespace convoke::model
