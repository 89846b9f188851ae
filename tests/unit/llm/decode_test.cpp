#include <catch2/catch.hpp>

#include "llm/provider.hpp"

using namespace convoke;
using namespace convoke::llm;

namespace {

Result<Response> run(const std::vector<std::string>& stream) {
  ChatDecoder decoder;
  Assembly assembly;
  for (const auto& data : stream) {
    std::vector<StreamEvent> events;
    if (auto read = decoder.decode(data, events); !read) return std::unexpected(read.error());
    for (const auto& event : events) {
      if (auto taken = assembly.apply(event); !taken) return std::unexpected(taken.error());
    }
  }
  return assembly.take();
}

Status decode_one(std::string_view data) {
  ChatDecoder decoder;
  std::vector<StreamEvent> events;
  return decoder.decode(data, events);
}

}  // namespace

TEST_CASE("llm: a streamed text comes together with its usage and model") {
  const auto response = run({R"({"id":"x","model":"m-2","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})",
                             R"({"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]})",
                             R"({"choices":[{"index":0,"delta":{"content":"lo \"\u00e9\""}}]})",
                             R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
                             R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}})", "[DONE]"});
  REQUIRE(response);
  CHECK(response->content == "Hello \"é\"");
  CHECK(response->finish_reason == Finish::stop);
  CHECK(response->usage == Usage{7, 2});
  CHECK(response->model == "m-2");
}

TEST_CASE("llm: pieces of several tool calls come together by index") {
  const auto response = run(
      {R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c0","type":"function","function":{"name":"look","arguments":""}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c1","function":{"name":"go","arguments":"{\"n\":"}}]}}]})",
       R"({"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":"1}"}}]}}]})",
       R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"});
  REQUIRE(response);
  CHECK(response->tool_calls == std::vector<ToolCall>{{"c0", "look", "{}"}, {"c1", "go", R"({"n":1})"}});
  CHECK(response->finish_reason == Finish::tool_calls);
}

TEST_CASE("llm: fields in any order, whitespace and unknown members do no harm") {
  const auto response =
      run({" { \"usage\" : null , \"choices\" : [ { \"finish_reason\" : \"length\" , \"delta\" : { \"content\" : \"a\" , "
           "\"extra\" : [ { } ] } } ] , \"model\" : \"m\" } "});
  REQUIRE(response);
  CHECK(response->content == "a");
  CHECK(response->finish_reason == Finish::length);
}

TEST_CASE("llm: a stream that ends early was cut, and may be tried again") {
  const auto response = run({R"({"choices":[{"delta":{"content":"Hel"}}]})"});
  REQUIRE_FALSE(response);
  CHECK(response.error().code == Fault::model_overloaded);
  CHECK(retryable(response.error().code));
}

TEST_CASE("llm: bytes that are no chunk are named as such") {
  for (const std::string data : {"", "{", "[]", "null", "{\"choices\":[", R"({"choices":[{"delta":{"content":"a}}]})", "\xff\xfe", "{}",
                                 R"({"choices":[]} trailing)"}) {
    INFO(data);
    const auto read = decode_one(data);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Fault::model_invalid);
  }
  const auto deep = decode_one(R"({"choices":)" + std::string(50'000, '['));
  REQUIRE_FALSE(deep);
  CHECK(deep.error().message.find("deep") != std::string::npos);
}

TEST_CASE("llm: an error inside the stream ends it with the right fault") {
  const auto limited = run({R"({"error":{"message":"slow down","type":"rate_limit_error"}})"});
  REQUIRE_FALSE(limited);
  CHECK(limited.error().code == Fault::model_rate_limited);
  CHECK(limited.error().message.find("slow down") != std::string::npos);
}

TEST_CASE("llm: an answer beyond the limit is refused") {
  Assembly assembly(8);
  CHECK(assembly.apply(Delta{"12345678"}));
  const auto over = assembly.apply(Delta{"9"});
  REQUIRE_FALSE(over);
  CHECK(over.error().code == Fault::model_invalid);
  CHECK_FALSE(Assembly().apply(ToolCallDelta{1'000'000, "", "x", ""}));
}

TEST_CASE("llm: an unstreamed answer is read as well") {
  const auto response = decode_complete(
      R"({"model":"m","choices":[{"message":{"role":"assistant","content":null,"tool_calls":[{"id":"a","function":{"name":"go","arguments":"{}"}}]},
          "finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}})");
  REQUIRE(response);
  CHECK(response->tool_calls.size() == 1);
  CHECK(response->usage == Usage{1, 2});
  CHECK_FALSE(decode_complete(R"({"choices":[]})"));
  CHECK_FALSE(decode_complete("<html>"));
}

TEST_CASE("llm: what an HTTP status means") {
  CHECK(classify_status(401, "").code == Fault::model_unauthorised);
  CHECK(classify_status(429, "").code == Fault::model_rate_limited);
  CHECK(classify_status(429, R"({"error":{"code":"insufficient_quota"}})").code == Fault::budget);
  CHECK(classify_status(400, "").code == Fault::model_invalid);
  CHECK(classify_status(503, "").code == Fault::model_overloaded);
  CHECK(classify_status(400, R"({"error":{"message":"no such model"}})").message.find("400: no such model") != std::string::npos);
}
