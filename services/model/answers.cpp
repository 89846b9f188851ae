#include "model/answers.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "model/clauses.hpp"
#include "model/phrases.hpp"
#include "model/thesaurus.hpp"
#include "model/wording.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

constexpr std::size_t longest_value = 8;  // words of a reply that is taken as a whole
constexpr std::size_t longest_name = 4;
constexpr std::size_t longest_shown = 60;

template <std::size_t size> bool among(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// Says only that what comes takes the place of what was said, or is polite.
bool is_turn(std::string_view lower) {
  static constexpr std::array<std::string_view, 12> words{"actually", "rather", "instead", "no",   "wait", "sorry",
                                                          "well",     "oh",     "hm",      "then", "but",  "nope"};
  return among(words, lower);
}

bool is_filler(std::string_view lower) {
  static constexpr std::array<std::string_view, 22> words{"please", "just", "ok",  "okay", "thanks", "thank", "you", "i",
                                                          "we",     "me",   "now", "it",   "that",   "this",  "the", "request",
                                                          "task",   "all",  "let", "s",    "and",    "about"};
  return is_turn(lower) || among(words, lower);
}

/// The words that are left without fillers, with a space between them.
std::string bare(const Reading& reply) {
  std::string text;
  for (const auto& token : reply.tokens) {
    if (!is_filler(token.lower)) text.append(text.empty() ? "" : " ").append(token.lower);
  }
  return text;
}

bool says_calls_off(const Reading& reply) {
  static constexpr std::array<std::string_view, 25> said{"never mind",
                                                         "nevermind",
                                                         "forget",
                                                         "cancel",
                                                         "stop",
                                                         "drop",
                                                         "skip",
                                                         "leave",
                                                         "abort",
                                                         "quit",
                                                         "nothing",
                                                         "dont",
                                                         "dont do",
                                                         "dont do anything",
                                                         "not needed",
                                                         "not necessary",
                                                         "call off",
                                                         "changed my mind",
                                                         "have changed my mind",
                                                         "scrap",
                                                         "no longer needed",
                                                         "not any more",
                                                         "do nothing",
                                                         "not anymore",
                                                         "dont bother"};
  auto words = bare(reply);
  if (words.empty())
    return std::ranges::any_of(reply.tokens, [](const Token& token) { return token.lower == "no" || token.lower == "nope"; });
  while (!words.empty()) {  // "never mind, forget it": one after the other
    std::size_t most = 0;
    for (const auto phrase : said) {
      const bool whole = words.size() == phrase.size() || (words.size() > phrase.size() && words[phrase.size()] == ' ');
      if (whole && words.starts_with(phrase)) most = std::max(most, phrase.size());
    }
    if (most == 0) return false;
    words.erase(0, std::min(most + 1, words.size()));
  }
  return true;
}

bool says_unknown(const Reading& reply) {
  static constexpr std::array<std::string_view, 16> said{
      "dont know", "do not know", "idk",        "dunno",      "no idea",       "have no idea", "have idea",   "idea",
      "not sure",  "am not sure", "m not sure", "cannot say", "dont know yet", "unknown",      "im not sure", "dont remember"};
  return among(said, bare(reply)) && !reply.tokens.empty();
}

bool says_question(const Reading& reply) {
  static constexpr std::array<std::string_view, 9> heads{"who", "what", "why", "how", "which", "when", "where", "whose", "whats"};
  const auto end = reply.text.find_last_not_of(" \t\r\n");
  return (end != std::string::npos && reply.text[end] == '?') || (reply.tokens.size() > 1 && among(heads, reply.tokens.front().lower));
}

bool is_words(Want want) { return want == Want::name || want == Want::text || want == Want::query || want == Want::place; }

/// Where what is said begins, behind words that take what was said before back.
struct Turn {
  std::size_t from = 0;
  bool turned = false;   // "actually, …", "I'd rather …"
  bool dropped = false;  // "forget it, …": what comes is no answer
};

Turn turn_of(const Reading& reply) {
  static constexpr std::array<std::string_view, 7> dropping{"forget", "cancel", "scrap", "drop", "skip", "leave", "stop"};
  static constexpr std::array<std::string_view, 5> what{"it", "that", "this", "about", "mind"};
  const auto& tokens = reply.tokens;
  Turn turn;
  while (turn.from < tokens.size()) {
    const auto& word = tokens[turn.from].lower;
    const auto next = turn.from + 1 < tokens.size() ? std::string_view(tokens[turn.from + 1].lower) : std::string_view{};
    const bool wish = word == "i" || word == "d" || word == "would" || word == "we" || word == "id";
    const bool leads = wish && is_turn(next);
    // "Actually, forget about it, order 3 monitors"
    const bool drops = (among(dropping, word) && among(what, next) && next != "mind") || (word == "never" && next == "mind");
    if (!is_turn(word) && !leads && !drops && !(turn.turned && (word == "please" || word == "just"))) break;
    turn.turned = true;
    ++turn.from;
    if (!drops) continue;
    turn.dropped = true;
    while (turn.from < tokens.size() && among(what, tokens[turn.from].lower)) ++turn.from;
  }
  return turn;
}

/// Whether it names a thing that what values are asked for has nothing to do with.
bool names_other(const Reading& rest, std::size_t verb, const std::vector<Asked>& asked, const Index& index) {
  const auto& terms = topic_of(rest, index).terms;
  return std::ranges::any_of(terms, [&](const Term& term) {
    if (term.token == verb || term.weight < 0.5 || is_light_verb(term.stem) || is_filler(term.lower)) return false;
    if (rest.entity_at(term.token) != nullptr) return false;
    return std::ranges::none_of(asked, [&](const Asked& one) {
      const auto tool = static_cast<std::size_t>(one.tool - index.catalogue().tools.data());
      return index.is_about(tool, term) || std::ranges::find(one.parameter->cues, term.stem) != one.parameter->cues.end();
    });
  });
}

/// The request that a reply makes instead of an answer; empty when it makes none.
std::string request_in(const Reading& reply, const std::vector<Asked>& asked, const Index& index, const Read& read) {
  const auto [from, turned, dropped] = turn_of(reply);
  if (from >= reply.tokens.size()) return {};
  auto text = reply.text.substr(reply.tokens[from].begin);
  const auto rest = read(text);
  const auto verb = opening_verb(rest, 0, rest.tokens.size());
  if (verb + 1 >= rest.tokens.size()) return {};
  const auto clauses = clauses_of(rest, index, index.catalogue());
  const bool fitting = !clauses.empty() && clauses.front().fits;
  const auto* tool = fitting ? &index.catalogue().tools[clauses.front().ranked.front().tool] : nullptr;
  if (std::ranges::any_of(asked, [&](const Asked& one) { return one.tool == tool; })) return {};
  // "Actually, make it Bob Jones": a verb that says little, of a thing that is no other.
  const bool light = is_light_verb(rest.tokens[verb].stem);
  if (light && !names_other(rest, verb, asked, index)) return {};
  const bool person = std::ranges::all_of(asked, [](const Asked& one) { return one.parameter->want == Want::person; });
  if (dropped || (turned && (!light || fitting || person)) || (verb > 0 && !light)) return text;
  // "Review of contracts" may be a title.
  const bool words = std::ranges::all_of(asked, [](const Asked& one) { return is_words(one.parameter->want); });
  if (fitting) return !words || clauses.front().ranked.front().cover >= 0.6 ? text : std::string{};
  if (words || light) return {};
  for (const auto& one : asked) {
    if (fill(*one.tool, rest, 0, rest.tokens.size(), {.free_text = false}).arguments.contains(one.parameter->name)) return {};
  }
  return text;
}

bool is_name_like(const Reading& answer) {
  return answer.tokens.size() <= longest_name && std::ranges::none_of(answer.tokens, [](const Token& token) {
           const bool particle = token.lower == "de" || token.lower == "al" || token.lower == "la" || token.lower == "of";
           return token.digits || (is_stop_word(token.lower) && !particle) || (is_imperative(token.lower) && !token.capital);
         });
}

/// Whether the reply as a whole can be such a value.
bool can_be(const Parameter& parameter, const Reading& answer) {
  if (parameter.want == Want::person) return is_name_like(answer);
  const bool letters = std::ranges::any_of(
      answer.text, [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || (static_cast<unsigned char>(c) & 0x80U) != 0; });
  static constexpr std::array<std::string_view, 7> numbered{"model", "number", "room", "version", "size", "code", "value"};
  const bool takes_digits = parameter.want == Want::code || parameter.want == Want::version || parameter.want == Want::period ||
                            parameter.want == Want::phone ||
                            std::ranges::any_of(parameter.words, [](const std::string& word) { return among(numbered, word); });
  return letters || takes_digits;
}

std::string label(const Parameter& parameter) {
  std::string text;
  for (const auto& word : parameter.words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

}  // namespace

Reply reply_of(const std::string& text, const std::vector<Asked>& asked, const Index& index, const Read& read) {
  const auto reply = read(text);
  if (says_calls_off(reply)) return {.kind = ReplyKind::calls_off, .request = {}};
  if (says_unknown(reply)) return {.kind = ReplyKind::unknown, .request = {}};
  if (auto request = request_in(reply, asked, index, read); !request.empty())
    return {.kind = ReplyKind::request, .request = std::move(request)};
  return {.kind = says_question(reply) ? ReplyKind::question : ReplyKind::value, .request = {}};
}

void answer_directly(Filled& filled, const Reading& answer) {
  if (filled.missing.size() != 1 || answer.tokens.empty() || answer.tokens.size() > longest_value) return;
  const auto* parameter = filled.missing.front();
  if (parameter->type != ValueType::string || parameter->want == Want::date || parameter->want == Want::email) return;
  if (!can_be(*parameter, answer)) return;
  auto value = trim(answer.text);
  while (value.ends_with('.')) value.pop_back();
  filled.arguments[parameter->name] = std::move(value);
  filled.missing.clear();
}

void take_answer(Filled& filled, const Tool& tool, const Reading& answer) {
  const auto missing = filled.missing.size();
  fill_from(filled, tool, answer);
  if (filled.missing.size() == missing) answer_directly(filled, answer);
}

std::string before_asking_again(const Reply& reply, const std::vector<Asked>& asked, const std::string& text) {
  if (asked.empty()) return {};
  const auto& first = asked.front();
  switch (reply.kind) {
    case ReplyKind::unknown: return fmt::format("Without the {} this cannot be done. ", label(*first.parameter));
    case ReplyKind::question:
      return fmt::format("This is asked because \"{}\" needs the {}{}{} ", spoken(first.tool->name), label(*first.parameter),
                         first.parameter->description.empty() ? "" : ": " + first.parameter->description,
                         first.parameter->description.ends_with('.') ? "" : ".");
    case ReplyKind::value: return fmt::format("\"{}\" cannot be the {}. ", truncate_utf8(text, longest_shown), label(*first.parameter));
    default: return {};
  }
}

std::string called_off_reply() { return "All right, nothing was done."; }

std::string too_many_reply(std::size_t count, std::size_t most) {
  return fmt::format("These are {} at once, and no more than {} are done in one go, so nothing was done: ask for fewer at a time.", count,
                     most);
}

std::string unknown_reply(const std::vector<Asked>& asked) {
  std::string list;
  for (const auto& one : asked) list += (list.empty() ? "the " : ", the ") + label(*one.parameter);
  return fmt::format("Without {} it cannot be done, so nothing was done.", list.empty() ? "an answer" : list);
}

}  // namespace convoke::model
