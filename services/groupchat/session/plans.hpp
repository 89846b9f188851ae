// Plans: their inbox, what a deciding turn's result changes, and what people decide. Step states are written by decisions alone.
#pragma once

#include <string_view>

#include "groupchat/session/context.hpp"

namespace convoke::groupchat::session {

/// Ended plans whose summary the session keeps; the plans themselves are parts.
inline constexpr std::size_t max_ended_plans = 200;

/// Appends to the plan's inbox; a deciding turn follows. Ignored when the plan has ended.
wire::PlanEventT* plan_event(Context& c, std::string_view plan, wire::PlanEventKind kind, std::string_view step = {});
/// The planner's draft or failure, from the turn that it closed.
void apply_draft(Context& c, const state::TurnT& turn, const wire::TurnResultT& result);
/// A deciding turn's result. False when it does not fit the plan: the turn counts as failed.
bool apply_decision(Context& c, const state::TurnT& turn, const wire::PlanDecisionT& decision);
/// Puts an ended plan away, with that status.
void end_plan(Context& c, std::string_view plan, wire::PlanStatus status, std::string_view reason);

/// People's decisions; INVALID, NOT_FOUND or CONFLICT without a change.
Status decide(Context& c, std::string_view by, const wire::DecideT& decide);
Status clarify(Context& c, std::string_view by, std::string_view plan, std::string_view text);
/// `why` may be empty.
Status cancel_plan(Context& c, std::string_view by, std::string_view plan, std::string_view why);
/// The step that this dead letter is of is to be done again, by a new step in its place. CONFLICT with the reason where its plan has ended
/// or gone on without it; UNAVAILABLE (repeat it) while a decision on the plan is under way.
Status repeat_step(Context& c, std::string_view by, const state::StoredLetterT& stored);

/// Time-outs of steps, wake-ups.
void tick_plans(Context& c);
std::int64_t plans_due(const State& state);

}  // namespace convoke::groupchat::session
