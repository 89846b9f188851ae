// What the owner core is told. Everything that can happen to it is here, and time comes beside it, so that a simulation can repeat any run.
// Answers carry the ticket of the action that asked; an answer whose ticket nobody waits for any more is ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "store/commit.hpp"
#include "wire/message.hpp"

namespace convoke::groupchat::owner {

using Ticket = std::uint64_t;

/// A message from the bus, in the order in which it came. Views come as Viewed.
struct Received {
  wire::Message message;
};

/// The intercom's view of replicas, claims and assignment.
struct Viewed {
  wire::ViewT view;
};

/// The connection to the intercom was lost, or is back and registered.
struct BusLost {};
struct BusRestored {};

/// The connection to Redis; to be told on every change, and before anything else is answered on a new connection.
struct LinkChanged {
  bool up = false;
  std::uint64_t generation = 0;
  store::Reason reason = store::Reason::none;  // while down
  std::string text;                            // while down: for people
};

/// Answers to CommitScope: exactly one for each, `unknown` when the connection was lost.
struct CommitDone {
  Ticket ticket = 0;
  store::CommitAnswer answer;
};

struct Loaded {
  Ticket ticket = 0;
  Result<store::Scope> scope;
};

struct CheckAnswer {
  std::vector<store::PartitionEpoch> epochs;
  std::vector<std::vector<store::Recorded>> recorded;  // one for each look-up, in its order
};
struct Checked {
  Ticket ticket = 0;
  Result<CheckAnswer> answer;
};

struct LogRead {
  Ticket ticket = 0;
  Result<store::LogPage> page;
};

struct PartRead {
  Ticket ticket = 0;
  Result<std::string> bytes;  // NOT_FOUND: there is no such part
};

struct SpansRead {
  Ticket ticket = 0;
  Result<std::vector<std::string>> spans;
};

struct Claimed {
  Ticket ticket = 0;
  Result<std::vector<store::ClaimAnswer>> answers;
};

struct DueRead {
  Ticket ticket = 0;
  Result<std::vector<std::vector<store::Due>>> pages;  // one for each query, in its order
};

/// Time went on: every 20 to 100 ms.
struct Tick {};

/// Leave: release everything. Answered, when nothing is held or in flight, by Drained.
struct Drain {};

using Event = std::variant<Received, Viewed, BusLost, BusRestored, LinkChanged, CommitDone, Loaded, Checked, LogRead, PartRead, SpansRead,
                           Claimed, DueRead, Tick, Drain>;

}  // namespace convoke::groupchat::owner
