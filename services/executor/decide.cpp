#include "executor/decide.hpp"

#include <algorithm>

#include "agents/team/team.hpp"
#include "executor/deciding.hpp"
#include "executor/texts.hpp"

namespace convoke::executor {

using wire::StepStatus;

bool is_pending(const wire::StepT& step) {
  return step.status == StepStatus::planned || step.status == StepStatus::awaiting_feedback || step.status == StepStatus::approved;
}

bool is_terminal(const wire::StepT& step) { return !is_pending(step) && step.status != StepStatus::action_requested; }

Rules rules_of(const agents::Team& team) {
  Rules rules;
  switch (team.approval) {
    case agents::Approval::each_step: rules.approval = wire::ApprovalPolicy::each_step; break;
    case agents::Approval::whole_plan: rules.approval = wire::ApprovalPolicy::whole_plan; break;
    case agents::Approval::sensitive: rules.approval = wire::ApprovalPolicy::sensitive; break;
    case agents::Approval::none: rules.approval = wire::ApprovalPolicy::none; break;
  }
  rules.people.clear();
  rules.talkers.clear();
  for (const auto& agent : team.agents) {
    if (agent.kind == agents::AgentKind::human) rules.people.push_back(agent.name);
    if (agent.kind == agents::AgentKind::generic || agent.tools.empty()) rules.talkers.push_back(agent.name);
  }
  return rules;
}

wire::PlanDecisionT decide(const wire::PlanT& plan, std::span<const wire::PlanEventT> inbox, Now now, const Rules& rules) {
  Deciding deciding(plan, now, rules);
  for (const auto& event : inbox) deciding.on(event);
  deciding.advance();
  return deciding.finish();
}

Deciding::Deciding(const wire::PlanT& plan, Now now, const Rules& rules) : before_(plan), now_(now), rules_(rules), plan_(plan) {}

wire::StepT* Deciding::find(std::string_view id) {
  const auto found = std::ranges::find(plan_.steps, id, &wire::StepT::id);
  return found == plan_.steps.end() ? nullptr : &*found;
}

bool Deciding::is_one_of(const std::vector<std::string>& agents, const wire::StepT& step) const {
  return std::ranges::any_of(agents, [&](const std::string& name) { return step.agent == name || step.agent == plan_.team + "." + name; });
}

wire::ApprovalPolicy Deciding::policy() const { return plan_.policy == wire::ApprovalPolicy::team ? rules_.approval : plan_.policy; }

std::string Deciding::next_id() { return plan_.id + "s" + std::to_string(plan_.next_step++); }

namespace {

/// Whether the plan as a whole has a question to a person open.
bool asks_as_a_whole(const wire::PlanT& plan, wire::ApprovalPolicy policy) {
  if (plan.ended_ms != 0) return false;
  if (plan.status == wire::PlanStatus::awaiting_clarification) return true;
  return policy == wire::ApprovalPolicy::whole_plan &&
         std::ranges::any_of(plan.steps, [](const auto& step) { return step.status == StepStatus::planned; });
}

}  // namespace

wire::PlanDecisionT Deciding::finish() {
  for (const auto& old : before_.steps) {
    const auto* step = find(old.id);
    const auto status = step != nullptr ? step->status : StepStatus::cancelled;
    if (status == old.status) continue;
    if (old.status == StepStatus::awaiting_feedback) decision_.withdraw.push_back(old.id);
    if (old.status != StepStatus::action_requested || reported_.contains(old.id)) continue;
    (is_person(old) ? decision_.withdraw : decision_.cancel).push_back(old.id);
  }
  if (asks_as_a_whole(before_, policy()) && (!asks_as_a_whole(plan_, policy()) || plan_.revision != before_.revision)) {
    decision_.withdraw.emplace_back();
  }
  decision_.consumed = plan_.consumed;
  decision_.plan = std::make_unique<wire::PlanT>(std::move(plan_));
  return std::move(decision_);
}

}  // namespace convoke::executor
