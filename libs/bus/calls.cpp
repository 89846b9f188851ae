#include "bus/calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace convoke::bus {
namespace {

bool is_command(const wire::HeaderT& header) { return header.class_ == wire::Class::command; }

// Nobody has seen the message: it was refused before anyone could act on it.
bool is_certain_refusal(Fault code) {
  return code == Fault::no_owner || code == Fault::overloaded || code == Fault::draining || code == Fault::not_home ||
         code == Fault::unregistered;
}

bool is_repeated(const wire::HeaderT& header, Fault code) {
  if (code == Fault::unreachable && header.dest_kind == wire::DestKind::replica) return false;  // that replica does not come back
  if (is_command(header)) return retryable(code);
  return code == Fault::overloaded || code == Fault::no_owner || code == Fault::not_home || code == Fault::unreachable ||
         code == Fault::moved || code == Fault::draining;
}

std::string text_of(const wire::FaultT& fault) {
  return fault.text.empty() ? std::string(describe(static_cast<Fault>(fault.code)).meaning) : fault.text;
}

}  // namespace

void Calls::add(wire::HeaderT header, std::string body, Millis allowed, SteadyTime now, Done done) {
  if (calls_.size() >= options_.max_calls) {
    done(fail(Fault::overloaded, fmt::format("{} calls are waiting for their answers already", calls_.size())));
    return;
  }
  const convoke::Uuid id = wire::from_wire(header.id);
  const auto [entry, fresh] = calls_.try_emplace(id);
  if (!fresh) {
    done(fail(Fault::internal, "a call with that id is waiting already"));
    return;
  }
  auto& call = entry->second;
  call.header = std::move(header);
  call.body = std::move(body);
  call.deadline = now + allowed;
  call.done = std::move(done);
  call.due = due_.emplace(now, id);
}

void Calls::schedule(Entry entry, SteadyTime at) {
  due_.erase(entry->second.due);
  entry->second.due = due_.emplace(std::min(at, entry->second.deadline), entry->first);
}

void Calls::finish(Entry entry, Result<wire::AnswerT> result) {
  Done done = std::move(entry->second.done);
  due_.erase(entry->second.due);
  calls_.erase(entry);
  done(std::move(result));
}

bool Calls::answer(const wire::HeaderT& header, wire::AnswerT& answer, SteadyTime now) {
  const auto entry = calls_.find(wire::from_wire(header.correlation));
  if (entry == calls_.end()) return false;
  if (const auto* fault = answer.body.AsFault()) {
    refused(entry, *fault, now);
  } else {
    finish(entry, std::move(answer));
  }
  return true;
}

void Calls::refused(Entry entry, const wire::FaultT& fault, SteadyTime now) {
  auto& call = entry->second;
  const auto code = static_cast<Fault>(fault.code);
  if (!is_repeated(call.header, code)) {
    finish(entry, fail(code, text_of(fault)));
    return;
  }
  if (call.waiting) return;  // an echo of an earlier sending
  call.last = code;
  call.last_text = text_of(fault);
  call.maybe_done = call.maybe_done || !is_certain_refusal(code);
  if (code == Fault::unreachable) lost_owner(call);
  call.waiting = true;
  call.owner = {};
  call.back_off = call.back_off == Millis{0} ? options_.retry_first : std::min(call.back_off * 2, options_.retry_most);
  schedule(entry, now + std::max(call.back_off, Millis{fault.retry_after_ms}));
}

// Once for each: sent again before the view without it came, a call goes to the one that is lost already.
void Calls::lost_owner(Call& call) {
  if (call.owner && call.owner == call.lost) return;
  call.lost = call.owner;
  if (call.header.owner_losses < std::numeric_limits<std::uint8_t>::max()) ++call.header.owner_losses;
  ++counts_.owner_losses;
}

void Calls::view(const wire::ViewT& view, SteadyTime now) {
  owners_.assign(view.owners.size(), {});
  std::ranges::transform(view.owners, owners_.begin(), [](const auto& id) { return wire::from_wire(id); });
  replicas_.clear();
  for (const auto& replica : view.replicas) replicas_.push_back(wire::from_wire(replica.replica));
  std::ranges::sort(replicas_);
  std::vector<convoke::Uuid> gone;
  for (auto entry = calls_.begin(); entry != calls_.end(); ++entry) {
    auto& call = entry->second;
    if (!call.sent || call.waiting) continue;
    if (call.header.dest_kind == wire::DestKind::owner && owner_gone(call)) {
      lost_owner(call);
      call.owner = {};
      schedule(entry, now);
    }
    if (call.header.dest_kind == wire::DestKind::replica &&
        !std::ranges::binary_search(replicas_, wire::from_wire(call.header.dest_replica)))
      gone.push_back(entry->first);
  }
  std::ranges::sort(gone);  // the same order in every run
  for (const auto& id : gone) {
    const auto entry = calls_.find(id);
    if (entry != calls_.end()) finish(entry, fail(Fault::unreachable, "the replica that was asked has gone"));
  }
}

// The owner that a call went to is no longer there at all. One that merely handed its partition over still answers or forwards.
bool Calls::owner_gone(Call& call) const {
  if (call.header.partition >= owners_.size()) return false;
  const auto& present = owners_[call.header.partition];
  if (call.owner && call.owner != present && !std::ranges::binary_search(replicas_, call.owner)) return true;
  if (present) call.owner = present;
  return false;
}

void Calls::reconnected(SteadyTime now) {
  std::vector<convoke::Uuid> ids;
  ids.reserve(calls_.size());
  for (const auto& [id, call] : calls_) ids.push_back(id);
  for (const auto& id : ids) schedule(calls_.find(id), now);
}

void Calls::run(SteadyTime now, bool up, const Send& send) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto entry = calls_.find(due_.begin()->second);
    if (entry->second.deadline <= now)
      expire(entry);
    else
      transmit(entry, now, up, send);
  }
}

void Calls::transmit(Entry entry, SteadyTime now, bool up, const Send& send) {
  auto& call = entry->second;
  if (!up) {
    schedule(entry, call.deadline);  // reconnected() brings it forward
    return;
  }
  call.maybe_done = call.maybe_done || (call.sent && !call.waiting);  // an earlier sending was never answered
  call.header.ttl_ms = static_cast<std::uint32_t>((call.deadline - now).count());
  if (!send(call.header, call.body)) {
    wire::FaultT full = wire::make_fault(Fault::overloaded, "the queue to the intercom is full");
    call.waiting = false;
    refused(entry, full, now);
    return;
  }
  if (call.sent) ++counts_.repeated;
  call.sent = true;
  call.waiting = false;
  call.last = Fault::none;
  call.owner = {};
  if (call.header.dest_kind == wire::DestKind::owner && call.header.partition < owners_.size()) call.owner = owners_[call.header.partition];
  schedule(entry, is_command(call.header) ? now + options_.repeat : call.deadline);
}

void Calls::expire(Entry entry) {
  const auto& call = entry->second;
  if (call.last != Fault::none && !call.maybe_done) {
    finish(entry, fail(call.last, call.last_text));
  } else if (is_command(call.header)) {
    finish(entry, fail(Fault::deadline, call.sent ? "no answer in time: the outcome is unknown, repeat with this key"
                                                  : "no intercom could be reached in time: repeat with this key"));
  } else {
    finish(entry, fail(Fault::deadline, "no answer in time"));
  }
}

void Calls::cancel(const convoke::Uuid& id) {
  const auto entry = calls_.find(id);
  if (entry != calls_.end()) finish(entry, fail(Fault::cancelled, "the call was cancelled"));
}

void Calls::cancel_all() {
  while (!calls_.empty()) finish(calls_.begin(), fail(Fault::cancelled, "the process is leaving"));
}

}  // namespace convoke::bus
