#include <catch2/catch.hpp>
#include <deque>

#include "core/hash.hpp"
#include "http/client.hpp"
#include "http/websocket_client.hpp"
#include "integration/cli/installation.hpp"
#include "support/coroutine.hpp"

using namespace convoke;
using namespace convoke::test;
using std::chrono::seconds;

namespace {

// One WebSocket to the gateway of an installation.
class Socket {
 public:
  Socket(boost::asio::io_context& io, const std::string& url, const std::string& user)
      : Socket(io, url, http::Headers{{"x-ms-client-principal-id", user}}) {}
  Socket(boost::asio::io_context& io, const std::string& url, http::Headers headers) : io_(io), client_(io) {
    http::WebSocketTarget target;
    target.address = url.substr(url.find("://") + 3);
    target.target = "/api/ws";
    target.headers = std::move(headers);
    const auto connected = run(io_, client_.connect(std::move(target)));
    REQUIRE(connected);
    REQUIRE(next()["type"] == "hello");
  }
  void send(const Json& frame) { REQUIRE(run(io_, client_.send(frame.dump()))); }
  Json next(Millis deadline = Millis{10'000}) {
    auto message = run(io_, client_.read(deadline));
    if (!message || !*message) return {{"type", "none"}};
    return Json::parse((*message)->data);
  }
  /// The next frame of one of these types; what comes before it is kept in `passed`.
  Json until(const std::vector<std::string>& types) {
    for (int frames = 0; frames < 1'000; ++frames) {
      auto frame = next();
      const auto type = frame.value("type", "none");
      if (type == "none" || std::ranges::find(types, type) != types.end()) return frame;
      passed.push_back(std::move(frame));
    }
    return {{"type", "none"}};
  }
  /// The frame that answers what was sent with that id; what comes before it is kept in `passed`.
  Json answer_to(const std::string& id) {
    while (true) {
      auto frame = next();
      if (frame.value("type", "none") == "none" || frame.value("id", "") == id) return frame;
      passed.push_back(std::move(frame));
    }
  }
  /// Events of a conversation up to the end of its run, those in `passed` first.
  std::vector<Json> run_of(const std::string& conversation) {
    std::vector<Json> events;
    while (true) {
      Json frame;
      if (passed.empty()) {
        frame = next();
      } else {
        frame = std::move(passed.front());
        passed.pop_front();
      }
      if (frame.value("type", "none") == "none") return events;
      if (frame["type"] != "event" || frame["conversation"] != conversation) continue;
      events.push_back(frame["event"]);
      if (frame["event"]["kind"] == "run_ended") return events;
    }
  }

  std::deque<Json> passed;

 private:
  boost::asio::io_context& io_;
  http::WebSocketClient client_;
};

}  // namespace

TEST_CASE("socket: one connection talks, reads from a position, and is told when the position does not match") {
  Installation installation;
  installation.up();
  const auto url = installation.status()["url"].get<std::string>();
  boost::asio::io_context io;
  Socket ann(io, url, "ann");
  ann.send({{"type", "chat"}, {"id", "1"}, {"key", "k"}, {"agent", "HrAgent"}, {"text", "Please assign a mentor to Jessica Smith."}});
  const auto accepted = ann.until({"accepted", "error"});
  INFO(accepted.dump());
  REQUIRE(accepted["type"] == "accepted");
  CHECK(accepted["id"] == "1");
  const auto conversation = accepted["conversation"].get<std::string>();
  ann.send({{"type", "subscribe"}, {"id", "2"}, {"conversation", conversation}});
  CHECK(ann.until({"subscribed"})["id"] == "2");
  const auto events = ann.run_of(conversation);
  REQUIRE(events.size() >= 3);
  for (std::size_t at = 0; at < events.size(); ++at) CHECK(events[at]["seq"] == at + 1);
  // Deltas may be dropped by their promise: here the events are what counts.

  // The same command again is the same command.
  ann.send({{"type", "chat"}, {"id", "3"}, {"key", "k"}, {"agent", "HrAgent"}, {"text", "Please assign a mentor to Jessica Smith."}});
  const auto repeated = ann.until({"accepted", "error"});
  CHECK(repeated["conversation"] == conversation);
  CHECK(repeated["repeated"] == true);
  ann.send({{"type", "subscribe"}, {"id", "4"}, {"conversation", conversation}});
  CHECK(ann.until({"error"})["error"]["code"] == "CONFLICT");

  // A second connection goes on where the first one was.
  Socket later(io, url, "ann");
  later.send({{"type", "subscribe"}, {"conversation", conversation}, {"from", 3}, {"after_id", events[1]["id"]}});
  CHECK(later.until({"subscribed", "error"})["type"] == "subscribed");
  CHECK(later.until({"event"})["event"] == events[2]);
  // And one whose memory is of another log is told so, and reads from the beginning.
  Socket lost(io, url, "ann");
  lost.send({{"type", "subscribe"}, {"conversation", conversation}, {"from", 3}, {"after_id", "01890a5d-ac96-774b-bcce-b302099a8057"}});
  CHECK(lost.until({"history_reset", "event"})["type"] == "history_reset");
  CHECK(lost.until({"subscribed", "event"})["from"] == 1);
  CHECK(lost.until({"event"})["event"] == events[0]);
  lost.send({{"type", "unsubscribe"}, {"conversation", conversation}});
  CHECK(lost.until({"unsubscribed"})["conversation"] == conversation);

  // Nobody else reads it, posts to it, or learns that it is there.
  Socket bob(io, url, "bob");
  bob.send({{"type", "subscribe"}, {"id", "1"}, {"conversation", conversation}});
  auto refused = bob.until({"error", "subscribed"});
  CHECK(refused["error"]["code"] == "NOT_FOUND");
  bob.send({{"type", "post"}, {"id", "2"}, {"conversation", conversation}, {"text", "hello"}});
  refused = bob.until({"error", "accepted"});
  CHECK(refused["error"]["code"] == "NOT_FOUND");
  CHECK(refused["of"] == "post");
  CHECK(refused["conversation"] == conversation);

  // What is deleted ends its readers.
  ann.passed.clear();
  ann.send({{"type", "delete"}, {"id", "9"}, {"session_id", accepted["session_id"]}});
  CHECK(ann.answer_to("9")["type"] == "accepted");
  const auto told = std::ranges::find_if(ann.passed, [](const auto& frame) { return frame["type"] == "error"; });
  const auto over = told != ann.passed.end() ? *told : ann.until({"error"});
  CHECK(over["conversation"] == conversation);
  CHECK((over["error"]["code"] == "NOT_FOUND" || over["error"]["code"] == "GONE"));
}

TEST_CASE("socket: a task is started, its question answered and its steps decided on one connection") {
  Installation installation;
  installation.up();
  boost::asio::io_context io;
  Socket socket(io, installation.status()["url"].get<std::string>(), "ann");
  socket.send({{"type", "task"}, {"id", "1"}, {"description", "Onboard a new employee, Jessica Smith."}, {"policy", "whole_plan"}});
  const auto accepted = socket.until({"accepted", "error"});
  INFO(accepted.dump());
  REQUIRE(accepted["type"] == "accepted");
  const auto conversation = accepted["conversation"].get<std::string>();
  socket.send({{"type", "subscribe"}, {"conversation", conversation}});
  Json event;
  do event = socket.until({"event", "none"});
  while (event["type"] == "event" && event["event"]["kind"] != "request_opened");
  REQUIRE(event["type"] == "event");
  CHECK(event["event"]["data"]["kind"] == "approval");
  socket.send({{"type", "decide"}, {"id", "2"}, {"plan", accepted["plan"]}, {"approved", true}, {"revision", 999}});
  CHECK(socket.until({"error", "accepted"})["error"]["code"] == "CONFLICT");
  socket.send({{"type", "answer"}, {"id", "x"}, {"request", event["event"]["data"]["request"]}, {"text", "no"}});
  CHECK(socket.until({"error", "accepted"})["error"]["message"].get<std::string>().contains("is decided by yes or no"));
  socket.send({{"type", "answer"}, {"id", "3"}, {"request", event["event"]["data"]["request"]}, {"approved", true}});
  const auto events = socket.run_of(conversation);
  REQUIRE_FALSE(events.empty());
  CHECK(events.back()["data"]["stop_reason"] == "completed");
}

TEST_CASE("socket: while nothing is wrong, the pieces of a message arrive in order and are the message") {
  Installation installation;
  installation.up();
  boost::asio::io_context io;
  http::Client control(io, {});
  http::ClientRequest slow;
  slow.method = "POST";
  slow.url = "http://localhost/control";
  slow.unix_socket = installation.data() + "/run/model";
  slow.body = R"({"tokens_per_second": 20})";
  const auto slowed = run(io, control.send(std::move(slow)));
  REQUIRE(slowed);
  REQUIRE(slowed->status == 200);
  Socket ann(io, installation.status()["url"].get<std::string>(), "ann");
  ann.send({{"type", "chat"}, {"id", "1"}, {"agent", "HrAgent"}, {"text", "What can you do?"}});
  const auto accepted = ann.until({"accepted", "error"});
  REQUIRE(accepted["type"] == "accepted");
  ann.send({{"type", "subscribe"}, {"conversation", accepted["conversation"]}});
  std::string pieces;
  int count = 0;
  std::uint64_t attempt = 0;
  for (auto frame = ann.next(); frame["type"] != "none"; frame = ann.next()) {
    if (frame["type"] == "delta") {
      const auto& delta = frame["delta"];
      if (delta["attempt"].get<std::uint64_t>() > attempt) pieces.clear();  // a turn that was given to another worker begins again
      attempt = delta["attempt"].get<std::uint64_t>();
      REQUIRE(delta["offset"] == pieces.size());
      pieces += delta["text"].get<std::string>();
      ++count;
    }
    if (frame["type"] == "event" && frame["event"]["kind"] == "message" && frame["event"]["author"] != "user/ann") {
      CHECK(frame["event"]["text"] == pieces);
      break;
    }
  }
  CHECK(count >= 5);
}

TEST_CASE("socket: two people with keys of their own share a conversation: both read, both talk, one deletes") {
  TempDir folder;
  const auto keys = folder.file("keys");
  std::ofstream(keys) << to_hex(sha256("root-key")) << " root admin\n"
                      << to_hex(sha256("ann-key")) << " ann\n"
                      << to_hex(sha256("bob-key")) << " bob\n";
  Installation installation;
  installation.environment = {{"CONVOKE_GATEWAY_KEYS", keys}, {"CONVOKE_API_KEY", "root-key"}};
  installation.up();
  const auto url = installation.status()["url"].get<std::string>();
  boost::asio::io_context io;
  const auto person = [&](const std::string& name) { return http::Headers{{"Authorization", "Bearer " + name + "-key"}}; };
  Socket ann(io, url, person("ann"));
  Socket bob(io, url, person("bob"));

  ann.send({{"type", "chat"}, {"agent", "HrAgent"}, {"text", "What can you do?"}, {"shared", true}});
  const auto opened = ann.until({"accepted", "error"});
  INFO(opened.dump());
  REQUIRE(opened["type"] == "accepted");
  const auto conversation = opened["conversation"].get<std::string>();
  const auto session = opened["session_id"].get<std::string>();
  bob.send({{"type", "subscribe"}, {"id", "early"}, {"conversation", conversation}});
  CHECK(bob.until({"error", "subscribed"})["error"]["code"] == "NOT_FOUND");
  ann.send({{"type", "subscribe"}, {"conversation", conversation}});
  auto of_ann = ann.run_of(conversation);
  REQUIRE(of_ann.size() >= 3);

  bob.send({{"type", "chat"}, {"agent", "HrAgent"}, {"session_id", session}});
  const auto joined = bob.until({"accepted", "error"});
  INFO(joined.dump());
  REQUIRE(joined["type"] == "accepted");
  CHECK(joined["conversation"] == conversation);
  bob.send({{"type", "subscribe"}, {"conversation", conversation}});
  auto of_bob = bob.run_of(conversation);
  CHECK(of_bob == of_ann);

  // What bob says is carried out, and both see it.
  bob.send({{"type", "post"}, {"conversation", conversation}, {"text", "Please assign a mentor to Jessica Smith."}});
  CHECK(bob.until({"accepted", "error"})["type"] == "accepted");
  const auto more_of_ann = ann.run_of(conversation);
  const auto more_of_bob = bob.run_of(conversation);
  CHECK(more_of_ann == more_of_bob);
  REQUIRE(more_of_ann.size() >= 3);
  CHECK(more_of_ann[0]["kind"] == "member_joined");
  CHECK(more_of_ann[0]["author"] == "user/bob");
  CHECK(more_of_ann[1]["author"] == "user/bob");
  CHECK(more_of_ann[0]["seq"] == of_ann.back()["seq"].get<int>() + 1);
  const bool called = std::ranges::any_of(more_of_ann, [](const auto& event) { return event["kind"] == "tool_called"; });
  CHECK(called);  // who speaks is told to the model, and does not confuse it

  // Both lists have it; deletion is ann's alone, and takes it from both.
  http::Client client(io, {});
  const auto listed = [&](const std::string& name) {
    http::ClientRequest request;
    request.method = "GET";
    request.url = url + "/api/sessions";
    request.headers = person(name);
    const auto response = run(io, client.send(std::move(request)));
    const auto json = response ? Json::parse(response->body, nullptr, false) : Json();
    return json.is_object() && std::ranges::any_of(json["sessions"], [&](const auto& each) { return each["id"] == session; });
  };
  CHECK(eventually(seconds(10), [&] { return listed("ann") && listed("bob"); }));
  CHECK_FALSE(listed("root"));
  bob.send({{"type", "delete"}, {"session_id", session}});
  CHECK(bob.until({"accepted", "error"})["error"]["code"] == "FORBIDDEN");
  ann.send({{"type", "delete"}, {"id", "over"}, {"session_id", session}});
  CHECK(ann.answer_to("over")["type"] == "accepted");  // its readers may be told before
  CHECK(eventually(seconds(10), [&] { return !listed("ann") && !listed("bob"); }));
}
