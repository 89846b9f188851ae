#include "tools/json_schema.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "tools/json_input.hpp"

namespace convoke::tools {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

std::string first_reason(valijson::ValidationResults& results) {
  valijson::ValidationResults::Error error;
  if (!results.popError(error)) return "does not match the schema";
  std::string place;
  for (const auto& part : error.context) place += part;
  return fmt::format("{}: {}", place, error.description);
}

}  // namespace

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
  if (validator.validate(schema, Adapter(*value), &results)) return {};
  return fail(Fault::invalid, first_reason(results));
}

}  // namespace convoke::tools
