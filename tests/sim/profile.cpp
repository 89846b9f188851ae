#include "profile.hpp"

#include <fmt/format.h>

#include <bit>

#include "random.hpp"
#include "team.hpp"

namespace convoke::sim {
namespace {

std::uint32_t pick(Random& random, std::uint32_t least, std::uint32_t most) {
  return static_cast<std::uint32_t>(random.between(least, most));
}

// So small that everything meets them, and never so small that one message could not pass.
void tighten(Profile& profile, Random& random, std::uint64_t seed) {
  auto& owner = profile.owner;
  owner.batch = pick(random, 1, 4);
  owner.commits_in_flight = pick(random, 1, 2);
  owner.loads_in_flight = pick(random, 1, 2);
  owner.checks_in_flight = 1;
  owner.check_batch = pick(random, 1, 4);
  owner.reads_in_flight = pick(random, 1, 2);
  owner.max_reads = pick(random, 2, 6);
  owner.queue_per_scope = pick(random, 1, 6);
  owner.queue_total = pick(random, 5, 20);
  owner.cached_scopes = pick(random, 1, 3);
  owner.notes_per_scope = pick(random, 1, 4);
  owner.max_asked = pick(random, 16, 64);
  owner.max_tries = pick(random, 2, 8);
  auto& intercom = profile.intercom;
  intercom.max_parked = pick(random, 1, 3);
  // Of a stream of its own.
  Random more(seed ^ 0x717A7);
  intercom.max_parked_bytes = pick(more, 8'000, 24'000);
  intercom.max_subscriptions = pick(more, 2, 6);
  intercom.stream_window = pick(random, 1'000, 20'000);
  intercom.reserve = pick(random, 64'000, 200'000);
  intercom.max_unconfirmed = pick(random, 16, 128);
  profile.book.max_unacknowledged = pick(random, 1, 3);
  intercom.max_instances = pick(random, 1, 8);
  profile.max_calls = pick(random, 4, 16);
  profile.max_queued = pick(random, 2, 8);
  profile.reader.max_ahead = pick(random, 1, 3);
  profile.reader.max_held_bytes = pick(random, 64, 256);
  // Of a batch, not of what one message may do.
  profile.store.commit_entries = pick(random, 24, 40);
  profile.store.commit_names = pick(random, 16, 24);
  profile.store.page_entries = pick(random, 1, 6);
  profile.store.spans = pick(random, 1, 4);
}

// Of a stream of its own, so that a seed keeps the rest of its world.
void set_terms(Profile& profile, const Options& options) {
  if (options.size == Size::small) return;
  Random random(options.seed ^ 0x7EA5);
  if (random.chance(50)) profile.terms = pick(random, 1, team_terms - 1);
  profile.whole_teams = random.chance(30);
  profile.store_refuses = (profile.faults & ~options.without & (tight | redis_outage)) != 0 && random.chance(50);
}

void people_and_processes(Profile& profile, Random& random, Size size) {
  const bool full = size == Size::full;
  const bool small = size == Size::small;
  profile.owners = random.chance(small ? 70 : 0) ? 1 : 1 + pick(random, 0, full ? 2 : 1);
  profile.workers = small ? (random.chance(80) ? 1 : 2) : 1 + pick(random, 0, full ? 3 : 1);
  profile.planners = random.chance(full ? 50 : 15) ? 2 : 1;
  profile.executors = random.chance(full ? 50 : 15) ? 2 : 1;
  profile.gateways = random.chance(full ? 60 : small ? 10 : 30) ? 2 : 1;
  profile.clients = 1 + pick(random, 0, full ? 2 : 0);
  profile.operations = 1 + pick(random, 0, full ? 9 : small ? 1 : 3);
  profile.tasks = !small || random.chance(40);
  profile.slow_words = !small;
  if (!profile.tasks) profile.planners = profile.executors = 0;
  if (small) {
    profile.planners = std::min(profile.planners, 1u);
    profile.executors = std::min(profile.executors, 1u);
  }
}

// Of a stream of its own: the worlds in which nobody shares are what they were.
void share_sessions(Profile& profile, const Options& options) {
  Random random(options.seed ^ 0x5A4ED);
  profile.sharing = options.size != Size::small && random.chance(35);
  if (profile.sharing) profile.clients = std::max(profile.clients, pick(random, 2, 3));
}

// Of a stream of its own.
void go_astray(Profile& profile, const Options& options) {
  Random random(options.seed ^ 0xA57A4);
  if (random.chance(options.size == Size::small ? 12 : 30)) profile.faults |= astray_bus;
  profile.astray = 4u << random.below(7);
}

// Of a stream of its own. Who was overlooked by a takeover is noticed by whoever asks for it: here nobody does.
void fall_silent(Profile& profile, const Options& options) {
  Random random(options.seed ^ 0x51E47);
  if (!random.chance(options.size == Size::small ? 20 : 35)) return;
  profile.silence = Millis{25'000};
  profile.silent_to_the_end = options.size != Size::small && random.chance(30);
}

}  // namespace

// Swarm testing: each seed has some kinds of faults and not others, so that a rare one is not always hidden by a common one.
Profile profile_of(const Options& options) {
  Random random(options.seed ^ 0xC0FFEE);
  const bool full = options.size == Size::full;
  const bool small = options.size == Size::small;
  Profile profile;
  const auto kinds = small ? random.below(3) : 1 + random.below(5);
  for (std::uint64_t i = 0; i < kinds; ++i)
    profile.faults |= 1u << random.below(static_cast<std::uint64_t>(std::popcount(unsigned{drawn_faults})));
  // What is met only when much comes together is tried more often than the rest.
  if (!small && random.chance(6)) profile.faults |= random.chance(60) ? tight : roll;
  people_and_processes(profile, random, options.size);
  // Whoever stands still while somebody else takes over needs a second owner: not left to chance alone.
  if (!small && profile.owners > 1 && Random(options.seed ^ 0xF2EE2E).chance(30)) profile.faults |= freeze;
  const bool long_absence = (profile.faults & scale) != 0;
  profile.chaos = small ? random.millis(300, 1'200) : random.millis(1'500, full ? (long_absence ? 40'000 : 12'000) : 4'000);
  profile.fault_every = small ? random.millis(100, 500) : random.millis(150, 1'500);
  profile.crash_every = small ? 32u << random.below(3) : 16u << random.below(5);
  profile.freeze_every = 2u << random.below(4);
  profile.book.credit = 1 + pick(random, 0, 5);
  static constexpr wire::CommandBody newer[] = {wire::CommandBody::OpenChat, wire::CommandBody::AnswerRequest, wire::CommandBody::Cancel,
                                                wire::CommandBody::Post};
  profile.lacks = newer[random.below(std::size(newer))];
  profile.lacks_reads = random.chance(25);
  if ((profile.faults & ~options.without & tight) != 0) tighten(profile, random, options.seed);
  if (!full) profile.intercom.gone_after = profile.intercom.lost_after;  // one that is cut off comes back late and is believed
  set_terms(profile, options);
  go_astray(profile, options);
  profile.faults &= ~options.without;
  profile.operations = std::min(profile.operations, options.most_operations);
  share_sessions(profile, options);
  fall_silent(profile, options);
  return profile;
}

std::string describe(const Profile& profile) {
  std::string faults;
  for (unsigned bit = 0; bit < std::size(fault_names); ++bit)
    if ((profile.faults >> bit) & 1u) faults += fmt::format(" {}", fault_names[bit]);
  return fmt::format(
      "{} owners, {} workers, {} planners, {} executors, {} gateways, {} clients with {} operations each{}, terms {}; faults for {} "
      "ms{}:{}",
      profile.owners, profile.workers, profile.planners, profile.executors, profile.gateways, profile.clients, profile.operations,
      profile.sharing ? " in shared sessions" : "", profile.terms, profile.chaos.count(),
      profile.silence.count() > 0 ? ", then silence" : "", faults.empty() ? " none" : faults);
}

}  // namespace convoke::sim
