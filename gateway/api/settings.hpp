// What the gateway is told; section `gateway`.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "api/backend.hpp"
#include "api/common/fields.hpp"
#include "api/streams.hpp"

namespace convoke::api {

/// A mistake in the settings that only a look at what they name shows: no other start mends it, and main() says so by its exit code.
struct BadSettings : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct GatewayOptions {
  std::string keys;                  // file of API keys; empty: loopback only
  std::vector<std::string> hosts;    // Host names served besides loopback
  std::vector<std::string> origins;  // foreign pages that may call
  std::string team = "company";      // for requests that name none
  Millis plan_wait{20'000};          // input_task waits so long for the plan
  Millis probe_interval{1'000};      // how often an owner is asked whether it answers
  Millis probe_deadline{1'000};      // and how long that may take
  InputLimits limits;
  BackendOptions backend;
  StreamOptions streams;
  std::size_t max_items = 10'000;                      // in the answer of one list
  std::size_t sessions_at_once = 16;                   // that a request about all of a user's has under way
  std::size_t max_subscriptions = 1'000;               // of one WebSocket
  std::size_t max_waiting = 64;                        // commands of one WebSocket to one session that wait for their turn
  std::size_t pause_bytes = std::size_t{512} * 1024;   // unsent to a slow WebSocket: its readers pause
  std::size_t resume_bytes = std::size_t{128} * 1024;  // and go on

  template <class Fields> void describe(Fields& field) {
    field("keys", keys, "file of API keys, lines of `<sha256> <user> [admin]`; empty: no keys, loopback only");
    field("hosts", hosts, "Host names that are served besides localhost");
    field("origins", origins, "foreign pages that may call, such as https://app.example");
    field("team", team, "team of requests that name none");
    field("probe_interval", probe_interval, "how often an owner is asked whether it answers, for /readyz");
    field("probe_deadline", probe_deadline, "how long an owner may take to answer that");
    field("plan_wait", plan_wait, "how long input_task waits for the plan");
    field("max_text", limits.max_text, "bytes of one text");
    field("max_depth", limits.max_depth, "levels of nested JSON");
    field("command_deadline", backend.command_deadline, "for the commit of a command");
    field("query_deadline", backend.query_deadline, "for the answer to a question");
    field("max_items", max_items, "elements of one list in an answer");
    field("sessions_at_once", sessions_at_once, "sessions that a request about all of a user's reads or deletes at a time");
    field("max_subscriptions", max_subscriptions, "conversations that one WebSocket reads at once");
    field("max_waiting", max_waiting, "commands of one WebSocket to one session that wait for their turn");
    field("pause_bytes", pause_bytes, "unsent bytes at which a slow WebSocket's readers pause");
    field("resume_bytes", resume_bytes, "unsent bytes at which they go on");
  }
};

}  // namespace convoke::api
