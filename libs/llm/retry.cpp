#include "llm/retry.hpp"

#include <algorithm>

namespace convoke::llm {
namespace {

bool transient(Fault fault) {
  return fault == Fault::model_rate_limited || fault == Fault::model_overloaded || fault == Fault::unavailable ||
         fault == Fault::unreachable || fault == Fault::timeout || fault == Fault::overloaded;
}

}  // namespace

std::optional<Millis> next_delay(const RetryPolicy& policy, const RetryState& state, Fault fault, std::optional<Millis> retry_after,
                                 std::uint64_t random) {
  if (state.failures >= policy.attempts) return std::nullopt;
  // What the provider refuses it refuses again; an answer that was garbled on its way is like one that was cut.
  if (!transient(fault) && !(fault == Fault::model_invalid && state.unreadable)) return std::nullopt;
  if (state.unreadable && state.failures >= policy.unreadable) return std::nullopt;
  if (retry_after && *retry_after > policy.longest_retry_after) return std::nullopt;
  const auto doublings = std::min<std::uint32_t>(state.failures == 0 ? 0 : state.failures - 1, 20);
  const auto full = std::min(policy.longest_delay, policy.first_delay * (std::int64_t{1} << doublings));
  const auto taken_off = Millis{static_cast<std::int64_t>(random % static_cast<std::uint64_t>(full.count() / 2 + 1))};
  return std::max(full - taken_off, retry_after.value_or(Millis{0}));
}

bool worth_a_fallback(Fault fault) { return fault != Fault::cancelled && fault != Fault::deadline; }

}  // namespace convoke::llm
