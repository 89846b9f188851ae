#include "api/common/render.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "api/common/json_text.hpp"
#include "core/fault.hpp"
#include "core/id.hpp"
#include "wire/message.hpp"

namespace convoke::api {
namespace {

constexpr std::size_t deepest = 64;  // of JSON that other processes say; writing it out takes a stack as deep

void set(Json& json, std::string_view name, const std::string& text) {
  if (!text.empty()) json[std::string(name)] = text;
}
void set_fault(Json& json, std::uint16_t code) {
  if (code != 0) json["fault"] = convoke::name_of(static_cast<Fault>(code));
}
Json nullable(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string short_name(std::string_view agent) {
  const auto dot = agent.rfind('.');
  return std::string(dot == std::string_view::npos ? agent : agent.substr(dot + 1));
}

// The task API knows three.
std::string_view overall_status(wire::PlanStatus status) {
  if (status == wire::PlanStatus::completed) return "completed";
  return status == wire::PlanStatus::failed || status == wire::PlanStatus::cancelled ? "failed" : "in_progress";
}

constexpr std::array step_names{"planned",          "awaiting_feedback", "approved", "rejected",
                                "action_requested", "completed",         "failed",   "cancelled"};

bool is_over(wire::StepStatus status) {
  return status == wire::StepStatus::completed || status == wire::StepStatus::failed || status == wire::StepStatus::rejected ||
         status == wire::StepStatus::cancelled;
}

std::string_view policy_name(wire::ApprovalPolicy policy) { return wire::EnumNameApprovalPolicy(policy); }

}  // namespace

std::string_view name_of(wire::StepStatus status) { return wire::EnumNameStepStatus(status); }
std::string_view name_of(wire::PlanStatus status) { return wire::EnumNamePlanStatus(status); }

std::string source_of(std::string_view author) {
  if (author.starts_with("user/")) return "HumanAgent";
  if (author == "agent/system.planner") return "PlannerAgent";
  if (author == "agent/system.executor" || author == "system" || author.empty()) return "GroupChatManager";
  return short_name(author.substr(author.find('/') + 1));
}

std::string iso_time(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), ms % 1000);
}

std::string trace_hex(std::uint64_t hi, std::uint64_t lo) { return fmt::format("{:016x}{:016x}", hi, lo); }

Json plan_json(const wire::PlanT& plan) {
  Json json{{"id", plan.id},
            {"data_type", "plan"},
            {"session_id", session_of(plan.id)},
            {"user_id", plan.user},
            {"initial_goal", plan.goal},
            {"overall_status", overall_status(plan.status)},
            {"source", "PlannerAgent"},
            {"summary", nullable(plan.summary)},
            {"human_clarification_request", nullable(plan.clarification_request)},
            {"human_clarification_response", nullable(plan.clarification_response)},
            {"ts", plan.created_ms / 1000}};
  json["status"] = name_of(plan.status);
  set(json, "stop_reason", plan.stop_reason);
  set(json, "conversation", plan.conversation);
  set(json, "run", plan.run);
  set(json, "team", plan.team);
  json["team_version"] = plan.team_version;
  json["revision"] = plan.revision;
  json["policy"] = policy_name(plan.policy);
  json["created_ms"] = plan.created_ms;
  if (plan.ended_ms) json["ended_ms"] = plan.ended_ms;
  return json;
}

Json step_json(const wire::StepT& step, const wire::PlanT& plan) {
  Json json{{"id", step.id},
            {"data_type", "step"},
            {"plan_id", plan.id},
            {"session_id", session_of(plan.id)},
            {"user_id", plan.user},
            {"action", step.action},
            {"agent", short_name(step.agent)},
            {"status", name_of(step.status)},
            {"agent_reply", nullable(step.agent_reply)},
            {"human_feedback", nullable(step.human_feedback)},
            {"human_approval_status", wire::EnumNameApprovalStatus(step.approval)},
            {"updated_action", nullable(step.updated_action)},
            {"ts", (step.started_ms ? step.started_ms : plan.created_ms) / 1000}};
  set(json, "function", step.function);
  json["depends_on"] = step.depends_on;
  json["sensitive"] = step.sensitive;
  if (step.failures) json["failures"] = step.failures;
  set_fault(json, step.fault);
  set(json, "replaces", step.replaces);
  return json;
}

Json plan_with_steps_json(const wire::PlanT& plan) {
  auto json = plan_json(plan);
  json["steps"] = Json::array();
  std::array<std::size_t, step_names.size()> counts{};
  std::size_t over = 0;
  for (const auto& step : plan.steps) {
    json["steps"].push_back(step_json(step, plan));
    ++counts.at(static_cast<std::size_t>(step.status));
    if (is_over(step.status)) ++over;
  }
  json["total_steps"] = plan.steps.size();
  json["completed_steps"] = counts[static_cast<std::size_t>(wire::StepStatus::completed)];
  json["pending_steps"] = plan.steps.size() - over;
  for (std::size_t at = 0; at < counts.size(); ++at) json[step_names.at(at)] = counts.at(at);
  return json;
}

std::string_view present_step(const wire::PlanT& plan, std::string_view id) {
  if (id.empty() || std::ranges::find(plan.steps, id, &wire::StepT::id) != plan.steps.end()) return id;
  const auto heir = std::ranges::find(plan.steps, id, &wire::StepT::replaces);
  return heir == plan.steps.end() ? id : std::string_view(heir->id);
}

std::optional<Json> agent_message_json(const wire::EventT& event, std::string_view user) {
  const bool said = event.kind == wire::EventKind::message || event.kind == wire::EventKind::request_opened;
  if ((!said && event.kind != wire::EventKind::plan_proposed) || event.text.empty()) return std::nullopt;
  const auto source = event.kind == wire::EventKind::plan_proposed ? "PlannerAgent" : source_of(event.author);
  Json json{{"id", to_string(wire::from_wire(event.id))},
            {"data_type", "agent_message"},
            {"session_id", session_of(event.conversation)},
            {"user_id", user},
            {"plan_id", event.plan},
            {"content", event.text},
            {"source", source},
            {"ts", event.at_ms / 1000},
            {"step_id", nullable(event.step)}};
  json["conversation"] = event.conversation;
  json["seq"] = event.seq;
  json["at_ms"] = event.at_ms;
  return json;
}

Json session_item_json(const wire::SessionSummaryT& session, std::string_view user) {
  const auto running = std::ranges::any_of(session.plans, [](const auto& plan) { return overall_status(plan.status) == "in_progress"; });
  return {{"id", session.session},
          {"data_type", "session"},
          {"session_id", session.session},
          {"user_id", user},
          {"current_status", running ? "in_progress" : "completed"},
          {"message_to_user", session.open_requests ? Json(fmt::format("{} open question(s)", session.open_requests)) : Json(nullptr)},
          {"ts", session.last_ms / 1000}};
}

Json agent_tool_json(std::string_view agent, std::string_view tool, std::string_view description, std::string_view schema) {
  auto arguments = Json::parse(schema, nullptr, false);
  return {{"agent", agent},
          {"function", tool},
          {"description", description},
          {"arguments", arguments.is_discarded() ? Json::object() : std::move(arguments)}};
}

std::string event_text(const wire::EventT& event) {
  JsonText json(event.text.size() + event.data.size() + 512);
  json.number("seq", event.seq)
      .text("id", to_string(wire::from_wire(event.id)))
      .text("kind", wire::EnumNameEventKind(event.kind))
      .text("conversation", event.conversation)
      .number("at_ms", event.at_ms)
      .text("author", event.author)
      .some_text("run", event.run)
      .some_text("plan", event.plan)
      .some_text("step", event.step);
  if (event.turn) json.number("turn", event.turn);
  if (event.attempt) json.number("attempt", event.attempt);
  json.some_text("message", event.message).some_text("text", event.text);
  if (!event.data.empty()) {
    if (const auto data = parse_json(event.data, deepest))
      json.json("data", dump(*data));
    else
      json.text("data", event.data);
  }
  if (event.trace.hi() || event.trace.lo()) json.text("trace", trace_hex(event.trace.hi(), event.trace.lo()));
  return std::move(json).end();
}

std::string delta_text(const wire::DeltaT& delta) {
  JsonText json(delta.text.size() + 256);
  json.text("conversation", delta.conversation)
      .text("message", delta.message)
      .text("author", delta.author)
      .number("turn", delta.turn)
      .number("attempt", delta.attempt)
      .number("offset", delta.offset)
      .number("after_seq", delta.after_seq)
      .text("text", delta.text);
  return std::move(json).end();
}

Json request_json(const wire::HumanRequestT& request) {
  Json json{{"id", request.id}, {"kind", wire::EnumNameRequestKind(request.kind)}, {"conversation", request.conversation}};
  set(json, "run", request.run);
  set(json, "plan", request.plan);
  set(json, "step", request.step);
  set(json, "agent", request.agent);
  json["text"] = request.text;
  json["opened_ms"] = request.opened_ms;
  if (request.expires_ms) json["expires_ms"] = request.expires_ms;
  return json;
}

Json letter_json(const wire::DeadLetterT& letter) {
  Json json{{"id", letter.id}, {"agent", letter.agent}, {"turn", letter.turn}, {"conversation", letter.conversation}};
  set(json, "run", letter.run);
  set(json, "plan", letter.plan);
  set(json, "step", letter.step);
  set_fault(json, letter.fault);
  json["text"] = letter.text;
  json["at_ms"] = letter.at_ms;
  return json;
}

Json session_json(const wire::SessionViewT& session) {
  Json json{{"id", session.session},      {"user", session.user},      {"team", session.team},
            {"title", session.title},     {"shared", session.shared},  {"created_ms", session.created_ms},
            {"last_ms", session.last_ms}, {"version", session.version}};
  json["conversations"] = Json::array();
  for (const auto& each : session.conversations)
    json["conversations"].push_back(
        {{"id", each.id}, {"kind", wire::EnumNameConversationKind(each.kind)}, {"members", each.members}, {"head", each.head}});
  json["plans"] = Json::array();
  for (const auto& each : session.plans) json["plans"].push_back(plan_with_steps_json(each));
  json["ended"] = Json::array();
  for (const auto& each : session.ended)
    json["ended"].push_back({{"id", each.id}, {"goal", each.goal}, {"status", name_of(each.status)}, {"created_ms", each.created_ms}});
  json["requests"] = Json::array();
  for (const auto& each : session.requests) json["requests"].push_back(request_json(each));
  json["turns"] = Json::array();
  for (const auto& each : session.turns)
    json["turns"].push_back({{"agent", each.agent},
                             {"turn", each.turn},
                             {"attempt", each.attempt},
                             {"conversation", each.conversation},
                             {"opened_ms", each.opened_ms},
                             {"failures", each.failures}});
  json["dead_letters"] = Json::array();
  for (const auto& each : session.dead_letters) json["dead_letters"].push_back(letter_json(each));
  return json;
}

Json summary_json(const wire::SessionSummaryT& summary) {
  Json json{{"id", summary.session},      {"title", summary.title},
            {"team", summary.team},       {"created_ms", summary.created_ms},
            {"last_ms", summary.last_ms}, {"open_requests", summary.open_requests},
            {"shared", summary.shared}};
  set(json, "user", summary.user);
  json["plans"] = Json::array();
  for (const auto& plan : summary.plans)
    json["plans"].push_back({{"id", plan.id}, {"goal", plan.goal}, {"status", name_of(plan.status)}, {"created_ms", plan.created_ms}});
  return json;
}

Json accepted_json(const wire::AcceptedT& accepted) {
  Json json = Json::object();
  set(json, "session_id", accepted.session);
  set(json, "conversation", accepted.conversation);
  set(json, "plan", accepted.plan);
  set(json, "run", accepted.run);
  set(json, "request", accepted.request);
  set(json, "step", accepted.step);
  if (accepted.seq) json["seq"] = accepted.seq;
  if (accepted.team_version) {
    json["team_version"] = accepted.team_version;
    json["lagging"] = accepted.lagging;
  }
  json["repeated"] = accepted.repeated;
  return json;
}

Json directory_json(const wire::DirectoryT& directory) {
  Json json{{"partitions", 256}, {"partitions_held", directory.partitions_held}};
  json["replicas"] = Json::array();
  for (const auto& each : directory.replicas) {
    Json teams = Json::array();
    for (const auto& team : each.teams) teams.push_back({{"team", team.team}, {"version", team.version}});
    json["replicas"].push_back({{"replica", to_string(wire::from_wire(each.replica))},
                                {"name", each.name},
                                {"service", each.service},
                                {"agents", each.agents},
                                {"teams", std::move(teams)},
                                {"draining", each.draining}});
  }
  json["queues"] = Json::array();
  for (const auto& each : directory.queues)
    json["queues"].push_back({{"agent", each.agent},
                              {"backlog", each.backlog},
                              {"oldest_ms", each.oldest_ms},
                              {"credit", each.credit},
                              {"in_flight", each.in_flight},
                              {"replicas", each.replicas}});
  return json;
}

Json span_json(const wire::SpanT& span) {
  Json json{{"trace", trace_hex(span.trace_hi, span.trace_lo)}, {"id", fmt::format("{:016x}", span.id)}};
  if (span.parent) json["parent"] = fmt::format("{:016x}", span.parent);
  json["name"] = span.name;
  json["service"] = span.service;
  set(json, "replica", span.replica);
  json["start_us"] = span.start_us;
  json["end_us"] = span.end_us;
  set(json, "run", span.run);
  auto attributes = parse_json(span.attributes.empty() ? "{}" : span.attributes, deepest);
  json["attributes"] = attributes ? std::move(*attributes) : Json::object();
  set_fault(json, span.fault);
  return json;
}

}  // namespace convoke::api
