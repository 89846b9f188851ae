// What a model answers when it is asked for a plan, whatever that is: a draft names only what exists, and a refusal is a sentence that the
// model can be told.
#include <algorithm>

#include "agents/team/team.hpp"
#include "core/text.hpp"
#include "fuzz.hpp"
#include "planner/validate.hpp"

using namespace convoke;

namespace {

agents::Team office() {
  agents::Team team;
  team.name = "office";
  team.limits.max_plan_steps = 4;
  for (const auto& [name, kind] :
       {std::pair{"HrAgent", agents::AgentKind::specialist}, std::pair{"GenericAgent", agents::AgentKind::generic},
        std::pair{"HumanAgent", agents::AgentKind::human}}) {
    auto& agent = team.agents.emplace_back();
    agent.name = name;
    agent.kind = kind;
  }
  for (const auto* name : {"assign_mentor", "set_up_payroll"}) {
    auto& tool = team.agents.front().tools.emplace_back();
    tool.name = name;
    tool.sensitive = tool.name == "set_up_payroll";
  }
  return team;
}

void check(const agents::Team& team, const wire::DraftStepT& step, std::size_t index) {
  const auto* agent = agents::find_agent(team, step.agent);
  fuzz::require(agent != nullptr, "a step of an agent that does not exist");
  const auto* tool = agents::find_tool(*agent, step.function);
  if (tool == nullptr) {
    fuzz::require(step.function.empty() && agent->kind != agents::AgentKind::specialist, "a step with a function that does not exist");
    fuzz::require(!step.action.contains("Function:"), "a step whose action promises a function that nobody carries out");
  } else {
    fuzz::require(step.sensitive == tool->sensitive, "a step that is not as sensitive as its function");
    fuzz::require(step.action.contains("Function:") && step.action.contains(tool->name), "an action without its function");
  }
  fuzz::require(!step.action.empty() && step.action.front() != ' ', "an action that says nothing");
  for (auto at = step.depends_on.begin(); at != step.depends_on.end(); ++at) {
    fuzz::require(*at < index, "a step that waits for a later one");
    fuzz::require(std::find(step.depends_on.begin(), at, *at) == at, "a step that waits for another one twice");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto team = office();
  const auto draft = planner::draft_from(team, fuzz::text(data, size));
  if (!draft) {
    const auto& error = draft.error();
    fuzz::require(error.code == Fault::model_invalid && !error.message.empty(), "a refusal without a reason");
    fuzz::require(is_utf8(error.message) && error.message.size() < size + 200, "a reason that cannot be told to a model");
    return 0;
  }
  fuzz::require(draft->steps.size() <= team.limits.max_plan_steps, "more steps than are allowed");
  fuzz::require(draft->steps.empty() != draft->clarification_request.empty(), "neither steps nor a question, or both");
  for (std::size_t i = 0; i < draft->steps.size(); ++i) check(team, draft->steps[i], i);
  return 0;
}
