// What the answer to a commit means. OK: what it caused leaves. Anything else: the scope is dropped, loaded and its messages handled again.
#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/owner/engine.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::size_t by_tick = SIZE_MAX;
constexpr Millis failed_tick_rest{5'000};
constexpr Millis store_busy_rest{50};

std::size_t kind_of(std::string_view scope) { return scope.starts_with("s:") ? 0 : scope.starts_with("u:") ? 1 : 2; }

Fault fault_of(store::Reason reason) { return reason == store::Reason::too_large ? Fault::too_large : Fault::internal; }

}  // namespace

void Core::Engine::on(CommitDone& event) {
  const auto found = commits_.find(event.ticket);
  if (found == commits_.end()) return;
  const Key key = found->second;
  commits_.erase(found);
  Partition& partition = partitions_[key.partition];
  --partition.flights;
  if (Slot* slot = find(key); slot != nullptr && slot->flight) {
    Flight flight = std::move(*slot->flight);
    slot->flight.reset();
    if (event.answer.ok()) {
      committed(*slot, std::move(flight), event.answer);
    } else {
      not_committed(*slot, std::move(flight), event.answer);
    }
  }
  if (partition.hold == Hold::releasing && partition.flights == 0) finish_release(key.partition);
  tidy(key);
}

void Core::Engine::committed(Slot& slot, Flight flight, const store::CommitAnswer& answer) {
  ++counters_.commits[kind_of(slot.key.scope)];
  counters_.committed_messages += flight.batch.size();
  counters_.largest_batch = std::max<std::uint64_t>(counters_.largest_batch, flight.batch.size());
  end_outage();
  const Partition& partition = partitions_[slot.key.partition];
  const bool current = partition.hold == Hold::held && partition.epoch == flight.epoch;
  if (!current || flight.removes) {
    // Committed under an epoch that is over, or nothing is left: what was cached is of no more use.
    publish(slot, flight);
    if (flight.removes) due_.erase(slot.key);
    if (!flight.removes && partition.hold == Hold::held) slot.reload = true;
    unload(slot);
    return kick(slot);
  }
  slot.version = answer.version;
  slot.tick_alone = false;
  bytes_ += flight.state_bytes;
  bytes_ -= slot.bytes;
  slot.bytes = flight.state_bytes;
  owe(slot);  // work first: its way is the longest
  publish(slot, flight);
  if (flight.strike) {
    flight.batch[0].strikes = Strikes::committed;
    flight.batch[0].alone = true;
    flight.batch[0].back = true;
    slot.queue.push_front(std::move(flight.batch[0]));
  }
  rearm(slot);
  kick(slot);
}

/// The epoch held when it was committed, after all of its messages had come: only refused commands still have to be looked up.
void Core::Engine::publish(Slot& slot, Flight& flight) {
  std::vector<wire::Message> pushes;
  for (auto& event : flight.events) {
    if (CONVOKE_MUTATED(event_pushed_is_another)) event.id = wire::to_wire(ids_.next(now_.unix));
    const auto same = [&](const wire::Message& push) { return push.header.dest == event.conversation; };
    auto found = std::ranges::find_if(pushes, same);
    if (found == pushes.end()) {
      wire::PushT push;
      push.body.Set(wire::EventBatchT{});
      found = pushes.insert(pushes.end(), wire::message(std::move(push)));
      found->header.dest_kind = wire::DestKind::stream;
      found->header.dest = event.conversation;
      found->header.partition = slot.key.partition;
    }
    found->as<wire::PushT>()->body.AsEventBatch()->events.push_back(std::move(event));
  }
  for (auto& push : pushes) send(std::move(push));  // before the answers: people wait for these
  for (auto& answer : flight.answers) leave(nullptr, std::move(answer));
  if (!flight.spans.empty()) {
    AppendSpans action{slot.key.scope.substr(2), {}};
    for (const auto& span : flight.spans) action.spans.push_back(wire::pack(span));
    act(std::move(action));
  }
  std::map<std::size_t, Checking> checkings;
  for (auto& spoken : flight.replies) {
    Waiting* of = spoken.index == by_tick ? nullptr : &flight.batch[spoken.index];
    if (spoken.reply.key.empty()) {
      leave(of, std::move(spoken.reply.message));
    } else {
      checkings[spoken.index].replies.push_back(std::move(spoken.reply));
    }
  }
  for (auto& asked : flight.reads) read(slot.key, std::move(asked.read));
  for (auto& [index, checking] : checkings) {
    checking.key = slot.key;
    checking.epoch = flight.epoch;
    if (index != by_tick) checking.original = std::move(flight.batch[index]);
    check(std::move(checking));
  }
}

void Core::Engine::not_committed(Slot& slot, Flight flight, store::CommitAnswer& answer) {
  unload(slot);
  if (flight.ticked) slot.tick = true;
  const store::Partition number = slot.key.partition;
  const store::Epoch used = flight.epoch;
  switch (answer.outcome) {
    case store::Outcome::ok: return;
    case store::Outcome::repeated: return repeated(slot, std::move(flight), answer);
    case store::Outcome::refused: return refused(slot, std::move(flight), answer);
    case store::Outcome::gone:
    case store::Outcome::refused_version: ++counters_.refused; return handle_again(slot, std::move(flight), true);
    case store::Outcome::refused_epoch:
      ++counters_.refused;
      handle_again(slot, std::move(flight), false);
      return refused_epoch(number, used, answer.epoch);
    case store::Outcome::unknown:
      // It may still land: only after a new epoch is what we read final.
      ++counters_.unknown;
      for (auto& waiting : flight.batch) waiting.unknown = true;
      handle_again(slot, std::move(flight), true);
      if (partitions_[number].hold == Hold::held && partitions_[number].epoch == used) {
        reclaim(number);
        settle();
      }
      return;
  }
}

void Core::Engine::repeated(Slot& slot, Flight flight, const store::CommitAnswer& answer) {
  std::vector<Waiting> others;
  for (auto& waiting : flight.batch) {
    const auto* command = waiting.message.as<wire::CommandT>();
    const auto found = command == nullptr || flight.strike
                           ? answer.recorded.end()
                           : std::ranges::find(answer.recorded, record_key(*command), &store::Recorded::key);
    if (found == answer.recorded.end()) {
      others.push_back(std::move(waiting));
    } else {
      answer_recorded(waiting, *found);
    }
  }
  flight.batch = std::move(others);
  handle_again(slot, std::move(flight), true);
}

void Core::Engine::refused(Slot& slot, Flight flight, const store::CommitAnswer& answer) {
  ++counters_.refused;
  if (store::is_outage(answer.reason)) {
    if (link_.up && answer.reason != store::Reason::away) begin_outage(answer.text);
    return handle_again(slot, std::move(flight), false);
  }
  if (answer.reason == store::Reason::overloaded) {
    handle_again(slot, std::move(flight), false);
    return rest(slot, store_busy_rest);
  }
  blame(slot, std::move(flight), fault_of(answer.reason), "the change cannot be stored: " + answer.text);
}

/// One thing in the batch can never be done. It is answered with that as soon as it is known which one; the others are handled again.
void Core::Engine::blame(Slot& slot, Flight flight, Fault code, const std::string& text) {
  const std::size_t parts = flight.batch.size() + (flight.ticked ? 1 : 0);
  if (parts > 1) {  // find out which of them it is
    for (auto& waiting : flight.batch) waiting.alone = true;
    slot.tick_alone = flight.ticked;
    return handle_again(slot, std::move(flight), false);
  }
  if (flight.ticked) {
    // A timer that cannot be carried out must not stop the rest of the scope.
    slot.tick = false;
    due_.set(slot.key, unix_ms(now_.unix + failed_tick_rest));
    ++counters_.faults[Fault::internal];
  }
  for (auto& waiting : flight.batch) refuse_for_good(slot.key, std::move(waiting), code, text);
  flight.batch.clear();
  handle_again(slot, std::move(flight), false);
}

/// Puts the batch back before everything that waits, or where its partition went. `counts`: towards the bound on repetitions.
void Core::Engine::handle_again(Slot& slot, Flight flight, bool counts) {
  std::vector<Waiting> batch;
  for (auto& waiting : flight.batch) {
    if (counts && ++waiting.tries > options_.max_tries) {
      fault(waiting, waiting.unknown ? Fault::unknown_outcome : Fault::unavailable,
            "the change was refused too often; repeat with the same key");
      continue;
    }
    if (waiting.strikes == Strikes::counted) waiting.strikes = Strikes::none;
    batch.push_back(std::move(waiting));
  }
  if (partitions_[slot.key.partition].hold == Hold::held) slot.reload = true;
  again(std::move(batch), slot.key);
  kick(slot);
}

void Core::Engine::begin_outage(std::string text) {
  const bool known = outage_ && now_.steady < outage_->retry_at;
  if (!outage_) outage_ = Outage{{}, Millis{0}, {}};
  outage_->text = std::move(text);
  if (known) return;
  outage_->wait = outage_->wait == Millis{0} ? options_.retry_first : std::min(options_.retry_most, outage_->wait * 2);
  outage_->retry_at = now_.steady + outage_->wait;
}

void Core::Engine::end_outage() {
  if (!outage_) return;
  outage_.reset();
  for (const auto& key : std::exchange(paused_, {})) {
    if (Slot* slot = find(key)) {
      slot->paused = false;
      kick(*slot);
    }
  }
}

/// Left alone for a while; what waits for it stays.
void Core::Engine::rest(Slot& slot, Millis duration) {
  slot.resting = true;
  rests_.set(slot.key, now_.steady + duration);
}

}  // namespace convoke::groupchat::owner
