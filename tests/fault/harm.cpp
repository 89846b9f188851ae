#include "fault/harm.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <array>
#include <fstream>
#include <thread>

#include "support/redis_server.hpp"

namespace convoke::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds patience{60};

void rest(milliseconds time) { std::this_thread::sleep_for(time); }

int between(std::mt19937_64& random, int least, int most) {
  return static_cast<int>(random() % static_cast<unsigned>(most - least + 1)) + least;
}

std::string ms(milliseconds time) { return std::to_string(time.count()) + " ms"; }

std::size_t descriptors_of(pid_t pid) {
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored))
    count += entry.path().empty() ? 0 : 1;
  return count;
}

std::uint64_t address_space_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t pages = 0;
  file >> pages;
  return pages * 4096;
}

// The end of the scope gives back what was taken; a process that died meanwhile has nothing to be given.
class Limit {
 public:
  Limit(pid_t pid, __rlimit_resource resource, std::uint64_t most) : pid_(pid), resource_(resource) {
    ::prlimit(pid, resource, nullptr, &before_);
    const rlimit now{.rlim_cur = most, .rlim_max = before_.rlim_max};
    ::prlimit(pid, resource, &now, nullptr);
  }
  ~Limit() { ::prlimit(pid_, resource_, &before_, nullptr); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  pid_t pid_;
  __rlimit_resource resource_;
  rlimit before_{};
};

}  // namespace

Harm::Harm(Installation& installation) : installation_(installation) {
  for (const std::string socket : {"intercom", "redis", "model"})
    wires_[socket] = std::make_unique<Wire>(installation.run_folder() + "/" + socket);
  for (const auto& process : installation.status()["processes"]) {
    names_.push_back(process["name"]);
    if (!wires_.contains(names_.back())) ::kill(installation.pid(names_.back()), SIGKILL);
  }
  if (!eventually(patience, [&] { return installation.ready() && connections() >= names_.size() - 3; }))
    throw std::runtime_error("not ready behind the wires: " + installation.status().dump());
}

std::size_t Harm::connections() const {
  std::size_t all = 0;
  for (const auto& [name, wire] : wires_) all += wire->connections();
  return all;
}

std::string Harm::victim(Random& random, bool redis) {
  for (;;) {
    const auto& name = names_[random() % names_.size()];
    if (redis || name != "redis") return name;
  }
}

std::string Harm::redis(const std::vector<std::string>& command) const {
  return redis_command(installation_.run_folder() + "/redis.real", command);
}

std::string Harm::strike(Random& random) {
  using Kind = std::string (Harm::*)(Random&);
  static constexpr std::array<Kind, 12> kinds{&Harm::kill,      &Harm::kill_several, &Harm::freeze,        &Harm::freeze,
                                              &Harm::leave,     &Harm::wire,         &Harm::wire,          &Harm::tear_file,
                                              &Harm::fill_disk, &Harm::starve_redis, &Harm::starve_memory, &Harm::starve_descriptors};
  return (this->*kinds[random() % kinds.size()])(random);
}

std::string Harm::kill(Random& random) {
  const auto name = victim(random);
  ::kill(installation_.pid(name), SIGKILL);
  return "kill -9 " + name;
}

std::string Harm::kill_several(Random& random) {
  std::string said = "kill -9";
  for (const auto& name : names_) {
    if (random() % 2 == 0) continue;
    const auto process = installation_.process(name);
    if (const pid_t pid = process["pid"]; pid > 0) ::kill(pid, SIGKILL);
    said += " " + name;
  }
  return said;
}

// Longer than every time-out between processes; longer than five seconds, and the supervisor kills it.
std::string Harm::freeze(Random& random) {
  const auto name = victim(random);
  const milliseconds time(between(random, 1'500, 8'000));
  const auto pid = installation_.pid(name);
  ::kill(pid, SIGSTOP);
  rest(time);
  ::kill(pid, SIGCONT);
  return "SIGSTOP " + name + " for " + ms(time);
}

std::string Harm::leave(Random& random) {
  const auto name = victim(random);
  ::kill(installation_.pid(name), SIGTERM);
  return "SIGTERM " + name;
}

std::string Harm::wire(Random& random) {
  auto at = wires_.begin();
  std::advance(at, static_cast<int>(random() % wires_.size()));
  const milliseconds time(between(random, 300, 4'000));
  const auto what = random() % 4;
  if (what == 3) {
    at->second->snap();
    return "every second connection to " + at->first + " is cut once";
  }
  static const std::array<std::string, 3> words{"cut", "slow", "silent"};
  at->second->set(static_cast<Wire::State>(what + 1));
  rest(time);
  at->second->set(Wire::State::whole);
  return "connections to " + at->first + " are " + words[what] + " for " + ms(time);
}

// Redis dies while it writes an entry that it has not acknowledged: half of it is in the file.
std::string Harm::tear_file(Random& random) {
  const auto pid = installation_.pid("redis");
  ::kill(installation_.supervisor(), SIGSTOP);  // it would start Redis at once
  ::kill(pid, SIGKILL);
  eventually(seconds(5),
             [&] { return ::kill(pid, 0) != 0 || text_of("/proc/" + std::to_string(pid) + "/stat").find(") Z ") != std::string::npos; });
  const std::string entry = "*3\r\n$3\r\nSET\r\n$9\r\n{p000}:xx\r\n$20\r\nthis is never whole!\r\n";
  const auto part = static_cast<std::size_t>(between(random, 1, static_cast<int>(entry.size()) - 1));
  for (const auto& file : std::filesystem::recursive_directory_iterator(installation_.data() / "redis"))
    if (file.path().string().ends_with(".incr.aof")) std::ofstream(file.path(), std::ios::app | std::ios::binary) << entry.substr(0, part);
  ::kill(installation_.supervisor(), SIGCONT);
  return "redis is killed " + std::to_string(part) + " bytes into an entry";
}

// No file of Redis may grow: what a full disk does to it. It ends at each start until there is room.
std::string Harm::fill_disk(Random& random) {
  const milliseconds time(between(random, 500, 3'000));
  const auto end = std::chrono::steady_clock::now() + time;
  int starts = 0;
  for (pid_t limited = 0; std::chrono::steady_clock::now() < end; rest(milliseconds(10))) {
    const auto process = installation_.process("redis");
    const pid_t pid = process.is_null() ? 0 : process["pid"].get<pid_t>();
    if (pid <= 0 || pid == limited) continue;
    limited = pid;
    ++starts;
    const rlimit nothing{.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    ::prlimit(pid, RLIMIT_FSIZE, &nothing, nullptr);
  }
  const auto pid = installation_.process("redis")["pid"].get<pid_t>();
  const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (pid > 0) ::prlimit(pid, RLIMIT_FSIZE, &all, nullptr);
  return "redis cannot write a byte for " + ms(time) + " (" + std::to_string(starts) + " starts)";
}

std::string Harm::starve_memory(Random& random) {
  const auto name = victim(random, false);
  const milliseconds time(between(random, 500, 3'000));
  const auto pid = installation_.pid(name);
  const Limit limit(pid, RLIMIT_AS, address_space_of(pid) + (static_cast<std::uint64_t>(between(random, 0, 256)) << 10));
  rest(time);
  return name + " gets no more memory for " + ms(time);
}

std::string Harm::starve_redis(Random& random) {
  const milliseconds time(between(random, 500, 3'000));
  redis({"CONFIG", "SET", "maxmemory", "100kb"});
  rest(time);
  redis({"CONFIG", "SET", "maxmemory", "0"});
  return "redis has no memory left for " + ms(time);
}

std::string Harm::starve_descriptors(Random& random) {
  const auto name = victim(random);
  const milliseconds time(between(random, 500, 3'000));
  const auto pid = installation_.pid(name);
  const auto open = descriptors_of(pid);
  const auto left = static_cast<std::uint64_t>(between(random, 0, 3));
  const Limit limit(pid, RLIMIT_NOFILE, open + left);
  rest(time);
  return name + " gets " + std::to_string(left) + " more descriptors for " + ms(time);
}

}  // namespace convoke::test
