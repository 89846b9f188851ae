// At rest: nothing open, nothing owed, every run has ended once, every call is settled, every list is up to date.
#include <fmt/format.h>

#include <algorithm>

#include "checks.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

constexpr std::int64_t due_grace_ms = 5'000;

}  // namespace

// Turns that the intercom believes to be with workers.
std::uint64_t Checks::under_way() const {
  const auto* core = world_.intercom().core();
  std::uint64_t turns = 0;
  if (core != nullptr)
    for (const auto& [id, replica] : core->registry().all()) turns += replica->in_flight.size();
  return turns;
}

// Keeps messages although nothing is asked for; a few may be under way.
const OwnerProcess* Checks::crowded() const {
  for (const auto* owner : world_.owners())
    if (owner->core() != nullptr && owner->core()->sizes().waiting > 16) return owner;
  return nullptr;
}

bool Checks::is_idle() const {
  return std::ranges::all_of(truth_.sessions, [](const auto& entry) { return entry.second.idle; });
}

bool Checks::is_quiet() const {
  const auto* core = world_.intercom().core();
  return std::ranges::all_of(truth_.sessions, [](const auto& entry) { return entry.second.quiet; }) && core != nullptr &&
         core->queues().parked() == 0 && under_way() == 0 && crowded() == nullptr;
}

std::string Checks::open_work() {
  for (const auto& scope : world_.memory.scopes()) {
    if (!scope.starts_with("s:")) continue;
    const auto loaded = world_.memory.load(scope);
    const auto state = wire::unpack<state::SessionStateT>(loaded->state);
    if (!state) return scope + " cannot be read";
    for (const auto& one : state->instances) {
      if (one.open) return fmt::format("turn {} of {} in {} is open in attempt {}", one.open->number, one.agent, scope, one.open->attempt);
      if (!one.inbox.empty()) return fmt::format("{} of {} has input waiting", one.agent, scope);
      if (!one.awaiting.empty()) return fmt::format("{} of {} awaits answers", one.agent, scope);
    }
    if (!state->requests.empty()) return fmt::format("request {} is open", state->requests.front().id);
    if (!state->plans.empty()) return fmt::format("plan {} is open", state->plans.front().plan->id);
    if (!state->runs.empty()) return fmt::format("run {} is open", state->runs.front().id);
    if (state->outbox && state->outbox->owed) return fmt::format("a notice of {} is owed", scope);
    for (const auto& outbox : state->outboxes)
      if (outbox.owed) return fmt::format("a notice of {} to {} is owed", scope, outbox.user);
    if (state->deleting) return scope + " is being deleted";
  }
  const auto* core = world_.intercom().core();
  if (core == nullptr) return "the intercom is not there";
  if (core->queues().parked() > 0) return fmt::format("the intercom keeps {} turns waiting", core->queues().parked());
  if (under_way() > 0) return fmt::format("invariant 10: the intercom counts {} turns as under way", under_way());
  if (const auto* owner = crowded())
    return fmt::format("invariant 10: {} keeps {} messages", owner->name(), owner->core()->sizes().waiting);
  return {};
}

void Checks::at_rest() {
  for (const auto& scope : world_.memory.scopes())
    if (scope.starts_with("s:")) session_at_rest(scope);
  effects_at_rest();
  lists_at_rest();
  const std::int64_t late = unix_ms(world_.unix_now()) - due_grace_ms;
  for (unsigned partition = 0; partition < 256; ++partition) {
    store::DueQuery query;
    query.partition = static_cast<store::Partition>(partition);
    query.to_unix_ms = late;
    for (const auto& due : world_.memory.due(query))
      fail(9, fmt::format("{} is due since {} ms, at rest", due.scope, unix_ms(world_.unix_now()) - due.unix_ms));
  }
  if (!lossy_) commands_at_rest();
}

void Checks::session_at_rest(const std::string& scope) {
  if (const auto& session = truth_.sessions[scope]; !lossy_ && !session.deleted)
    for (const auto& call : session.recorded)
      if (!session.settled.contains(call))
        fail(7, fmt::format("the call {} of {} has neither a result nor a question about it", call, scope));
  for (const auto& [run, ends] : truth_.sessions[scope].runs)
    if (ends != 1) fail(1, fmt::format("run {} has {} stop reasons at rest", run, ends));
}

void Checks::effects_at_rest() {
  std::map<std::pair<std::string, std::string>, std::string> keys;  // a callee knows a repeat by its key: each call has one
  std::map<std::string, std::set<std::string>> applied;             // calls that changed the world, by session
  for (const auto& [key, effect] : world_.ledger.effects()) {
    const auto [known, fresh] = keys.try_emplace({effect.session, effect.agent + " " + effect.call}, key);
    if (!fresh && !lossy_) fail(7, fmt::format("the call {} was made under {} and under {}", effect.call, known->second, key));
    if (!lossy_ && !effect.idempotent && effect.starts > 1) fail(7, fmt::format("the call {} was started {} times", key, effect.starts));
    if (!lossy_ && effect.applied > 1) fail(7, fmt::format("the call {} changed the world {} times", key, effect.applied));
    if (effect.applied > 0) applied["s:" + effect.session].insert(call_of("agent/" + effect.agent, effect.call));
  }
  // What a log says is done was done out there.
  for (const auto& [scope, session] : truth_.sessions)
    for (const auto& call : session.done)
      if (!applied[scope].contains(call)) fail(7, fmt::format("the call {} of {} is said to be done, and was not", call, scope));
}

void Checks::lists_at_rest() {
  if (lossy_) return;
  for (const auto& client : world_.clients()) {
    const auto loaded = world_.memory.load("u:" + client->user());
    std::vector<state::UserSessionT> list;
    for (const auto& piece : loaded->pieces) list.push_back(wire::unpack<state::UserSessionT>(piece.bytes).value());
    for (const auto& name : client->sessions()) list_at_rest(*client, list, name);
    for (const auto& name : client->joined()) {
      const auto told = std::ranges::find_if(list, [&](const auto& one) { return one.summary->session == name; });
      if (told == list.end()) {
        fail(1, fmt::format("session {} is not in the list of {}, who joined it", name, client->user()));
        continue;
      }
      const bool is_gone = !world_.memory.load("s:" + name)->exists;
      if (told->summary->deleted != is_gone)
        fail(2, fmt::format("{}, who joined {}, is not told that it is deleted", client->user(), name));
      if (told->summary->open_requests != 0 || !told->summary->plans.empty())
        fail(2, fmt::format("the list of {} shows open requests or plans of {}, which has none of theirs", client->user(), name));
    }
  }
}

// What a person's list says of a session of theirs is what it is, but for activity: that is told once a minute.
void Checks::list_at_rest(const Client& client, const std::vector<state::UserSessionT>& list, const std::string& name) {
  const auto behind = [&](const std::string& what) {
    fail(2, fmt::format("the list of {} is behind on {}: {}", client.user(), name, what));
  };
  const auto told = std::ranges::find_if(list, [&](const auto& one) { return one.summary->session == name; });
  const auto scope = world_.memory.load("s:" + name);
  if (scope->gone && (told == list.end() || !told->summary->deleted)) return behind("it is deleted");
  if (!scope->exists) return;
  const auto state = wire::unpack<state::SessionStateT>(scope->state);
  if (!state || state->session.empty()) return;  // nothing but strikes
  if (told == list.end()) return fail(1, fmt::format("session {} is not in the list of {}", name, client.user()));
  const auto& shown = *told->summary;
  if (shown.deleted || shown.title != state->title || shown.team != state->team || shown.shared != state->shared)
    behind(fmt::format("'{}' of {} instead of '{}' of {}", shown.title, shown.team, state->title, state->team));
  if (shown.plans.size() != state->ended_plans.size()) behind(fmt::format("{} plans of {}", shown.plans.size(), state->ended_plans.size()));
  for (const auto& ended : state->ended_plans) {
    const auto plan = std::ranges::find(shown.plans, ended.id, &wire::PlanSummaryT::id);
    if (plan == shown.plans.end() || plan->status != ended.status || plan->goal != ended.goal)
      behind(fmt::format("plan {} is {}", ended.id, wire::EnumNamePlanStatus(ended.status)));
  }
  if (shown.open_requests != state->requests.size())
    behind(fmt::format("{} open requests of {}", shown.open_requests, state->requests.size()));
  const auto unsaid = state->last_ms - shown.last_ms;
  if (unsaid < 0 || unsaid >= 60'000) behind(fmt::format("its last activity is {} ms later", unsaid));
}

}  // namespace convoke::sim
