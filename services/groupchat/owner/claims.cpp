// Partitions come and go: claimed when assigned and nobody live holds them, claimed anew after every reconnect to Redis, lost to a higher
// epoch, released when assigned elsewhere or at the end.
#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/owner/engine.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::uint32_t due_page = 1000;

store::Partition number_of(std::size_t index) { return static_cast<store::Partition>(index); }

}  // namespace

void Core::Engine::on(Viewed& event) {
  if (!partitions_.see(event.view)) return;
  view_ = wire::message(std::move(event.view));
  for (auto& [key, slot] : slots_) {
    if (!key.scope.starts_with("t:") || !slot.logic) continue;
    slot.logic->note(view_, now_);
    owe(slot);
  }
  for (std::size_t index = 0; index < Partitions::size(); ++index) {
    // Either the view is older than our claim, or we slept through a loss: Redis knows.
    if (partitions_.held_elsewhere(number_of(index))) doubt(number_of(index));
  }
  settle();
}

/// Asks Redis whether it is still ours.
void Core::Engine::doubt(store::Partition number) {
  const auto& held = partitions_[number];
  if (held.hold != Hold::held || doubted_[number]) return;
  doubted_.set(number);
  Checking doubt;
  doubt.key = Key{number, ""};
  doubt.epoch = held.epoch;
  check(std::move(doubt));
}

/// Whoever was overtaken and never heard of it, because the views of two intercoms differed and the winner has left since, holds a due
/// index to which nobody adds: what is owed in the partition would wait until somebody writes there.
void Core::Engine::doubt_all() {
  if (!link_.up || draining_ || now_.steady - doubted_at_ < options_.doubt_every) return;
  doubted_at_ = now_.steady;
  for (std::size_t index = 0; index < Partitions::size(); ++index) doubt(number_of(index));
}

void Core::Engine::on(LinkChanged& event) {
  const bool again = event.up && (!link_.up || event.generation != link_.generation);
  link_ = std::move(event);
  if (!again) return;
  outage_.reset();
  for (const auto& key : std::exchange(paused_, {})) {
    if (Slot* slot = find(key)) slot->paused = false;
  }
  for (std::size_t index = 0; index < Partitions::size(); ++index) {
    const Hold hold = partitions_[number_of(index)].hold;
    if (hold != Hold::unclaimed && hold != Hold::releasing) reclaim(number_of(index));
  }
  claim_again_at_ = now_.steady;
  settle();
}

void Core::Engine::on(Drain&) {
  draining_ = true;
  for (std::size_t index = 0; index < Partitions::size(); ++index) {
    const Hold hold = partitions_[number_of(index)].hold;
    if (hold != Hold::unclaimed && hold != Hold::releasing) release(number_of(index));
  }
}

/// Does what the view asks for: the one place where claims and releases begin.
void Core::Engine::settle() {
  if (draining_) return;
  std::vector<store::Partition> wanted;
  for (std::size_t index = 0; index < Partitions::size(); ++index) {
    const store::Partition number = number_of(index);
    const Partition& partition = partitions_[number];
    if (partition.hold == Hold::held && partitions_.assigned_elsewhere(number)) release(number);
    if (!link_.up) continue;
    if (partition.hold == Hold::claiming && partition.ticket == 0 && now_.steady >= claim_again_at_) {
      // Whoever took it while we were away from Redis keeps it.
      if (partitions_.held_elsewhere(number) || partitions_.assigned_elsewhere(number)) {
        give_up(number);
      } else {
        wanted.push_back(number);
      }
    } else if (partition.hold == Hold::unclaimed && bus_up_ && partitions_.may_take(number, now_.steady) &&
               now_.steady >= claim_again_at_) {
      wanted.push_back(number);
    }
  }
  if (!wanted.empty()) claim(wanted);
}

void Core::Engine::claim(const std::vector<store::Partition>& numbers) {
  Claim action{ticket(), {}};
  for (const auto number : numbers) {
    Partition& partition = partitions_[number];
    partition.hold = Hold::claiming;
    partition.ticket = action.ticket;
    action.claims.push_back({.partition = number, .replica = replica_, .at_least = partition.seen, .format = options_.format});
  }
  ++counters_.claims;
  act(std::move(action));
}

void Core::Engine::on(Claimed& event) {
  if (!event.answers) {
    claim_again_at_ = now_.steady + options_.retry_first;
    for (std::size_t index = 0; index < Partitions::size(); ++index) {
      if (partitions_[number_of(index)].ticket == event.ticket) partitions_[number_of(index)].ticket = 0;
    }
    return;
  }
  std::vector<store::DueQuery> queries;
  for (const auto& answer : *event.answers) {
    Partition& partition = partitions_[answer.partition];
    partition.seen = std::max(partition.seen, answer.epoch.number);
    if (partition.hold != Hold::claiming || partition.ticket != event.ticket) continue;
    if (!answer.held) {  // a newer format: left alone
      give_up(answer.partition);
      partition.not_before = now_.steady + options_.claim_again_most;
      continue;
    }
    partition.epoch = answer.epoch;
    partition.hold = Hold::reading;
    queries.push_back({.partition = answer.partition, .limit = due_page});
  }
  if (!queries.empty()) read_due(std::move(queries));
}

void Core::Engine::read_due(std::vector<store::DueQuery> queries) {
  const Ticket number = ticket();
  for (const auto& query : queries) partitions_[query.partition].ticket = number;
  due_reads_[number] = queries;
  act(ReadDue{number, std::move(queries)});
}

void Core::Engine::on(DueRead& event) {
  const auto found = due_reads_.find(event.ticket);
  if (found == due_reads_.end()) return;
  const auto queries = std::move(found->second);
  due_reads_.erase(found);
  std::vector<store::DueQuery> more;
  for (std::size_t index = 0; index < queries.size(); ++index) {
    auto query = queries[index];
    Partition& partition = partitions_[query.partition];
    if (partition.hold != Hold::reading || partition.ticket != event.ticket) continue;
    if (!event.pages || index >= event.pages->size()) {
      reclaim(query.partition);
      claim_again_at_ = now_.steady + options_.retry_first;
      continue;
    }
    const auto& page = (*event.pages)[index];
    for (const auto& entry : page)
      if (!CONVOKE_MUTATED(due_not_taken_over)) due_.set(Key{query.partition, entry.scope}, entry.unix_ms);
    if (page.size() < query.limit) {
      hold(query.partition);
      continue;
    }
    query.offset += query.limit;
    more.push_back(query);
  }
  if (!more.empty()) read_due(std::move(more));
}

void Core::Engine::hold(store::Partition number) {
  Partition& partition = partitions_[number];
  partition.hold = Hold::held;
  partition.ticket = 0;
  partition.held_since = now_.steady;
  partition.winner = {};
  announce_ = true;
  if (!CONVOKE_MUTATED(recovers_nothing)) std::ranges::move(due_.keys(number), std::back_inserter(to_recover_));
  for (auto at = slots_.lower_bound(Key{number, ""}); at != slots_.end() && at->first.partition == number; ++at) kick(at->second);
}

/// Forgets what is cached of it and makes it wait for a claim; messages stay.
void Core::Engine::reclaim(store::Partition number) {
  Partition& partition = partitions_[number];
  partition.hold = Hold::claiming;
  partition.ticket = 0;
  due_.erase(number);
  for (auto at = slots_.lower_bound(Key{number, ""}); at != slots_.end() && at->first.partition == number; ++at) {
    if (!at->second.flight) unload(at->second);
  }
}

void Core::Engine::give_up(store::Partition number) {
  partitions_[number].hold = Hold::unclaimed;
  partitions_[number].ticket = 0;
  announce_ = true;
  empty(number);
}

void Core::Engine::lose(store::Partition number, const store::Epoch& winner) {
  ++counters_.lost;
  partitions_.lost(number, winner, now_.steady);
  announce_ = true;
  empty(number);
}

/// A commit or a check under the epoch `used` met the epoch `found`.
void Core::Engine::refused_epoch(store::Partition number, const store::Epoch& used, const store::Epoch& found) {
  Partition& partition = partitions_[number];
  partition.seen = std::max(partition.seen, found.number);
  if (partition.hold != Hold::held || partition.epoch != used) return;  // known already
  if (found.replica == replica_) {
    // A claim of ours whose answer was lost came after the one we know of.
    reclaim(number);
    settle();
  } else {
    lose(number, found);
  }
}

void Core::Engine::release(store::Partition number) {
  partitions_[number].hold = Hold::releasing;
  partitions_[number].ticket = 0;
  empty(number);
  if (partitions_[number].flights == 0) finish_release(number);
}

void Core::Engine::finish_release(store::Partition number) {
  partitions_[number].hold = Hold::unclaimed;
  announce_ = true;
  empty(number);
}

/// Drops what is cached of a partition that is not ours any more; what waits for it goes elsewhere. Commits in flight keep their slots
/// until they are answered.
void Core::Engine::empty(store::Partition number) {
  due_.erase(number);
  std::vector<std::pair<Key, std::vector<Waiting>>> homeless;
  for (auto at = slots_.lower_bound(Key{number, ""}); at != slots_.end() && at->first.partition == number;) {
    Slot& slot = at->second;
    std::vector<Waiting> waiting;
    std::ranges::move(slot.queue, std::back_inserter(waiting));
    std::ranges::move(slot.parked, std::back_inserter(waiting));
    slot.queue.clear();
    slot.parked.clear();
    slot.notes.clear();
    parked_.erase(at->first);
    if (!waiting.empty()) homeless.emplace_back(at->first, std::move(waiting));
    if (slot.flight) {
      slot.tick = slot.reload = false;
      ++at;
      continue;
    }
    unload(slot);
    rests_.erase(at->first);
    at = slots_.erase(at);
  }
  for (auto& [key, waiting] : homeless) {
    for (auto& one : waiting) not_here(std::move(one), key);
  }
}

void Core::Engine::drained() {
  if (!draining_ || drained_ || !partitions_.none()) return;
  const bool pending = !checks_.empty() || !checking_.empty() || !reads_.empty() || !reading_.empty() || !commits_.empty();
  if (pending && link_.up) return;
  drained_ = true;
  act(Drained{});
}

}  // namespace convoke::groupchat::owner
