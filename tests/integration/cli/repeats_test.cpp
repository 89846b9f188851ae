// A call that changes something, made again with its key: the first answer, whatever has become of the plan since.
#include <catch2/catch.hpp>

#include "integration/cli/task_api.hpp"

using namespace convoke;
using namespace convoke::test;
using std::chrono::seconds;

namespace {

http::Headers keyed(const std::string& key) { return {{"Idempotency-Key", key}}; }

// Made once, it can be made again: the same body, the same answer; another body is another call.
class Once {
 public:
  Once(Api& api, std::string path, Json body, std::string key)
      : api_(&api), path_(std::move(path)), body_(std::move(body)), key_(std::move(key)), first_(send(path_, body_)) {
    INFO(path_ << " " << body_.dump() << " → " << first_.body);
    CHECK(first_.status == 200);
  }
  void again() {
    const auto answer = send(path_, body_);
    INFO(path_ << " " << body_.dump() << " again → " << answer.body);
    CHECK(answer.status == 200);
    CHECK(answer.body == first_.body);
    auto other = body_;
    other["human_feedback"] = "something else";
    CHECK(send(path_, other).status == 409);
  }
  int elsewhere(const std::string& path) { return send(path, body_).status; }

 private:
  http::Response send(const std::string& path, const Json& body) { return api_->send("POST", path, body, keyed(key_)); }
  Api* api_;
  std::string path_;
  Json body_;
  std::string key_;
  http::Response first_;
};

// A plan with a step that a person carries out; its id.
std::string asked_of_a_person(Api& api, const std::string& session, const std::string& plan) {
  const auto waits = [](const Json& found) {
    return std::ranges::any_of(found["requests"], [](const Json& request) { return request["kind"] == "input"; });
  };
  std::string request;
  REQUIRE(eventually(seconds(20), [&] {
    const auto found = api.get("/api/plans/" + plan);
    if (waits(found)) request = found["requests"][0]["id"].get<std::string>();
    return !request.empty();
  }));
  CHECK(request.starts_with(session + "~h"));
  return request;
}

}  // namespace

TEST_CASE("task api: decisions made again with their keys are answered as the first time, whatever the plan has become") {
  Api api;
  const auto made = api.task("Onboard a new employee, Jessica Smith.");
  const auto session = made["session_id"].get<std::string>();
  const auto plan_id = made["plan_id"].get<std::string>();
  const auto plan = api.plan(session);
  REQUIRE(plan["total_steps"] >= 3);
  const auto body = [&](std::size_t at) {
    return Json{{"plan_id", plan_id}, {"session_id", session}, {"step_id", plan["steps"][at]["id"]}, {"approved", true}};
  };
  Once plain(api, "/approve_step_or_steps", body(0), "plain");
  auto edited = body(1);
  edited["updated_action"] = plan["steps"][1]["action"].get<std::string>() + " Jessica Smith is in the Berlin office.";
  Once edit(api, "/api/human_feedback", edited, "edit");
  (void)api.plan_when(session, [&](const Json& now) { return now["revision"] != plan["revision"]; });
  plain.again();
  edit.again();
  CHECK(edit.elsewhere("/api/approve_step_or_steps") == 409);  // another route is another request
  Once all(api, "/approve_step_or_steps", {{"plan_id", plan_id}, {"approved", true}}, "all");
  all.again();
  CHECK(api.finished(session)["overall_status"] == "completed");
  for (auto* call : {&plain, &edit, &all}) call->again();
  const auto steps = api.get("/steps/" + plan_id);
  CHECK(steps.size() == plan["total_steps"].get<std::size_t>());

  // Deleted is deleted, but who lost the answer still gets it.
  for (int times = 0; times < 2; ++times) CHECK(api.send("DELETE", "/api/sessions/" + session, nullptr, keyed("gone")).status == 200);
  for (auto* call : {&plain, &edit, &all}) call->again();
  CHECK(api.send("POST", "/approve_step_or_steps", {{"plan_id", plan_id}, {"approved", true}}, keyed("new")).status >= 404);
}

TEST_CASE("task api: what a person did is told once, however often it is sent") {
  Api api;
  const auto made = api.task("Walk the dog.");
  const auto session = made["session_id"].get<std::string>();
  const auto plan_id = made["plan_id"].get<std::string>();
  const auto plan = api.plan(session);
  REQUIRE(plan["total_steps"] == 1);
  REQUIRE(plan["steps"][0]["agent"] == "HumanAgent");
  // Words are no decision, and an empty name is not all steps.
  const auto question = api.get("/api/plans/" + plan_id)["requests"][0];
  CHECK(question["kind"] == "approval");
  const auto unclear = api.send("POST", "/api/requests/" + question["id"].get<std::string>(), {{"text", "please do not"}});
  INFO(unclear.body);
  CHECK(unclear.status == 422);
  CHECK(unclear.body.find("is decided by yes or no") != std::string::npos);
  const auto typed = api.installation().convoke({"answer", question["id"], "no"});
  INFO(typed.err);
  CHECK(typed.code == 1);
  CHECK(typed.err.find("--yes, or --no") != std::string::npos);
  for (const auto* path : {"/human_feedback", "/approve_step_or_steps"})
    CHECK(api.send("POST", path, {{"plan_id", plan_id}, {"step_id", ""}, {"approved", true}}).status == 422);
  CHECK(api.plan(session)["steps"][0]["human_approval_status"] == "requested");
  Json body{{"plan_id", plan_id}, {"step_id", plan["steps"][0]["id"]}, {"approved", true}, {"human_feedback", "as you like"}};
  Once approval(api, "/human_feedback", body, "approve");
  const auto request = asked_of_a_person(api, session, plan_id);
  approval.again();  // and is no answer to the question that is open now
  CHECK(api.plan(session)["overall_status"] == "in_progress");
  CHECK(api.get("/api/plans/" + plan_id)["requests"].size() == 1);

  body["human_feedback"] = "Twice round the park.";
  std::string first;
  for (const auto& answer : api.at_once(4, "POST", "/api/human_feedback", body, keyed("answer"))) {
    INFO(answer.body);
    CHECK(answer.status == 200);
    if (first.empty()) first = answer.body;
    CHECK(answer.body == first);
  }
  CHECK(api.finished(session)["overall_status"] == "completed");
  const auto again = api.send("POST", "/api/human_feedback", body, keyed("answer"));
  CHECK(again.status == 200);
  CHECK(again.body == first);
  approval.again();
  body["human_feedback"] = "Right.";
  CHECK(api.send("POST", "/api/human_feedback", body, keyed("answer")).status == 409);
  CHECK(api.get("/steps/" + plan_id)[0]["agent_reply"] == "Twice round the park.");

  CHECK(api.send("POST", "/api/requests/" + request, {{"text", "x"}}).status == 409);           // is over
  CHECK(api.send("POST", "/api/requests/" + session + "~h99", {{"text", "x"}}).status == 404);  // never was
}

TEST_CASE("task api: a step is found by the id that a client knows, also after its action was edited") {
  Api api;
  const auto made = api.task("Walk the dog.");
  const auto session = made["session_id"].get<std::string>();
  const auto plan_id = made["plan_id"].get<std::string>();
  const auto known = api.plan(session)["steps"][0]["id"].get<std::string>();
  Json body{{"plan_id", plan_id}, {"step_id", known}, {"approved", false}, {"updated_action", "Walk the dog in the park."}};
  const auto dropped = api.send("POST", "/human_feedback", body);
  INFO(dropped.body);
  CHECK(dropped.status == 422);
  CHECK(dropped.body.find("updated_action: goes with `approved`") != std::string::npos);
  body["approved"] = true;
  Once edit(api, "/human_feedback", body, "edit");
  (void)asked_of_a_person(api, session, plan_id);
  const auto now = api.get("/steps/" + plan_id)[0];
  CHECK(now["id"] != known);
  CHECK(now["replaces"] == known);
  edit.again();  // and answers nothing
  const auto late = api.send("POST", "/approve_step_or_steps", body);
  INFO(late.body);
  CHECK(late.status == 409);
  CHECK(late.body.find("step '" + known + "' was replaced by '" + now["id"].get<std::string>() + "'") != std::string::npos);
  CHECK(api.get("/api/plans/" + plan_id)["requests"].size() == 1);
  const auto unknown = api.send("POST", "/human_feedback", {{"plan_id", plan_id}, {"step_id", plan_id + "s99"}, {"approved", true}});
  CHECK(unknown.status == 404);
  CHECK(unknown.body.find("GET /steps") != std::string::npos);

  body.erase("updated_action");
  body["human_feedback"] = "Twice round the park.";
  CHECK(api.post("/human_feedback", body)["step_id"] == known);
  CHECK(api.finished(session)["overall_status"] == "completed");
  CHECK(api.get("/steps/" + plan_id)[0]["agent_reply"] == "Twice round the park.");
  CHECK(api.send("POST", "/human_feedback", body).status == 409);
  const Json nowhere{{"plan_id", "nope~p1"}, {"human_clarification", "x"}};
  const auto nobody = api.send("POST", "/human_clarification_on_plan", nowhere);
  CHECK(nobody.status == 404);
  CHECK(nobody.body.find("Plan not found") != std::string::npos);
}

TEST_CASE("task api: a clarification, an answer and a decision of our own REST are remembered too") {
  Api api;
  const auto made = api.task("Please enable roaming on my mobile plan.");
  const auto session = made["session_id"].get<std::string>();
  const auto plan_id = made["plan_id"].get<std::string>();
  REQUIRE(made.contains("human_clarification_request"));
  Once clarification(
      api, "/human_clarification_on_plan",
      {{"plan_id", plan_id}, {"session_id", session}, {"human_clarification", "The roaming pack, starting 1 December 2026."}}, "clear");
  const auto plan = api.plan_when(session, [](const Json& now) { return now["total_steps"] > 0; });
  clarification.again();
  CHECK(api.send("POST", "/api/plans/" + plan_id + "/decide", {{"approved", true}, {"revision", std::uint64_t{1} << 32 | 1}}).status ==
        422);
  Once decision(api, "/api/plans/" + plan_id + "/decide", {{"approved", true}, {"revision", plan["revision"]}}, "decide");
  CHECK(api.finished(session)["overall_status"] == "completed");
  clarification.again();
}
