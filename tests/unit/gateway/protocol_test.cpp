#include "api/ws/protocol.hpp"

#include <catch2/catch.hpp>

#include "wire/message.hpp"

using namespace convoke;
using namespace convoke::api;

namespace {

template <class T> T as(std::string_view text) {
  auto frame = ws::parse(text, {});
  if (const auto* refused = std::get_if<ws::Refused>(&frame)) UNSCOPED_INFO(refused->error.message);
  REQUIRE(std::holds_alternative<T>(frame));
  return std::get<T>(std::move(frame));
}

}  // namespace

TEST_CASE("ws: a verb keeps its fields and gives up what belongs to the frame") {
  const auto wanted = as<ws::Perform>(R"({"type":"task","id":"1","key":"k","traceparent":"t","description":"x"})");
  CHECK(wanted.verb == "task");
  CHECK(wanted.key == "k");
  CHECK(wanted.fields.size() == 1);
  CHECK(wanted.fields["description"] == "x");
}

TEST_CASE("ws: a subscription begins at one, or where the client says") {
  CHECK(as<ws::Subscribe>(R"({"type":"subscribe","conversation":"s~t1"})").from == Position{1, Uuid{}});
  const auto at =
      as<ws::Subscribe>(R"({"type":"subscribe","conversation":"s~t1","from":7,"after_id":"01890a5d-ac96-774b-bcce-b302099a8057"})");
  CHECK(at.from.from == 7);
  CHECK(at.from.after_id);
}

TEST_CASE("ws: what cannot be understood is refused with the frame's id where it has one") {
  CHECK(as<ws::Refused>("{").error.code == Fault::malformed);
  CHECK(as<ws::Refused>("[]").error.code == Fault::invalid);
  CHECK(as<ws::Refused>(R"({"id":"9"})").id == "9");
  CHECK(as<ws::Refused>(R"({"id":9,"type":"ping"})").error.message.starts_with("id: "));
  CHECK(as<ws::Refused>(R"({"type":"subscribe","id":"2"})").error.message == "conversation: missing");
  CHECK(as<ws::Refused>(R"({"type":"task","key":"with space"})").error.message.starts_with("key: "));
  CHECK(as<ws::Refused>(R"({"type":"task","key":""})").error.message.starts_with("key: expected 1 to 256"));
  CHECK(as<ws::Refused>(R"({"type":"task","key":7})").error.message == "key: expected text, found number");
  CHECK(as<ws::Refused>(R"({"type":7})").error.message.starts_with("type: "));
}

TEST_CASE("ws: who is refused is told what was refused, however wrong it is") {
  const auto told = [](const Json& sent) {
    const auto frame = ws::parse(sent.dump(), {});
    REQUIRE(std::holds_alternative<ws::Refused>(frame));
    const auto& refused = std::get<ws::Refused>(frame);
    return Json::parse(ws::error(refused.id, refused.error, refused.about));
  };
  for (const auto& id : {std::string(), std::string("s1~t1 "), std::string("é"), std::string(300, 'x')}) {
    const auto answer = told({{"type", "subscribe"}, {"id", "f1"}, {"conversation", id}});
    INFO(answer.dump());
    CHECK(answer["type"] == "error");
    CHECK(answer["id"] == "f1");
    CHECK(answer["of"] == "subscribe");
    CHECK(answer["conversation"] == id);
    CHECK(answer["error"]["code"] == "INVALID");
  }
  CHECK(told({{"type", "task"}, {"key", "with space"}})["key"] == "with space");
  CHECK_FALSE(told({{"type", "subscribe"}, {"conversation", std::string(2000, 'x')}}).contains("conversation"));
  CHECK_FALSE(told({{"type", "subscribe"}, {"conversation", 7}}).contains("conversation"));
  CHECK(told({{"type", 7}}).value("of", "none") == "none");
}

TEST_CASE("ws: a frame that is understood carries what it said of itself, for the error that may answer it") {
  const auto posted = as<ws::Perform>(R"({"type":"post","conversation":"s~d1","text":5,"key":"k"})");
  CHECK(posted.about == Json{{"of", "post"}, {"conversation", "s~d1"}, {"key", "k"}});
  CHECK(as<ws::Subscribe>(R"({"type":"subscribe","conversation":"s~d1"})").about == Json{{"of", "subscribe"}, {"conversation", "s~d1"}});
  const auto told = Json::parse(ws::error("7", Error(Fault::overloaded, "later"), posted.about));
  CHECK(told["of"] == "post");
  CHECK(told["key"] == "k");
  CHECK(told["error"]["retryable"] == true);
}

TEST_CASE("ws: what a reader delivers is told with its conversation") {
  wire::EventT event;
  event.seq = 3;
  event.text = "hi";
  const auto told = Json::parse(ws::delivery("1", "s~t1", read::Event{event}));
  CHECK(told["type"] == "event");
  CHECK(told["conversation"] == "s~t1");
  CHECK(told["event"]["seq"] == 3);
  const auto opened = Json::parse(ws::delivery("1", "s~t1", read::Opened{.from = 4, .head = 9}));
  CHECK(opened["type"] == "subscribed");
  CHECK(opened["id"] == "1");
  CHECK(opened["from"] == 4);
  CHECK(opened["head"] == 9);
  const auto over = Json::parse(ws::delivery("1", "s~t1", read::Failed{Error(Fault::gone, "deleted")}));
  CHECK(over["type"] == "error");
  CHECK(over["error"]["code"] == "GONE");
  CHECK(ws::delivery("1", "s~t1", read::Heads{}).empty());
}
