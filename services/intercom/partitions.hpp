// Which groupchat replica holds a partition (the highest claim routes) and which should (rendezvous hashing over those that are there and
// not leaving, once membership has been quiet for a while). A partition moves by release, then claim: both read it in the View.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"
#include "intercom/registry.hpp"
#include "intercom/settings.hpp"

namespace convoke::intercom {

inline constexpr std::size_t partition_count = 256;
using Holders = std::array<convoke::Uuid, partition_count>;

/// Highest random weight (Thaler and Ravishankar, 1998): each partition goes to the replica with the largest mix of the two ids, so that a
/// change of membership moves only what it must.
convoke::Uuid rendezvous(std::size_t partition, const std::vector<convoke::Uuid>& replicas);

class Partitions {
 public:
  explicit Partitions(const Settings& settings) : settings_(settings) {}

  /// Reads claims and membership again after any change of the registry; true when `owners` or `assigned` changed.
  bool update(const Registry& registry, SteadyTime now);
  /// Assigns when membership has settled; true when something changed.
  bool settle(SteadyTime now);

  const convoke::Uuid& owner(std::uint8_t partition) const { return owners_[partition]; }
  /// The number under which its owner holds it; 0: nobody does.
  std::uint64_t epoch(std::uint8_t partition) const { return epochs_[partition]; }
  const Holders& owners() const { return owners_; }
  const Holders& assigned() const { return assigned_; }
  std::uint32_t held() const;

 private:
  const Settings& settings_;
  Holders owners_{};
  Holders assigned_{};
  std::array<std::uint64_t, partition_count> epochs_{};
  std::vector<convoke::Uuid> members_;  // groupchat replicas that are not leaving, in order
  SteadyTime changed_{};
  bool settled_ = true;  // nobody is there yet
};

}  // namespace convoke::intercom
