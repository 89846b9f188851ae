// The outbox to the lists of sessions of its people, a channel each: absolute values, newer replaces older, at most one a second; activity
// alone is told once a minute. Answers to creations wait here until the list has them, or 500 ms.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

class Notices {
 public:
  /// Unknown what the lists have: whatever is owed was changed at `version` at the latest.
  void loaded(std::uint64_t version);
  /// The epoch and version under which the next values will be told.
  void see(const store::Epoch& epoch, std::uint64_t version);
  /// Part of every change: notes what is owed, clears what was told.
  void settle(Context& c);
  /// From the list of `user`.
  void on_answer(std::string_view user, const wire::AnswerT& answer);
  void owed(const State& state, std::vector<Created>& created, Now now, std::vector<wire::Message>& sends);
  /// All lists have what is owed to them.
  bool is_told(const State& state) const;
  /// Something is noted as owed that its list has.
  bool has_told(const State& state) const;

  std::int64_t due(const State& state) const;
  std::optional<SteadyTime> wake(const State& state, const std::vector<Created>& created) const;

 private:
  struct Channel {
    std::uint64_t changed = 0;  // version of the last change that the list should have
    std::uint64_t told = 0;     // newest version that it has
    std::uint64_t sent = 0;
    SteadyTime next{};
  };
  void settle(Context& c, state::OutboxT& outbox);
  Channel& channel(std::string_view user);
  /// The list has the last change.
  bool has(std::string_view user) const;

  std::uint64_t epoch_ = 0;
  std::uint64_t version_ = 0;
  std::uint64_t loaded_ = 0;
  std::map<std::string, Channel, std::less<>> channels_;  // by user
};

}  // namespace convoke::groupchat::session
