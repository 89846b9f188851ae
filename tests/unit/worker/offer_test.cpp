#include <catch2/catch.hpp>

#include <algorithm>

#include "worker/offer.hpp"

using namespace convoke;

namespace {

agents::Team office() {
  agents::Team team;
  team.name = "office";
  agents::Agent hr;
  hr.name = "HrAgent";
  hr.description = "Knows people.";
  hr.instructions = "You are the HR agent.";
  hr.can_contact = {"TechAgent"};
  tools::Tool tool;
  tool.name = "assign_mentor";
  tool.description = "Assigns a mentor.";
  tool.synonyms = {"buddy"};
  hr.tools.push_back(tool);
  agents::Agent tech;
  tech.name = "TechAgent";
  tech.description = "Knows machines.";
  team.agents = {hr, tech};
  return team;
}

std::vector<std::string> names(const std::vector<llm::Tool>& offered) {
  std::vector<std::string> result;
  for (const auto& tool : offered) result.push_back(tool.name);
  return result;
}

wire::WorkT work(wire::InputKind kind, wire::TurnKind turn = wire::TurnKind::chat) {
  wire::WorkT result;
  result.kind = turn;
  result.input.emplace_back();
  result.input.back().kind = kind;
  return result;
}

}  // namespace

TEST_CASE("worker: an agent is told who it is, the date and whom it may ask") {
  const auto team = office();
  const auto text = worker::instructions_for(team, team.agents[0], 1'795'132'800'000);
  CHECK(text.starts_with("You are the HR agent.\n"));
  CHECK(text.find("\nToday is 2026-11-20.") != std::string::npos);
  CHECK(text.find("- TechAgent: Knows machines.") != std::string::npos);
  CHECK(worker::instructions_for(team, team.agents[1], 0).find("chat_with_agent") == std::string::npos);
}

TEST_CASE("worker: tools for talking are offered only to whom they serve") {
  const auto team = office();
  using Names = std::vector<std::string>;
  CHECK(names(worker::tools_for(team, team.agents[0], work(wire::InputKind::message), worker::own_tools(team.agents[0]))) ==
        Names{"assign_mentor", "chat_with_agent"});
  CHECK(names(worker::tools_for(team, team.agents[1], work(wire::InputKind::message), worker::own_tools(team.agents[1]))) == Names{});
  CHECK(names(worker::tools_for(team, team.agents[1], work(wire::InputKind::question), worker::own_tools(team.agents[1]))) ==
        Names{"ask_human", "contact_human"});
  CHECK(names(worker::tools_for(team, team.agents[0], work(wire::InputKind::question, wire::TurnKind::step),
                                worker::own_tools(team.agents[0]))) ==
        Names{"assign_mentor", "chat_with_agent", "ask_human", "contact_human", "end_step"});
}

TEST_CASE("worker: a tool is offered with its synonyms and its schema") {
  const auto team = office();
  const auto offered = worker::tools_for(team, team.agents[0], work(wire::InputKind::message), worker::own_tools(team.agents[0]));
  CHECK(offered[0].description.find("buddy") != std::string::npos);
  CHECK(offered[0].parameters.find("\"object\"") != std::string::npos);
}

TEST_CASE("worker: names of agents lose their team") {
  CHECK(worker::short_name("office.HrAgent") == "HrAgent");
  CHECK(worker::short_name("HrAgent") == "HrAgent");
}
