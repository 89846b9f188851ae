// Rubbish on every socket, and everything that a confused or hostile client may send: a clear refusal, and nobody else is disturbed.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <catch2/catch.hpp>
#include <map>

#include "http/websocket_client.hpp"
#include "support/coroutine.hpp"
#include "support/installation.hpp"
#include "support/rubbish.hpp"

using namespace convoke;
using namespace convoke::test;
namespace asio = boost::asio;

namespace {

std::map<std::string, Json> processes(Installation& installation) {
  std::map<std::string, Json> found;
  for (const auto& one : installation.status()["processes"]) found[one["name"]] = Json::array({one["pid"], one["restarts"]});
  return found;
}

void works(Installation& installation, const std::string& session) {
  const auto task = installation.task(session, "Please grant Maria Lopez access to the sales database.", "none");
  CHECK(installation.ended_plan(task["plan"])["overall_status"] == "completed");
}

asio::awaitable<Result<std::string>> told(http::WebSocketClient& socket) {
  auto message = co_await socket.read(Millis{10'000});
  if (!message) co_return std::unexpected(message.error());
  if (!message->has_value()) co_return std::string();
  co_return std::move((*message)->data);
}

}  // namespace

TEST_CASE("rubbish: any bytes on any socket disturb nobody") {
  Installation installation;
  const auto before = processes(installation);
  std::size_t sockets = 0;
  for (const auto& entry : std::filesystem::directory_iterator(installation.run_folder())) {
    // Redis speaks to groupchat alone; it is not ours to test.
    if (entry.path().filename() == "redis" || !entry.is_socket()) continue;
    INFO(entry.path());
    throw_at<asio::local::stream_protocol>(asio::local::stream_protocol::endpoint(entry.path().string()));
    ++sockets;
  }
  CHECK(sockets >= 14);
  const auto colon = installation.address().rfind(':');
  const auto port = static_cast<unsigned short>(std::stoi(installation.address().substr(colon + 1)));
  throw_at<asio::ip::tcp>(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port));
  works(installation, "after");
  CHECK(processes(installation) == before);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("rubbish: requests that make no sense are refused with a reason") {
  Installation installation;
  const auto before = processes(installation);
  const auto task = installation.task("real", "Please grant Maria Lopez access to the sales database.", "each_step");
  const std::string plan = task["plan"];
  const std::string conversation = task["conversation"];
  struct Case {
    std::string method, path, body;
    int status;
  };
  const std::string tasks = "/api/tasks";
  const std::vector<Case> cases = {{"POST", tasks, "{", 400},
                                   {"POST", tasks, "", 422},
                                   {"POST", tasks, "null", 422},
                                   {"POST", tasks, "[]", 422},
                                   {"POST", tasks, "{}", 422},
                                   {"POST", tasks, R"({"description":""})", 422},
                                   {"POST", tasks, R"({"description":5})", 422},
                                   {"POST", tasks, R"({"description":["x"]})", 422},
                                   {"POST", tasks, "{\"description\":\"\xff\xfe\"}", 400},
                                   {"POST", tasks, "{\"description\":\"\xed\xa0\x80\"}", 400},
                                   {"POST", tasks, R"({"description":"\ud800"})", 400},
                                   {"POST", tasks, std::string(100'000, '['), 422},
                                   {"POST", tasks, R"({"description":"x","policy":"all"})", 422},
                                   {"POST", tasks, R"({"description":"x","team":"nobody"})", 404},
                                   {"POST", tasks, R"({"description":"x","session_id":"../../etc"})", 422},
                                   {"POST", tasks, R"({"description":")" + std::string(70'000, 'x') + R"("})", 422},
                                   {"POST", tasks, R"({"description":")" + std::string(2'000'000, 'x') + R"("})", 413},
                                   {"POST", "/api/chat", R"({"agent":"Nobody","text":"x"})", 404},
                                   {"POST", "/api/chat", R"({"agent":"a b","text":"x"})", 422},
                                   {"GET", "/api/plans/none", "", 404},
                                   {"GET", "/api/plans/real~p99", "", 404},
                                   {"GET", "/api/steps/%ff%fe", "", 404},
                                   {"GET", "/api/conversations/none/events", "", 404},
                                   {"GET", "/api/conversations/" + conversation + "/events?from=x", "", 422},
                                   {"GET", "/api/conversations/" + conversation + "/events?from=1&after_id=x", "", 422},
                                   {"POST", "/api/conversations/" + conversation + "/messages", R"({"text":7})", 422},
                                   {"POST", "/api/plans/" + plan + "/decide", "{}", 422},
                                   {"POST", "/api/plans/" + plan + "/decide", R"({"approved":"yes","revision":1})", 422},
                                   {"POST", "/api/plans/" + plan + "/decide", R"({"approved":true,"steps":"s"})", 422},
                                   {"POST", "/api/plans/real~p99/cancel", "{}", 404},
                                   {"POST", "/api/runs/none/cancel", "{}", 404},
                                   {"POST", "/api/requests/real~h99", R"({"approved":true})", 404},
                                   {"POST", "/api/requests/none", R"({"approved":true})", 404},
                                   {"POST", "/api/dead-letters/real~d1/explode", "{}", 422},
                                   {"POST", "/api/dead-letters/real~d1/retry", "{}", 404},
                                   {"GET", "/api/sessions?limit=x", "", 422},
                                   {"GET", "/api/trace/none", "", 404},
                                   {"POST", "/api/teams", "{}", 422},
                                   {"POST", "/api/teams", std::string(100'000, '{'), 422},
                                   {"GET", "/api/teams/none", "", 404},
                                   {"GET", "/api/teams/company?version=77", "", 404},
                                   {"GET", "/api/nothing", "", 404},
                                   {"PATCH", tasks, "{}", 405}};
  for (const auto& each : cases) {
    INFO(each.method << " " << each.path << " " << each.body.substr(0, 80));
    const auto answer = installation.send(each.method, each.path, each.body);
    CHECK(answer.status == each.status);
    CHECK(answer.body.is_object());
    if (answer.body.is_object()) CHECK(answer.body["error"]["message"].is_string());
  }
  http::Headers foreign;
  foreign.add("Origin", "https://elsewhere.example");
  CHECK(installation.send("POST", tasks, R"({"description":"x"})", foreign).status == 403);
  CHECK(installation.post(tasks, {{"description", "x"}}, "a key with spaces").status == 422);
  works(installation, "after");
  CHECK(processes(installation) == before);
  CHECK(installation.effects().size() == 1);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("rubbish: a WebSocket answers what it cannot read, and goes on") {
  Installation installation;
  asio::io_context io;
  http::WebSocketClient socket(io);
  http::WebSocketTarget target;
  target.address = installation.address();
  target.target = "/api/ws";
  REQUIRE(run(io, socket.connect(std::move(target))));
  CHECK(run(io, told(socket)).value_or("").find(R"("hello")") != std::string::npos);
  const std::vector<std::string> frames = {"",
                                           "{",
                                           "null",
                                           "[]",
                                           R"({"type":5})",
                                           R"({"type":"unheard of","id":"1"})",
                                           R"({"type":"task","id":"2"})",
                                           R"({"type":"task","id":"3","description":7})",
                                           R"({"type":"subscribe","id":"4","conversation":"none"})",
                                           R"({"type":"subscribe","id":"5"})",
                                           R"({"type":"decide","id":"6","plan":"none~p1","approved":true,"revision":1})",
                                           std::string(100'000, '[')};
  for (const auto& frame : frames) {
    INFO(frame.substr(0, 80));
    REQUIRE(run(io, socket.send(frame)));
    const auto answer = run(io, told(socket));
    REQUIRE(answer);
    const auto json = Json::parse(*answer, nullptr, false);
    INFO(*answer);
    CHECK(json["type"] == "error");
    CHECK(json["error"]["code"].is_string());
  }
  REQUIRE(run(io, socket.send(R"({"type":"ping"})")));
  CHECK(run(io, told(socket)).value_or("").find(R"("pong")") != std::string::npos);
  // Larger than a frame may be: this connection ends, with the code that says so.
  REQUIRE(run(io, socket.send(std::string(2'000'000, 'x'))));
  const auto last = run(io, told(socket));
  CHECK((!last || last->empty()));
  CHECK(socket.close_code() == 1009);
  works(installation, "after");
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
