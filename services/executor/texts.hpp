// The words of the executor: what an agent is given for a step, what the planner is told about a failure, what the person reads at the end.
#pragma once

#include <string>
#include <string_view>

#include "wire/plan_generated.h"

namespace convoke::executor {

/// What is to be done: the action as planned or as a person changed it.
const std::string& action_of(const wire::StepT& step);

/// `Function: <name>` of an action, or empty.
std::string function_in(std::string_view action);

/// The whole input of a step: what is known so far, the goal, what people said about the step, and the action.
std::string input_of(const wire::PlanT& plan, const wire::StepT& step);

/// Why a new plan is wanted: what failed, what is done, what is in progress.
std::string replan_text(const wire::PlanT& plan);

/// The outcome for the person. It quotes what agents replied and claims nothing of its own.
std::string outcome_of(const wire::PlanT& plan, std::string_view why);

}  // namespace convoke::executor
