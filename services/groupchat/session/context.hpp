// One batch at work on one session: its state, the draft that it fills, and the few things that every part of the logic does with both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "groupchat/logic.hpp"
#include "groupchat/session/model.hpp"

namespace convoke::groupchat::session {

inline constexpr std::size_t max_conversations = 1000;  // of a session

/// A worker that is to be told to stop: its turn is closed. Best effort; its reports are refused anyhow.
struct Stopped {
  std::string agent;
  std::uint64_t turn = 0;
  std::uint32_t attempt = 0;
};

/// The answer to a creation: leaves when the user's list has it, or after 500 ms.
struct Created {
  wire::HeaderT request;
  wire::AcceptedT accepted;
  std::string user;  // whose list
  SteadyTime by{};
};

struct Context {
  State& state;
  Draft& draft;
  std::vector<Stopped>& stopped;
  std::vector<Created>& created;
  /// Something that the user's list of sessions shows has changed.
  bool summary_changed = false;

  std::int64_t now_ms() const { return unix_ms(draft.now.unix); }
  void touch() { draft.changed = true; }
  /// `<session>~<letter><n>`, unique in the session.
  std::string new_id(char letter);
  /// Team of the session at a version; the caller has made sure that it is known.
  const agents::Team* team(std::uint32_t version) const { return draft.teams->find(state.team, version); }

  wire::EventT event(wire::EventKind kind, std::string_view conversation, std::string author);
  /// Numbers the event, puts it into its conversation's log and publishes it after the commit.
  void post(wire::EventT event);
  /// Into the instance's transcript, at its end.
  void transcribe(state::InstanceT& instance, const state::TranscriptEntryT& entry);

  state::InstanceT& instance(std::string_view agent);
  state::ConversationT& conversation(wire::ConversationKind kind, std::vector<std::string> members, std::vector<std::string> agents);
  /// The `pair` conversation of two agents, or the `direct` one of an agent; made when absent, the latter with that person.
  state::ConversationT& pair_of(std::string_view left, std::string_view right);
  state::ConversationT& direct_with(std::string_view agent, std::string_view user);
};

}  // namespace convoke::groupchat::session
