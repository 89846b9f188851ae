#include <catch2/catch.hpp>

#include "executor/texts.hpp"
#include "plans.hpp"

using namespace plans;

TEST_CASE("executor: an action names its function at the end") {
  CHECK(executor::function_in("Send it. Function: send_email") == "send_email");
  CHECK(executor::function_in("Function: a Function: b. ") == "b");
  CHECK(executor::function_in("Send it").empty());
  CHECK(executor::function_in("Function:").empty());
}

TEST_CASE("executor: a step's input ends with the goal and the action") {
  Run run;
  const auto decision = run.take(proposal({{"HrAgent"}}));
  CHECK(decision.assign[0].text == "Goal: Onboard Jessica Smith\nDo part 1. Function: tool_1");
  run.plan.steps[0].updated_action = "Do it by Friday";
  CHECK(executor::input_of(run.plan, run.plan.steps[0]) == "Goal: Onboard Jessica Smith\nDo it by Friday Function: tool_1");
}

TEST_CASE("executor: replies are handed on shortened, without cutting a character") {
  Run run;
  run.take(proposal({{"HrAgent"}, {"HrAgent", {0}}}));
  std::string reply;
  while (reply.size() < 20'000) reply += "é";
  const auto decision = run.take(event(PlanEventKind::step_done, run.id(1), "x" + reply));
  REQUIRE(decision.assign.size() == 1);
  CHECK(decision.assign[0].text.size() < 10'000);
  CHECK(decision.assign[0].text.find("(shortened)") != std::string::npos);
  CHECK(decision.assign[0].text.find("é\n(shortened)") != std::string::npos);
}
