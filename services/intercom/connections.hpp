// The connections and what is on its way over each: a window of bytes and messages that the peer has not confirmed yet. Class `stream` is
// sent up to the window, everything else up to a reserve above it, our own words up to a second one. When a connection ends, whatever was
// not confirmed is answered to those who sent it: that is how nothing is lost in silence.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"
#include "intercom/action.hpp"
#include "intercom/frames.hpp"
#include "intercom/ring.hpp"
#include "intercom/settings.hpp"

namespace convoke::intercom {

struct Replica;

/// Enough of a message to answer it with a Fault.
struct Sender {
  convoke::Uuid id;
  Peer peer = 0;
  std::uint32_t serial = 0;  // of the connection, because its number may be used again; 0: nobody is told
  wire::Class class_ = wire::Class::request;
  std::uint8_t partition = 0;
};

struct Connection {
  std::uint32_t serial = 0;    // 0: not in use
  Replica* replica = nullptr;  // nullptr: not registered
  SteadyTime opened;
  std::string source;  // the name it spoke under last, already checked
  std::set<std::string> streams;
  std::uint64_t sent = 0;       // messages, over the whole connection
  std::uint64_t confirmed = 0;  // of those
  std::uint64_t unconfirmed_bytes = 0;
  std::uint64_t stream_dropped = 0;
  bool stuck = false;  // not even our own words fit: to be ended at the next tick
  bool gone = false;   // nothing reaches it any more, but its last words may still come in: to be ended at the next tick

  struct Flight {
    Sender sender;
    std::uint32_t bytes = 0;
  };
  Ring<Flight> flights;
};

class Connections {
 public:
  explicit Connections(const Settings& settings) : settings_(settings) {}

  /// The connection of that number, opened if it is new.
  Connection& at(Peer peer, SteadyTime now);
  Connection* find(Peer peer);
  bool is(Peer peer, std::uint32_t serial) const { return serial != 0 && peer < all_.size() && all_[peer].serial == serial; }

  /// Whether another message of that class may be sent now.
  bool fits(const Connection& connection, wire::Class class_) const;
  /// Each adds an action and counts it against the window. `say` is for what the intercom says itself; false when the peer is stuck.
  void forward(Peer peer, const Sender& sender, std::size_t bytes, Actions& out);
  void send(Peer peer, const Sender& sender, std::uint32_t parcel, Actions& out);
  bool say(Peer peer, std::uint32_t parcel, Actions& out);

  void confirm(Connection& connection, std::uint64_t received);
  /// Takes the connection out of use and adds `forget`; returns who has to be told.
  std::vector<Sender> end(Peer peer, Actions& out);

  std::size_t size() const { return used_; }
  /// Messages on their way over the connection that has most of them.
  std::size_t unconfirmed() const;
  /// Streams of the one that subscribed to most.
  std::size_t subscribed() const;
  Peer limit() const { return static_cast<Peer>(all_.size()); }

 private:
  bool within(const Connection& connection, std::uint32_t reserves) const;
  void take_off(Connection& connection, const Sender& sender, std::size_t bytes);

  const Settings& settings_;
  std::vector<Connection> all_;
  std::uint32_t serial_ = 0;
  std::size_t used_ = 0;
};

}  // namespace convoke::intercom
