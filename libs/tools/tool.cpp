#include "tools/tool.hpp"

#include <nlohmann/json.hpp>

namespace convoke::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string_view json_type(Type type) {
  switch (type) {
    case Type::string: return "string";
    case Type::number: return "number";
    case Type::integer: return "integer";
    case Type::boolean: return "boolean";
    case Type::list: return "array";
    case Type::object: return "object";
  }
  return "string";
}

std::string also(const std::vector<std::string>& synonyms) {
  std::string text;
  for (const auto& synonym : synonyms) text.append(text.empty() ? " Also: " : "; ").append(synonym);
  return text.empty() ? text : text + ".";
}

Json schema_of(const Parameter& parameter) {
  Json schema = {{"type", json_type(parameter.type)}, {"description", parameter.description + also(parameter.synonyms)}};
  if (parameter.type == Type::list) schema["items"] = {{"type", json_type(parameter.items)}};
  for (const auto& value : parameter.one_of) schema["enum"].push_back(Json::parse(value));
  if (!parameter.default_json.empty()) schema["default"] = Json::parse(parameter.default_json);
  return schema;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::template_text: return "template";
    case Kind::http: return "http";
    case Kind::mcp: return "mcp";
    case Kind::builtin: return "builtin";
    case Kind::agent: return "agent";
    case Kind::code: return "code";
  }
  return "template";
}

std::string_view name_of(Type type) { return type == Type::list ? "list" : json_type(type); }

std::string full_description(const Tool& tool) { return tool.description + also(tool.synonyms); }

std::string schema_of(const Tool& tool) {
  if (!tool.schema_json.empty()) return tool.schema_json;
  Json schema = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}, {"additionalProperties", false}};
  for (const auto& parameter : tool.parameters) {
    schema["properties"][parameter.name] = schema_of(parameter);
    if (parameter.required) schema["required"].push_back(parameter.name);
  }
  return schema.dump();
}

}  // namespace convoke::tools
