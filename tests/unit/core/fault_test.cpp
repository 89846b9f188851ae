#include "core/fault.hpp"

#include <catch2/catch.hpp>

using namespace convoke;

TEST_CASE("fault: every code that crosses the bus describes itself") {
  for (int number = 0; number <= 90; ++number) {
    const auto code = static_cast<Fault>(number);
    const auto& info = describe(code);
    if (info.code != code) continue;
    CHECK(!info.name.empty());
    CHECK(info.http_status >= 200);
  }
  CHECK(name_of(Fault::no_owner) == "NO_OWNER");
  CHECK(retryable(Fault::no_owner));
  CHECK_FALSE(retryable(Fault::conflict));
}

TEST_CASE("fault: an unknown number is described as INTERNAL and is not retried") {
  CHECK(name_of(static_cast<Fault>(60000)) == "INTERNAL");
  CHECK_FALSE(retryable(static_cast<Fault>(60000)));
}
