#include "agents/team/team.hpp"

#include <algorithm>

namespace convoke::agents {
namespace {

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::any_of(list, [&](const std::string& entry) { return entry == "*" || entry == name; });
}

}  // namespace

std::string_view name_of(AgentKind kind) {
  switch (kind) {
    case AgentKind::specialist: return "specialist";
    case AgentKind::generic: return "generic";
    case AgentKind::human: return "human";
  }
  return "specialist";
}

std::string_view name_of(Approval approval) {
  switch (approval) {
    case Approval::each_step: return "each_step";
    case Approval::whole_plan: return "whole_plan";
    case Approval::sensitive: return "sensitive";
    case Approval::none: return "none";
  }
  return "each_step";
}

const Agent* find_agent(const Team& team, std::string_view name) {
  const auto found = std::ranges::find(team.agents, name, &Agent::name);
  return found == team.agents.end() ? nullptr : &*found;
}

const tools::Tool* find_tool(const Agent& agent, std::string_view name) {
  const auto found = std::ranges::find(agent.tools, name, &tools::Tool::name);
  return found == agent.tools.end() ? nullptr : &*found;
}

std::string model_for(const Team& team, std::string_view role) {
  const auto found = team.models.find(std::string(role));
  if (found != team.models.end()) return found->second;
  const auto fallback = team.models.find("default");
  return fallback == team.models.end() ? std::string() : fallback->second;
}

std::string model_of(const Team& team, const Agent& agent) { return model_for(team, agent.model); }

bool may_contact(const Agent& from, std::string_view to) { return from.name != to && names(from.can_contact, to); }

bool may_talk(const Team& team, std::string_view user, std::string_view agent) {
  if (team.people.empty()) return true;
  return std::ranges::any_of(team.people, [&](const PeopleRule& rule) { return names(rule.users, user) && names(rule.agents, agent); });
}

}  // namespace convoke::agents
