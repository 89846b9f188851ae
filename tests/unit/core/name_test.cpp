#include "core/name.hpp"

#include <catch2/catch.hpp>

using namespace convoke;

TEST_CASE("name: letters, digits, underscore and hyphen, at most 64") {
  CHECK(is_name("HrAgent"));
  CHECK(is_name("mold_specialist-2"));
  CHECK_FALSE(is_name(""));
  CHECK_FALSE(is_name("_x"));
  CHECK_FALSE(is_name("a b"));
  CHECK(is_name(std::string(64, 'a')));
  CHECK_FALSE(is_name(std::string(65, 'a')));
}

TEST_CASE("name: an agent's full name has a team and a name") {
  CHECK(split_agent("company.HrAgent")->second == "HrAgent");
  CHECK(split_agent("HrAgent").error().code == Fault::invalid);
  CHECK_FALSE(split_agent("a.b.c"));
}

TEST_CASE("name: users are printable and cannot break an id or a destination") {
  CHECK(is_user("ann@example.org"));
  CHECK_FALSE(is_user("a/b"));
  CHECK_FALSE(is_user("a~b"));
  CHECK_FALSE(is_user("a b"));
  CHECK_FALSE(is_user(""));
}
