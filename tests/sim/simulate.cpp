// scripts/simulate: runs seeds, shrinks what fails, replays.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <bit>
#include <chrono>

#include "core/mutation.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

struct Wanted {
  Options options;
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  std::uint64_t progress = 0;  // a line after so many seeds
  unsigned jobs = 1;
  bool keep_going = false;
  bool brief = false;
};

/// What all jobs have done, in memory that they share.
struct Totals {
  std::atomic<std::uint64_t> seeds{0}, failed{0}, commits{0}, steps{0}, effects{0}, simulated_ms{0};
  std::atomic<std::uint64_t> zombies{0}, late_claims{0}, overloaded{0}, unknown{0}, strikes{0}, silences{0}, astray{0};
  std::atomic<std::int64_t> rested{0}, unattended{0}, due{0};

  void add(const Outcome& outcome) {
    commits += outcome.commits;
    steps += outcome.steps;
    effects += outcome.effects;
    simulated_ms += static_cast<std::uint64_t>(outcome.took.count());
    const Met& met = outcome.met;
    zombies += met.zombies;
    late_claims += met.late_claims;
    overloaded += met.overloaded;
    unknown += met.unknown;
    strikes += met.strikes;
    silences += met.silences;
    astray += met.astray;
    raise(rested, outcome.rested);
    raise(unattended, outcome.unattended);
    raise(due, outcome.due);
  }
  static void raise(std::atomic<std::int64_t>& most, Millis time) {
    for (auto known = most.load(); known < time.count() && !most.compare_exchange_weak(known, time.count());) {
    }
  }
  void say() const {
    fmt::print(
        "met: {} commits of overtaken owners, {} late claims, {} times OVERLOADED by owners, {} times UNKNOWN_KIND, {} strikes, {} "
        "silences, {} messages astray\n",
        zombies.load(), late_claims.load(), overloaded.load(), unknown.load(), strikes.load(), silences.load(), astray.load());
    fmt::print("after healing, at most: {} ms to rest, {} ms a turn with nobody, {} ms something due\n", rested.load(), unattended.load(),
               due.load());
  }
};

using Steady = std::chrono::steady_clock;
/// Of this process and the jobs that have ended.
double processor_seconds() {
  double sum = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    ::getrusage(who, &used);
    for (const auto& time : {used.ru_utime, used.ru_stime})
      sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  }
  return sum;
}

double seconds_since(Steady::time_point began) { return std::chrono::duration<double>(Steady::now() - began).count(); }

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

const char* flag_of(Size size) { return size == Size::full ? " --full" : size == Size::small ? " --small" : ""; }

/// What makes `convoke-simulate` do the same again.
std::string flags_of(const Options& options) {
  std::string flags = flag_of(options.size);
  std::string without;
  for (unsigned bit = 0; bit < std::size(fault_names); ++bit)
    if ((options.without >> bit) & 1u) without += fmt::format("{}{}", without.empty() ? " --without " : ",", fault_names[bit]);
  flags += without;
  if (options.faults_until != Options{}.faults_until) flags += fmt::format(" --faults-until {}", options.faults_until.count());
  if (options.most_operations != Options{}.most_operations) flags += fmt::format(" --operations {}", options.most_operations);
  if (!mutation::active.empty()) flags += fmt::format(" --mutate {}", mutation::active);
  return flags;
}

void show(const Options& failing, const Outcome& outcome) {
  fmt::print("seed {} FAILS: {}\n", failing.seed, outcome.problem);
  const Options least = shrink(failing, outcome.problem);
  Options told = least;
  told.verbose = true;
  fmt::print("shrunk to: {}; faults until {} ms\n", describe(profile_of(least)), least.faults_until.count());
  (void)simulate(told);
  fmt::print("replay: scripts/simulate --replay {} --verbose{}\n", least.seed, flags_of(least));
  if (flags_of(least) != flags_of(failing))
    fmt::print("in whole: scripts/simulate --replay {} --verbose{}\n", failing.seed, flags_of(failing));
  fmt::print("\n");
}

/// Every `jobs`-th seed, beginning with the `which`-th.
void run_seeds(const Wanted& wanted, unsigned which, Totals& totals, Steady::time_point began) {
  Options options = wanted.options;
  for (std::uint64_t seed = wanted.from + which; seed < wanted.from + wanted.seeds; seed += wanted.jobs) {
    if (totals.failed > 0 && !wanted.keep_going) return;
    options.seed = seed;
    const auto outcome = simulate(options);
    totals.add(outcome);
    const auto done = ++totals.seeds;
    if (!outcome.ok) {
      ++totals.failed;
      wanted.brief ? fmt::print("seed {} FAILS: {}\n", seed, outcome.problem) : show(options, outcome);
    }
    if (wanted.progress > 0 && done % wanted.progress == 0)
      fmt::print("{} seeds, {} failed, {:.0f} s\n", done, totals.failed.load(), seconds_since(began));
    std::fflush(stdout);
  }
}

int run_all(const Wanted& wanted) {
  const auto began = Steady::now();
  void* shared = ::mmap(nullptr, sizeof(Totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 2;
  auto& totals = *new (shared) Totals;
  std::vector<pid_t> children;
  for (unsigned job = 1; job < wanted.jobs; ++job) {
    const pid_t child = ::fork();
    if (child < 0) return 2;
    if (child > 0) {
      children.push_back(child);
      continue;
    }
    run_seeds(wanted, job, totals, began);
    std::fflush(stdout);
    ::_exit(0);
  }
  run_seeds(wanted, 0, totals, began);
  bool broken = false;
  for (const auto child : children) {
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) broken = true;
  }
  const double took = seconds_since(began);
  fmt::print(
      "{} seeds from {} in {:.1f} s ({:.0f} a second, {:.0f} of processor time): {} commits, {} effects, {} steps, {:.1f} simulated "
      "seconds a seed; {} failed{}\n",
      totals.seeds.load(), wanted.from, took, static_cast<double>(totals.seeds) / took,
      static_cast<double>(totals.seeds) / processor_seconds(), totals.commits.load(), totals.effects.load(), totals.steps.load(),
      static_cast<double>(totals.simulated_ms) / 1e3 / static_cast<double>(std::max<std::uint64_t>(totals.seeds, 1)), totals.failed.load(),
      broken ? "; a job died" : "");
  totals.say();
  return totals.failed == 0 && !broken ? 0 : 1;
}

/// Which seed notices which mistake first, and holds without it; the lines are those of the file `mutations`.
int try_mutations(const Wanted& wanted, const std::vector<std::string>& names) {
  int missed = 0;
  for (const auto& one : names) {
    // `<invariant>:<name>`: by that invariant; a name alone: by any.
    const auto colon = one.find(':');
    const std::string name = colon == std::string::npos ? one : one.substr(colon + 1);
    const std::string mark = colon == std::string::npos ? "" : fmt::format("invariant {}:", one.substr(0, colon));
    std::string line = fmt::format("# {} is not noticed by {} seeds from {}", one, wanted.seeds, wanted.from);
    Options options = wanted.options;
    for (options.seed = wanted.from; options.seed < wanted.from + wanted.seeds; ++options.seed) {
      mutation::active = name;
      const auto outcome = simulate(options);
      mutation::active = {};
      if (outcome.ok || outcome.problem.find(mark) == std::string::npos || !simulate(options).ok) continue;
      line = fmt::format("{} {} {}  # {}", one.substr(0, std::min(colon, one.size())), name, options.seed, outcome.problem);
      break;
    }
    fmt::print("{}\n", line);
    std::fflush(stdout);
    missed += line.front() == '#' ? 1 : 0;
  }
  return missed == 0 ? 0 : 1;
}

int replay(Options options, std::uint64_t seed) {
  options.seed = seed;
  fmt::print("seed {}: {}\n", seed, describe(profile_of(options)));
  const auto outcome = simulate(options);
  fmt::print("{}\n", outcome.ok ? fmt::format("holds; at rest after {} ms", outcome.took.count()) : "FAILS: " + outcome.problem);
  return outcome.ok ? 0 : 1;
}

}  // namespace
}  // namespace convoke::sim

int main(int argc, char** argv) {
  using namespace convoke::sim;
  CLI::App app("Runs seeded simulations of Convoke and checks its invariants");
  Wanted wanted;
  std::uint64_t one = 0;
  std::int64_t faults_until = wanted.options.faults_until.count();
  bool full = false, small = false;
  std::vector<std::string> without, mutations;
  std::string mutation;
  app.add_option("--seeds", wanted.seeds, "how many");
  app.add_option("--from", wanted.from, "the first one");
  app.add_option("--jobs", wanted.jobs, "processes that share the seeds")->check(CLI::Range(1, 256));
  app.add_option("--progress", wanted.progress, "print a line after so many seeds");
  app.add_option("--replay", one, "this one alone, exactly as it was");
  app.add_option("--without", without, "kinds of faults to leave out")->delimiter(',');
  app.add_option("--faults-until", faults_until, "none after so many ms");
  app.add_option("--operations", wanted.options.most_operations, "of people, at most, each");
  app.add_option("--mutate", mutation, "with this mistake in the product (tests/sim/mutations)");
  app.add_option("--mutations", mutations, "say for each of these mistakes which seed notices it")->delimiter(',');
  app.add_flag("--verbose", wanted.options.verbose, "print what happens to whom");
  app.add_flag("--small", small, "the smaller workload: speed");
  app.add_flag("--full", full, "the larger workload");
  app.add_flag("--keep-going", wanted.keep_going, "do not stop at the first failing seed");
  app.add_flag("--brief", wanted.brief, "do not shrink what fails");
  CLI11_PARSE(app, argc, argv);
  wanted.options.faults_until = convoke::Millis{faults_until};
  wanted.options.size = full ? Size::full : small ? Size::small : Size::usual;
  for (const auto& name : without)
    for (unsigned bit = 0; bit < std::size(fault_names); ++bit)
      if (name == fault_names[bit]) wanted.options.without |= 1u << bit;
  if (!mutations.empty()) return try_mutations(wanted, mutations);
  convoke::mutation::active = mutation;
  return one != 0 ? replay(wanted.options, one) : run_all(wanted);
}
