// What the core asks of its shell. Actions are performed in order; a send that fails is reported back (IntercomCore::on_send_failed). One
// Actions object is used again for every event, so that the steady state allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "wire/message.hpp"

namespace convoke::intercom {

/// One connection, numbered by the shell; a number is used again only after `forget`.
using Peer = std::uint32_t;

struct Action {
  enum class Kind : std::uint8_t {
    forward,  // the message that was just received, as it now is, to `peer`
    send,     // parcels[parcel] to `peer`
    forget,   // `peer` is over for us
  };
  Kind kind = Kind::forward;
  Peer peer = 0;
  std::uint32_t parcel = 0;
  bool may_wait = false;  // until there is something else for `peer`, or the next tick
  bool operator==(const Action&) const = default;
};

struct Actions {
  std::vector<Action> list;
  std::vector<wire::Frames> parcels;

  void clear() {
    list.clear();
    parcels.clear();
  }
};

}  // namespace convoke::intercom
