#include "tools/json_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "tools/json_input.hpp"

namespace convoke::tools {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

constexpr std::size_t max_parts = 1'000;  // of a schema, those that are referred to again counted again
constexpr std::size_t max_depth = 32;

/// See bounded_schema().
class Bounded {
 public:
  explicit Bounded(const nlohmann::json& root) : root_(root) {}

  nlohmann::json of(const nlohmann::json& schema) {
    auto result = nlohmann::json::object();
    if (!schema.is_object() || depth_ == max_depth || parts_ >= max_parts) return result;
    ++parts_;
    ++depth_;
    for (const auto& [key, value] : schema.items()) take(key, value, result);
    // What matches a pattern is another member that may be there.
    if (schema.contains("patternProperties")) result.erase("additionalProperties");
    --depth_;
    return result;
  }

 private:
  static bool is_plain(std::string_view key) {
    constexpr std::array<std::string_view, 14> plain{
        "type",     "required", "enum",      "const",     "minimum",       "maximum",      "exclusiveMinimum", "exclusiveMaximum",
        "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"};
    return std::ranges::find(plain, key) != plain.end();
  }

  void take(const std::string& key, const nlohmann::json& value, nlohmann::json& result) {
    if (is_plain(key)) {
      parts_ += value.size();
      if (parts_ < max_parts) result[key] = value;
    } else if (key == "properties" && value.is_object()) {
      // Named even where nothing more is known of them, because others may be forbidden.
      for (const auto& [name, part] : value.items()) result[key][name] = of(part);
    } else if ((key == "items" || key == "additionalProperties") && value.is_object()) {
      result[key] = of(value);
    } else if (key == "additionalProperties" && value.is_boolean()) {
      result[key] = value;
    } else if (key == "allOf" && value.is_array()) {
      for (const auto& part : value) result["allOf"].push_back(of(part));
    } else if ((key == "anyOf" || key == "oneOf") && value.is_array()) {
      auto choices = nlohmann::json::array();
      for (const auto& part : value) choices.push_back(of(part));
      if (!choices.empty()) result["allOf"].push_back({{"anyOf", std::move(choices)}});
    } else if (key == "$ref" && value.is_string()) {
      if (const auto* target = find(value.get<std::string>())) result["allOf"].push_back(of(*target));
    }
  }

  /// Inside this schema; nullptr for all others.
  const nlohmann::json* find(const std::string& reference) const {
    if (!reference.starts_with('#')) return nullptr;
    try {
      const nlohmann::json::json_pointer place(reference.substr(1));
      return root_.contains(place) ? &root_.at(place) : nullptr;
    } catch (const nlohmann::json::exception&) {
      return nullptr;
    }
  }

  const nlohmann::json& root_;
  std::size_t parts_ = 0;
  std::size_t depth_ = 0;
};

std::string first_reason(valijson::ValidationResults& results) {
  valijson::ValidationResults::Error error;
  if (!results.popError(error)) return "does not match the schema";
  std::string place;
  for (const auto& part : error.context) place += part;
  return fmt::format("{}: {}", place, error.description);
}

}  // namespace

std::string bounded_schema(std::string_view schema_json) {
  const auto schema = parse_json<nlohmann::json>(schema_json);
  return schema ? Bounded(*schema).of(*schema).dump() : "{}";
}

Status validate_json(std::string_view schema_json, std::string_view value_json) {
  const auto schema_document = parse_json<nlohmann::json>(schema_json);
  if (!schema_document) return fail(Fault::invalid, "the schema: " + schema_document.error().message);
  const auto value = parse_json<nlohmann::json>(value_json);
  if (!value) return fail(Fault::invalid, value.error().message);
  valijson::Schema schema;
  try {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(Adapter(*schema_document), schema);
  } catch (const std::exception& problem) {
    return fail(Fault::invalid, fmt::format("the schema: {}", problem.what()));
  }
  valijson::ValidationResults results;
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  try {
    if (validator.validate(schema, Adapter(*value), &results)) return {};
  } catch (const std::exception& problem) {
    return fail(Fault::invalid, fmt::format("the schema: {}", problem.what()));
  }
  return fail(Fault::invalid, first_reason(results));
}

}  // namespace convoke::tools
