// Team versions in a process: fetched from the team's owner, immutable, kept. Services ask for the version that a turn is pinned to; the
// newest one is followed through the stream `team/<team>`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "agents/team/team.hpp"
#include "bus/client.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace convoke::agents {

namespace asio = boost::asio;

struct TeamVersion {
  std::string name;
  std::uint32_t version = 0;
  std::shared_ptr<const Team> team;
};

class TeamVersions {
 public:
  /// The client outlives this. `capacity`: versions kept.
  explicit TeamVersions(bus::Client& bus, Millis deadline = Millis{10'000}, std::size_t capacity = 32);

  /// Version 0: the newest, asked of the owner. NOT_FOUND: no such team or version; MALFORMED: a definition that this build cannot read.
  asio::awaitable<Result<std::shared_ptr<const TeamVersion>>> get(std::string team, std::uint32_t version);
  /// Only what is here already.
  std::shared_ptr<const TeamVersion> find(std::string_view team, std::uint32_t version);

 private:
  bus::Client& bus_;
  Millis deadline_;
  std::size_t capacity_;
  std::list<std::shared_ptr<const TeamVersion>> kept_;  // most recently used first
};

}  // namespace convoke::agents
