// Harm to what processes stand on: files, disk, memory, descriptors.
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include "fault/append_only.hpp"
#include "fault/harm.hpp"
#include "fault/harm_support.hpp"
#include "http/client.hpp"
#include "support/coroutine.hpp"

namespace convoke::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::size_t descriptors_of(pid_t pid) {
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd", ignored))
    count += entry.path().empty() ? 0 : 1;
  return count;
}

std::uint64_t data_of(pid_t pid) {
  std::istringstream lines(text_of("/proc/" + std::to_string(pid) + "/status"));
  const std::string name = "VmData:";
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) return std::stoull(line.substr(name.size())) << 10;
  return 0;
}

// Somebody who connects and says nothing, as health checks and clients begin; each takes a descriptor of who accepts it.
class Caller {
 public:
  explicit Caller(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    [[maybe_unused]] const bool heard =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;  // who died already hears nobody
  }
  ~Caller() { ::close(socket_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

 private:
  int socket_;
};

// Somebody else's conversation, in which something can be said while nothing is answered.
class Speaker {
 public:
  Speaker(Installation& installation, const std::string& session) : address_(installation.address()) {
    const auto opened = installation.surely("/api/chat", {{"session_id", session}, {"agent", "Echo"}, {"text", "hello"}}, session);
    if (opened.status != 200) throw std::runtime_error("no conversation: " + opened.body.dump());
    conversation_ = opened.body["conversation"];
    eventually(harm_patience, [&] { return installation.get("/api/sessions/" + session).body.value("turns", Json::array({0})).empty(); });
  }
  ~Speaker() {
    if (thread_.joinable()) thread_.join();
  }
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  void speak() { thread_ = std::thread(&Speaker::send, this); }

 private:
  void send() {
    boost::asio::io_context io;
    http::Client client(io, {});
    http::ClientRequest asked;
    asked.method = "POST";
    asked.url = "http://" + address_ + "/api/conversations/" + conversation_ + "/messages";
    asked.body = R"({"text": "and now?"})";
    asked.total_deadline = seconds(5);
    asked.headers.add("Idempotency-Key", "now");
    const auto ignored = run(io, client.send(std::move(asked)));
    static_cast<void>(ignored);  // there may be none
  }

  std::string address_;
  std::string conversation_;
  std::thread thread_;
};

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

// Redis dies while it writes: of a commit, which nobody has heard of, a part is in the file, and nothing after it.
Strike Harm::tear_file(Random& random) {
  const auto dice = random();
  Strike done{.said = "redis wrote no commit that was not answered"};
  for (int tries = 0; tries < 3 && !done.bit; ++tries) done.bit = tear_commit(dice + static_cast<unsigned>(tries), done.said);
  return done;
}

// What Redis says is held back when owners have claimed anew and commit again, so that commits follow and each is unacknowledged; then it
// is killed, and its file ends in the middle of the first of them.
bool Harm::tear_commit(std::uint64_t dice, std::string& said) {
  auto& wire = *wires_["redis"];
  const auto file = append_only_file(installation_.data() / "redis");
  const auto log = installation_.data() / "logs" / "redis.log";
  const auto truncated = [&] { return occurrences(text_of(log), "Truncating the AOF"); };
  const auto truncated_before = truncated();
  redis({"CLIENT", "KILL", "TYPE", "normal"});  // whoever is connected past the wire
  Speaker somebody(installation_, "torn-" + std::to_string(dice));
  wire.set(Wire::State::mute);
  const auto acknowledged = std::filesystem::file_size(file);
  somebody.speak();
  const bool written = eventually(seconds(5), [&] { return !commits_in(text_of(file), acknowledged).empty(); });
  if (written) {
    const auto pid = installation_.pid("redis");
    ::kill(installation_.supervisor(), SIGSTOP);  // it would start Redis at once
    ::kill(pid, SIGKILL);
    eventually(seconds(5), [&] { return ended(pid); });
    const auto commit = commits_in(text_of(file), acknowledged).front();
    const auto part = 1 + dice % (commit.size - 1);
    std::filesystem::resize_file(file, commit.at + part);
    said = "redis is killed " + std::to_string(part) + " of " + std::to_string(commit.size) + " bytes into a commit";
    wire.set(Wire::State::cut);  // what it said of that commit is never heard
    eventually(seconds(5), [&] { return wire.connections() == 0; });
  }
  wire.set(Wire::State::whole);
  ::kill(installation_.supervisor(), SIGCONT);
  return written && eventually(seconds(20), [&] { return truncated() > truncated_before; });
}

// No file of Redis may grow: what a full disk does to it. It ends at each start until there is room.
Strike Harm::fill_disk(Random& random) {
  const milliseconds time(between(random, 500, 3'000));
  const auto end = std::chrono::steady_clock::now() + time;
  const auto pid_now = [&] {
    const auto process = installation_.process("redis");
    return process.is_null() ? 0 : process["pid"].get<pid_t>();
  };
  int starts = 0;
  pid_t limited = 0;
  for (; std::chrono::steady_clock::now() < end; rest(milliseconds(10))) {
    const pid_t pid = pid_now();
    if (pid <= 0 || pid == limited) continue;
    limited = pid;
    ++starts;
    const rlimit nothing{.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    ::prlimit(pid, RLIMIT_FSIZE, &nothing, nullptr);
  }
  const bool bit = starts > 1 || (limited > 0 && ended(limited));
  const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (const auto pid = pid_now(); pid > 0) ::prlimit(pid, RLIMIT_FSIZE, &all, nullptr);
  return {.said = "redis cannot write a byte for " + ms(time) + " (" + std::to_string(starts) + " starts)", .bit = bit};
}

// The worker that calls template tools cannot let their journal grow, or by a part of a line alone. It has to try again: for less long than
// a call may take.
Strike Harm::fill_journal(Random& random) {
  const std::string name = "worker-Expert-1";
  const milliseconds time(between(random, 1'000, 6'000));
  const auto more = between(random, 0, 400);
  const auto journal = installation_.data() / "effects.jsonl";
  const auto refusals = [this, name] { return installation_.metric(name, "convoke_effects_refused_total"); };
  const auto before = refusals();
  const auto limit = std::make_shared<std::optional<Limit>>();
  limit->emplace(pid(name), RLIMIT_FSIZE, std::filesystem::file_size(journal) + static_cast<unsigned>(more));
  return lasting(
      name + " can write " + std::to_string(more) + " more bytes to its journal for " + ms(time), time, [] {}, [limit] { limit->reset(); },
      [refusals, before] { return refusals() > before; });
}

// Of its data, not of its addresses: a sanitizer has reserved all of those already. It is called all the while, so that it wants some.
Strike Harm::starve_memory(Random& random) {
  const auto name = victim(random, false);
  const milliseconds time(between(random, 500, 3'000));
  const auto starving = pid(name);
  const auto more = between(random, 0, 256);
  const Limit limit(starving, RLIMIT_DATA, data_of(starving) + (static_cast<std::uint64_t>(more) << 10));
  const auto end = std::chrono::steady_clock::now() + time;
  while (!ended(starving) && std::chrono::steady_clock::now() < end) {
    const Caller caller(installation_.run_folder() + "/" + name + ".health");
    rest(milliseconds(20));
  }
  return {.said = name + " gets " + std::to_string(more) + " KiB more for " + ms(time), .bit = ended(starving), .starved = name};
}

std::size_t Harm::refusals() const {
  const auto errors = redis({"INFO", "errorstats"});
  const std::string name = "errorstat_OOM:count=";
  const auto at = errors.find(name);
  return at == std::string::npos ? 0 : std::stoul(errors.substr(at + name.size()));
}

Strike Harm::starve_redis(Random& random) {
  const milliseconds time(between(random, 500, 3'000));
  const auto before = refusals();
  redis({"CONFIG", "SET", "maxmemory", "100kb"});
  rest(time);
  redis({"CONFIG", "SET", "maxmemory", "0"});
  return {.said = "redis has no memory left for " + ms(time), .bit = refusals() > before};
}

Strike Harm::starve_descriptors(Random& random) {
  const auto name = victim(random);
  const milliseconds time(between(random, 500, 3'000));
  const auto starving = pid(name);
  const auto open = descriptors_of(starving);
  const auto left = static_cast<std::uint64_t>(between(random, 0, 3));
  const Limit limit(starving, RLIMIT_NOFILE, open + left);
  std::deque<Caller> callers;
  for (std::uint64_t i = 0; i <= left; ++i)
    callers.emplace_back(installation_.run_folder() + (name == "redis" ? "/redis.real" : "/" + name + ".health"));
  const bool bit = eventually(time, [&] { return ended(starving) || descriptors_of(starving) >= open + left; });
  rest(time);
  return {.said = name + " gets " + std::to_string(left) + " more descriptors for " + ms(time), .bit = bit, .starved = name};
}

}  // namespace convoke::test
