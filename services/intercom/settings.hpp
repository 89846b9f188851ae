// The intercom's bounds and times.
#pragma once

#include <cstdint>
#include <string>

#include "core/time.hpp"

namespace convoke::intercom {

struct Settings {
  Millis lost_after{1'000};       // a replica that is silent for so long is lost
  Millis gone_after{300};         // one whose connection has ended is lost unless it has another by then
  Millis register_within{2'000};  // a connection that has not registered by then is forgotten
  Millis settle{1'000};           // partitions are assigned so long after the last change of membership
  Millis first_settle{200};       // … while nobody holds any
  Millis view_every{20};          // Views to all are at least so far apart
  // No turn is handed out for so long after the start: a worker that holds it already has to be heard first, or two would have it.
  Millis hold_back{1'000};
  Millis unheard_after{5'000};  // a worker says every second what it has: a turn of which it said nothing for so long is not there
  Millis retry_after{200};      // told with OVERLOADED
  std::uint64_t stream_window = 4ull << 20;       // bytes unconfirmed by a peer up to which it is sent class `stream`
  std::uint64_t reserve = 4ull << 20;             // … and beyond that, everything else; then as much again for what we say ourselves
  std::uint32_t max_unconfirmed = 32'768;         // messages unconfirmed by a peer; the reserve has as many again, twice
  std::uint32_t max_parked = 10'000;              // turns waiting per agent, and beyond them what its workers give back as BUSY
  std::uint64_t max_parked_bytes = 256ull << 20;  // … and of all agents together
  std::uint32_t max_instances = 100'000;          // instances remembered after their turn (who held them, which attempt was last)
  Millis keep_instances{600'000};                 // … and for how long: a repetition of what they did last may come until then
  std::uint32_t max_subscriptions = 100'000;      // per connection
  std::uint32_t max_replicas = 10'000;
  std::string token;  // registrations must name it; empty: none is asked for

  template <class Fields> void describe(Fields& field) {
    field("lost_after", lost_after, "a replica that is silent for so long is lost");
    field("gone_after", gone_after, "a replica whose connection has ended is lost unless it has another by then");
    field("register_within", register_within, "a connection that has not registered by then is forgotten");
    field("settle", settle, "partitions are assigned so long after the last change of membership");
    field("first_settle", first_settle, "the same while nobody holds any partition");
    field("view_every", view_every, "views to all are at least so far apart");
    field("hold_back", hold_back, "no turn is handed out for so long after the start");
    field("unheard_after", unheard_after, "a turn of which its worker said nothing for so long is lost");
    field("retry_after", retry_after, "told to whoever is refused with OVERLOADED");
    field("stream_window", stream_window, "bytes unconfirmed by a peer up to which it is sent events and deltas");
    field("reserve", reserve, "bytes beyond that for everything else");
    field("max_unconfirmed", max_unconfirmed, "messages unconfirmed by a peer, as stream_window");
    field("max_parked", max_parked, "turns waiting per agent, and beyond them what its workers give back");
    field("max_parked_bytes", max_parked_bytes, "bytes of all waiting turns");
    field("max_instances", max_instances, "agent instances remembered after their turn");
    field("keep_instances", keep_instances, "and for how long");
    field("max_subscriptions", max_subscriptions, "streams that one connection may subscribe to");
    field("max_replicas", max_replicas, "replicas registered at once");
    field.secret("token", token, "shared secret of the installation; empty: none is asked for");
  }
};

}  // namespace convoke::intercom
