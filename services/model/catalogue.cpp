#include "model/catalogue.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/words.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

void add_synonym(std::vector<std::string>& synonyms, std::string_view text) {
  auto synonym = trim(text);
  while (synonym.ends_with('.')) synonym.pop_back();
  if (!synonym.empty() && std::ranges::find(synonyms, synonym) == synonyms.end()) synonyms.push_back(std::move(synonym));
}

/// Takes `Also: one; two.` off a description.
void split_also(std::string& description, std::vector<std::string>& synonyms) {
  const auto at = description.find("Also: ");
  if (at == std::string::npos) return;
  std::string_view list = std::string_view(description).substr(at + 6);
  while (!list.empty()) {
    const auto end = std::min(list.find(';'), list.size());
    add_synonym(synonyms, list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  description = trim(description.substr(0, at));
}

void read_synonyms(const Json& object, const char* key, std::vector<std::string>& synonyms) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return;
  for (const auto& entry : *found) {
    if (entry.is_string()) add_synonym(synonyms, entry.get_ref<const std::string&>());
  }
}

ValueType type_of(const Json& schema) {
  auto name = text_of(schema, "type");
  // ["string", "null"] and the like: the first that is not null.
  if (const auto found = schema.find("type"); found != schema.end() && found->is_array()) {
    for (const auto& entry : *found) {
      if (name.empty() && entry.is_string() && entry != "null") name = entry.get<std::string>();
    }
  }
  if (name == "number") return ValueType::number;
  if (name == "integer") return ValueType::integer;
  if (name == "boolean") return ValueType::boolean;
  if (name == "array") return ValueType::array;
  if (name == "object") return ValueType::object;
  return ValueType::string;
}

Parameter read_parameter(const std::string& name, const Json& schema) {
  Parameter parameter{.name = name, .description = {}, .synonyms = {}, .choices = {}, .words = {}, .cues = {}};
  if (!schema.is_object()) return parameter;
  parameter.type = type_of(schema);
  parameter.description = text_of(schema, "description");
  split_also(parameter.description, parameter.synonyms);
  read_synonyms(schema, "x-synonyms", parameter.synonyms);
  if (const auto items = schema.find("items"); items != schema.end() && items->is_object()) parameter.items = type_of(*items);
  if (const auto choices = schema.find("enum"); choices != schema.end() && choices->is_array()) {
    for (const auto& choice : *choices) parameter.choices.push_back(choice.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  parameter.has_default = schema.contains("default");
  if (text_of(schema, "format") == "email") parameter.want = Want::email;
  if (text_of(schema, "format").starts_with("date")) parameter.want = Want::date;
  return parameter;
}

/// Nobody orders none of a thing; a figure that is set may be none. The schema's word goes first.
double least_of(const Parameter& parameter, const std::vector<std::string>& tool, const Json& schema) {
  if (schema.is_object() && schema.contains("minimum") && schema["minimum"].is_number()) return schema["minimum"].get<double>();
  if (parameter.want != Want::count || parameter.type != ValueType::integer) return 0;
  static constexpr std::array<std::string_view, 8> setting{"set", "update", "adjust", "change", "correct", "record", "track", "report"};
  static constexpr std::array<std::string_view, 6> figures{"level", "threshold", "stock", "limit", "minimum", "index"};
  const auto figure = [](const std::string& word) { return std::ranges::find(figures, word) != figures.end(); };
  const bool sets = !tool.empty() && std::ranges::find(setting, tool.front()) != setting.end();
  return sets || std::ranges::any_of(parameter.words, figure) ? 0 : 1;
}

Tool read_tool(const Json& json, std::size_t agent) {
  Tool tool{.agent = agent, .name = text_of(json, "name"), .description = text_of(json, "description"), .synonyms = {}, .parameters = {}};
  split_also(tool.description, tool.synonyms);
  read_synonyms(json, "synonyms", tool.synonyms);
  read_synonyms(json, "tags", tool.synonyms);
  const auto schema = json.find("parameters");
  if (schema == json.end() || !schema->is_object()) return tool;
  read_synonyms(*schema, "x-synonyms", tool.synonyms);
  const auto properties = schema->find("properties");
  if (properties == schema->end() || !properties->is_object()) return tool;
  for (const auto& [name, property] : properties->items()) tool.parameters.push_back(read_parameter(name, property));
  if (const auto required = schema->find("required"); required != schema->end() && required->is_array()) {
    for (auto& parameter : tool.parameters) parameter.required = std::ranges::find(*required, Json(parameter.name)) != required->end();
  }
  const auto own = identifier_words(tool.name);
  for (auto& parameter : tool.parameters) {
    analyse(parameter);
    parameter.least = least_of(parameter, own, (*properties)[parameter.name]);
    auto rest = parameter.cues;
    std::erase_if(
        rest, [&](const std::string& cue) { return std::ranges::any_of(own, [&](const std::string& word) { return stem(word) == cue; }); });
    if (!rest.empty()) parameter.cues = std::move(rest);
  }
  return tool;
}

AgentKind kind_of(const Json& json, const std::string& name) {
  const auto kind = text_of(json, "kind");
  if (kind == "generic") return AgentKind::generic;
  if (kind == "human") return AgentKind::human;
  if (!kind.empty()) return AgentKind::specialist;
  const auto lower = to_lower(name);
  if (lower.find("generic") != std::string::npos) return AgentKind::generic;
  if (lower.find("human") != std::string::npos && lower.find("resource") == std::string::npos) return AgentKind::human;
  return AgentKind::specialist;
}

}  // namespace

Result<Catalogue> read_catalogue(const Json& json) {
  const auto agents = json.is_object() ? json.find("agents") : json.end();
  if (!json.is_object() || agents == json.end() || !agents->is_array()) return fail(Fault::invalid, "the catalogue has no list of agents");
  Catalogue catalogue;
  for (const auto& entry : *agents) {
    if (!entry.is_object() || text_of(entry, "name").empty()) return fail(Fault::invalid, "the catalogue has an agent without a name");
    const auto name = text_of(entry, "name");
    catalogue.agents.push_back({name, text_of(entry, "description"), kind_of(entry, name)});
    const auto tools = entry.find("tools");
    if (tools == entry.end() || !tools->is_array()) continue;
    for (const auto& tool : *tools) {
      if (tool.is_object() && !text_of(tool, "name").empty()) catalogue.tools.push_back(read_tool(tool, catalogue.agents.size() - 1));
    }
  }
  if (const auto most = json.find("max_plan_steps"); most != json.end() && most->is_number_unsigned()) {
    catalogue.max_plan_steps = std::clamp<std::size_t>(most->get<std::size_t>(), 1, 64);
  }
  catalogue.today = text_of(json, "today");
  return catalogue;
}

Catalogue catalogue_of_tools(const Json& tools) {
  Catalogue catalogue;
  catalogue.agents.emplace_back();
  if (!tools.is_array()) return catalogue;
  for (const auto& entry : tools) {
    const auto function = entry.is_object() ? entry.find("function") : entry.end();
    if (!entry.is_object() || function == entry.end() || !function->is_object() || text_of(*function, "name").empty()) continue;
    catalogue.tools.push_back(read_tool(*function, 0));
  }
  return catalogue;
}

}  // namespace convoke::model
