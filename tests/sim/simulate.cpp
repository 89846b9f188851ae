// scripts/simulate: runs seeds, shrinks what fails, replays.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <bit>
#include <chrono>

#include "core/mutation.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

/// The least that still fails in the same way: fewer kinds of faults, faults for a shorter time, fewer operations.
Options shrink(Options options, const std::string& problem) {
  const auto kind = problem.substr(0, problem.find(':'));
  const auto fails = [&](const Options& tried) {
    const auto outcome = simulate(tried);
    return !outcome.ok && outcome.problem.starts_with(kind);
  };
  for (unsigned bit = 0; bit < std::size(fault_names); ++bit) {
    Options fewer = options;
    fewer.without |= 1u << bit;
    if (profile_of(fewer).faults != profile_of(options).faults && fails(fewer)) options = fewer;
  }
  for (auto operations = profile_of(options).operations; operations > 1;) {
    Options fewer = options;
    fewer.most_operations = --operations;
    if (fails(fewer)) options = fewer;
  }
  Millis least{0};
  Millis most = profile_of(options).chaos;
  while (most - least > Millis{50}) {
    Options shorter = options;
    shorter.faults_until = (least + most) / 2;
    fails(shorter) ? most = (options = shorter).faults_until : least = shorter.faults_until;
  }
  return options;
}

void show(const Options& failing, const Outcome& outcome) {
  fmt::print("seed {} FAILS: {}\n", failing.seed, outcome.problem);
  const Options small = shrink(failing, outcome.problem);
  Options told = small;
  told.verbose = true;
  fmt::print("shrunk to: {}; faults until {} ms\n", describe(profile_of(small)), small.faults_until.count());
  (void)simulate(told);
  fmt::print("replay: scripts/simulate --replay {} --verbose{}\n\n", failing.seed, failing.full ? " --full" : "");
}

int run_all(Options options, std::uint64_t from, std::uint64_t count, bool keep_going, bool brief) {
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t failed = 0, commits = 0, steps = 0, effects = 0;
  for (std::uint64_t seed = from; seed < from + count; ++seed) {
    options.seed = seed;
    const auto outcome = simulate(options);
    commits += outcome.commits;
    steps += outcome.steps;
    effects += outcome.effects;
    if (outcome.ok) continue;
    ++failed;
    if (brief)
      fmt::print("seed {} FAILS: {}\n", seed, outcome.problem);
    else
      show(options, outcome);
    std::fflush(stdout);
    if (!keep_going) break;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("{} seeds from {} in {:.1f} s ({:.0f} a second): {} commits, {} effects, {} steps; {} failed\n", count, from, took.count(),
             static_cast<double>(count) / took.count(), commits, effects, steps, failed);
  return failed == 0 ? 0 : 1;
}

/// Which seed notices which mistake first; the lines are those of the file `mutations`.
int try_mutations(Options options, std::uint64_t from, std::uint64_t count, const std::vector<std::string>& names) {
  int missed = 0;
  for (const auto& name : names) {
    mutation::active = name;
    std::string line = fmt::format("# {} is not noticed by {} seeds from {}", name, count, from);
    bool noticed = false;
    for (options.seed = from; options.seed < from + count && !noticed; ++options.seed) {
      const auto outcome = simulate(options);
      noticed = !outcome.ok;
      if (noticed) line = fmt::format("{} {}  # {}", name, options.seed, outcome.problem);
    }
    fmt::print("{}\n", line);
    std::fflush(stdout);
    missed += noticed ? 0 : 1;
  }
  return missed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace convoke::sim

int main(int argc, char** argv) {
  using namespace convoke::sim;
  CLI::App app("Runs seeded simulations of Convoke and checks its invariants");
  Options options;
  std::uint64_t seeds = 100, from = 1, replay = 0;
  bool keep_going = false, brief = false;
  std::vector<std::string> without, mutations;
  std::string mutation;
  app.add_option("--seeds", seeds, "how many");
  app.add_option("--from", from, "the first one");
  app.add_option("--replay", replay, "this one alone, exactly as it was");
  app.add_option("--without", without, "kinds of faults to leave out")->delimiter(',');
  app.add_option("--mutate", mutation, "with this mistake in the product (tests/sim/mutations)");
  app.add_option("--mutations", mutations, "say for each of these mistakes which seed notices it")->delimiter(',');
  app.add_flag("--verbose", options.verbose, "print what happens to whom");
  app.add_flag("--full", options.full, "the larger workload");
  app.add_flag("--keep-going", keep_going, "do not stop at the first failing seed");
  app.add_flag("--brief", brief, "do not shrink what fails");
  CLI11_PARSE(app, argc, argv);
  for (const auto& name : without)
    for (unsigned bit = 0; bit < std::size(fault_names); ++bit)
      if (name == fault_names[bit]) options.without |= 1u << bit;
  if (!mutations.empty()) return try_mutations(options, from, seeds, mutations);
  convoke::mutation::active = mutation;
  if (replay == 0) return run_all(options, from, seeds, keep_going, brief);
  options.seed = replay;
  fmt::print("seed {}: {}\n", replay, describe(profile_of(options)));
  const auto outcome = simulate(options);
  fmt::print("{}\n", outcome.ok ? fmt::format("holds; at rest after {} ms", outcome.took.count()) : "FAILS: " + outcome.problem);
  return outcome.ok ? 0 : 1;
}
