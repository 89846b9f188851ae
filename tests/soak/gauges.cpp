#include "soak/gauges.hpp"

#include <unistd.h>

#include <exception>
#include <fstream>

#include "support/redis_server.hpp"

namespace convoke::soak {
namespace {

double memory_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double number_in(const std::string& text, std::size_t from) {
  const auto digit = text.find_first_of("0123456789", from);
  return digit == std::string::npos ? 0 : std::stod(text.substr(digit));
}

}  // namespace

std::map<std::string, int> Gauges::pids() {
  std::map<std::string, int> found;
  const auto status = installation_.status();
  if (!status.contains("processes")) return found;
  for (const auto& process : status["processes"])
    if (const int pid = process.value("pid", 0); pid > 0) found[process.value("name", "")] = pid;
  return found;
}

void Gauges::sample(double at) {
  Sample sample;
  sample.at = at;
  for (const auto& [name, pid] : pids()) {
    const auto seen = first_seen_.try_emplace(pid, at).first->second;
    sample.processes[name] = {pid, memory_of(pid), at - seen};
  }
  try {
    const auto socket = installation_.run_folder() + "/redis";
    sample.redis_keys = number_in(test::redis_command(socket, {"DBSIZE"}), 0);
    const auto info = test::redis_command(socket, {"INFO", "memory"});
    sample.redis_bytes = number_in(info, info.find("used_memory:"));
  } catch (const std::exception&) {
    return;  // killed a moment ago
  }
  if (!sample.processes.empty()) samples_.push_back(std::move(sample));
}

}  // namespace convoke::soak
