// What an installation holds: the memory of each process, and Redis's keys and bytes; and whether that grew.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/installation.hpp"

namespace convoke::soak {

struct ProcessMemory {
  int pid = 0;
  double bytes = 0;
  double age = 0;  // seconds since this process was first seen
};

struct Sample {
  double at = 0;  // seconds
  std::map<std::string, ProcessMemory> processes;
  double redis_keys = 0;
  double redis_bytes = 0;
};

class Gauges {
 public:
  explicit Gauges(test::Installation& installation) : installation_(installation) {}
  /// Nothing is noted while Redis or the supervisor does not answer.
  void sample(double at);
  const std::vector<Sample>& samples() const { return samples_; }
  std::map<std::string, int> pids();

  struct Growth {
    std::string what;
    double first = 0;  // median over the first third of what was measured
    double last = 0;   // over the last third
    double ratio() const { return first > 0 ? last / first : 1; }
  };
  /// Since `from` seconds: each process once it was `settled` seconds old, Redis's keys, Redis's bytes.
  std::vector<Growth> growth(double from, double settled) const;
  /// Within one life of each process, from `settled` seconds on: of all lives that lasted a minute longer, the one that grew by the median.
  /// Processes without such a life are left out.
  std::vector<Growth> growth_in_life(double settled) const;

 private:
  test::Installation& installation_;
  std::vector<Sample> samples_;
  std::map<int, double> first_seen_;
};

}  // namespace convoke::soak
