// What commands were to do: looked at in the commit that records them, where their effect has to be, and once more at rest. What came after
// them may have undone it (a cancel, the end of a plan, a deletion): then nothing is asked for that this would have taken away.
#include <fmt/format.h>

#include <algorithm>

#include "checks.hpp"
#include "checks_read.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

const state::PlanState* open_plan(const state::SessionState& state, std::string_view id) {
  return find_in(state.plans(), [&](const state::PlanState& held) { return text(held.plan()->id()) == id; });
}

const state::Run* open_run(const state::SessionState& state, std::string_view id) {
  return find_in(state.runs(), [&](const state::Run& run) { return text(run.id()) == id; });
}

const state::Instance* instance_of(const state::SessionState& state, std::string_view agent) {
  return find_in(state.instances(), [&](const state::Instance& one) { return text(one.agent()) == agent; });
}

const wire::PlanEvent* told_executor(const state::PlanState& held, wire::PlanEventKind kind, std::string_view by,
                                     std::string_view step = {}) {
  return find_in(held.inbox(), [&](const wire::PlanEvent& event) {
    return event.kind() == kind && text(event.by()) == by && (step.empty() || text(event.step()) == step);
  });
}

// Given to an agent: it waits, or the open turn has it.
template <class Is> bool is_given(const state::SessionState& state, Is is) {
  for (const auto* one : each(state.instances()))
    if (find_in(one->inbox(), is) != nullptr || (one->open() != nullptr && find_in(one->open()->input(), is) != nullptr)) return true;
  return false;
}

bool is_at_work(const state::SessionState& state, std::string_view run) {
  for (const auto* one : each(state.instances()))
    if (one->open() != nullptr && text(one->open()->run()) == run) return true;
  return is_given(state, [&](const wire::Input& input) { return text(input.run()) == run; });
}

/// What a lost turn's result may have come to within the batch that opened its namesake.
bool is_awaited(const state::SessionState& state, std::string_view run) {
  for (const auto* one : each(state.instances()))
    if (find_in(one->awaiting(), [&](const state::Awaiting& awaiting) { return text(awaiting.run()) == run; }) != nullptr) return true;
  return false;
}

std::string author_of(const wire::CommandT& command) { return "user/" + command.user; }

std::string of(const wire::CommandT& command) {
  return fmt::format("{} {} of {}", wire::EnumNameCommandBody(command.body.type), command.key, command.scope);
}

}  // namespace

void Checks::not_done(const Done& done, std::string_view why) { fail(1, fmt::format("{} is accepted, and {}", of(done.command), why)); }

/// `session` is as it was before.
void Checks::carried_out(const Session& session, const store::Commit& commit, const state::SessionState& state) {
  for (const auto& record : commit.keys) {
    const auto known = commands_.find({commit.scope, record.key, record.body_hash});
    if (known == commands_.end()) continue;  // a strike
    auto accepted = wire::unpack<wire::AcceptedT>(record.answer);
    if (!accepted) return fail(1, fmt::format("the answer to {} of {} cannot be read", record.key, commit.scope));
    Done done{commit, state, known->second, std::move(*accepted), {}};
    for (const auto& append : commit.appends)
      if (append.log.starts_with("log:"))
        for (const auto& bytes : append.entries) done.events.push_back(flatbuffers::GetRoot<wire::Event>(bytes.data()));
    took_effect(session, done);
  }
}

void Checks::took_effect(const Session& before, const Done& done) {
  const auto& body = done.command.body;
  if (body.type == wire::CommandBody::DeleteSession) {
    if (!done.state.deleting()) not_done(done, "the session is not being deleted");
    return;
  }
  if (done.state.deleting()) return;  // by a later one of the same batch
  switch (body.type) {
    case wire::CommandBody::CreateTask: {
      is_said(done, done.accepted.conversation, body.AsCreateTask()->description);
      const auto is_it = [&](const wire::PlanSummary& plan) { return text(plan.id()) == done.accepted.plan; };
      if (open_plan(done.state, done.accepted.plan) == nullptr && find_in(done.state.ended_plans(), is_it) == nullptr)
        not_done(done, "there is no plan");
      return;
    }
    case wire::CommandBody::OpenChat:
      if (!body.AsOpenChat()->text.empty()) is_said(done, done.accepted.conversation, body.AsOpenChat()->text);
      return;
    case wire::CommandBody::Post: return is_said(done, body.AsPost()->conversation, body.AsPost()->text);
    case wire::CommandBody::Decide: {
      const auto& decision = *body.AsDecide();
      return is_decided(done, decision.plan, decision.steps, decision.approved);
    }
    case wire::CommandBody::Clarify: {
      const auto* held = open_plan(done.state, body.AsClarify()->plan);
      if (held != nullptr && told_executor(*held, wire::PlanEventKind::clarified, author_of(done.command)) == nullptr)
        not_done(done, "the executor is not told");
      return;
    }
    case wire::CommandBody::AnswerRequest: return is_answered(before, done, *body.AsAnswerRequest());
    case wire::CommandBody::Cancel: return is_cancelled(done, *body.AsCancel());
    case wire::CommandBody::SettleLetter: return is_settled(done, *body.AsSettleLetter());
    default: return;
  }
}

// The event that the answer names, and somebody who is to answer it.
void Checks::is_said(const Done& done, std::string_view conversation, std::string_view said) {
  const auto event = std::ranges::find_if(
      done.events, [&](const wire::Event* one) { return one->seq() == done.accepted.seq && text(one->conversation()) == conversation; });
  const bool is_it = event != done.events.end() && (*event)->kind() == wire::EventKind::message && text((*event)->text()) == said &&
                     text((*event)->author()) == author_of(done.command) && text((*event)->run()) == done.accepted.run;
  if (!is_it) return not_done(done, fmt::format("event {} of {} is not what was said", done.accepted.seq, conversation));
  const auto message = text((*event)->message());
  const bool is_task = done.command.body.type == wire::CommandBody::CreateTask;
  const bool is_waited_for = is_given(done.state, [&](const wire::Input& input) { return text(input.message()) == message; }) ||
                             (lossy_ && is_awaited(done.state, done.accepted.run));
  if (!is_task && !is_waited_for && open_run(done.state, done.accepted.run) != nullptr) not_done(done, "nobody is to answer it");
}

void Checks::is_decided(const Done& done, std::string_view plan, const std::vector<std::string>& steps, bool approved) {
  const auto* held = open_plan(done.state, plan);
  if (held == nullptr) return;  // it ended in the same batch
  const auto kind = approved ? wire::PlanEventKind::approved : wire::PlanEventKind::rejected;
  const auto by = author_of(done.command);
  if (told_executor(*held, kind, by) == nullptr) return not_done(done, "the executor is not told");
  for (const auto& step : steps) {
    bool is_kept = false;
    if (held->decided() != nullptr)
      for (const auto* known : *held->decided()) is_kept = is_kept || text(known) == step;
    if (!is_kept || told_executor(*held, kind, by, step) == nullptr) not_done(done, fmt::format("step {} is not decided", step));
  }
}

void Checks::is_answered(const Session& before, const Done& done, const wire::AnswerRequestT& answer) {
  const auto is_it = [&](const wire::HumanRequest& request) { return text(request.id()) == answer.request; };
  if (find_in(done.state.requests(), is_it) != nullptr) return not_done(done, fmt::format("{} is still open", answer.request));
  const auto known = before.requests.find(answer.request);
  if (known == before.requests.end()) return not_done(done, fmt::format("{} was not open", answer.request));
  const auto& request = known->second;
  const auto by = author_of(done.command);
  if (request.kind == wire::RequestKind::approval)
    return is_decided(done, request.plan, request.step.empty() ? std::vector<std::string>{} : std::vector{request.step}, answer.approved);
  if (!request.agent.empty()) {
    const auto* asker = instance_of(done.state, request.agent);
    if (asker == nullptr) return not_done(done, "who asked is not there");
    const auto is_answer = [&](const wire::Input& input) {
      return input.kind() == wire::InputKind::answer && text(input.call()) == request.call &&
             (answer.text.empty() || text(input.text()).find(answer.text) != std::string_view::npos);
    };
    if (is_given(done.state, is_answer)) return;
    for (const auto* waiting : each(asker->awaiting()))
      for (const auto* call : each(waiting->calls()))
        if (text(call->request()) == answer.request && !call->answered()) return not_done(done, "who asked waits on");
    return;
  }
  const auto* held = open_plan(done.state, request.plan);
  const auto kind = request.kind == wire::RequestKind::clarification ? wire::PlanEventKind::clarified : wire::PlanEventKind::step_done;
  if (held != nullptr && told_executor(*held, kind, by) == nullptr) not_done(done, "the executor is not told");
}

void Checks::is_cancelled(const Done& done, const wire::CancelT& cancel) {
  const auto* run = open_run(done.state, cancel.run);
  const auto plan = !cancel.plan.empty() ? std::string_view(cancel.plan) : run != nullptr ? text(run->plan()) : std::string_view{};
  if (const auto* held = plan.empty() ? nullptr : open_plan(done.state, plan)) {
    run = open_run(done.state, text(held->plan()->run()));
    if (held->planning()) not_done(done, "the plan is still being made");
    if (find_in(held->inbox(), [](const wire::PlanEvent& event) { return event.kind() == wire::PlanEventKind::cancel; }) == nullptr)
      not_done(done, "the executor is not told");
  }
  if (run == nullptr) return;
  if (text(run->stop_reason()).empty()) not_done(done, fmt::format("run {} is to go on", text(run->id())));
  for (const auto* one : each(done.state.instances())) {
    const auto* open = one->open();
    const bool goes_on = open != nullptr && text(open->run()) == text(run->id()) && open->state() != state::TurnState::cancelling &&
                         text(one->agent()) != "system.executor";
    const bool waits = find_in(one->inbox(), [&](const wire::Input& input) { return text(input.run()) == text(run->id()); }) != nullptr;
    if (goes_on || waits) not_done(done, fmt::format("{} goes on with run {}", text(one->agent()), text(run->id())));
  }
}

void Checks::is_settled(const Done& done, const wire::SettleLetterT& settle) {
  const auto is_it = [&](const state::StoredLetter& stored) { return text(stored.letter()->id()) == settle.id; };
  if (find_in(done.state.dead_letters(), is_it) != nullptr) return not_done(done, fmt::format("{} is still there", settle.id));
  if (settle.action != wire::LetterAction::retry) return;
  if (const auto* held = done.accepted.plan.empty() ? nullptr : open_plan(done.state, done.accepted.plan)) {
    if (told_executor(*held, wire::PlanEventKind::approved, author_of(done.command), done.accepted.step) == nullptr)
      not_done(done, "the executor is not told");
  } else if (done.accepted.plan.empty() && open_run(done.state, done.accepted.run) != nullptr &&
             !is_at_work(done.state, done.accepted.run)) {
    not_done(done, "nobody is at it");
  }
}

void Checks::commands_at_rest() {
  for (const auto& client : world_.clients())
    for (const auto& accepted : client->accepted()) command_at_rest(*client, accepted.command, accepted.answer);
  for (const auto& [name, session] : truth_.sessions) {
    const bool is_wanted = std::ranges::any_of(world_.clients(), [&](const auto& one) { return one->has_removed(name.substr(2)); });
    if (session.deleted && !is_wanted) fail(1, fmt::format("{} is deleted, and nobody wanted it", name));
  }
}

void Checks::command_at_rest(const Client& client, const wire::CommandT& command, const wire::AcceptedT& answer) {
  if (!is_recorded(command)) fail(1, fmt::format("{} was accepted, and at rest there is nothing of it", of(command)));
  if (!command.scope.starts_with("s:")) return;
  const auto& session = truth_.sessions[command.scope];
  if (command.body.type == wire::CommandBody::DeleteSession && !world_.memory.load(command.scope)->gone)
    fail(1, fmt::format("{} was accepted, and at rest the session is there", of(command)));
  if (session.deleted) return;
  if (!answer.run.empty() && !session.runs.contains(answer.run))
    fail(1, fmt::format("{} was accepted as run {}, of which no log knows", of(command), answer.run));
  if (answer.seq > 0) {
    const auto page = world_.memory.read_log({command.scope, "log:" + answer.conversation, answer.seq, 1, 1});
    const auto* event = page && !page->entries.empty() ? flatbuffers::GetRoot<wire::Event>(page->entries.front().bytes.data()) : nullptr;
    const bool is_it = event != nullptr && event->seq() == answer.seq && text(event->author()) == "user/" + client.user() &&
                       (event->kind() == wire::EventKind::message || event->kind() == wire::EventKind::member_joined);
    if (!is_it) fail(1, fmt::format("{} was accepted as event {} of {}, which is another", of(command), answer.seq, answer.conversation));
  }
  if (command.body.type == wire::CommandBody::Cancel) {
    const auto& run = command.body.AsCancel()->run;
    const auto reason = session.reasons.find(run);
    if (reason != session.reasons.end() && reason->second == "completed")
      fail(1, fmt::format("{} was accepted, and run {} has completed", of(command), run));
    const auto plan = session.plans_ended.find(answer.plan);
    if (plan != session.plans_ended.end() && plan->second == wire::PlanStatus::completed)
      fail(1, fmt::format("{} was accepted, and plan {} has completed", of(command), answer.plan));
  }
  if (const auto* decision = command.body.AsDecide()) decision_at_rest(command, *decision);
}

// Who rejected a step did not see it done, who approved one did not see it rejected; a step that was edited has another id since.
void Checks::decision_at_rest(const wire::CommandT& command, const wire::DecideT& decision) {
  const auto part = world_.memory.read_part(command.scope, "plan:" + decision.plan);
  if (!part) return;
  const auto& plan = *flatbuffers::GetRoot<wire::Plan>(part->data());
  for (const auto& id : decision.steps)
    for (const auto* step : each(plan.steps())) {
      if (text(step->id()) != id) continue;
      // Before the executor came to it, or because nobody can any more.
      const bool is_undone =
          step->status() == wire::StepStatus::cancelled || (plan.status() != wire::PlanStatus::completed && !is_over(step->status()));
      const auto wanted = decision.approved ? wire::ApprovalStatus::accepted : wire::ApprovalStatus::rejected;
      if (!is_undone && (step->approval() != wanted || (!decision.approved && step->status() != wire::StepStatus::rejected)))
        fail(1, fmt::format("{} was accepted, and step {} is {} and {}", of(command), id, wire::EnumNameApprovalStatus(step->approval()),
                            wire::EnumNameStepStatus(step->status())));
    }
}

}  // namespace convoke::sim
