#include "team.hpp"

#include <array>
#include <optional>

#include "agents/team/load.hpp"

namespace convoke::sim {
namespace {

void set_terms(agents::Team& team, std::uint32_t terms) {
  auto& limits = team.limits;
  switch (terms) {
    case 1: team.approval = agents::Approval::whole_plan; break;
    case 2:
      team.approval = agents::Approval::sensitive;
      limits.human_timeout_ms = 3'000;
      break;
    case 3:
      team.approval = agents::Approval::none;
      limits.run_timeout_ms = 4'000;
      break;
    case 4: limits.max_run_turns = 3; break;
    case 5: limits.max_run_tokens = 50; break;
    case 6: limits.max_run_cost_usd = 0.01; break;
    case 7:
      limits.step_timeout_ms = 2'000;
      limits.max_step_retries = 0;
      limits.max_replans = 0;
      break;
    case 8:
      team.approval = agents::Approval::whole_plan;
      limits.human_timeout_ms = 1'500;
      limits.max_plan_steps = 2;
      for (auto& agent : team.agents) agent.limits.turn_timeout_ms = 3'000;
      break;
    default: break;
  }
}

agents::Team make_team(std::string description, std::uint32_t terms) {
  agents::Team team;
  team.name = "t";
  team.description = std::move(description);
  team.models = {{"default", "scripted"}};
  for (const char* name : {"A", "B", "C"}) {
    agents::Agent agent;
    agent.name = name;
    agent.description = "an agent";
    agent.instructions = "work";
    agent.can_contact = {"*"};
    agent.limits.turn_timeout_ms = 20'000;
    team.agents.push_back(std::move(agent));
  }
  agents::Agent person;
  person.name = "P";
  person.description = "people";
  person.instructions = "do it";
  person.kind = agents::AgentKind::human;
  team.agents.push_back(std::move(person));
  agents::StartingTask task;
  task.id = "one";
  task.name = "One";
  task.prompt = "A idem";
  team.starting_tasks.push_back(std::move(task));
  team.people.push_back({{"*"}, {"A", "B", "P"}});
  team.limits.step_timeout_ms = 25'000;
  team.limits.human_timeout_ms = 40'000;
  team.limits.run_timeout_ms = 90'000;
  set_terms(team, terms);
  return team;
}

}  // namespace

const TeamOfSeed& team_of(std::uint32_t terms) {
  static std::array<std::optional<TeamOfSeed>, team_terms> known;
  auto& here = known.at(terms);
  if (!here) {
    const auto team = make_team("a team", terms);
    here = TeamOfSeed{agents::to_json(team), agents::to_json(make_team("a better team", terms)), executor::rules_of(team)};
  }
  return *here;
}

}  // namespace convoke::sim
