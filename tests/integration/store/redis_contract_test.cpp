#include "redis_harness.hpp"

namespace convoke::test {

std::unique_ptr<Harness> make_harness() {
  auto harness = std::make_unique<RedisHarness>();
  harness->start();
  return harness;
}

}  // namespace convoke::test
