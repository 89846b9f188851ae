// Turns through a whole installation, as its users cause them: every process is real, Redis syncs each write unless told otherwise, and the
// model answers at once. Conversations have a WebSocket each; a turn lasts from the frame that posts to the frame with the agent's message.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "support/installation.hpp"
#include "turns/websocket.hpp"

namespace convoke::bench {

/// What the model says, ours and the others': 40 words.
std::string answer();

/// An installation of one plain agent, and the model beside it.
class Deployment {
 public:
  /// `fsync`: Redis's appendfsync. `history_bytes`: what of earlier turns the model is told; 0: as the product has it.
  explicit Deployment(const std::string& fsync = "always", std::size_t history_bytes = 0);
  test::Installation& installation() { return *installation_; }
  const std::string& address() const { return installation_->address(); }

 private:
  test::TempDir folder_;
  test::Process model_;
  std::unique_ptr<test::Installation> installation_;
};

class Conversation {
 public:
  explicit Conversation(const std::string& address);
  void post();
  /// Reads what has come; true when the agent's message was in it.
  bool read();
  /// Posts and waits for the agent's message.
  void turn();
  int descriptor() const { return socket_.descriptor(); }

 private:
  WebSocket socket_;
  std::string frame_;
};

/// Every conversation takes so many turns, all conversations side by side; turns per second over all.
double side_by_side(std::vector<Conversation>& conversations, std::size_t turns);
/// Microseconds of each of so many turns, one after the other.
std::vector<double> one_by_one(Conversation& conversation, std::size_t turns);
/// Microseconds (p50 of 51 turns) of a conversation with nothing beside it; the median of five conversations after a first.
double alone(const std::string& address);
std::vector<Conversation> open(const std::string& address, std::size_t count);

}  // namespace convoke::bench
