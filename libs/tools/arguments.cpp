#include "tools/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "tools/json_input.hpp"
#include "tools/json_schema.hpp"

namespace convoke::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string_view expected(Type type) {
  switch (type) {
    case Type::string: return "a text";
    case Type::number: return "a number";
    case Type::integer: return "a whole number";
    case Type::boolean: return "true or false";
    case Type::list: return "a list";
    case Type::object: return "an object";
  }
  return "a value";
}

bool matches(Type type, const Json& value) {
  switch (type) {
    case Type::string: return value.is_string();
    case Type::number: return value.is_number();
    case Type::integer: return value.is_number_integer();
    case Type::boolean: return value.is_boolean();
    case Type::list: return value.is_array();
    case Type::object: return value.is_object();
  }
  return false;
}

std::string shown(const Json& value) {
  const std::string text = value.dump();
  return text.size() <= 60 ? text : std::string(truncate_utf8(text, 57)) + "…";
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

std::string explain_value(const Parameter& parameter, const Json& value) {
  if (!matches(parameter.type, value))
    return fmt::format("{}: expected {}, got {}", parameter.name, expected(parameter.type), shown(value));
  if (parameter.type == Type::list) {
    const auto wrong = std::ranges::find_if(value, [&](const Json& item) { return !matches(parameter.items, item); });
    if (wrong != value.end())
      return fmt::format("{}: expected a list in which each element is {}, got {}", parameter.name, expected(parameter.items),
                         shown(*wrong));
  }
  const auto equals = [&](const std::string& allowed) { return Json::parse(allowed) == value; };
  if (!parameter.one_of.empty() && std::ranges::none_of(parameter.one_of, equals))
    return fmt::format("{}: expected one of {}, got {}", parameter.name, joined(parameter.one_of), shown(value));
  return {};
}

// The first difference between arguments and parameters in words; empty when there is none.
std::string explain(const Tool& tool, const Json& arguments) {
  if (!arguments.is_object()) return fmt::format("expected an object with the arguments of {}, got {}", tool.name, shown(arguments));
  std::vector<std::string> names;
  names.reserve(tool.parameters.size());
  for (const auto& parameter : tool.parameters) names.push_back(parameter.name);
  for (const auto& [name, value] : arguments.items())
    if (std::ranges::find(names, name) == names.end())
      return fmt::format("{}: not a parameter of {}, which takes {}", name, tool.name, names.empty() ? "none" : joined(names));
  for (const auto& parameter : tool.parameters) {
    const auto given = arguments.find(parameter.name);
    if (given == arguments.end()) {
      if (parameter.required) return fmt::format("{}: missing, {} needs it ({})", parameter.name, tool.name, expected(parameter.type));
      continue;
    }
    if (std::string reason = explain_value(parameter, *given); !reason.empty()) return reason;
  }
  return {};
}

Result<Json> checked(const Tool& tool, std::string_view text) {
  auto arguments = parse_json<Json>(text, max_arguments_bytes);
  if (!arguments) return fail(Fault::tool_invalid_arguments, fmt::format("arguments of {}: {}", tool.name, arguments.error().message));
  const auto valid = validate_json(tool.schema_json.empty() ? schema_of(tool) : bounded_schema(tool.schema_json), text);
  if (valid) return std::move(*arguments);
  const std::string reason = tool.schema_json.empty() ? explain(tool, *arguments) : std::string();
  return fail(Fault::tool_invalid_arguments, reason.empty() ? valid.error().message : reason);
}

}  // namespace

Status check_arguments(const Tool& tool, std::string_view arguments_json) {
  auto arguments = checked(tool, arguments_json);
  if (!arguments) return std::unexpected(std::move(arguments.error()));
  return {};
}

Result<std::string> complete_arguments(const Tool& tool, std::string_view arguments_json) {
  const auto arguments = checked(tool, arguments_json);
  if (!arguments) return std::unexpected(arguments.error());
  Json complete = Json::object();
  for (const auto& parameter : tool.parameters) {
    const auto given = arguments->find(parameter.name);
    if (given != arguments->end())
      complete[parameter.name] = *given;
    else if (!parameter.default_json.empty())
      complete[parameter.name] = Json::parse(parameter.default_json);
  }
  return complete.dump();
}

}  // namespace convoke::tools
