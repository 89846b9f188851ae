#include "groupchat/session/model.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace convoke::groupchat::session {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

template <class Items, class Key> auto* find(Items& items, std::string_view wanted, Key key) {
  const auto found = std::ranges::find(items, wanted, key);
  return found == items.end() ? nullptr : &*found;
}

Json render_step(const wire::StepT& step) {
  Json json{{"id", step.id},
            {"action", step.action},
            {"agent", step.agent},
            {"function", step.function},
            {"status", wire::EnumNameStepStatus(step.status)},
            {"approval", wire::EnumNameApprovalStatus(step.approval)},
            {"depends_on", step.depends_on}};
  if (!step.replaces.empty()) json["replaces"] = step.replaces;
  if (!step.updated_action.empty()) json["updated_action"] = step.updated_action;
  return json;
}

}  // namespace

std::string agent_author(std::string_view agent) { return "agent/" + std::string(agent); }
std::string user_author(std::string_view user) { return "user/" + std::string(user); }
std::string_view short_name(std::string_view agent) { return agent.substr(agent.find('.') + 1); }
std::string log_of(std::string_view conversation) { return "log:" + std::string(conversation); }
std::string transcript_of(std::string_view agent) { return "tr:" + std::string(agent); }
std::string plan_part(std::string_view plan) { return "plan:" + std::string(plan); }

state::ConversationT* find_conversation(State& state, std::string_view id) {
  return find(state.conversations, id, &state::ConversationT::id);
}
state::InstanceT* find_instance(State& state, std::string_view agent) { return find(state.instances, agent, &state::InstanceT::agent); }
state::RunT* find_run(State& state, std::string_view id) { return find(state.runs, id, &state::RunT::id); }
state::PlanStateT* find_plan(State& state, std::string_view id) {
  return find(state.plans, id, [](const state::PlanStateT& held) -> const std::string& { return held.plan->id; });
}
wire::HumanRequestT* find_request(State& state, std::string_view id) { return find(state.requests, id, &wire::HumanRequestT::id); }
wire::StepT* find_step(wire::PlanT& plan, std::string_view id) { return find(plan.steps, id, &wire::StepT::id); }

bool is_member(const state::ConversationT& conversation, std::string_view name) {
  return std::ranges::find(conversation.members, name, &state::MemberT::name) != conversation.members.end();
}

std::string render(const wire::PlanT& plan) {
  Json steps = Json::array();
  for (const auto& step : plan.steps) steps.push_back(render_step(step));
  Json json{{"id", plan.id},     {"revision", plan.revision}, {"status", wire::EnumNamePlanStatus(plan.status)},
            {"goal", plan.goal}, {"summary", plan.summary},   {"steps", std::move(steps)}};
  if (!plan.clarification_request.empty()) json["clarification_request"] = plan.clarification_request;
  return dump(json);
}

std::string render(std::initializer_list<Field> fields) {
  Json json = Json::object();
  for (const auto& [name, value] : fields) json[std::string(name)] = value;
  return dump(json);
}

void add(wire::UsageT& total, const wire::UsageT& more) {
  total.prompt_tokens += more.prompt_tokens;
  total.completion_tokens += more.completion_tokens;
  total.model_calls += more.model_calls;
  total.tool_calls += more.tool_calls;
  total.cost_micros += more.cost_micros;
}

}  // namespace convoke::groupchat::session
