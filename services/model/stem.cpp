// Porter's stemming algorithm, after M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980. The names of the steps are
// his.
#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>

#include "model/words.hpp"

namespace convoke::model {
namespace {

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

bool consonant(std::string_view word, std::size_t i) {
  switch (word[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u': return false;
    case 'y': return i == 0 || !consonant(word, i - 1);
    default: return true;
  }
}

/// Number of vowel-consonant sequences: the m of the paper.
int measure(std::string_view word) {
  int count = 0;
  bool vowel = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (!consonant(word, i)) {
      vowel = true;
    } else if (std::exchange(vowel, false)) {
      ++count;
    }
  }
  return count;
}

bool has_vowel(std::string_view word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (!consonant(word, i)) return true;
  }
  return false;
}

bool double_consonant(std::string_view word) {
  const auto n = word.size();
  return n >= 2 && word[n - 1] == word[n - 2] && consonant(word, n - 1);
}

/// Consonant, vowel, consonant at the end, the last not w, x or y.
bool cvc(std::string_view word) {
  const auto n = word.size();
  if (n < 3 || !consonant(word, n - 1) || consonant(word, n - 2) || !consonant(word, n - 3)) return false;
  return word[n - 1] != 'w' && word[n - 1] != 'x' && word[n - 1] != 'y';
}

std::string_view without(std::string_view word, std::size_t letters) { return word.substr(0, word.size() - letters); }

/// The first rule whose suffix fits decides; it is applied when the measure of what remains is above `above`.
bool apply(std::string& word, std::span<const Rule> rules, int above) {
  for (const auto& [suffix, replacement] : rules) {
    if (!word.ends_with(suffix)) continue;
    if (measure(without(word, suffix.size())) > above) word.replace(word.size() - suffix.size(), suffix.size(), replacement);
    return true;
  }
  return false;
}

void step1(std::string& word) {
  if (word.ends_with("sses") || word.ends_with("ies")) {
    word.resize(word.size() - 2);
  } else if (word.ends_with("s") && !word.ends_with("ss")) {
    word.pop_back();
  }
  if (word.ends_with("eed")) {
    if (measure(without(word, 3)) > 0) word.pop_back();
  } else if (const std::size_t cut = word.ends_with("ed") ? 2 : word.ends_with("ing") ? 3 : 0; cut != 0 && has_vowel(without(word, cut))) {
    word.resize(word.size() - cut);
    if (word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz")) {
      word += 'e';
    } else if (double_consonant(word) && std::string_view("lsz").find(word.back()) == std::string_view::npos) {
      word.pop_back();
    } else if (measure(word) == 1 && cvc(word)) {
      word += 'e';
    }
  }
  if (word.ends_with("y") && has_vowel(without(word, 1))) word.back() = 'i';
}

constexpr Rule step2[] = {{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
                          {"abli", "able"},   {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
                          {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
                          {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"}};
constexpr Rule step3[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""}};
constexpr Rule step4[] = {{"al", ""},   {"ance", ""}, {"ence", ""},  {"er", ""},   {"ic", ""},  {"able", ""},
                          {"ible", ""}, {"ant", ""},  {"ement", ""}, {"ment", ""}, {"ent", ""}, {"ou", ""},
                          {"ism", ""},  {"ate", ""},  {"iti", ""},   {"ous", ""},  {"ive", ""}, {"ize", ""}};

void step4_and_5(std::string& word) {
  if (word.ends_with("ion")) {
    const auto rest = without(word, 3);
    if (measure(rest) > 1 && (rest.ends_with("s") || rest.ends_with("t"))) word.resize(rest.size());
  } else {
    apply(word, step4, 1);
  }
  if (word.ends_with("e")) {
    const auto rest = without(word, 1);
    if (measure(rest) > 1 || (measure(rest) == 1 && !cvc(rest))) word.pop_back();
  }
  if (word.ends_with("ll") && measure(word) > 1) word.pop_back();
}

/// organise, analysed, colours, programme: one spelling for both, so that either finds the other.
void americanise(std::string& word) {
  const auto n = word.size();
  for (const std::string_view ending : {"ise", "ised", "ises", "ising", "iser", "isation", "isations", "yse", "ysed", "yses", "ysing"}) {
    if (n > ending.size() + 2 && word.ends_with(ending)) word[n - ending.size() + 1] = 'z';
  }
  for (const std::string_view ending : {"our", "ours", "oured", "ouring"}) {
    if (n > ending.size() + 2 && word.ends_with(ending)) {
      word.erase(n - ending.size() + 1, 1);
      return;
    }
  }
  if (word == "programme" || word == "programmes") word = "program";
  if (word == "licence" || word == "licences") word = "license";
  if (word == "centre" || word == "centres") word = "center";
  if (word == "catalogue" || word == "catalogues") word = "catalog";
}

/// Forms that no suffix rule finds: strong verbs, and nouns of deeds that are not formed by one ("left" and the like, which are words of
/// their own, are not among them); then words that the rules would make one with others that mean something else: customs and customers.
constexpr std::string_view irregular_text = R"(
bought buy paid pay sent send sold sell lost lose broke break broken break froze freeze frozen freeze forgot forget forgotten forget chose choose
chosen choose wrote write written write spoken speak held hold brought bring taught teach stole steal stolen steal hidden hide stuck stick spent spend
laid lay caught catch built build rebuilt rebuild shown show gave give given give took take taken take drew draw drawn draw threw throw thrown throw
began begin begun begin ran run won win kept keep grew grow grown grow knew know known know said say told tell thought think sought seek hung hang
dealt deal meant mean withdrew withdraw withdrawn withdraw fallen fall overspent overspend went go gone go stood stand understood understand
analysis analyze analyses analyze advice advise complaint complain complaints complain delivery deliver deliveries deliver recovery recover
choice choose choices choose loss lose losses lose failure fail failures fail departure depart growth grow proof prove response respond responses respond
extension extend extensions extend expansion expand suspension suspend decision decide decisions decide permission permit permissions permit
submission submit maintenance maintain registration register registrations register subscription subscribe subscriptions subscribe
description describe descriptions describe introduction introduce reduction reduce reductions reduce verification verify notification notify
modification modify classification classify compliance comply compliant comply inquiry inquire enquiry inquire enquire inquire discovery discover
acquisition acquire destruction destroy production produce assumption assume deduction deduct receipt receive receipts receive belief believe
flight fly thief steal theft steal
important significant importance significant custom bespoke customise bespoke customize bespoke customised bespoke customized bespoke
customs customsoffice marketing marketeer projector beamer projectors beamer projection forecast projections forecast
engineer developer engineers developer engineering developer international worldwide internal inhouse applicant candidate applicants candidate
rights entitlement retirement pension
)";

/// The word that an irregular form is of; the word itself for all others.
std::string_view regular(std::string_view word) {
  static const auto forms = [] {
    std::unordered_map<std::string_view, std::string_view> map;
    std::string_view form;
    for (std::size_t at = 0; (at = irregular_text.find_first_not_of(" \n", at)) != std::string_view::npos;) {
      const auto end = std::min(irregular_text.find_first_of(" \n", at), irregular_text.size());
      const auto found = irregular_text.substr(at, end - at);
      if (form.empty()) {
        form = found;
      } else {
        map.emplace(std::exchange(form, {}), found);
      }
      at = end;
    }
    return map;
  }();
  const auto found = forms.find(word);
  return found == forms.end() ? word : found->second;
}

}  // namespace

std::string stem(std::string_view lower) {
  std::string word(regular(lower));
  if (word.size() <= 2 || !std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; })) return word;
  americanise(word);
  step1(word);
  apply(word, step2, 0);
  apply(word, step3, 0);
  step4_and_5(word);
  return word;
}

}  // namespace convoke::model
