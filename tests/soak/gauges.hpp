// What an installation holds, sampled now and then: the memory of each process, and Redis's keys and bytes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "soak/growth.hpp"
#include "support/installation.hpp"

namespace convoke::soak {

class Gauges {
 public:
  explicit Gauges(test::Installation& installation) : installation_(installation) {}
  /// Nothing is noted while Redis or the supervisor does not answer.
  void sample(double at);
  const std::vector<Sample>& samples() const { return samples_; }
  std::map<std::string, int> pids();

 private:
  test::Installation& installation_;
  std::vector<Sample> samples_;
  std::map<int, double> first_seen_;
};

}  // namespace convoke::soak
