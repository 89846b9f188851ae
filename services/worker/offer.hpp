// What an agent is told about itself and what it is offered to call, in one turn.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agents/team/team.hpp"
#include "llm/chat.hpp"
#include "wire/work_generated.h"

namespace convoke::worker {

inline constexpr std::string_view chat_with_agent = "chat_with_agent";
inline constexpr std::string_view ask_human = "ask_human";
inline constexpr std::string_view contact_human = "contact_human";
/// Ends a step that is not to be carried out, or cannot be.
inline constexpr std::string_view end_step = "end_step";

/// One of the three: it goes to somebody, not to a tool.
inline bool is_communication(std::string_view call) { return call == chat_with_agent || call == ask_human || call == contact_human; }

/// The system message: the agent's instructions, today's date, and whom it may ask.
std::string instructions_for(const agents::Team& team, const agents::Agent& agent, std::int64_t now_unix_ms);

/// The agent's own tools as a model is told them: the same for all turns of a team version, and dear to make.
std::vector<llm::Tool> own_tools(const agents::Agent& agent);

/// `own`, then those for talking to others and for giving up a step. A person who talks to the agent directly is answered, not called.
std::vector<llm::Tool> tools_for(const agents::Team& team, const agents::Agent& agent, const wire::WorkT& work,
                                 const std::vector<llm::Tool>& own);

/// Agents that it may ask, itself left out.
std::vector<const agents::Agent*> peers_of(const agents::Team& team, const agents::Agent& agent);

/// `<name>` of `<team>.<name>`, or the text itself.
std::string_view short_name(std::string_view agent);

/// A person alone reads what the agent answers in this turn.
bool is_direct(const wire::WorkT& work);

}  // namespace convoke::worker
