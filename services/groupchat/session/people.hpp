// Who sees what in a session, and who may do what. The session's user sees and decides everything. In a shared session other people join
// direct conversations that the team's `people:` lets them into: they see those, whole, and nothing else of the session.
#pragma once

#include <string>
#include <string_view>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

inline bool owns(const State& state, std::string_view user) { return state.user == user; }
/// The session's user, or a member of one of its conversations.
bool takes_part(const State& state, std::string_view user);
/// May read that conversation, and answer what is asked in it.
bool sees(const State& state, std::string_view user, std::string_view conversation);
/// The people of the agent's direct conversation, without `user/`; none when there is no such conversation.
std::vector<std::string> people_with(const State& state, std::string_view agent);

/// Whether a command of somebody to whom the session does not belong may be carried out. Refusals to whoever takes no part are all alike,
/// and those to a member like the refusals of what is not there: only what they know already is FORBIDDEN.
Status admit(const Context& c, const wire::CommandT& command);
struct Entered {
  std::string conversation;
  std::uint64_t seq = 0;  // of the event that says so; 0: was a member already, or the conversation is the session's user's own
};
/// The direct conversation of a person and an agent, both allowed to be there: made when absent, joined when others have it. LIMIT when it
/// is full.
Result<Entered> enter(Context& c, const agents::Team& team, std::string_view user, std::string_view agent);

}  // namespace convoke::groupchat::session
