// By state and event: proposals, approval policies, edits, dependencies, people, clarification, the end.
#include <catch2/catch.hpp>

#include "plans.hpp"

using namespace plans;
using Names = std::vector<std::string>;
using wire::ApprovalPolicy;

TEST_CASE("executor: without approval independent steps begin at once and dependent ones wait") {
  Run run;
  const auto first = run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}, {"HrAgent", {0, 1}}}));
  CHECK(assigned(first) == Names{"s~p1s1", "s~p1s2"});
  CHECK(first.assign[0].agent == "company.HrAgent");
  CHECK(run.plan.status == wire::PlanStatus::in_progress);
  CHECK(run.plan.revision == 1);
  CHECK(run.step(3).status == StepStatus::approved);

  CHECK(assigned(run.take(event(PlanEventKind::step_done, run.id(1), "account made"))).empty());
  const auto third = run.take(event(PlanEventKind::step_done, run.id(2), "laptop ready"));
  REQUIRE(assigned(third) == Names{"s~p1s3"});
  CHECK(third.assign[0].text.find("account made") != std::string::npos);
  CHECK(third.assign[0].text.find("laptop ready") != std::string::npos);

  const auto last = run.take(event(PlanEventKind::step_done, run.id(3), "welcome sent"));
  CHECK(last.stop_reason == "completed");
  CHECK(run.plan.stop_reason == "completed");
  CHECK(run.plan.status == wire::PlanStatus::completed);
  CHECK(last.text.find("welcome sent") != std::string::npos);
}

TEST_CASE("executor: each step waits for its own approval") {
  Run run(ApprovalPolicy::each_step);
  const auto first = run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}}));
  CHECK(first.assign.empty());
  CHECK(asked(first) == Names{"s~p1s1", "s~p1s2"});
  CHECK(run.step(1).status == StepStatus::awaiting_feedback);

  const auto second = run.take(event(PlanEventKind::approved, run.id(2), "with care"));
  CHECK(assigned(second) == Names{"s~p1s2"});
  CHECK(second.withdraw == Names{"s~p1s2"});
  CHECK(second.assign[0].text.find("with care") != std::string::npos);
  CHECK(run.step(2).approval == wire::ApprovalStatus::accepted);
  CHECK(run.step(1).status == StepStatus::awaiting_feedback);
}

TEST_CASE("executor: the first decision on a step wins") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}, {"HrAgent"}}));
  run.take(event(PlanEventKind::rejected, run.id(1), "no"));
  const auto late = run.take(event(PlanEventKind::approved, run.id(1)));
  CHECK(late.assign.empty());
  CHECK(run.step(1).status == StepStatus::rejected);
  CHECK(run.step(1).human_feedback == "no");
}

TEST_CASE("executor: all steps can be approved in one decision, but none that the person has not seen") {
  Run run(ApprovalPolicy::each_step);
  SECTION("seen") {
    run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}}));
    CHECK(assigned(run.take(event(PlanEventKind::approved))) == Names{"s~p1s1", "s~p1s2"});
  }
  SECTION("proposed in the same inbox") {
    std::vector<wire::PlanEventT> events;
    events.push_back(proposal({{"HrAgent"}}));
    events.push_back(event(PlanEventKind::approved));
    CHECK(run.take(std::move(events)).assign.empty());
    CHECK(run.step(1).status == StepStatus::awaiting_feedback);
  }
}

TEST_CASE("executor: the whole plan is approved with one question") {
  Run run(ApprovalPolicy::whole_plan);
  const auto first = run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}}));
  CHECK(asked(first) == Names{""});
  CHECK(run.step(1).status == StepStatus::planned);
  const auto second = run.take(event(PlanEventKind::approved));
  CHECK(assigned(second) == Names{"s~p1s1", "s~p1s2"});
  CHECK(second.withdraw == Names{""});
}

TEST_CASE("executor: only sensitive steps wait under that policy") {
  Run run(ApprovalPolicy::sensitive);
  const auto first = run.take(proposal({{"HrAgent"}, {"ProcurementAgent", {}, true}}));
  CHECK(assigned(first) == Names{"s~p1s1"});
  CHECK(asked(first) == Names{"s~p1s2"});
}

TEST_CASE("executor: a plan whose policy is the team's follows the team") {
  Run run(ApprovalPolicy::team);
  run.rules.approval = ApprovalPolicy::none;
  CHECK(assigned(run.take(proposal({{"HrAgent"}}))) == Names{"s~p1s1"});
}

TEST_CASE("executor: an edited action is a new, approved step that takes the old one's place") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}, {"HrAgent", {0}}}));
  const auto decision = run.take(edited("s~p1s1", "Do it better. Function: other_tool"));
  REQUIRE(run.plan.steps.size() == 2);
  CHECK(run.step(1).id == "s~p1s3");
  CHECK(run.step(1).replaces == "s~p1s1");
  CHECK(run.step(1).function == "other_tool");
  CHECK(run.step(1).updated_action == "Do it better. Function: other_tool");
  CHECK(run.step(1).action == "Do part 1. Function: tool_1");
  CHECK(run.step(2).depends_on == Names{"s~p1s3"});
  CHECK(run.plan.revision == 2);
  CHECK(assigned(decision) == Names{"s~p1s3"});
  CHECK(decision.assign[0].text.find("Do it better") != std::string::npos);
  CHECK(decision.withdraw == Names{"s~p1s1"});
  CHECK(run.take(event(PlanEventKind::approved, "s~p1s1")).assign.empty());
}

TEST_CASE("executor: an edited action names its own function or none") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}}));
  const auto decision = run.take(edited("s~p1s1", "Send flowers instead."));
  CHECK(run.step(1).function.empty());
  CHECK(decision.assign.at(0).text.find("Function:") == std::string::npos);
}

TEST_CASE("executor: an edited action is done when its agent has acted, or has nothing but words") {
  for (const auto* agent : {"HrAgent", "GenericAgent"}) {
    INFO(agent);
    Run run(ApprovalPolicy::each_step);
    run.take(proposal({{agent}}));
    run.take(edited("s~p1s1", "Send flowers instead."));
    auto only_words = event(PlanEventKind::step_done, run.id(1), "None of the tools here does this.");
    only_words.fault = static_cast<std::uint16_t>(Fault::tool_failed);
    run.take(std::move(only_words));
    CHECK(run.step(1).status == (agent == std::string("HrAgent") ? StepStatus::failed : StepStatus::completed));
  }
}

TEST_CASE("executor: a step whose turn was cancelled is cancelled") {
  Run run(ApprovalPolicy::none);
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}}));
  auto stopped = event(PlanEventKind::step_failed, run.id(1), "cancelled");
  stopped.fault = static_cast<std::uint16_t>(Fault::cancelled);
  run.take(std::move(stopped));
  CHECK(run.step(1).status == StepStatus::cancelled);
  CHECK(run.take(event(PlanEventKind::cancel)).stop_reason == "cancelled");
}

TEST_CASE("executor: rejecting one step cancels what depends on it and leaves the rest") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}, {"HrAgent", {0}}}));
  const auto decision = run.take(event(PlanEventKind::rejected, run.id(1), "not needed"));
  CHECK(run.step(3).status == StepStatus::cancelled);
  CHECK(run.step(3).agent_reply.find("was rejected") != std::string::npos);
  CHECK(decision.withdraw == Names{"s~p1s1", "s~p1s3"});
  run.take(event(PlanEventKind::approved, run.id(2)));
  const auto last = run.take(event(PlanEventKind::step_done, run.id(2), "done"));
  CHECK(last.stop_reason == "completed");
  CHECK(last.text.find("not needed") != std::string::npos);
}

TEST_CASE("executor: rejecting everything ends the run as rejected") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}}));
  const auto decision = run.take(event(PlanEventKind::rejected));
  CHECK(decision.stop_reason == "rejected");
  CHECK(run.plan.status == wire::PlanStatus::cancelled);
  CHECK(decision.assign.empty());
}

TEST_CASE("executor: a step of an agent that stands for people is a question, and the answer its reply") {
  Run run;
  const auto first = run.take(proposal({{"HumanAgent"}, {"HrAgent", {0}}}));
  CHECK(first.assign.empty());
  REQUIRE(asked(first) == Names{"s~p1s1"});
  CHECK(first.ask[0].kind == 2);
  CHECK(run.step(1).status == StepStatus::action_requested);
  const auto second = run.take(event(PlanEventKind::step_done, run.id(1), "On Monday"));
  REQUIRE(assigned(second) == Names{"s~p1s2"});
  CHECK(second.assign[0].text.find("On Monday") != std::string::npos);
}

TEST_CASE("executor: a question of the planner comes before any step, and its answer plans again") {
  Run run(ApprovalPolicy::each_step);
  const auto first = run.take(question("Which start date?"));
  REQUIRE(first.ask.size() == 1);
  CHECK(first.ask[0].kind == 1);
  CHECK(run.plan.status == wire::PlanStatus::awaiting_clarification);
  CHECK(run.plan.clarification_request == "Which start date?");

  const auto second = run.take(event(PlanEventKind::clarified, {}, "1 May"));
  CHECK(second.replan);
  CHECK(second.replan_reason.find("1 May") != std::string::npos);
  CHECK(second.withdraw == Names{""});
  CHECK(run.plan.status == wire::PlanStatus::planning);
  CHECK(run.plan.clarification_response == "1 May");
  CHECK(run.plan.replans == 0);

  run.take(proposal({{"HrAgent"}}));
  const auto third = run.take(event(PlanEventKind::approved, run.id(1)));
  REQUIRE(third.assign.size() == 1);
  CHECK(third.assign[0].text.find("1 May") != std::string::npos);
}

TEST_CASE("executor: events are consumed once, and nothing happens after the end") {
  Run run;
  run.take(proposal({{"HrAgent"}}));
  const auto done = run.take(event(PlanEventKind::step_done, run.id(1), "ok"));
  CHECK(done.stop_reason == "completed");
  CHECK(done.text == "ok");
  CHECK(done.consumed == 2);
  const auto after = run.take(event(PlanEventKind::cancel));
  CHECK(after.stop_reason.empty());
  CHECK(after.consumed == 3);
  CHECK(run.plan.stop_reason == "completed");

  auto repeated = event(PlanEventKind::cancel);
  repeated.number = 1;
  Run other;
  other.take(proposal({{"HrAgent"}}));
  const std::vector<wire::PlanEventT> old{repeated};
  CHECK(executor::decide(other.plan, old, other.now, {}).stop_reason.empty());
}

TEST_CASE("executor: cancelling stops what runs and withdraws what is asked") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}, {"HumanAgent"}, {"HrAgent"}}));
  run.take(event(PlanEventKind::approved, run.id(1)));
  run.take(event(PlanEventKind::approved, run.id(2)));
  const auto decision = run.take(event(PlanEventKind::cancel, {}, "changed my mind"));
  CHECK(decision.stop_reason == "cancelled");
  CHECK(decision.cancel == Names{"s~p1s1"});
  CHECK(decision.withdraw == Names{"s~p1s2", "s~p1s3"});
  CHECK(run.plan.status == wire::PlanStatus::cancelled);
  CHECK(decision.text.find("changed my mind") != std::string::npos);
}
