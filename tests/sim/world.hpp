// One simulated world: all processes, their transport, one Redis, people, faults, and the checks that watch. One thread, one clock, one
// source of chance: the same options give the same history, step by step.
#pragma once

#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "checks.hpp"
#include "client.hpp"
#include "clock.hpp"
#include "gateway_process.hpp"
#include "intercom_process.hpp"
#include "ledger.hpp"
#include "net.hpp"
#include "owner_process.hpp"
#include "profile.hpp"
#include "random.hpp"
#include "store/memory.hpp"
#include "turn_process.hpp"

namespace convoke::sim {

/// How often something happened that is rare, and that a check needs.
struct Met {
  std::uint64_t zombies = 0;      // commits under an epoch that is over
  std::uint64_t late_claims = 0;  // carried out for who is dead, or has lost the connection
  std::uint64_t overloaded = 0;   // said by owners
  std::uint64_t unknown = 0;      // kinds, said by owners
  std::uint64_t strikes = 0;
  std::uint64_t silences = 0;  // in which something was open
  std::uint64_t astray = 0;    // messages that were lost, came twice or late
};

struct Outcome {
  bool ok = false;
  std::string problem;
  Millis took{0};        // simulated
  Millis faulted{0};     // until the last fault
  Millis rested{0};      // from when everything healed
  Millis unattended{0};  // the longest that an open turn was with nobody, after that
  Millis due{0};         // … and that something stayed due
  Met met{};
  std::uint64_t steps = 0;
  std::uint64_t commits = 0;
  std::uint64_t effects = 0;
  std::vector<std::string> history;  // its end, when it was asked for
};

class World {
 public:
  explicit World(Options options);

  Outcome run();

  // For everything in it
  Clock clock;
  Random random;
  Profile profile;
  store::Memory memory;
  Net net{*this};
  Ledger ledger;
  Checks checks{*this};
  bool redis_up = true;
  Millis redis_slow{0};
  std::uint64_t connections = 0;
  Met met;
  std::vector<std::pair<std::string, std::string>> shared;  // sessions that others may join, and whose they are

  UnixTime unix_now() const { return UnixTime{Millis{1'700'000'000'000} + clock.now()}; }
  bool has(Faults fault) const { return (profile.faults & fault) != 0; }
  bool healing() const { return healing_; }
  /// Nobody asks for anything: no person, and no gateway for them.
  bool silent() const { return silent_; }
  std::uint64_t seed() const { return options_.seed; }
  /// The one that is meant to be there.
  IntercomProcess& intercom() { return *intercoms_[which_intercom_]; }
  const IntercomProcess& intercom() const { return *intercoms_[which_intercom_]; }
  /// While one replaces the other, either.
  IntercomProcess& intercom_for_whoever_asks();
  GatewayProcess* some_gateway();
  const std::vector<std::unique_ptr<Client>>& clients() const { return clients_; }
  const std::vector<OwnerProcess*>& owners() const { return owners_; }
  const std::vector<TurnProcess*>& workers() const { return workers_; }

  /// The process is at a place where it may die: whether it does.
  bool crash_here(const Process& process);
  /// A commit is about to leave: for how long its owner stands still first, not to be heard by anybody; zero: it does not.
  Millis freeze_here(OwnerProcess& owner);
  void sending(const Process& process, const wire::Message& message);
  /// An invariant does not hold. The first one counts.
  void fail(std::string problem);
  bool failed() const { return !problem_.empty(); }
  template <class Text> void say(Text text) {
    if (tells_) tell(text());
  }
  bool tells() const { return tells_; }

 private:
  void build();
  void tell(std::string line);
  void apply_team();
  void change_team();
  void trouble();
  void one_fault(Faults fault);
  void cut(BusProcess& process);
  void outage();
  void lose_commits();
  void replace_intercom();
  void intercom_replaced();
  void scale_down();
  void roll_over(std::size_t next);
  static void ask_to_leave(Process& process);
  void heal();
  void schedule_people();
  BusProcess* some_process();
  bool until(Millis limit, const std::function<bool()>& reached);
  void be_silent();
  void look_after();
  bool rests();
  /// Why it is not at rest; empty: it is.
  std::string restless();
  Outcome finish();

  Options options_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<BusProcess*> on_bus_;
  std::vector<OwnerProcess*> owners_;
  std::vector<TurnProcess*> workers_;
  std::vector<GatewayProcess*> gateways_;
  std::vector<IntercomProcess*> intercoms_;
  std::size_t which_intercom_ = 0;
  bool replacing_ = false;
  bool team_owed_ = false;     // its second version
  bool team_changed_ = false;  // it was applied
  std::uint32_t losses_ = 0;   // fail-overs that lost something
  std::vector<std::unique_ptr<Client>> clients_;
  bool tells_ = false;
  bool healing_ = false;
  bool silent_ = false;
  std::array<std::uint64_t, 6> until_crash_{};  // by kind of process
  std::uint64_t until_freeze_ = 0;
  Millis zombie_until_{0};
  Millis healed_{0};
  Millis looked_{0};
  Millis last_fault_{0};
  std::string problem_;
  Millis problem_at_{0};
  std::vector<std::string> history_;
};

/// Runs one seed.
Outcome simulate(const Options& options);

}  // namespace convoke::sim
