// Turns a goal into the fewest steps that cover it. Pure; the caller gives the day.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/answers.hpp"
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
  std::vector<Asked> asked;   // the values that it asks for
  bool instead = false;       // it asks for something else to do: the answer takes the goal's place
};

/// `goal` without clarifications, which come apart. One that calls the goal off gives a plan without steps and without a question.
Plan make_plan(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& clarifications,
               Day today);

/// The same, where all answers are values for what the goal leaves open.
Plan plan_once(const Catalogue& catalogue, const Index& index, const std::string& goal, const std::vector<std::string>& answers, Day today);

}  // namespace convoke::model
