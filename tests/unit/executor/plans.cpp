#include "plans.hpp"

namespace plans {

wire::PlanEventT event(PlanEventKind kind, std::string step, std::string text) {
  wire::PlanEventT result;
  result.kind = kind;
  result.step = std::move(step);
  result.text = std::move(text);
  return result;
}

wire::PlanEventT failure(std::string step, Fault fault, std::string text) {
  auto result = event(PlanEventKind::step_failed, std::move(step), std::move(text));
  result.fault = static_cast<std::uint16_t>(fault);
  return result;
}

wire::PlanEventT edited(std::string step, std::string action) {
  auto result = event(PlanEventKind::approved, std::move(step));
  result.action = std::move(action);
  return result;
}

wire::PlanEventT proposal(std::vector<Proposal> steps, const std::string& prefix) {
  auto result = event(PlanEventKind::proposed);
  result.draft = std::make_unique<wire::PlanDraftT>();
  result.draft->summary = "Do all of it";
  for (auto& wanted : steps) {
    wire::DraftStepT step;
    const auto number = std::to_string(result.draft->steps.size() + 1);
    step.agent = wanted.agent;
    step.function = "tool_" + number;
    step.action = prefix + " " + number + ". Function: " + step.function;
    step.depends_on = wanted.depends_on;
    step.sensitive = wanted.sensitive;
    result.draft->steps.push_back(std::move(step));
  }
  return result;
}

wire::PlanEventT question(std::string text) {
  auto result = event(PlanEventKind::proposed);
  result.draft = std::make_unique<wire::PlanDraftT>();
  result.draft->clarification_request = std::move(text);
  return result;
}

Run::Run(wire::ApprovalPolicy policy) {
  plan.id = "s~p1";
  plan.team = "company";
  plan.goal = "Onboard Jessica Smith";
  plan.policy = policy;
  now.unix = from_unix_ms(1'000'000);
}

wire::PlanDecisionT Run::take(std::vector<wire::PlanEventT> events) {
  for (auto& entry : events) entry.number = next_event++;
  auto decision = executor::decide(plan, events, now, rules);
  plan = *decision.plan;
  return decision;
}

wire::PlanDecisionT Run::take(wire::PlanEventT single) {
  std::vector<wire::PlanEventT> events;
  events.push_back(std::move(single));
  return take(std::move(events));
}

std::vector<std::string> assigned(const wire::PlanDecisionT& decision) {
  std::vector<std::string> steps;
  for (const auto& assignment : decision.assign) steps.push_back(assignment.step);
  return steps;
}

std::vector<std::string> asked(const wire::PlanDecisionT& decision) {
  std::vector<std::string> steps;
  for (const auto& question : decision.ask) steps.push_back(question.step);
  return steps;
}

}  // namespace plans
