#include "model/script.hpp"

#include <fmt/core.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "model/faults.hpp"

using namespace convoke;
using namespace convoke::model;
using Json = nlohmann::ordered_json;

namespace {

ChatRequest saying(const std::string& text) {
  ChatRequest request;
  request.messages = {{.role = llm::Role::user, .content = text}};
  return request;
}

}  // namespace

TEST_CASE("model script: the first entry that fits answers, as often as it may") {
  auto script = Script::read(Json::parse(R"({"answers":[{"pattern":"^one","content":"1","times":1},{"content":{"a":1}}]})"));
  REQUIRE(script);
  CHECK(script->answer(saying("One two"))->response.content == "1");
  CHECK(script->answer(saying("One two"))->response.content == R"({"a":1})");
  CHECK_FALSE(script->strict());
}

TEST_CASE("model script: mistakes are named with their entry") {
  const auto mistake = [](const char* text) { return Script::read(Json::parse(text)).error().message; };
  CHECK(mistake(R"({"answers":[{},{"pattern":"("}]})").find("answer 2: pattern") == 0);
  CHECK(mistake(R"({"answers":[{"turns":1}]})").find("unknown member turns") != std::string::npos);
  CHECK(mistake(R"({"answers":[{"tool_calls":[{}]}]})").find("needs a name") != std::string::npos);
  CHECK(mistake(R"({"otherwise":"maybe"})").find("rules or error") != std::string::npos);
}

TEST_CASE("model faults: the next ones first, then every so many") {
  FaultPlan plan;
  REQUIRE(plan.apply(Json::parse(R"({"rate_limit":{"next":1},"error":{"every":3}})")));
  CHECK(plan.next() == Harm::rate_limit);
  CHECK(plan.next() == Harm::none);
  CHECK(plan.next() == Harm::error);
  REQUIRE(plan.apply(Json::parse(R"({"reset":true})")));
  CHECK(plan.next() == Harm::none);
  CHECK_FALSE(plan.apply(Json::parse(R"({"delay_ms":-1})")));
  CHECK_FALSE(plan.apply(Json::parse(R"({"cut":{"sometimes":1}})")));
  CHECK_FALSE(plan.apply(Json::parse("[]")));
}

TEST_CASE("model request: pieces follow max_tokens and stop") {
  auto request = saying("x");
  request.max_tokens = 2;
  llm::Response response{.content = "one two three"};
  const auto pieces = cut(response, request);
  CHECK(response.content == "one two");
  CHECK(pieces.content == std::vector<std::string_view>{"one", " two"});
  CHECK(pieces.finish == llm::Finish::length);
  const auto list = chunks({"id", 0, "m"}, response, pieces, true);
  CHECK(list.size() == 5);
}

TEST_CASE("script: numbers beyond reason are refused by name") {
  for (const auto* text :
       {"answers: [{turn: 1e80, content: x}]", "answers: [{delay_ms: -1, content: x}]", "answers: [{times: soon, content: x}]"}) {
    const auto script = model::parse_script(text, "script.yaml");
    REQUIRE(!script);
    CHECK(script.error().code == Fault::invalid);
    CHECK_THAT(script.error().message, Catch::Contains("answer 1: ") && Catch::Contains("must be a number from 0 to 1000000000"));
  }
}

TEST_CASE("script: aliases that grow without end are refused at their place") {
  std::string text = "a0: &a0 [x]\n";
  for (int level = 1; level < 30; ++level) text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}]\n", level, level - 1);
  const auto script = model::parse_script(text, "script.yaml");
  REQUIRE(!script);
  CHECK(script.error().code == Fault::malformed);
  CHECK_THAT(script.error().message, Catch::Contains("script.yaml:1:10: expected at most 1000000 values, aliases expanded"));
}
