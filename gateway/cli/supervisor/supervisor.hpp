// `convoke up`, performed: child processes, their health, the team's head, and the control socket through which the rest of the command
// line asks for status, scaling and the end. Decisions about processes are in core.hpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/api_client.hpp"
#include "cli/supervisor/core.hpp"
#include "cli/supervisor/installation.hpp"
#include "core/async.hpp"
#include "http/server.hpp"

namespace convoke::cli {

struct UpOptions {
  InstallationPlan installation;
  std::string team_json;            // canonical
  std::string api_key;              // an admin's, where the gateway is configured with keys ($CONVOKE_API_KEY)
  std::string team_hash;            // of the file
  std::vector<std::string> agents;  // full names, of the team file
  Millis ready_within{30'000};
  std::uint64_t max_log_bytes = 16u << 20;  // of one process; twice that on disk
};

class Supervisor {
 public:
  Supervisor(asio::io_context& io, UpOptions options);

  /// Starts everything and returns when all is ready: every process, every partition, the team and its version. On failure the sentence
  /// names the culprit and its last lines; INVALID, and at once, where trying again would not mend it.
  asio::awaitable<Status> start(std::function<void(const std::string&)> progress);
  /// Stops everything in order; returns when nothing runs any more.
  asio::awaitable<void> stop();
  /// Set when somebody asked for the end: a signal, or the control socket.
  Event& end_wanted() { return end_wanted_; }

  Json status() const;

 private:
  struct Running {
    Program program;
    bool asking = false;  // a health request is out
  };

  void spawn(std::string name, asio::awaitable<void> task);
  void feed(const Happened& event);
  void perform(const Order& order);
  void launch_child(const std::string& name);
  void reap();
  void add(Program program);
  void add_agent(const std::string& agent);
  Status scale(const std::string& agent, int count);

  asio::awaitable<void> watch_children();
  asio::awaitable<void> watch_health();
  asio::awaitable<void> check(std::string name, int pid);
  asio::awaitable<Result<std::string>> ask_ready(std::string name);
  asio::awaitable<void> follow_teams();
  asio::awaitable<Status> apply_team(Millis deadline);
  std::vector<std::string> changed_teams(const Json& directory);
  void add_awaited(const Json& directory);
  asio::awaitable<void> refresh_agents(std::string team);
  asio::awaitable<http::Response> look_at_team(std::string team);
  asio::awaitable<http::Response> control(http::Request request);
  asio::awaitable<Result<bool>> partitions_held();
  std::string trouble() const;
  std::string disk_trouble(std::uint64_t needed) const;
  std::string hopeless() const;
  std::string culprit() const;

  asio::io_context& io_;
  UpOptions options_;
  SupervisorCore core_;
  std::map<std::string, Running> programs_;
  std::map<std::string, int> workers_;  // agent → how many
  std::map<std::string, int> scaled_;   // what `scale` was asked for, kept in the data folder
  ApiClient gateway_;
  http::Client http_;
  http::Server control_;
  asio::signal_set children_signal_;
  Event changed_;
  Event finished_;
  Event end_wanted_;
  std::map<std::string, std::uint32_t> teams_;  // that runs of this installation belong to → the version whose agents have workers
  bool up_ = false;
};

}  // namespace convoke::cli
