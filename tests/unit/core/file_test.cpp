#include <catch2/catch.hpp>

#include "core/file.hpp"

using namespace convoke;

TEST_CASE("read_file: the whole of a file, or why not") {
  CHECK(read_file("the file", "/proc/self/comm", 100).value().starts_with("test_core"));  // says that it has no bytes, and has some
  CHECK(read_file("the file", "/dev/null", 0).value().empty());
  const auto missing = read_file("the team file", "/nowhere/x", 100);
  REQUIRE(!missing);
  CHECK(missing.error().code == Fault::not_found);
  CHECK(missing.error().message == "cannot read the team file /nowhere/x: No such file or directory");
  const auto folder = read_file("the team file", "/", 100);
  REQUIRE(!folder);
  CHECK(folder.error().message == "cannot read the team file /: Is a directory");
}

TEST_CASE("read_file: reads no more than is asked for, from what has no end too") {
  const auto endless = read_file("the script", "/dev/zero", 1'000'000);
  REQUIRE(!endless);
  CHECK(endless.error().code == Fault::too_large);
  CHECK(endless.error().message == "the script /dev/zero: expected at most 1000000 bytes");
}
