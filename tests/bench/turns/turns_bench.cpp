// What a durable turn costs through all processes, and whether it stays the same as a conversation grows. Usage: bench_turns [rounds].
// The comparison with other systems is bench_peers. `bench_turns alone [rounds]`: one conversation at a time, and nothing else.
// `bench_turns hold [turns [conversations]]`: load to look at with a profiler, nothing is measured.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "common/row.hpp"
#include "turns/load.hpp"

namespace {

using namespace convoke;
using bench::Better;
using bench::Row;

constexpr std::size_t at_once = 64;
constexpr std::size_t turns = 50;

/// CPU of every process of an installation so far, in microseconds, by name.
std::map<std::string, double> cpu(test::Installation& installation) {
  std::map<std::string, double> used;
  const auto status = installation.status();
  for (const auto& process : status["processes"]) {
    const std::string name = process["name"];
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process["pid"].get<int>()) + "/task")) {
      std::istringstream text(test::text_of(task.path() / "schedstat"));
      double nanoseconds = 0;
      text >> nanoseconds;
      used[name] += nanoseconds / 1e3;
    }
  }
  return used;
}

void print_cpu(const std::map<std::string, double>& before, const std::map<std::string, double>& after) {
  double sum = 0;
  std::string parts;
  for (const auto& [name, used] : after) {
    const double each = (used - before.at(name)) / static_cast<double>(at_once * turns);
    sum += each;
    if (each >= 1) parts += fmt::format("  {} {:.0f}", name, each);
  }
  fmt::print("{:<58} {:.0f} us:{}\n", "  CPU a turn", sum, parts);
}

void costs(const std::string& fsync, int rounds) {
  Row rate{fmt::format("turns, {} conversations at once, appendfsync {}", at_once, fsync), "/s", "", Better::higher, 0};
  Row alone{fmt::format("turn, one conversation, appendfsync {}", fsync), "us", "", Better::lower, 0};
  bench::Deployment deployment(fsync);
  std::map<std::string, double> before;
  std::map<std::string, double> after;
  for (int i = 0; i < rounds; ++i) {
    auto all = bench::open(deployment.address(), at_once);
    bench::side_by_side(all, 5);
    before = cpu(deployment.installation());
    rate.ours.push_back(bench::side_by_side(all, turns));
    after = cpu(deployment.installation());
    alone.ours.push_back(bench::alone(deployment.address()));
  }
  bench::print(rate);
  print_cpu(before, after);
  bench::print(alone);
}

/// The 1000th turn of a conversation against the 10th of another, in turn; the model is told the same amount in both.
bool growth(int rounds) {
  constexpr std::size_t window = 1'000;  // bytes of earlier turns
  Row row{"turn 1000 of a conversation, the window held constant", "us", "turn 10 of one", Better::lower, 1.1};
  bench::Deployment deployment("always", window);
  bench::Conversation old(deployment.address());
  bench::one_by_one(old, 980);
  for (int i = 0; i < 2 * rounds + 1; ++i) {
    bench::Conversation young(deployment.address());
    bench::one_by_one(young, 10);
    std::vector<double> theirs;
    std::vector<double> ours;
    for (int pair = 0; pair < 20; ++pair) {
      theirs.push_back(bench::one_by_one(young, 1).front());
      ours.push_back(bench::one_by_one(old, 1).front());
    }
    row.theirs.push_back(bench::median(std::move(theirs)));
    row.ours.push_back(bench::median(std::move(ours)));
  }
  return bench::print(row);
}

void alone(int rounds) {
  Row row{"turn, one conversation, appendfsync always", "us", "", Better::lower, 0};
  bench::Deployment deployment("always");
  for (int i = 0; i < rounds; ++i) row.ours.push_back(bench::alone(deployment.address()));
  bench::print(row);
}

void hold(std::size_t count, std::size_t conversations) {
  bench::Deployment deployment;
  auto all = bench::open(deployment.address(), conversations);
  bench::side_by_side(all, 20);
  fmt::print("go\n");
  std::fflush(stdout);
  bench::side_by_side(all, count);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count > 1 && std::string(arguments[1]) == "hold") {
    const auto number = [&](int at, std::size_t absent) { return count > at ? std::stoul(arguments[at]) : absent; };
    hold(number(2, 200), number(3, at_once));
    return 0;
  }
  if (count > 1 && std::string(arguments[1]) == "alone") {
    alone(count > 2 ? std::max(1, std::atoi(arguments[2])) : 5);
    return 0;
  }
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 3;
  costs("always", rounds);
  costs("everysec", rounds);
  return growth(rounds) ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_turns: {}\n", error.what());
  return 2;
}
