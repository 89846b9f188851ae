// A user with more sessions than fit into one page: all are read, all are deleted, and what is not reached is said.
#include <algorithm>
#include <catch2/catch.hpp>

#include "integration/cli/task_api.hpp"

using namespace convoke;
using namespace convoke::test;
using std::chrono::seconds;

namespace {

http::Headers as(const std::string& user, const std::string& key = {}) {
  http::Headers headers{{"x-ms-client-principal-id", user}};
  if (!key.empty()) headers.set("Idempotency-Key", key);
  return headers;
}

void open_sessions(Api& api, const std::string& user, int count) {
  for (int i = 0; i < count; ++i) api.post("/api/chat", {{"agent", "HrAgent"}, {"session_id", user + "-" + std::to_string(i)}}, as(user));
}

std::int64_t sessions_in(const Json& messages) {
  return std::ranges::count_if(messages, [](const Json& each) { return each["data_type"] == "session"; });
}

}  // namespace

TEST_CASE("task api: however many sessions there are, all are listed, all are deleted, and a repetition deletes no more") {
  Api api({{"CONVOKE_GROUPCHAT_LISTED_SESSIONS", "70"}});
  open_sessions(api, "ann", 60);
  const auto all = api.get("/messages", as("ann"));
  REQUIRE(sessions_in(all) == 60);
  for (int i = 0; i < 60; ++i) CHECK(all[static_cast<std::size_t>(i)]["id"] == "ann-" + std::to_string(59 - i));  // newest first
  const auto listed = api.get("/api/sessions?limit=5", as("ann"));
  CHECK(listed["sessions"].size() == 5);
  CHECK(listed["sessions"][0]["id"] == "ann-59");
  CHECK(listed["total"] == 60);

  const auto deleted = api.send("DELETE", "/messages", nullptr, as("ann", "all"));
  CHECK(Json::parse(deleted.body) == Json{{"status", "All messages deleted"}, {"deleted", 60}, {"complete", true}});
  CHECK(api.get("/messages", as("ann")).empty());
  CHECK(api.send("GET", "/api/sessions/ann-0", nullptr, as("ann")).status >= 404);
  api.post("/api/chat", {{"agent", "HrAgent"}, {"session_id", "ann-later"}}, as("ann"));
  const auto again = api.send("DELETE", "/messages", nullptr, as("ann", "all"));
  CHECK(again.status == 200);
  CHECK(again.body == deleted.body);
  CHECK(sessions_in(api.get("/messages", as("ann"))) == 1);
  CHECK(Json::parse(api.send("DELETE", "/messages", nullptr, as("ann", "more")).body)["deleted"] == 1);

  open_sessions(api, "cleo", 40);
  std::int64_t deleted_by_all = 0;  // each is told of those that it has deleted itself
  for (const auto& answer : api.at_once(3, "DELETE", "/messages", nullptr, as("cleo")))
    deleted_by_all += Json::parse(answer.body)["deleted"].get<std::int64_t>();
  CHECK(deleted_by_all == 40);

  open_sessions(api, "bob", 72);
  const auto cut = Json::parse(api.send("DELETE", "/messages", nullptr, as("bob")).body);
  CHECK(cut["deleted"] == 70);
  CHECK(cut["complete"] == false);
  CHECK(cut["status"] != "All messages deleted");
  CHECK(api.get("/api/sessions/bob-0", as("bob"))["id"] == "bob-0");  // as it says: one that had left the list is left
}

TEST_CASE("task api: lists that are cut say so, and a dead letter of the oldest session is found") {
  Api api({{"CONVOKE_OFFLINE_FAULTS", R"({"malformed": {"next": 15}})"}, {"CONVOKE_GATEWAY_MAX_ITEMS", "55"}});
  api.post("/api/chat", {{"agent", "HrAgent"}, {"session_id", "oldest"}, {"text", "What can you do?"}});
  REQUIRE(eventually(seconds(40), [&] { return !api.get("/api/dead-letters?session_id=oldest")["dead_letters"].empty(); }));
  open_sessions(api, "local", 60);
  const auto letters = api.get("/api/dead-letters")["dead_letters"];
  REQUIRE(letters.size() == 1);
  const auto listed = api.send("GET", "/messages");
  CHECK(Json::parse(listed.body).size() == 55);
  CHECK(listed.headers.get("Convoke-Truncated") == "gateway.max_items=55");
  CHECK(api.send("GET", "/agent_messages/oldest").headers.get("Convoke-Truncated").empty());
  CHECK(api.post("/api/dead-letters/" + letters[0]["id"].get<std::string>() + "/retry", Json::object())["session_id"] == "oldest");
  CHECK(api.get("/api/dead-letters")["dead_letters"].empty());
}
