#include <fmt/core.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "http/client.hpp"
#include "support/coroutine.hpp"
#include "support/offline_model.hpp"

using namespace convoke;
using Json = nlohmann::json;

namespace {

struct Caller {
  boost::asio::io_context io;
  http::Client client{io, {}};

  http::Response send(const std::string& method, const std::string& url, const std::string& body = {}) {
    http::ClientRequest request;
    request.method = method;
    request.url = url;
    request.body = body;
    request.headers.set("Content-Type", "application/json");
    auto task = client.send(std::move(request));
    auto answer = test::run(io, std::move(task));
    INFO((answer ? std::string() : answer.error().message));
    REQUIRE(answer);
    return std::move(*answer);
  }
  http::Response chat(const test::OfflineModel& model, const Json& body) {
    return send("POST", model.url("/v1/chat/completions"), body.dump());
  }
  void control(const test::OfflineModel& model, const Json& faults) {
    REQUIRE(send("POST", model.url("/control"), faults.dump()).status == 200);
  }
};

Json question(const std::string& text, bool stream = false) {
  return {{"model", "any"}, {"stream", stream}, {"messages", Json::array({{{"role", "user"}, {"content", text}}})}};
}

Json with_tool(Json body) {
  body["tools"] = Json::parse(R"([{"type":"function","function":{"name":"book_room","description":"Books a meeting room.","parameters":
    {"type":"object","properties":{"room_name":{"type":"string"},"date":{"type":"string","format":"date"}},"required":["room_name","date"]}}}])");
  return body;
}

// Many tools, and a wish for every fifth of them: something to think about.
http::ClientRequest long_request(const test::OfflineModel& model, int size) {
  std::string text;
  Json tools = Json::array();
  for (int i = 0; i < size; ++i) {
    const auto name = fmt::format("{}_{}", std::array{"book", "order", "cancel", "send"}.at(i % 4), i);
    tools.push_back({{"type", "function"}, {"function", {{"name", name}, {"description", "Does " + name + " for a person or a room."}}}});
    if (i % 5 == 0)
      text += fmt::format("Please {} number {} and then tell the person in the room. ", std::array{"book", "order"}.at(i % 2), i);
  }
  auto body = question(text);
  body["tools"] = std::move(tools);
  http::ClientRequest request;
  request.method = "POST";
  request.url = model.url("/v1/chat/completions");
  request.body = body.dump();
  return request;
}

}  // namespace

TEST_CASE("model server: says what it is, and that it lives") {
  test::OfflineModel model;
  Caller caller;
  CHECK(caller.send("GET", model.url("/healthz")).status == 200);
  CHECK(caller.send("GET", model.url("/readyz")).status == 200);
  const auto models = Json::parse(caller.send("GET", model.url("/v1/models")).body);
  CHECK(models["data"][0]["id"] == "offline");
  const auto answer = Json::parse(caller.chat(model, question("Write a sonnet about rain.")).body);
  CHECK(answer["choices"][0]["message"]["content"].get<std::string>().find("not a language model") != std::string::npos);
  CHECK(answer["choices"][0]["finish_reason"] == "stop");
  model.process().signal(SIGTERM);
  CHECK(model.process().wait(std::chrono::seconds(10)) == test::Exit{0, 0});
  CHECK(model.process().error_lines().empty());
}

TEST_CASE("model server: calls tools, streamed and not, and asks for what is missing") {
  test::OfflineModel model;
  Caller caller;
  const auto call = Json::parse(caller.chat(model, with_tool(question("Please book the room called \"Blue\" for tomorrow"))).body);
  CHECK(call["choices"][0]["finish_reason"] == "tool_calls");
  const auto& function = call["choices"][0]["message"]["tool_calls"][0]["function"];
  CHECK(function["name"] == "book_room");
  CHECK(Json::parse(function["arguments"].get<std::string>()) == Json({{"room_name", "Blue"}, {"date", "2026-11-21"}}));
  const auto asked = Json::parse(caller.chat(model, with_tool(question("Book the room \"Blue\""))).body);
  CHECK(asked["choices"][0]["message"]["content"].get<std::string>().find("date") != std::string::npos);
  auto streamed = with_tool(question("Book the room \"Blue\" for tomorrow", true));
  streamed["stream_options"] = {{"include_usage", true}};
  const auto stream = caller.chat(model, streamed);
  CHECK(stream.headers.get("Content-Type").find("text/event-stream") == 0);
  CHECK(stream.body.find("\"finish_reason\":\"tool_calls\"") != std::string::npos);
  CHECK(stream.body.find("\"usage\":{") != std::string::npos);
  CHECK(stream.body.ends_with("data: [DONE]\n\n"));
}

TEST_CASE("model server: health is answered while it thinks") {
  test::OfflineModel model;
  Caller caller;
  auto request = long_request(model, 200);
  bool answered = false;
  boost::asio::co_spawn(caller.io, caller.client.send(std::move(request)), [&](const std::exception_ptr&, auto) { answered = true; });
  int healthy = 0;
  while (!answered) {
    CHECK(caller.send("GET", model.url("/healthz")).status == 200);
    healthy += answered ? 0 : 1;
  }
  CHECK(healthy >= 3);
}

TEST_CASE("model server: who leaves while it thinks, or ends it, does it no harm") {
  test::OfflineModel model;
  Caller caller;
  for (int i = 0; i < 40; ++i) {
    auto request = long_request(model, 40);
    request.total_deadline = Millis{5 + 7 * (i % 10)};
    auto task = caller.client.send(std::move(request));
    (void)test::run(caller.io, std::move(task));
  }
  CHECK(caller.send("GET", model.url("/healthz")).status == 200);
  for (int i = 0; i < 3; ++i) {
    bool answered = false;
    boost::asio::co_spawn(caller.io, caller.client.send(long_request(model, 40)),
                          [&](const std::exception_ptr&, auto) { answered = true; });
    if (i < 2) continue;
    CHECK(caller.send("GET", model.url("/healthz")).status == 200);
    model.process().signal(SIGTERM);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!answered && std::chrono::steady_clock::now() < end) caller.io.run_one_for(std::chrono::milliseconds(20));
  }
  CHECK(model.process().wait(std::chrono::seconds(30)) == test::Exit{0, 0});
  CHECK(model.process().error_lines().empty());
}

TEST_CASE("model server: honours max_tokens and stop") {
  test::OfflineModel model;
  Caller caller;
  auto body = question("anything at all");
  body["max_tokens"] = 3;
  const auto cut = Json::parse(caller.chat(model, body).body);
  CHECK(cut["choices"][0]["message"]["content"] == "This is Convoke's");
  CHECK(cut["choices"][0]["finish_reason"] == "length");
  body.erase("max_tokens");
  body["stop"] = "Convoke";
  CHECK(Json::parse(caller.chat(model, body).body)["choices"][0]["message"]["content"] == "This is ");
}

TEST_CASE("model server: faults on order, and back to none") {
  test::OfflineModel model;
  Caller caller;
  caller.control(model, {{"rate_limit", {{"next", 1}, {"retry_after_s", 7}}},
                         {"error", {{"next", 1}}},
                         {"malformed", {{"next", 1}}},
                         {"cut", {{"next", 1}, {"after_tokens", 2}}}});
  const auto limited = caller.chat(model, question("one"));
  CHECK(limited.status == 429);
  CHECK(limited.headers.get("Retry-After") == "7");
  CHECK(caller.chat(model, question("two")).status == 500);
  const auto cut = caller.chat(model, question("three", true));
  CHECK(cut.body.find("[DONE]") == std::string::npos);
  CHECK(cut.body.find("Convoke") == std::string::npos);
  CHECK(Json::parse(caller.chat(model, question("four")).body, nullptr, false).is_discarded());
  CHECK(caller.chat(model, question("five")).status == 200);
  caller.control(model, {{"error", {{"every", 2}}}});
  int failed = 0;
  for (int i = 0; i < 6; ++i) failed += caller.chat(model, question("six")).status == 500 ? 1 : 0;
  CHECK(failed == 3);
  caller.control(model, {{"reset", true}, {"delay_ms", 120}, {"tokens_per_second", 100}});
  const auto begin = std::chrono::steady_clock::now();
  const auto slow = caller.chat(model, question("seven", true));
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(220));
  CHECK(slow.body.ends_with("data: [DONE]\n\n"));
  CHECK(caller.send("POST", model.url("/control"), R"({"flood": 1})").status == 400);
}

TEST_CASE("model server: plays a script, then falls back to the rules") {
  test::TempDir folder;
  std::ofstream(folder.file("script.yaml")) << "answers:\n"
                                               "  - {pattern: 'secret (word|code)', content: 'Xyzzy.', times: 1}\n"
                                               "  - {agent: Baker, turn: 2, content: 'Second.'}\n"
                                               "  - {agent: Baker, tool_calls: [{name: bake, arguments: {number: 12}}]}\n";
  test::OfflineModel model({"--script", folder.file("script.yaml")});
  Caller caller;
  const auto text = [&](const Json& body) { return Json::parse(caller.chat(model, body).body)["choices"][0]["message"]["content"]; };
  CHECK(text(question("Tell me the Secret Word")) == "Xyzzy.");
  CHECK(text(question("Tell me the secret word")) != "Xyzzy.");
  Json baker = question("Bake");
  const Json system{{"role", "system"}, {"content", "You are Baker."}};
  baker["messages"].insert(baker["messages"].begin(), system);
  const auto first = Json::parse(caller.chat(model, baker).body)["choices"][0]["message"];
  CHECK(first["tool_calls"][0]["function"]["arguments"] == R"({"number":12})");
  baker["messages"].push_back({{"role", "assistant"}, {"content", "Baked."}});
  CHECK(text(baker) == "Second.");
}

TEST_CASE("model server: answers at once and in one piece when told to") {
  test::OfflineModel model({"--instant", "Quick and short."});
  Caller caller;
  CHECK(Json::parse(caller.chat(model, question("x")).body)["choices"][0]["message"]["content"] == "Quick and short.");
  const auto stream = caller.chat(model, question("x", true));
  CHECK(stream.body.find("Quick and short.") != std::string::npos);
  CHECK(stream.body.ends_with("data: [DONE]\n\n"));
}

TEST_CASE("model server: rubbish is refused with a reason and disturbs nobody") {
  test::OfflineModel model;
  Caller caller;
  const std::string deep = R"({"messages":)" + std::string(100'000, '[');
  for (const std::string& body :
       {std::string(), std::string("{"), std::string("[]"), std::string("\xff\xfe"), std::string(R"({"messages":[]})"),
        std::string(R"({"messages":[1]})"), std::string(R"({"messages":[{"role":"king"}]})"),
        std::string(R"({"messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}})"), deep}) {
    const auto answer = caller.send("POST", model.url("/v1/chat/completions"), body);
    CHECK(answer.status == 400);
    CHECK(Json::parse(answer.body)["error"]["message"].is_string());
  }
  CHECK(caller.send("GET", model.url("/v1/chat/completions")).status == 405);
  CHECK(caller.send("GET", model.url("/nowhere")).status == 404);
  CHECK(caller.chat(model, question("still there?")).status == 200);
}

TEST_CASE("model server: a bad script or date ends the start with the reason") {
  test::TempDir folder;
  std::ofstream(folder.file("bad.yaml")) << "answers:\n  - {patern: x}\n";
  for (const auto& [arguments, reason] :
       {std::pair<std::vector<std::string>, std::string>{{"--script", folder.file("bad.yaml")}, "answer 1: unknown member patern"},
        {{"--script", "/nonexistent.yaml"}, "cannot read the script"},
        {{"--date", "tomorrow"}, "YYYY-MM-DD"},
        {{"--faults", "{\"x\":1}"}, "x is not known"}}) {
    test::Command command;
    command.arguments = {test::program("convoke-model"), "--listen", "127.0.0.1:0"};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    test::Process process(command);
    CHECK(process.wait(std::chrono::seconds(20)) == test::Exit{2, 0});
    CHECK(process.err().find(reason) != std::string::npos);
  }
}
