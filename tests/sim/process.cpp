#include "process.hpp"

#include "world.hpp"

namespace convoke::sim {

Process::Process(World& world, Kind kind, std::string name) : world_(world), kind_(kind), name_(std::move(name)) {}

Now Process::now() const {
  const Millis time = world_.clock.now();
  return {SteadyTime{time + steady_offset_}, UnixTime{world_.unix_now().time_since_epoch() + unix_offset_}};
}

Uuid Process::fresh_id() { return {world_.random.next(), world_.random.next()}; }

void Process::start() {
  if (alive_) return;
  alive_ = true;
  frozen_ = false;
  ++incarnation_;
  replica_ = fresh_id();
  const bool offset = world_.has(clocks);
  steady_offset_ = Millis{1'000'000} + (offset ? world_.random.millis(0, 100'000'000) : Millis{0});
  const std::int64_t most = kind_ == Kind::owner ? 20 : 60'000;
  unix_offset_ = offset ? world_.random.millis(-most, most) : Millis{0};
  world_.say([&] { return fmt::format("{} starts", name_); });
  boot();
  post(world_.random.millis(0, tick_every().count()), [this] { next_tick(); });
}

void Process::next_tick() {
  post(tick_every(), [this] { next_tick(); });
  tick();
}

void Process::crash(const char* where) {
  if (!alive_) return;
  alive_ = false;
  frozen_ = false;
  kept_.clear();
  world_.say([&] { return fmt::format("{} dies ({})", name_, where); });
  // What is on the stack may still be looking at its objects.
  world_.clock.after(Millis{0}, [this, at = incarnation_] {
    if (at == incarnation_ && !alive_) die();
  });
  if (!away_) restart(world_.random.millis(20, world_.healing() ? 200 : 1'500));
}

void Process::restart(Millis delay) {
  world_.clock.after(delay, [this, at = incarnation_] {
    if (at == incarnation_ && !away_) start();
  });
}

void Process::stay_away(Millis time) {
  away_ = true;
  world_.clock.after(time, [this, at = ++absences_] {
    if (at == absences_) come_back();
  });
}

void Process::come_back() {
  if (!std::exchange(away_, false)) return;
  ++absences_;
  if (!alive_) restart(world_.random.millis(20, 200));
}

void Process::freeze(Millis time) {
  if (!alive_ || frozen_) return;
  frozen_ = true;
  world_.say([&] { return fmt::format("{} stands still for {} ms", name_, time.count()); });
  world_.clock.after(time, [this, at = ++freezes_] {
    if (at == freezes_) thaw();
  });
}

void Process::thaw() {
  if (!frozen_) return;
  frozen_ = false;
  world_.say([&] { return fmt::format("{} goes on", name_); });
  // In the order in which it came; a zombie does all of it at once.
  while (alive_ && !frozen_ && !kept_.empty()) {
    Task task = std::move(kept_.front());
    kept_.pop_front();
    task();
  }
}

void Process::post(Millis delay, Task task) {
  world_.clock.after(delay, [this, at = incarnation_, what = std::move(task)]() mutable {
    if (at == incarnation_) arrive(std::move(what));
  });
}

bool Process::boundary(const char* where) {
  if (!alive_) return true;
  if (!world_.crash_here(*this)) return false;
  crash(where);
  return true;
}

}  // namespace convoke::sim
