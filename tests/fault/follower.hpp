// Somebody who follows one conversation over a WebSocket, goes on where they were wherever they connect next, and keeps what they saw.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/websocket_client.hpp"
#include "support/installation.hpp"

namespace convoke::test {

class Follower {
 public:
  explicit Follower(std::string conversation) : conversation_(std::move(conversation)) {}

  /// `address`: host:port of a gateway. From where they were, or from the beginning.
  bool connect(const std::string& address);
  /// Takes what comes until there are so many events, or nothing more.
  bool until(std::size_t count);
  /// Whether the connection ends by itself.
  bool lost();
  /// Takes what comes for a moment; false when the connection is lost.
  bool look();

  std::vector<Json> seen;
  std::string mistake;  // what the gateway never says to who reads on: its log became another one, or it may not be read

 private:
  enum class End : std::uint8_t { not_yet, silence, lost };
  End take(Millis patience);

  std::string conversation_;
  boost::asio::io_context io_;
  std::optional<http::WebSocketClient> socket_;
};

/// The same, in a thread of their own that connects again and again, to the end of the scope.
class Reader {
 public:
  Reader(std::string address, std::string conversation);
  ~Reader() { end(); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Waits until they have seen so many events, and ends.
  const std::vector<Json>& finish(std::size_t count);
  /// After finish().
  const std::string& mistake() const { return follower_.mistake; }
  /// How often they went on after they had been cut off.
  int resumed() const { return resumed_; }

 private:
  void follow();
  void end();

  std::string address_;
  Follower follower_;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<int> resumed_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace convoke::test
