#include "fault/harm.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <array>
#include <fstream>
#include <optional>
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

// The part of the append-only file that is being written.
std::filesystem::path append_only_file(const std::filesystem::path& folder) {
  std::filesystem::path newest;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder))
    if (file.path().string().ends_with(".incr.aof") &&
        (newest.empty() || file.last_write_time() > std::filesystem::last_write_time(newest)))
      newest = file.path();
  return newest;
}

struct Entry {
  std::size_t at = 0;
  std::size_t size = 0;
};

// End of the command that begins at `at`; npos when it is not whole.
std::size_t end_of_command(const std::string& text, std::size_t at) {
  const auto number_at = [&](char mark) -> std::optional<std::size_t> {
    const auto end = text.find("\r\n", at);
    if (end == std::string::npos || text[at] != mark) return std::nullopt;
    const auto value = std::stoul(text.substr(at + 1, end - at - 1));
    at = end + 2;
    return value;
  };
  const auto parts = number_at('*');
  if (!parts) return std::string::npos;
  for (std::size_t i = 0; i < *parts; ++i) {
    const auto size = at < text.size() ? number_at('$') : std::nullopt;
    if (!size || at + *size + 2 > text.size()) return std::string::npos;
    at += *size + 2;
  }
  return at;
}

// The last whole entry that begins at `from` or later. What a script wrote is one entry, from MULTI to EXEC.
std::optional<Entry> last_entry(const std::string& text, std::size_t from) {
  std::optional<Entry> last;
  std::optional<std::size_t> transaction;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_command(text, at);
    if (end == std::string::npos) break;
    const auto command = text.substr(at, std::min<std::size_t>(end - at, 20));
    if (command.find("\r\nMULTI\r\n") != std::string::npos) transaction = at;
    const bool closes = command.find("\r\nEXEC\r\n") != std::string::npos;
    const auto begin = transaction.value_or(at);
    if (closes) transaction.reset();
    if (!transaction && begin >= from) last = Entry{begin, end - begin};
    at = end;
  }
  return last;
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

Harm::Harm(Installation& installation) : installation_(installation), clients_(Wire::to(installation.address())) {
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
  const auto which = random() % (wires_.size() + 1);
  if (which < wires_.size()) std::advance(at, static_cast<int>(which));
  auto& wire = which < wires_.size() ? *at->second : *clients_;
  const std::string name = which < wires_.size() ? at->first : "the gateway";
  const milliseconds time(between(random, 300, 4'000));
  const auto what = random() % 4;
  if (what == 3) {
    wire.snap();
    return "every second connection to " + name + " is cut once";
  }
  static const std::array<std::string, 3> words{"cut", "slow", "silent"};
  wire.set(static_cast<Wire::State>(what + 1));
  rest(time);
  wire.set(Wire::State::whole);
  return "connections to " + name + " are " + words[what] + " for " + ms(time);
}

// Redis dies while it writes: of its last entry, which nobody has heard of, a part is in the file. What it says is held back first, so that
// whatever it writes from then on is unacknowledged; then it is killed, and its file ends in the middle of the last of that.
std::string Harm::tear_file(Random& random) {
  auto& wire = *wires_["redis"];
  const auto dice = random();
  redis({"CLIENT", "KILL", "TYPE", "normal"});  // whoever is connected past the wire
  eventually(seconds(5), [&] { return wire.connections() >= 2; });
  wire.set(Wire::State::mute);
  const auto file = append_only_file(installation_.data() / "redis");
  const auto acknowledged = std::filesystem::file_size(file);
  std::optional<Entry> last;
  eventually(seconds(2), [&] {
    last = last_entry(text_of(file), acknowledged);
    return last.has_value();
  });
  const auto pid = installation_.pid("redis");
  ::kill(installation_.supervisor(), SIGSTOP);  // it would start Redis at once
  ::kill(pid, SIGKILL);
  eventually(seconds(5),
             [&] { return ::kill(pid, 0) != 0 || text_of("/proc/" + std::to_string(pid) + "/stat").find(") Z ") != std::string::npos; });
  last = last_entry(text_of(file), acknowledged);
  std::string said = "redis is killed; it had written nothing that was not acknowledged";
  if (last) {
    const auto part = 1 + dice % (last->size - 1);
    std::filesystem::resize_file(file, last->at + part);
    said = "redis is killed " + std::to_string(part) + " of " + std::to_string(last->size) + " bytes into an entry";
  }
  wire.set(Wire::State::whole);
  ::kill(installation_.supervisor(), SIGCONT);
  return said;
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
