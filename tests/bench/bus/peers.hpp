// The two sides of a measurement: stock ZeroMQ peers that behave the same towards both, and the brokers between them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "core/id.hpp"
#include "wire/message.hpp"

namespace convoke::bench {

using Clock = std::chrono::steady_clock;

enum class Broker : std::uint8_t { intercom, proxy, xpub };

/// Runs `task` in a child process that dies with us; returns its id.
pid_t spawn(const std::function<void()>& task);
void stop(pid_t child);
/// Everything started from here on runs on one core.
void pin();

/// A broker in a process of its own: convoke-intercom, zmq_proxy between ROUTER and DEALER, or PULL to XPUB.
class Hub {
 public:
  Hub(Broker kind, const std::string& folder);
  ~Hub() { stop(child_); }
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  const std::string& front() const { return front_; }
  const std::string& back() const { return back_; }

 private:
  std::string front_;
  std::string back_;
  pid_t child_ = 0;
};

/// A DEALER that speaks the link protocol where there is an intercom, and nothing but payload elsewhere.
class Peer {
 public:
  /// `subscribe`: the stream to receive; empty: none.
  Peer(zmq::context_t& context, const std::string& endpoint, Broker broker, const convoke::Uuid& replica, const std::string& service,
       const std::string& subscribe = {});

  void send(const std::string& header, const std::string& body);
  /// Waits for the next payload message (a body of that size) and leaves its routing frame, if any, for answer().
  void receive(std::size_t body_size);
  /// The same without waiting; false when there is none.
  bool receive_now(std::size_t body_size);
  void answer(const std::string& header, const std::string& body);
  zmq::socket_t& socket() { return socket_; }

 private:
  bool take(zmq::recv_flags flags, std::size_t body_size, bool& payload);
  void state(wire::Message message);
  void confirm();

  zmq::socket_t socket_;
  Broker broker_;
  zmq::message_t first_;
  zmq::message_t second_;
  zmq::message_t third_;
  std::uint64_t received_ = 0;
  std::uint64_t number_ = 0;
  Clock::time_point stated_{};
};

/// A header as bytes: `kind` from `source` to a replica, or to a stream when `stream` is given.
std::string header_bytes(wire::Body kind, const std::string& source, const convoke::Uuid& replica, const std::string& stream = {});

}  // namespace convoke::bench
