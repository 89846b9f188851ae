#include "core/hash.hpp"

#include <catch2/catch.hpp>

using namespace convoke;

TEST_CASE("sha256: the vectors of FIPS 180-4") {
  CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("partition: the first byte of the scope's digest") { CHECK(partition_of("abc") == 0xba); }

TEST_CASE("constant-time comparison: equal only when length and bytes are") {
  CHECK(equal_in_constant_time("secret", "secret"));
  CHECK_FALSE(equal_in_constant_time("secret", "secreT"));
  CHECK_FALSE(equal_in_constant_time("secret", "secre"));
}
