// What a parameter wants, from its type, name and description: general words of forms and interfaces, no tool's own.
#include <algorithm>
#include <initializer_list>
#include <span>

#include "model/catalogue.hpp"
#include "model/words.hpp"

namespace convoke::model {
namespace {

using Names = std::initializer_list<std::string_view>;

bool has(const Parameter& parameter, Names names) {
  return std::ranges::any_of(parameter.words, [&](const std::string& word) { return std::ranges::find(names, word) != names.end(); });
}

bool ends(const Parameter& parameter, Names names) {
  return !parameter.words.empty() && std::ranges::find(names, parameter.words.back()) != names.end();
}

bool mentions(const Parameter& parameter, std::string_view word) {
  const auto words = tokenize(parameter.description);
  return std::ranges::any_of(words, [&](const Token& token) { return token.lower == word; });
}

constexpr Names person_words{"employee",  "person",    "contact",     "mentor",     "user",    "colleague", "candidate",   "applicant",
                             "student",   "guest",     "author",      "assignee",   "speaker", "attendee",  "participant", "manager",
                             "patient",   "recipient", "influencer",  "worker",     "member",  "trainer",   "teacher",     "owner",
                             "passenger", "buddy",     "interviewer", "supervisor", "human",   "who",       "whom",        "name"};
constexpr Names party_words{"client",       "customer",     "vendor",  "supplier", "company", "organisation",
                            "organization", "competitor",   "sponsor", "brand",    "partner", "outlet",
                            "provider",     "manufacturer", "seller",  "buyer",    "firm"};
constexpr Names money_words{"amount", "price", "cost",  "budget",   "salary", "fee",   "payment",
                            "money",  "bonus", "spend", "spending", "wage",   "value", "claim"};
constexpr Names text_words{"details",        "detail",      "description", "content",   "contents", "body",         "message",
                           "text",           "info",        "information", "reason",    "issue",    "feedback",     "suggestion",
                           "comment",        "comments",    "note",        "notes",     "summary",  "instructions", "requirements",
                           "situation",      "preferences", "guidelines",  "standards", "ideas",    "idea",         "criteria",
                           "specifications", "features",    "action",      "actions",   "rules",    "complaint",    "changes",
                           "agenda",         "facts",       "data",        "strategy",  "material", "explanation",  "context"};
/// Words that say what kind of field it is, not what it is about: no cue for a value.
constexpr Names plain_words{"name", "details",     "detail", "description", "type",    "number", "no",      "id",  "title",
                            "info", "information", "value",  "text",        "content", "new",    "current", "the", "of",
                            "for",  "list",        "size",   "total",       "count",   "key",    "string"};

Want want_of_number(const Parameter& parameter) {
  if (has(parameter, {"percentage", "percent", "pct", "discount"})) return Want::percent;
  if (has(parameter, money_words) && parameter.type == ValueType::number) return Want::money;
  if (ends(parameter, {"amount", "price", "cost", "budget", "salary", "fee"})) return Want::money;
  if (has(parameter, {"rate"}) && mentions(parameter, "percent")) return Want::percent;
  return Want::count;
}

Want want_of_string(const Parameter& parameter) {
  if (has(parameter, {"email", "emailaddress", "mailbox"}) && !has(parameter, {"subject", "body", "list", "content", "text"}))
    return Want::email;
  if (has(parameter, {"phone", "telephone", "mobile", "fax"}) && !has(parameter, {"model", "name", "type"})) return Want::phone;
  if (has(parameter, {"url", "link", "website", "uri"})) return Want::url;
  if (ends(parameter, {"month"})) return Want::month;
  if (ends(parameter, {"period", "duration", "timeframe", "range", "quarter", "year"}) || has(parameter, {"timeframe"}))
    return Want::period;
  if (has(parameter, {"date", "day", "deadline", "due", "birthday", "when", "until"})) return Want::date;
  if (has(parameter, {"version"})) return Want::version;
  if (ends(parameter, {"number", "no", "id", "code", "sku", "reference", "serial", "iban", "ticket", "key"})) return Want::code;
  if (has(parameter, {"location", "place", "venue", "city", "address", "country", "destination", "origin", "site", "room"}))
    return Want::place;
  if (ends(parameter, {"query", "question", "search", "prompt"})) return Want::query;
  if (has(parameter, party_words) && (parameter.words.size() == 1 || ends(parameter, {"name"}))) return Want::party;
  if (has(parameter, person_words) && (parameter.words.size() == 1 || ends(parameter, {"name"}))) {
    // "name" alone or with a word for a person; "item_name" is not one.
    const bool thing = parameter.words.size() > 1 &&
                       std::ranges::none_of(std::span(parameter.words).first(parameter.words.size() - 1), [](const std::string& word) {
                         return word != "name" && std::ranges::find(person_words, word) != person_words.end();
                       });
    if (!thing && (parameter.words.size() > 1 || !has(parameter, {"name"}))) return Want::person;
  }
  if (has(parameter, text_words) && !ends(parameter, {"name", "type", "title"})) return Want::text;
  return Want::name;
}

/// The values behind "such as" or a colon, if there are two or more and they are short.
std::vector<std::string> examples_of(std::string_view description) {
  auto at = description.find("such as ");
  at = at == std::string_view::npos ? description.find(": ") : at + 6;
  if (at == std::string_view::npos) return {};
  auto rest = std::string(description.substr(at + 2));
  rest.resize(std::min(rest.size(), rest.find('.')));
  for (std::size_t joint = 0; (joint = rest.find(" or ")) != std::string::npos;) rest.replace(joint, 4, ", ");
  std::vector<std::string> examples;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto example = trim(rest.substr(0, comma));
    rest.erase(0, std::min(comma + 1, rest.size()));
    if (const auto dots = example.find(" \xE2\x80\xA6"); dots != std::string::npos) example.resize(dots);
    const auto words = tokenize(example);
    if (words.empty()) continue;
    if (words.size() > 2) return {};
    examples.push_back(std::move(example));
  }
  return examples.size() >= 2 ? examples : std::vector<std::string>{};
}

}  // namespace

void analyse(Parameter& parameter) {
  parameter.words = identifier_words(parameter.name);
  for (const auto& word : parameter.words) {
    if (std::ranges::find(plain_words, word) == plain_words.end() && !is_stop_word(word)) parameter.cues.push_back(stem(word));
  }
  for (const auto& synonym : parameter.synonyms) {
    if (is_preposition(synonym)) parameter.leads.push_back(synonym);
    const auto stems = content_stems(synonym);
    if (stems.size() == 1) parameter.cues.push_back(stems.front());
  }
  if (parameter.type == ValueType::string) parameter.examples = examples_of(parameter.description);
  if (!parameter.choices.empty()) {
    parameter.want = Want::choice;
  } else if (parameter.type == ValueType::boolean) {
    parameter.want = Want::flag;
  } else if (parameter.type == ValueType::array) {
    parameter.want = Want::list;
  } else if (parameter.type == ValueType::number || parameter.type == ValueType::integer) {
    parameter.want = want_of_number(parameter);
  } else if (parameter.want == Want::name) {
    parameter.want = want_of_string(parameter);
  }
}

}  // namespace convoke::model
