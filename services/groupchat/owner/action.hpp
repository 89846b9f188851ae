// What the owner core wants done. A list of actions is performed in its order: commits and claims reach the store in that order. Those with
// a ticket are answered by the event named beside them; no answer at all is only right when the process dies.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "groupchat/owner/event.hpp"

namespace convoke::groupchat::owner {

/// To the bus. Id, source and time to live are set.
struct Send {
  wire::Message message;
};

/// store::commit → CommitDone.
struct CommitScope {
  Ticket ticket = 0;
  store::Commit commit;
  std::vector<wire::Trace> traces;  // of its messages, for spans
};

/// store::load → Loaded.
struct LoadScope {
  Ticket ticket = 0;
  std::string scope;
};

struct LookUp {
  std::string scope;
  std::vector<std::string> keys;
};
/// store::epochs, then store::keys for each look-up → Checked. Not to be answered from any cache.
struct Check {
  Ticket ticket = 0;
  std::vector<store::Partition> partitions;
  std::vector<LookUp> look_ups;
};

/// store::read_log → LogRead.
struct ReadLog {
  Ticket ticket = 0;
  store::LogQuery query;
};

/// store::read_part → PartRead.
struct ReadPart {
  Ticket ticket = 0;
  std::string scope;
  std::string name;
};

/// store::spans_read → SpansRead.
struct ReadSpans {
  Ticket ticket = 0;
  std::string session;
};

/// store::claim → Claimed.
struct Claim {
  Ticket ticket = 0;
  std::vector<store::Claim> claims;
};

/// store::due → DueRead.
struct ReadDue {
  Ticket ticket = 0;
  std::vector<store::DueQuery> queries;
};

/// store::spans_append; not answered.
struct AppendSpans {
  std::string session;
  std::vector<std::string> spans;
};

/// The registration is to be stated again, with these claims and team versions (the newest known of each team that is followed).
struct Announce {
  std::vector<wire::ClaimT> claims;
  std::vector<wire::TeamVersionT> teams;
};

/// A stream to be subscribed to, in addition to others; until the process ends.
struct Follow {
  std::string stream;
};

/// Nothing is held or in flight any more: leave.
struct Drained {};

using Action =
    std::variant<Send, CommitScope, LoadScope, Check, ReadLog, ReadPart, ReadSpans, Claim, ReadDue, AppendSpans, Announce, Follow, Drained>;

}  // namespace convoke::groupchat::owner
