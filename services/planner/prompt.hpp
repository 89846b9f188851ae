// What the planner says to a model: the rules and the catalogue of agents and tools (system), the goal (user), and what came since:
// answers of the person, what failed and what is done. The catalogue's shape is a contract with services/model, whose README has it.
#pragma once

#include <string>
#include <vector>

#include "agents/team/team.hpp"
#include "llm/chat.hpp"
#include "wire/work_generated.h"

namespace convoke::planner {

/// The agents with their tools as JSON text; depends on the team version alone.
std::string catalogue_of(const agents::Team& team);

/// The whole conversation up to the first answer. `today` as YYYY-MM-DD.
std::vector<llm::Message> messages_for(const agents::Team& team, const std::string& catalogue, const wire::WorkT& work,
                                       const std::string& today);

/// The schema that the answer must have.
llm::ResponseSchema plan_schema();

/// What the model is told when its plan cannot be used.
llm::Message correction(const std::string& reason);

std::string date_of(std::int64_t unix_ms);  // YYYY-MM-DD in UTC

}  // namespace convoke::planner
