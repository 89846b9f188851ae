// Settings of the sockets, with the defaults that the sharp edges of ZeroMQ ask for: every one of them is always set, none is left to the
// library's default. Components that take them list them through describe() (libs/runtime, Config).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace convoke::bus {

/// CURVE (RFC 26) keys in Z85 text, 40 characters each; all empty: no encryption. A router needs its secret key, a client all three.
struct Keys {
  std::string server_public;
  std::string own_public;
  std::string own_secret;
};

/// Makes a pair for a router (own_*) and one for its clients (own_*, and server_public).
void make_keys(Keys& router, Keys& client);

/// What both ends set.
struct SocketOptions {
  Millis linger{1'000};                           // how long closing may wait to send what is queued; never for ever
  std::uint32_t high_water = 100'000;             // messages in one pipe; the bounds in bytes above it are met first
  std::uint64_t max_message_bytes = 16ull << 20;  // one frame; a larger one costs its sender the connection
  Millis zmtp_heartbeat{1'000};                   // ZMTP PING, so that a frozen peer's connection ends even when nothing is sent
  Millis zmtp_timeout{3'000};                     // without any traffic: the connection is closed
  Millis handshake{2'000};                        // a connection that has not finished its greeting by then is closed
  Keys keys;
};

/// A process's connection to its intercoms.
struct ClientOptions {
  std::vector<std::string> intercoms = {"ipc:///tmp/convoke/intercom"};  // endpoints, tcp:// or ipc://
  SocketOptions socket;
  std::string token;                  // shared secret of the installation, when the intercom is configured with one
  Millis heartbeat{250};              // between two heartbeats
  Millis lost_after{1'000};           // an intercom that says nothing for so long is lost: the socket is closed and made anew
  Millis connect_within{500};         // an attempt at connecting and registering that has not ended in a View by then is given up
  Millis reconnect_first{20};         // back-off between attempts, doubling …
  Millis reconnect_most{500};         // … up to this
  Millis linger_small{3};             // a message that may wait leaves alone after so long, otherwise with the next one of its class
  Millis repeat{1'000};               // an unanswered command is repeated so often
  Millis retry_first{10};             // back-off after NO_OWNER, UNREACHABLE, DRAINING …, doubling …
  Millis retry_most{200};             // … up to this
  std::uint32_t max_queued = 10'000;  // messages waiting to be sent, per class
  std::uint64_t max_queued_bytes = 32ull << 20;  // and their bytes, per class
  std::uint32_t max_calls = 100'000;             // unanswered requests and commands together
  std::uint32_t confirm_messages = 256;          // received messages are confirmed to the intercom after so many …
  std::uint64_t confirm_bytes = 256ull << 10;    // … or so many bytes, and with every heartbeat

  /// For runtime::Config, section `bus`; the endpoints come from the section `process`.
  template <class Fields> void describe(Fields& field) {
    field.secret("token", token, "shared secret of the installation");
    field.secret("server_key", socket.keys.server_public, "CURVE public key of the intercom; empty: no encryption");
    field.secret("public_key", socket.keys.own_public, "CURVE public key of this process");
    field.secret("secret_key", socket.keys.own_secret, "CURVE secret key of this process");
    field("max_message_bytes", socket.max_message_bytes, "largest message frame");
    field("heartbeat", heartbeat, "between two heartbeats to the intercom");
    field("lost_after", lost_after, "an intercom silent for so long is reconnected to");
    field("repeat", repeat, "an unanswered command is repeated so often");
    field("max_queued", max_queued, "messages waiting to be sent, per class");
    field("max_queued_bytes", max_queued_bytes, "bytes waiting to be sent, per class");
  }
};

}  // namespace convoke::bus
