// When and where a failed model call is tried again. Pure: the caller waits and calls.
#pragma once

#include <cstdint>
#include <optional>

#include "core/fault.hpp"
#include "core/time.hpp"

namespace convoke::llm {

struct RetryPolicy {
  std::uint32_t attempts = 4;         // per model, the first included
  std::uint32_t unreadable = 5;       // of those, answers that could not be read: some 3 s, for more of the same is no accident
  Millis first_delay{200};            // doubles with every attempt …
  Millis longest_delay{8000};         // … up to here, and a random part of up to half is taken off
  Millis longest_retry_after{30000};  // a provider that asks for more is given up for the next model
};

struct RetryState {
  std::uint32_t failures = 0;  // of this model so far
  bool unreadable = false;     // the last one was an answer that could not be read
};

/// How long to wait before the same model is asked again; nothing when it should not be. Rate limits, overload, time-outs, cut
/// streams and answers that cannot be read are tried again; a refused key or request never.
/// `random` is 64 random bits.
std::optional<Millis> next_delay(const RetryPolicy& policy, const RetryState& state, Fault fault, std::optional<Millis> retry_after,
                                 std::uint64_t random);

/// Whether another model may do better: yes, unless the caller has cancelled or its time is over.
bool worth_a_fallback(Fault fault);

}  // namespace convoke::llm
