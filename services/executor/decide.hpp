// Decides what happens to a plan: the whole of the executor's judgement, as a pure function of the plan and its inbox. The owner applies a
// decision in one commit; a repeated turn decides the same again. States, events and stop reasons: README.md of this folder.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "wire/plan_generated.h"

namespace convoke::agents {
struct Team;
}

namespace convoke::executor {

/// What the run's team version says about plans.
struct Rules {
  wire::ApprovalPolicy approval = wire::ApprovalPolicy::each_step;  // for plans whose own policy is `team`
  std::vector<std::string> people = {"HumanAgent"};                 // short names of agents that stand for people
  std::vector<std::string> talkers = {"GenericAgent"};              // and of those that have nothing but words
};
Rules rules_of(const agents::Team& team);

/// The plan after all events of the inbox, in their order, and what is to happen now. Events that no longer fit (a decision on a step that
/// is decided already, a result of a cancelled step, anything after the end) are consumed without effect. `now.unix` is the owner's clock.
wire::PlanDecisionT decide(const wire::PlanT& plan, std::span<const wire::PlanEventT> inbox, Now now, const Rules& rules = {});

}  // namespace convoke::executor
