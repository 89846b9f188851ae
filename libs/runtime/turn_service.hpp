// What worker, planner and executor have in common as processes: the connection to the intercom, a host of turns, team versions, spans on
// their way to the owners, readiness and the orderly end. A service adds its handler. Link convoke_turn_service.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agents/turns/host.hpp"
#include "agents/turns/teams.hpp"
#include "bus/client.hpp"
#include "runtime/runtime.hpp"

namespace convoke::runtime {

struct TurnServiceOptions {
  std::string service;              // worker, planner, executor
  std::vector<std::string> agents;  // whose turns are taken: full names, `<team>.*`
  std::string team;                 // whose newest version is followed and registered; empty: none
  /// Turns at once that a team version asks for, when the configuration does not say; empty: the host's default.
  std::function<std::uint32_t(const agents::Team&)> credit_of = {};
};

class TurnService {
 public:
  /// Everything is started by start(). `bus.intercoms` is taken from the process's options.
  TurnService(Runtime& runtime, bus::ClientOptions bus, agents::HostOptions host, TurnServiceOptions options,
              agents::TurnHost::Handler handler);

  void start();

  /// The team version that the turn's run is pinned to; waits while its owner is away, as long as the turn may take.
  asio::awaitable<Result<std::shared_ptr<const agents::TeamVersion>>> team_of(agents::Turn& turn);
  agents::TurnHost& host() { return host_; }
  bus::Client& bus() { return bus_; }

 private:
  void on_message(wire::Message message);
  void on_link(bool up);
  asio::awaitable<void> follow_team();
  asio::awaitable<void> stop_accepting();
  asio::awaitable<void> leave();
  void export_metrics();

  Runtime& runtime_;
  TurnServiceOptions options_;
  bus::Client bus_;
  agents::TeamVersions teams_;
  agents::TurnHost host_;
  std::uint32_t wanted_version_ = 0;  // named by the last TeamChanged
  std::uint32_t served_version_ = 0;
  bool following_ = false;
};

}  // namespace convoke::runtime
