#include "soak/growth.hpp"

#include <catch2/catch.hpp>

using namespace convoke::soak;

namespace {

constexpr double settled = 80;

// A sample every ten seconds from 5 s on; `bytes` of a process `age` seconds old.
std::vector<Sample> samples(int count, const std::function<std::map<std::string, ProcessMemory>(double at)>& of) {
  std::vector<Sample> all;
  for (int i = 0; i < count; ++i)
    all.push_back({.at = 5 + 10.0 * i, .processes = of(5 + 10.0 * i), .redis_keys = 100, .redis_bytes = 1000});
  return all;
}

}  // namespace

TEST_CASE("soak: a leak of a process shows within its life") {
  const auto leaking = samples(30, [](double at) -> std::map<std::string, ProcessMemory> {
    return {{"flat", {1, 100e6, at}}, {"leaks", {2, 100e6 + 30e3 * at, at}}};
  });
  const auto found = growth_in_lives(leaking, 0, settled);
  REQUIRE(found.size() == 2);
  CHECK(found[0].ratio() == Approx(1));
  CHECK(found[1].ratio() > 1.02);
}

TEST_CASE("soak: what each life begins with and leaves behind elsewhere shows between lives of one age") {
  // Two lives of 250 s, the second begins 3 % higher; one in between dies young and counts for nothing.
  const auto lives = samples(60, [](double at) -> std::map<std::string, ProcessMemory> {
    if (at < 250) return {{"gateway", {1, 100e6, at}}};
    if (at < 350) return {{"gateway", {2, 900e6, at - 250}}};
    return {{"gateway", {3, 103e6, at - 350}}};
  });
  const auto found = growth_between_lives(lives, 0, settled);
  REQUIRE(found.size() == 1);
  CHECK(found[0].ratio() == Approx(1.03));
  CHECK(growth_in_lives(lives, 0, settled).size() == 2);
}

TEST_CASE("soak: a process that never lives long enough is named") {
  const auto young = samples(60, [](double at) -> std::map<std::string, ProcessMemory> {
    return {{"old", {1, 1e6, at}},
            {"redis", {2, 1e6, 1}},
            {"young", {static_cast<int>(at / 120) + 3, 1e6, at - 120 * static_cast<int>(at / 120)}}};
  });
  CHECK(without_life(young, 0, settled) == std::set<std::string>{"young"});
}

TEST_CASE("soak: each process is spared long enough, once early and once late, and somebody can always be killed") {
  const std::vector<std::string> names{"executor", "gateway",      "groupchat",      "intercom",    "model",        "planner",
                                       "redis",    "worker-Asker", "worker-Cashier", "worker-Echo", "worker-Expert"};
  const Shifts shifts(300, 1800, names, 2);
  CHECK(shifts.length() == Approx(250));
  CHECK(shifts.length() >= settled + 10 * samples_of_a_life);
  for (const auto& name : names) {
    int spared = 0;
    for (double at = 300; at < 1800; at += 10) spared += shifts.spared(name, at) ? 1 : 0;
    CHECK(spared == (name == "redis" ? 0 : 50));
    CHECK_FALSE(shifts.spared(name, 0));
  }
  for (double at = 300; at < 1800; at += 10)
    CHECK(std::count_if(names.begin(), names.end(), [&](const auto& name) { return !shifts.spared(name, at); }) >= 5);
}
