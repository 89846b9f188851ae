#include "intercom/work_queues.hpp"

#include "core/mutation.hpp"

#include <algorithm>
#include <utility>

namespace convoke::intercom {

WorkQueues::Entry WorkQueues::find(const TurnRef& turn) { return instances_.find(key_of(turn)); }

bool WorkQueues::is_given_to(const Entry& entry, const TurnRef& turn, const Replica& worker) const {
  return entry != instances_.end() && entry->second.where == Where::given && entry->second.holder == worker.id &&
         entry->second.turn == turn.turn && entry->second.attempt == turn.attempt;
}

wire::WorkStateT WorkQueues::report(const Entry& entry) const {
  const auto& instance = entry->second;
  wire::WorkStateT state;
  state.session = entry->first.session;
  state.agent = entry->first.agent;
  state.turn = instance.turn;
  state.attempt = instance.attempt;
  switch (instance.where) {
    case Where::parked: state.status = wire::WorkStatus::parked; break;
    case Where::lost: state.status = wire::WorkStatus::lost; break;
    case Where::ended:  // its result passed here, and whoever asks has not got it: the holder repeats it
    case Where::given: state.status = wire::WorkStatus::given; break;
  }
  if (instance.where == Where::parked) return state;
  state.replica = wire::to_wire(instance.holder);
  if (registry_.find(instance.holder) == nullptr) state.status = wire::WorkStatus::lost;
  return state;
}

wire::WorkStateT WorkQueues::state(const TurnRef& turn) const {
  auto& self = const_cast<WorkQueues&>(*this);  // an iterator is needed, nothing is changed
  const auto entry = self.find(turn);
  if (entry != self.instances_.end() && entry->second.turn == turn.turn && entry->second.attempt == turn.attempt) return report(entry);
  wire::WorkStateT state;
  state.session = turn.session;
  state.agent = turn.agent;
  state.turn = turn.turn;
  state.attempt = turn.attempt;
  state.status = wire::WorkStatus::unknown;
  return state;
}

// A later attempt is known, or this one. Redis may have lost what was committed last: then the owner's claim is newer than what we know,
// and so is what it says now.
bool WorkQueues::is_over(const Instance& known, const Offer& offer) const {
  const auto latest = std::pair(known.turn, known.attempt);
  const auto offered = std::pair(offer.turn.turn, offer.turn.attempt);
  return latest == offered || (latest > offered && offer.epoch <= known.epoch);
}

wire::WorkStateT WorkQueues::offer(Offer offer, SteadyTime now) {
  const auto known = find(offer.turn);
  if (known != instances_.end() && is_over(known->second, offer)) {
    if (known->second.turn == offer.turn.turn && known->second.attempt == offer.turn.attempt)
      known->second.epoch = std::max(known->second.epoch, offer.epoch);
    return report(known);
  }
  const std::uint64_t bytes = offer.frames.header.size() + offer.frames.body.size();
  const auto queue = queues_.find(offer.turn.agent);
  const bool falls_back =
      known != instances_.end() && std::pair(known->second.turn, known->second.attempt) > std::pair(offer.turn.turn, offer.turn.attempt);
  const bool replaces = known != instances_.end() && known->second.where == Where::parked;
  if (!replaces && !CONVOKE_MUTATED(parking_unbounded) &&
      ((queue != queues_.end() && queue->second.size() >= settings_.max_parked) || parked_bytes_ + bytes > settings_.max_parked_bytes)) {
    auto full = state(offer.turn);
    full.status = wire::WorkStatus::overloaded;
    full.retry_after_ms = static_cast<std::uint32_t>(settings_.retry_after.count());
    return full;
  }
  const auto entry = instances_.try_emplace(key_of(offer.turn)).first;
  auto& instance = entry->second;
  const std::uint64_t arrival = replaces ? instance.arrival : ++arrivals_;  // a re-sending keeps its place
  const bool given_back = replaces && instance.given_back;
  if (replaces) unpark(entry);
  wake(entry);
  instance.turn = offer.turn.turn;
  instance.attempt = offer.turn.attempt;
  instance.id = offer.id;
  instance.partition = offer.partition;
  instance.epoch = offer.epoch;
  if (Replica* holder = falls_back ? holder_of(offer.turn) : nullptr; holder != nullptr) {
    instance.where = Where::given;
    instance.holder = holder->id;
    instance.since = now;
    instance.frames = {};
    return report(entry);
  }
  instance.frames = std::move(offer.frames);
  park(entry, arrival, given_back, now);
  give(entry, now);
  return report(entry);
}

std::size_t WorkQueues::longest() const {
  std::size_t most = 0;
  for (const auto& [agent, queue] : queues_) most = std::max(most, queue.size());
  return most;
}

Replica* WorkQueues::holder_of(const TurnRef& turn) const {
  for (const auto& [id, worker] : registry_.all())
    if (worker->in_flight.contains(turn)) return worker.get();
  return nullptr;
}

void WorkQueues::park(Entry entry, std::uint64_t arrival, bool given_back, SteadyTime now) {
  auto& instance = entry->second;
  instance.where = Where::parked;
  instance.arrival = arrival;
  instance.given_back = given_back;
  instance.since = now;
  queues_[entry->first.agent].emplace(arrival, entry->first);
  ++parked_;
  given_back_ += given_back ? 1 : 0;
  parked_bytes_ += instance.frames.header.size() + instance.frames.body.size();
}

void WorkQueues::unpark(Entry entry) {
  const auto queue = queues_.find(entry->first.agent);
  queue->second.erase(entry->second.arrival);
  if (queue->second.empty()) queues_.erase(queue);
  --parked_;
  given_back_ -= entry->second.given_back ? 1 : 0;
  parked_bytes_ -= entry->second.frames.header.size() + entry->second.frames.body.size();
}

// The worker that last held the instance, because it has the transcript; else the one with the least under way, then the most room.
Replica* WorkQueues::choose(const std::string& agent, const Instance& instance) const {
  Replica* best = nullptr;
  const auto fits = [&](const Replica& worker) {
    return worker.connected && !worker.draining && worker.credit.available() > 0 && worker.serves(agent) &&
           worker.takes(static_cast<std::uint8_t>(wire::Body::Work));
  };
  if (auto* last = registry_.find(instance.holder); last != nullptr && fits(*last)) return last;
  for (const auto& [id, worker] : registry_.all()) {
    if (!fits(*worker)) continue;
    if (best == nullptr || worker->in_flight.size() < best->in_flight.size() ||
        (worker->in_flight.size() == best->in_flight.size() && worker->credit.available() > best->credit.available()))
      best = worker.get();
  }
  return best;
}

bool WorkQueues::give(Entry entry, SteadyTime now) {
  if (now < hold_back_until_) return false;
  auto& instance = entry->second;
  Replica* worker = choose(entry->first.agent, instance);
  if (worker == nullptr) return false;
  const std::uint64_t position = port_.give(*worker, instance.frames);
  if (position == 0) return false;
  unpark(entry);
  instance.where = Where::given;
  instance.holder = worker->id;
  instance.since = now;
  worker->credit.gave(position);
  worker->in_flight.insert_or_assign(ref_of(entry), now);
  return true;
}

void WorkQueues::tell(const Entry& entry) { port_.tell(report(entry), entry->second.partition, entry->second.id); }

void WorkQueues::settle(Entry entry, Where where, SteadyTime now) {
  entry->second.where = where;
  entry->second.frames = {};
  if (entry->second.idle != 0) idle_.erase(entry->second.idle);
  entry->second.idle = ++idles_;
  idle_.emplace(entry->second.idle, Idle{entry, now});
  if (instances_.size() > settings_.max_instances) forget_oldest();
}

void WorkQueues::forget_oldest() {
  instances_.erase(idle_.begin()->second.entry);
  idle_.erase(idle_.begin());
}

void WorkQueues::forget(SteadyTime now) {
  while (!idle_.empty() && now - idle_.begin()->second.since >= settings_.keep_instances) forget_oldest();
}

void WorkQueues::lose(Entry entry, SteadyTime now) {
  entry->second.where = Where::lost;
  tell(entry);
  settle(entry, Where::lost, now);
}

void WorkQueues::wake(Entry entry) {
  if (entry->second.idle == 0) return;
  idle_.erase(entry->second.idle);
  entry->second.idle = 0;
}

void WorkQueues::take_from(Replica& worker, const TurnRef& turn) {
  if (CONVOKE_MUTATED(ended_turns_kept)) return worker.credit.ended();
  if (worker.in_flight.erase(turn) > 0) worker.credit.ended();
}

bool WorkQueues::withdraw(const TurnRef& turn, SteadyTime now) {
  const auto entry = find(turn);
  if (entry == instances_.end() || entry->second.where != Where::parked || entry->second.turn != turn.turn) return false;
  unpark(entry);
  settle(entry, Where::ended, now);
  const auto still = find(turn);
  if (still != instances_.end() && !still->second.holder) {  // nobody ever had it
    idle_.erase(still->second.idle);
    instances_.erase(still);
  }
  return true;
}

void WorkQueues::begun(Replica& worker, const TurnRef& turn, SteadyTime now) {
  if (const auto under_way = worker.in_flight.find(turn); under_way != worker.in_flight.end()) under_way->second = now;
  const auto entry = find(turn);
  if (is_given_to(entry, turn, worker)) entry->second.frames = {};
}

void WorkQueues::ended(Replica& worker, const TurnRef& turn, SteadyTime now) {
  take_from(worker, turn);
  const auto entry = find(turn);
  const bool repeated =
      entry != instances_.end() && entry->second.where == Where::ended && entry->second.holder == worker.id && ref_of(entry) == turn;
  if (repeated) {
    const auto idle = idle_.find(entry->second.idle);
    if (idle != idle_.end()) idle->second.since = now;  // its holder still waits for the answer: it is not to be forgotten
  } else if (is_given_to(entry, turn, worker)) {
    settle(entry, Where::ended, now);
  } else if (entry != instances_.end() && entry->second.where == Where::parked && ref_of(entry) == turn) {
    // BUSY was said of an earlier turn of that name, which Redis has lost: this one was carried out.
    unpark(entry);
    entry->second.holder = worker.id;
    settle(entry, Where::ended, now);
  }
  dispatch(worker, now);
}

void WorkQueues::returned(Replica& worker, const TurnRef& turn, SteadyTime now) {
  take_from(worker, turn);
  const auto entry = find(turn);
  if (is_given_to(entry, turn, worker)) settle(entry, Where::lost, now);
  dispatch(worker, now);
}

void WorkQueues::busy(Replica& worker, const TurnRef& turn, SteadyTime now) {
  worker.in_flight.erase(turn);  // its slot is in the statement that came with it
  const auto entry = find(turn);
  if (!is_given_to(entry, turn, worker)) return;
  if (entry->second.frames.body.empty()) {  // it had begun: that is not what BUSY is for; the owner decides
    lose(entry, now);
    return;
  }
  entry->second.holder = {};
  park(entry, entry->second.arrival, true, now);
  tell(entry);
  if (give(entry, now)) tell(entry);
}

void WorkQueues::holds(Replica& worker, const std::vector<wire::HeldTurnT>& held, std::uint32_t capacity, SteadyTime now) {
  auto before = std::exchange(worker.in_flight, {});
  for (const auto& turn : held) worker.in_flight.emplace(TurnRef{turn.agent, turn.session, turn.turn, turn.attempt}, now);
  const auto used = static_cast<std::uint32_t>(std::min<std::size_t>(worker.in_flight.size(), capacity));
  worker.credit.restart(capacity - used);
  for (const auto& [turn, heard] : worker.in_flight) {
    before.erase(turn);
    const auto entry = instances_.try_emplace(key_of(turn)).first;
    auto& instance = entry->second;
    const auto latest = std::pair(instance.turn, instance.attempt);
    const auto stated = std::pair(turn.turn, turn.attempt);
    if (stated < latest) continue;
    if (stated == latest && instance.where == Where::given && instance.holder != worker.id) continue;
    const bool was_parked = instance.where == Where::parked;
    if (was_parked) unpark(entry);
    wake(entry);
    instance.turn = turn.turn;
    instance.attempt = turn.attempt;
    if (stated > latest) instance.epoch = 0;
    instance.holder = worker.id;
    instance.where = Where::given;
    instance.since = now;
    instance.frames = {};
    if (was_parked) tell(entry);
  }
  for (const auto& [turn, heard] : before) {
    const auto entry = find(turn);
    if (is_given_to(entry, turn, worker)) lose(entry, now);
  }
}

void WorkQueues::lost(Replica& worker, SteadyTime now) {
  for (const auto& [turn, heard] : std::exchange(worker.in_flight, {})) {
    const auto entry = find(turn);
    if (is_given_to(entry, turn, worker)) lose(entry, now);
  }
}

void WorkQueues::lose_unheard(SteadyTime now) {
  if (now - listened_ < Millis{1'000}) return;
  listened_ = now;
  for (const auto& [id, worker] : registry_.all()) {
    std::vector<TurnRef> unheard;
    for (const auto& [turn, heard] : worker->in_flight)
      if (now - heard >= settings_.unheard_after) unheard.push_back(turn);
    for (const auto& turn : unheard) {
      take_from(*worker, turn);
      const auto entry = find(turn);
      if (is_given_to(entry, turn, *worker)) lose(entry, now);
    }
    if (!unheard.empty()) dispatch(*worker, now);
  }
}

void WorkQueues::dispatch(Replica& worker, SteadyTime now) {
  while (worker.credit.available() > 0) {
    const Queue* oldest = nullptr;
    for (const auto& [agent, queue] : queues_)
      if (worker.serves(agent) && (oldest == nullptr || queue.begin()->first < oldest->begin()->first)) oldest = &queue;
    if (oldest == nullptr) return;
    const auto entry = instances_.find(oldest->begin()->second);
    if (!give(entry, now)) return;
    tell(entry);
  }
}

void WorkQueues::dispatch_all(SteadyTime now) {
  if (parked_ == 0 || now < hold_back_until_) return;
  for (const auto& [id, worker] : registry_.all()) dispatch(*worker, now);
}

std::vector<wire::QueueInfoT> WorkQueues::info(SteadyTime now) const {
  std::map<std::string, wire::QueueInfoT> agents;
  const auto at = [&](const std::string& agent) -> wire::QueueInfoT& {
    auto& info = agents[agent];
    info.agent = agent;
    return info;
  };
  for (const auto& [agent, queue] : queues_) {
    auto& info = at(agent);
    info.backlog = static_cast<std::uint32_t>(queue.size());
    for (const auto& [arrival, key] : queue)
      info.oldest_ms = std::max(info.oldest_ms, static_cast<std::uint32_t>((now - instances_.at(key).since).count()));
  }
  for (const auto& [id, worker] : registry_.all()) {
    for (const auto& agent : worker->agents) at(agent);
    for (const auto& [turn, heard] : worker->in_flight) ++at(turn.agent).in_flight;
  }
  std::vector<wire::QueueInfoT> all;
  for (auto& [agent, info] : agents) {
    for (const auto& [id, worker] : registry_.all()) {
      if (!worker->serves(agent)) continue;
      ++info.replicas;
      if (!worker->draining) info.credit += worker->credit.available();
    }
    all.push_back(std::move(info));
  }
  return all;
}

}  // namespace convoke::intercom
