#include "groupchat/session/plans.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/session/requests.hpp"
#include "groupchat/session/runs.hpp"
#include "groupchat/session/turns.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::session {
namespace {

wire::EventT plan_said(Context& c, const wire::PlanT& plan, wire::EventKind kind, std::string_view agent) {
  auto event = c.event(kind, plan.conversation, agent_author(agent));
  event.run = plan.run;
  event.plan = plan.id;
  return event;
}

bool has_changed(const wire::StepT* before, const wire::StepT& after) {
  return before == nullptr || before->status != after.status || before->approval != after.approval ||
         before->updated_action != after.updated_action;
}

void post_step(Context& c, const wire::PlanT& plan, const wire::StepT& step) {
  auto changed = plan_said(c, plan, wire::EventKind::step_changed, executor_agent);
  changed.step = step.id;
  if (step.status == wire::StepStatus::completed || step.status == wire::StepStatus::failed) changed.text = step.agent_reply;
  const auto number = fmt::to_string(std::ranges::find(plan.steps, step.id, &wire::StepT::id) - plan.steps.begin() + 1);
  changed.data = render({{"step", step.id},
                         {"number", number},
                         {"status", wire::EnumNameStepStatus(step.status)},
                         {"approval", wire::EnumNameApprovalStatus(step.approval)},
                         {"agent", step.agent},
                         {"action", step.updated_action.empty() ? step.action : step.updated_action},
                         {"function", step.function},
                         {"fault", step.fault == 0 ? "" : name_of(static_cast<Fault>(step.fault))}});
  c.post(std::move(changed));
}

void post_changes(Context& c, wire::PlanT before, const wire::PlanT& after) {
  if (after.revision != before.revision && !after.steps.empty()) {
    auto proposed = plan_said(c, after, wire::EventKind::plan_proposed, planner_agent);
    proposed.text = after.summary;
    proposed.data = render(after);
    c.post(std::move(proposed));
  }
  for (const auto& step : after.steps)
    if (has_changed(find_step(before, step.id), step)) post_step(c, after, step);
  if (after.status == before.status) return;
  c.summary_changed = true;
  auto status = plan_said(c, after, wire::EventKind::plan_status, executor_agent);
  status.data = render({{"status", wire::EnumNamePlanStatus(after.status)}, {"stop_reason", after.stop_reason}});
  c.post(std::move(status));
}

void put_questions(Context& c, const wire::PlanT& plan, const std::vector<wire::PlanQuestionT>& questions) {
  for (const auto& question : questions) {
    wire::HumanRequestT request;
    request.kind = static_cast<wire::RequestKind>(question.kind);
    request.conversation = plan.conversation;
    request.run = plan.run;
    request.plan = plan.id;
    request.step = question.step;
    request.text = question.text;
    open_request(c, std::move(request));
  }
}

void assign(Context& c, const wire::PlanT& plan, const std::vector<wire::AssignmentT>& assignments) {
  for (const auto& assignment : assignments) {
    wire::InputT input;
    input.kind = wire::InputKind::question;
    input.author = agent_author(executor_agent);
    input.text = assignment.text;
    input.conversation = plan.conversation;
    input.run = plan.run;
    input.call = assignment.step;
    input.asker = executor_agent;
    input.plan = plan.id;
    input.step = assignment.step;
    enqueue(c, assignment.agent, std::move(input));
  }
}

void cancel_steps(Context& c, const std::vector<std::string>& steps) {
  const auto is_named = [&](std::string_view step) { return !step.empty() && std::ranges::find(steps, step) != steps.end(); };
  for (std::size_t i = 0; i < c.state.instances.size(); ++i) {
    auto& instance = c.state.instances[i];
    if (std::erase_if(instance.inbox, [&](const auto& input) { return is_named(input.step); }) > 0) c.touch();
    if (std::erase_if(instance.awaiting, [&](const auto& waiting) { return is_named(waiting.step); }) > 0) c.touch();
    if (instance.open && is_named(instance.open->step)) cancel_turn(c, instance);
  }
  close_requests(c, [&](const auto& request) { return !request.agent.empty() && is_named(request.step); }, "cancelled");
}

// What the owner alone may say of a plan stays as it is, whatever a decision says.
void keep_own_fields(const wire::PlanT& own, wire::PlanT& plan) {
  plan.id = own.id;
  plan.conversation = own.conversation;
  plan.run = own.run;
  plan.team = own.team;
  plan.team_version = own.team_version;
  plan.user = own.user;
  plan.goal = own.goal;
  plan.created_ms = own.created_ms;
  plan.policy = own.policy;
}

bool is_open_to_decision(const state::PlanStateT& held, const wire::StepT& step) {
  const bool is_waiting = step.status == wire::StepStatus::planned || step.status == wire::StepStatus::awaiting_feedback;
  return is_waiting && std::ranges::find(held.decided, step.id) == held.decided.end();
}

// A step whose decision waits for the executor still has the state of before.
Status decided_already(const wire::StepT& step) {
  const bool is_fresh = step.status == wire::StepStatus::planned || step.status == wire::StepStatus::awaiting_feedback;
  const auto* now = is_fresh ? "about to be carried out, or left, accordingly" : wire::EnumNameStepStatus(step.status);
  return fail(Fault::conflict, fmt::format("step '{}' is decided already; it is {}", step.id, now));
}

Result<state::PlanStateT*> open_plan(Context& c, std::string_view id) {
  auto* held = find_plan(c.state, id);
  if (held != nullptr) return held;
  const bool was_there = std::ranges::find(c.state.ended_plans, id, &wire::PlanSummaryT::id) != c.state.ended_plans.end();
  if (was_there) return fail(Fault::conflict, fmt::format("plan '{}' has ended", id));
  return fail(Fault::not_found, fmt::format("no plan '{}'", id));
}

bool is_cancelled(const state::PlanStateT& held) {
  return std::ranges::any_of(held.inbox, [](const auto& event) { return event.kind == wire::PlanEventKind::cancel; });
}

/// An open plan of which something may still be decided: what is decided after a cancel would come to nothing.
Result<state::PlanStateT*> live_plan(Context& c, std::string_view id) {
  auto found = open_plan(c, id);
  if (found && is_cancelled(**found)) return fail(Fault::conflict, fmt::format("plan '{}' is being cancelled", id));
  return found;
}

bool is_over(wire::StepStatus status) {
  return status == wire::StepStatus::completed || status == wire::StepStatus::failed || status == wire::StepStatus::rejected ||
         status == wire::StepStatus::cancelled;
}

// In the plan, the steps that a cancel ends tell of it: by whom, and why.
std::string note_cancel(wire::PlanT& plan, std::string_view by, std::string_view why) {
  const auto who = by.substr(by.find('/') + 1);
  const auto note = why.empty() ? fmt::format("by {}", who) : fmt::format("by {}: {}", who, why);
  for (auto& step : plan.steps)
    if (!is_over(step.status)) step.human_feedback += fmt::format("{}Cancelled {}", step.human_feedback.empty() ? "" : "\n", note);
  return note;
}

void decide_step(Context& c, state::PlanStateT& held, std::string_view by, const std::string& step, const wire::DecideT& decision) {
  held.decided.push_back(step);
  auto* event = plan_event(c, held.plan->id, decision.approved ? wire::PlanEventKind::approved : wire::PlanEventKind::rejected, step);
  event->by = by;
  event->text = decision.comment;
  event->action = decision.updated_action;
  close_requests(
      c, [&](const auto& request) { return request.kind == wire::RequestKind::approval && request.step == step; },
      decision.approved ? "approved" : "rejected", by);
  if (CONVOKE_MUTATED(decision_lost)) held.inbox.pop_back();
}

}  // namespace

wire::PlanEventT* plan_event(Context& c, std::string_view plan, wire::PlanEventKind kind, std::string_view step) {
  auto* held = find_plan(c.state, plan);
  if (held == nullptr || has_ended(held->plan->status)) return nullptr;
  c.touch();
  wire::PlanEventT event;
  event.number = held->next_event++;
  event.kind = kind;
  event.step = step;
  event.at_ms = c.now_ms();
  held->inbox.push_back(std::move(event));
  (void)c.instance(executor_agent);
  return &held->inbox.back();
}

void apply_draft(Context& c, const state::TurnT& turn, const wire::TurnResultT& result) {
  auto* held = find_plan(c.state, turn.plan);
  if (held == nullptr) return;
  c.touch();
  held->planning = false;
  const bool is_draft = result.outcome == wire::Outcome::draft && result.draft != nullptr;
  auto* event = plan_event(c, turn.plan, is_draft ? wire::PlanEventKind::proposed : wire::PlanEventKind::planning_failed);
  if (event == nullptr) return;
  if (is_draft) event->draft = std::make_unique<wire::PlanDraftT>(*result.draft);
  event->text = result.text;
  event->fault = result.fault;
}

bool apply_decision(Context& c, const state::TurnT& turn, const wire::PlanDecisionT& decision) {
  auto* held = find_plan(c.state, turn.plan);
  if (held == nullptr || !decision.plan || decision.plan->id != held->plan->id || decision.consumed > turn.inbox_to) return false;
  c.touch();
  const wire::PlanT before = *held->plan;
  *held->plan = *decision.plan;
  keep_own_fields(before, *held->plan);
  held->plan->consumed = decision.consumed;
  std::erase_if(held->inbox, [&](const auto& event) { return event.number <= decision.consumed; });
  held->wake_ms = decision.wake_ms;
  const wire::PlanT after = *held->plan;
  post_changes(c, before, after);
  if (!decision.withdraw.empty())
    close_requests(
        c,
        [&](const auto& request) {
          return request.plan == after.id && std::ranges::find(decision.withdraw, request.step) != decision.withdraw.end();
        },
        "withdrawn");
  if (!decision.cancel.empty()) cancel_steps(c, decision.cancel);
  put_questions(c, after, decision.ask);
  assign(c, after, decision.assign);
  held = find_plan(c.state, turn.plan);
  if (decision.replan) {
    held->planning = true;
    held->plan->replan_reason = decision.replan_reason;
    (void)c.instance(planner_agent);
  }
  if (!decision.text.empty()) {
    auto said = plan_said(c, after, wire::EventKind::message, executor_agent);
    said.message = c.new_id('m');
    said.text = decision.text;
    c.post(std::move(said));
  }
  if (!decision.stop_reason.empty()) end_plan(c, after.id, after.status, decision.stop_reason);
  return true;
}

void end_plan(Context& c, std::string_view id, wire::PlanStatus status, std::string_view reason) {
  auto* held = find_plan(c.state, id);
  if (held == nullptr) return;
  c.touch();
  c.summary_changed = true;
  const wire::PlanT before = *held->plan;
  held->plan->status = has_ended(status) ? status : wire::PlanStatus::failed;
  held->plan->stop_reason = reason;
  held->plan->ended_ms = c.now_ms();
  wire::PlanT plan = *held->plan;
  if (before.status != plan.status) post_changes(c, before, plan);
  if (auto* run = find_run(c.state, plan.run)) end_as(*run, reason);
  c.state.plans.erase(c.state.plans.begin() + (find_plan(c.state, plan.id) - c.state.plans.data()));
  stop_run(c, plan.run, reason);
  wire::PlanSummaryT summary;
  summary.id = plan.id;
  summary.goal = plan.goal;
  summary.status = plan.status;
  summary.created_ms = plan.created_ms;
  c.state.ended_plans.push_back(std::move(summary));
  if (c.state.ended_plans.size() > max_ended_plans) {
    c.draft.deletes.push_back("part:" + plan_part(c.state.ended_plans.front().id));
    c.state.ended_plans.erase(c.state.ended_plans.begin());
  }
  for (auto& step : plan.steps)
    if (CONVOKE_MUTATED(ended_steps_cancelled) && step.status == wire::StepStatus::completed) step.status = wire::StepStatus::cancelled;
  c.draft.parts.push_back({plan_part(plan.id), wire::pack(plan)});
}

Status decide(Context& c, std::string_view by, const wire::DecideT& decision) {
  auto found = live_plan(c, decision.plan);
  if (!found) return std::unexpected(found.error());
  auto& held = **found;
  if (decision.steps.empty() && decision.revision != held.plan->revision)
    return fail(Fault::conflict,
                fmt::format("the plan has changed: revision {} is decided on, {} is current", decision.revision, held.plan->revision));
  std::vector<std::string> steps = decision.steps;
  if (steps.empty())
    for (const auto& step : held.plan->steps)
      if (is_open_to_decision(held, step)) steps.push_back(step.id);
  if (steps.empty()) return fail(Fault::conflict, fmt::format("no step of plan '{}' waits for a decision", decision.plan));
  for (const auto& id : steps) {
    const auto* step = find_step(*held.plan, id);
    if (step == nullptr) return fail(Fault::not_found, fmt::format("no step '{}' in plan '{}'", id, decision.plan));
    if (!is_open_to_decision(held, *step)) return decided_already(*step);
  }
  if (!decision.updated_action.empty() && steps.size() != 1) return fail(Fault::invalid, "an edited action needs exactly one step");
  if (!decision.updated_action.empty() && decision.updated_action.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Fault::invalid, "the edited action says nothing");
  for (const auto& id : steps) decide_step(c, *find_plan(c.state, decision.plan), by, id, decision);
  if (decision.steps.empty())
    close_requests(
        c,
        [&](const auto& request) {
          return request.plan == decision.plan && request.kind == wire::RequestKind::approval && request.step.empty();
        },
        decision.approved ? "approved" : "rejected", by);
  return {};
}

Status clarify(Context& c, std::string_view by, std::string_view plan, std::string_view text) {
  auto found = live_plan(c, plan);
  if (!found) return std::unexpected(found.error());
  if ((*found)->plan->status != wire::PlanStatus::awaiting_clarification)
    return fail(Fault::conflict, fmt::format("plan '{}' asks for no clarification", plan));
  if (std::ranges::any_of((*found)->inbox, [](const auto& event) { return event.kind == wire::PlanEventKind::clarified; }))
    return fail(Fault::conflict, "the clarification was given already");
  const wire::PlanT view = *(*found)->plan;
  auto said = c.event(wire::EventKind::message, view.conversation, std::string(by));
  said.run = view.run;
  said.plan = view.id;
  said.message = c.new_id('m');
  said.text = text;
  c.post(std::move(said));
  auto* event = plan_event(c, plan, wire::PlanEventKind::clarified);
  event->text = text;
  event->by = by;
  close_requests(
      c, [&](const auto& request) { return request.plan == view.id && request.kind == wire::RequestKind::clarification; }, "answered", by);
  return {};
}

// The plan's own turns (planning, deciding) are closed at once, so that nothing decided before the cancel is begun after it.
Status cancel_plan(Context& c, std::string_view by, std::string_view plan, std::string_view why) {
  auto found = open_plan(c, plan);
  if (!found) return std::unexpected(found.error());
  // Once is enough: without an executor they would pile up as often as somebody asks.
  if (is_cancelled(**found) && !CONVOKE_MUTATED(cancels_pile_up)) return {};
  (*found)->planning = false;
  const std::string run = (*found)->plan->run;
  const auto note = note_cancel(*(*found)->plan, by, why);
  for (const auto agent : {executor_agent, planner_agent})
    if (auto* instance = find_instance(c.state, agent); instance != nullptr && instance->open && instance->open->plan == plan) {
      c.stopped.push_back({instance->agent, instance->open->number, instance->open->attempt});
      (void)take_open(c, *instance, ClosedBy::owner);
    }
  cancel_run(c, run, by, why);
  if (auto* event = plan_event(c, plan, wire::PlanEventKind::cancel)) {
    event->by = by;
    event->text = note;
  }
  return {};
}

Status repeat_step(Context& c, std::string_view by, const state::StoredLetterT& stored) {
  const auto& letter = *stored.letter;
  const auto lost = [&](std::string_view why) { return fail(Fault::conflict, fmt::format("{}; drop the letter", why)); };
  const auto* held = find_plan(c.state, letter.plan);
  if (held == nullptr) return lost(fmt::format("plan '{}' has ended, and its steps with it: give the task again", letter.plan));
  if (stored.kind != wire::TurnKind::step) return lost(fmt::format("this was no step of plan '{}', which went on without it", letter.plan));
  const auto* executor = find_instance(c.state, executor_agent);
  const bool is_deciding = executor != nullptr && executor->open && executor->open->plan == letter.plan;
  if (is_deciding || !held->inbox.empty())
    return fail(Fault::unavailable, "what follows for the plan is being decided: repeat in a moment");
  const auto& plan = *held->plan;
  const auto at = std::ranges::find(plan.steps, letter.step, &wire::StepT::id);
  if (held->planning || plan.status != wire::PlanStatus::in_progress)
    return lost(fmt::format("plan '{}' is being made anew because of this step", letter.plan));
  if (at == plan.steps.end() || at - plan.steps.begin() < static_cast<std::ptrdiff_t>(plan.settled))
    return lost(fmt::format("plan '{}' was made anew after step '{}' had failed: newer steps stand for it", letter.plan, letter.step));
  if (at->status != wire::StepStatus::failed)
    return lost(fmt::format("step '{}' is {} and not to be repeated", letter.step, wire::EnumNameStepStatus(at->status)));
  plan_event(c, letter.plan, wire::PlanEventKind::approved, letter.step)->by = by;
  return {};
}

void tick_plans(Context& c) {
  for (std::size_t i = 0; i < c.state.plans.size(); ++i) {
    auto& held = c.state.plans[i];
    const std::string id = held.plan->id;
    if (held.wake_ms != 0 && held.wake_ms <= c.now_ms()) {
      held.wake_ms = 0;
      plan_event(c, id, wire::PlanEventKind::wake);
    }
  }
}

std::int64_t plans_due(const State& state) {
  std::int64_t due = INT64_MAX;
  for (const auto& held : state.plans)
    if (held.wake_ms != 0) due = std::min(due, held.wake_ms);
  return due;
}

}  // namespace convoke::groupchat::session
