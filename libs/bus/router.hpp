// The intercom's socket: a ROUTER on which everything is said. Messages are handed over as frames that are not copied; a peer is a small
// number that stands for one connection until forget() (a process that reconnects comes as another peer). Nothing is dropped in silence:
// what is not taken comes back with the reason (ROUTER_MANDATORY). Single-threaded, on one loop.
//
// What is said is gathered and handed to ZeroMQ by peer: its thread then wakes once for each peer, and writes all of it in one system call.
// A message that comes alone goes on at once; of those that come in a crowd up to 64 are read first. The order to each peer is kept.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/options.hpp"

namespace convoke::bus {

/// One connection. Numbers are used again after forget(), never before.
using Peer = std::uint32_t;

/// Why a message was not taken.
enum class Refusal : std::uint8_t {
  full,  // the queue of its peer is full (EAGAIN)
  gone,  // no such connection (EHOSTUNREACH)
};

struct RouterOptions {
  std::vector<std::string> bind = {"ipc:///tmp/convoke/intercom"};  // tcp:// and ipc:// at once; port 0 or `*`: chosen by the system
  SocketOptions socket;
  std::uint32_t max_peers = 10'000;   // connections known at once; more are not heard
  std::uint32_t drain_batch = 1'024;  // messages handled before the loop turns once
};

struct RouterCounters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t refused_full = 0;
  std::uint64_t refused_gone = 0;
  std::uint64_t malformed = 0;  // not [routing][header][body]
  std::uint64_t peers_refused = 0;
};

class Router {
 public:
  /// The message that was just received. Valid during the handler alone.
  struct Incoming {
    Peer peer = 0;
    std::span<std::uint8_t> header;  // may be changed in place before forward()
    std::string_view body;
  };

  Router(boost::asio::any_io_executor executor, RouterOptions options);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Called for every message. Inside it, forward() and send() may be called any number of times.
  void on_message(std::function<void(const Incoming&)> handler);
  /// Called for every message that was not taken, some time after it was said, never inside forward() or send().
  void on_refused(std::function<void(Peer, Refusal)> handler);
  /// Called when everything that had arrived is handled, before the loop waits again: the place for what is done once per drain.
  void on_drained(std::function<void()> handler);

  /// Binds and begins to receive. Throws std::runtime_error with the endpoint and the reason when it cannot bind.
  void open();
  void close();
  /// The endpoints with the ports that the system chose.
  const std::vector<std::string>& endpoints() const;

  /// Inside on_message: sends the present message to `peer`; the bytes are shared, not copied. After `Use::last` the message is spent.
  enum class Use : std::uint8_t { again, last };
  void forward(Peer peer, Use use = Use::again);
  void send(Peer peer, std::string_view header, std::string_view body);
  /// The connection is over for us, after what was said so far: its number may be used again. A process behind it that speaks again is a
  /// new peer.
  void forget(Peer peer);

  const RouterCounters& counters() const;
  std::size_t peers() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace convoke::bus
