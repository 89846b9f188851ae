// Every bound and time of the owner core.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace convoke::groupchat::owner {

struct Options {
  std::uint32_t batch = 64;               // messages in one commit
  std::uint32_t commits_in_flight = 128;  // over all scopes; one per scope
  std::uint32_t loads_in_flight = 64;
  std::uint32_t checks_in_flight = 2;
  std::uint32_t check_batch = 256;       // answers that wait for one check
  std::uint32_t reads_in_flight = 64;    // pages of logs and parts
  std::uint32_t max_reads = 1024;        // waiting for one; beyond: OVERLOADED
  std::uint32_t queue_per_scope = 256;   // messages waiting for one scope; beyond: OVERLOADED
  std::uint32_t queue_total = 16'384;    // over all scopes
  std::uint32_t cached_scopes = 20'000;  // loaded; those that may leave, leave in the order of their last use
  std::uint64_t cached_bytes = 512ull << 20;
  std::uint32_t notes_per_scope = 256;  // volatile messages kept while a scope is loaded
  std::uint32_t max_asked = 65'536;     // messages sent whose answers are given to a scope
  std::uint32_t max_tries = 8;          // how often one message is handled again after a refused commit
  std::uint32_t teams = 256;            // team versions known
  std::uint32_t format = 1;             // of everything in a partition; one of a newer format is left alone

  Millis forward_for{2'000};        // after a partition was lost, messages go on to the winner
  Millis claim_again_first{1'000};  // a lost partition is claimed again after this, doubling …
  Millis claim_again_most{60'000};  // … up to this; also how long it must be held to begin anew
  Millis retry_first{100};          // while Redis refuses: one commit is tried after this, doubling …
  Millis retry_most{2'000};
  Millis retry_team{500};        // a team version that could not be fetched
  Millis refresh_team{10'000};   // the head of a team is asked for again, in case the push was lost
  Millis overloaded_retry{100};  // told to callers beyond a bound
  Millis answer_within{30'000};  // how long answers to what was sent are expected
  Millis default_ttl{10'000};    // of a message that does not say
  Millis expire_every{250};      // sweep over waiting messages
  Millis load_again{250};        // a scope that could not be loaded
  Millis doubt_every{5'000};     // Redis is asked whether what we hold is still ours

  /// For runtime::Config, section `owner`.
  template <class Fields> void describe(Fields& field) {
    field("batch", batch, "messages in one commit");
    field("commits_in_flight", commits_in_flight, "commits unanswered by Redis over all scopes");
    field("queue_per_scope", queue_per_scope, "messages waiting for one session; beyond: OVERLOADED");
    field("queue_total", queue_total, "messages waiting for all sessions");
    field("cached_scopes", cached_scopes, "sessions kept in memory");
    field("cached_bytes", cached_bytes, "and their bytes");
    field("reads_in_flight", reads_in_flight, "pages of logs read at once");
  }
};

}  // namespace convoke::groupchat::owner
