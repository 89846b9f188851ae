#include "tools/tool.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tools/json_schema.hpp"
#include "tools_support.hpp"

using namespace convoke::tools;
using nlohmann::json;

TEST_CASE("tool: its schema tells a model every parameter, and allows no other") {
  const json schema = json::parse(schema_of(test::order_hardware()));
  CHECK(schema["type"] == "object");
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["required"] == json({"item_name", "quantity"}));
  CHECK(schema["properties"]["quantity"] == json({{"type", "integer"}, {"description", "How many"}}));
  CHECK(schema["properties"]["colours"]["items"]["type"] == "string");
  CHECK(schema["properties"]["urgency"]["enum"] == json({"normal", "high"}));
  CHECK(schema["properties"]["urgency"]["default"] == "normal");
}

TEST_CASE("tool: synonyms are part of what a model is told") {
  CHECK(full_description(test::order_hardware()) == "Orders hardware. Also: buy laptops; purchase equipment.");
  CHECK(full_description({.name = "t", .description = "Does it."}) == "Does it.");
}

TEST_CASE("json schema: a violation is named, a broken schema is refused") {
  const auto wrong = validate_json(R"({"type": "object", "properties": {"a": {"type": "string"}}})", R"({"a": 1})");
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message, Catch::Contains("[a]"));
  CHECK(validate_json(R"({"type": "object"})", "{}"));
  CHECK_FALSE(validate_json(R"({"type": 7})", "{}"));
  CHECK_FALSE(validate_json("{", "{}"));
}
