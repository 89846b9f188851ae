#include "agents/team/structure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "agents/team/load.hpp"

namespace convoke::agents {
namespace {

using Json = nlohmann::ordered_json;
using Shape = Node::Shape;

constexpr std::size_t default_text_bytes = 100'000;

const Json& schema_document() {
  static const Json document = Json::parse(team_schema());
  return document;
}

const Json* resolve(const Json* schema) {
  if (!schema->contains("$ref")) return schema;
  const auto name = (*schema)["$ref"].get<std::string>();
  return &schema_document()["definitions"][name.substr(name.rfind('/') + 1)];
}

bool has_shape(const Node& node, std::string_view type) {
  switch (node.shape) {
    case Shape::nothing: return type == "null";
    case Shape::boolean: return type == "boolean";
    case Shape::integer: return type == "integer" || type == "number";
    case Shape::number: return type == "number";
    case Shape::text: return type == "string";
    case Shape::list: return type == "array";
    case Shape::map: return type == "object";
  }
  return false;
}

std::string_view describe_type(std::string_view type) {
  if (type == "boolean") return "true or false";
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "string") return "a text";
  if (type == "array") return "a list";
  return "a map";
}

std::string describe_types(const Json& type) {
  if (type.is_string()) return std::string(describe_type(type.get<std::string>()));
  std::string text;
  for (const auto& one : type) text += fmt::format("{}{}", text.empty() ? "" : " or ", describe_type(one.get<std::string>()));
  return text;
}

bool has_type(const Node& node, const Json& type) {
  if (type.is_string()) return has_shape(node, type.get<std::string>());
  return std::ranges::any_of(type, [&](const Json& one) { return has_shape(node, one.get<std::string>()); });
}

class Checker {
 public:
  explicit Checker(Mistakes& mistakes) : mistakes_(mistakes) {}

  /// `name` is what the value is called in messages: its key, or that of the list it is in.
  bool check(Node& node, const Json& written_schema, const std::string& name) {
    if (node.skipped) return true;
    const Json& schema = *resolve(&written_schema);
    if (schema.contains("type") && !has_type(node, schema["type"])) {
      node.sound = false;
      return report(node.mark, fmt::format("expected {} for {}, found {}", describe_types(schema["type"]), name, found(node)));
    }
    switch (node.shape) {
      case Shape::text: node.sound = check_text(node, schema, name); break;
      case Shape::integer:
      case Shape::number: node.sound = check_number(node, schema, name); break;
      case Shape::list: node.sound = check_list(node, schema, name); break;
      case Shape::map: node.sound = check_map(node, schema, name); break;
      default: break;
    }
    return node.sound;
  }

 private:
  bool report(const Mark& mark, std::string message) {
    mistakes_.push_back({mark, std::move(message)});
    return false;
  }

  bool check_text(const Node& node, const Json& schema, const std::string& name) {
    if (schema.contains("enum")) return check_choice(node, schema["enum"], name);
    const auto longest = schema.value("maxLength", default_text_bytes);
    if (node.text.size() > longest)
      return report(node.mark, fmt::format("expected at most {} bytes for {}, found {}", longest, name, node.text.size()));
    const bool fits = node.text.size() >= schema.value("minLength", std::size_t{0});
    if (!schema.contains("pattern")) return fits || report(node.mark, fmt::format("expected a text that is not empty for {}", name));
    if (fits && std::regex_match(node.text, pattern_of(schema["pattern"].get<std::string>()))) return true;
    return report(node.mark, fmt::format("expected {} for {}, found {}", schema.value("x-expected", "another text"), name, found(node)));
  }

  // The patterns are those of the schema: compiled once.
  static const std::regex& pattern_of(const std::string& pattern) {
    thread_local std::map<std::string, std::regex> patterns;
    const auto known = patterns.find(pattern);
    return known != patterns.end() ? known->second : patterns.emplace(pattern, pattern).first->second;
  }

  bool check_choice(const Node& node, const Json& choices, const std::string& name) {
    const auto names = choices.get<std::vector<std::string>>();
    if (std::ranges::find(names, node.text) != names.end()) return true;
    return report(node.mark, fmt::format("expected {}{} for {}, found {}{}", names.size() == 1 ? "" : "one of ", joined(names), name,
                                         found(node), did_you_mean(node.text, names)));
  }

  bool check_number(const Node& node, const Json& schema, const std::string& name) {
    if (!schema.contains("minimum")) return true;
    const Json &least = schema["minimum"], &most = schema["maximum"];
    if (node.number >= least.get<double>() && node.number <= most.get<double>()) return true;
    return report(node.mark, fmt::format("expected {} to {} for {}, found {}", least.dump(), most.dump(), name, found(node)));
  }

  bool check_list(const Node& node, const Json& schema, const std::string& name) {
    const std::size_t size = node.items.size(), least = schema.value("minItems", std::size_t{0}), most = schema.value("maxItems", max_list);
    if (size < least)
      return report(node.mark,
                    fmt::format("expected at least {} in {}, found an empty list", least == 1 ? "one entry" : std::to_string(least), name));
    if (size > most) return report(node.mark, fmt::format("expected at most {} entries in {}, found {}", most, name, size));
    bool sound = true;
    for (const auto& item : node.items)
      if (schema.contains("items")) sound &= check(*item, schema["items"], "an entry of " + name);
    return sound;
  }

  bool check_map(Node& node, const Json& schema, const std::string& name) {
    bool sound = true;
    if (schema.contains("properties")) sound = mend_keys(node, schema["properties"], name);
    for (const auto& required : schema.value("required", Json::array())) {
      const auto key = required.get<std::string>();
      if (!node.find(key)) sound = misses(node, schema, key, name);
    }
    for (const auto& entry : node.entries)
      if (const Json* part = schema_of(schema, entry.key)) sound &= check(*entry.value, *part, entry.key);
    return sound;
  }

  // Where any key is allowed, one that is near the missing one is taken for it: it is one mistake.
  bool misses(Node& node, const Json& schema, const std::string& key, const std::string& name) {
    if (!schema.contains("properties"))
      for (auto& entry : node.entries)
        if (!nearest(entry.key, {key}).empty()) {
          report(entry.mark, fmt::format("expected the key {} in {}, found {}", quote(key), name, quote(entry.key)));
          entry.key = key;
          return false;
        }
    return report(node.mark, fmt::format("expected the key {} in {}", quote(key), name));
  }

  static const Json* schema_of(const Json& schema, const std::string& key) {
    if (schema.contains("properties")) return schema["properties"].contains(key) ? &schema["properties"][key] : nullptr;
    return schema.contains("additionalProperties") ? &schema["additionalProperties"] : nullptr;
  }

  // Reports unknown keys; one that is near a key which is not there is taken for it.
  bool mend_keys(Node& node, const Json& properties, const std::string& name) {
    bool sound = true;
    for (auto& entry : node.entries) {
      if (properties.contains(entry.key)) continue;
      std::vector<std::string> absent, all;
      for (const auto& [key, schema] : properties.items()) {
        all.push_back(key);
        if (!node.find(key)) absent.push_back(key);
      }
      const std::string meant(nearest(entry.key, absent));
      const std::string hint = meant.empty() ? "; its keys are " + joined(all) : fmt::format("; did you mean {}?", quote(meant));
      sound = report(entry.mark, fmt::format("expected a key of {}, found {}{}", name, quote(entry.key), hint));
      if (!meant.empty()) entry.key = meant;
    }
    return sound;
  }

  static constexpr std::size_t max_list = 100'000;
  Mistakes& mistakes_;
};

}  // namespace

void check_structure(Node& root, Mistakes& mistakes) { Checker(mistakes).check(root, schema_document(), "the team"); }

}  // namespace convoke::agents
