#include "tools/render.hpp"

#include <catch2/catch.hpp>

#include "tools_support.hpp"

using namespace convoke;
using namespace convoke::tools;
using test::order_hardware;

namespace {

constexpr UnixTime noon{std::chrono::sys_days{std::chrono::year{2026} / 12 / 31} + std::chrono::hours{12}};

std::string rendered(const Tool& tool, std::string_view arguments = "{}") { return render(tool, arguments, noon).value(); }

std::string first_bad(std::string response) {
  Tool tool = order_hardware();
  tool.response = std::move(response);
  tool.data_json = R"({"plans": {"basic": 25}})";
  const auto bad = check_placeholders(tool);
  return bad.empty() ? "" : bad[0].written + " " + bad[0].expected;
}

}  // namespace

TEST_CASE("render: placeholders become arguments, defaults and what was not given") {
  CHECK(rendered(order_hardware(), R"({"item_name": "a {quantity} b", "quantity": 3, "colours": ["red", "blue"], "budget": 99.5})") ==
        "Ordered 3 of **a {quantity} b** (normal), colours: red, blue, budget: 99.5.");
  CHECK(rendered(order_hardware(), R"({"item_name": "x", "quantity": 1})") ==
        "Ordered 1 of **x** (normal), colours: not given, budget: not given.");
}

TEST_CASE("render: wrong arguments are refused") {
  CHECK(render(order_hardware(), "{}", noon).error().code == Fault::tool_invalid_arguments);
}

TEST_CASE("render: doubled braces are braces") { CHECK(rendered({.name = "t", .response = "{{a}} }}{{"}) == "{a} }{"); }

TEST_CASE("render: the clock knows today and the first of next month, over the end of a year") {
  CHECK(rendered({.name = "t", .response = "{clock.today} {clock.first_of_next_month}"}) == "2026-12-31 2027-01-01");
}

TEST_CASE("render: canned data, records as a table") {
  const Tool tool{.name = "t",
                  .response = "{data.head.title}:\n{data.plans}",
                  .data_json = R"({"head": {"title": "Plans"}, "plans": [{"plan_name": "A|B", "usd": 25}, {"plan_name": "C"}]})"};
  CHECK(rendered(tool) == "Plans:\n| Plan name | Usd |\n| --- | --- |\n| A\\|B | 25 |\n| C |  |");
}

TEST_CASE("render: a placeholder that names nothing is found before it is used") {
  CHECK(first_bad("{item_name} {data.plans.basic} {clock.today} {{x}}").empty());
  CHECK(first_bad("{item}") == "{item} a parameter: {item_name}, {quantity}, {urgency}, {colours}, {budget}");
  CHECK(first_bad("{data.plan}") == "{data.plan} a key of the tool's data");
  CHECK(first_bad("{clock.now}") == "{clock.now} {clock.today} or {clock.first_of_next_month}");
  CHECK(first_bad("{}") == "{} a parameter: {item_name}, {quantity}, {urgency}, {colours}, {budget}");
  CHECK(first_bad("a { b") == "{ a closing '}' on the same line, or {{ for a brace");
  CHECK(first_bad("a } b") == "} }} for a brace");
  Tool twice = order_hardware();
  twice.response = "{a} {b} {a}";
  CHECK(check_placeholders(twice).size() == 2);
  twice.response = "} {{a}} }";
  const auto lone = check_placeholders(twice);
  REQUIRE(lone.size() == 2);
  CHECK((lone[0].at == 0 && lone[1].at == 8));
}
