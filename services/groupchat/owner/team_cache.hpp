// The team versions that this replica knows, and which ones are being asked for. Versions are immutable; the oldest leave beyond the bound.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "groupchat/logic.hpp"
#include "groupchat/owner/options.hpp"

namespace convoke::groupchat::owner {

class TeamCache final : public Teams {
 public:
  using Version = std::pair<std::string, std::uint32_t>;  // 0: the newest, whichever it is

  explicit TeamCache(const Options& options) : options_(options) {}

  const agents::Team* find(std::string_view team, std::uint32_t version) const override;
  std::uint32_t head(std::string_view team) const override;
  /// The version wanted is here.
  bool has(const TeamWanted& wanted) const;

  /// It is needed: due() will name it until it is here or given up.
  void want(const TeamWanted& wanted, SteadyTime now);
  void give_up(const Version& version) { wanted_.erase(version); }
  /// Versions to be asked for now; each is named again after `retry_team`.
  std::vector<Version> due(SteadyTime now);
  /// All heads may be out of date.
  void refresh(SteadyTime now);

  /// False: it was known already.
  bool add(const std::string& team, std::uint32_t version, std::shared_ptr<const agents::Team> definition, bool newest);
  /// Teams with their newest known versions.
  std::vector<wire::TeamVersionT> heads() const;
  /// True the first time: its stream is to be subscribed to.
  bool follow(const std::string& team) { return followed_.insert(team).second; }

 private:
  const Options& options_;
  std::map<std::string, std::uint32_t, std::less<>> heads_;
  std::map<std::string, std::map<std::uint32_t, std::shared_ptr<const agents::Team>>, std::less<>> versions_;
  std::deque<Version> order_;  // as they came
  std::set<std::string> followed_;
  std::map<Version, SteadyTime> wanted_;
  SteadyTime refreshed_ = {};
};

}  // namespace convoke::groupchat::owner
