// Team versions that are needed and not here: asked of their owner, while the messages that need them are parked.
#include <fmt/format.h>

#include "agents/team/load.hpp"
#include "core/hash.hpp"
#include "groupchat/owner/engine.hpp"

namespace convoke::groupchat::owner {
namespace {

constexpr std::uint32_t fetch_ttl_ms = 2'000;

}  // namespace

void Core::Engine::want_team(const TeamWanted& wanted) {
  if (teams_.follow(wanted.team)) act(Follow{"team/" + wanted.team});
  teams_.want(wanted, now_.steady);
}

void Core::Engine::fetch_teams() {
  if (!bus_up_) return;
  for (const auto& version : teams_.due(now_.steady)) {
    wire::ReadTeamT body;
    body.version = version.second;
    wire::QueryT query;
    query.scope = "t:" + version.first;
    query.body.Set(std::move(body));
    wire::Message message = wire::message(std::move(query));
    message.header.dest_kind = wire::DestKind::owner;
    message.header.partition = partition_of("t:" + version.first);
    message.header.ttl_ms = fetch_ttl_ms;
    message.header.id = wire::to_wire(ids_.next(now_.unix));
    Expected back;
    back.what = Expected::What::team;
    back.version = version;
    expect(wire::from_wire(message.header.id), std::move(back));
    send(std::move(message));
  }
}

void Core::Engine::team_answered(const TeamCache::Version& version, const wire::AnswerT& answer) {
  if (const auto* refusal = answer.body.AsFault()) {
    if (refusal->code == static_cast<std::uint16_t>(Fault::not_found)) no_such_team(version, refusal->text);
    return;  // anything else: asked again
  }
  const auto* view = answer.body.AsTeamView();
  if (view == nullptr || view->team != version.first) return;
  std::shared_ptr<const agents::Team> definition;
  if (teams_.find(view->team, view->version) == nullptr) {  // versions are immutable: one that is here is not read again
    auto team = agents::team_from_json(view->definition);
    if (!team) return no_such_team(version, team.error().message);
    definition = std::move(*team);
  }
  const auto head = teams_.head(view->team);
  teams_.add(view->team, view->version, std::move(definition), version.second == 0);
  if (teams_.head(view->team) != head) announce_ = true;
  team_here();
}

/// What was parked for a version that is here now is handled again.
void Core::Engine::team_here() {
  for (const auto& key : std::set<Key>(parked_)) {
    Slot* slot = find(key);
    std::vector<Waiting> here;
    std::vector<Waiting> still;
    if (slot != nullptr) {
      for (auto& waiting : slot->parked) (teams_.has(waiting.wanted) ? here : still).push_back(std::move(waiting));
      slot->parked = std::move(still);
    }
    if (slot == nullptr || slot->parked.empty()) parked_.erase(key);
    again(std::move(here), key);
  }
}

void Core::Engine::no_such_team(const TeamCache::Version& version, const std::string& text) {
  teams_.give_up(version);
  for (const auto& key : std::set<Key>(parked_)) {
    Slot* slot = find(key);
    if (slot == nullptr) continue;
    std::vector<Waiting> still;
    for (auto& waiting : std::exchange(slot->parked, {})) {
      if (TeamCache::Version{waiting.wanted.team, waiting.wanted.version} == version) {
        fault(waiting, Fault::not_found, text);
      } else {
        still.push_back(std::move(waiting));
      }
    }
    slot->parked = std::move(still);
    if (slot->parked.empty()) parked_.erase(key);
    tidy(key);
  }
}

}  // namespace convoke::groupchat::owner
