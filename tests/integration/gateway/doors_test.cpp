#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "core/hash.hpp"
#include "http/websocket_client.hpp"
#include "integration/gateway/doors.hpp"
#include "integration/http/fixture.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

class Socket {
 public:
  explicit Socket(Doors& doors, http::Headers headers = {}) : doors_(doors), client_(doors.io) {
    http::WebSocketTarget target;
    target.address = doors.address();
    target.target = "/api/ws";
    target.headers = std::move(headers);
    status = run(doors.io, client_.connect(std::move(target)));
  }
  Json next(Millis deadline = Millis{5'000}) {
    auto message = run(doors_.io, client_.read(deadline));
    if (!message) return {{"type", "none"}, {"why", message.error().message}};
    if (!*message) return {{"type", "closed"}};
    return Json::parse((*message)->data);
  }
  void send(const std::string& text) { REQUIRE(run(doors_.io, client_.send(text))); }

  Status status;

 private:
  Doors& doors_;
  http::WebSocketClient client_;
};

}  // namespace

TEST_CASE("gateway: what nobody can take is refused or unknown, never accepted") {
  Doors doors;
  const auto task = doors.send("POST", "/input_task", R"({"description":"Onboard Jessica"})", {{"Idempotency-Key", "k-1"}});
  CHECK(task.status >= 503);
  CHECK((Doors::code(task) == "NO_OWNER" || Doors::code(task) == "DEADLINE"));
  CHECK(task.headers.get("idempotency-key") == "k-1");
  CHECK(doors.send("GET", "/api/plans").status >= 503);
  CHECK(doors.send("GET", "/api/plans?session_id=").status >= 503);  // here an empty session is none
  CHECK(doors.send("POST", "/api/input_task", R"({"description":"x","session_id":""})").status >= 503);
  const auto directory = doors.send("GET", "/api/directory");
  REQUIRE(directory.status == 200);
  const auto json = Json::parse(directory.body);
  CHECK(json["partitions_held"] == 0);
  CHECK(json["replicas"].size() == 1);
}

TEST_CASE("gateway: rubbish is refused with the field's name, and nobody else is disturbed") {
  Doors doors;
  const auto refused = [&](const std::string& body, int status, const std::string& part) {
    const auto response = doors.send("POST", "/api/input_task", body);
    INFO(body.substr(0, 80) << " → " << response.body.substr(0, 200));
    CHECK(response.status == status);
    CHECK(Doors::message(response).find(part) != std::string::npos);
  };
  refused("{", 400, "not JSON");
  refused("{\"description\":\"\xFF\"}", 400, "UTF-8");
  refused("[]", 422, "expected a JSON object");
  refused("{}", 422, "description: missing");
  refused(R"({"description":7})", 422, "description: expected text, found number");
  refused(R"({"description":"x","session_id":"a/b"})", 422, "session_id: ");
  refused(R"({"description":"x","team":"../x"})", 422, "team: ");
  refused("{\"description\":" + std::string(20'000, '[') + std::string(20'000, ']') + "}", 422, "nested deeper");
  refused(R"({"description":")" + std::string(70'000, 'x') + "\"}", 422, "longer than 65536 bytes");
  const auto large = doors.send("POST", "/api/input_task", std::string(1'200'000, ' '));
  INFO(large.body);
  CHECK(large.status == 413);
  CHECK(doors.send("GET", "/api/nothing").status == 404);
  const auto method = doors.send("PUT", "/api/plans");
  CHECK(method.status == 405);
  CHECK(method.headers.get("allow") == "GET, HEAD");
  CHECK(doors.send("POST", "/api/plans/x/decide", "{}", {{"Idempotency-Key", "two words"}}).status == 422);
  CHECK(doors.send("GET", "/api/conversations/x/events?from=abc").status == 422);
  CHECK(doors.send("GET", "/api/conversations/x/events?after_id=abc").status == 422);
  const auto no_key = doors.send("POST", "/api/tasks", R"({"description":"x"})", {{"Idempotency-Key", ""}});
  CHECK(no_key.status == 422);
  CHECK(Doors::message(no_key).starts_with("Idempotency-Key: expected 1 to 256"));
  for (const std::string path :
       {"/api/dead-letters?session_id", "/api/conversations/x/events?from=", "/api/conversations/x/events?after_id=",
        "/api/sessions?limit=", "/api/sessions/x?all_plans=", "/api/teams/company?version=", "/agent-tools?team="}) {
    const auto empty = doors.send("GET", path);
    INFO(path << " → " << empty.body);
    CHECK(empty.status == 422);
    const auto name = path.substr(path.find('?') + 1, path.find_last_not_of('=') - path.find('?'));
    CHECK(Doors::message(empty) == name + ": expected text, found nothing");
  }
  for (const auto* path : {"/api/teams/company?version=4294967297", "/api/teams/company?version=99999999999999999999",
                           "/api/sessions?limit=0", "/api/sessions?limit=4294967297"}) {
    const auto outside = doors.send("GET", path);
    INFO(path << " → " << outside.body);
    CHECK(outside.status == 422);
    const auto* words = std::string(path).contains("version") ? "version: expected a whole number from 0 to "
                                                              : "limit: expected a whole number from 1 to 1000";
    CHECK(Doors::message(outside).starts_with(words));
  }
  for (const auto* path : {"/api/plans/x~p1/decide", "/api/human_feedback", "/approve_step_or_steps"}) {
    const auto outside = doors.send("POST", path, R"({"plan_id":"x~p1","approved":true,"revision":4294967297})");
    INFO(path << " → " << outside.body);
    CHECK(outside.status == 422);
    CHECK(Doors::message(outside).find("revision: ") == 0);
  }
  for (const auto& path :
       {std::string("/steps/a%00b"), std::string("/plans?session_id=a%00"), "/agent_messages/" + std::string(9'000, 'a'),
        std::string("/api/plans/%01~p1"), std::string("/api/teams/a%20b"), std::string("/api/conversations/%C3%BC~t1/events")}) {
    const auto unknown = doors.send("GET", path);
    INFO(path.substr(0, 80) << " → " << unknown.body);
    CHECK(unknown.status == 404);
    CHECK(Doors::message(unknown).find("scope") == std::string::npos);
    CHECK(unknown.body.size() < 500);
  }
  CHECK(doors.send("GET", "/healthz").status == 200);
  CHECK(doors.send("GET", "/openapi.json").status == 200);
  CHECK(doors.send("GET", "/metrics").status == 200);
  CHECK(doors.gateway().error_lines().empty());
}

TEST_CASE("gateway: pages of other origins and rebound names get nothing") {
  Doors doors;
  CHECK(doors.send("POST", "/api/tasks", R"({"description":"x"})", {{"Origin", "http://evil.example"}}).status == 403);
  CHECK(doors.send("DELETE", "/api/messages", {}, {{"Origin", "null"}}).status == 403);
  for (const auto* path : {"/healthz", "/readyz", "/openapi.json", "/api/openapi.json", "/metrics", "/nothing"}) {
    INFO(path);
    CHECK(doors.send("GET", path, {}, {{"Origin", "http://evil.example"}}).status == 403);
    CHECK(doors.send("HEAD", path, {}, {{"Origin", "http://evil.example"}}).status == 403);
  }
  CHECK(doors.send("GET", "/healthz", {}, {{"Origin", "http://" + doors.address()}}).status == 200);
  for (const auto* path : {"/healthz", "/openapi.json", "/api/directory"}) {
    INFO(path);
    CHECK(doors.send("GET", path, {}, {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}}).status == 403);
    CHECK(doors.send("GET", path, {}, {{"Sec-Fetch-Site", "same-origin"}}).status == 200);
    const http::Headers link{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}};
    CHECK(doors.send("GET", path, {}, link).status == 200);
  }
  CHECK(doors.send("GET", "/healthz", {}, {{"Host", "10.1.2.3:8080"}}).status == 200);  // who probes asks by address
  CHECK(doors.send("GET", "/openapi.json", {}, {{"Host", "evil.example"}}).status == 403);
  CHECK(doors.send("GET", "/api/directory", {}, {{"Host", "evil.example"}}).status == 403);
  CHECK(doors.send("GET", "/api/directory", {}, {{"Origin", "http://" + doors.address()}}).status == 200);
  // Of a target that names a host, that one counts.
  const auto asked = [&](const std::string& target, const std::string& host) {
    RawPeer peer(doors.io, doors.port());
    peer.say("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    return peer.hear();
  };
  CHECK(asked("http://" + doors.address() + "/openapi.json", "evil.example").starts_with("HTTP/1.1 200 "));
  CHECK(asked("http://evil.example/openapi.json", doors.address()).starts_with("HTTP/1.1 403 "));
  CHECK_FALSE(Socket(doors, {{"Origin", "http://evil.example"}}).status);
  CHECK(Socket(doors, {{"Origin", "http://" + doors.address()}}).status);
}

TEST_CASE("gateway: the paths of the process are served as all others: with the prefix, other methods refused") {
  Doors doors;
  for (const std::string path : {"/healthz", "/openapi.json", "/metrics"})
    for (const std::string prefix : {"", "/api"}) {
      INFO(prefix + path);
      CHECK(doors.send("GET", prefix + path).status == 200);
      CHECK(doors.send("HEAD", prefix + path).status == 200);
      CHECK(doors.send("GET", prefix + path, {}, {{"Origin", "http://evil.example"}}).status == 403);
    }
  CHECK(doors.send("GET", "/api/readyz").status == 503);  // no owner answers here
  CHECK(doors.send("GET", "/api/healthz", {}, {{"Host", "10.1.2.3:8080"}}).status == 200);
  for (const auto* path : {"/healthz", "/api/readyz", "/openapi.json", "/metrics", "/api/ws"})
    for (const auto* method : {"POST", "OPTIONS", "DELETE"}) {
      const auto refused = doors.send(method, path);
      INFO(method << " " << path);
      CHECK(refused.status == 405);
      CHECK(refused.headers.get("allow") == "GET, HEAD");
    }
}

TEST_CASE("gateway: with keys, only a known key is let in, and only an admin's applies teams") {
  TempDir folder;
  const auto keys = folder.file("keys");
  std::ofstream(keys) << to_hex(sha256("ann-key")) << " ann\n" << to_hex(sha256("root-key")) << " root admin\n";
  Doors doors({"--gateway.keys=" + keys});
  CHECK(doors.send("GET", "/api/directory").status == 401);
  CHECK(doors.send("GET", "/api/directory", {}, {{"x-ms-client-principal-id", "root"}}).status == 401);
  CHECK(doors.send("GET", "/api/directory", {}, {{"Authorization", "Bearer wrong"}}).status == 401);
  CHECK(doors.send("GET", "/api/directory", {}, {{"Authorization", "Bearer ann-key"}}).status == 200);
  CHECK(doors.send("GET", "/api/directory", {}, {{"X-API-Key", "ann-key"}}).status == 200);
  CHECK(doors.send("POST", "/api/teams", "{}", {{"X-API-Key", "ann-key"}}).status == 403);
  CHECK(doors.send("POST", "/api/teams", "{}", {{"X-API-Key", "root-key"}}).status == 422);
  CHECK(doors.send("GET", "/api/directory", {}, {{"authorization", "bearer ann-key"}}).status == 200);
  CHECK(doors.send("GET", "/healthz").status == 200);
  const auto unknown = Socket(doors).status;
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Fault::unauthenticated);
  CHECK(unknown.error().message == Doors::message(doors.send("GET", "/api/directory")));
  Socket socket(doors, {{"Authorization", "Bearer ann-key"}});
  REQUIRE(socket.status);
  CHECK(socket.next()["user"] == "ann");
}

TEST_CASE("gateway: a socket answers every frame, and rubbish costs only itself") {
  Doors doors;
  Socket socket(doors);
  REQUIRE(socket.status);
  CHECK(socket.next()["type"] == "hello");
  socket.send("{");
  CHECK(socket.next()["error"]["code"] == "MALFORMED");
  socket.send(R"({"type":"dance","id":"1"})");
  auto answer = socket.next();
  CHECK(answer["id"] == "1");
  CHECK(answer["error"]["code"] == "NOT_FOUND");
  socket.send(R"({"type":"nope","id":"1","key":"k","conversation":"c"})");
  answer = socket.next();
  for (const auto& [name, value] : {std::pair("of", "nope"), std::pair("key", "k"), std::pair("conversation", "c")})
    CHECK(answer.value(name, "") == value);
  socket.send(R"({"type":"post","conversation":"c","text":5,"id":"2"})");
  answer = socket.next();
  CHECK(answer["error"]["message"] == "text: expected text, found number");
  CHECK(answer.value("of", "") == "post");
  CHECK(answer.value("conversation", "") == "c");
  CHECK_FALSE(answer.contains("key"));
  socket.send(R"({"type":"task","id":"2"})");
  CHECK(socket.next()["error"]["message"] == "description: missing");
  socket.send(R"({"type":"task","id":"3","key":"k","description":"x"})");
  socket.send(R"({"type":"ping","id":"4"})");
  CHECK(socket.next()["type"] == "pong");
  answer = socket.next();
  CHECK(answer["id"] == "3");
  CHECK(answer["key"] == "k");
  CHECK(answer["of"] == "task");
  CHECK(answer["error"]["retryable"] == true);
}

TEST_CASE("gateway: it says when the intercom is away, and goes on when it is back") {
  Doors doors;
  doors.stop_intercom();
  CHECK(eventually(std::chrono::seconds(10), [&] { return !doors.ready(); }));
  CHECK(doors.send("GET", "/healthz").status == 200);
  doors.start_intercom();
  CHECK(eventually(std::chrono::seconds(10), [&] { return doors.ready(); }));
  CHECK(doors.send("GET", "/api/directory").status == 200);
}

TEST_CASE("gateway: SIGTERM ends it in order") {
  Doors doors;
  Socket socket(doors);
  REQUIRE(socket.status);
  socket.next();
  doors.gateway().signal(SIGTERM);
  CHECK(socket.next()["type"] == "closed");
  CHECK(doors.gateway().wait(std::chrono::seconds(15)) == Exit{0, 0});
}
