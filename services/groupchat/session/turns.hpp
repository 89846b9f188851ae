// Turns of the session's agent instances: opened one at a time per instance, numbered, closed by a result, a failure or a cancel. Each of
// these happens in a commit of the owner; what a worker reports about another turn or attempt is refused.
#pragma once

#include <string_view>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// Failures (a worker had begun, then died or failed) after which a turn is a dead letter.
inline constexpr std::uint32_t max_failures = 3;
/// Inputs that may wait for one instance.
inline constexpr std::size_t max_inbox = 1000;
/// Time for recorded calls to report after a cancel.
inline constexpr std::int64_t cancel_grace_ms = 5000;

/// Puts an input before an instance (made when absent); open_turns gives it a turn.
void enqueue(Context& c, std::string_view agent, wire::InputT input);
/// Opens a turn for every instance that has something to do and is free.
void open_turns(Context& c);

void apply_report(Context& c, const wire::HeaderT& request, const wire::ReportT& report);
/// The worker is gone, or silent: the attempt is over. Counts as a failure when the worker had begun.
void apply_lost(Context& c, std::string_view agent, std::uint64_t turn, std::uint32_t attempt, bool had_begun);
/// A new attempt without a failure: nobody knows where the old one is.
void raise_attempt(Context& c, state::InstanceT& instance);
/// The open turn took longer than allowed.
void time_out(Context& c, state::InstanceT& instance);

/// Ends the open turn: at once when no recorded call is open, else after their results or the grace.
void cancel_turn(Context& c, state::InstanceT& instance);
/// Grace over: unresolved calls become `outcome unknown`.
void close_cancelled(Context& c, state::InstanceT& instance);
/// Ends all that a run has under way, with that stop reason. Its plan is the caller's business.
void stop_run(Context& c, std::string_view run, std::string_view reason, std::string_view by = system_author);
/// A person cancels a run: says who and why (which may be empty), and stops it.
void cancel_run(Context& c, std::string_view run, std::string_view by, std::string_view why);

/// Takes the open turn out of the instance, remembering it as the last closed one. Only what a result closed acknowledges that result
/// again.
enum class ClosedBy { result, owner };
state::TurnT take_open(Context& c, state::InstanceT& instance, ClosedBy by);
/// Answers whoever asked `question`: a turn that awaits, or the plan whose step it is.
void answer_question(Context& c, const wire::InputT& question, std::string_view text, Fault fault);
/// All that the turn owes, with what it said. A step's plan also learns whether the turn called anything at all: TOOL_FAILED if not.
void answer_from(Context& c, const state::TurnT& turn, std::string_view text);

}  // namespace convoke::groupchat::session
