#include "soak/gauges.hpp"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <functional>

#include "support/redis_server.hpp"

namespace convoke::soak {
namespace {

constexpr std::size_t samples_of_a_life = 6;  // ten seconds apart

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

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

std::map<std::string, int> Gauges::pids() {
  std::map<std::string, int> found;
  const auto status = installation_.status();
  if (status.is_null()) return found;
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

std::vector<Gauges::Growth> Gauges::growth_in_life(double settled) const {
  std::map<std::string, std::map<int, std::vector<double>>> lives;
  for (const auto& sample : samples_)
    for (const auto& [name, memory] : sample.processes)
      if (name != "redis" && memory.age >= settled) lives[name][memory.pid].push_back(memory.bytes);
  std::vector<Growth> all;
  for (const auto& [name, by_pid] : lives) {
    std::vector<Growth> grown;
    for (const auto& [pid, bytes] : by_pid) {
      if (bytes.size() < samples_of_a_life) continue;
      const auto third = static_cast<std::ptrdiff_t>(bytes.size() / 3);
      grown.push_back({"", median({bytes.begin(), bytes.begin() + third}), median({bytes.end() - third, bytes.end()})});
    }
    if (grown.empty()) continue;
    const auto middle = grown.begin() + static_cast<std::ptrdiff_t>(grown.size() / 2);
    std::ranges::nth_element(grown, middle, {}, &Growth::ratio);
    middle->what = "memory of " + name + " in one life, of " + std::to_string(grown.size());
    all.push_back(*middle);
  }
  return all;
}

std::vector<Gauges::Growth> Gauges::growth(double from, double settled) const {
  std::vector<Growth> all;
  if (samples_.empty() || samples_.back().at <= from) return all;
  const double third = (samples_.back().at - from) / 3;
  const auto compare = [&](const std::string& what, const std::function<double(const Sample&)>& value) {
    std::vector<double> first;
    std::vector<double> last;
    for (const auto& sample : samples_) {
      const double found = value(sample);
      if (found <= 0 || sample.at < from) continue;
      if (sample.at < from + third) first.push_back(found);
      if (sample.at >= from + 2 * third) last.push_back(found);
    }
    all.push_back({what, median(std::move(first)), median(std::move(last))});
  };
  for (const auto& [name, memory] : samples_.back().processes)
    if (name != "redis") {
      compare("memory of " + name, [&name, settled](const Sample& sample) {
        const auto found = sample.processes.find(name);
        return found == sample.processes.end() || found->second.age < settled ? 0 : found->second.bytes;
      });
    }
  compare("Redis's keys", [](const Sample& sample) { return sample.redis_keys; });
  compare("Redis's bytes", [](const Sample& sample) { return sample.redis_bytes; });
  return all;
}

}  // namespace convoke::soak
