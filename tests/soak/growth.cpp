#include "soak/growth.hpp"

#include <algorithm>
#include <cmath>

namespace convoke::soak {
namespace {

constexpr int groups = 3;

struct Life {
  double begun = 0;
  std::vector<double> bytes;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// Workers of all agents are of one kind.
std::string kind_of(const std::string& name) { return name.substr(0, name.find('-')); }

// Of each process its lives that were long enough, in their order.
std::map<std::string, std::vector<Life>> lives_in(const std::vector<Sample>& samples, double from, double settled) {
  std::map<std::string, std::map<int, Life>> by_pid;
  for (const auto& sample : samples)
    for (const auto& [name, memory] : sample.processes) {
      if (name == "redis" || sample.at < from || memory.age < settled) continue;
      auto& life = by_pid[name][memory.pid];
      if (life.bytes.empty()) life.begun = sample.at - memory.age;
      life.bytes.push_back(memory.bytes);
    }
  std::map<std::string, std::vector<Life>> found;
  for (auto& [name, lives] : by_pid) {
    for (auto& [pid, life] : lives)
      if (life.bytes.size() >= samples_of_a_life) found[name].push_back(std::move(life));
    if (found.contains(name)) std::ranges::sort(found[name], {}, &Life::begun);
  }
  return found;
}

}  // namespace

Growth growth_of(const std::string& what, const std::vector<Sample>& samples, double from,
                 const std::function<double(const Sample&)>& value) {
  if (samples.empty() || samples.back().at <= from) return {what, 0, 0};
  const double third = (samples.back().at - from) / 3;
  std::vector<double> first;
  std::vector<double> last;
  for (const auto& sample : samples) {
    const double found = value(sample);
    if (found <= 0 || sample.at < from) continue;
    if (sample.at < from + third) first.push_back(found);
    if (sample.at >= from + 2 * third) last.push_back(found);
  }
  return {what, median(std::move(first)), median(std::move(last))};
}

std::vector<Growth> growth_of_processes(const std::vector<Sample>& samples, double from, double settled) {
  std::set<std::string> names;
  for (const auto& sample : samples)
    for (const auto& [name, memory] : sample.processes) names.insert(name);
  names.erase("redis");
  std::vector<Growth> all;
  for (const auto& name : names)
    all.push_back(growth_of("memory of " + name, samples, from, [&](const Sample& sample) {
      const auto found = sample.processes.find(name);
      return found == sample.processes.end() || found->second.age < settled ? 0 : found->second.bytes;
    }));
  return all;
}

std::vector<Growth> growth_in_lives(const std::vector<Sample>& samples, double from, double settled) {
  std::vector<Growth> all;
  for (const auto& [name, lives] : lives_in(samples, from, settled))
    for (const auto& life : lives) {
      const auto third = static_cast<std::ptrdiff_t>(life.bytes.size() / 3);
      all.push_back({"memory of " + name + " in its life from " + std::to_string(std::lround(life.begun)) + " s",
                     median({life.bytes.begin(), life.bytes.begin() + third}), median({life.bytes.end() - third, life.bytes.end()})});
    }
  return all;
}

std::vector<Growth> growth_between_lives(const std::vector<Sample>& samples, double from, double settled) {
  std::vector<Growth> all;
  for (const auto& [name, lives] : lives_in(samples, from, settled)) {
    if (lives.size() < 2) continue;
    const auto& first = lives.front().bytes;
    const auto& last = lives.back().bytes;
    const auto common = static_cast<std::ptrdiff_t>(std::min(first.size(), last.size()));
    all.push_back({"memory of " + name + ", last long life against first", median({first.begin(), first.begin() + common}),
                   median({last.begin(), last.begin() + common})});
  }
  return all;
}

std::set<std::string> without_life(const std::vector<Sample>& samples, double from, double settled) {
  std::set<std::string> names;
  for (const auto& sample : samples)
    for (const auto& [name, memory] : sample.processes) names.insert(name);
  names.erase("redis");
  for (const auto& [name, lives] : lives_in(samples, from, settled)) names.erase(name);
  return names;
}

Shifts::Shifts(double from, double to, const std::vector<std::string>& names, int rounds)
    : from_(from), length_((to - from) / (groups * rounds)) {
  std::set<std::string> kinds;
  for (const auto& name : names) kinds.insert(kind_of(name));
  kinds.erase("redis");
  int next = 0;
  for (const auto& kind : kinds) groups_[kind] = next++ % groups;
}

bool Shifts::spared(const std::string& name, double at) const {
  const auto group = groups_.find(kind_of(name));
  return group != groups_.end() && at >= from_ && static_cast<int>((at - from_) / length_) % groups == group->second;
}

}  // namespace convoke::soak
