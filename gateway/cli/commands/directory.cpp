#include "cli/commands/directory.hpp"

#include <set>

#include "cli/show.hpp"

namespace convoke::cli {
namespace {

asio::awaitable<Result<Json>> read_team(ApiClient& api, std::string team) { return api.get("/api/teams/" + http::encode_percent(team)); }

}  // namespace

asio::awaitable<Result<Json>> read_directory(Context& context, ApiClient& api) {
  auto directory = co_await api.get("/api/directory");
  if (!directory) co_return directory;
  auto teams = teams_in(*directory);
  // A team whose workers were all taken away, and with which nobody has worked yet, is known to the supervisor alone.
  if (const auto control = context.control(); control && context.args.url.empty()) {
    ApiClient supervisor(context.io, *control);
    const auto status = co_await supervisor.get("/status");
    const auto own = status ? object_of(*status, "teams") : Json::object();
    for (const auto& [team, version] : own.items()) teams.insert(team);
  }
  for (const auto& team : teams)
    if (const auto known = co_await read_team(api, team)) add_absent_agents(*directory, *known);
  co_return directory;
}

asio::awaitable<Result<Json>> read_directory_of(ApiClient& api, std::string team) {
  const auto known = co_await read_team(api, team);
  if (!known) co_return std::unexpected(known.error());
  auto directory = co_await api.get("/api/directory");
  if (!directory) co_return directory;
  Json queues = Json::array();
  for (const auto& queue : list_of(*directory, "queues"))
    if (text_of(queue, "agent").starts_with(team + ".")) queues.push_back(queue);
  (*directory)["queues"] = std::move(queues);
  add_absent_agents(*directory, *known);
  co_return directory;
}

}  // namespace convoke::cli
