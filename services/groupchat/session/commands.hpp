// What people (through doors) change in a session. Each command is accepted with all of its effects in one commit, or refused with none.
#pragma once

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

inline constexpr std::size_t max_text = std::size_t{64} * 1024;  // bytes of anything that a person or an agent says

void apply_command(Context& c, const wire::HeaderT& request, const wire::CommandT& command);

}  // namespace convoke::groupchat::session
