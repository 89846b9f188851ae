// One simulated process: it lives, may be frozen, dies and is started again with a new replica id. Whatever happens to it (a message, a
// timer, an answer of Redis) is posted to it: dropped when it died meanwhile, kept while it is frozen.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "clock.hpp"
#include "core/id.hpp"
#include "random.hpp"

namespace convoke::sim {

class World;

enum class Kind : std::uint8_t { intercom, owner, worker, planner, executor, gateway };

class Process {
 public:
  Process(World& world, Kind kind, std::string name);
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  Kind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const Uuid& replica() const { return replica_; }
  bool alive() const { return alive_; }
  bool frozen() const { return frozen_; }
  std::uint64_t incarnation() const { return incarnation_; }
  /// Its own clocks: steady begins anywhere, unix may be wrong, for an owner by little (it follows Redis).
  Now now() const;

  void start();
  void crash(const char* where);
  void freeze(Millis time);
  void thaw();
  /// SIGTERM: leaves in order if it can.
  virtual void drain() { crash("drained"); }
  /// Does it in its name, in order of time.
  void post(Millis delay, Task task);
  /// Something has arrived: now, or when it is awake again; never when it is dead.
  template <class What> void arrive(What what) {
    if (!alive_) return;
    if (frozen_) return kept_.push_back(std::move(what));
    what();
  }
  /// Once it is gone it is not started again before that time has passed, or come_back().
  void stay_away(Millis time);
  void come_back();
  /// Gone, and meant to be.
  bool away() const { return !alive_ && away_; }
  /// Is started as the newer version from now on; true when that is new.
  bool upgrade() { return !std::exchange(newer_, true); }
  void be_old() { newer_ = false; }
  bool newer() const { return newer_; }

 protected:
  virtual void boot() = 0;
  virtual void die() = 0;
  virtual void tick() = 0;
  virtual Millis tick_every() const { return Millis{100}; }
  /// A place where it may die: true when it just did.
  bool boundary(const char* where);
  Uuid fresh_id();

  World& world_;

 private:
  void restart(Millis delay);
  void next_tick();

  Kind kind_;
  std::string name_;
  Uuid replica_;
  std::uint64_t incarnation_ = 0;
  bool alive_ = false;
  bool frozen_ = false;
  bool away_ = false;
  bool newer_ = true;
  std::uint64_t freezes_ = 0;
  std::uint64_t absences_ = 0;
  Millis steady_offset_{0};
  Millis unix_offset_{0};
  std::deque<Task> kept_;
};

}  // namespace convoke::sim
