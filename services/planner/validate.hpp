// Turns a model's answer into a draft, or says why it cannot be used, in words that the model is told.
#pragma once

#include <string>
#include <string_view>

#include "agents/team/team.hpp"
#include "core/result.hpp"
#include "wire/plan_generated.h"

namespace convoke::planner {

/// How a step of an agent without functions says so (the planner's two exceptions).
inline constexpr std::string_view generic_exception =
    "EXCEPTION: No suitable function found. A generic LLM model is being used for this step.";
inline constexpr std::string_view human_exception = "EXCEPTION: Human support required to do this step, no suitable function found.";

/// MODEL_INVALID with the reason: not JSON of that shape, no steps and no question, more than `max_plan_steps`, an agent or a function that
/// does not exist or does not belong together, a dependency that does not point backwards, an empty action. What can be completed without
/// guessing is completed: the function in the action, the exceptions, sensitive tools. With a question to the person the steps are left
/// out.
Result<wire::PlanDraftT> draft_from(const agents::Team& team, std::string_view answer);

/// What an answer without steps and without a question says: the goal was called off. Empty for any other answer.
std::string called_off(std::string_view answer);

}  // namespace convoke::planner
