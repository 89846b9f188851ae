// What is measured of a broker: round trips one at a time and many at once, and one message to many members.
#pragma once

#include <functional>

#include "bus/peers.hpp"

namespace convoke::bench {

/// A client and a worker, a process each, 256 bytes. `pinned`: everything on one core, one round trip at a time: microseconds (p50).
/// Otherwise 64 outstanding: round trips per second.
double relay(Broker broker, bool pinned);
/// One publisher, 16 members, 16 outstanding: messages per second that all members got.
double fan_out(Broker broker);
/// The same round trip as relay(…, true), through nats-server, between two peers that speak its protocol bare; 0 when it does not start.
double nats_relay();
/// Runs a measurement in a process of its own, so that what one leaves behind does not touch the next; 0 when it did not end in time.
double apart(const std::function<double()>& measure);

}  // namespace convoke::bench
