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

}  // namespace convoke::model
