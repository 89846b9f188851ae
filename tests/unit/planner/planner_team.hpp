// A small team for the planner's tests.
#pragma once

#include "agents/team/team.hpp"

inline convoke::agents::Team planner_team() {
  using namespace convoke;
  agents::Team team;
  team.name = "office";
  team.limits.max_plan_steps = 3;
  agents::Agent hr;
  hr.name = "HrAgent";
  hr.description = "People";
  tools::Tool orientation;
  orientation.name = "schedule_orientation";
  orientation.description = "Schedules it.";
  orientation.synonyms = {"induction"};
  tools::Parameter name;
  name.name = "employee_name";
  orientation.parameters.push_back(name);
  hr.tools.push_back(orientation);
  agents::Agent buyer;
  buyer.name = "ProcurementAgent";
  tools::Tool order;
  order.name = "order_hardware";
  order.sensitive = true;
  buyer.tools.push_back(order);
  agents::Agent generic;
  generic.name = "GenericAgent";
  generic.kind = agents::AgentKind::generic;
  agents::Agent human;
  human.name = "HumanAgent";
  human.kind = agents::AgentKind::human;
  team.agents = {hr, buyer, generic, human};
  return team;
}
