// The simulation as a test: fixed seeds, every seed that ever failed, and the mutations that it has to notice.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "core/mutation.hpp"
#include "world.hpp"

using namespace convoke;
using sim::Options;

namespace {

struct Mutation {
  int invariant = 0;
  std::string name;
  std::uint64_t seed = 0;
};

std::vector<Mutation> mutations() {
  std::vector<Mutation> found;
  std::ifstream file(CONVOKE_SIM_DIR "/mutations");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    Mutation mutation;
    words >> mutation.invariant >> mutation.name >> mutation.seed;
    found.push_back(std::move(mutation));
  }
  return found;
}

std::vector<std::uint64_t> known_failures() {
  std::vector<std::uint64_t> seeds;
  std::ifstream file(CONVOKE_SIM_DIR "/seeds");
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line.front() != '#') seeds.push_back(std::stoull(line));
  return seeds;
}

void holds(std::uint64_t seed, bool full = false) {
  Options options;
  options.seed = seed;
  options.full = full;
  const auto outcome = sim::simulate(options);
  INFO("seed " << seed << (full ? " --full" : "") << ": " << outcome.problem);
  CHECK(outcome.ok);
}

}  // namespace

TEST_CASE("simulation: fixed seeds keep every invariant") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) holds(seed);
}

TEST_CASE("simulation: the larger workload keeps every invariant") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) holds(seed, true);
}

TEST_CASE("simulation: seeds that once failed hold") {
  const auto seeds = known_failures();
  REQUIRE_FALSE(seeds.empty());
  for (const auto seed : seeds) holds(seed);
}

TEST_CASE("simulation: the same seed gives the same history") {
  Options options;
  options.seed = 17;
  const auto first = sim::simulate(options);
  const auto second = sim::simulate(options);
  CHECK(first.steps == second.steps);
  CHECK(first.commits == second.commits);
  CHECK(first.took == second.took);
}

TEST_CASE("simulation: deliberate mistakes of the product are noticed") {
  const auto all = mutations();
  REQUIRE(all.size() >= 10);
  for (const auto& one : all) {
    mutation::active = one.name;
    Options options;
    options.seed = one.seed;
    const auto outcome = sim::simulate(options);
    INFO(one.name << " with seed " << one.seed);
    CHECK_FALSE(outcome.ok);
  }
  mutation::active = {};
}

// Hidden: `test_sim "[search]"` prints the lines of `mutations` with the first seed that notices each.
TEST_CASE("simulation: which seed notices which mistake", "[.][search]") {
  for (const auto& one : mutations()) {
    mutation::active = one.name;
    Options options;
    for (options.seed = 1; options.seed <= 10'000; ++options.seed) {
      const auto outcome = sim::simulate(options);
      if (outcome.ok) continue;
      WARN(one.invariant << " " << one.name << " " << options.seed << "  # " << outcome.problem);
      break;
    }
  }
  mutation::active = {};
}
