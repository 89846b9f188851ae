// What every door promises: keys, privacy, and what a turn costs.
#include <algorithm>
#include <catch2/catch.hpp>

#include "support/installation.hpp"

using namespace convoke::test;

namespace {

const std::string grant = "Please grant Maria Lopez access to the sales database.";

void wait_for_answers(Installation& installation, const std::string& conversation, std::ptrdiff_t count) {
  const bool answered = eventually(std::chrono::seconds(30), [&] {
    const auto events = installation.events(conversation);
    return std::ranges::count_if(events, [](const Json& event) { return event["kind"] == "run_ended"; }) >= count;
  });
  REQUIRE(answered);
}

}  // namespace

TEST_CASE("doors: a key makes repeating safe") {
  Installation installation;
  const Json task{{"session_id", "keyed"}, {"description", grant}, {"policy", "none"}};
  const auto first = installation.post("/api/tasks", task, "one");
  REQUIRE(first.status == 200);
  CHECK(first.body["repeated"] == false);
  auto again = installation.post("/api/tasks", task, "one");
  REQUIRE(again.status == 200);
  CHECK(again.body["repeated"] == true);
  again.body["repeated"] = false;
  CHECK(again.body == first.body);
  auto other = task;
  other["description"] = "Assign a mentor to Jessica Smith.";
  const auto refused = installation.post("/api/tasks", other, "one");
  CHECK(refused.status == 409);
  CHECK(refused.body["error"]["code"] == "CONFLICT");
  // Without a session the key names one, the same each time; another user's key is another key.
  const Json chat{{"agent", "HrAgent"}, {"text", "hello"}};
  const auto chat_first = installation.post("/api/chat", chat, "two");
  const auto chat_again = installation.post("/api/chat", chat, "two");
  const auto chat_other = installation.post("/api/chat", chat, "two", "eve");
  CHECK(chat_first.body["conversation"] == chat_again.body["conversation"]);
  CHECK(chat_other.status == 200);
  CHECK(chat_first.body["session_id"] != chat_other.body["session_id"]);

  CHECK(installation.ended_plan(first.body["plan"])["overall_status"] == "completed");
  CHECK(installation.effects().size() == 1);
  CHECK(installation.post("/api/tasks", task, "one").body["plan"] == first.body["plan"]);  // long after, too
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("doors: what belongs to somebody else is not found") {
  Installation installation;
  const auto task = installation.task("mine", grant, "each_step");
  const std::string plan = task["plan"];
  const std::string conversation = task["conversation"];
  const auto waiting = installation.plan_when(plan, [](const Json& each) { return !each["requests"].empty(); });
  REQUIRE(!waiting["requests"].empty());
  const std::string request = waiting["requests"][0]["id"];
  const std::vector<std::string> reads = {"/api/sessions/mine",         "/api/plans/" + plan,
                                          "/api/steps/" + plan,         "/api/conversations/" + conversation + "/events",
                                          "/api/agent_messages/mine",   "/api/trace/" + conversation,
                                          "/api/plans?session_id=mine", "/api/dead-letters?session_id=mine"};
  for (const auto& path : reads) {
    INFO(path);
    CHECK(installation.get(path).status == 200);
    CHECK(installation.get(path, "eve").status == 404);
  }
  const Json step = waiting["steps"][0]["id"];
  const std::vector<std::pair<std::string, Json>> changes = {
      {"/api/tasks", {{"session_id", "mine"}, {"description", grant}}},
      {"/api/plans/" + plan + "/decide", {{"approved", true}, {"revision", 1}}},
      {"/api/plans/" + plan + "/decide", {{"approved", true}, {"steps", Json::array({step})}}},
      {"/api/plans/" + plan + "/cancel", Json::object()},
      {"/api/plans/" + plan + "/clarify", {{"text", "no"}}},
      {"/api/requests/" + request, {{"approved", true}}},
      {"/api/conversations/" + conversation + "/messages", {{"text", "hello"}}},
      {"/api/human_feedback", {{"plan_id", plan}, {"step_id", step}, {"approved", true}}}};
  for (const auto& [path, fields] : changes) {
    INFO(path << " " << fields.dump());
    CHECK(installation.post(path, fields, {}, "eve").status == 404);
  }
  convoke::http::Headers eve;
  eve.add("x-ms-client-principal-id", "eve");
  CHECK(installation.send("DELETE", "/api/sessions/mine", "", eve).status == 404);
  CHECK(installation.get("/api/sessions", "eve").body["sessions"].empty());
  CHECK(installation.get("/api/plans", "eve").body.empty());
  CHECK(installation.effects().empty());
  CHECK(installation.plan(plan)["steps"] == waiting["steps"]);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("doors: a plain turn of a chat costs two commits of its session") {
  Installation installation;
  const auto chat = installation.post("/api/chat", {{"agent", "HrAgent"}, {"text", "hello"}});
  REQUIRE(chat.status == 200);
  const std::string conversation = chat.body["conversation"];
  wait_for_answers(installation, conversation, 1);
  const std::string series = R"(convoke_commits_total{scope="session"})";
  const auto before = installation.metric("groupchat", series);
  CHECK(before >= 2);
  for (int turn = 1; turn <= 3; ++turn) {
    CHECK(installation.post("/api/conversations/" + conversation + "/messages", {{"text", "hello again"}}).status == 200);
    wait_for_answers(installation, conversation, 1 + turn);
  }
  CHECK(installation.metric("groupchat", series) - before == 6);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
