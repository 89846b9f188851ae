#include "groupchat/owner/engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::size_t alarms_at_once = 1024;

}  // namespace

Core::Engine::Engine(Options options, Uuid replica, LogicFactory make, std::function<std::uint64_t()> random)
    : options_(options),
      replica_(replica),
      make_(std::move(make)),
      ids_(std::move(random)),
      partitions_(options_, replica),
      teams_(options_) {}

std::vector<Action> Core::Engine::on_event(Event event, Now now) {
  now_ = now;
  std::visit([this](auto& one) { on(one); }, event);
  pump();
  start_checks();
  start_reads();
  fetch_teams();
  if (std::exchange(announce_, false)) act(Announce{partitions_.claims(), teams_.heads()});
  drained();
  return std::exchange(actions_, {});
}

void Core::Engine::on(BusLost&) { bus_up_ = false; }

void Core::Engine::on(BusRestored&) {
  bus_up_ = true;
  teams_.refresh(now_.steady);
  for (auto& [key, slot] : slots_) {
    if (!slot.logic) continue;
    slot.logic->link_restored(now_);
    owe(slot);
  }
}

void Core::Engine::on(Tick&) {
  settle();
  doubt_all();
  for (const auto& key : rests_.take(now_.steady, alarms_at_once)) {
    if (Slot* slot = find(key)) {
      slot->resting = false;
      kick(*slot);
      tidy(key);
    }
  }
  auto ready = due_.take(unix_ms(now_.unix), alarms_at_once);
  std::ranges::move(wakes_.take(now_.steady, alarms_at_once), std::back_inserter(ready));
  for (const auto& key : ready) {
    if (partitions_[key.partition].hold != Hold::held) continue;
    Slot& due = slot(key);
    due.tick = true;
    kick(due);
  }
  if (now_.steady - expired_at_ >= options_.expire_every) expire();
  if (!outage_ || now_.steady < outage_->retry_at || !commits_.empty()) return;
  // One of those that wait tries whether Redis writes again.
  while (!paused_.empty()) {
    Slot* slot = find(paused_.front());
    paused_.pop_front();
    if (slot == nullptr || !slot->paused) continue;
    slot->paused = false;
    return kick(*slot);
  }
  if (to_run_.empty() && to_load_.empty() && loads_.empty()) outage_.reset();
}

/// Messages whose time is over go back to their senders, with what held them.
void Core::Engine::expire() {
  expired_at_ = now_.steady;
  for (auto at = slots_.begin(); at != slots_.end();) {
    Slot& slot = (at++)->second;
    if (slot.queue.empty() && slot.parked.empty()) continue;
    expire(slot);
    tidy(Key(slot.key));
  }
  std::erase_if(checks_, [this](Checking& one) {
    if (!one.original || one.original->deadline > now_.steady) return false;
    fault(*one.original, Fault::unavailable, "the answer could not be confirmed in time: " + trouble());
    return true;
  });
  while (!expiries_.empty() && expiries_.front().first <= now_.steady) {
    expected_.erase(expiries_.front().second);
    expiries_.pop_front();
  }
}

void Core::Engine::expire(Slot& slot) {
  const auto over = [this](Waiting& waiting, std::string_view what) {
    if (waiting.deadline > now_.steady) return false;
    const std::string reason = trouble();
    const Fault code = waiting.unknown ? Fault::unknown_outcome : reason.empty() && what.empty() ? Fault::deadline : Fault::unavailable;
    fault(waiting, code, fmt::format("not handled in time{}{}{}; repeat with the same key", what, reason.empty() ? "" : ": ", reason));
    return true;
  };
  std::erase_if(slot.queue, [&](Waiting& waiting) { return over(waiting, ""); });
  std::erase_if(slot.parked, [&](Waiting& waiting) { return over(waiting, " because its team version cannot be read"); });
  if (slot.parked.empty()) parked_.erase(slot.key);
}

void Core::Engine::send(wire::Message message) {
  if (message.header.id.hi() == 0 && message.header.id.lo() == 0) message.header.id = wire::to_wire(ids_.next(now_.unix));
  if (message.header.source.empty()) message.header.source = "service/groupchat";
  if (message.header.ttl_ms == 0) message.header.ttl_ms = static_cast<std::uint32_t>(options_.default_ttl.count());
  act(Send{std::move(message)});
}

/// An answer, to whoever asked.
void Core::Engine::leave(Waiting* of, wire::Message message) {
  if (of != nullptr && of->gather != 0) return gathered(of->gather, message);
  if (const auto* answer = message.as<wire::AnswerT>()) {
    if (const auto* refusal = answer->body.AsFault()) ++counters_.faults[static_cast<Fault>(refusal->code)];
  }
  send(std::move(message));
}

void Core::Engine::fault(Waiting& waiting, Fault code, std::string text, Millis retry_after) {
  auto body = wire::make_fault(code, std::move(text));
  body.retry_after_ms = static_cast<std::uint32_t>(retry_after.count());
  leave(&waiting, wire::reply(waiting.message.header, std::move(body)));
}

/// The command was carried out before: the same answer, unless it is another command under the same key.
void Core::Engine::answer_recorded(Waiting& waiting, const store::Recorded& recorded) {
  const auto& command = *waiting.message.as<wire::CommandT>();
  if (recorded.body_hash != hash_text(command)) {
    return fault(waiting, Fault::conflict, "this key was used for another request; use a new key");
  }
  auto accepted = wire::unpack<wire::AcceptedT>(recorded.answer);
  if (!accepted) return fault(waiting, Fault::internal, "the recorded answer cannot be read");
  accepted->repeated = true;
  if (CONVOKE_MUTATED(repeat_answers_another)) ++accepted->seq;
  ++counters_.repeated;
  leave(&waiting, wire::reply(waiting.message.header, std::move(*accepted)));
}

std::string Core::Engine::trouble() const {
  if (!link_.up) {
    const bool disk = link_.reason == store::Reason::disk_full;
    return fmt::format("Redis cannot be used{}: {}", disk ? " because its disk is full or cannot be written" : "",
                       link_.text.empty() ? "not connected yet" : link_.text);
  }
  if (outage_) return "Redis refuses to write: " + outage_->text;
  if (const auto undecided = partitions_.undecided(); undecided > 0) return fmt::format("{} partitions are not assigned yet", undecided);
  if (const auto missing = partitions_.missing(); missing > 0) return fmt::format("{} assigned partitions are not held yet", missing);
  return {};
}

Sizes Core::Engine::sizes() const {
  Sizes sizes;
  sizes.scopes = used_.size();
  sizes.bytes = bytes_;
  sizes.waiting = taken_;
  for (const auto& [key, slot] : slots_) {
    const auto came = std::ranges::count(slot.queue, false, &Waiting::back) + std::ranges::count(slot.parked, false, &Waiting::back);
    sizes.fullest = std::max(sizes.fullest, static_cast<std::size_t>(came));
  }
  sizes.commits = commits_.size();
  sizes.loads = loads_.size();
  sizes.checks = checks_.size();
  sizes.reads = reads_taken_;
  sizes.asked = expected_.size();
  sizes.due = due_.size();
  sizes.to_load = to_load_.size();
  sizes.gathers = gathers_.size();
  sizes.expiries = expiries_.size();
  sizes.held = partitions_.count_held();
  return sizes;
}

Core::Core(Options options, Uuid replica, LogicFactory make, std::function<std::uint64_t()> random)
    : engine_(std::make_unique<Engine>(options, replica, std::move(make), std::move(random))) {}
Core::~Core() = default;

std::vector<Action> Core::on_event(Event event, Now now) { return engine_->on_event(std::move(event), now); }
std::string Core::trouble() const { return engine_->trouble(); }
const Counters& Core::counters() const { return engine_->counters(); }
Sizes Core::sizes() const { return engine_->sizes(); }
std::vector<store::PartitionEpoch> Core::held() const { return engine_->held(); }

namespace {

std::unique_ptr<ScopeLogic> make(std::string_view scope, const session::HandoutTimes& times, std::uint32_t listed) {
  const std::string name(scope.substr(std::min<std::size_t>(2, scope.size())));
  if (scope.starts_with("s:")) return make_session(name, times);
  if (scope.starts_with("u:")) return make_user(name, listed);
  if (scope.starts_with("t:")) return make_team(name);
  return nullptr;
}

}  // namespace

std::unique_ptr<ScopeLogic> make_logic(std::string_view scope) { return make_logic_with({})(scope); }

LogicFactory make_logic_with(session::HandoutTimes times, std::uint32_t listed) {
  return [times, listed](std::string_view scope) { return make(scope, times, listed); };
}

}  // namespace convoke::groupchat::owner
