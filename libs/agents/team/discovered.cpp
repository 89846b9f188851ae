#include "agents/team/discovered.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "tools/json_input.hpp"

namespace convoke::agents {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_statement = std::size_t{1} << 20;
constexpr std::size_t max_tools = 500;  // of one agent, as in a team file
constexpr std::size_t max_schema = std::size_t{64} << 10;
constexpr std::size_t max_description = 2'000;

bool is_callable(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, letter);
}

std::string text_in(const Json& map, const char* key) {
  const auto found = map.find(key);
  return found != map.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void add_tool(Agent& agent, const Json& entry) {
  if (!entry.is_object() || agent.tools.size() >= max_tools) return;
  tools::Tool tool;
  tool.kind = tools::Kind::mcp;
  tool.name = text_in(entry, "name");
  tool.description = truncate_utf8(text_in(entry, "description"), max_description);
  tool.idempotent = false;
  const auto schema = entry.find("schema");
  if (!is_callable(tool.name) || schema == entry.end() || !schema->is_object() || find_tool(agent, tool.name) != nullptr) return;
  tool.schema_json = schema->dump();
  if (tool.schema_json.size() <= max_schema) agent.tools.push_back(std::move(tool));
}

bool speaks_for(const Discovery& worker, std::string_view team, std::string_view full_name) {
  const auto all = std::string(team) + ".*";
  return std::ranges::any_of(worker.agents, [&](const std::string& each) { return each == full_name || each == all; });
}

}  // namespace

std::string discovered_json(std::string_view agent, const std::vector<DiscoveredTool>& tools) {
  auto list = Json::array();
  for (const auto& tool : tools) {
    auto schema = Json::parse(tool.schema, nullptr, false);
    list.push_back(
        {{"name", tool.name}, {"description", tool.description}, {"schema", schema.is_discarded() ? Json() : std::move(schema)}});
  }
  return Json{{std::string(agent), std::move(list)}}.dump();
}

void add_discovered(Team& team, std::string_view team_name, const std::vector<Discovery>& found) {
  for (const auto& worker : found) {
    if (worker.tools.empty()) continue;
    const auto stated = tools::parse_json<Json>(worker.tools, max_statement);
    if (!stated || !stated->is_object()) continue;
    for (auto& agent : team.agents) {
      const auto full_name = std::string(team_name) + "." + agent.name;
      const auto list = stated->find(full_name);
      if (list == stated->end() || !list->is_array() || agent.kind == AgentKind::human || !speaks_for(worker, team_name, full_name))
        continue;
      for (const auto& entry : *list) add_tool(agent, entry);
    }
  }
}

}  // namespace convoke::agents
