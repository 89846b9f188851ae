// The least that a team file may say.
#pragma once

#include <string>

#include "agents/team/load.hpp"

namespace convoke::groupchat::test {

inline agents::Team small_team(std::string name, std::string description = "a team") {
  agents::Team team;
  team.name = std::move(name);
  team.description = std::move(description);
  team.models["default"] = "m";
  team.agents.emplace_back();
  team.agents.back().name = "A";
  team.agents.back().description = "an agent";
  team.agents.back().instructions = "Be good.";
  team.starting_tasks.push_back({.id = "one", .name = "One", .prompt = "Do it.", .logo = "", .tools = {}});
  return team;
}

}  // namespace convoke::groupchat::test
