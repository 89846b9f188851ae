// The owner core: owns partitions and their scopes (claims, cache, batches, commits, checked answers, reads, due times) whatever the scopes
// mean. Pure: events in, actions out; no clock, no I/O, no order that depends on addresses. The same core runs in the process and in the
// simulation. README.md beside it has the states of a partition and of a scope, and the rule behind each transition.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.hpp"
#include "core/id.hpp"
#include "groupchat/logic.hpp"
#include "groupchat/owner/action.hpp"
#include "groupchat/owner/event.hpp"
#include "groupchat/owner/options.hpp"

namespace convoke::groupchat::owner {

/// An absent scope of that name, or nullptr when there is no such kind.
using LogicFactory = std::function<std::unique_ptr<ScopeLogic>(std::string_view scope)>;

/// `s:<session>`, `u:<user>`, `t:<team>` (logic.hpp).
std::unique_ptr<ScopeLogic> make_logic(std::string_view scope);
/// The same, with sessions that keep these times, and lists of at most so many sessions.
LogicFactory make_logic_with(session::HandoutTimes times, std::uint32_t listed = listed_sessions);

/// Rising counts since the start, for metrics and tests.
struct Counters {
  std::array<std::uint64_t, 3> commits{};  // ok, of session, user and team scopes
  std::uint64_t committed_messages = 0;    // that were in them: / commits = the batching
  std::uint64_t largest_batch = 0;
  std::uint64_t refused = 0;   // commits refused for another reason than the next two
  std::uint64_t repeated = 0;  // commands answered from their record
  std::uint64_t unknown = 0;   // commits without an answer
  std::uint64_t loads = 0;
  std::uint64_t evictions = 0;
  std::uint64_t checks = 0;
  std::uint64_t pages = 0;  // of logs and parts
  std::uint64_t claims = 0;
  std::uint64_t lost = 0;  // partitions that another replica took
  std::uint64_t forwarded = 0;
  std::uint64_t notes_dropped = 0;          // volatile messages for what is not loaded
  std::map<Fault, std::uint64_t> faults{};  // answered, by code
};

/// How much there is now; each within its bound of Options.
struct Sizes {
  std::size_t scopes = 0;   // loaded
  std::size_t bytes = 0;    // of their states
  std::size_t waiting = 0;  // messages
  std::size_t fullest = 0;  // those of the scope for which most wait, beside those that were taken up before
  std::size_t commits = 0;  // in flight
  std::size_t loads = 0;
  std::size_t checks = 0;  // answers that wait for a check
  std::size_t reads = 0;
  std::size_t asked = 0;
  std::size_t due = 0;
  std::size_t to_load = 0;
  std::size_t gathers = 0;   // queries over several scopes
  std::size_t expiries = 0;  // of what was asked, answered or not
  std::size_t held = 0;      // partitions
};

class Core {
 public:
  /// `replica`: fresh per process start. `random`: for ids; handed in so that a simulation is repeatable.
  Core(Options options, Uuid replica, LogicFactory make, std::function<std::uint64_t()> random);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  std::vector<Action> on_event(Event event, Now now);

  /// Why it cannot do all its work, for /readyz: Redis is away or refuses, partitions are assigned and not held. Empty: it can.
  std::string trouble() const;
  const Counters& counters() const;
  Sizes sizes() const;
  /// Partitions held, with their epochs.
  std::vector<store::PartitionEpoch> held() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace convoke::groupchat::owner
