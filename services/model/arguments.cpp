#include "model/arguments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "model/candidates.hpp"
#include "model/listing.hpp"
#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr double good_enough = 0.33;
constexpr double weak_text = 0.72;   // of free text: announced by a preposition at most
constexpr double some_sense = 0.12;  // … for a required term that is not found otherwise

Json number_json(const Parameter& parameter, double value) {
  const bool whole = parameter.type == ValueType::number && value == std::floor(value) && std::abs(value) < 1e15;
  if (whole || parameter.type == ValueType::integer) return static_cast<std::int64_t>(std::llround(value));
  return value;
}

class Filler {
 public:
  Filler(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last, FillOptions options)
      : tool_(tool),
        r_(reading),
        first_(first),
        last_(std::min(last, reading.tokens.size())),
        options_(options),
        used_(reading.tokens.size(), false) {}

  Filled run() {
    said_by_name();
    examples();
    assign();
    for (const auto& parameter : tool_.parameters) {
      if (filled(parameter)) continue;
      if (parameter.want == Want::flag) flag(parameter);
      if (parameter.want == Want::choice) choice(parameter);
    }
    verb_as_action();
    if (options_.free_text) {
      single_article();
      free_text();
    }
    for (const auto& parameter : tool_.parameters) {
      if (filled(parameter)) continue;
      if (refused(parameter)) out_.refused.push_back(&parameter);
      if (refused(parameter) || (parameter.required && !parameter.has_default)) out_.missing.push_back(&parameter);
    }
    return std::move(out_);
  }

 private:
  bool filled(const Parameter& parameter) const { return out_.arguments.contains(parameter.name); }

  void use(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) used_[i] = true;
  }

  /// `employee_name: Jessica Smith` or `quantity = 3`, by the parameter's own name.
  void said_by_name() {
    for (const auto& parameter : tool_.parameters) {
      const auto at = name_at(parameter);
      if (at.second == 0) continue;
      const auto value = trim(std::string_view(r_.text).substr(at.second, value_end(at.second) - at.second));
      if (value.empty()) continue;
      set_from_text(parameter, value, at);
    }
  }

  /// A value that the parameter's own description gives: "annual ones", "revoke it" where the status may be "revoked".
  void examples() {
    for (const auto& parameter : tool_.parameters) {
      // Of free text they are only examples.
      const bool action = std::ranges::find(parameter.words, "action") != parameter.words.end();
      if (filled(parameter) || (parameter.want != Want::name && !action)) continue;
      std::size_t best = last_;
      for (const auto& example : parameter.examples) {
        const auto words = tokenize(example);
        for (std::size_t i = first_; i + words.size() <= std::min(last_, best); ++i) {
          bool same = true;
          for (std::size_t k = 0; k < words.size(); ++k)
            same = same && !used_[i + k] && r_.entity_of[i + k] == Reading::none && r_.tokens[i + k].stem == words[k].stem;
          if (!same) continue;
          best = i;
          out_.arguments[parameter.name] = example;
        }
      }
      if (best < last_) use(best, best + tokenize(out_.arguments[parameter.name].get<std::string>()).size());
      if (best == last_) example_of_verb(parameter);
    }
  }

  /// "Give Anna the right": where the status may be "granted" or "revoked", it is granted.
  void example_of_verb(const Parameter& parameter) {
    const auto verb = opening_verb(r_, first_, last_);
    if (verb >= last_) return;
    const std::string* meant = nullptr;
    for (const auto& example : parameter.examples) {
      const auto stems = content_stems(example);
      if (stems.size() != 1 || !is_request_verb(stems.front()) || !related(r_.tokens[verb].stem, stems.front())) continue;
      if (meant != nullptr) return;
      meant = &example;
    }
    if (meant != nullptr) out_.arguments[parameter.name] = *meant;
  }

  /// Bytes of the parameter's name and of what follows the sign behind it; (0, 0) when it does not stand there.
  std::pair<std::size_t, std::size_t> name_at(const Parameter& parameter, std::size_t from = 0) const {
    const auto lower = to_lower(r_.text);
    for (const auto& name : {to_lower(parameter.name), spaced(parameter.words)}) {
      if (const auto found = label_at(lower, name, from, false); found.second != 0) return found;
    }
    // "Subject: … Text: …", "…, title: …": by another word for it, where a part of the request begins.
    if (parameter.words.size() > 1) {
      if (const auto found = label_at(lower, parameter.words.back(), from, true); found.second != 0) return found;
    }
    for (const auto& name : parameter.synonyms) {
      if (is_stop_word(name)) continue;
      if (const auto found = label_at(lower, to_lower(name), from, true); found.second != 0) return found;
    }
    return {0, 0};
  }

  std::pair<std::size_t, std::size_t> label_at(const std::string& lower, const std::string& name, std::size_t from, bool opens) const {
    for (auto at = lower.find(name, from); at != std::string::npos; at = lower.find(name, at + 1)) {
      if (at > 0 && (std::isalnum(static_cast<unsigned char>(lower[at - 1])) != 0 || lower[at - 1] == '_')) continue;
      const auto before = at == 0 ? std::string::npos : lower.find_last_not_of(' ', at - 1);
      if (opens && (before == std::string::npos || std::string_view(".,;\n-!").find(lower[before]) == std::string_view::npos)) continue;
      auto sign = at + name.size();
      while (sign < lower.size() && lower[sign] == ' ') ++sign;
      if (sign < lower.size() && (lower[sign] == ':' || lower[sign] == '=') &&
          (first_ >= r_.tokens.size() || at >= r_.tokens[first_].begin))
        return {at, sign + 1};
    }
    return {0, 0};
  }

  std::size_t value_end(std::size_t from) const {
    auto end = r_.text.find_first_of(";)\n", from);
    if (end == std::string::npos) end = r_.text.size();
    for (const auto& other : tool_.parameters) {
      const auto at = name_at(other, from);
      if (at.second == 0 || at.first >= end) continue;
      const auto comma = r_.text.find_last_of(',', at.first);
      end = comma != std::string::npos && comma >= from ? comma : at.first;
    }
    return end;
  }

  void set_from_text(const Parameter& parameter, std::string value, std::pair<std::size_t, std::size_t> at) {
    for (const std::string_view polite : {", please", " please", ", thanks"}) {
      if (value.ends_with(polite)) value.resize(value.size() - polite.size());
    }
    while (value.ends_with('.') || value.ends_with(',')) value.pop_back();
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
      value = value.substr(1, value.size() - 2);
    const auto end = at.second + value.size() + 2;
    for (std::size_t i = 0; i < r_.tokens.size(); ++i) {
      if (r_.tokens[i].begin >= at.first && r_.tokens[i].begin < end) used_[i] = true;
    }
    if (parameter.type == ValueType::number || parameter.type == ValueType::integer) {
      const auto tokens = tokenize(value);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto number = number_at(value, tokens, i);
        if (!number) continue;
        const double signed_value = number->value * sign_before(value, tokens, tokens[i].begin);
        if (!countable(parameter, signed_value)) {
          refused_.push_back(&parameter);
        } else {
          out_.arguments[parameter.name] = number_json(parameter, signed_value);
        }
        return;
      }
    } else if (parameter.type == ValueType::boolean) {
      const auto lower = to_lower(value);
      out_.arguments[parameter.name] = lower == "true" || lower == "yes" || lower == "on";
    } else if (parameter.type == ValueType::array) {
      out_.arguments[parameter.name] = split_list(value);
    } else if (parameter.want == Want::date) {
      const auto* entity = date_in(at.second, end);
      out_.arguments[parameter.name] = entity != nullptr ? entity->value : value;
      if (entity != nullptr && entity->vague) out_.vague.push_back(&parameter);
    } else {
      out_.arguments[parameter.name] = value;
    }
  }

  const Entity* date_in(std::size_t begin, std::size_t end) const {
    const auto found = std::ranges::find_if(
        r_.entities, [&](const Entity& entity) { return entity.shape == Shape::date && entity.begin >= begin && entity.end <= end; });
    return found == r_.entities.end() ? nullptr : &*found;
  }

  struct Pair {
    double score;
    const Parameter* parameter;
    const Candidate* candidate;
    const Listing* listing;
    std::size_t order;
  };

  void assign() {
    const auto candidates = candidates_of(tool_, r_, first_, last_);
    const auto listings = listings_of(candidates, r_);
    std::vector<Pair> pairs;
    for (const auto& parameter : tool_.parameters) {
      if (filled(parameter) || refused(parameter)) continue;
      const auto rank = order_of(parameter);
      if (parameter.want == Want::list) {
        for (const auto& listing : listings) {
          if (!options_.phrases && !names_any(listing, r_)) continue;
          pairs.push_back({list_suitability(parameter, listing, candidates, r_), &parameter, nullptr, &listing, pairs.size()});
        }
      }
      std::array<std::size_t, 16> seen{};  // entities of each shape so far: the first date suits the first date parameter
      for (const auto& candidate : candidates) {
        if (!options_.phrases && candidate.entity == nullptr) continue;
        if (options_.elsewhere && parameter.want != Want::person && parameter.want != Want::party && candidate.is_person()) continue;
        double score = suitability(parameter, candidate, r_);
        if (score > 0 && parameter.want == Want::name && beneficiary(candidate)) score -= 0.4;
        if (score > 0 && parameter.want == Want::text && names_first(candidate)) score -= 0.4;
        if (candidate.entity != nullptr && score > 0) {
          const auto place = seen[static_cast<std::size_t>(candidate.entity->shape)]++;
          if (place == rank) score += 0.12;
          if (parameter.want == Want::person && (candidate.lead == "for" || candidate.lead == "of")) score += rank == 0 ? 0.15 : -0.1;
        }
        if (!parameter.required || parameter.has_default)
          score -= parameter.want == Want::name || parameter.want == Want::text || parameter.want == Want::place ? 0.4 : 0.05;
        pairs.push_back({score, &parameter, &candidate, nullptr, pairs.size()});
      }
    }
    std::ranges::sort(pairs, [](const Pair& left, const Pair& right) {
      return left.score != right.score ? left.score > right.score : left.order < right.order;
    });
    for (const auto& pair : pairs) {
      if (pair.score < some_sense) break;
      if (filled(*pair.parameter) || (pair.score < good_enough && !takes_anything(*pair.parameter))) continue;
      if (pair.candidate != nullptr && pair.candidate->entity != nullptr && free(*pair.candidate) &&
          !countable(*pair.parameter, pair.candidate->entity->number))
        refused_.push_back(pair.parameter);
      if (refused(*pair.parameter)) continue;
      if (pair.listing != nullptr) {
        take(*pair.parameter, *pair.listing);
      } else if (pair.candidate != nullptr && free(*pair.candidate) && !says_too_little(pair)) {
        take(*pair.parameter, *pair.candidate);
        if (pair.score < good_enough) out_.loose.push_back(pair.parameter);
      }
    }
  }

  /// "… about the Baby Monitor, people say that …": what it is about is a value of its own, where the tool has one for it.
  bool names_first(const Candidate& tail) const {
    if (tail.kind != Candidate::Kind::tail) return false;
    const auto* entity = r_.entity_at(tail.first);
    if (entity == nullptr || entity->shape != Shape::name || entity->last >= tail.last || r_.text[entity->end] != ',') return false;
    return std::ranges::any_of(tool_.parameters,
                               [](const Parameter& parameter) { return parameter.want == Want::name && parameter.required; });
  }

  /// "-5 laptops", "2.5 laptops", "0 laptops": nobody can have that, so it is asked for.
  static bool countable(const Parameter& parameter, double value) {
    if (parameter.type != ValueType::number && parameter.type != ValueType::integer) return true;
    return value >= parameter.least && (parameter.type == ValueType::number || value == std::floor(value));
  }

  bool refused(const Parameter& parameter) const { return std::ranges::find(refused_, &parameter) != refused_.end(); }

  /// "… from the old server | to the new one": of free text a piece that hardly anything announces says less than the whole clause.
  bool says_too_little(const Pair& pair) const {
    if (!options_.free_text || pair.parameter->want != Want::text || !pair.parameter->required) return false;
    if (pair.candidate->entity != nullptr) return false;
    // "the folder | with the tax returns": what goes on behind it belongs to it.
    static constexpr std::array<std::string_view, 4> goes_on{"with", "of", "about", "from"};
    const auto behind = pair.candidate->last;
    if (pair.candidate->kind == Candidate::Kind::phrase && pair.candidate->last == pair.candidate->first + 1 && behind + 1 < last_ &&
        std::ranges::find(goes_on, r_.tokens[behind].lower) != goes_on.end() && telling(behind + 1, last_) > 0)
      return true;
    if (pair.score >= weak_text) return false;
    if (pair.candidate->kind == Candidate::Kind::phrase && pair.candidate->last == pair.candidate->first + 1) return true;
    return telling(first_, pair.candidate->first) + telling(pair.candidate->last, last_) > 0;
  }

  /// Words of [first, last) that say more than the tool's name does and stand in no other argument.
  std::size_t telling(std::size_t first, std::size_t last) const {
    const auto verb = opening_verb(r_, first_, last_);
    const auto own = content_stems(spaced(identifier_words(tool_.name)));
    std::size_t count = 0;
    for (auto i = first; i < last; ++i) {
      const auto& token = r_.tokens[i];
      if (is_stop_word(token.lower) || used_[i] || i == verb || token.lower == "please") continue;
      if (std::ranges::find(own, token.stem) == own.end() || r_.entity_of[i] != Reading::none) ++count;
    }
    return count;
  }

  /// A term or text that is required: what is left over of the request is more likely it than nothing is.
  static bool takes_anything(const Parameter& parameter) {
    return parameter.required && !parameter.has_default &&
           (parameter.want == Want::name || parameter.want == Want::text || parameter.want == Want::place);
  }

  /// "… for Anna": whom it is done for is not what it is done with.
  static bool beneficiary(const Candidate& candidate) {
    return candidate.is_person() && (candidate.lead == "for" || candidate.lead == "to");
  }

  /// How many parameters of the same want come before it.
  std::size_t order_of(const Parameter& parameter) const {
    std::size_t before = 0;
    for (const auto& other : tool_.parameters) {
      if (&other == &parameter) return before;
      if (other.want == parameter.want) ++before;
    }
    return before;
  }

  bool free(const Candidate& candidate) const {
    const auto begin = used_.begin();
    const auto taken =
        std::count(begin + static_cast<std::ptrdiff_t>(candidate.first), begin + static_cast<std::ptrdiff_t>(candidate.last), true);
    // Free text may hold what others took, at its end at most half.
    if (candidate.kind == Candidate::Kind::tail)
      return !used_[candidate.first] && taken * 2 <= static_cast<std::ptrdiff_t>(candidate.last - candidate.first);
    return taken == 0;
  }

  void take(const Parameter& parameter, const Candidate& candidate) {
    const auto* entity = candidate.entity;
    if (entity != nullptr && (parameter.type == ValueType::number || parameter.type == ValueType::integer)) {
      out_.arguments[parameter.name] = number_json(parameter, entity->number);
    } else if (parameter.want == Want::month && entity != nullptr) {
      out_.arguments[parameter.name] = r_.text.substr(entity->begin, entity->end - entity->begin);
    } else if (parameter.want == Want::period && entity != nullptr) {
      out_.arguments[parameter.name] = r_.text.substr(entity->begin, entity->end - entity->begin);
    } else {
      out_.arguments[parameter.name] =
          candidate.kind == Candidate::Kind::tail ? without_used_end(candidate) : candidate.value_for(parameter);
    }
    if (parameter.want == Want::date && entity != nullptr && entity->vague) out_.vague.push_back(&parameter);
    static constexpr std::array<std::string_view, 6> topical{"about", "on", "for", "of", "regarding", "concerning"};
    if (candidate.kind == Candidate::Kind::tail && std::ranges::find(topical, candidate.lead) != topical.end())
      out_.topics.push_back(&parameter);
    use(candidate.first, candidate.last);
    if (parameter.want == Want::count && entity != nullptr) use_counted(parameter, entity->last);
  }

  /// "8 participants", "30 pieces": what the number is of, where the parameter's own name or a measure says it.
  void use_counted(const Parameter& parameter, std::size_t at) {
    if (at >= last_ || r_.entity_of[at] != Reading::none) return;
    if (at + 1 < last_ && r_.tokens[at + 1].begin == r_.tokens[at].end + 1 && !is_stop_word(r_.tokens[at + 1].lower)) return;
    if (is_measure(r_.tokens[at].lower) || std::ranges::find(parameter.cues, r_.tokens[at].stem) != parameter.cues.end() ||
        std::ranges::any_of(parameter.cues, [&](const std::string& cue) { return related(cue, r_.tokens[at].stem); }))
      use(at, at + 1);
  }

  /// A tail without what other parameters took from its end ("… on Friday"), and without the preposition before that.
  std::string without_used_end(const Candidate& tail) const {
    auto last = tail.last;
    bool cut = false;
    while (last > tail.first + 1 &&
           (used_[last - 1] || (cut && (is_preposition(r_.tokens[last - 1].lower) || is_determiner(r_.tokens[last - 1].lower))))) {
      cut = true;
      --last;
    }
    const auto begin = r_.tokens[tail.first].begin;
    return r_.text.substr(begin, r_.tokens[last - 1].end - begin);
  }

  void take(const Parameter& parameter, const Listing& listing) {
    // "… for the Spring campaign, Radio and Print": the first is another parameter's.
    auto items = std::span(listing.items);
    while (items.size() > 2 && !items.front()->lead.empty() && !free(*items.front())) items = items.subspan(1);
    if (!std::ranges::all_of(items, [&](const Candidate* item) { return free(*item); })) return;
    auto list = Json::array();
    for (const auto* item : items) {
      if ((parameter.items == ValueType::integer || parameter.items == ValueType::number) && item->entity != nullptr) {
        list.push_back(item->entity->number);
      } else {
        list.push_back(without_cue(parameter, *item));
      }
      use(item->first, item->last);
    }
    out_.arguments[parameter.name] = std::move(list);
  }

  /// "the keywords cloud, backup": the first word only announces.
  std::string without_cue(const Parameter& parameter, const Candidate& item) const {
    auto first = item.first;
    if (item.entity == nullptr && item.last > first + 1 && std::ranges::find(parameter.cues, r_.tokens[first].stem) != parameter.cues.end())
      ++first;
    if (first == item.first) return item.value;
    return r_.text.substr(r_.tokens[first].begin, r_.tokens[item.last - 1].end - r_.tokens[first].begin);
  }

  void flag(const Parameter& parameter) {
    static constexpr std::array<std::string_view, 18> no{"unavailable", "disable",      "disabled",   "off",         "false",  "no",
                                                         "not",         "inactive",     "deactivate", "deactivated", "out",    "stop",
                                                         "hide",        "discontinued", "without",    "remove",      "unlist", "suspend"};
    static constexpr std::array<std::string_view, 12> yes{"available", "enable",   "enabled",   "on",   "true", "yes",
                                                          "active",    "activate", "activated", "back", "with", "visible"};
    bool agreed = false;
    for (std::size_t i = first_; i < last_; ++i) {
      const auto& word = r_.tokens[i].lower;
      if (std::ranges::find(no, word) != no.end()) {
        out_.arguments[parameter.name] = false;
        return;
      }
      agreed = agreed || std::ranges::find(yes, word) != yes.end();
    }
    if (agreed) out_.arguments[parameter.name] = true;
  }

  void choice(const Parameter& parameter) {
    double best = 0;
    for (const auto& choice : parameter.choices) {
      const auto value = Json::parse(choice, nullptr, false);
      if (value.is_discarded()) continue;
      const double score = choice_match(value.is_string() ? value.get<std::string>() : choice, r_, first_, last_);
      if (score > best) {
        best = score;
        out_.arguments[parameter.name] = value;
      }
    }
  }

  /// "Cancel the subscription": for a tool that manages subscriptions, to cancel is the action.
  void verb_as_action() {
    const auto verb = opening_verb(r_, first_, last_);
    if (verb >= last_) return;
    for (const auto& parameter : tool_.parameters) {
      const bool action =
          std::ranges::any_of(parameter.words, [](const std::string& word) { return word == "action" || word == "operation"; });
      const auto own = identifier_words(tool_.name);
      if (filled(parameter) || !action || (!own.empty() && stem(own.front()) == r_.tokens[verb].stem)) continue;
      out_.arguments[parameter.name] = r_.tokens[verb].lower;
    }
  }

  /// "a laptop" is one.
  void single_article() {
    for (const auto& parameter : tool_.parameters) {
      if (filled(parameter) || refused(parameter) || parameter.want != Want::count || !parameter.required) continue;
      for (const auto& phrase : phrases_of(r_, first_, last_)) {
        if (!phrase.single || !phrase.lead.empty() || !used_[phrase.first] || filled(parameter)) continue;
        out_.arguments[parameter.name] = number_json(parameter, 1);
      }
    }
  }

  /// The request's own words for free text that nothing better was found for, if they say more than the tool's name.
  void free_text() {
    for (const auto& parameter : tool_.parameters) {
      if (filled(parameter) || !parameter.required || (parameter.want != Want::text && parameter.want != Want::query)) continue;
      auto from = opening_verb(r_, first_, last_);
      const bool verb = from < last_;
      if (!verb) from = first_;
      // "Ticket 20931 can be closed": a number or a code says enough.
      bool pointed = false;
      for (std::size_t i = from; i < last_; ++i) {
        const auto* entity = used_[i] ? nullptr : r_.entity_at(i);
        pointed = pointed || (entity != nullptr && entity->shape != Shape::date && (entity->shape != Shape::name || entity->person < 0.65));
      }
      if (telling(from, last_) < (parameter.want == Want::query || pointed ? 1U : 2U)) continue;
      const auto begin = r_.tokens[from].begin;
      out_.arguments[parameter.name] = trim(std::string_view(r_.text).substr(begin, r_.tokens[last_ - 1].end - begin));
      out_.loose.push_back(&parameter);
    }
  }

  static std::string spaced(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text.append(text.empty() ? "" : " ").append(word);
    return text;
  }

  const Tool& tool_;
  const Reading& r_;
  std::size_t first_;
  std::size_t last_;
  FillOptions options_;
  std::vector<bool> used_;
  std::vector<const Parameter*> refused_;  // a number was said for them that they cannot have
  Filled out_;
};

}  // namespace

Filled fill(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last, FillOptions options) {
  return Filler(tool, reading, first, last, options).run();
}

}  // namespace convoke::model
