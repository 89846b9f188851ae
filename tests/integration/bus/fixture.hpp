// A real intercom process in a temporary folder, and clients of it on the test's loop.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/client.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"
#include "wire/message.hpp"

namespace convoke::test {

using namespace std::chrono_literals;

inline convoke::Uuid fresh() { return {system_random(), system_random()}; }

/// A client whose messages and link changes are kept.
struct Node {
  Node(boost::asio::io_context& io, bus::ClientOptions options, std::string service)
      : client(io.get_executor(), std::move(options), {fresh(), service + "-test", service}) {
    client.on_message([this](wire::Message message) {
      if (handler)
        handler(std::move(message));
      else
        messages.push_back(std::move(message));
    });
    client.on_link([this](bool up) { (up ? ups : downs) += 1; });
  }

  /// The replica that this node is, as others see it.
  convoke::Uuid replica() const { return client.identity().replica; }
  /// Answers every query and command with Accepted.
  void answer_all() {
    handler = [this](wire::Message message) {
      if (message.as<wire::QueryT>() == nullptr && message.as<wire::CommandT>() == nullptr) return;
      ++asked;
      client.send(wire::reply(message.header, wire::AcceptedT{}));
    };
  }
  std::size_t faults(Fault code) const {
    std::size_t found = 0;
    for (const auto& message : messages) {
      const auto* answer = message.as<wire::AnswerT>();
      const auto* fault = answer ? answer->body.AsFault() : nullptr;
      if (fault && static_cast<Fault>(fault->code) == code) ++found;
    }
    return found;
  }

  bus::Client client;
  std::vector<wire::Message> messages;
  std::function<void(wire::Message)> handler;
  int ups = 0;
  int downs = 0;
  int asked = 0;
};

class Bus {
 public:
  explicit Bus(std::vector<std::string> settings = {}) : settings_(std::move(settings)) { start(); }

  void start() {
    Command command;
    command.arguments = {program("convoke-intercom"), "--intercom.bind=" + endpoint(), "--process.health=unix:" + folder_.file("health"),
                         "--intercom.hold_back=0ms"};
    command.arguments.insert(command.arguments.end(), settings_.begin(), settings_.end());
    intercom_.emplace(command);
  }
  void kill() { intercom_.reset(); }
  Process& intercom() { return *intercom_; }
  std::string endpoint() const { return "ipc://" + folder_.file("intercom"); }
  boost::asio::io_context& io() { return io_; }

  bus::ClientOptions options() const {
    bus::ClientOptions options;
    options.intercoms = {endpoint()};
    return options;
  }
  std::unique_ptr<Node> node(const std::string& service) { return node(service, options()); }
  std::unique_ptr<Node> node(const std::string& service, bus::ClientOptions options) {
    auto node = std::make_unique<Node>(io_, std::move(options), service);
    boost::asio::co_spawn(io_, node->client.run(), boost::asio::detached);
    return node;
  }
  std::unique_ptr<Process> peer(const std::string& service) {
    Command command;
    command.arguments = {program("bus_peer"), endpoint(), service};
    return std::make_unique<Process>(command);
  }

  template <class Predicate> bool until(Predicate predicate, std::chrono::milliseconds limit = 10s) {
    return run_until(io_, limit, predicate);
  }
  /// All of them registered, and seen by the first.
  bool together(const std::vector<Node*>& nodes) {
    return until([&] {
      for (const auto* node : nodes)
        if (!node->client.connected() || !sees(*nodes.front(), node->replica())) return false;
      return true;
    });
  }
  static bool sees(const Node& node, const convoke::Uuid& replica) {
    for (const auto& info : node.client.view().replicas)
      if (wire::from_wire(info.replica) == replica) return true;
    return false;
  }
  static std::size_t of_service(const Node& node, const std::string& service) {
    std::size_t found = 0;
    for (const auto& info : node.client.view().replicas) found += info.service == service ? 1 : 0;
    return found;
  }

  Result<wire::AnswerT> request(Node& node, wire::Message message, Millis deadline = 5s) {
    return run(io_, node.client.request(std::move(message), deadline));
  }
  Result<wire::AnswerT> command(Node& node, wire::Message message, Millis deadline = 5s) {
    return run(io_, node.client.command(std::move(message), deadline));
  }

 private:
  TempDir folder_;
  std::vector<std::string> settings_;
  std::optional<Process> intercom_;
  boost::asio::io_context io_{1};
};

inline wire::Message query_to(wire::DestKind kind, std::string dest = {}) {
  auto message = wire::message(wire::QueryT{});
  message.header.dest_kind = kind;
  message.header.dest = std::move(dest);
  return message;
}

inline wire::Message query_to(const convoke::Uuid& replica) {
  auto message = query_to(wire::DestKind::replica);
  message.header.dest_replica = wire::to_wire(replica);
  return message;
}

inline wire::Message command_to_owner(std::uint8_t partition) {
  wire::CommandT body;
  body.key = "k";
  auto message = wire::message(std::move(body));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition;
  return message;
}

inline wire::RegisterT claiming(std::uint64_t epoch, std::uint8_t partition) {
  wire::RegisterT statement;
  wire::ClaimT claim;
  claim.partition = partition;
  claim.epoch = epoch;
  statement.claims.push_back(claim);
  return statement;
}

}  // namespace convoke::test
