#include <catch2/catch.hpp>
#include <map>

#include "integration/cli/task_api.hpp"

using namespace convoke;
using namespace convoke::test;
using std::chrono::seconds;

namespace {

bool starts(const Json& text, const std::string& begin) { return text.is_string() && text.get<std::string>().starts_with(begin); }

}  // namespace

TEST_CASE("task api: a plan is made, one step rejected, one edited, the rest approved, and all of it can be read") {
  Api api;
  const auto made = api.task("Onboard a new employee, Jessica Smith.");
  REQUIRE(starts(made["status"], "Plan created:\n "));
  const auto session = made["session_id"].get<std::string>();
  const auto plan_id = made["plan_id"].get<std::string>();
  auto plan = api.plan(session);
  CHECK(plan["id"] == plan_id);
  CHECK(plan["initial_goal"] == "Onboard a new employee, Jessica Smith.");
  const auto total = plan["total_steps"].get<std::size_t>();
  REQUIRE(total >= 3);
  REQUIRE(total <= 6);
  const auto decide = [&](std::size_t at, bool approved, const std::string& edit) {
    const auto step = plan["steps"][at]["id"].get<std::string>();
    Json body{{"plan_id", plan_id}, {"session_id", session}, {"step_id", step}, {"approved", approved}, {"human_feedback", "as I say"}};
    if (!edit.empty()) body["updated_action"] = edit;
    return api.post("/api/approve_step_or_steps", body)["status"] == "Step " + step + " - Approval:" + (approved ? "True" : "False") + ".";
  };
  CHECK(decide(0, false, ""));
  CHECK(decide(1, true, plan["steps"][1]["action"].get<std::string>() + " Jessica Smith is in the Berlin office."));
  CHECK(
      api.send("POST", "/approve_step_or_steps", {{"plan_id", plan_id}, {"step_id", plan["steps"][0]["id"]}, {"approved", true}}).status ==
      409);  // decided already
  CHECK(api.post("/approve_step_or_steps", {{"plan_id", plan_id}, {"session_id", session}, {"approved", true}})["status"] ==
        "All steps approved");
  plan = api.finished(session);
  CHECK(plan["overall_status"] == "completed");
  CHECK(plan["rejected"] == 1);
  CHECK(plan["completed"] == total - 1);
  const auto steps = api.get("/steps/" + plan_id);
  CHECK(steps.size() == total);
  for (const auto& step : steps) {
    INFO(step.dump());
    const bool rejected = step["status"] == "rejected";
    CHECK(step["human_approval_status"] == (rejected ? "rejected" : "accepted"));
    CHECK(step["agent_reply"].is_null() == rejected);
  }
  // Each decision is in the trace: its door, its command, its commit.
  const auto conversation = made["conversation"].get<std::string>();
  CHECK(eventually(seconds(10), [&] {
    std::map<std::string, int> names;
    for (const auto& span : api.get("/api/trace/" + conversation)["spans"]) ++names[span["name"]];
    return names["command CreateTask"] == 1 && names["command Decide"] == 4 && names["POST /approve_step_or_steps"] == 4;
  }));
  const auto messages = api.get("/agent_messages/" + session);
  CHECK(messages.size() > total);
  CHECK(messages[0]["source"] == "HumanAgent");
  CHECK(api.get("/messages").size() > messages.size());
  const auto tools = api.get("/api/agent-tools");
  CHECK(tools.size() > 200);
  CHECK(tools[0].contains("arguments"));
}

TEST_CASE("task api: what is missing is asked before anything is done") {
  Api api;
  const auto made = api.task("Please enable roaming on my mobile plan.");
  INFO(made.dump());
  REQUIRE(made.contains("human_clarification_request"));
  CHECK(starts(made["status"], "Plan created:\n "));
  const auto session = made["session_id"].get<std::string>();
  CHECK(api.installation().file("effects.jsonl").find(session) == std::string::npos);
  const auto answer = api.post(
      "/human_clarification_on_plan",
      {{"plan_id", made["plan_id"]}, {"session_id", session}, {"human_clarification", "The roaming pack, starting 1 December 2026."}});
  CHECK(answer["status"] == "Clarification received");
  CHECK(eventually(seconds(20), [&] { return api.plan(session)["total_steps"] > 0; }));
  api.post("/approve_step_or_steps", {{"plan_id", made["plan_id"]}, {"approved", true}});
  CHECK(api.finished(session)["overall_status"] == "completed");
}

TEST_CASE("task api: users do not see each other, keys repeat, deleted is gone") {
  Api api;
  const http::Headers ann{{"x-ms-client-principal-id", "ann"}};
  const http::Headers bob{{"x-ms-client-principal-id", "bob"}};
  const Json body{{"description", "Get the product information for the press."}};
  http::Headers keyed = ann;
  keyed.set("Idempotency-Key", "k-1");
  const auto made = api.post("/input_task", body, keyed);
  const auto again = api.post("/input_task", body, keyed);
  CHECK(again["session_id"] == made["session_id"]);
  CHECK(again["plan_id"] == made["plan_id"]);
  CHECK(api.send("POST", "/input_task", {{"description", "Something else."}}, keyed).status == 409);
  const auto session = made["session_id"].get<std::string>();
  const auto plan = made["plan_id"].get<std::string>();
  CHECK(api.get("/plans", ann).size() == 1);
  CHECK(api.get("/plans", bob).empty());
  for (const auto& path : {"/plans?session_id=" + session, "/steps/" + plan, "/agent_messages/" + session, "/api/sessions/" + session,
                           "/api/plans/" + plan, "/api/conversations/" + made["conversation"].get<std::string>() + "/events"}) {
    INFO(path);
    CHECK(api.send("GET", path, nullptr, bob).status == 404);
    CHECK(api.send("GET", path, nullptr, ann).status == 200);
  }
  CHECK(api.send("POST", "/approve_step_or_steps", {{"plan_id", plan}, {"approved", true}}, bob).status == 404);
  CHECK(api.send("POST", "/input_task", {{"description", "x"}, {"session_id", session}}, bob).status == 404);
  const auto unknown = api.send("GET", "/plans?session_id=unknown", nullptr, ann);
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find("Plan not found") != std::string::npos);
  const auto deleted = api.send("DELETE", "/messages", nullptr, ann);
  CHECK(deleted.body.find("All messages deleted") != std::string::npos);
  CHECK(eventually(seconds(5), [&] { return api.get("/plans", ann).empty(); }));
  CHECK(api.send("GET", "/agent_messages/" + session, nullptr, ann).status >= 404);
}
