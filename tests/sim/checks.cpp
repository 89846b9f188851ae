// What is committed: order, items, turns, plans, due times, bounds.
#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

std::string field(std::string_view json, std::string_view name) {
  const std::string mark = fmt::format("\"{}\":\"", name);
  const auto at = json.find(mark);
  if (at == std::string_view::npos) return {};
  const auto from = at + mark.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

bool is_over(wire::StepStatus status) {
  return status == wire::StepStatus::completed || status == wire::StepStatus::failed || status == wire::StepStatus::rejected ||
         status == wire::StepStatus::cancelled;
}

}  // namespace

void Checks::fail(int invariant, std::string text) { world_.fail(fmt::format("invariant {}: {}", invariant, text)); }

std::uint64_t Checks::head(const std::string& conversation) const {
  const auto found = truth_.logs.find(conversation);
  return found == truth_.logs.end() ? 0 : found->second.size();
}

void Checks::claimed(store::Partition partition, const store::Epoch& epoch) {
  auto& known = truth_.epochs[partition];
  if (epoch.number <= known.number && !lossy_)
    fail(5, fmt::format("partition {} is claimed with epoch {} after {}", partition, epoch.number, known.number));
  known = epoch;
}

void Checks::order(const store::Commit& commit) {
  auto& version = truth_.versions[commit.scope];
  if (commit.version != version) fail(5, fmt::format("{} goes from version {} to {}", commit.scope, version, commit.version + 1));
  version = commit.version + 1;
  const auto partition = partition_of(commit.scope);
  const auto epoch = truth_.epochs.find(partition);
  if (epoch == truth_.epochs.end() || commit.epoch != epoch->second)
    fail(5, fmt::format("{} is committed under epoch {}, but {} was claimed", commit.scope, commit.epoch.number,
                        epoch == truth_.epochs.end() ? 0 : epoch->second.number));
}

void Checks::committed(const OwnerProcess&, const store::Commit& commit) {
  ++commits_;
  order(commit);
  if (commit.scope.starts_with("s:")) session_committed(commit);
  if (commit.scope.starts_with("u:")) user_committed(commit);
}

void Checks::session_committed(const store::Commit& commit) {
  auto& session = truth_.sessions[commit.scope];
  if (commit.remove) {
    session.deleted = true;
    return;
  }
  for (const auto& append : commit.appends)
    append.log.starts_with("tr:") ? appended_items(session, append) : appended_events(session, append);
  if (!commit.state) return;
  const auto state = wire::unpack<state::SessionStateT>(*commit.state);
  if (!state) return fail(5, commit.scope + " is committed with a state that cannot be read");
  session.deleted = session.deleted || state->deleting;
  for (const auto& one : state->instances) instance(session, commit.scope, one);
  plans(session, *state);
  due(commit, *state);
  bounds(commit.scope, *state);
}

void Checks::appended_events(Session& session, const store::Append& append) {
  auto& log = truth_.logs[append.log.substr(4)];
  auto number = append.first;
  for (const auto& bytes : append.entries) {
    const auto event = wire::unpack<wire::EventT>(bytes);
    if (!event) return fail(3, append.log + " has an entry that cannot be read");
    if (event->seq != number || number != log.size() + 1)
      fail(3, fmt::format("{} gets event {} at place {} after {}", append.log, event->seq, number, log.size()));
    log.push_back(wire::from_wire(event->id));
    ++number;
    if (!event->message.empty() && !session.messages.insert(event->message).second)
      fail(8, fmt::format("message {} is in {} for the second time", event->message, append.log));
    if (!event->run.empty()) session.runs.try_emplace(event->run, 0);
    const auto call = field(event->data, "call");
    switch (event->kind) {
      case wire::EventKind::run_ended:
        if (++session.runs[event->run] > 1) fail(1, fmt::format("run {} has a second stop reason", event->run));
        break;
      case wire::EventKind::tool_called: session.recorded.insert(call); break;
      case wire::EventKind::tool_returned:
      case wire::EventKind::outcome_unknown:
      case wire::EventKind::late_result: session.settled.insert(call); break;
      case wire::EventKind::dead_letter: session.dead_turns.insert(field(event->data, "agent") + "/" + field(event->data, "turn")); break;
      default: break;
    }
  }
}

void Checks::appended_items(Session& session, const store::Append& append) {
  const std::string agent = append.log.substr(3);
  for (const auto& bytes : append.entries) {
    const auto entry = wire::unpack<state::TranscriptEntryT>(bytes);
    if (!entry) return fail(2, append.log + " has an entry that cannot be read");
    if (entry->kind != state::EntryKind::item || !entry->item) continue;
    auto& turn = session.turns[agent][entry->turn];
    if (entry->item->n != turn.items + 1)
      fail(2, fmt::format("turn {} of {} gets item {} after {}", entry->turn, agent, entry->item->n, turn.items));
    if (turn.closed) fail(8, fmt::format("turn {} of {} gets item {} after it was closed", entry->turn, agent, entry->item->n));
    turn.items = entry->item->n;
    if (entry->item->kind == wire::ItemKind::act) session.settled.insert(entry->item->call);
  }
}

void Checks::instance(Session& session, const std::string& scope, const state::InstanceT& instance) {
  auto& turns = session.turns[instance.agent];
  auto& last = session.last_opened[instance.agent];
  const auto* open = instance.open.get();
  if (open != nullptr) {
    if (open->number < last) fail(8, fmt::format("turn {} of {} in {} is open again after {}", open->number, instance.agent, scope, last));
    auto& turn = turns[open->number];
    if (turn.closed) fail(8, fmt::format("turn {} of {} is open after it was closed", open->number, instance.agent));
    if (open->attempt < turn.attempt)
      fail(5, fmt::format("turn {} of {} falls back to attempt {}", open->number, instance.agent, open->attempt));
    if (open->items != turn.items)
      fail(2, fmt::format("turn {} of {} says it has {} items, {} are in its transcript", open->number, instance.agent, open->items,
                          turn.items));
    turn.attempt = open->attempt;
    turn.by.resize(turn.items, open->attempt);
    last = open->number;
  }
  for (auto& [number, turn] : turns)
    if (open == nullptr || number != open->number) turn.closed = true;
}

void Checks::plans(Session& session, const state::SessionStateT& state) {
  for (const auto& held : state.plans) {
    if (session.plans_ended.contains(held.plan->id)) fail(8, fmt::format("plan {} is open after it ended", held.plan->id));
    for (const auto& step : held.plan->steps) {
      const auto known = session.ended_steps.find(step.id);
      if (known != session.ended_steps.end() && known->second != step.status)
        fail(8, fmt::format("step {} was {} and is {}", step.id, wire::EnumNameStepStatus(known->second),
                            wire::EnumNameStepStatus(step.status)));
      if (is_over(step.status)) session.ended_steps.emplace(step.id, step.status);
    }
  }
  for (const auto& ended : state.ended_plans) session.plans_ended.insert(ended.id);
}

void Checks::due(const store::Commit& commit, const state::SessionStateT& state) {
  const auto owed = [&](std::int64_t at, const std::string& what) {
    if (at == 0 || (commit.due_unix_ms && *commit.due_unix_ms <= at)) return;
    fail(9, fmt::format("{} owes {} by {}, and is in the due index at {}", commit.scope, what, at, commit.due_unix_ms.value_or(0)));
  };
  for (const auto& one : state.instances) {
    if (one.open)
      owed(one.open->state == state::TurnState::cancelling ? one.open->close_ms : one.open->opened_ms + one.open->timeout_ms,
           "an open turn");
    for (const auto& waiting : one.awaiting)
      for (const auto& call : waiting.calls)
        if (!call.answered) owed(call.timeout_ms, "an answer");
  }
  for (const auto& request : state.requests) owed(request.expires_ms, "the expiry of a request");
  for (const auto& held : state.plans) owed(held.wake_ms, "a plan's wake-up");
  if (state.outbox && state.outbox->owed) owed(state.outbox->next_ms, "a notice");
}

void Checks::bounds(const std::string& scope, const state::SessionStateT& state) {
  for (const auto& one : state.instances) {
    if (one.inbox.size() > 1'000) fail(10, fmt::format("{} of {} has {} inputs waiting", one.agent, scope, one.inbox.size()));
    if (one.open && one.open->open_calls.size() > 64) fail(10, one.agent + " has too many open calls");
  }
  if (state.runs.size() > 200) fail(10, fmt::format("{} keeps {} runs", scope, state.runs.size()));
  if (state.ended_plans.size() > 200) fail(10, fmt::format("{} keeps {} ended plans", scope, state.ended_plans.size()));
}

void Checks::user_committed(const store::Commit& commit) {
  if (!commit.state) return;
  const auto state = wire::unpack<state::UserStateT>(*commit.state);
  if (!state) return fail(5, commit.scope + " is committed with a state that cannot be read");
  for (const auto& session : state->sessions) {
    auto& last = truth_.channels[commit.scope + "/" + session.summary->session];
    const std::pair now{session.epoch, session.version};
    if (now < last)
      fail(2, fmt::format("{} hears of {} as of ({}, {}) after ({}, {})", commit.scope, session.summary->session, now.first, now.second,
                          last.first, last.second));
    last = now;
  }
}

void Checks::sizes(const OwnerProcess& owner) {
  if (owner.core() == nullptr) return;
  const auto sizes = owner.core()->sizes();
  const own::Options options;
  const auto within = [&](std::size_t size, std::size_t most, const char* what) {
    if (size > most) fail(10, fmt::format("{} has {} {}, at most {} are allowed", owner.name(), size, what, most));
  };
  within(sizes.waiting, options.queue_total, "messages waiting");
  within(sizes.commits, options.commits_in_flight, "commits in flight");
  within(sizes.loads, options.loads_in_flight, "loads");
  within(sizes.checks, options.queue_total, "answers that wait for a check");
  within(sizes.reads, options.max_reads, "reads");
  within(sizes.asked, options.max_asked, "messages that wait for an answer");
  within(sizes.scopes, options.cached_scopes + 64, "scopes");
}

void Checks::reader(const api::Reader& reader) {
  const api::ReaderLimits limits;
  if (reader.kept() > limits.max_ahead + limits.max_held_bytes / 64 + 64) fail(10, fmt::format("a reader keeps {} things", reader.kept()));
}

void Checks::remember() { remembered_.push_back(truth_); }

void Checks::lost() {
  if (remembered_.empty()) return;
  truth_ = remembered_.back();
  remembered_.pop_back();
  lossy_ = true;
}

}  // namespace convoke::sim
