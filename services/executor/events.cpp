// What each event of a plan's inbox does to the states of its steps.
#include <algorithm>
#include <utility>

#include "executor/deciding.hpp"
#include "executor/texts.hpp"

namespace convoke::executor {

using wire::PlanEventKind;
using wire::StepStatus;

void Deciding::on(const wire::PlanEventT& event) {
  if (event.number != 0 && event.number <= plan_.consumed) return;
  plan_.consumed = std::max(plan_.consumed, event.number);
  if (ended()) return;
  switch (event.kind) {
    case PlanEventKind::none:
    case PlanEventKind::wake: break;  // advance() looks at the clock
    case PlanEventKind::proposed:
      if (event.draft) proposed(*event.draft);
      break;
    case PlanEventKind::planning_failed: planning_failed(event); break;
    case PlanEventKind::clarified: clarified(event); break;
    case PlanEventKind::approved: decided(event, true); break;
    case PlanEventKind::rejected: decided(event, false); break;
    case PlanEventKind::step_done: step_done(event); break;
    case PlanEventKind::step_failed: step_failed(event); break;
    case PlanEventKind::cancel: end("cancelled", event.text.empty() ? "Cancelled." : "Cancelled: " + event.text); break;
    case PlanEventKind::timed_out: timed_out(event); break;
    case PlanEventKind::over_budget: end("over_budget", "Stopped: the budget of the run is used up."); break;
  }
}

void Deciding::planning_failed(const wire::PlanEventT& event) {
  if (plan_.status != wire::PlanStatus::planning) return;
  if (static_cast<Fault>(event.fault) == Fault::budget) return end("over_budget", "Stopped: " + event.text);
  if (plan_.steps.empty() && static_cast<Fault>(event.fault) == Fault::cancelled) return end("cancelled", "Cancelled: " + event.text);
  if (plan_.steps.empty()) {
    end("no_plan", "No plan could be made: " + event.text);
    return;
  }
  // What failed stays failed; the steps that do not depend on it go on.
  plan_.replans = std::max(plan_.replans, plan_.max_replans);
  plan_.replan_reason.clear();
  plan_.status = wire::PlanStatus::in_progress;
}

void Deciding::clarified(const wire::PlanEventT& event) {
  if (plan_.status != wire::PlanStatus::awaiting_clarification) return;
  if (!plan_.clarification_response.empty()) plan_.clarification_response += "\n";
  plan_.clarification_response += event.text;
  ask_planner("The person was asked: " + plan_.clarification_request + "\nThe person answered: " + event.text);
}

void Deciding::decided(const wire::PlanEventT& event, bool approved) {
  // A decision on all steps means those that the person has seen: what this very inbox proposes is not among them.
  for (const auto& seen : before_.steps) {
    if (!event.step.empty() && seen.id != event.step) continue;
    auto* step = find(seen.id);
    if (step == nullptr) continue;
    const bool is_repeated = approved && !event.step.empty() && seen.status == StepStatus::failed && step->status == StepStatus::failed;
    if (is_repeated && plan_.status == wire::PlanStatus::in_progress) repeat(*step);
    if (step->status != StepStatus::planned && step->status != StepStatus::awaiting_feedback) continue;
    decide_step(*step, event, approved);
  }
}

void Deciding::decide_step(wire::StepT& step, const wire::PlanEventT& event, bool approved) {
  if (!event.text.empty()) step.human_feedback = event.text;
  step.approval = approved ? wire::ApprovalStatus::accepted : wire::ApprovalStatus::rejected;
  step.status = approved ? StepStatus::approved : StepStatus::rejected;
  if (approved && !event.step.empty() && !event.action.empty() && event.action != action_of(step)) edit(step, event.action);
}

void Deciding::edit(wire::StepT& step, const std::string& action) {
  replace(step);
  step.updated_action = action;
  step.function = function_in(action);  // never the one of the action that is not wanted any more
  ++plan_.revision;
}

// What failed stays failed: a person who wants it once more (the owner let them) gets a new step, which was approved as the old one.
void Deciding::repeat(wire::StepT& step) {
  replace(step);
  step.status = StepStatus::approved;
  step.failures = 0;
  step.fault = 0;
  step.agent_reply.clear();
  step.started_ms = step.not_before_ms = 0;
}

// The step gets a new id, and so is another one in its place.
void Deciding::replace(wire::StepT& step) {
  const auto old_id = std::exchange(step.id, next_id());
  step.replaces = old_id;
  for (auto& other : plan_.steps) std::ranges::replace(other.depends_on, old_id, step.id);
}

void Deciding::step_done(const wire::PlanEventT& event) {
  reported_.insert(event.step);
  auto* step = find(event.step);
  if (step == nullptr || step->status != StepStatus::action_requested) return;
  step->agent_reply = event.text;
  // An action counts as done when a tool's result says so: an agent that was to call one and called none has only talked. Which one an
  // edited action needs, nobody has said; an agent with tools is to use them.
  const bool was_to_act = !step->function.empty() || (!step->updated_action.empty() && !is_talker(*step));
  const bool only_talked = event.fault != 0 && was_to_act;
  step->status = only_talked ? StepStatus::failed : StepStatus::completed;
  step->fault = only_talked ? event.fault : 0;
  if (only_talked) ++step->failures;
}

bool Deciding::retry(wire::StepT& step, Fault fault) const {
  // A repetition has new call keys, so what may have happened unseen must not be repeated by itself.
  if (!retryable(fault) || fault == Fault::unknown_outcome || fault == Fault::deadline) return false;
  if (step.failures > plan_.max_step_failures) return false;
  const auto doubled = first_backoff_ms << std::min(step.failures - 1, 10u);
  step.not_before_ms = unix_ms(now_.unix) + std::min(doubled, longest_backoff_ms);
  step.status = StepStatus::approved;
  step.started_ms = 0;
  return true;
}

void Deciding::step_failed(const wire::PlanEventT& event) {
  reported_.insert(event.step);
  auto* step = find(event.step);
  if (step == nullptr || step->status != StepStatus::action_requested) return;
  const auto fault = static_cast<Fault>(event.fault);
  ++step->failures;
  step->fault = event.fault;
  if (fault == Fault::budget) {
    step->status = StepStatus::failed;
    step->agent_reply = event.text;
    end("over_budget", "Stopped: " + event.text);
    return;
  }
  if (retry(*step, fault)) return;
  step->status = fault == Fault::cancelled ? StepStatus::cancelled : StepStatus::failed;
  step->agent_reply = event.text.empty() ? std::string(describe(fault).meaning) : event.text;
}

void Deciding::timed_out(const wire::PlanEventT& event) {
  if (event.step.empty()) {
    if (plan_.status == wire::PlanStatus::awaiting_clarification) {
      end("clarification_expired", "Stopped: nobody answered the question in time: " + plan_.clarification_request);
      return;
    }
    const bool running = std::ranges::any_of(plan_.steps, [](const auto& step) { return step.status == StepStatus::action_requested; });
    const bool undecided = std::ranges::any_of(plan_.steps, [](const auto& step) { return step.status == StepStatus::planned; });
    if (undecided && !running && policy() == wire::ApprovalPolicy::whole_plan) {
      end("approval_expired", "Stopped: nobody decided on the plan in time.");
    } else {
      end("timed_out", "Stopped: the time of the run is over.");
    }
    return;
  }
  auto* step = find(event.step);
  if (step == nullptr) return;
  if (step->status == StepStatus::awaiting_feedback || step->status == StepStatus::planned) {
    step->status = StepStatus::cancelled;
    step->agent_reply = "Nobody decided on it in time.";
    step->fault = static_cast<std::uint16_t>(Fault::timeout);
  } else if (step->status == StepStatus::action_requested) {
    // Its first turn may still be under way, so it is not given out a second time.
    step->status = StepStatus::failed;
    step->agent_reply = is_person(*step) ? "Nobody answered in time." : "It took longer than allowed.";
    step->fault = static_cast<std::uint16_t>(Fault::timeout);
    ++step->failures;
  }
}

}  // namespace convoke::executor
