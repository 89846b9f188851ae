// A small installation: redis-server, intercom and groupchat replicas as processes, and the test's own connections to the bus.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agents/team/load.hpp"
#include "bus/client.hpp"
#include "core/hash.hpp"
#include "http/client.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"

namespace convoke::groupchat::test {

using namespace convoke::test;
using namespace std::chrono_literals;

inline agents::Team chat_team(std::string description = "a team") {
  agents::Team team;
  team.name = "company";
  team.description = std::move(description);
  team.models["default"] = "m";
  team.agents.emplace_back();
  team.agents.back().name = "A";
  team.agents.back().description = "an agent";
  team.agents.back().instructions = "Be good.";
  team.starting_tasks.push_back({.id = "one", .name = "One", .prompt = "Do it.", .logo = "", .tools = {}});
  return team;
}

/// A connection to the intercom under some service's name; keeps what it is sent.
class Peer {
 public:
  Peer(boost::asio::io_context& io, const std::string& intercom, std::string service, std::vector<std::string> agents = {})
      : io_(io), client_(io.get_executor(), options(intercom), {Uuid{system_random(), system_random()}, service + "-test", service}) {
    wire::RegisterT registration;
    registration.agents = std::move(agents);
    registration.credit = registration.agents.empty() ? 0 : 8;
    client_.set_registration(std::move(registration));
    client_.on_message([this](wire::Message message) { received.push_back(std::move(message)); });
    boost::asio::co_spawn(io_, client_.run(), [](std::exception_ptr) {});
  }
  ~Peer() { client_.close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bus::Client& client() { return client_; }
  std::deque<wire::Message> received;

  template <class T> Result<wire::AnswerT> command(T body, const std::string& scope, const std::string& key, Millis limit = 15s) {
    wire::CommandT made;
    made.scope = scope;
    made.user = "ann";
    made.key = key;
    made.hash.assign(16, 1);
    made.body.Set(std::move(body));
    auto message = to_owner(wire::message(std::move(made)), scope);
    return run(io_, client_.command(std::move(message), limit), limit + 5s);
  }
  template <class T> Result<wire::AnswerT> query(T body, const std::string& scope, Millis limit = 5s) {
    wire::QueryT made;
    made.scope = scope;
    made.user = "ann";
    made.body.Set(std::move(body));
    auto message = to_owner(wire::message(std::move(made)), scope);
    return run(io_, client_.request(std::move(message), limit), limit + 5s);
  }
  /// The next message with such a body; fails the test when none comes.
  template <class T> wire::Message await(Millis limit = 10s) {
    auto found = received.end();
    const bool came = run_until(io_, limit, [&] {
      found = std::find_if(received.begin(), received.end(), [](const auto& message) { return message.template as<T>() != nullptr; });
      return found != received.end();
    });
    REQUIRE(came);
    wire::Message message = std::move(*found);
    received.erase(found);
    return message;
  }
  /// Answers a turn, and repeats until the owner has it.
  void answer(const wire::WorkT& work, std::string text) {
    for (int tries = 0; tries < 40; ++tries) {
      wire::TurnResultT result;
      result.text = text;
      wire::ReportT report;
      report.session = work.session;
      report.agent = work.agent;
      report.turn = work.turn;
      report.attempt = work.attempt;
      report.body.Set(std::move(result));
      auto message = to_owner(wire::message(std::move(report)), "s:" + work.session);
      message.header.source = "agent/" + work.agent;
      client_.send(std::move(message));
      const bool answered = run_until(io_, 500ms, [&] { return std::any_of(received.begin(), received.end(), is_end); });
      std::erase_if(received, [](const auto& one) { return one.template as<wire::AnswerT>() != nullptr; });
      if (answered) return;
    }
    FAIL("the result was never acknowledged");
  }

 private:
  static bus::ClientOptions options(const std::string& intercom) {
    bus::ClientOptions options;
    options.intercoms = {intercom};
    return options;
  }
  static bool is_end(const wire::Message& message) {
    const auto* answer = message.as<wire::AnswerT>();
    return answer != nullptr && answer->body.AsAcknowledged() != nullptr;
  }
  static wire::Message to_owner(wire::Message message, const std::string& scope) {
    message.header.dest_kind = wire::DestKind::owner;
    message.header.partition = partition_of(scope);
    return message;
  }

  boost::asio::io_context& io_;
  bus::Client client_;
};

class Installation {
 public:
  explicit Installation(RedisServerOptions redis_options = {}) : redis(std::move(redis_options)) {
    intercom_ = std::make_unique<Process>(
        Command{{program("convoke-intercom"), "--intercom.bind=" + endpoint(), "--process.health=unix:" + folder_.file("intercom.health")},
                {},
                {}});
  }

  RedisServer redis;
  boost::asio::io_context io;

  std::string endpoint() const { return "ipc://" + folder_.file("bus"); }
  std::string health(const std::string& name) const { return folder_.file(name + ".health"); }
  std::unique_ptr<Process> groupchat(const std::string& name) {
    return std::make_unique<Process>(Command{{program("convoke-groupchat"), "--process.name=" + name, "--process.intercoms=" + endpoint(),
                                              "--store.endpoint=" + redis.endpoint(), "--process.health=unix:" + health(name)},
                                             {},
                                             {}});
  }
  Process& intercom() { return *intercom_; }

  http::Response get(const std::string& name, const std::string& path) {
    http::ClientRequest request;
    request.url = "http://localhost" + path;
    request.unix_socket = health(name);
    request.total_deadline = Millis{1'000};
    auto answer = run(io, client_.send(request));
    if (answer) return *answer;
    http::Response none;
    none.status = 0;
    return none;
  }
  bool ready(const std::string& name, Millis limit = 15s) {
    return run_until(io, limit, [&] { return get(name, "/readyz").status == 200; });
  }
  bool not_ready(const std::string& name, const std::string& reason, Millis limit = 15s) {
    return run_until(io, limit, [&] {
      const auto answer = get(name, "/readyz");
      return answer.status == 503 && answer.body.find(reason) != std::string::npos;
    });
  }
  /// The value of a metric line, such as `convoke_commits_total{scope="session"}`.
  double metric(const std::string& name, const std::string& line) {
    const std::string body = get(name, "/metrics").body;
    const auto at = body.find("\n" + line + " ");
    if (at == std::string::npos) return 0;
    return std::stod(body.substr(at + line.size() + 2));
  }

 private:
  TempDir folder_;
  std::unique_ptr<Process> intercom_;
  http::Client client_{io, {}};
};

}  // namespace convoke::groupchat::test
