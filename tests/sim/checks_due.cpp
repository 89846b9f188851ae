// After everything healed: that open turns are with somebody, and that what is due is done. Whoever looks at committed state alone sees
// what a takeover has overlooked, whether or not somebody asks for it.
#include <fmt/format.h>

#include <algorithm>

#include "checks.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

constexpr Millis after_healing{15'000};
constexpr Millis most_due{7'000};
constexpr Millis most_unattended{10'000};

}  // namespace

// It waits in the queue, for a place in it, or a worker holds it.
bool Checks::is_attended(const std::string& session, const state::InstanceT& instance) const {
  const auto& open = *instance.open;
  const auto* core = world_.intercom().core();
  if (core == nullptr) return false;
  const auto status = core->queues().state({instance.agent, session, open.number, open.attempt}).status;
  if (status == wire::WorkStatus::parked) return true;
  // No more may wait: its owner keeps it and offers it again and again.
  if (world_.has(tight) && core->queues().longest() >= world_.profile.intercom.max_parked) return true;
  for (const auto* process : world_.workers()) {
    if (process->book() == nullptr) continue;
    for (const auto& held : process->book()->held())
      if (held.session == session && held.agent == instance.agent && held.turn == open.number && held.attempt == open.attempt) return true;
  }
  return false;
}

/// What should have been done by then; empty: nothing. Open turns are due for as long as somebody is at them, and looked at apart.
std::string Checks::overdue(const std::string& session, const state::SessionStateT& state, std::int64_t late) const {
  const auto is_late = [&](std::int64_t at) { return at != 0 && at <= late; };
  for (const auto& instance : state.instances) {
    const auto* open = instance.open.get();
    if (open != nullptr && open->state == state::TurnState::cancelling && is_late(open->close_ms))
      return fmt::format("the cancelled turn {} of {} in {}", open->number, instance.agent, session);
    for (const auto& waiting : instance.awaiting)
      for (const auto& call : waiting.calls)
        if (!call.answered && is_late(call.timeout_ms)) return "an answer to a question in " + session;
  }
  for (const auto& request : state.requests)
    if (is_late(request.expires_ms)) return "the expiry of " + request.id;
  for (const auto& run : state.runs)
    if (state.requests.empty() && run.stop_reason.empty() && is_late(run.deadline_ms)) return "the end of the time of " + run.id;
  for (const auto& held : state.plans)
    if (is_late(held.wake_ms)) return "the wake-up of " + held.plan->id;
  const char* notice = state.deleting ? "the deletion" : "a notice";
  if (state.outbox && (state.outbox->owed || state.deleting) && is_late(state.outbox->next_ms))
    return fmt::format("{} of {}", notice, session);
  for (const auto& outbox : state.outboxes)
    if ((outbox.owed || state.deleting) && is_late(outbox.next_ms)) return fmt::format("{} of {} for {}", notice, session, outbox.user);
  return {};
}

void Checks::look_after(Millis since_healed) {
  std::map<std::string, Millis> unattended;
  const Millis now = world_.clock.now();
  const std::int64_t now_ms = unix_ms(world_.unix_now());
  for (const auto& [scope, session] : truth_.sessions) {
    if (session.quiet) continue;
    const auto loaded = world_.memory.load(scope);
    const auto state = wire::unpack<state::SessionStateT>(loaded->state);
    if (!state) continue;
    const auto name = scope.substr(2);
    for (const auto& instance : state->instances) {
      if (!instance.open || is_attended(name, instance)) continue;
      const auto key = fmt::format("{} {} {} {}", scope, instance.agent, instance.open->number, instance.open->attempt);
      const auto before = unattended_.find(key);
      const Millis since = before == unattended_.end() ? now : before->second;
      unattended.emplace(key, since);
      longest_unattended_ = std::max(longest_unattended_, now - since);
      if (now - since > most_unattended)
        fail(9, fmt::format("turn {} of {} in {} is open, and nobody has been at it for {} ms", instance.open->number, instance.agent,
                            scope, (now - since).count()));
    }
    if (since_healed < after_healing) continue;
    for (Millis late{1'000}; late <= most_due; late += Millis{3'000}) {
      const auto what = overdue(name, *state, now_ms - late.count());
      if (what.empty()) break;
      longest_due_ = std::max(longest_due_, late);
      if (late == most_due) fail(9, fmt::format("{} is due since {} ms, and nobody does it", what, late.count()));
    }
  }
  unattended_ = std::move(unattended);
}

}  // namespace convoke::sim
