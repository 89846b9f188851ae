#include "llm/retry.hpp"

#include <catch2/catch.hpp>

using namespace convoke;
using namespace convoke::llm;

TEST_CASE("llm: delays double up to their bound, and at most half is taken off") {
  const RetryPolicy policy{.attempts = 10, .first_delay = Millis{100}, .longest_delay = Millis{1000}};
  Millis expected{100};
  for (std::uint32_t failures = 1; failures < 10; ++failures) {
    const RetryState state{failures, false};
    CHECK(next_delay(policy, state, Fault::model_overloaded, {}, 0) == expected);
    const auto jittered = next_delay(policy, state, Fault::model_overloaded, {}, 0xFFFFFFFFFFFFFFFF);
    REQUIRE(jittered);
    CHECK(*jittered >= expected / 2);
    expected = std::min(expected * 2, Millis{1000});
  }
  CHECK_FALSE(next_delay(policy, {10, false}, Fault::model_overloaded, {}, 0));
}

TEST_CASE("llm: a provider's Retry-After is honoured, unless it is too long") {
  const RetryPolicy policy;
  CHECK(next_delay(policy, {1, false}, Fault::model_rate_limited, Millis{2500}, 7) == Millis{2500});
  CHECK_FALSE(next_delay(policy, {1, false}, Fault::model_rate_limited, Millis{31'000}, 7));
}

TEST_CASE("llm: refusals are not repeated, unreadable answers are") {
  const RetryPolicy policy;
  CHECK_FALSE(next_delay(policy, {1, false}, Fault::model_unauthorised, {}, 0));
  CHECK_FALSE(next_delay(policy, {1, false}, Fault::budget, {}, 0));
  CHECK_FALSE(next_delay(policy, {1, false}, Fault::model_invalid, {}, 0));
  CHECK(next_delay(policy, {1, true}, Fault::model_invalid, {}, 0));
  CHECK(next_delay(policy, {3, true}, Fault::model_invalid, {}, 0) == Millis{800});
  CHECK_FALSE(next_delay(policy, {4, true}, Fault::model_invalid, {}, 0));
  const RetryPolicy patient{.attempts = 10};
  CHECK(next_delay(patient, {4, true}, Fault::model_invalid, {}, 0) == Millis{1600});
  CHECK_FALSE(next_delay(patient, {5, true}, Fault::model_invalid, {}, 0));
  CHECK(next_delay(patient, {9, false}, Fault::model_overloaded, {}, 0));
}
