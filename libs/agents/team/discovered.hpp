// Tools that workers find at run time (those of an MCP server, for one): a worker states them with its registration, everybody sees them in
// the intercom's View, and planner and doors add them to the agents of the team. Not part of a team's version: they come and go with
// workers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agents/team/team.hpp"

namespace convoke::agents {

struct DiscoveredTool {
  std::string name;
  std::string description;
  std::string schema;  // of the arguments: JSON Schema of an object, as JSON text
};

/// What one worker states: the agents that it is registered for (full names, `<team>.*` for all) and Register.discovered_tools.
struct Discovery {
  std::vector<std::string> agents;
  std::string tools;
};

/// The text of Register.discovered_tools: {"<team>.<agent>": [{"name", "description", "schema"}]}.
std::string discovered_json(std::string_view agent, const std::vector<DiscoveredTool>& tools);

/// Adds to the team what was found for its agents, of kind `mcp`, each name once; a tool of the team file hides one of the same name. What
/// is no such text, is for an agent that the worker is not registered for, or has a name or a schema that cannot be used, is left out.
void add_discovered(Team& team, std::string_view team_name, const std::vector<Discovery>& found);

/// From a View of the intercom (wire::ViewT, which this library does not know).
template <class View> std::vector<Discovery> discoveries_of(const View& view) {
  std::vector<Discovery> found;
  for (const auto& replica : view.replicas)
    if (!replica.discovered_tools.empty()) found.push_back({replica.agents, replica.discovered_tools});
  return found;
}

}  // namespace convoke::agents
