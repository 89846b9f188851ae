// The canonical JSON form: every field written out, in one order.
#include <nlohmann/json.hpp>

#include "agents/team/load.hpp"

namespace convoke::agents {
namespace {

using Json = nlohmann::ordered_json;

template <class Value> Json list(const std::vector<Value>& values, Json (*encode)(const Value&)) {
  Json all = Json::array();
  for (const auto& value : values) all.push_back(encode(value));
  return all;
}

Json encode(const tools::Parameter& parameter) {
  Json json = {{"name", parameter.name}, {"type", name_of(parameter.type)}};
  if (parameter.type == tools::Type::list) json["items"] = name_of(parameter.items);
  json["description"] = parameter.description;
  json["required"] = parameter.required;
  if (!parameter.default_json.empty()) json["default"] = Json::parse(parameter.default_json);
  for (const auto& choice : parameter.one_of) json["enum"].push_back(Json::parse(choice));
  json["synonyms"] = parameter.synonyms;
  return json;
}

Json encode(const tools::Tool& tool) {
  Json json = {{"name", tool.name},
               {"description", tool.description},
               {"kind", name_of(tool.kind)},
               {"parameters", list<tools::Parameter>(tool.parameters, encode)},
               {"synonyms", tool.synonyms}};
  if (tool.kind == tools::Kind::http) {
    json["method"] = tool.http.method;
    json["url"] = tool.http.url;
    json["headers"] = Json::object();
    for (const auto& [name, value] : tool.http.headers) json["headers"][name] = value;
  } else {
    json["response"] = tool.response;
    json["data"] = Json::parse(tool.data_json);
    if (tool.fail.first > 0) json["fail"] = {{"first", tool.fail.first}, {"message", tool.fail.message}};
    json["delay_ms"] = tool.delay_ms;
    json["journal"] = tool.journal;
  }
  json["timeout_ms"] = tool.timeout_ms;
  json["idempotent"] = tool.idempotent;
  json["sensitive"] = tool.sensitive;
  return json;
}

Json encode(const AgentLimits& limits) {
  return {{"max_model_calls", limits.max_model_calls},
          {"max_tool_calls", limits.max_tool_calls},
          {"turn_timeout_ms", limits.turn_timeout_ms},
          {"max_output_tokens", limits.max_output_tokens}};
}

Json encode(const Agent& agent) {
  return {{"name", agent.name},
          {"description", agent.description},
          {"instructions", agent.instructions},
          {"kind", name_of(agent.kind)},
          {"model", agent.model},
          {"can_contact", agent.can_contact},
          {"tools", list<tools::Tool>(agent.tools, encode)},
          {"limits", encode(agent.limits)},
          {"concurrency", agent.concurrency}};
}

Json encode(const Limits& limits) {
  return {{"max_plan_steps", limits.max_plan_steps},
          {"max_replans", limits.max_replans},
          {"max_stalls", limits.max_stalls},
          {"max_step_retries", limits.max_step_retries},
          {"step_timeout_ms", limits.step_timeout_ms},
          {"human_timeout_ms", limits.human_timeout_ms},
          {"run_timeout_ms", limits.run_timeout_ms},
          {"max_run_turns", limits.max_run_turns},
          {"max_run_tokens", limits.max_run_tokens},
          {"max_run_cost_usd", limits.max_run_cost_usd},
          {"max_people", limits.max_people}};
}

Json encode(const Topic& topic) { return {{"type", topic.type}, {"description", topic.description}, {"subscribers", topic.subscribers}}; }

Json encode(const Room& room) {
  return {{"name", room.name}, {"description", room.description}, {"members", room.members}, {"policy", room.policy}};
}

Json encode(const PeopleRule& rule) { return {{"users", rule.users}, {"agents", rule.agents}}; }

Json encode(const StartingTask& task) {
  return {{"id", task.id}, {"name", task.name}, {"prompt", task.prompt}, {"logo", task.logo}, {"tools", task.tools}};
}

}  // namespace

std::string to_json(const Team& team) {
  const Json json = {{"name", team.name},
                     {"description", team.description},
                     {"version", team.version},
                     {"models", team.models},
                     {"approval", name_of(team.approval)},
                     {"limits", encode(team.limits)},
                     {"people", list<PeopleRule>(team.people, encode)},
                     {"agents", list<Agent>(team.agents, encode)},
                     {"topics", list<Topic>(team.topics, encode)},
                     {"rooms", list<Room>(team.rooms, encode)},
                     {"starting_tasks", list<StartingTask>(team.starting_tasks, encode)}};
  return json.dump();
}

}  // namespace convoke::agents
