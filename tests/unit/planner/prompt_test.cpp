#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "planner/prompt.hpp"
#include "planner_team.hpp"

using namespace convoke;

namespace {

nlohmann::json catalogue_in(const std::string& prompt) {
  const auto begin = prompt.find("```json\n");
  REQUIRE(begin != std::string::npos);
  const auto end = prompt.find("\n```", begin);
  return nlohmann::json::parse(prompt.substr(begin + 8, end - begin - 8));
}

std::vector<llm::Message> messages(const wire::WorkT& work) {
  const auto team = planner_team();
  return planner::messages_for(team, planner::catalogue_of(team), work, "2026-11-20");
}

}  // namespace

TEST_CASE("planner: the system message has the rules and the catalogue") {
  wire::WorkT work;
  work.goal = "Onboard Jessica Smith";
  const auto said = messages(work);
  REQUIRE(said.size() == 2);
  CHECK(said[0].role == llm::Role::system);
  CHECK(said[0].content.find("at most 3") != std::string::npos);
  const auto catalogue = catalogue_in(said[0].content);
  CHECK(catalogue["max_plan_steps"] == 3);
  CHECK(catalogue["today"] == "2026-11-20");
  REQUIRE(catalogue["agents"].size() == 4);
  CHECK(catalogue["agents"][0]["kind"] == "specialist");
  CHECK(catalogue["agents"][3]["kind"] == "human");
  const auto& tool = catalogue["agents"][0]["tools"][0];
  CHECK(tool["name"] == "schedule_orientation");
  CHECK(tool["synonyms"][0] == "induction");
  CHECK(tool["parameters"]["properties"].contains("employee_name"));
  CHECK(said[1].content == "Goal: Onboard Jessica Smith");
}

TEST_CASE("planner: answers of the person follow the question") {
  wire::WorkT work;
  work.goal = "Onboard somebody";
  work.plan = std::make_unique<wire::PlanT>();
  work.plan->clarification_request = "Who, and when?";
  work.plan->clarification_response = "Jessica Smith\n1 May";
  const auto said = messages(work);
  REQUIRE(said.size() == 4);
  CHECK(said[2].role == llm::Role::assistant);
  CHECK(said[2].content == "Who, and when?");
  CHECK(said[3].content == "Clarification: Jessica Smith\nClarification: 1 May");
}

TEST_CASE("planner: planning anew says what failed and what is done") {
  wire::WorkT work;
  work.goal = "Onboard";
  work.plan = std::make_unique<wire::PlanT>();
  work.plan->steps.emplace_back();
  work.plan->replan_reason = "Failed: that";
  CHECK(messages(work)[1].content == "Goal: Onboard\nEarlier results:\nFailed: that");
}

TEST_CASE("planner: the schema is JSON that asks for every member") {
  const auto schema = nlohmann::json::parse(planner::plan_schema().schema);
  CHECK(schema["required"].size() == 4);
  CHECK(schema["properties"]["steps"]["items"]["required"].size() == 4);
}

TEST_CASE("planner: dates are those of UTC") {
  CHECK(planner::date_of(0) == "1970-01-01");
  CHECK(planner::date_of(1'795'132'799'000) == "2026-11-19");
}
