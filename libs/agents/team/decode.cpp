#include "agents/team/decode.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace convoke::agents {
namespace {

using Shape = Node::Shape;

void read(const Node& map, std::string_view key, std::string& value) {
  if (const Node* node = map.find(key); node && node->is(Shape::text)) value = node->text;
}

void read(const Node& map, std::string_view key, bool& value) {
  if (const Node* node = map.find(key); node && node->is(Shape::boolean)) value = node->boolean;
}

void read(const Node& map, std::string_view key, double& value) {
  if (const Node* node = map.find(key); node && (node->is(Shape::number) || node->is(Shape::integer))) value = node->number;
}

template <std::unsigned_integral Whole> void read(const Node& map, std::string_view key, Whole& value) {
  if (const Node* node = map.find(key); node && node->is(Shape::integer)) value = static_cast<Whole>(node->integer);
}

void read(const Node& map, std::string_view key, std::vector<std::string>& values) {
  const Node* node = map.find(key);
  if (!node) return;
  for (const auto& item : node->items)
    if (item->is(Shape::text)) values.push_back(item->text);
}

template <class Enum, std::size_t size> void read(const Node& map, std::string_view key, Enum& value, const std::array<Enum, size>& all) {
  const Node* node = map.find(key);
  if (!node) return;
  const auto found = std::ranges::find(all, node->text, [](Enum one) { return name_of(one); });
  if (found != all.end()) value = *found;
}

template <class Value> void read_each(const Node& map, std::string_view key, std::vector<Value>& values, Value (*decode)(const Node&)) {
  const Node* node = map.find(key);
  if (!node) return;
  for (const auto& item : node->items) values.push_back(decode(*item));
}

constexpr std::array types{tools::Type::string,  tools::Type::number, tools::Type::integer,
                           tools::Type::boolean, tools::Type::list,   tools::Type::object};
constexpr std::array tool_kinds{tools::Kind::template_text, tools::Kind::http};
constexpr std::array agent_kinds{AgentKind::specialist, AgentKind::generic, AgentKind::human};
constexpr std::array approvals{Approval::each_step, Approval::whole_plan, Approval::sensitive, Approval::none};

Agent decode_agent(const Node& node) {
  Agent agent;
  read(node, "name", agent.name);
  read(node, "description", agent.description);
  read(node, "instructions", agent.instructions);
  read(node, "kind", agent.kind, agent_kinds);
  read(node, "model", agent.model);
  read(node, "can_contact", agent.can_contact);
  read_each(node, "tools", agent.tools, decode_tool);
  read(node, "concurrency", agent.concurrency);
  if (const Node* limits = node.find("limits")) {
    read(*limits, "max_model_calls", agent.limits.max_model_calls);
    read(*limits, "max_tool_calls", agent.limits.max_tool_calls);
    read(*limits, "turn_timeout_ms", agent.limits.turn_timeout_ms);
    read(*limits, "max_output_tokens", agent.limits.max_output_tokens);
  }
  return agent;
}

Topic decode_topic(const Node& node) {
  Topic topic;
  read(node, "type", topic.type);
  read(node, "description", topic.description);
  read(node, "subscribers", topic.subscribers);
  return topic;
}

Room decode_room(const Node& node) {
  Room room;
  read(node, "name", room.name);
  read(node, "description", room.description);
  read(node, "members", room.members);
  read(node, "policy", room.policy);
  return room;
}

PeopleRule decode_people(const Node& node) {
  PeopleRule rule;
  read(node, "users", rule.users);
  read(node, "agents", rule.agents);
  return rule;
}

StartingTask decode_task(const Node& node) {
  StartingTask task;
  read(node, "id", task.id);
  read(node, "name", task.name);
  read(node, "prompt", task.prompt);
  read(node, "logo", task.logo);
  read(node, "tools", task.tools);
  return task;
}

Limits decode_limits(const Node& node) {
  Limits limits;
  read(node, "max_plan_steps", limits.max_plan_steps);
  read(node, "max_replans", limits.max_replans);
  read(node, "max_stalls", limits.max_stalls);
  read(node, "max_step_retries", limits.max_step_retries);
  read(node, "step_timeout_ms", limits.step_timeout_ms);
  read(node, "human_timeout_ms", limits.human_timeout_ms);
  read(node, "run_timeout_ms", limits.run_timeout_ms);
  read(node, "max_run_turns", limits.max_run_turns);
  read(node, "max_run_tokens", limits.max_run_tokens);
  read(node, "max_run_cost_usd", limits.max_run_cost_usd);
  read(node, "max_people", limits.max_people);
  return limits;
}

}  // namespace

tools::Parameter decode_parameter(const Node& node) {
  tools::Parameter parameter;
  read(node, "name", parameter.name);
  read(node, "type", parameter.type, types);
  read(node, "items", parameter.items, types);
  read(node, "description", parameter.description);
  if (const Node* value = node.find("default")) {
    parameter.default_json = to_json_value(*value).dump();
    parameter.required = false;
  }
  read(node, "required", parameter.required);
  if (const Node* choices = node.find("enum"))
    for (const auto& choice : choices->items) parameter.one_of.push_back(to_json_value(*choice).dump());
  read(node, "synonyms", parameter.synonyms);
  return parameter;
}

tools::Tool decode_tool(const Node& node) {
  tools::Tool tool;
  read(node, "name", tool.name);
  read(node, "description", tool.description);
  read(node, "kind", tool.kind, tool_kinds);
  read_each(node, "parameters", tool.parameters, decode_parameter);
  read(node, "synonyms", tool.synonyms);
  read(node, "response", tool.response);
  if (const Node* data = node.find("data"); data && data->is(Shape::map)) tool.data_json = to_json_value(*data).dump();
  if (const Node* failure = node.find("fail")) {
    read(*failure, "first", tool.fail.first);
    read(*failure, "message", tool.fail.message);
  }
  read(node, "delay_ms", tool.delay_ms);
  read(node, "timeout_ms", tool.timeout_ms);
  if (tool.kind == tools::Kind::http) {
    read(node, "method", tool.http.method);
    read(node, "url", tool.http.url);
    if (const Node* headers = node.find("headers"))
      for (const auto& entry : headers->entries) tool.http.headers.emplace_back(entry.key, entry.value->text);
    tool.idempotent = tool.http.method == "GET";
  }
  read(node, "idempotent", tool.idempotent);
  read(node, "journal", tool.journal);
  read(node, "sensitive", tool.sensitive);
  return tool;
}

Team decode_team(const Node& root) {
  Team team;
  read(root, "name", team.name);
  read(root, "description", team.description);
  if (const Node* version = root.find("version")) team.version = version->text;
  if (const Node* models = root.find("models"))
    for (const auto& entry : models->entries) team.models[entry.key] = entry.value->text;
  read(root, "approval", team.approval, approvals);
  if (const Node* limits = root.find("limits")) team.limits = decode_limits(*limits);
  read_each(root, "people", team.people, decode_people);
  read_each(root, "agents", team.agents, decode_agent);
  read_each(root, "topics", team.topics, decode_topic);
  read_each(root, "rooms", team.rooms, decode_room);
  read_each(root, "starting_tasks", team.starting_tasks, decode_task);
  return team;
}

}  // namespace convoke::agents
