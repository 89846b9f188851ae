#include <catch2/catch.hpp>

#include "planner/validate.hpp"
#include "planner_team.hpp"

using namespace convoke;

namespace {

std::string plan(const std::string& steps, const std::string& question = "null") {
  return R"({"initial_goal": "g", "steps": [)" + steps + R"(], "summary_plan_and_steps": "All of it.", "human_clarification_request": )" +
         question + "}";
}

std::string step(const std::string& agent, const std::string& function, const std::string& depends = "[]",
                 const std::string& action = "Do it.") {
  return R"({"action": ")" + action + R"(", "agent": ")" + agent + R"(", "function": ")" + function + R"(", "depends_on": )" + depends +
         "}";
}

std::string reason(const std::string& answer) {
  const auto draft = planner::draft_from(planner_team(), answer);
  REQUIRE_FALSE(draft);
  CHECK(draft.error().code == Fault::model_invalid);
  return draft.error().message;
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("planner: a plan that fits becomes a draft") {
  const auto draft = planner::draft_from(
      planner_team(), plan(step("HrAgent", "schedule_orientation") + "," + step("office.ProcurementAgent", "order_hardware", "[0]")));
  REQUIRE(draft);
  CHECK(draft->summary == "All of it.");
  REQUIRE(draft->steps.size() == 2);
  CHECK(draft->steps[0].action == "Do it. Function: schedule_orientation");
  CHECK_FALSE(draft->steps[0].sensitive);
  CHECK(draft->steps[1].agent == "ProcurementAgent");
  CHECK(draft->steps[1].depends_on == std::vector<std::uint32_t>{0});
  CHECK(draft->steps[1].sensitive);
}

TEST_CASE("planner: a function may stand in the action alone") {
  const auto draft = planner::draft_from(planner_team(), plan(step("HrAgent", "", "[]", "Do it. Function: schedule_orientation.")));
  REQUIRE(draft);
  CHECK(draft->steps[0].function == "schedule_orientation");
  CHECK(draft->steps[0].action == "Do it. Function: schedule_orientation.");
}

TEST_CASE("planner: what cannot be used is refused with the reason") {
  CHECK(says(reason("I would rather not"), "not valid JSON"));
  CHECK(says(reason("[1]"), "not a JSON object"));
  CHECK(says(reason(plan("")), "no steps"));
  CHECK(reason(plan(step("BakerAgent", "bake")))
            .starts_with("steps[0]: there is no agent 'BakerAgent'; the agents are HrAgent, ProcurementAgent"));
  CHECK(says(reason(plan(step("HrAgent", "order_hardware"))), "it belongs to ProcurementAgent"));
  CHECK(says(reason(plan(step("HrAgent", "fly"))), "no agent has it"));
  CHECK(says(reason(plan(step("HrAgent", ""))), "names no function"));
  CHECK(says(reason(plan(step("HrAgent", "schedule_orientation", "[]", " "))), "empty"));
  const auto one = step("HrAgent", "schedule_orientation");
  CHECK(says(reason(plan(one + "," + one + "," + one + "," + one)), "at most 3"));
  CHECK(says(reason(plan("7")), "not an object"));
}

TEST_CASE("planner: dependencies point backwards only") {
  CHECK(says(reason(plan(step("HrAgent", "schedule_orientation", "[0]"))), "earlier steps"));
  CHECK(says(reason(plan(step("HrAgent", "schedule_orientation", "[-1]"))), "earlier steps"));
  CHECK(says(reason(plan(step("HrAgent", "schedule_orientation", "[\"a\"]"))), "earlier steps"));
  CHECK(says(reason(plan(step("HrAgent", "schedule_orientation", "3"))), "not a list"));
}

TEST_CASE("planner: steps without a function say so by their exception") {
  const auto draft = planner::draft_from(planner_team(), plan(step("GenericAgent", "", "[]", "Write a poem.") + "," +
                                                              step("HumanAgent", "call", "[0]", "Sign it. Function: call") + "," +
                                                              step("HumanAgent", "", "[]", "Decide. EXCEPTION: Human support required.")));
  REQUIRE(draft);
  CHECK(draft->steps[0].action == "Write a poem. " + std::string(planner::generic_exception));
  CHECK(draft->steps[1].action == "Sign it. " + std::string(planner::human_exception));
  CHECK(draft->steps[1].function.empty());
  CHECK(draft->steps[2].action == "Decide. EXCEPTION: Human support required.");
}

TEST_CASE("planner: a question to the person comes alone") {
  const auto draft = planner::draft_from(planner_team(), plan(step("NoSuchAgent", ""), R"("When does she start?")"));
  REQUIRE(draft);
  CHECK(draft->clarification_request == "When does she start?");
  CHECK(draft->steps.empty());
}

TEST_CASE("planner: JSON between fences or in prose is found") {
  CHECK(planner::draft_from(planner_team(), "Here you are:\n```json\n" + plan(step("HrAgent", "schedule_orientation")) + "\n```"));
}

TEST_CASE("planner: what is nested without end is refused before anything walks through it") {
  const std::string deep(200'000, '[');
  CHECK(says(reason(plan(step("HrAgent", "schedule_orientation", deep + std::string(deep.size(), ']')))), "nested"));
  const auto wide = reason(plan(step("HrAgent", "schedule_orientation", "[\"" + std::string(10'000, 'x') + "\"]")));
  CHECK(says(wide, "only name earlier steps"));
  CHECK(wide.size() < 300);
}

TEST_CASE("planner: a step waits for each other one once") {
  const auto draft = planner::draft_from(
      planner_team(), plan(step("HrAgent", "schedule_orientation") + "," + step("HrAgent", "schedule_orientation", "[0, 0, 0]")));
  REQUIRE(draft);
  CHECK(draft->steps[1].depends_on == std::vector<std::uint32_t>{0});
}

TEST_CASE("planner: an action that is but a function nobody has says nothing") {
  CHECK(says(reason(plan(step("GenericAgent", "", "[]", "Function: fly"))), "says nothing but a function"));
}

TEST_CASE("planner: an answer without steps and without a question calls the goal off") {
  CHECK(planner::called_off(R"({"steps":[],"summary_plan_and_steps":"Nothing was done.","human_clarification_request":null})") ==
        "Nothing was done.");
  CHECK(planner::called_off(R"({"steps":[],"summary_plan_and_steps":"x","human_clarification_request":"Who?"})").empty());
  CHECK(planner::called_off(plan(step("HrAgent", "schedule_orientation"))).empty());
  CHECK(planner::called_off("I would rather not").empty());
}
