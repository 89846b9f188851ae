// Files that are broken, or written to do harm: said, quickly, and nothing else happens.
#include <catch2/catch.hpp>
#include <chrono>

#include "team_support.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("team check: broken YAML is said with its place") {
  CHECK_THAT(mistakes("name: [a\n"), Catch::Contains("expected valid YAML: "));
  CHECK_THAT(mistakes("a: b: c\n"), Catch::StartsWith("1:5: expected valid YAML: "));
  CHECK_THAT(mistakes("a: *nothing\n"), Catch::StartsWith("1:4: expected valid YAML: "));
  CHECK(mistakes("a: \"b\n") == "1:4: expected a closing quote");
  CHECK(mistakes("a: 'b''\n") == "1:4: expected a closing quote");
  CHECK(mistakes(with(small_team, "offline", "\"a \\\" b\"")).empty());
  CHECK_THAT(mistakes("\ta: b\n"), Catch::Contains("expected valid YAML: "));
  CHECK(mistakes("") == "1:1: expected a team, found an empty file");
  CHECK(mistakes("# nothing\n") == "1:1: expected a team, found an empty file");
  CHECK(mistakes("- a\n") == "1:1: expected a map for the team, found a list");
  CHECK(mistakes("just words\n") == "1:1: expected a map for the team, found \"just words\"");
  CHECK_THAT(mistakes(std::string(small_team) + "---\nname: second\n"), Catch::EndsWith("expected one document, found a second one"));
  CHECK_THAT(mistakes("name: !!binary aGk=\n"), Catch::Contains("expected a value without a tag"));
  CHECK_THAT(mistakes("[a, b]: c\n"), Catch::Contains("as the key"));
  CHECK_THAT(mistakes("<<: 7\nname: a\n"), Catch::StartsWith("1:1: expected a map to merge, found 7"));
}

TEST_CASE("team check: depth, size and aliases are bounded") {
  CHECK_FALSE(mistakes("a: " + repeated("[", 100'000)).empty());
  CHECK_THAT(mistakes("a: " + repeated("[", 30) + repeated("]", 30)), Catch::Contains("expected at most 24 levels of nesting"));
  CHECK_THAT(mistakes("a: " + repeated("{a: ", 5'000)), Catch::Contains("expected at most 24 levels of nesting"));
  CHECK_THAT(mistakes(repeated("- ", 50'000)), Catch::Contains("expected at most 24 levels of nesting"));
  CHECK_THAT(mistakes(std::string(5 * 1024 * 1024, '#')), Catch::Contains("expected at most 4194304 bytes"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) bomb += fmt::format("a{0}: &a{0} [{1}*a{2}]\n", i, repeated(fmt::format("*a{}, ", i - 1), 9), i - 1);
  CHECK_THAT(mistakes(bomb), Catch::Contains("expected at most 200000 values, aliases expanded"));
  CHECK_THAT(mistakes("a: &a [*a]\n"), Catch::Contains("expected"));
}

TEST_CASE("team check: rubbish is refused, whatever it is") {
  std::uint32_t seed = 7;
  const auto random = [&] { return (seed = seed * 1664525 + 1013904223) >> 16; };
  for (int round = 0; round < 300; ++round) {
    std::string text(small_team);
    for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
    for (const auto& one : check_team(text, "t")) CHECK_FALSE(one.message.empty());
    std::string noise(200, ' ');
    for (char& letter : noise) letter = static_cast<char>(random());
    CHECK_FALSE(check_team(noise, "t").empty());
  }
}
