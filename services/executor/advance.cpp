// What follows from the states of the steps, whatever the events were.
#include <algorithm>

#include "executor/deciding.hpp"
#include "executor/texts.hpp"

namespace convoke::executor {

using wire::StepStatus;

namespace {

/// Another plan can help: it was the agent or its tools that failed, not the person, the time or an effect that nobody knows of.
bool can_be_replanned(const wire::StepT& step, bool person) {
  const auto fault = static_cast<Fault>(step.fault);
  return !person && fault != Fault::cancelled && fault != Fault::unknown_outcome && fault != Fault::budget;
}

}  // namespace

void Deciding::advance() {
  if (ended() || plan_.status != wire::PlanStatus::in_progress) return;
  if (wants_replan()) {
    const bool running = std::ranges::any_of(
        plan_.steps, [&](const wire::StepT& step) { return step.status == StepStatus::action_requested && !is_person(step); });
    if (running) return;  // nothing new begins; the planner is asked when it is known what is done
    ++plan_.replans;
    ask_planner(replan_text(plan_));
    return;
  }
  cancel_dependents();
  give_out();
  end_when_over();
}

bool Deciding::wants_replan() const {
  if (plan_.replans >= plan_.max_replans) return false;
  for (std::size_t i = plan_.settled; i < plan_.steps.size(); ++i) {
    const auto& step = plan_.steps[i];
    if (step.status == StepStatus::failed && can_be_replanned(step, is_person(step))) return true;
  }
  return false;
}

void Deciding::ask_planner(std::string reason) {
  plan_.status = wire::PlanStatus::planning;
  plan_.replan_reason = reason;
  decision_.replan = true;
  decision_.replan_reason = std::move(reason);
}

void Deciding::cancel_dependents() {
  for (auto& step : plan_.steps) {  // in order: what a step depends on stands before it
    if (!is_pending(step)) continue;
    for (const auto& id : step.depends_on) {
      const auto* needed = find(id);
      if (needed == nullptr || !is_terminal(*needed) || needed->status == StepStatus::completed) continue;
      const auto* how = needed->status == StepStatus::failed     ? "failed"
                        : needed->status == StepStatus::rejected ? "was rejected"
                                                                 : "was cancelled";
      step.status = StepStatus::cancelled;
      step.fault = static_cast<std::uint16_t>(Fault::cancelled);
      step.agent_reply = "Not done: it depends on " + id + ", which " + how + ".";
      break;
    }
  }
}

bool Deciding::ready(const wire::StepT& step) const {
  return step.status == StepStatus::approved && std::ranges::all_of(step.depends_on, [&](const std::string& id) {
           const auto needed = std::ranges::find(plan_.steps, id, &wire::StepT::id);
           return needed != plan_.steps.end() && needed->status == StepStatus::completed;
         });
}

void Deciding::give_out() {
  const auto now = unix_ms(now_.unix);
  for (auto& step : plan_.steps) {
    if (!ready(step)) continue;
    if (step.not_before_ms > now) {
      decision_.wake_ms = decision_.wake_ms == 0 ? step.not_before_ms : std::min(decision_.wake_ms, step.not_before_ms);
      continue;
    }
    step.status = StepStatus::action_requested;
    step.started_ms = now;
    step.not_before_ms = 0;
    if (is_person(step)) {
      wire::PlanQuestionT question;
      question.kind = 2;  // RequestKind::input
      question.step = step.id;
      question.text = action_of(step);
      decision_.ask.push_back(std::move(question));
      continue;
    }
    wire::AssignmentT assignment;
    assignment.step = step.id;
    assignment.agent = step.agent.contains('.') ? step.agent : plan_.team + "." + step.agent;
    assignment.text = input_of(plan_, step);
    decision_.assign.push_back(std::move(assignment));
  }
}

void Deciding::end_when_over() {
  if (!std::ranges::all_of(plan_.steps, is_terminal)) return;
  std::size_t completed = 0;
  std::size_t completed_now = 0;
  std::size_t failed = 0;
  std::size_t rejected = 0;
  for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
    const auto status = plan_.steps[i].status;
    if (status == StepStatus::completed) ++completed;
    if (i < plan_.settled) continue;
    if (status == StepStatus::completed) ++completed_now;
    if (status == StepStatus::failed) ++failed;
    if (status == StepStatus::rejected) ++rejected;
  }
  if (failed > 0) {
    if (completed > 0) {
      end("completed_with_failures", "Not everything could be done.");
    } else {
      end("failed", "It could not be done.");
    }
  } else if (completed_now > 0) {
    end("completed");
  } else if (rejected > 0) {
    end("rejected", "Nothing was done: the plan was rejected.");
  } else {
    end("approval_expired", "Nothing was done: nobody decided on the plan in time.");
  }
}

void Deciding::end(std::string_view stop_reason, std::string_view why) {
  for (auto& step : plan_.steps) {
    if (is_terminal(step)) continue;
    if (step.status == StepStatus::action_requested) step.agent_reply = "Stopped while in progress; its outcome is not known.";
    step.status = StepStatus::cancelled;
    step.fault = static_cast<std::uint16_t>(Fault::cancelled);
  }
  if (stop_reason == "completed" || stop_reason == "completed_with_failures") {
    plan_.status = wire::PlanStatus::completed;
  } else if (stop_reason == "cancelled" || stop_reason == "rejected") {
    plan_.status = wire::PlanStatus::cancelled;
  } else {
    plan_.status = wire::PlanStatus::failed;
  }
  plan_.ended_ms = std::max<std::int64_t>(unix_ms(now_.unix), 1);
  plan_.stop_reason = stop_reason;
  plan_.replan_reason.clear();
  decision_.replan = false;
  decision_.replan_reason.clear();
  decision_.wake_ms = 0;
  // What this very decision would have begun does not begin.
  decision_.assign.clear();
  decision_.ask.clear();
  decision_.stop_reason = stop_reason;
  decision_.text = outcome_of(plan_, why);
}

}  // namespace convoke::executor
