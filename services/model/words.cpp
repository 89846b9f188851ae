#include "model/words.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace convoke::model {
namespace {

using Words = std::unordered_set<std::string_view>;

bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool word_byte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80; }

/// Typographic punctuation is made of bytes beyond ASCII, but separates words: U+2010 to U+2027 (dashes, quotes, ellipsis) and U+00A0,
/// U+00AB, U+00BB.
std::size_t punctuation_at(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  if (byte(i) == 0xE2 && byte(i + 1) == 0x80) return 3;
  if (byte(i) == 0xE2 && byte(i + 1) == 0x82 && byte(i + 2) == 0xAC) return 3;    // €
  if (byte(i) == 0xC2 && (byte(i + 1) == 0xA3 || byte(i + 1) == 0xA5)) return 2;  // £, ¥
  if (byte(i) == 0xC2 && (byte(i + 1) == 0xA0 || byte(i + 1) == 0xAB || byte(i + 1) == 0xBB)) return 2;
  return 0;
}

const Words& particles() {
  static const Words words{"up", "out", "in", "off", "down"};
  return words;
}

/// Verbs that make one word with a particle: set up, sign up, back up, log in …
const Words& phrasal() {
  static const Words words{"set",  "sign",  "back",  "log",   "check", "roll",  "kick", "follow", "look",
                           "hand", "phase", "write", "print", "start", "clean", "head", "bring"};
  return words;
}

/// Á, Č, Ω, Б: capitals of the Latin letters with marks, and of Greek and Cyrillic (UTF-8 of two bytes).
bool marked_capital(std::string_view written) {
  if (written.size() < 2) return false;
  const auto first = static_cast<unsigned char>(written[0]);
  const auto second = static_cast<unsigned char>(written[1]);
  const unsigned code = (first & 0x1FU) << 6 | (second & 0x3FU);
  if (first == 0xC3) return code >= 0xC0 && code <= 0xDE && code != 0xD7;
  const bool odd_pairs = (code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17E);  // here the capital is the odd one
  if (first == 0xC4 || first == 0xC5) return code == 0x178 || (odd_pairs ? code % 2 == 1 : code % 2 == 0);
  if (first == 0xCE) return code >= 0x386 && code <= 0x3AB && code != 0x390;
  return first == 0xD0 && code <= 0x42F;
}

Token make_token(std::string_view text, std::size_t begin, std::size_t end) {
  Token token{.lower = to_lower(text.substr(begin, end - begin)), .stem = {}, .begin = begin, .end = end};
  const auto written = text.substr(begin, end - begin);
  // Also iPhone and eBay.
  token.capital = upper(written.front()) || marked_capital(written) || (written.size() > 2 && upper(written[1]) && !upper(written[2]));
  token.all_caps = written.size() > 1 && std::ranges::none_of(written, [](char c) { return c >= 'a' && c <= 'z'; }) &&
                   std::ranges::any_of(written, upper);
  token.digits = std::ranges::any_of(written, digit);
  for (const std::string_view apostrophe : {"'", "\xE2\x80\x99"}) {
    const auto tail = text.substr(end);
    if (tail.starts_with(apostrophe) && (tail.substr(apostrophe.size()).starts_with("s") || token.lower.ends_with('s'))) {
      const auto after =
          tail.substr(apostrophe.size() + (token.lower.ends_with('s') && !tail.substr(apostrophe.size()).starts_with("s") ? 0 : 1));
      token.possessive = after.empty() || !word_byte(after.front());
    }
  }
  token.stem = stem(token.lower);
  return token;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  bool sentence_start = true;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto punctuation = punctuation_at(text, i);
    if (punctuation != 0 || !word_byte(text[i])) {
      if (std::string_view(".!?:;\n").find(text[i]) != std::string_view::npos) sentence_start = true;
      i += std::max<std::size_t>(punctuation, 1);
      continue;
    }
    const auto begin = i;
    while (i < text.size() && word_byte(text[i]) && punctuation_at(text, i) == 0) ++i;
    // An apostrophe inside a word (O'Brien) belongs to it, a possessive 's and contractions (don't) do not.
    if (i + 2 < text.size() && text[i] == '\'' && i - begin == 1 && upper(text[i + 1]) && upper(text[begin])) {
      ++i;
      while (i < text.size() && word_byte(text[i])) ++i;
    }
    tokens.push_back(make_token(text, begin, i));
    tokens.back().sentence_start = std::exchange(sentence_start, false);
    // Somebody forgot the full stop.
    if (tokens.size() > 1 && tokens.back().lower == "please" && tokens.back().capital && !tokens[tokens.size() - 2].capital)
      tokens.back().sentence_start = true;
    // "can't" is "cannot".
    const auto rest = text.substr(i);
    if (tokens.back().lower == "can" && (rest.starts_with("'t") || rest.starts_with("\xE2\x80\x99t"))) {
      tokens.back().lower = "cannot";
      tokens.back().stem = stem("cannot");
    }
    // "don't" is no Don.
    if (tokens.back().lower == "don" && (rest.starts_with("'t") || rest.starts_with("\xE2\x80\x99t"))) {
      tokens.back().lower = "dont";
      tokens.back().stem = stem("dont");
      if (rest.front() != '\'') i += 4;
    }
    if (i < text.size() && text[i] == '\'' && i + 1 < text.size() && word_byte(text[i + 1])) {
      ++i;
      while (i < text.size() && word_byte(text[i])) ++i;
    } else if (tokens.back().possessive && text.substr(i).starts_with("\xE2\x80\x99s")) {
      i += 4;
    }
  }
  return tokens;
}

std::vector<std::string> identifier_words(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!word_byte(name[i])) {
      flush();
      continue;
    }
    const bool hump =
        upper(name[i]) && i > 0 && (!upper(name[i - 1]) || (i + 1 < name.size() && !upper(name[i + 1]) && word_byte(name[i + 1])));
    if (hump) flush();
    word += to_lower(name.substr(i, 1));
  }
  flush();
  return words;
}

bool is_preposition(std::string_view lower) {
  static const Words words{"for",     "to",     "from", "with",      "about",   "on",     "in",      "at",         "by",
                           "of",      "into",   "as",   "regarding", "until",   "till",   "since",   "via",        "using",
                           "between", "under",  "over", "after",     "before",  "during", "against", "per",        "within",
                           "without", "onto",   "than", "through",   "towards", "toward", "because", "concerning", "among",
                           "across",  "around", "upon", "behind",    "near",    "like",   "versus"};
  return words.contains(lower);
}

bool is_particle(std::string_view lower) {
  static const Words words{"back", "up", "out", "off", "over", "down", "away"};
  return words.contains(lower);
}

bool is_determiner(std::string_view lower) {
  static const Words words{"the", "a",     "an",   "this", "that", "these", "those", "our",   "my",  "his",
                           "her", "their", "your", "its",  "some", "any",   "all",   "every", "each"};
  return words.contains(lower);
}

bool is_unit(std::string_view lower) {
  static const Words words{"gb",   "mb",   "tb",    "kb",     "gigabyte", "gigabytes", "terabyte", "terabytes", "mbit", "gbit",
                           "mbps", "gbps", "w",     "kw",     "watt",     "watts",     "mah",      "kwh",       "kg",   "grams",
                           "mm",   "cm",   "km",    "inch",   "inches",   "volt",      "volts",    "hz",        "mhz",  "ghz",
                           "ml",   "l",    "litre", "litres", "liter",    "liters",    "metres",   "meters",    "px",   "pixels"};
  return words.contains(lower);
}

bool is_stop_word(std::string_view lower) {
  static const Words words{
      "i",           "me",        "we",        "us",       "you",     "he",       "him",    "she",       "it",        "they",
      "them",        "is",        "are",       "was",      "were",    "be",       "been",   "being",     "am",        "do",
      "does",        "did",       "done",      "has",      "have",    "had",      "having", "can",       "could",     "will",
      "would",       "shall",     "should",    "may",      "might",   "must",     "and",    "or",        "but",       "if",
      "then",        "so",        "not",       "no",       "nor",     "there",    "here",   "what",      "which",     "who",
      "whom",        "whose",     "when",      "where",    "why",     "how",      "please", "kindly",    "thanks",    "thank",
      "hi",          "hello",     "hey",       "dear",     "need",    "needs",    "needed", "want",      "wants",     "like",
      "would",       "let",       "just",      "also",     "too",     "very",     "really", "some",      "new",       "now",
      "soon",        "asap",      "today",     "tomorrow", "able",    "go",       "going",  "get",       "gets",      "got",
      "im",          "ive",       "id",        "ill",      "dont",    "whats",    "re",     "ve",        "ll",        "s",
      "t",           "d",         "m",         "up",       "out",     "off",      "down",   "again",     "more",      "most",
      "much",        "many",      "other",     "another",  "such",    "own",      "same",   "only",      "ever",      "still",
      "well",        "sure",      "make",      "makes",    "ensure",  "help",     "wonder", "wondering", "possible",  "quickly",
      "immediately", "currently", "current",   "next",     "last",    "while",    "both",   "either",    "one",       "ones",
      "thing",       "things",    "something", "anything", "someone", "somebody", "anyone", "everyone",  "everybody", "everything",
      "whatever",    "necessary", "somehow",   "each",     "nobody",  "nothing",  "none",   "wanted",    "doesn",     "didn",
      "isn",         "aren",      "wasn",      "weren",    "haven",   "hasn",     "hadn",   "won",       "made",      "making",
      "wouldn",      "couldn",    "shouldn",   "ain"};
  if (lower == "id") return false;  // an identification, far more often than "I'd" without its apostrophe
  return words.contains(lower) || is_preposition(lower) || is_determiner(lower);
}

namespace {

/// "IT" among words that are not all written so.
bool is_it_department(const std::vector<Token>& tokens, std::size_t i) {
  if (tokens[i].lower != "it" || !tokens[i].all_caps) return false;
  const bool loud = (i == 0 || tokens[i - 1].all_caps) && (i + 1 == tokens.size() || tokens[i + 1].all_caps);
  return !loud || tokens.size() == 1;
}

}  // namespace

namespace {

/// "backed up", "signing up": the verb's base before its particle; other words as they are.
std::string phrasal_base(const std::string& word, std::string_view next) {
  if (!particles().contains(next)) return word;
  for (const std::string_view ending : {"ed", "ing", "s"}) {
    if (!word.ends_with(ending)) continue;
    auto base = word.substr(0, word.size() - ending.size());
    if (phrasal().contains(base)) return base;
  }
  return word;
}

}  // namespace

std::vector<std::string> content_stems(const std::vector<Token>& tokens, std::vector<std::size_t>* positions) {
  std::vector<std::string> stems;
  const auto add = [&](std::string text, std::size_t at) {
    stems.push_back(std::move(text));
    if (positions != nullptr) positions->push_back(at);
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto& written = tokens[i].lower;
    const auto word = phrasal_base(written, i + 1 < tokens.size() ? std::string_view(tokens[i + 1].lower) : std::string_view{});
    if (phrasal().contains(word)) {
      // "set up", and "set Anna up": up to four words apart.
      std::size_t particle = 0;
      for (std::size_t k = i + 1;
           k < std::min(tokens.size(), i + (word == "set" || word == "sign" || word == "roll" ? 5 : 2)) && particle == 0; ++k) {
        if (particles().contains(tokens[k].lower) && (k == i + 1 || tokens[k].lower == (word == "roll" ? "out" : "up"))) particle = k;
      }
      if (particle != 0) {
        add(stem(word + tokens[particle].lower), i);
        continue;
      }
    }
    if (word == "e" && i + 1 < tokens.size() && tokens[i + 1].lower.starts_with("mail")) continue;  // e-mail
    if (word.starts_with("mail") && i > 0 && tokens[i - 1].lower == "e") {
      add("email", i);
      continue;
    }
    if (word.starts_with("wi") && word.size() == 2 && i + 1 < tokens.size() && tokens[i + 1].lower == "fi") {
      add("wifi", i);
      ++i;
      continue;
    }
    if (is_it_department(tokens, i)) {
      add("informationtechnology", i);
      continue;
    }
    if (word == "care" && i > 0 && tokens[i - 1].lower.starts_with("tak")) continue;  // take care of
    if (!is_stop_word(word)) add(tokens[i].stem, i);
  }
  return stems;
}

std::vector<std::string> content_stems(std::string_view text) { return content_stems(tokenize(text)); }

}  // namespace convoke::model
