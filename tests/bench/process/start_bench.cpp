// From exec until ready, and resident memory then, of each service: one more replica of it beside a running installation. A groupchat's
// claims are left out: which partitions it gets, and when, is for its peers to decide. Usage: bench_start [rounds].
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
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
using bench::Row;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{10};

/// What /readyz at a Unix socket says; empty while nobody listens.
std::string readiness(const std::string& path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
  std::string text;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    constexpr std::string_view request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char buffer[4096];
    if (::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL) > 0)
      for (ssize_t count = 0; (count = ::recv(descriptor, buffer, sizeof buffer, 0)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  return text;
}

bool is_ready(const std::string& answer) {
  if (answer.find("\"ready\":true") != std::string::npos) return true;
  const auto reasons = answer.find("\"reasons\":{\"partitions\":");
  return reasons != std::string::npos && answer.find("\",\"", reasons) == std::string::npos;
}

double resident_megabytes(pid_t process) {
  std::istringstream status(test::text_of("/proc/" + std::to_string(process) + "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1e3;
  return 0;
}

/// The command line of a running process, for one more: with a name, a health address and a door of its own.
test::Command like(test::Installation& installation, const std::string& name, const std::string& health, const std::string& folder) {
  test::Command command;
  std::istringstream text(test::text_of("/proc/" + std::to_string(installation.pid(name)) + "/cmdline"));
  for (std::string argument; std::getline(text, argument, '\0');) {
    if (argument.starts_with("--process.name=")) argument = "--process.name=one-more";
    if (argument.starts_with("--process.health=")) argument = "--process.health=unix:" + health;
    if (argument.starts_with("--intercom.bind=")) argument = "--intercom.bind=ipc://" + folder + "/intercom";
    if (argument.starts_with("--offline.listen=")) argument = "--offline.listen=unix:" + folder + "/model";
    if (argument.starts_with("--http.listen=")) argument = "--http.listen=127.0.0.1:0";
    command.arguments.push_back(argument);
  }
  return command;
}

bool measure(test::Installation& installation, const std::string& name, int rounds) {
  const auto service = name.substr(0, name.find('-'));
  Row time{"start of " + service + ": exec until ready", "ms", "", Better::lower, 50};
  Row memory{"memory of " + service + " when ready", "MB", "", Better::lower, 15};
  for (int i = 0; i < rounds; ++i) {
    const test::TempDir folder;
    const auto health = folder.file("health");
    const auto command = like(installation, name, health, folder.path().string());
    const auto begun = Clock::now();
    const test::Process process(command);
    while (!is_ready(readiness(health)) && Clock::now() - begun < patience) std::this_thread::sleep_for(std::chrono::microseconds(500));
    time.ours.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    memory.ours.push_back(resident_megabytes(process.pid()));
  }
  const bool quick = bench::print(time);
  const bool small = bench::print(memory);
  return quick && small;
}

}  // namespace

int main(int count, char** arguments) try {
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 5;
  bench::Deployment deployment;
  bool met = true;
  for (const auto* name : {"intercom", "model", "gateway", "planner", "executor", "worker-Talker-1", "groupchat"})
    met &= measure(deployment.installation(), name, rounds);
  return met ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_start: {}\n", error.what());
  return 2;
}
