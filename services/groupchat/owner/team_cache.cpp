#include "groupchat/owner/team_cache.hpp"

#include <algorithm>

namespace convoke::groupchat::owner {

const agents::Team* TeamCache::find(std::string_view team, std::uint32_t version) const {
  const auto versions = versions_.find(team);
  if (versions == versions_.end()) return nullptr;
  const auto found = versions->second.find(version);
  return found == versions->second.end() ? nullptr : found->second.get();
}

std::uint32_t TeamCache::head(std::string_view team) const {
  const auto found = heads_.find(team);
  return found == heads_.end() ? 0 : found->second;
}

bool TeamCache::has(const TeamWanted& wanted) const {
  const auto version = wanted.version == 0 ? head(wanted.team) : wanted.version;
  return version != 0 && find(wanted.team, version) != nullptr;
}

void TeamCache::want(const TeamWanted& wanted, SteadyTime now) {
  if (has(wanted) || wanted_.size() >= options_.teams) return;
  wanted_.try_emplace(Version{wanted.team, wanted.version}, now);
}

std::vector<TeamCache::Version> TeamCache::due(SteadyTime now) {
  if (now - refreshed_ >= options_.refresh_team) refresh(now);
  std::vector<Version> versions;
  for (auto& [version, time] : wanted_) {
    if (time > now) continue;
    time = now + options_.retry_team;
    versions.push_back(version);
  }
  return versions;
}

void TeamCache::refresh(SteadyTime now) {
  refreshed_ = now;
  for (const auto& [team, version] : heads_) wanted_.try_emplace(Version{team, 0}, now);
}

bool TeamCache::add(const std::string& team, std::uint32_t version, std::shared_ptr<const agents::Team> definition, bool newest) {
  wanted_.erase(Version{team, version});
  if (newest) wanted_.erase(Version{team, 0});
  // A pinned version says nothing about which one is the newest.
  if (newest || (heads_.contains(team) && version > heads_[team])) heads_[team] = std::max(heads_[team], version);
  auto& slot = versions_[team][version];
  if (slot) return false;
  slot = std::move(definition);
  order_.emplace_back(team, version);
  while (order_.size() > options_.teams) {
    const Version oldest = order_.front();
    order_.pop_front();
    if (auto versions = versions_.find(oldest.first); versions != versions_.end()) versions->second.erase(oldest.second);
  }
  return true;
}

std::vector<wire::TeamVersionT> TeamCache::heads() const {
  std::vector<wire::TeamVersionT> found;
  for (const auto& [team, version] : heads_) {
    wire::TeamVersionT entry;
    entry.team = team;
    entry.version = version;
    found.push_back(std::move(entry));
  }
  return found;
}

}  // namespace convoke::groupchat::owner
