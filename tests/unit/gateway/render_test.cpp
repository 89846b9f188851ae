#include "api/common/render.hpp"

#include <catch2/catch.hpp>

#include "wire/message.hpp"

using namespace convoke;
using namespace convoke::api;

namespace {

wire::PlanT plan() {
  wire::PlanT made;
  made.id = "s1~p1";
  made.user = "ann";
  made.goal = "Onboard Jessica";
  made.summary = "Two steps";
  made.status = wire::PlanStatus::in_progress;
  made.revision = 2;
  made.created_ms = 1'000'500;
  for (int at = 0; at < 3; ++at) {
    wire::StepT step;
    step.id = "s1~s" + std::to_string(at + 1);
    step.action = "Do it. Function: act";
    step.agent = "company.HrAgent";
    step.function = "act";
    made.steps.push_back(step);
  }
  made.steps[0].status = wire::StepStatus::completed;
  made.steps[0].approval = wire::ApprovalStatus::accepted;
  made.steps[0].agent_reply = "done";
  made.steps[1].status = wire::StepStatus::failed;
  made.steps[1].fault = static_cast<std::uint16_t>(Fault::tool_failed);
  return made;
}

}  // namespace

TEST_CASE("render: a plan has the fields of both forms of the task API, and ours") {
  const auto json = plan_json(plan());
  for (const auto* name : {"id", "data_type", "session_id", "user_id", "initial_goal", "overall_status", "source", "summary",
                           "human_clarification_request", "human_clarification_response", "ts"})
    CHECK(json.contains(name));
  CHECK(json["session_id"] == "s1");
  CHECK(json["overall_status"] == "in_progress");
  CHECK(json["human_clarification_request"].is_null());
  CHECK(json["ts"] == 1000);
  CHECK(json["revision"] == 2);
  auto cancelled = plan();
  cancelled.status = wire::PlanStatus::cancelled;
  CHECK(plan_json(cancelled)["overall_status"] == "failed");
  CHECK(plan_json(cancelled)["status"] == "cancelled");
}

TEST_CASE("render: a plan with steps counts them by status") {
  const auto json = plan_with_steps_json(plan());
  CHECK(json["total_steps"] == 3);
  CHECK(json["completed_steps"] == 1);
  CHECK(json["pending_steps"] == 1);
  for (const auto* name : {"planned", "awaiting_feedback", "approved", "rejected", "action_requested", "completed", "failed", "cancelled"})
    CHECK(json.contains(name));
  CHECK(json["planned"] == 1);
  CHECK(json["failed"] == 1);
}

TEST_CASE("render: a step names its agent, its approval and why it failed") {
  const auto made = plan();
  const auto json = step_json(made.steps[1], made);
  for (const auto* name : {"id", "data_type", "plan_id", "session_id", "user_id", "action", "agent", "status", "agent_reply",
                           "human_feedback", "human_approval_status", "updated_action", "ts"})
    CHECK(json.contains(name));
  CHECK(json["agent"] == "HrAgent");
  CHECK(json["human_approval_status"] == "requested");
  CHECK(json["fault"] == "TOOL_FAILED");
  CHECK(step_json(made.steps[0], made)["human_approval_status"] == "accepted");
}

TEST_CASE("render: a step is found by its own id, and by that of the step it stands for") {
  auto made = plan();
  made.steps[1].replaces = std::exchange(made.steps[1].id, "s1~s4");
  CHECK(present_step(made, "s1~s1") == "s1~s1");
  CHECK(present_step(made, "s1~s2") == "s1~s4");
  CHECK(present_step(made, "s1~s4") == "s1~s4");
  CHECK(present_step(made, "s1~s9") == "s1~s9");
  CHECK(present_step(made, "").empty());
  CHECK(step_json(made.steps[1], made)["replaces"] == "s1~s2");
}

TEST_CASE("render: what people and agents said becomes messages, the rest does not") {
  wire::EventT event;
  event.kind = wire::EventKind::message;
  event.id = wire::Uuid(1, 2);
  event.conversation = "s1~t1";
  event.author = "agent/company.HrAgent";
  event.text = "Welcome";
  event.step = "s1~s1";
  event.at_ms = 5'000;
  const auto json = agent_message_json(event, "ann");
  REQUIRE(json);
  for (const auto* name : {"id", "data_type", "session_id", "user_id", "plan_id", "content", "source", "ts", "step_id"})
    CHECK(json->contains(name));
  CHECK((*json)["source"] == "HrAgent");
  CHECK((*json)["ts"] == 5);
  event.kind = wire::EventKind::step_changed;
  CHECK_FALSE(agent_message_json(event, "ann"));
  CHECK(source_of("user/ann") == "HumanAgent");
  CHECK(source_of("agent/system.planner") == "PlannerAgent");
  CHECK(source_of("system") == "GroupChatManager");
}

TEST_CASE("render: an event shows the fields of its kind, also when they are no JSON") {
  wire::EventT event;
  event.seq = 7;
  event.id = wire::Uuid(0x0190, 1);
  event.kind = wire::EventKind::request_opened;
  event.data = R"({"request":"s1~q1"})";
  const auto shown = [&] { return Json::parse(event_text(event)); };
  CHECK(shown()["data"]["request"] == "s1~q1");
  CHECK(shown()["kind"] == "request_opened");
  CHECK(shown()["seq"] == 7);
  CHECK_FALSE(shown().contains("turn"));
  CHECK_FALSE(shown().contains("text"));
  event.data = "{broken";
  CHECK(shown()["data"] == "{broken");
  const std::string deep(200'000, '[');
  event.data = deep + std::string(deep.size(), ']');
  CHECK(shown()["data"].is_string());
  wire::SpanT span;
  span.attributes = R"({"a":)" + event.data + "}";
  CHECK(dump(span_json(span)["attributes"]) == "{}");
  event.data.clear();
  event.text = "said \"so\"\n\x01\xFF";
  event.turn = 3;
  event.attempt = 2;
  CHECK(shown()["text"] == "said \"so\"\n\x01\uFFFD");
  CHECK(shown()["turn"] == 3);
  CHECK(shown()["attempt"] == 2);
  CHECK(iso_time(1'763'679'932'123) == "2025-11-20T23:05:32.123Z");
}

TEST_CASE("render: a delta says to what it belongs and what it waits for") {
  wire::DeltaT delta;
  delta.conversation = "s1~d1";
  delta.message = "s1~m1";
  delta.author = "agent/company.HrAgent";
  delta.turn = 3;
  delta.attempt = 2;
  delta.offset = 17;
  delta.after_seq = 9;
  delta.text = "\"ja\"\t";
  const Json expected{
      {"conversation", "s1~d1"}, {"message", "s1~m1"}, {"author", "agent/company.HrAgent"}, {"turn", 3}, {"attempt", 2}, {"offset", 17},
      {"after_seq", 9},          {"text", "\"ja\"\t"}};
  CHECK(Json::parse(delta_text(delta)) == expected);
}
