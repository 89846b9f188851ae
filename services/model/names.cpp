#include "model/names.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "model/thesaurus.hpp"

namespace convoke::model {
namespace {

using Words = std::unordered_set<std::string_view>;

const Words& titles() {
  static const Words words{"mr", "mrs", "ms", "miss", "dr", "prof", "professor", "sir", "madam"};
  return words;
}

const Words& company_words() {
  static const Words words{"inc",       "ltd",        "corp",         "corporation",   "gmbh",       "llc",         "co",
                           "company",   "group",      "systems",      "solutions",     "supplies",   "supply",      "logistics",
                           "traders",   "industries", "partners",     "bank",          "holdings",   "limited",     "plc",
                           "ag",        "labs",       "technologies", "tech",          "software",   "media",       "studio",
                           "studios",   "consulting", "services",     "foundation",    "university", "electronics", "office",
                           "furniture", "shop",       "store",        "international", "global"};
  return words;
}

/// What a person is called at work: "our colleague X", "a new employee, X".
const Words& person_nouns() {
  static const Words words{"employee", "colleague", "coworker", "hire", "starter",   "joiner",     "newcomer", "candidate", "applicant",
                           "intern",   "trainee",   "manager",  "boss", "assistant", "husband",    "wife",     "brother",   "sister",
                           "mother",   "father",    "daughter", "son",  "friend",    "accountant", "designer", "engineer",  "developer"};
  return words;
}

/// First names that are everyday words: names only before a surname.
const Words& worldly_names() {
  static const Words words{"mark",   "will",  "grace",  "bill",  "rob",   "sue",   "pat",   "frank", "jack",  "rose", "hope",
                           "faith",  "joy",   "dean",   "chase", "grant", "max",   "art",   "ray",   "miles", "drew", "skip",
                           "penny",  "ruby",  "ivy",    "holly", "dawn",  "guy",   "cliff", "lance", "nick",  "rich", "ward",
                           "chip",   "olive", "pearl",  "amber", "jade",  "lily",  "daisy", "poppy", "robin", "may",  "al",
                           "chance", "bo",    "hunter", "page",  "heath", "carol", "clay",  "reed"};
  return words;
}

/// Where something is from: by itself the name of nothing.
const Words& origins() {
  static const Words words{"american",  "australian", "austrian",   "belgian", "brazilian", "british",  "canadian", "chinese",
                           "czech",     "danish",     "dutch",      "english", "european",  "finnish",  "french",   "german",
                           "greek",     "hungarian",  "indian",     "irish",   "italian",   "japanese", "korean",   "mexican",
                           "norwegian", "polish",     "portuguese", "russian", "scottish",  "spanish",  "swedish",  "swiss",
                           "taiwanese", "turkish",    "ukrainian",  "welsh",   "african",   "asian"};
  return words;
}

const Words& countries() {
  static const Words words{"argentina", "australia", "austria",  "belgium",     "brazil",  "bulgaria", "canada",      "chile",
                           "china",     "colombia",  "croatia",  "czechia",     "denmark", "egypt",    "england",     "estonia",
                           "finland",   "france",    "germany",  "ghana",       "greece",  "hungary",  "iceland",     "india",
                           "indonesia", "ireland",   "israel",   "italy",       "japan",   "kenya",    "korea",       "latvia",
                           "lithuania", "malaysia",  "malta",    "mexico",      "morocco", "nepal",    "netherlands", "nigeria",
                           "norway",    "pakistan",  "peru",     "philippines", "poland",  "portugal", "romania",     "scotland",
                           "serbia",    "singapore", "slovakia", "slovenia",    "spain",   "sweden",   "switzerland", "taiwan",
                           "thailand",  "tunisia",   "turkey",   "ukraine",     "usa",     "vietnam",  "wales"};
  return words;
}

/// What stands behind the person that a sentence begins with: "Mark Stone forgot …".
bool tells_of_person(const Token& token) {
  static const Words words{"has",   "is",   "was",    "had",    "forgot", "needs", "need", "wants", "can",  "cannot",
                           "could", "will", "would",  "lost",   "left",   "got",   "and",  "joins", "asks", "says",
                           "does",  "did",  "who",    "starts", "leaves", "keeps", "gets", "isn",   "hasn", "doesn",
                           "didn",  "wasn", "couldn", "won",    "goes",   "went",  "began"};
  return words.contains(token.lower) || (token.lower.size() > 4 && token.lower.ends_with("ed"));
}

class Finder {
 public:
  Finder(std::string_view text, const std::vector<Token>& tokens, std::vector<bool> used,
         const std::function<bool(std::string_view)>& known)
      : text_(text), tokens_(tokens), used_(std::move(used)), known_(known) {
    std::size_t capitals = 0;
    for (const auto& token : tokens_) capitals += token.capital ? 1 : 0;
    // A heading writes even its small words with a capital.
    const bool small = std::ranges::any_of(tokens_, [](const Token& token) {
      return token.capital && !token.sentence_start && token.lower.size() > 1 && is_stop_word(token.lower);
    });
    title_case_ = small && tokens_.size() >= 4 && capitals * 10 >= tokens_.size() * 7;
  }

  /// The end of the name that begins at `i`; `i` itself when none does.
  std::size_t end_of(std::size_t i) const {
    if (paired(i)) return i + 3;
    if (small_title(i)) return i + 2;
    if (!starts(i)) return i;
    std::size_t last = i + 1;
    while (last < tokens_.size() && joined(last - 1)) {
      if (continues(last, i)) {
        ++last;
      } else if (connector(tokens_[last].lower) && last + 1 < tokens_.size() && joined(last) && capital(last + 1) && !used_[last + 1]) {
        last += 2;
      } else if (last == i + 1 && titled(i)) {
        last += 2;
      } else {
        break;
      }
    }
    return last;
  }

  /// "Research and Development", "Switch and Save": two everyday words with capitals are the halves of one name.
  bool paired(std::size_t i) const {
    static const Words behind{"should", "needs", "need", "must", "is", "has", "gets", "wants", "will", "would", "could", "can"};
    if (i + 2 >= tokens_.size() || tokens_[i + 1].lower != "and" || tokens_[i + 1].capital || !joined(i) || !joined(i + 1)) return false;
    const auto half = [&](std::size_t at) {
      const auto& token = tokens_[at];
      return token.capital && !token.all_caps && !used_[at] && !is_stop_word(token.lower) && !is_first_name(token.lower) &&
             (is_request_verb(token.stem) || !groups_of(token.stem).empty());
    };
    if (!half(i) || !half(i + 2) || next_is_capital(i + 2)) return false;
    if (tokens_[i].sentence_start) return i + 3 < tokens_.size() && behind.contains(tokens_[i + 3].lower);
    return !(i > 0 && joined(i - 1) && capital(i - 1) && !tokens_[i - 1].sentence_start);
  }

  /// "the About Us page": two small words with capitals before a common noun.
  bool small_title(std::size_t i) const {
    if (i == 0 || i + 2 >= tokens_.size() || title_case_ || tokens_[i - 1].lower != "the" || used_[i] || used_[i + 1]) return false;
    const auto small = [&](std::size_t at) { return capital(at) && !tokens_[at].all_caps && is_stop_word(tokens_[at].lower); };
    return small(i) && small(i + 1) && joined(i) && joined(i + 1) && !capital(i + 2) && !is_stop_word(tokens_[i + 2].lower);
  }

  /// "the Back to School campaign": a small word inside a title that a common noun ends.
  bool titled(std::size_t i) const {
    static const Words small{"to", "for", "in", "on", "and", "at", "with", "your", "from"};
    if (i == 0 || i + 3 >= tokens_.size() || (tokens_[i - 1].lower != "the" && tokens_[i - 1].lower != "our")) return false;
    return small.contains(tokens_[i + 1].lower) && joined(i + 1) && capital(i + 2) && !used_[i + 2] && joined(i + 2) && !capital(i + 3) &&
           !is_stop_word(tokens_[i + 3].lower);
  }

  double person(std::size_t first, std::size_t last) const {
    const auto size = last - first;
    if (first > 0 && titles().contains(tokens_[first - 1].lower)) return 1;
    for (std::size_t i = first; i < last; ++i) {
      if (tokens_[i].digits) return 0;
      if (i > first && company_words().contains(tokens_[i].lower)) return 0;
    }
    const auto& head = tokens_[first];
    if (introduced(first)) return 1;
    // "the Orbit Speaker": a thing, or an organisation.
    const bool article = first > 0 && (tokens_[first - 1].lower == "the" || tokens_[first - 1].lower == "our") && joined(first - 1);
    if (size >= 2 && worldly_names().contains(head.lower) && (!title_case_ || !ordinary(tokens_[first + 1])) && !article) return 1;
    double likely = 0.1;
    if (is_stop_word(head.lower)) return likely;
    if (is_first_name(head.lower)) {
      likely = 1;
    } else if (article) {
      likely = 0.1;
    } else if (size >= 3 && !tokens_[first + 1].capital && text_[tokens_[first].end] == '-') {
      likely = 0.8;  // "Min-jun Park"
    } else if (size >= 2 && size <= 3 &&
               std::none_of(at(first), at(last), [&](const Token& token) { return token.all_caps || ordinary(token); })) {
      likely = 0.7;
    } else if (size == 2 && !title_case_ && !head.all_caps && !ordinary(head)) {
      likely = 0.5;  // "Xiomara Field": the surname is an everyday word
    } else if (size == 1 && !head.all_caps && !ordinary(head)) {
      likely = 0.4;
    }
    if (tokens_[last - 1].possessive) likely += 0.15;
    return std::min(likely, 1.0);
  }

 private:
  std::vector<Token>::const_iterator at(std::size_t i) const { return tokens_.begin() + static_cast<std::ptrdiff_t>(i); }
  static bool connector(std::string_view word) {
    static const Words words{"de", "van", "von", "der", "da", "del", "di", "la", "le", "bin", "al", "of", "den"};
    return words.contains(word);
  }
  bool capital(std::size_t i) const { return tokens_[i].capital; }
  bool ordinary(const Token& token) const { return known_(token.stem) || is_request_verb(token.stem) || !groups_of(token.stem).empty(); }

  /// "the new employee, X", "our colleague X"
  bool introduced(std::size_t first) const {
    if (first == 0 || !person_nouns().contains(tokens_[first - 1].lower)) return false;
    const auto gap = text_.substr(tokens_[first - 1].end, tokens_[first].begin - tokens_[first - 1].end);
    return (gap == " " || gap == ", " || gap == ": ") && !(tokens_[first].all_caps && ordinary(tokens_[first]));
  }

  /// Only a space, a hyphen, an ampersand or an initial's full stop stands between this word and the next.
  bool joined(std::size_t i) const {
    if (i + 1 >= tokens_.size() || tokens_[i].possessive) return false;
    const auto gap = text_.substr(tokens_[i].end, tokens_[i + 1].begin - tokens_[i].end);
    const bool initial = tokens_[i].lower.size() == 1 || titles().contains(tokens_[i].lower);
    return gap == " " || gap == "-" || gap == " & " || (gap == ". " && initial) || (gap == "'" && tokens_[i].lower.size() == 1);
  }

  bool starts(std::size_t i) const {
    const auto& token = tokens_[i];
    if (used_[i] || titles().contains(token.lower)) return false;
    if (origins().contains(token.lower) && !next_is_capital(i)) return false;
    if (i > 0 && tokens_[i - 1].digits && is_unit(token.lower)) return false;
    // One letter or two and a hyphen: "Wi-Fi", "E-Mail" are things.
    if (token.lower.size() <= 2 && token.end < text_.size() && text_[token.end] == '-') return false;
    if (i > 0 && tokens_[i - 1].lower.size() <= 2 && tokens_[i - 1].end + 1 == token.begin && text_[token.begin - 1] == '-') return false;
    if (token.capital && worldly_names().contains(token.lower) && next_is_capital(i) && !title_case_) {
      if (!token.sentence_start || (i == 0 && tokens_.size() == 2)) return true;  // a reply that is no more than the name
      if (tokens_[i + 1].possessive || (i + 2 < tokens_.size() && tells_of_person(tokens_[i + 2]))) return true;
    }
    if (!token.capital) {
      // A first name in a message that is all lower case; a known word or a verb is none.
      return is_first_name(token.lower) && !known_(token.stem) && !is_request_verb(token.stem) && !is_stop_word(token.lower);
    }
    // "the Hello Spring campaign": inside a sentence a small word with a capital opens a name.
    if (is_stop_word(token.lower))
      return !token.sentence_start && !token.all_caps && token.lower.size() > 1 && !title_case_ && next_is_capital(i);
    if (is_first_name(token.lower)) return true;
    if (title_case_) return !ordinary(token);
    // "Kick off …", "Pair Nadia Rahman …": a verb, whatever comes behind it.
    if (token.sentence_start && !next_is_capital(i) && i + 1 < tokens_.size() && is_particle(tokens_[i + 1].lower)) return false;
    // "Half of …", "Roughly …", "Several …"
    if (token.sentence_start && !next_is_capital(i) && !token.possessive && (is_common(token.stem) || token.lower.ends_with("ly")))
      return false;
    // "Pay Anna Bell", "the YouTuber Zara Malik"; but "the Family Max plan"
    const bool inner =
        !token.sentence_start && !(next_is_capital(i) && next_is_capital(i + 1)) && i > 0 && is_determiner(tokens_[i - 1].lower);
    if (next_is_capital(i) && !inner && is_first_name(tokens_[i + 1].lower) && !is_first_name(token.lower) &&
        (ordinary(token) || (token.sentence_start && token.lower.ends_with("ly"))))
      return false;
    if (!token.sentence_start) return !(token.all_caps && known_(token.stem) && !next_is_capital(i));
    return !ordinary(token) || (!is_request_verb(token.stem) && next_is_capital(i));
  }

  bool next_is_capital(std::size_t i) const { return joined(i) && capital(i + 1) && !used_[i + 1] && !is_stop_word(tokens_[i + 1].lower); }

  /// "Anna VPN access": what a person gets is no part of the name; "Salesforce CRM" is one.
  bool is_abbreviation(std::size_t i, std::size_t first) const {
    static const Words words{"vpn", "id", "hr", "it", "crm", "erp", "pc", "usb", "sim", "sso", "mfa", "2fa", "wifi", "sap", "api"};
    const auto& token = tokens_[i];
    if (!token.all_caps || tokens_[first].all_caps || (!words.contains(token.lower) && !known_(token.stem))) return false;
    if (is_first_name(tokens_[first].lower)) return true;
    // "Xiomara VPN access"
    return words.contains(token.lower) && i + 1 < tokens_.size() && !tokens_[i + 1].capital && known_(tokens_[i + 1].stem) &&
           !ordinary(tokens_[first]) && i == first + 1 && first > 0;
  }

  bool continues(std::size_t i, std::size_t first) const {
    if (used_[i]) return false;
    const auto& token = tokens_[i];
    if (is_abbreviation(i, first)) return false;
    // "… Yonder 3.5": a number by itself.
    if (token.digits && i + 1 < tokens_.size() && tokens_[i + 1].digits && tokens_[i + 1].begin == token.end + 1 && text_[token.end] == '.')
      return false;
    // "… Diallo 1,500"
    if (token.digits && i + 1 < tokens_.size() && tokens_[i + 1].digits && tokens_[i + 1].begin == token.end + 1 && text_[token.end] == ',')
      return false;
    // "… Nygaard 500 GB"
    if (token.digits && i + 1 < tokens_.size() && is_unit(tokens_[i + 1].lower)) return false;
    if (tokens_[i - 1].digits && is_unit(token.lower)) return false;
    // "Min-jun Park"
    if (!token.capital && !token.digits && i == first + 1 && text_[token.begin - 1] == '-' && next_is_capital(i)) return true;
    if (token.digits) return i > first && token.lower.size() <= 5 && (!is_first_name(tokens_[i - 1].lower) || token.capital);
    if (token.capital && is_stop_word(token.lower)) return !title_case_ && tokens_[first].capital && token.lower != "i";
    if (token.capital) return (!title_case_ || !ordinary(token));
    // The surname of a name in lower case: an unknown word right behind the first name.
    return !tokens_[first].capital && i == first + 1 && !is_stop_word(token.lower) && !ordinary(token) && token.lower.size() > 2;
  }

  std::string_view text_;
  const std::vector<Token>& tokens_;
  std::vector<bool> used_;  // its own: what is found here does not overlap itself
  const std::function<bool(std::string_view)>& known_;
  bool title_case_ = false;
};

/// "jessica smith" as a name is Jessica Smith.
std::string written(std::string_view text, const Token& head) {
  std::string value(text);
  if (head.capital) return value;
  bool start = true;
  for (char& c : value) {
    if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    start = c == ' ' || c == '-';
  }
  return value;
}

}  // namespace

void find_names(std::string_view text, const std::vector<Token>& tokens, const std::vector<bool>& used,
                const std::function<bool(std::string_view)>& known, const std::function<void(Entity)>& found) {
  const Finder finder(text, tokens, used, known);
  std::size_t i = 0;
  while (i < tokens.size()) {
    const auto last = finder.end_of(i);
    if (last == i) {
      ++i;
      continue;
    }
    Entity entity{.shape = Shape::name, .first = i, .last = last, .begin = tokens[i].begin, .end = tokens[last - 1].end};
    entity.value = written(text.substr(entity.begin, entity.end - entity.begin), tokens[i]);
    entity.person = finder.person(i, last);
    entity.company = std::any_of(tokens.begin() + static_cast<std::ptrdiff_t>(i), tokens.begin() + static_cast<std::ptrdiff_t>(last),
                                 [](const Token& token) { return company_words().contains(token.lower); });
    entity.country = last == i + 1 && countries().contains(tokens[i].lower);
    found(std::move(entity));
    i = last;
  }
}

}  // namespace convoke::model
