// The outbox to the user's list of sessions: absolute values, newer replaces older, at most one a second; activity alone is told once a
// minute. Answers to creations wait here until the list has them, or 500 ms.
#pragma once

#include <optional>
#include <vector>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

class Notices {
 public:
  /// Unknown what the list has: whatever is owed was changed at `version` at the latest.
  void loaded(std::uint64_t version);
  /// The epoch and version under which the next values will be told.
  void see(const store::Epoch& epoch, std::uint64_t version);
  /// Part of every change: notes what is owed, clears what was told.
  void settle(Context& c);
  void on_answer(const wire::AnswerT& answer);
  void owed(const State& state, std::vector<Created>& created, Now now, std::vector<wire::Message>& sends);
  /// The list has the last change.
  bool is_told() const { return told_ >= changed_; }

  std::int64_t due(const State& state) const;
  std::optional<SteadyTime> wake(const State& state, const std::vector<Created>& created) const;

 private:
  std::uint64_t epoch_ = 0;
  std::uint64_t version_ = 0;
  std::uint64_t changed_ = 0;  // version of the last change that the list should have
  std::uint64_t told_ = 0;     // newest version that it has
  std::uint64_t sent_ = 0;
  SteadyTime next_{};
};

}  // namespace convoke::groupchat::session
