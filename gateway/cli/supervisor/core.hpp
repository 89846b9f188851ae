// What `convoke up` does about its processes, decided without touching one: events in (spawned, exited, health, time), actions out (start,
// terminate, kill). First start by stages, each when all before it are ready; whatever dies or fails its health check for too long is
// started again, at once the first time and then with a back-off; an orderly end stops group by group, the writers last. Only time in which
// somebody asked counts: a supervisor that was stopped itself (Ctrl-Z, a machine that stood still) has learned nothing about anybody.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/time.hpp"

namespace convoke::cli {

struct SupervisorLimits {
  Millis unhealthy_after{5'000};  // since the first check after the last good one was asked: killed and started again
  Millis start_grace{15'000};     // … counted from here after a start
  Millis backoff_first{100};      // before the second start in a row; doubles …
  Millis backoff_most{2'000};     // … up to this
  Millis steady_after{10'000};    // having run for so long, the next end counts as the first again
  Millis stop_deadline{12'000};   // after SIGTERM; then SIGKILL
  Millis longest_tick{1'000};     // between two ticks; what is beyond it was a pause of our own and counts for nobody
};

enum class Phase : std::uint8_t { waiting, running, backoff, stopping, stopped };

struct Child {
  std::string name;
  int stage = 0;       // order of the first start
  int stop_order = 0;  // lower ones are stopped first

  Phase phase = Phase::waiting;
  int pid = 0;
  bool ready = false;
  bool was_ready = false;
  bool removing = false;
  std::string reason;  // why it is not ready, for people
  std::string last_end;
  std::uint32_t restarts = 0;
  std::uint32_t in_a_row = 0;  // ends without a steady time between them
  SteadyTime started{};
  std::optional<SteadyTime> unanswered{};  // the first check since the last good one was asked then
  SteadyTime due{};                        // backoff: start then; stopping: kill then
  bool killed = false;
  bool hopeless = false;  // its last end was one that another start does not mend
};

namespace happened {
struct Added {
  std::string name;
  int stage = 0;
  int stop_order = 0;
};
struct Removed {  // no longer wanted: to be stopped and forgotten
  std::string name;
};
struct Spawned {
  std::string name;
  int pid = 0;
};
struct SpawnFailed {
  std::string name;
  std::string reason;
  bool hopeless = false;  // the program is not there
};
struct Exited {
  int pid = 0;
  std::string how;        // `exit code 1`, `signal 9`
  bool hopeless = false;  // it says that its configuration is wrong
};
struct Asked {  // a health check is on its way
  std::string name;
  int pid = 0;
};
struct Health {
  std::string name;
  int pid = 0;
  bool healthy = false;
  bool ready = false;
  std::string reason;
};
struct Tick {};
struct Stop {};
}  // namespace happened
using Happened = std::variant<happened::Added, happened::Removed, happened::Spawned, happened::SpawnFailed, happened::Exited,
                              happened::Asked, happened::Health, happened::Tick, happened::Stop>;

struct Order {
  enum class What : std::uint8_t { start, terminate, kill, forget, finished };
  What what = What::start;
  std::string name;
  int pid = 0;
  bool operator==(const Order&) const = default;
};

class SupervisorCore {
 public:
  explicit SupervisorCore(SupervisorLimits limits = {}) : limits_(limits) {}

  std::vector<Order> on(const Happened& event, SteadyTime now);

  const std::map<std::string, Child>& children() const { return children_; }
  bool all_ready() const;
  bool stopping() const { return stopping_; }

 private:
  void take(const happened::Added& event);
  void take(const happened::Removed& event);
  void take(const happened::Spawned& event);
  void take(const happened::SpawnFailed& event);
  void take(const happened::Exited& event);
  void take(const happened::Asked& event);
  void take(const happened::Health& event);
  void take(const happened::Tick&) { ticked_ = now_; }
  void take(const happened::Stop&) { stopping_ = true; }

  void leave_out_pause();
  void ended(Child& child, std::string how, bool hopeless);
  void look_at(Child& child);
  void stop(Child& child);
  void kill(Child& child);
  void order(Order::What what, const Child& child) { orders_.push_back({what, child.name, child.pid}); }
  bool may_start(const Child& child) const;
  void stop_next_group();
  Child* find(const std::string& name);

  SupervisorLimits limits_;
  std::map<std::string, Child> children_;
  std::vector<Order> orders_;
  SteadyTime now_{};
  std::optional<SteadyTime> ticked_;
  bool stopping_ = false;
  bool finished_ = false;
};

std::string_view name_of(Phase phase);

}  // namespace convoke::cli
