// What goes wrong in a world, and how all of it ends.
#include <bit>

#include "world.hpp"

namespace convoke::sim {

BusProcess* World::some_process() { return on_bus_[random.below(on_bus_.size())]; }

void World::trouble() {
  if (healing_) return;
  clock.after(random.millis(1, 2 * profile.fault_every.count()), [this] { trouble(); });
  if (clock.now() > options_.faults_until) return;
  std::vector<Faults> kinds;
  for (unsigned bit = 0; bit < static_cast<unsigned>(std::popcount(unsigned{all_faults})); ++bit)
    if ((profile.faults >> bit) & 1u) kinds.push_back(static_cast<Faults>(1u << bit));
  last_fault_ = clock.now();
  one_fault(kinds[random.below(kinds.size())]);
}

void World::one_fault(Faults fault) {
  switch (fault) {
    case freeze: {
      auto& process = *processes_[random.below(processes_.size())];
      return process.freeze(random.millis(100, random.chance(30) ? 12'000 : 3'000));
    }
    case cut_bus:
    case half_cut: return cut(*some_process());
    case break_bus: {
      auto* process = some_process();
      if (process->wire()) net.break_connection(process->wire());
      return;
    }
    case break_redis: return owners_[random.below(owners_.size())]->break_redis(random.millis(1, random.chance(30) ? 3'000 : 200));
    case redis_outage:
    case redis_dies:
    case slow_redis: return outage();
    case redis_loses: return lose_commits();
    case slow_bus:
      net.slow = random.millis(5, 150);
      clock.after(random.millis(100, 1'500), [this] { net.slow = Millis{0}; });
      return;
    case astray_bus:
      net.astray = profile.astray;
      clock.after(random.millis(200, 3'000), [this] { net.astray = 0; });
      return;
    case drain: return ask_to_leave(*some_process());
    case two_intercoms: return replace_intercom();
    case scale: return scale_down();
    case crash_clients: return clients_[random.below(clients_.size())]->disconnect();
    default: return;  // happen elsewhere
  }
}

void World::cut(BusProcess& process) {
  if (net.is_cut(process)) return;
  const bool half = has(half_cut) && random.chance(70);
  const bool up = random.chance(50);
  net.cut(process, half ? Cut{up, !up} : Cut{true, true});
  const Millis time = random.millis(50, random.chance(30) ? 6'000 : 1'500);
  say([&] { return fmt::format("{} and the intercom do not hear each other for {} ms", process.name(), time.count()); });
  clock.after(time, [this, cut_off = &process] { net.heal(*cut_off); });
}

// As on SIGTERM: heard once the process runs.
void World::ask_to_leave(Process& process) {
  process.post(Millis{0}, [one = &process] { one->drain(); });
}

// Another intercom takes over. For a while both are there, and every process that connects anew finds one of them.
void World::replace_intercom() {
  if (replacing_) return;
  replacing_ = true;
  auto& fresh = *intercoms_[1 - which_intercom_];
  const Millis time = random.millis(300, 6'000);
  say([&] { return fmt::format("{} is to take over; both are there for {} ms", fresh.name(), time.count()); });
  fresh.come_back();
  for (auto* process : on_bus_)
    if (random.chance(60))
      clock.after(random.millis(100, time.count()), [this, process] {
        if (process->wire()) net.break_connection(process->wire());
      });
  clock.after(time, [this] { intercom_replaced(); });
}

void World::intercom_replaced() {
  if (!std::exchange(replacing_, false)) return;
  auto& old = intercom();
  which_intercom_ = 1 - which_intercom_;
  old.stay_away(Millis{1'000'000'000});
  old.crash("replaced");
}

void World::scale_down() {
  static constexpr Kind kinds[] = {Kind::worker, Kind::worker, Kind::planner, Kind::executor, Kind::owner, Kind::gateway};
  const Kind kind = kinds[random.below(std::size(kinds))];
  const bool all = random.chance(60);
  const Millis time = random.millis(300, random.chance(40) ? 25'000 : 3'000);
  say([&] { return fmt::format("{} of a kind go away for {} ms", all ? "all" : "some", time.count()); });
  for (auto& process : processes_) {
    if (process->kind() != kind || (!all && random.chance(50))) continue;
    process->stay_away(time);
    random.chance(50) ? ask_to_leave(*process) : process->crash("scaled down");
  }
}

// Everything is replaced by its newer version, one after the other.
void World::roll_over(std::size_t next) {
  for (; next < processes_.size(); ++next) {
    auto& process = *processes_[(next + options_.seed) % processes_.size()];
    if (!process.upgrade()) continue;
    say([&] { return fmt::format("{} is replaced by its newer version", process.name()); });
    ask_to_leave(process);
    clock.after(random.millis(20, 400), [this, next] { roll_over(next + 1); });
    return;
  }
}

void World::outage() {
  if (has(slow_redis) && random.chance(50)) {
    redis_slow = random.millis(5, 400);
    say([&] { return fmt::format("Redis is slow: up to {} ms", redis_slow.count()); });
    clock.after(random.millis(200, 2'000), [this] { redis_slow = Millis{0}; });
  } else if (has(redis_outage) && random.chance(60)) {
    if (memory.outage() != store::Reason::none) return;
    say([] { return "Redis refuses to write"; });
    memory.set_outage(random.chance(50) ? store::Reason::disk_full : store::Reason::no_replicas);
    clock.after(random.millis(50, 2'500), [this] { memory.set_outage(store::Reason::none); });
  } else if (has(redis_dies) && redis_up) {
    say([] { return "Redis dies"; });
    redis_up = false;
    for (auto* owner : owners_) owner->redis_changed();
    clock.after(random.millis(50, 2'500), [this] {
      say([] { return "Redis is back"; });
      redis_up = true;
      for (auto* owner : owners_) owner->redis_changed();
    });
  }
}

// A replica of Redis takes over that has not seen the last commits.
void World::lose_commits() {
  auto behind = std::make_shared<store::Memory>(memory);
  clock.after(random.millis(1, 40), [this, behind, lost = checks.remember()] {
    say([] { return "Redis fails over and loses what was written last"; });
    const auto outage = memory.outage();
    memory = *behind;
    memory.set_outage(outage);
    memory.set_now(unix_now());
    lost();
    ++losses_;
    if (team_changed_ && !std::exchange(team_owed_, true)) clock.after(Millis{500}, [this] { change_team(); });  // it may be gone
    redis_up = false;
    for (auto* owner : owners_) owner->redis_changed();
    redis_up = true;
    for (auto* owner : owners_) owner->redis_changed();
  });
}

void World::heal() {
  healing_ = true;
  say([] { return "--- no more faults; everything heals ---"; });
  net.slow = redis_slow = Millis{0};
  net.astray = 0;
  memory.set_outage(store::Reason::none);
  for (auto* process : on_bus_) net.heal(*process);
  intercom_replaced();
  for (auto& process : processes_) {
    process->thaw();
    if (process.get() == &intercom() || process->kind() != Kind::intercom) process->come_back();
    if (process->upgrade()) ask_to_leave(*process);
  }
  if (!redis_up) {
    redis_up = true;
    for (auto* owner : owners_) owner->redis_changed();
  }
}

}  // namespace convoke::sim
