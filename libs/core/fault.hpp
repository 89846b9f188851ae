// The one table of fault codes that may cross the bus or reach a client. A number is never reused and never changes its meaning.
// `retryable` says whether repeating the same message, with the same key, can succeed without anybody changing anything.
#pragma once

#include <cstdint>
#include <string_view>

namespace convoke {

enum class Fault : std::uint16_t {
  none = 0,
  // Where it is
  no_owner = 1,         // nobody holds the partition at the moment
  not_home = 2,         // this intercom is not the home of that agent's queue
  unreachable = 3,      // the destination's connection is gone
  moved = 4,            // the partition has another owner; the text names it
  overloaded = 5,       // a bounded queue is full; retry after the given delay
  draining = 6,         // the process is leaving
  unavailable = 7,      // something it depends on (Redis, the model) is away
  deadline = 8,         // the time allowed for the call is over; the outcome is unknown
  unknown_outcome = 9,  // a commit's answer was lost; repeat with the same key
  unregistered = 10,    // the intercom does not know this connection; register, then repeat
  // What was asked
  malformed = 20,         // bytes that do not verify, or a field out of its range
  too_large = 21,         // beyond a size limit
  unknown_kind = 22,      // this replica does not know that message
  protocol_version = 23,  // another major version of the protocol
  forbidden = 24,         // the speaker may not do this
  not_found = 25,         // no such thing, or not for this user
  conflict = 26,          // state does not allow it, or the same key came with another body
  invalid = 27,           // well formed, but refused; the text says what was expected
  limit = 28,             // a configured limit is reached
  unauthenticated = 29,   // no valid key
  history_reset = 30,     // the resume position does not match the log
  gone = 31,              // was there, is deleted
  // Turns and steps
  turn_closed = 40,  // the turn, or this attempt at it, is over
  expected = 41,     // an item is missing before this one; the text names the number
  poison = 42,       // failed too often; a dead letter
  cancelled = 43,
  timeout = 44,  // a step, question or tool took longer than allowed
  // Models and tools
  model_rate_limited = 60,
  model_overloaded = 61,
  model_invalid = 62,  // the provider refused the request, or answered something that cannot be read
  model_unauthorised = 63,
  budget = 64,  // the run's cost, token or time budget is used up
  tool_invalid_arguments = 65,
  tool_failed = 66,
  tool_unknown = 67,
  tool_refused = 68,  // by the server that was called; a call that may be made once is not made again by itself
  // Ourselves
  internal = 90,  // a bug; logged with its trace id
};

struct FaultInfo {
  Fault code;
  std::string_view name;  // as it appears in APIs and logs: upper snake case
  std::string_view meaning;
  bool retryable;
  std::uint16_t http_status;
};

/// Never fails: a number this build does not know is described as INTERNAL, not retryable.
const FaultInfo& describe(Fault code) noexcept;
inline std::string_view name_of(Fault code) noexcept { return describe(code).name; }
inline bool retryable(Fault code) noexcept { return describe(code).retryable; }

}  // namespace convoke
