#include "tools/arguments.hpp"

#include <catch2/catch.hpp>

#include "tools_support.hpp"

using namespace convoke;
using namespace convoke::tools;
using test::order_hardware;

namespace {

std::string refusal(const Tool& tool, std::string_view arguments) {
  const auto status = check_arguments(tool, arguments);
  if (status) return "";
  CHECK(status.error().code == Fault::tool_invalid_arguments);
  return status.error().message;
}

}  // namespace

TEST_CASE("arguments: what fits the parameters is accepted") {
  CHECK(refusal(order_hardware(), R"({"item_name": "laptop", "quantity": 3})").empty());
  CHECK(refusal(order_hardware(), R"({"quantity": 3, "item_name": "", "urgency": "high", "colours": ["red"], "budget": 12})").empty());
  CHECK(refusal(Tool{.name = "audit"}, "{}").empty());
}

TEST_CASE("arguments: a refusal names the field and what was expected") {
  const Tool tool = order_hardware();
  CHECK(refusal(tool, R"({"quantity": 3})") == "item_name: missing, order_hardware needs it (a text)");
  CHECK(refusal(tool, R"({"item_name": "laptop", "quantity": "3"})") == "quantity: expected a whole number, got \"3\"");
  CHECK(refusal(tool, R"({"item_name": "laptop", "quantity": 2.5})") == "quantity: expected a whole number, got 2.5");
  CHECK(refusal(tool, R"({"item_name": 7, "quantity": 3})") == "item_name: expected a text, got 7");
  CHECK(refusal(tool, R"({"item_name": null, "quantity": 3})") == "item_name: expected a text, got null");
  CHECK(refusal(tool, R"({"item_name": "a", "quantity": 3, "urgency": "soon"})") ==
        "urgency: expected one of \"normal\", \"high\", got \"soon\"");
  CHECK(refusal(tool, R"({"item_name": "a", "quantity": 3, "colours": "red"})") == "colours: expected a list, got \"red\"");
  CHECK(refusal(tool, R"({"item_name": "a", "quantity": 3, "colours": ["red", 4]})") ==
        "colours: expected a list in which each element is a text, got 4");
  CHECK(refusal(tool, R"({"item_name": "a", "quantity": 3, "amount": 4})") ==
        "amount: not a parameter of order_hardware, which takes item_name, quantity, urgency, colours, budget");
  CHECK(refusal(Tool{.name = "audit"}, R"({"a": 1})") == "a: not a parameter of audit, which takes none");
}

TEST_CASE("arguments: rubbish is refused with a reason and harms nothing") {
  const Tool tool = order_hardware();
  CHECK_THAT(refusal(tool, ""), Catch::Contains("not JSON"));
  CHECK_THAT(refusal(tool, R"({"item_name": )"), Catch::Contains("not JSON"));
  CHECK_THAT(refusal(tool, "{\"item_name\": \"\xff\"}"), Catch::Contains("not JSON"));
  CHECK_THAT(refusal(tool, "[1]"), Catch::Contains("expected an object"));
  CHECK_THAT(refusal(tool, std::string(100'000, '[')), Catch::Contains("nested deeper") || Catch::Contains("not JSON"));
  CHECK_THAT(refusal(tool, std::string(200, '[') + std::string(200, ']')), Catch::Contains("nested deeper"));
  CHECK_THAT(refusal(tool, "\"" + std::string(max_arguments_bytes, 'x') + "\""), Catch::Contains("at most"));
}

TEST_CASE("arguments: defaults are filled in, in the order of the parameters") {
  CHECK(complete_arguments(order_hardware(), R"({"quantity": 3, "item_name": "laptop"})").value() ==
        R"({"item_name":"laptop","quantity":3,"urgency":"normal"})");
  CHECK_FALSE(complete_arguments(order_hardware(), "{}"));
}

TEST_CASE("arguments: a schema that somebody else wrote is held against as far as that costs little, and ends nobody") {
  const auto fits = [](std::string schema, std::string_view arguments) {
    return refusal(Tool{.name = "found", .kind = Kind::mcp, .schema_json = std::move(schema)}, arguments).empty();
  };
  CHECK_FALSE(fits(R"({"type": "object", "required": ["city"]})", "{}"));
  CHECK_FALSE(fits(R"({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "integer"}}})", R"({"a": "b"})"));
  CHECK(fits(R"({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "integer"}}})", R"({"a": 3})"));
  CHECK_FALSE(fits(R"({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]})", "{}"));
  CHECK_FALSE(fits(R"({"properties": {"a": {"pattern": "("}}, "additionalProperties": false})", R"({"b": 1})"));
  CHECK(fits(R"({"properties": {"a": {"pattern": "("}}, "additionalProperties": false})", R"({"a": ""})"));
  CHECK(fits(R"({"patternProperties": {"^x": {}}, "additionalProperties": false})", R"({"xy": 1})"));
  CHECK(fits(R"({"$ref": "#"})", "{}"));
  CHECK(fits(R"({"allOf": [{"$ref": "#"}, {"$ref": "#"}], "properties": {"a": {"$ref": "#"}}})", R"({"a": {"a": {}}})"));
  CHECK(fits(R"({"$ref": "https://elsewhere.example/schema"})", "{}"));
  CHECK(fits(R"({"properties": {"a": {"multipleOf": 0}}})", R"({"a": 3})"));
  const auto text = R"({"a": ")" + std::string(200'000, 'a') + R"("})";
  CHECK(fits(R"({"properties": {"a": {"pattern": "^(a|b)*$", "format": "date"}}})", text));
}
