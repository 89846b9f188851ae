// Looking things up in a session's state, and the names of what is in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wire/state_generated.h"

namespace convoke::groupchat::session {

using State = state::SessionStateT;

inline constexpr std::string_view planner_agent = "system.planner";
inline constexpr std::string_view executor_agent = "system.executor";
inline constexpr std::string_view system_author = "system";

inline bool is_system(std::string_view agent) { return agent == planner_agent || agent == executor_agent; }
std::string agent_author(std::string_view agent);  // agent/<team>.<name>
std::string user_author(std::string_view user);    // user/<id>
/// `HrAgent` of `company.HrAgent`.
std::string_view short_name(std::string_view agent);
std::string log_of(std::string_view conversation);
std::string transcript_of(std::string_view agent);
std::string plan_part(std::string_view plan);

/// nullptr when there is none.
state::ConversationT* find_conversation(State& state, std::string_view id);
state::InstanceT* find_instance(State& state, std::string_view agent);
state::RunT* find_run(State& state, std::string_view id);
state::PlanStateT* find_plan(State& state, std::string_view id);
wire::HumanRequestT* find_request(State& state, std::string_view id);
wire::StepT* find_step(wire::PlanT& plan, std::string_view id);

bool is_member(const state::ConversationT& conversation, std::string_view name);
inline bool has_ended(wire::PlanStatus status) { return status >= wire::PlanStatus::completed; }

/// A plan as the API renders it: the `data` of a plan_proposed event.
std::string render(const wire::PlanT& plan);
/// A JSON object of string fields: `data` of small events.
using Field = std::pair<std::string_view, std::string_view>;
std::string render(std::initializer_list<Field> fields);

void add(wire::UsageT& total, const wire::UsageT& more);

}  // namespace convoke::groupchat::session
