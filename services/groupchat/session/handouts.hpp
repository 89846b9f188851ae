// Where the open turns of a session are: sent, parked, given to a worker, silent. Volatile: after a takeover the intercom is asked. Sends
// follow from the committed state (Work, WorkQuery, Control); what must become durable (a higher attempt, a failure, a time-out) is a
// verdict, which the session commits.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "groupchat/session/context.hpp"
#include "groupchat/session/handout_times.hpp"

namespace convoke::groupchat::session {

struct Verdict {
  enum class Kind { raise, lost, timed_out };
  std::string agent;
  std::uint64_t turn = 0;
  std::uint32_t attempt = 0;
  Kind kind = Kind::raise;
  bool begun = false;
};

/// Tokens that each run may use altogether; 0: as many as it likes.
using Budgets = std::map<std::string, std::uint64_t, std::less<>>;

class Handouts {
 public:
  explicit Handouts(HandoutTimes times) : times_(times) {}

  /// All open turns are somewhere, or nowhere: to be asked for.
  void loaded(State& state, Now now);
  void link_restored(Now now);
  void on_state(const wire::WorkStateT& state, Now now);
  /// The holder was heard of.
  void on_heard(std::string_view agent, std::uint64_t turn, std::uint32_t attempt, Now now);
  /// Whether a worker is known to have begun that attempt.
  bool has_begun(std::string_view agent, std::uint64_t turn, std::uint32_t attempt) const;
  void stop(const std::vector<Stopped>& stopped);

  void owed(State& state, const Budgets& budgets, Now now, std::vector<wire::Message>& sends);
  std::vector<Verdict> verdicts(const State& state, Now now) const;
  std::optional<SteadyTime> wake(const State& state) const;

 private:
  enum class Phase { unsent, sent, asking, parked, given, refused, denied };
  struct Handout {
    std::uint64_t turn = 0;
    std::uint32_t attempt = 0;
    Phase phase = Phase::unsent;
    SteadyTime next{};  // when to act again in this phase
    SteadyTime heard{};
    SteadyTime given{};
    convoke::Uuid replica;
    bool begun = false;
  };

  Handout* find(std::string_view agent, std::uint64_t turn, std::uint32_t attempt);
  void act(State& state, const Budgets& budgets, const state::InstanceT& instance, Handout& handout, Now now,
           std::vector<wire::Message>& sends);

  HandoutTimes times_;
  std::map<std::string, Handout, std::less<>> handouts_;  // by agent
  std::vector<std::pair<Stopped, convoke::Uuid>> stopped_;
};

}  // namespace convoke::groupchat::session
