// A planner's proposal becomes steps, or a question to the person.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "executor/deciding.hpp"
#include "executor/texts.hpp"

namespace convoke::executor {

using wire::StepStatus;

namespace {

/// Letters and digits in lower case: two wordings that differ in spacing or punctuation are the same action.
std::string essence(std::string_view action) {
  std::string result;
  for (const char c : action) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0) result.push_back(static_cast<char>(std::tolower(byte)));
  }
  return result;
}

bool same(const wire::DraftStepT& draft, const wire::StepT& step) {
  return draft.agent == step.agent && draft.function == step.function && essence(draft.action) == essence(action_of(step));
}

}  // namespace

bool Deciding::stalls(const wire::PlanDraftT& draft) const {
  if (plan_.steps.empty()) return false;
  if (draft.steps.empty()) return true;
  return std::ranges::any_of(plan_.steps, [&](const wire::StepT& step) {
    return step.status == StepStatus::failed &&
           std::ranges::any_of(draft.steps, [&](const auto& proposal) { return same(proposal, step); });
  });
}

void Deciding::proposed(const wire::PlanDraftT& draft) {
  if (plan_.status != wire::PlanStatus::planning) return;
  plan_.replan_reason.clear();
  if (!draft.clarification_request.empty()) {
    plan_.status = wire::PlanStatus::awaiting_clarification;
    plan_.clarification_request = draft.clarification_request;
    if (!draft.summary.empty()) plan_.summary = draft.summary;
    wire::PlanQuestionT question;
    question.kind = 1;  // RequestKind::clarification
    question.text = draft.clarification_request;
    decision_.ask.push_back(std::move(question));
    return;
  }
  if (stalls(draft)) {
    ++plan_.stalls;
    if (plan_.stalls >= plan_.max_stalls) {
      end("stalled", "Stopped: planning again brings nothing new.");
    } else {
      ask_planner("The last proposal repeats what has already failed.\n" + replan_text(plan_));
    }
    return;
  }
  if (draft.steps.empty()) {
    end("no_plan", "No plan could be made: the proposal has no steps.");
    return;
  }
  take_over(draft);
  ask_for_approval();
}

void Deciding::take_over(const wire::PlanDraftT& draft) {
  for (auto& step : plan_.steps) {
    if (!is_pending(step)) continue;
    step.status = StepStatus::cancelled;
    step.agent_reply = "Replaced by a new plan.";
  }
  std::vector<wire::StepT> active;
  std::vector<std::string> running;
  for (const auto& step : plan_.steps) {
    if (is_terminal(step)) continue;
    active.push_back(step);
    running.push_back(step.id);
  }
  std::erase_if(plan_.steps, [](const wire::StepT& step) { return !is_terminal(step); });
  plan_.settled = static_cast<std::uint32_t>(plan_.steps.size());
  std::ranges::move(active, std::back_inserter(plan_.steps));

  std::vector<std::string> ids;
  for (const auto& proposal : draft.steps) {
    wire::StepT step;
    step.id = next_id();
    step.action = proposal.action;
    step.agent = proposal.agent;
    step.function = proposal.function.empty() ? function_in(proposal.action) : proposal.function;
    step.sensitive = proposal.sensitive;
    for (const auto index : proposal.depends_on) {
      if (index < ids.size()) step.depends_on.push_back(ids[index]);
    }
    // What is in progress belongs to what the new plan builds on.
    if (step.depends_on.empty()) step.depends_on = running;
    ids.push_back(step.id);
    plan_.steps.push_back(std::move(step));
  }
  plan_.summary = draft.summary;
  plan_.status = wire::PlanStatus::in_progress;
  ++plan_.revision;
}

void Deciding::ask_for_approval() {
  const auto rule = policy();
  for (auto& step : plan_.steps) {
    if (step.status != StepStatus::planned) continue;
    const bool ask = rule == wire::ApprovalPolicy::each_step || (rule == wire::ApprovalPolicy::sensitive && step.sensitive);
    if (rule == wire::ApprovalPolicy::whole_plan) continue;
    step.status = ask ? StepStatus::awaiting_feedback : StepStatus::approved;
    if (!ask) {
      step.approval = wire::ApprovalStatus::accepted;
      continue;
    }
    wire::PlanQuestionT question;
    question.step = step.id;
    question.text = step.action;
    decision_.ask.push_back(std::move(question));
  }
  if (rule != wire::ApprovalPolicy::whole_plan) return;
  wire::PlanQuestionT question;
  question.text = plan_.summary.empty() ? plan_.goal : plan_.summary;
  decision_.ask.push_back(std::move(question));
}

}  // namespace convoke::executor
