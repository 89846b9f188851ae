#include "agents/turns/teams.hpp"

#include <algorithm>

#include "agents/team/load.hpp"
#include "core/hash.hpp"

namespace convoke::agents {

TeamVersions::TeamVersions(bus::Client& bus, Millis deadline, std::size_t capacity) : bus_(bus), deadline_(deadline), capacity_(capacity) {}

std::shared_ptr<const TeamVersion> TeamVersions::find(std::string_view team, std::uint32_t version) {
  const auto found = std::ranges::find_if(kept_, [&](const auto& kept) { return kept->version == version && kept->name == team; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return kept_.front();
}

asio::awaitable<Result<std::shared_ptr<const TeamVersion>>> TeamVersions::get(std::string team, std::uint32_t version) {
  if (version != 0) {
    if (auto known = find(team, version)) co_return known;
  }
  wire::ReadTeamT read;
  read.version = version;
  wire::QueryT query;
  query.scope = "t:" + team;
  query.body.Set(std::move(read));
  const auto partition = partition_of(query.scope);
  auto message = wire::message(std::move(query));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition;
  auto answer = co_await bus_.request(std::move(message), deadline_);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  const auto* view = answer->body.AsTeamView();
  if (view == nullptr) co_return fail(Fault::malformed, "the owner of team '" + team + "' answered with something else");
  if (auto known = find(team, view->version)) co_return known;
  auto parsed = team_from_json(view->definition);
  if (!parsed) co_return std::unexpected(std::move(parsed.error()));
  auto fresh = std::make_shared<TeamVersion>();
  fresh->name = std::move(team);
  fresh->version = view->version;
  fresh->team = std::move(*parsed);
  kept_.push_front(std::move(fresh));
  if (kept_.size() > capacity_) kept_.pop_back();
  co_return kept_.front();
}

}  // namespace convoke::agents
