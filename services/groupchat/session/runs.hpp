// Runs: what one task or one message of a person sets in motion. A run is over when nothing refers to it any more (no open turn, waiting
// input, awaited answer or open plan), and then, in the same commit, gets its stop reason.
#pragma once

#include <string>
#include <string_view>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// `user`: who wants it.
state::RunT& start_run(Context& c, std::string_view conversation, std::uint32_t team_version, std::string_view user,
                       const wire::Trace& trace);
/// The first reason given is the one that stays.
void end_as(state::RunT& run, std::string_view reason);
/// Closes every run that owes nothing any more.
void settle_runs(Context& c);
/// Runs over their time or token budget.
void check_budgets(Context& c);

}  // namespace convoke::groupchat::session
