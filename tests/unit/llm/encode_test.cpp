#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "llm/provider.hpp"

using namespace convoke;
using namespace convoke::llm;
using Json = nlohmann::json;

namespace {

Request question() {
  return {.model = "m-1", .messages = {{.role = Role::system, .content = "Be brief."}, {.role = Role::user, .content = "Hello"}}};
}

Json body_of(const Request& request) {
  const auto call = encode_chat(request);
  REQUIRE(call);
  CHECK(call->path == "/chat/completions");
  return Json::parse(call->body);
}

}  // namespace

TEST_CASE("llm: a request is streamed and asks for usage") {
  const auto body = body_of(question());
  CHECK(body["model"] == "m-1");
  CHECK(body["stream"] == true);
  CHECK(body["stream_options"]["include_usage"] == true);
  CHECK(body["messages"][1] == Json({{"role", "user"}, {"content", "Hello"}}));
  for (const char* absent : {"tools", "tool_choice", "response_format", "temperature", "max_tokens", "stop", "seed"})
    CHECK_FALSE(body.contains(absent));
}

TEST_CASE("llm: tools, their choice and what was called go into the request") {
  auto request = question();
  request.tools = {{"look", "Looks.", R"({"type":"object","properties":{"where":{"type":"string"}}})"}, {"stop", "", ""}};
  request.tool_choice = "look";
  request.messages.push_back({.role = Role::assistant, .tool_calls = {{"c1", "look", R"({"where":"up"})"}}});
  request.messages.push_back({.role = Role::tool, .content = "sky", .tool_call_id = "c1"});
  const auto body = body_of(request);
  CHECK(body["tools"][0]["function"]["parameters"]["properties"].contains("where"));
  CHECK(body["tools"][1]["function"]["parameters"]["type"] == "object");
  CHECK(body["tool_choice"]["function"]["name"] == "look");
  CHECK(body["messages"][2]["content"].is_null());
  CHECK(body["messages"][2]["tool_calls"][0]["function"]["arguments"] == R"({"where":"up"})");
  CHECK(body["messages"][3]["tool_call_id"] == "c1");
}

TEST_CASE("llm: a wanted schema becomes a response format") {
  auto request = question();
  request.response_schema = ResponseSchema{"plan", R"({"type":"object"})"};
  request.max_tokens = 100;
  request.temperature = 0.0;
  const auto body = body_of(request);
  CHECK(body["response_format"]["json_schema"]["name"] == "plan");
  CHECK(body["response_format"]["json_schema"]["strict"] == true);
  CHECK(body["max_tokens"] == 100);
}

TEST_CASE("llm: a schema that is not JSON is refused before anything is sent") {
  auto request = question();
  request.tools = {{"look", "", "{"}};
  const auto call = encode_chat(request);
  REQUIRE_FALSE(call);
  CHECK(call.error().code == Fault::invalid);
  CHECK(call.error().message.find("look") != std::string::npos);
}
