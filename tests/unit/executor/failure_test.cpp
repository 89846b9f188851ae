// Failures, repetition, planning anew, stalls, time-outs, budgets.
#include <catch2/catch.hpp>

#include "plans.hpp"

using namespace plans;
using Names = std::vector<std::string>;
using wire::ApprovalPolicy;

TEST_CASE("executor: a retryable failure is tried again after a back-off that doubles") {
  Run run;
  run.take(proposal({{"HrAgent"}}));
  const auto first = run.take(failure(run.id(1), Fault::model_overloaded));
  CHECK(first.assign.empty());
  CHECK(first.wake_ms == unix_ms(run.now.unix) + 1'000);
  CHECK(run.step(1).status == StepStatus::approved);
  CHECK(run.take(event(PlanEventKind::wake)).assign.empty());

  run.pass(1'000);
  const auto again = run.take(event(PlanEventKind::wake));
  REQUIRE(assigned(again) == Names{"s~p1s1"});
  CHECK(again.assign[0].text.find("earlier try") != std::string::npos);
  CHECK(run.take(failure(run.id(1), Fault::timeout)).wake_ms == unix_ms(run.now.unix) + 2'000);
  run.pass(2'000);
  run.take(event(PlanEventKind::wake));
  const auto third = run.take(failure(run.id(1), Fault::model_overloaded, "still away"));
  CHECK(third.replan);
  CHECK(run.step(1).status == StepStatus::failed);
  CHECK(run.step(1).failures == 3);
}

TEST_CASE("executor: an outcome that nobody knows is neither repeated nor planned around") {
  Run run;
  run.take(proposal({{"HrAgent"}}));
  const auto decision = run.take(failure(run.id(1), Fault::unknown_outcome, "it may have happened"));
  CHECK_FALSE(decision.replan);
  CHECK(decision.stop_reason == "failed");
  CHECK(decision.text.find("it may have happened") != std::string::npos);
}

TEST_CASE("executor: a failed step is planned anew once nothing runs, and the new plan builds on what is done") {
  Run run;
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}, {"ProductAgent"}, {"HrAgent", {1}}}));
  run.take(event(PlanEventKind::step_done, run.id(3), "catalogue read"));
  const auto waits = run.take(failure(run.id(1), Fault::tool_unknown, "no such tool"));
  CHECK_FALSE(waits.replan);
  const auto done = run.take(event(PlanEventKind::step_done, run.id(2), "laptop ready"));
  CHECK(done.assign.empty());
  REQUIRE(done.replan);
  CHECK(done.replan_reason.find("no such tool") != std::string::npos);
  CHECK(done.replan_reason.find("laptop ready") != std::string::npos);
  CHECK(run.plan.replans == 1);
  CHECK(run.plan.status == wire::PlanStatus::planning);

  const auto anew = run.take(proposal({{"GenericAgent"}}, "Another way"));
  CHECK(assigned(anew) == Names{"s~p1s5"});
  CHECK(anew.assign[0].text.find("laptop ready") != std::string::npos);
  CHECK(run.step(4).status == StepStatus::cancelled);
  CHECK(run.plan.settled == 4);
  const auto last = run.take(event(PlanEventKind::step_done, "s~p1s5", "all set"));
  CHECK(last.stop_reason == "completed");
}

TEST_CASE("executor: new steps after a failure are approved like the first ones") {
  Run run(ApprovalPolicy::each_step);
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}}));
  run.take(event(PlanEventKind::approved, run.id(1)));
  REQUIRE(run.take(failure(run.id(1), Fault::forbidden)).replan);
  const auto anew = run.take(proposal({{"GenericAgent"}}, "Another way"));
  CHECK(anew.assign.empty());
  CHECK(asked(anew) == Names{"s~p1s3"});
  CHECK(anew.withdraw == Names{"s~p1s2"});
}

TEST_CASE("executor: after the last re-planning the rest proceeds and the outcome says what failed") {
  Run run;
  run.plan.max_replans = 0;
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}, {"HrAgent", {0}}}));
  run.take(failure(run.id(1), Fault::forbidden, "not allowed to"));
  CHECK(run.step(3).status == StepStatus::cancelled);
  CHECK(run.step(2).status == StepStatus::action_requested);
  const auto last = run.take(event(PlanEventKind::step_done, run.id(2), "laptop ready"));
  CHECK(last.stop_reason == "completed_with_failures");
  CHECK(last.text.find("not allowed to") != std::string::npos);
  CHECK(last.text.find("which failed") != std::string::npos);
}

TEST_CASE("executor: when nothing could be done the run has failed") {
  Run run;
  run.plan.max_replans = 0;
  run.take(proposal({{"HrAgent"}}));
  CHECK(run.take(failure(run.id(1), Fault::forbidden)).stop_reason == "failed");
  CHECK(run.plan.status == wire::PlanStatus::failed);
}

TEST_CASE("executor: a planner that proposes again what failed stalls the run") {
  Run run;
  run.take(proposal({{"HrAgent"}}));
  REQUIRE(run.take(failure(run.id(1), Fault::forbidden)).replan);
  CHECK(run.take(proposal({{"HrAgent"}})).replan);
  CHECK(run.take(proposal({})).replan);
  CHECK(run.plan.stalls == 2);
  CHECK(run.plan.replans == 1);
  CHECK(run.take(proposal({{"HrAgent"}}, "do  PART")).stop_reason == "stalled");
}

TEST_CASE("executor: a planner that fails ends a run without a plan, and not one that has one") {
  Run run;
  SECTION("at the start") {
    const auto decision = run.take(event(PlanEventKind::planning_failed, {}, "no agent fits"));
    CHECK(decision.stop_reason == "no_plan");
    CHECK(decision.text.find("no agent fits") != std::string::npos);
  }
  SECTION("no steps") { CHECK(run.take(proposal({})).stop_reason == "no_plan"); }
  SECTION("called off by the person who was asked") {
    auto off = event(PlanEventKind::planning_failed, {}, "All right, nothing was done.");
    off.fault = static_cast<std::uint16_t>(Fault::cancelled);
    const auto decision = run.take(off);
    CHECK(decision.stop_reason == "cancelled");
    CHECK(decision.text == "Cancelled: All right, nothing was done.");
  }
  SECTION("planning anew") {
    run.take(proposal({{"HrAgent"}, {"HrAgent", {0}}, {"ProductAgent"}}));
    run.take(failure(run.id(1), Fault::forbidden));
    REQUIRE(run.take(event(PlanEventKind::step_done, run.id(3), "ok")).replan);
    CHECK(run.take(event(PlanEventKind::planning_failed)).stop_reason == "completed_with_failures");
  }
}

TEST_CASE("executor: time that is up names what it was for") {
  Run run(ApprovalPolicy::none);
  SECTION("a step") {
    run.take(proposal({{"HrAgent"}}));
    const auto decision = run.take(event(PlanEventKind::timed_out, run.id(1)));
    CHECK(decision.cancel == Names{"s~p1s1"});
    CHECK(decision.assign.empty());
    CHECK(decision.replan);
  }
  SECTION("an answer to a question of a step") {
    run.take(proposal({{"HumanAgent"}}));
    const auto decision = run.take(event(PlanEventKind::timed_out, run.id(1)));
    CHECK_FALSE(decision.replan);
    CHECK(decision.stop_reason == "failed");
  }
  SECTION("the run") {
    run.take(proposal({{"HrAgent"}}));
    CHECK(run.take(event(PlanEventKind::timed_out)).stop_reason == "timed_out");
  }
  SECTION("a clarification") {
    run.take(question("When?"));
    CHECK(run.take(event(PlanEventKind::timed_out)).stop_reason == "clarification_expired");
  }
  SECTION("an approval") {
    run.plan.policy = ApprovalPolicy::each_step;
    run.take(proposal({{"HrAgent"}}));
    CHECK(run.take(event(PlanEventKind::timed_out, run.id(1))).stop_reason == "approval_expired");
  }
  SECTION("the approval of the whole") {
    run.plan.policy = ApprovalPolicy::whole_plan;
    run.take(proposal({{"HrAgent"}}));
    CHECK(run.take(event(PlanEventKind::timed_out)).stop_reason == "approval_expired");
  }
}

TEST_CASE("executor: a used up budget ends the run") {
  Run run;
  run.take(proposal({{"HrAgent"}, {"ProductAgent"}}));
  SECTION("told by the owner") {
    const auto decision = run.take(event(PlanEventKind::over_budget));
    CHECK(decision.stop_reason == "over_budget");
    CHECK(decision.cancel == Names{"s~p1s1", "s~p1s2"});
  }
  SECTION("told by a step") {
    const auto decision = run.take(failure(run.id(1), Fault::budget));
    CHECK(decision.stop_reason == "over_budget");
    CHECK(decision.cancel == Names{"s~p1s2"});
  }
}

TEST_CASE("executor: a failed step that a person wants once more is a new step in its place") {
  Run run;
  run.take(proposal({{"HrAgent"}, {"TechSupportAgent"}, {"ProcurementAgent", {0}}}));
  const auto failed = run.id(1);
  CHECK(run.take(failure(failed, Fault::poison)).assign.empty());  // the planner is asked when nothing runs any more
  CHECK(run.step(1).status == StepStatus::failed);
  const auto again = run.take(event(PlanEventKind::approved, failed));
  CHECK(again.assign.size() == 1);
  CHECK(again.cancel.empty());
  CHECK(run.step(1).replaces == failed);
  CHECK(run.id(1) != failed);
  CHECK(run.step(1).status == StepStatus::action_requested);
  CHECK(run.step(1).fault == 0);
  CHECK(run.step(3).depends_on == std::vector{run.id(1)});
  CHECK_FALSE(again.replan);
  run.take(event(PlanEventKind::step_done, run.id(2)));
  CHECK(run.take(event(PlanEventKind::step_done, run.id(1))).assign.size() == 1);
  CHECK(run.take(event(PlanEventKind::step_done, run.id(3))).stop_reason == "completed");
}
