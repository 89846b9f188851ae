// The list of agent tools, apart from the rest because it alone needs to know what a team is.
#include "agents/team/discovered.hpp"
#include "agents/team/load.hpp"
#include "api/common/render.hpp"
#include "api/task/task_door.hpp"

namespace convoke::api {

asio::awaitable<TaskDoor::Answer> TaskDoor::agent_tools(Call call) {
  const auto named = query(call, "team");
  if (!named) co_return std::unexpected(named.error());
  const auto name_of_team = named->value_or(options_.team);
  auto view = co_await backend_.team(name_of_team, 0, caller(call));
  if (!view) co_return std::unexpected(std::move(view.error()));
  const auto stored = agents::team_from_json(view->definition);
  if (!stored) co_return fail(Fault::internal, "the stored team cannot be read: " + stored.error().message);
  auto team = **stored;
  agents::add_discovered(team, name_of_team, agents::discoveries_of(backend_.view()));
  Json list = Json::array();
  for (const auto& agent : team.agents)
    for (const auto& tool : agent.tools) list.push_back(agent_tool_json(agent.name, tool.name, tool.description, tools::schema_of(tool)));
  co_return json_answer(list);
}

}  // namespace convoke::api
