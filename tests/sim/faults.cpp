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
    case drain: return some_process()->drain();
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
  checks.remember();
  clock.after(random.millis(1, 40), [this, behind] {
    say([] { return "Redis fails over and loses what was written last"; });
    memory = *behind;
    memory.set_now(unix_now());
    checks.lost();
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
  memory.set_outage(store::Reason::none);
  for (auto* process : on_bus_) net.heal(*process);
  for (auto& process : processes_) process->thaw();
  if (!redis_up) {
    redis_up = true;
    for (auto* owner : owners_) owner->redis_changed();
  }
}

}  // namespace convoke::sim
