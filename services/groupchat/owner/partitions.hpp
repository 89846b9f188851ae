// Which partitions this replica holds, and which it may take: the states of README.md, without the scopes in them. Pure.
#pragma once

#include <array>
#include <set>
#include <vector>

#include "groupchat/owner/event.hpp"
#include "groupchat/owner/options.hpp"

namespace convoke::groupchat::owner {

enum class Hold : std::uint8_t {
  unclaimed,
  claiming,   // to be claimed, or being claimed; messages wait
  reading,    // claimed; its due index is being read; messages wait
  held,       // the only state in which scopes are loaded and commits made
  releasing,  // commits in flight are finished, nothing else
};

struct Partition {
  Hold hold = Hold::unclaimed;
  store::Epoch epoch;      // ours, the last one; zero: never held
  std::uint64_t seen = 0;  // highest number seen
  Ticket ticket = 0;       // of the claim or due reading that is awaited; 0: none
  std::uint32_t flights = 0;
  SteadyTime held_since = {};
  SteadyTime not_before = {};  // lost: not claimed again before
  Millis backoff{0};
  Uuid winner = {};               // lost to
  SteadyTime forward_until = {};  // messages go there until then
};

class Partitions {
 public:
  Partitions(const Options& options, Uuid replica) : options_(options), replica_(replica) {}

  Partition& operator[](store::Partition number) { return all_[number]; }
  const Partition& operator[](store::Partition number) const { return all_[number]; }
  static constexpr std::size_t size() { return 256; }

  /// False: older than one that this intercom sent before; nothing changed.
  bool see(const wire::ViewT& view);
  bool assigned_here(store::Partition number) const { return assigned_[number] == replica_; }
  bool assigned_elsewhere(store::Partition number) const { return assigned_[number] && assigned_[number] != replica_; }
  /// Another replica that is alive says it holds it.
  bool held_elsewhere(store::Partition number) const;
  /// May be taken now: unclaimed, assigned here, nobody live holds it, and its back-off is over.
  bool may_take(store::Partition number, SteadyTime now) const;
  /// Another replica won it: when it may be claimed again, and where messages go meanwhile.
  void lost(store::Partition number, const store::Epoch& winner, SteadyTime now);

  std::vector<wire::ClaimT> claims() const;
  std::vector<store::PartitionEpoch> held() const;
  std::size_t count_held() const;
  /// How many are assigned here and not held; how many nobody holds or is assigned (all, before the first view).
  std::size_t missing() const;
  std::size_t undecided() const;
  bool none() const;

 private:
  const Options& options_;
  Uuid replica_;
  std::array<Partition, 256> all_ = {};
  std::array<Uuid, 256> owners_ = {};
  std::array<Uuid, 256> assigned_ = {};
  std::set<Uuid> live_;
  Uuid intercom_;
  std::uint64_t view_number_ = 0;
};

}  // namespace convoke::groupchat::owner
