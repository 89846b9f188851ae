// What those cost who do nothing: a WebSocket session in the gateway, a conversation in a worker that has taken a turn of it.
// Usage: bench_idle. Resident memory of the process after, minus before, by number.
#include <fmt/core.h>
#include <sys/resource.h>

#include <exception>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/row.hpp"
#include "turns/load.hpp"

namespace {

using namespace convoke;
using bench::Better;

constexpr double kib = 1024;

double resident_bytes(pid_t process) {
  std::istringstream status(test::text_of("/proc/" + std::to_string(process) + "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) * kib;
  return 0;
}

/// When it no longer changes.
double settled_bytes(pid_t process) {
  double before = 0;
  double now = resident_bytes(process);
  for (int i = 0; i < 20 && before != now; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    before = std::exchange(now, resident_bytes(process));
  }
  return now;
}

bool sessions(bench::Deployment& deployment) {
  constexpr std::size_t count = 1'000;
  const auto gateway = deployment.installation().pid("gateway");
  std::vector<bench::WebSocket> open;
  open.reserve(count + 100);
  for (int i = 0; i < 100; ++i) open.emplace_back(deployment.address(), "/api/ws");
  const double before = settled_bytes(gateway);
  for (std::size_t i = 0; i < count; ++i) open.emplace_back(deployment.address(), "/api/ws");
  const double each = (settled_bytes(gateway) - before) / count / kib;
  return bench::print({"memory of an idle WebSocket session", "KiB", "", Better::lower, 8, {each}, {}});
}

bool conversations(bench::Deployment& deployment) {
  constexpr std::size_t count = 1'000;
  const auto worker = deployment.installation().pid("worker-Talker-1");
  const auto take = [&](std::size_t number) {
    for (std::size_t i = 0; i < number; ++i) bench::Conversation(deployment.address()).turn();
  };
  take(200);
  const double before = settled_bytes(worker);
  take(count);
  const double each = (settled_bytes(worker) - before) / count / kib;
  return bench::print({"memory of an idle conversation in a worker", "KiB", "", Better::lower, 8, {each}, {}});
}

}  // namespace

int main() try {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  bench::Deployment deployment;
  const bool met_conversations = conversations(deployment);
  const bool met_sessions = sessions(deployment);
  return met_sessions && met_conversations ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_idle: {}\n", error.what());
  return 2;
}
