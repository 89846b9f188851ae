// Turns a goal into the fewest steps that cover it. Pure; the caller gives the day.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/arguments.hpp"
#include "model/catalogue.hpp"
#include "model/ranking.hpp"

namespace convoke::model {

struct Step {
  std::string action;
  std::string agent;
  std::string function;  // empty for the generic and the human agent
  nlohmann::ordered_json arguments = nlohmann::ordered_json::object();
  std::vector<std::size_t> depends_on;
};

struct Plan {
  std::string goal;
  std::vector<Step> steps;
  std::string summary;
  std::string clarification;  // empty: nothing to ask
};

/// `goal` without clarifications, which come apart.
Plan make_plan(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& clarifications,
               Day today);

/// "set_up_payroll" as "Set up payroll".
std::string spoken(const std::string& tool_name);

/// The question for a parameter that nothing fills.
std::string question_for(const Tool& tool, const std::vector<const Parameter*>& missing, const std::vector<const Parameter*>& vague);

}  // namespace convoke::model
