// The quick tasks that a new user is shown, each with its criterion.
#include <algorithm>
#include <catch2/catch.hpp>

#include "support/installation.hpp"

using namespace convoke::test;

namespace {

bool has_steps(const Json& plan) { return !plan["steps"].empty(); }

Json give(Installation& installation, const std::string& session, const std::string& description) {
  const auto answer = installation.post("/api/input_task", {{"session_id", session}, {"description", description}});
  INFO(answer.body.dump());
  REQUIRE((answer.status == 200 || answer.status == 202));
  return answer.body;
}

Json planned(Installation& installation, const std::string& session, const std::string& description) {
  const auto task = give(installation, session, description);
  return installation.plan_when(task["plan_id"], has_steps);
}

RestAnswer approve(Installation& installation, const Json& plan, const Json& more) {
  Json fields{{"session_id", plan["session_id"]}, {"plan_id", plan["id"]}};
  fields.update(more);
  return installation.post("/api/approve_step_or_steps", fields);
}

Json approved_and_ended(Installation& installation, const Json& plan) {
  REQUIRE(approve(installation, plan, {{"approved", true}}).status == 200);
  return installation.ended_plan(plan["id"]);
}

const Json* step_with(const Json& plan, const std::string& function) {
  const auto found = std::ranges::find_if(plan["steps"], [&](const Json& step) { return step.value("function", "") == function; });
  return found == plan["steps"].end() ? nullptr : &*found;
}

bool contains(const Json& text, const std::string& part) {
  return text.is_string() && text.get<std::string>().find(part) != std::string::npos;
}

void end(Installation& installation) {
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("quick task: a question about plans is one or two steps of the product agent") {
  Installation installation;
  const auto plan =
      planned(installation, "q1", "Mobile plan query: I'm looking for information about a roaming plan as I'm headed overseas.");
  INFO(plan.dump());
  REQUIRE(plan["steps"].size() >= 1);
  REQUIRE(plan["steps"].size() <= 2);
  REQUIRE(step_with(plan, "get_product_info") != nullptr);
  CHECK(step_with(plan, "get_product_info")->at("agent") == "ProductAgent");
  CHECK(installation.effects().empty());  // nothing before it is approved
  const auto ended = approved_and_ended(installation, plan);
  CHECK(ended["overall_status"] == "completed");
  CHECK(contains(step_with(ended, "get_product_info")->at("agent_reply"), "Roaming Pack"));
  end(installation);
}

TEST_CASE("quick task: a start date that is missing is asked for before anything is done") {
  Installation installation;
  const auto task = give(installation, "q2", "Buy add-on pack: Please enable roaming on my mobile plan, starting next week.");
  INFO(task.dump());
  const std::string id = task["plan_id"];
  const auto asking = installation.plan_when(id, [](const Json& plan) { return plan["human_clarification_request"].is_string(); });
  REQUIRE(contains(asking["human_clarification_request"], "start date"));
  CHECK(installation.effects().empty());
  const auto approval = approve(installation, asking, {{"approved", true}, {"revision", 1}});
  CHECK(approval.status >= 400);  // there is nothing to approve yet
  const auto answer =
      installation.post("/api/human_clarification_on_plan", {{"session_id", "q2"}, {"plan_id", id}, {"human_clarification", "2026-12-01"}});
  REQUIRE(answer.status == 200);
  const auto plan = installation.plan_when(id, has_steps);
  REQUIRE(step_with(plan, "add_mobile_extras_pack") != nullptr);
  CHECK(installation.effects().empty());
  const auto ended = approved_and_ended(installation, plan);
  CHECK(ended["overall_status"] == "completed");
  CHECK(contains(step_with(ended, "add_mobile_extras_pack")->at("agent_reply"), "2026-12-01"));
  CHECK(installation.effects().size() == ended["steps"].size());
  end(installation);
}

TEST_CASE("quick task: who is asked may call it off") {
  Installation installation;
  const auto task = give(installation, "off", "Buy add-on pack: Please enable roaming on my mobile plan, starting next week.");
  const std::string id = task["plan_id"];
  installation.plan_when(id, [](const Json& plan) { return plan["human_clarification_request"].is_string(); });
  const auto answer = installation.post("/api/human_clarification_on_plan",
                                        {{"session_id", "off"}, {"plan_id", id}, {"human_clarification", "Never mind, forget it."}});
  REQUIRE(answer.status == 200);
  const auto ended = installation.ended_plan(id);
  INFO(ended.dump());
  CHECK(ended["stop_reason"] == "cancelled");
  CHECK(ended["steps"].empty());
  CHECK(installation.effects().empty());
  end(installation);
}

TEST_CASE("quick task: a step is called off by whoever is asked about it") {
  const std::string function = GENERATE("", ". Function: process_leave_request");
  Installation installation;
  const auto plan = planned(installation, "step", "Assign a mentor to Jessica Smith.");
  REQUIRE(plan["steps"].size() == 1);
  const Json edit{{"step_id", plan["steps"][0]["id"]}, {"approved", true}, {"updated_action", "Process a leave request" + function}};
  CHECK(approve(installation, plan, edit).status == 200);
  const auto asking = installation.plan_when(plan["id"], [](const Json& now) { return !now["requests"].empty(); });
  CHECK(asking["requests"][0]["kind"] == "input");
  const auto answer =
      installation.post("/api/requests/" + asking["requests"][0]["id"].get<std::string>(), {{"text", "Never mind, forget it."}});
  CHECK(answer.status == 200);
  const auto ended = installation.ended_plan(plan["id"]);
  INFO(ended.dump());
  CHECK(ended["steps"][0]["status"] == "cancelled");
  CHECK(contains(ended["steps"][0]["agent_reply"], "nothing was done"));
  CHECK(installation.effects().empty());
  end(installation);
}

TEST_CASE("quick task: onboarding is approved step by step, with one rejected and one edited") {
  Installation installation;
  const auto plan = planned(installation, "q3", "Onboard employee: Onboard a new employee, Jessica Smith.");
  INFO(plan.dump());
  const auto& steps = plan["steps"];
  REQUIRE(steps.size() >= 3);
  REQUIRE(steps.size() <= 6);
  for (const auto& step : steps) CHECK((step["agent"] == "HrAgent" || step["agent"] == "TechSupportAgent"));
  std::string edited = steps[0]["action"];
  const auto name = edited.find("Jessica Smith");
  REQUIRE(name != std::string::npos);
  edited.replace(name, 13, "Jessica Jones");
  CHECK(approve(installation, plan, {{"step_id", steps[1]["id"]}, {"approved", false}, {"human_feedback", "not needed"}}).status == 200);
  CHECK(approve(installation, plan, {{"step_id", steps[0]["id"]}, {"approved", true}, {"updated_action", edited}}).status == 200);
  for (std::size_t i = 2; i < steps.size(); ++i) {
    const auto before = installation.plan(plan["id"]);
    CHECK(before["steps"][i]["status"] == "awaiting_feedback");  // each waits for its own approval
    CHECK(approve(installation, plan, {{"step_id", steps[i]["id"]}, {"approved", true}}).status == 200);
  }
  const auto ended = installation.ended_plan(plan["id"]);
  INFO(ended.dump());
  CHECK(ended["overall_status"] == "completed");
  REQUIRE(ended["steps"].size() == steps.size());
  CHECK(ended["steps"][1]["status"] == "rejected");
  CHECK(contains(ended["steps"][0]["agent_reply"], "Jessica Jones"));
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (i != 1) CHECK(ended["steps"][i]["status"] == "completed");
  const auto effects = installation.effects();
  CHECK(effects.size() == steps.size() - 1);
  for (const auto& effect : effects) CHECK(effect["tool"] != steps[1]["function"]);
  // Decided is decided.
  CHECK(approve(installation, plan, {{"step_id", steps[1]["id"]}, {"approved", true}}).status == 409);
  end(installation);
}

TEST_CASE("quick task: the press release is written from what the step before it found") {
  Installation installation;
  const auto plan =
      planned(installation, "q4", "Draft a press release: Get info about our products. Write a press release about our current products.");
  INFO(plan.dump());
  REQUIRE(plan["steps"].size() == 2);
  CHECK(plan["steps"][0]["function"] == "get_product_info");
  CHECK(plan["steps"][0]["agent"] == "ProductAgent");
  CHECK(plan["steps"][1]["function"] == "generate_press_release");
  CHECK(plan["steps"][1]["agent"] == "MarketingAgent");
  CHECK(plan["steps"][1]["depends_on"] == Json::array({plan["steps"][0]["id"]}));
  const auto ended = approved_and_ended(installation, plan);
  CHECK(ended["overall_status"] == "completed");
  CHECK(contains(ended["steps"][0]["agent_reply"], "Premium Unlimited"));
  CHECK(contains(ended["steps"][1]["agent_reply"], "Premium Unlimited"));
  const auto effects = installation.effects();
  REQUIRE(effects.size() == 2);
  CHECK(contains(effects[1]["arguments"].dump(), "Premium Unlimited"));
  end(installation);
}

TEST_CASE("quick task: access to a database is one step of technical support") {
  Installation installation;
  const auto plan = planned(installation, "q6", "Please grant Maria Lopez access to the sales database.");
  INFO(plan.dump());
  REQUIRE(plan["steps"].size() == 1);
  CHECK(plan["steps"][0]["agent"] == "TechSupportAgent");
  CHECK(plan["steps"][0]["function"] == "grant_database_access");
  const auto ended = approved_and_ended(installation, plan);
  CHECK(ended["overall_status"] == "completed");
  CHECK(contains(ended["steps"][0]["agent_reply"], "Maria Lopez"));
  end(installation);
}

TEST_CASE("quick task: what no tool can do goes to the generalist or to a person, and says so") {
  Installation installation;
  const auto translation = planned(installation, "q7", "Translate this SQL statement to Python: SELECT name FROM users.");
  INFO(translation.dump());
  REQUIRE(translation["steps"].size() == 1);
  CHECK(translation["steps"][0]["agent"] == "GenericAgent");
  CHECK(contains(translation["steps"][0]["action"], "EXCEPTION: "));
  CHECK(approved_and_ended(installation, translation)["overall_status"] == "completed");

  const auto route = planned(installation, "q7b", "Plan a route from A to B");
  INFO(route.dump());
  REQUIRE(route["steps"].size() == 1);
  CHECK((route["steps"][0]["agent"] == "HumanAgent" || route["steps"][0]["agent"] == "GenericAgent"));
  CHECK(contains(route["steps"][0]["action"], "EXCEPTION: "));
  REQUIRE(approve(installation, route, {{"approved", true}}).status == 200);
  if (route["steps"][0]["agent"] == "HumanAgent") {
    // A person does it and says how it went.
    const auto asked = installation.plan_when(route["id"], [](const Json& plan) {
      return std::ranges::any_of(plan["requests"], [](const Json& request) { return request["kind"] == "input"; });
    });
    const auto request = std::ranges::find_if(asked["requests"], [](const Json& each) { return each["kind"] == "input"; });
    REQUIRE(request != asked["requests"].end());
    const std::string id = (*request)["id"];
    CHECK(installation.post("/api/requests/" + id, {{"text", "Straight on, then left."}}).status == 200);
    CHECK(installation.post("/api/requests/" + id, {{"text", "Right."}}).status == 409);  // the first answer counts
  }
  const auto ended = installation.ended_plan(route["id"]);
  CHECK(ended["overall_status"] == "completed");
  end(installation);
}
