// Questions from turns: to other agents (in their pair conversation) and to people. Asking ends the turn; the answers open a new one.
#pragma once

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// Questions nest at most so deep.
inline constexpr std::uint8_t max_depth = 8;

/// Puts the questions of a turn that ended as awaiting.
void ask(Context& c, const state::TurnT& turn, const wire::TurnResultT& result, std::string_view asker);
/// An answer (or fault) for one awaited call, of that person if one answered; ignored when it is answered already.
void answer_call(Context& c, std::string_view asker, std::uint64_t turn, std::string_view call, std::string_view text, Fault fault,
                 std::string_view by = {});
/// Answers under TIMEOUT what was awaited too long.
void expire_questions(Context& c);
std::int64_t questions_due(const State& state);
/// Drops what a run awaits, with its requests, which `by` closes.
void forget_awaiting(Context& c, std::string_view run, std::string_view by);

}  // namespace convoke::groupchat::session
