#include "profile.hpp"

#include <fmt/format.h>

#include <bit>

#include "random.hpp"

namespace convoke::sim {

// Swarm testing: each seed has some kinds of faults and not others, so that a rare one is not always hidden by a common one.
Profile profile_of(const Options& options) {
  Random random(options.seed ^ 0xC0FFEE);
  Profile profile;
  const auto kinds = random.below(6);
  for (std::uint64_t i = 0; i < kinds; ++i)
    profile.faults |= 1u << random.below(static_cast<std::uint64_t>(std::popcount(unsigned{all_faults})));
  profile.owners = 1 + static_cast<std::uint32_t>(random.below(options.full ? 3 : 2));
  profile.workers = 1 + static_cast<std::uint32_t>(random.below(options.full ? 4 : 2));
  profile.planners = random.chance(options.full ? 50 : 15) ? 2 : 1;
  profile.executors = random.chance(options.full ? 50 : 15) ? 2 : 1;
  profile.gateways = random.chance(options.full ? 60 : 30) ? 2 : 1;
  profile.clients = 1 + static_cast<std::uint32_t>(random.below(options.full ? 3 : 1));
  profile.operations = 1 + static_cast<std::uint32_t>(random.below(options.full ? 10 : 4));
  profile.chaos = random.millis(1'500, options.full ? 12'000 : 4'000);
  profile.fault_every = random.millis(150, 1'500);
  profile.crash_every = 20u << random.below(5);
  profile.credit = 1 + static_cast<std::uint32_t>(random.below(6));
  profile.faults &= ~options.without;
  profile.operations = std::min(profile.operations, options.most_operations);
  return profile;
}

std::string describe(const Profile& profile) {
  std::string faults;
  for (unsigned bit = 0; bit < std::size(fault_names); ++bit)
    if ((profile.faults >> bit) & 1u) faults += fmt::format(" {}", fault_names[bit]);
  return fmt::format(
      "{} owners, {} workers, {} planners, {} executors, {} gateways, {} clients with {} operations each; faults for {} ms:{}",
      profile.owners, profile.workers, profile.planners, profile.executors, profile.gateways, profile.clients, profile.operations,
      profile.chaos.count(), faults.empty() ? " none" : faults);
}

}  // namespace convoke::sim
