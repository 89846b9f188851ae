// The worker as a process: turns of one agent, or of all agents of a team, in; their answers out.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "http/client.hpp"
#include "llm/config.hpp"
#include "runtime/turn_service.hpp"
#include "worker/conversation.hpp"

namespace convoke::worker {

struct WorkerOptions {
  std::string agent;
  std::string team;
  Millis keep_effects{0};

  template <class Fields> void describe(Fields& field) {
    field("agent", agent, "full name of the agent whose turns are taken, <team>.<name>");
    field("team", team, "instead of agent: turns of all agents of this team, those included that it gets later");
    field("keep_effects", keep_effects, "template tools know a call again for so long; 0: for ever. Longer than any turn lasts");
  }
};

struct ServiceOptions {
  bus::ClientOptions bus;
  agents::HostOptions turns;
  http::ClientOptions http;
  llm::ModelConfig model;
  ConversationOptions conversation;
  WorkerOptions worker;
};

/// Whose turns are taken: {team, agent or `*`}. INVALID unless exactly one of both is given and is a name.
Result<std::pair<std::string, std::string>> served_by(const WorkerOptions& options);

class Service {
 public:
  /// Throws std::invalid_argument when the options say nothing to serve, or the journal of the data folder cannot be opened.
  Service(runtime::Runtime& runtime, ServiceOptions options);
  void start() { turns_.start(); }

 private:
  asio::awaitable<wire::TurnResultT> carry_out(agents::Turn& turn);

  ServiceOptions options_;
  std::pair<std::string, std::string> served_;
  http::Client http_;
  llm::Model model_;
  tools::Journal journal_;
  Tooling tooling_;
  runtime::TurnService turns_;
};

}  // namespace convoke::worker
