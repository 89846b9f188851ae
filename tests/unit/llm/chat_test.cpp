#include "llm/chat.hpp"

#include <catch2/catch.hpp>

#include "llm/provider.hpp"

using namespace convoke;
using namespace convoke::llm;

TEST_CASE("llm: a message with calls survives its JSON text") {
  const Message message{
      .role = Role::assistant,
      .content = "Ordering \"two\" … naïve",
      .tool_calls = {{"call_1", "order_hardware", R"({"item_name":"laptop","quantity":2})"}, {"call_2", "audit", "not json"}},
      .name = "buyer"};
  const auto back = message_from_json(to_json(message));
  REQUIRE(back);
  CHECK(*back == message);
}

TEST_CASE("llm: a tool's answer keeps which call it answers") {
  const Message message{.role = Role::tool, .content = "done", .tool_call_id = "call_9"};
  const auto back = message_from_json(to_json(message));
  REQUIRE(back);
  CHECK(*back == message);
}

TEST_CASE("llm: a response survives its JSON text") {
  const Response response{"text", {{"c", "t", "{}"}}, Finish::tool_calls, {12, 34}, "some-model"};
  const auto back = response_from_json(to_json(response));
  REQUIRE(back);
  CHECK(*back == response);
  CHECK(as_message(response).tool_calls == response.tool_calls);
}

TEST_CASE("llm: text that is no message is malformed, never an exception") {
  for (const char* text : {"", "{", "[]", "null", R"({"content":"no role"})", R"({"role":"king","content":""})",
                           R"({"role":"assistant","tool_calls":3})", R"({"role":"assistant","tool_calls":[{"id":"x"}]})", "\xff\xfe"}) {
    const auto read = message_from_json(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Fault::malformed);
  }
  const auto deep = message_from_json(std::string(100'000, '['));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().message.find("deep") != std::string::npos);
}

TEST_CASE("llm: bytes that are not UTF-8 are replaced, not refused") {
  CHECK(to_json(Message{.role = Role::user, .content = "a\xff"}).find("\xEF\xBF\xBD") != std::string::npos);
}
