// What a durable turn costs through all processes. Usage: bench_turns [rounds].
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <sstream>

#include "turns/load.hpp"

namespace {

using namespace convoke;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// CPU of every process of an installation, in microseconds since its start, by name.
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

void policy(const std::string& fsync) {
  bench::Deployment deployment(fsync);
  auto all = bench::open(deployment.address(), 64);
  bench::side_by_side(all, 10);
  const auto before = cpu(deployment.installation());
  fmt::print("{:9} 64 conversations at once: {:7.0f} turns/s", fsync, bench::side_by_side(all, 50));
  const auto after = cpu(deployment.installation());
  double sum = 0;
  for (const auto& [name, used] : after) {
    const double each = (used - before.at(name)) / (64 * 50);
    sum += each;
    if (each >= 0.5) fmt::print("  {} {:.0f}", name, each);
  }
  fmt::print(" = {:.0f} us of CPU a turn\n", sum);
  bench::Conversation lone(deployment.address());
  bench::one_by_one(lone, 20);
  auto times = bench::one_by_one(lone, 200);
  fmt::print("   one alone: p50 {:6.0f} us\n", median(times));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count > 1 && std::string(arguments[1]) == "hold") {
    bench::Deployment deployment("always");
    auto all = bench::open(deployment.address(), 64);
    bench::side_by_side(all, 20);
    fmt::print("go\n");
    std::fflush(stdout);
    bench::side_by_side(all, 200);
    return 0;
  }
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 1;
  for (int i = 0; i < rounds; ++i) {
    policy("always");
    policy("everysec");
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_turns: {}\n", error.what());
  return 2;
}
