#include "model/candidates.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "model/joints.hpp"
#include "model/thesaurus.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

using Names = std::initializer_list<std::string_view>;

bool one_of(std::string_view word, Names names) { return std::ranges::find(names, word) != names.end(); }

std::string written(const Reading& reading, std::size_t first, std::size_t last) {
  const auto begin = reading.tokens[first].begin;
  return reading.text.substr(begin, reading.tokens[last - 1].end - begin);
}

/// The word before the span that leads it in, where the phrase cutter has none for it (entities).
void find_lead(Candidate& candidate, const Reading& reading, std::size_t floor) {
  std::size_t i = candidate.first;
  candidate.lead_token = i;
  while (i > floor) {
    --i;
    const auto& word = reading.tokens[i].lower;
    if (i > floor && is_naming(reading, i - 1)) {
      candidate.lead = "called";
      candidate.lead_token = i - 1;
      return;
    }
    if (is_determiner(word) || word == "mr" || word == "mrs" || word == "ms" || word == "dr" || word == "new") continue;
    if (is_preposition(word) || is_announcing(word) || word == "is" || word == "are" || word == "until") {
      candidate.lead = word;
      candidate.lead_token = i;
    }
    return;
  }
}

std::vector<std::string> stems_of_name(const Tool& tool) {
  std::vector<std::string> stems;
  for (const auto& word : identifier_words(tool.name)) stems.push_back(stem(word));
  return stems;
}

/// The word announces a value of this tool; it is none itself.
bool announces(const Tool& tool, const std::string& stemmed) {
  return std::ranges::any_of(tool.parameters, [&](const Parameter& parameter) {
    return std::ranges::any_of(parameter.words, [&](const std::string& word) { return stem(word) == stemmed; }) ||
           (parameter.want == Want::text && std::ranges::find(parameter.cues, stemmed) != parameter.cues.end());
  });
}

bool switches(const Tool& tool, const std::string& stemmed) {
  return std::ranges::any_of(tool.parameters, [&](const Parameter& parameter) {
    return parameter.want == Want::flag && std::ranges::find(parameter.cues, stemmed) != parameter.cues.end();
  });
}

/// "e-mail" is one word.
std::string stem_at(const Reading& reading, std::size_t i, std::size_t first, std::size_t last) {
  const auto& word = reading.tokens[i].lower;
  const bool mail = (word == "e" && i + 1 < last && reading.tokens[i + 1].lower == "mail") ||
                    (word == "mail" && i > first && reading.tokens[i - 1].lower == "e");
  return mail ? stem("email") : reading.tokens[i].stem;
}

/// Where the last sentence begins that a verb opens: what stands before it was told, and is less likely what is to be dealt with.
std::size_t asked_from(const Reading& reading, std::size_t first, std::size_t last) {
  for (auto i = last; i-- > first + 1;) {
    if (!reading.tokens[i].sentence_start) continue;
    const bool lets = reading.tokens[i].lower == "let" && reading.tokens[i].possessive;
    if (lets || opening_verb(reading, i, last) < last) return i;
  }
  return first;
}

/// "the lamp unavailable": what a yes or no is asked for is no part of the name, nor a name.
void trim_switches(Candidate& candidate, const Tool& tool, const Reading& reading) {
  while (candidate.last > candidate.first && reading.entity_of[candidate.last - 1] == Reading::none &&
         switches(tool, reading.tokens[candidate.last - 1].stem))
    --candidate.last;
}

/// So many of it, for a tool that takes so many.
bool is_counted(const Phrase& phrase, const Candidate& candidate, const Reading& reading, std::size_t first) {
  if (!phrase.lead.empty()) return false;
  const auto* count = candidate.first > first ? reading.entity_at(candidate.first - 1) : nullptr;
  return phrase.measured || (count != nullptr && count->shape == Shape::number);
}

// "What could go wrong if …", "in line with …": no words for a thing.
bool is_everyday(const Reading& reading, std::size_t first, std::size_t last) {
  for (auto i = first; i < last; ++i)
    if (reading.entity_of[i] != Reading::none || !(is_common(reading.tokens[i].stem) || is_particle(reading.tokens[i].lower))) return false;
  return true;
}

void add_phrases(std::vector<Candidate>& found, const Tool& tool, const Reading& reading, std::size_t first, std::size_t last) {
  const auto own = stems_of_name(tool);
  const auto says_again = [&](std::size_t i) {
    return reading.entity_of[i] == Reading::none && std::ranges::find(own, stem_at(reading, i, first, last)) != own.end();
  };
  const auto asked = asked_from(reading, first, last);
  bool object_seen = false;
  std::size_t told_object = Reading::none;
  bool told_counted = false;
  bool counted_seen = false;
  const auto verb = opening_verb(reading, first, last);
  const bool counts = std::ranges::find(tool.parameters, Want::count, &Parameter::want) != tool.parameters.end();
  const bool people = std::ranges::any_of(
      tool.parameters, [](const Parameter& parameter) { return parameter.want == Want::person || parameter.want == Want::party; });
  for (const auto& phrase : phrases_of(reading, first, last)) {
    Candidate candidate{
        .first = phrase.first, .last = phrase.last, .value = {}, .lead = phrase.lead, .lead_token = phrase.lead_token, .modified = {}};
    std::string behind;
    while (candidate.last > candidate.first && says_again(candidate.last - 1)) behind = reading.tokens[--candidate.last].stem;
    while (candidate.last > candidate.first && says_again(candidate.first)) ++candidate.first;
    trim_switches(candidate, tool, reading);
    if (candidate.last == candidate.first) continue;
    // "Ask the neighbours for salt": whom one asks is not what one wants.
    const bool recipient = verb < last && one_of(reading.tokens[verb].lower, {"ask", "tell", "inform", "notify", "remind"});
    candidate.everyday = is_everyday(reading, candidate.first, candidate.last);
    const bool thing = phrase.lead.empty() && !candidate.everyday;
    const bool told = candidate.first < asked;
    const bool counted = counts && is_counted(phrase, candidate, reading, first);
    if (told && thing && (told_object == Reading::none || (counted && !told_counted))) {
      told_object = found.size();
      told_counted = counted;
    }
    candidate.object = !told && !recipient && thing && !std::exchange(object_seen, object_seen || thing);
    candidate.counted = !told && counted;
    counted_seen = counted_seen || candidate.counted;
    candidate.owned = candidate.first > first && one_of(reading.tokens[candidate.first - 1].lower, {"its", "their"});
    candidate.about = true;
    bool only_cues = true;
    for (std::size_t i = candidate.first; i < candidate.last && candidate.about; ++i) {
      candidate.about = reading.entity_of[i] == Reading::none &&
                        std::ranges::any_of(own, [&](const std::string& word) { return related(word, reading.tokens[i].stem); });
    }
    for (std::size_t i = candidate.first; i < candidate.last && only_cues; ++i)
      only_cues = reading.entity_of[i] == Reading::none && announces(tool, reading.tokens[i].stem);
    candidate.about = candidate.about || only_cues;
    candidate.value = written(reading, candidate.first, candidate.last);
    const auto* head = reading.entity_at(candidate.first);
    for (std::size_t i = candidate.first + 1; i < candidate.last; ++i) candidate.kind_stems.push_back(reading.tokens[i].stem);
    candidate.short_name = head != nullptr && head->shape == Shape::name && (head->person < 0.65 || !people) &&
                           (head->last == candidate.first + 1 || head->value.find(' ') == std::string::npos) && candidate.last > head->last;
    if (!behind.empty()) {
      candidate.kind = Candidate::Kind::modifier;
      candidate.modified = behind;
      candidate.whole = written(reading, candidate.first, phrase.last);
    }
    found.push_back(candidate);
    // The words before the last one, as a value that the last one announces: "the finance department".
    if (behind.empty() && candidate.last - candidate.first >= 2 && reading.entity_of[candidate.last - 1] == Reading::none) {
      candidate.kind = Candidate::Kind::modifier;
      --candidate.last;
      candidate.whole.clear();
      candidate.modified = reading.tokens[candidate.last].stem;
      candidate.value = written(reading, candidate.first, candidate.last);
      candidate.about = false;
      found.push_back(std::move(candidate));
    }
  }
  if (!object_seen && told_object != Reading::none) found[told_object].object = true;
  // "What would 20 chairs cost? Please get an offer."
  if (!counted_seen && told_counted) found[told_object].counted = true;
}

void add_tails(std::vector<Candidate>& found, const Reading& reading, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i + 1 < last; ++i) {
    const auto& word = reading.tokens[i].lower;
    const auto gap = std::string_view(reading.text).substr(reading.tokens[i].end, reading.tokens[i + 1].begin - reading.tokens[i].end);
    const bool colon = gap.find(':') != std::string_view::npos;
    if (!colon && ((!is_preposition(word) && !is_announcing(word)) || gap == "-")) continue;
    std::size_t from = i + 1;
    // "Announce that to …": "that" is what was said before.
    if (!colon && from + 1 < last && one_of(reading.tokens[from].lower, {"that"}) && is_preposition(reading.tokens[from + 1].lower))
      continue;
    if (!colon && word == "that" && is_preposition(reading.tokens[from].lower)) continue;
    if (!colon && from + 1 < last && one_of(reading.tokens[from].lower, {"of", "that", "to"})) ++from;
    // Of a thing the article goes, of a sentence it stays.
    const bool thing = one_of(word, {"about", "on", "for", "regarding", "concerning", "with", "to", "of", "into", "as"}) && !colon;
    const bool pointing = one_of(reading.tokens[from].lower, {"this", "these"});
    while (thing && from < last && is_determiner(reading.tokens[from].lower) && from + 1 < last &&
           !one_of(reading.tokens[from].lower, {"all", "every", "each"}))
      ++from;
    const auto stop = reading.text.find_first_of(".!?\n", reading.tokens[from].end);
    std::size_t to = from + 1;
    while (to < last && (reading.tokens[to].begin < stop ||
                         (reading.text[stop] == '.' && stop + 1 < reading.text.size() && reading.text[stop + 1] != ' ')))
      ++to;
    if (colon) to = last;
    // "note that in the list": "that" is what was told.
    if (word == "that" && is_preposition(reading.tokens[from].lower)) continue;
    const bool pronoun = (to == from + 1 && (is_stop_word(reading.tokens[from].lower) || (thing && pointing))) ||
                         (to == from + 3 && one_of(reading.tokens[to - 1].lower, {"that", "this", "it", "them"}));
    Candidate tail{.kind = Candidate::Kind::tail,
                   .first = from,
                   .last = to,
                   .value = written(reading, from, to),
                   .lead = colon ? ":" : word,
                   .lead_token = i,
                   .modified = {}};
    tail.pronoun = pronoun;
    found.push_back(std::move(tail));
  }
}

/// How the words before and behind the span announce this parameter.
double announced(const Parameter& parameter, const Candidate& candidate, const Reading& reading) {
  const auto cues = [&](std::string_view stemmed) {
    double best = 0;
    for (const auto& cue : parameter.cues) best = std::max(best, cue == stemmed ? 1.0 : related(cue, stemmed) ? 0.55 : 0.0);
    return best;
  };
  double best = 0;
  if (candidate.kind == Candidate::Kind::modifier &&
      std::ranges::any_of(parameter.words, [&](const std::string& word) { return stem(word) == candidate.modified; }))
    best = 0.6;
  if (!candidate.lead.empty()) best = std::max(best, 0.5 * cues(stem(candidate.lead)));
  if (std::ranges::find(parameter.leads, candidate.lead) != parameter.leads.end()) best = std::max(best, 0.2);
  std::size_t i = candidate.first;
  for (int step = 0; i > 0 && step < 5; ++step) {
    --i;
    const auto& token = reading.tokens[i];
    const auto gap = std::string_view(reading.text).substr(token.end, reading.tokens[i + 1].begin - token.end);
    // "the new episode, "…"": the quotation is the episode.
    const bool apposed = step == 0 && gap.starts_with(", ") && candidate.entity != nullptr && candidate.entity->shape == Shape::quoted;
    if (gap.find_first_of(".!?;,") != std::string_view::npos && !apposed) break;
    const bool opens = is_imperative(token.lower) &&
                       (token.sentence_start || i == 0 || one_of(reading.tokens[i - 1].lower, {"and", "please", "to", "then", "you"}));
    if (opens) break;
    // In "the old machine is worn" the machine is the thing itself and announces nothing.
    const bool told = candidate.lead == "is" || candidate.lead == "are" || candidate.lead == "was" || candidate.lead == "were";
    if (told && candidate.entity == nullptr && i > 0 && !is_stop_word(reading.tokens[i - 1].lower) &&
        cues(reading.tokens[i - 1].stem) == 0 && !is_imperative(reading.tokens[i - 1].lower))
      break;
    if (const double cue = cues(token.stem); cue > 0) {
      best = std::max(best, (0.65 - 0.05 * step) * cue);
      break;
    }
    const bool passes =
        is_determiner(token.lower) || (token.lower == "of" && parameter.want != Want::person && parameter.want != Want::party) ||
        one_of(token.lower, {"is", "as",   "to",    "name",    "named", "called", "titled", "number", "no", "id", "be",  "should",
                             "at", "type", "model", "address", "are",   "was",    "will",   "new",    "mr", "ms", "mrs", "dr"});
    if (!passes && reading.entity_of[i] == Reading::none) break;
    if (reading.entity_of[i] != Reading::none) break;
  }
  if (candidate.last < reading.tokens.size() && candidate.kind != Candidate::Kind::tail) {
    const auto gap =
        std::string_view(reading.text)
            .substr(reading.tokens[candidate.last - 1].end, reading.tokens[candidate.last].begin - reading.tokens[candidate.last - 1].end);
    // "aimed" announces what comes behind it, not what stands before.
    if ((gap == " " || gap == "-" || gap == "'s ") && !is_announcing(reading.tokens[candidate.last].lower)) {
      const auto& next = reading.tokens[candidate.last].stem;
      const bool named = std::ranges::any_of(parameter.words, [&](const std::string& word) { return stem(word) == next; });
      // Synonyms say what kind of thing a name is ("Figma, the app"); of a common noun the word is a part ("core switch").
      if (candidate.entity != nullptr || named) best = std::max(best, 0.5 * cues(next));
    }
  }
  // "Anna Bell, 555-1234, as the contact"
  const std::size_t reach = parameter.want == Want::person ? 8 : parameter.want == Want::party ? 1 : 0;
  for (i = candidate.last; i + 1 < reading.tokens.size() && i < candidate.last + reach; ++i) {
    if (reading.tokens[i].lower != "as") continue;
    for (std::size_t k = i + 1; k < std::min(reading.tokens.size(), i + 5); ++k) best = std::max(best, 0.6 * cues(reading.tokens[k].stem));
  }
  return best;
}

bool mentions(const Parameter& parameter, Names words) {
  return std::ranges::any_of(parameter.words, [&](const std::string& word) { return one_of(word, words); });
}

double as_date(const Parameter& parameter, const Candidate& c) {
  if (c.entity == nullptr || c.entity->shape != Shape::date) return 0;
  double score = c.entity->vague ? 0.8 : 1.0;
  const bool from = one_of(c.lead, {"from", "starting", "beginning", "since", "effective"});
  const bool to = one_of(c.lead, {"to", "until", "till", "through", "ending", "by"});
  if (mentions(parameter, {"end", "until", "to", "return", "due", "deadline", "finish"})) score += to ? 0.3 : from ? -0.3 : -0.05;
  if (mentions(parameter, {"start", "from", "begin"})) score += from ? 0.3 : to ? -0.3 : 0;
  return score;
}

double as_number(const Parameter& parameter, const Candidate& c) {
  if (c.entity == nullptr) return 0;
  const auto shape = c.entity->shape;
  switch (parameter.want) {
    case Want::money: return shape == Shape::money ? 1 : shape == Shape::number ? 0.5 : 0;
    case Want::percent: return shape == Shape::percent ? 1 : shape == Shape::number ? 0.5 : 0;
    default:
      return shape == Shape::number                             ? 0.85
             : shape == Shape::period && c.entity->number > 0   ? 0.4
             : shape == Shape::percent || shape == Shape::money ? 0.35
                                                                : 0;
  }
}

double as_party(const Candidate& c, bool person) {
  const bool beneficiary = one_of(c.lead, {"for", "to", "of", "with", "from", "by", "against", "at"});
  if (c.entity != nullptr) {
    if (c.entity->shape == Shape::quoted) return person ? 0.35 : 0.7;
    if (c.entity->shape != Shape::name) return 0;
    if (!person)
      return 0.8 + (beneficiary && c.lead != "from" ? 0.1 : 0) + (c.entity->company ? 0.1 : 0) - (c.entity->person >= 0.99 ? 0.1 : 0);
    return c.entity->person < 0.35 ? 0.1 : c.entity->person + (beneficiary ? 0.1 : 0);
  }
  if (person || c.kind == Candidate::Kind::tail || c.about) return 0;
  return beneficiary ? 0.4 : 0.25;
}

double as_code(const Candidate& c) {
  if (c.entity == nullptr) return 0;
  switch (c.entity->shape) {
    case Shape::code: return 1;
    case Shape::number: return 0.25 + (c.entity->number >= 100 ? 0.2 : 0);
    case Shape::quoted: return 0.5;
    case Shape::phone:
    case Shape::version: return 0.3;
    case Shape::name: return std::ranges::any_of(c.value, [](char ch) { return ch >= '0' && ch <= '9'; }) ? 0.4 : 0;
    default: return 0;
  }
}

/// A sentence rather than a name.
bool long_text(const Candidate& c) { return std::ranges::count(c.value, ' ') >= 4 || c.value.ends_with('.'); }

double as_name(const Candidate& c, const Parameter& parameter) {
  if (c.entity != nullptr) {
    switch (c.entity->shape) {
      case Shape::quoted: return mentions(parameter, {"title", "name", "subject"}) && !long_text(c) ? 0.95 : 0.6;
      case Shape::name:
        return 0.8 - 0.35 * c.entity->person + (one_of(c.lead, {"called", "named", "titled", "for", "of"}) ? 0.1 : 0) -
               (parameter.want == Want::name && (one_of(c.lead, {"from", "in", "at"}) || c.entity->country) ? 0.2 : 0);
      case Shape::code: return 0.4;
      case Shape::phone:
      case Shape::email:
      case Shape::date:
      case Shape::number: return mentions(parameter, {"value"}) ? 0.6 : 0;
      case Shape::url: return mentions(parameter, {"page", "site", "source"}) ? 0.7 : 0.2;
      case Shape::percent:
      case Shape::money:
      case Shape::period: return 0.15;
      default: return 0;
    }
  }
  if (c.kind == Candidate::Kind::tail) return one_of(c.lead, {"called", "named", "titled"}) ? 0.7 : 0;
  if (c.everyday) return 0.13;  // better than nothing
  double score = c.object ? 0.55 : 0.3;
  if (c.counted) score = 0.7;
  if (c.kind == Candidate::Kind::phrase && c.short_name)
    return c.only_kind(parameter) ? 0.6 : parameter.want == Want::name && c.lead == "in" ? 0.75 : 1.05;  // "in the Vienna branch"
  if (one_of(c.lead, {"for", "of", "about", "on", "called", "named", "titled", "into", "regarding", "as", "in", "to", "with"})) score = 0.5;
  if (one_of(c.lead, {"called", "named", "titled"})) score = 0.9;
  if (one_of(c.lead, {"because", "that", "which", "from", "by", "at"})) score = 0.25;
  if (c.kind == Candidate::Kind::modifier) score -= c.modified.empty() ? 0.25 : 0.05;
  // "vacation" says again what a leave tool is about, but is a type of leave.
  const bool kind = mentions(parameter, {"type", "kind", "category"});
  if (c.owned) score = std::min(score, 0.2);
  if (c.about) score = kind ? std::max(score, 0.5) : score - 0.35;
  return score;
}

/// "comply with RoHS": the name of what is to be kept to.
bool is_norm(const Candidate& c, const Parameter& parameter, const Reading& reading) {
  if (c.lead_token == 0 ||
      !one_of(reading.tokens[c.lead_token - 1].lower, {"comply", "complies", "compliant", "conform", "conforms", "conforming", "complying",
                                                       "according", "adhere", "adheres", "certified"}))
    return false;
  return (c.entity->shape == Shape::name || c.entity->shape == Shape::code) && c.entity->person < 0.65 &&
         one_of(c.lead, {"with", "to", "under"}) &&
         mentions(parameter, {"standard", "standards", "norm", "norms", "regulation", "regulations"});
}

double as_text(const Candidate& c, const Parameter& parameter, const Reading& reading) {
  if (c.pronoun) return 0;
  if (c.entity != nullptr && is_norm(c, parameter, reading)) return 0.85;
  if (c.entity != nullptr) return c.entity->shape == Shape::quoted ? (long_text(c) ? 1.15 : 0.95) : c.entity->shape == Shape::url ? 0.3 : 0;
  if (c.kind == Candidate::Kind::tail) {
    // A reason is what is wrong, or why; it is not what is to be said or done.
    if (one_of(c.lead, {"because", "due"}))
      return mentions(parameter, {"reason", "cause", "issue", "problem", "complaint", "incident", "situation", "risk"}) ? 0.75 : 0.2;
    if (one_of(c.lead, {"about", "regarding", "concerning", "saying", "stating", ":", "that", "announcing", "explaining", "describing",
                        "reading", "highlighting"}))
      return 0.75;
    return one_of(c.lead, {"on", "with", "for", "to", "as", "into", "including", "covering", "involving", "where"}) ? 0.2 : 0.1;
  }
  // Common nouns alone are too little, unless they are announced: the whole request says more.
  if (c.kind == Candidate::Kind::modifier) return 0;
  return c.about ? 0 : 0.15;
}

}  // namespace

std::vector<Candidate> candidates_of(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last) {
  std::vector<Candidate> found;
  for (const auto& entity : reading.entities) {
    if (entity.first < first || entity.last > last) continue;
    Candidate candidate{.kind = Candidate::Kind::entity,
                        .first = entity.first,
                        .last = entity.last,
                        .entity = &entity,
                        .value = entity.value,
                        .lead = {},
                        .modified = {}};
    find_lead(candidate, reading, first);
    found.push_back(std::move(candidate));
  }
  add_phrases(found, tool, reading, first, last);
  add_tails(found, reading, first, last);
  // "turn it into a press release": what the tool is called is not what it is to do it with.
  const auto own = stems_of_name(tool);
  std::erase_if(found, [&](const Candidate& tail) {
    if (tail.kind != Candidate::Kind::tail || tail.lead == ":") return false;
    for (auto i = tail.first; i < tail.last; ++i) {
      const bool says = !is_stop_word(reading.tokens[i].lower) && std::ranges::find(own, reading.tokens[i].stem) == own.end();
      if (says || reading.entity_of[i] != Reading::none) return false;
    }
    return true;
  });
  return found;
}

bool Candidate::only_kind(const Parameter& parameter) const {
  return std::ranges::all_of(
      kind_stems, [&](const std::string& stemmed) { return std::ranges::find(parameter.cues, stemmed) != parameter.cues.end(); });
}

bool Candidate::is_person() const { return entity != nullptr && entity->shape == Shape::name && entity->person >= 0.99; }

const std::string& Candidate::value_for(const Parameter& parameter) const {
  return !whole.empty() && mentions(parameter, {"group", "audience", "segment"}) ? whole : value;
}

double suitability(const Parameter& parameter, const Candidate& candidate, const Reading& reading) {
  double score = 0;
  switch (parameter.want) {
    case Want::person: score = as_party(candidate, true); break;
    case Want::party:
      score = as_party(candidate, false) - (candidate.entity != nullptr && names_thing(reading, *candidate.entity) ? 0.5 : 0);
      break;
    case Want::email: score = candidate.entity != nullptr && candidate.entity->shape == Shape::email ? 1 : 0; break;
    case Want::phone: score = candidate.entity != nullptr && candidate.entity->shape == Shape::phone ? 1 : 0; break;
    case Want::url: score = candidate.entity != nullptr && candidate.entity->shape == Shape::url ? 1 : 0; break;
    case Want::date: score = as_date(parameter, candidate); break;
    case Want::month:
      score = candidate.entity != nullptr && candidate.entity->shape == Shape::date ? (candidate.entity->vague ? 1 : 0.6) : 0;
      break;
    case Want::period:
      if (candidate.entity != nullptr)
        score = candidate.entity->shape == Shape::period ? 1
                : candidate.entity->shape == Shape::date ? (candidate.entity->vague ? 0.9 : 0.45)
                                                         : 0;
      break;
    case Want::money:
    case Want::percent:
    case Want::count: score = as_number(parameter, candidate); break;
    case Want::code: score = as_code(candidate); break;
    case Want::version:
      score = candidate.entity == nullptr                 ? 0
              : candidate.entity->shape == Shape::version ? 1
              : candidate.entity->shape == Shape::number  ? 0.6
              : candidate.entity->shape == Shape::code    ? 0.4
                                                          : 0;
      break;
    case Want::place: score = as_name(candidate, parameter) - 0.25 + (one_of(candidate.lead, {"in", "at"}) ? 0.45 : 0); break;
    case Want::name: score = as_name(candidate, parameter); break;
    case Want::text:
    case Want::query: score = as_text(candidate, parameter, reading); break;
    case Want::flag:
    case Want::choice:
    case Want::list: break;  // filled apart
  }
  if (score > 0 && candidate.about && (parameter.want == Want::name || parameter.want == Want::place)) return score;
  if (score <= 0) return 0;
  score += announced(parameter, candidate, reading);
  // "the article number JN-0042": of an article, and no name.
  const bool code = parameter.want == Want::name && candidate.entity != nullptr && candidate.entity->shape == Shape::code &&
                    candidate.first > 0 && one_of(reading.tokens[candidate.first - 1].lower, {"number", "no", "code", "id"});
  return code ? std::min(score, 0.6) : score;
}

}  // namespace convoke::model
