// What the bus's tables look like as JSON. Plans, steps and messages carry the fields of the original task API (both its documented and its
// coded form, so that clients of either work) and, beside them, our own. What is sent most, events and deltas, is written as text. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/common/fields.hpp"
#include "wire/body_generated.h"

namespace convoke::api {

// The task API's items.
Json plan_json(const wire::PlanT& plan);
Json step_json(const wire::StepT& step, const wire::PlanT& plan);
/// The plan, its steps and a counter per status.
Json plan_with_steps_json(const wire::PlanT& plan);
/// The id that the step which clients know as `id` has now: one whose action was edited is a new step in the place of the old one.
std::string_view present_step(const wire::PlanT& plan, std::string_view id);
/// Nothing for events that are no message to people.
std::optional<Json> agent_message_json(const wire::EventT& event, std::string_view user);
Json session_item_json(const wire::SessionSummaryT& session, std::string_view user);
/// One tool as the list of agent tools has it, `arguments` being its JSON Schema.
Json agent_tool_json(std::string_view agent, std::string_view tool, std::string_view description, std::string_view schema);

// Our own.
std::string event_text(const wire::EventT& event);
std::string delta_text(const wire::DeltaT& delta);
Json request_json(const wire::HumanRequestT& request);
Json letter_json(const wire::DeadLetterT& letter);
Json session_json(const wire::SessionViewT& session);
Json summary_json(const wire::SessionSummaryT& summary);
Json accepted_json(const wire::AcceptedT& accepted);
Json directory_json(const wire::DirectoryT& directory);
Json span_json(const wire::SpanT& span);

/// Names as the API has them: `awaiting_feedback`.
std::string_view name_of(wire::StepStatus status);
std::string_view name_of(wire::PlanStatus status);
/// Whom the task API names as the source of what `author` (`user/…`, `agent/<team>.<name>`, `system`) says: `HrAgent`, `HumanAgent`,
/// `PlannerAgent`, `GroupChatManager`.
std::string source_of(std::string_view author);
/// `2026-11-20T23:05:32.123Z`.
std::string iso_time(std::int64_t unix_ms);
std::string trace_hex(std::uint64_t hi, std::uint64_t lo);

}  // namespace convoke::api
