#include "groupchat/owner/partitions.hpp"

#include <algorithm>

namespace convoke::groupchat::owner {

bool Partitions::see(const wire::ViewT& view) {
  const Uuid intercom = wire::from_wire(view.intercom);
  if (intercom == intercom_ && view.number <= view_number_) return false;
  intercom_ = intercom;
  view_number_ = view.number;
  live_.clear();
  for (const auto& replica : view.replicas) live_.insert(wire::from_wire(replica.replica));
  for (std::size_t number = 0; number < size(); ++number) {
    owners_[number] = number < view.owners.size() ? wire::from_wire(view.owners[number]) : Uuid{};
    assigned_[number] = number < view.assigned.size() ? wire::from_wire(view.assigned[number]) : Uuid{};
  }
  return true;
}

bool Partitions::held_elsewhere(store::Partition number) const {
  const Uuid& owner = owners_[number];
  return owner && owner != replica_ && live_.contains(owner);
}

bool Partitions::may_take(store::Partition number, SteadyTime now) const {
  const Partition& partition = all_[number];
  return partition.hold == Hold::unclaimed && assigned_here(number) && !held_elsewhere(number) && now >= partition.not_before;
}

void Partitions::lost(store::Partition number, const store::Epoch& winner, SteadyTime now) {
  Partition& partition = all_[number];
  if (now - partition.held_since >= options_.claim_again_most) partition.backoff = Millis{0};
  partition.backoff =
      partition.backoff == Millis{0} ? options_.claim_again_first : std::min(options_.claim_again_most, partition.backoff * 2);
  partition.not_before = now + partition.backoff;
  partition.seen = std::max(partition.seen, winner.number);
  partition.winner = winner.replica;
  partition.forward_until = now + options_.forward_for;
  partition.hold = Hold::unclaimed;
  partition.ticket = 0;
}

std::vector<wire::ClaimT> Partitions::claims() const {
  std::vector<wire::ClaimT> found;
  for (std::size_t number = 0; number < size(); ++number) {
    const Partition& partition = all_[number];
    if (partition.hold == Hold::unclaimed || partition.epoch.number == 0) continue;
    wire::ClaimT claim;
    claim.partition = static_cast<std::uint8_t>(number);
    claim.epoch = partition.epoch.number;
    found.push_back(claim);
  }
  return found;
}

std::vector<store::PartitionEpoch> Partitions::held() const {
  std::vector<store::PartitionEpoch> found;
  for (std::size_t number = 0; number < size(); ++number) {
    if (all_[number].hold == Hold::held) found.push_back({.partition = static_cast<store::Partition>(number), .epoch = all_[number].epoch});
  }
  return found;
}

std::size_t Partitions::count_held() const { return static_cast<std::size_t>(std::ranges::count(all_, Hold::held, &Partition::hold)); }

std::size_t Partitions::missing() const {
  std::size_t count = 0;
  for (std::size_t number = 0; number < size(); ++number) {
    if (assigned_[number] == replica_ && all_[number].hold != Hold::held) ++count;
  }
  return count;
}

std::size_t Partitions::undecided() const { return static_cast<std::size_t>(std::ranges::count(assigned_, Uuid{})); }

bool Partitions::none() const {
  return std::ranges::all_of(all_, [](const Partition& partition) { return partition.hold == Hold::unclaimed; });
}

}  // namespace convoke::groupchat::owner
