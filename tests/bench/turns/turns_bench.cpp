// What a durable turn costs through all processes. Usage: bench_turns [rounds].
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "turns/load.hpp"

namespace {

using namespace convoke;

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

void policy(const std::string& fsync) {
  bench::Deployment deployment(fsync);
  auto all = bench::open(deployment.address(), 64);
  bench::side_by_side(all, 10);
  fmt::print("{:9} 64 conversations at once: {:7.0f} turns/s", fsync, bench::side_by_side(all, 50));
  bench::Conversation lone(deployment.address());
  bench::one_by_one(lone, 20);
  auto times = bench::one_by_one(lone, 200);
  fmt::print("   one alone: p50 {:6.0f} us\n", median(times));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) try {
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
