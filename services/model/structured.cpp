#include "model/structured.hpp"

#include <algorithm>
#include <set>

#include "core/text.hpp"
#include "llm/json_text.hpp"
#include "model/arguments.hpp"
#include "model/listing.hpp"
#include "model/reply.hpp"
#include "model/task.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest = 16;
constexpr std::size_t longest_text = 400;
constexpr std::size_t shortest_text = 30;  // what is cut keeps so much

std::string type_of(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return schema.contains("properties") ? "object" : "string";
  if (type->is_string()) return type->get<std::string>();
  if (type->is_array()) {
    for (const auto& entry : *type) {
      if (entry.is_string() && entry != "null") return entry.get<std::string>();
    }
  }
  return "string";
}

const Json& properties_of(const Json& schema) {
  static const Json none = Json::object();
  const auto found = schema.find("properties");
  return found != schema.end() && found->is_object() ? *found : none;
}

Json step_json(const Step& step, const Json& schema) {
  Json all{{"action", step.action},
           {"agent", step.agent},
           {"function", step.function},
           {"arguments", step.arguments},
           {"depends_on", step.depends_on}};
  const auto& known = properties_of(schema);
  if (known.empty()) return all;
  auto json = Json::object();
  for (const auto& [name, property] : known.items()) {
    if (!all.contains(name)) continue;
    json[name] = all[name];
    if (name == "arguments" && type_of(property) == "string") json[name] = llm::dump(all[name]);
    if (name == "arguments" && type_of(property) == "array") {
      json[name] = Json::array();
      for (const auto& [argument, value] : step.arguments.items())
        json[name].push_back({{"name", argument}, {"value", value.is_string() ? value : Json(value.dump())}});
    }
  }
  return json;
}

/// At most `most` bytes of the text, cut at a word.
std::string cut_at_word(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  auto kept = truncate_utf8(text, most);
  if (const auto space = kept.find_last_of(" \n\t"); space != std::string_view::npos && space > most / 2) kept = kept.substr(0, space);
  return std::string(kept) + " \u2026";
}

/// The action's own words become short; what it ends with (its function, or why it has none) stays.
void shorten(Step& step, std::size_t most) {
  auto end = step.action.rfind(". Function: ");
  if (end == std::string::npos) end = step.action.rfind(". EXCEPTION: ");
  if (end == std::string::npos) end = step.action.size();
  step.action = cut_at_word(std::string_view(step.action).substr(0, end), most) + step.action.substr(end);
  for (auto& argument : step.arguments) {
    if (argument.is_string()) argument = cut_at_word(argument.get_ref<const std::string&>(), most);
  }
}

class SchemaFiller {
 public:
  SchemaFiller(Reading reading, std::string whole) : r_(std::move(reading)), whole_(std::move(whole)) {}

  Json fill(const Json& schema, const std::string& name, int depth) {
    if (depth > deepest || !schema.is_object()) return nullptr;
    if (schema.contains("const")) return schema["const"];
    if (const auto choices = schema.find("enum"); choices != schema.end() && choices->is_array() && !choices->empty())
      return choose(*choices);
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      if (const auto any = schema.find(key); any != schema.end() && any->is_array() && !any->empty())
        return fill(any->front(), name, depth + 1);
    }
    const auto type = type_of(schema);
    if (type == "object") {
      auto json = Json::object();
      for (const auto& [key, property] : properties_of(schema).items()) json[key] = fill(property, key, depth + 1);
      return json;
    }
    if (type == "array") return list(schema, name, depth);
    if (type == "boolean") return agreed();
    if (type == "integer" || type == "number") return number(schema, type == "integer");
    if (type == "null") return nullptr;
    return text(schema, name);
  }

 private:
  Json choose(const Json& choices) const {
    const Json* best = &choices.front();
    double most = 0;
    for (const auto& choice : choices) {
      if (!choice.is_string()) continue;
      const double match = choice_match(choice.get_ref<const std::string&>(), r_, 0, r_.tokens.size());
      if (match > most) {
        most = match;
        best = &choice;
      }
    }
    return *best;
  }

  bool agreed() const {
    static const std::set<std::string_view> no{"no",   "not",    "never",   "false", "dont",   "cannot", "reject",
                                               "deny", "refuse", "without", "stop",  "unsafe", "dont"};
    return std::ranges::none_of(r_.tokens, [&](const Token& token) { return no.contains(token.lower); });
  }

  Json number(const Json& schema, bool whole) const {
    double value = 0;
    const auto found = std::ranges::find_if(r_.entities, [](const Entity& entity) {
      return entity.shape == Shape::number || entity.shape == Shape::money || entity.shape == Shape::percent;
    });
    if (found != r_.entities.end()) value = found->number;
    if (schema.contains("minimum") && schema["minimum"].is_number()) value = std::max(value, schema["minimum"].get<double>());
    if (schema.contains("maximum") && schema["maximum"].is_number()) value = std::min(value, schema["maximum"].get<double>());
    if (whole) return static_cast<std::int64_t>(value);
    return value;
  }

  Json list(const Json& schema, const std::string& name, int depth) {
    auto json = Json::array();
    const auto items = schema.find("items");
    const bool wanted = schema.contains("minItems") && schema["minItems"].is_number_unsigned() && schema["minItems"] > 0;
    if (wanted && items != schema.end()) json.push_back(fill(*items, name, depth + 1));
    return json;
  }

  Json text(const Json& schema, const std::string& name) const {
    Parameter parameter{.name = name, .description = {}, .synonyms = {}, .choices = {}, .required = true, .words = {}, .cues = {}};
    if (schema.contains("format") && schema["format"] == "email") parameter.want = Want::email;
    if (schema.contains("format") && schema["format"] == "date") parameter.want = Want::date;
    analyse(parameter);
    const bool shaped = parameter.want == Want::person || parameter.want == Want::email || parameter.want == Want::phone ||
                        parameter.want == Want::date || parameter.want == Want::code;
    if (shaped) {
      const Tool tool{.name = "", .description = {}, .synonyms = {}, .parameters = {parameter}};
      const auto filled = model::fill(tool, r_, 0, r_.tokens.size(), {.free_text = false});
      return filled.arguments.value(name, "");
    }
    return std::string(truncate_utf8(whole_, longest_text));
  }

  Reading r_;
  std::string whole_;
};

}  // namespace

Json plan_json(const Plan& plan, const Json& schema) {
  Json all{{"initial_goal", plan.goal},
           {"steps", Json::array()},
           {"summary_plan_and_steps", plan.summary},
           {"human_clarification_request", nullptr}};
  if (!plan.clarification.empty()) all["human_clarification_request"] = plan.clarification;
  const auto& known = properties_of(schema);
  const auto items =
      known.contains("steps") && known["steps"].is_object() && known["steps"].contains("items") ? known["steps"]["items"] : Json::object();
  for (const auto& step : plan.steps) all["steps"].push_back(step_json(step, items));
  auto json = Json::object();
  for (const auto& [name, property] : known.items()) {
    if (all.contains(name)) json[name] = all[name];
    if (name == "human_clarification_request" && json[name].is_null() && property.is_object() && property.contains("type") &&
        property["type"] == "string")
      json[name] = "";
  }
  return json;
}

std::string plan_text(Plan plan, const Json& schema, std::size_t max_tokens) {
  auto text = llm::dump(plan_json(plan, schema));
  for (std::size_t most = 4'000; max_tokens != 0 && count_tokens(text) > max_tokens && most >= shortest_text; most /= 2) {
    plan.goal = cut_at_word(plan.goal, most);
    plan.summary = cut_at_word(plan.summary, most);
    plan.clarification = cut_at_word(plan.clarification, most);
    for (auto& step : plan.steps) shorten(step, most);
    text = llm::dump(plan_json(plan, schema));
  }
  return text;
}

Json fill_schema(const ChatRequest& request, Day today) {
  const auto task = task_of(request.messages);
  if (request.format == Format::json_object || request.schema.is_null()) return {{"answer", plain_reply(task)}};
  auto reading = read_text(task.action, today, [](std::string_view) { return false; });
  return SchemaFiller(std::move(reading), task.action).fill(request.schema, "", 0);
}

}  // namespace convoke::model
