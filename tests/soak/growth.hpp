// Whether what an installation holds grows: pure, over samples that somebody took. A process that is killed every two minutes begins small
// again and again, so memory is compared within one life and between lives of the same age. Each process is therefore spared for a time
// (Shifts), twice where the time allows it: once early and once late.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

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

struct Growth {
  std::string what;
  double first = 0;
  double last = 0;
  double ratio() const { return first > 0 ? last / first : 1; }
};

/// So many samples of one life make it long enough to be judged.
inline constexpr std::size_t samples_of_a_life = 6;

/// Of a value of samples, 0 where it has none: median over the first and over the last third of the time since `from`.
Growth growth_of(const std::string& what, const std::vector<Sample>& samples, double from,
                 const std::function<double(const Sample&)>& value);
/// The same for each process once it was `settled` seconds old, its lives one after another.
std::vector<Growth> growth_of_processes(const std::vector<Sample>& samples, double from, double settled);
/// Within each life since `from` that was long enough, from its `settled` second on: last third against first third.
std::vector<Growth> growth_in_lives(const std::vector<Sample>& samples, double from, double settled);
/// Of each process with several lives that were long enough: the last such life against the first, at the same age.
std::vector<Growth> growth_between_lives(const std::vector<Sample>& samples, double from, double settled);
/// Processes (but Redis, whose memory it tells itself) without a life that was long enough: nothing is known of them.
std::set<std::string> without_life(const std::vector<Sample>& samples, double from, double settled);

/// Who is spared when: processes in three groups, one group after the other, `rounds` times between `from` and `to`. Redis never is.
class Shifts {
 public:
  Shifts(double from, double to, const std::vector<std::string>& names, int rounds);
  bool spared(const std::string& name, double at) const;
  double length() const { return length_; }

 private:
  double from_;
  double length_;
  std::map<std::string, int> groups_;
};

}  // namespace convoke::soak
