#include "intercom/partitions.hpp"

#include <algorithm>

namespace convoke::intercom {
namespace {

// The finaliser of MurmurHash3: spreads every bit of the input over all bits of the result.
std::uint64_t mix(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdull;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ull;
  return value ^ (value >> 33);
}

}  // namespace

convoke::Uuid rendezvous(std::size_t partition, const std::vector<convoke::Uuid>& replicas) {
  convoke::Uuid best;
  std::uint64_t most = 0;
  for (const auto& id : replicas) {
    const std::uint64_t weight = mix(mix(id.hi) ^ mix(id.lo + 0x9e3779b97f4a7c15ull) ^ mix(partition + 1));
    if (best && (weight < most || (weight == most && id < best))) continue;
    best = id;
    most = weight;
  }
  return best;
}

bool Partitions::update(const Registry& registry, SteadyTime now) {
  Holders owners{};
  std::array<std::uint64_t, partition_count> epochs{};
  std::vector<convoke::Uuid> members;
  for (const auto& [id, replica] : registry.all()) {
    if (replica->service != "groupchat") continue;
    if (!replica->draining) members.push_back(id);
    for (const auto& claim : replica->claims) {
      auto& epoch = epochs[claim.partition];
      if (owners[claim.partition] && claim.epoch < epoch) continue;  // of equal numbers the higher replica id is the later epoch
      owners[claim.partition] = id;
      epoch = claim.epoch;
    }
  }
  bool changed = owners != owners_;
  owners_ = owners;
  epochs_ = epochs;
  if (members != members_) {
    members_ = std::move(members);
    changed_ = now;
    settled_ = false;
    for (auto& holder : assigned_) {
      if (!holder || registry.find(holder) != nullptr) continue;
      holder = {};
      changed = true;
    }
  }
  return changed;
}

bool Partitions::settle(SteadyTime now) {
  if (settled_) return false;
  const bool nobody = held() == 0;
  if (now - changed_ < (nobody ? settings_.first_settle : settings_.settle)) return false;
  settled_ = true;
  Holders assigned{};
  for (std::size_t partition = 0; partition < partition_count; ++partition) assigned[partition] = rendezvous(partition, members_);
  const bool changed = assigned != assigned_;
  assigned_ = assigned;
  return changed;
}

std::uint32_t Partitions::held() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(owners_, [](const auto& id) { return static_cast<bool>(id); }));
}

}  // namespace convoke::intercom
