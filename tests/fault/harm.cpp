#include "fault/harm.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <sstream>
#include <thread>

#include "fault/append_only.hpp"
#include "http/client.hpp"
#include "support/coroutine.hpp"
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

constexpr std::array<std::string_view, 3> words{"cut", "slow", "silent"};

std::string ms(milliseconds time) { return std::to_string(time.count()) + " ms"; }

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

bool is_in_state(pid_t pid, char state) {
  return text_of("/proc/" + std::to_string(pid) + "/stat").find(std::string(") ") + state + " ") != std::string::npos;
}

bool ended(pid_t pid) { return ::kill(pid, 0) != 0 || is_in_state(pid, 'Z'); }

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
    eventually(patience, [&] { return installation.get("/api/sessions/" + session).body.value("turns", Json::array({0})).empty(); });
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

void Harm::add(const Replica& replica) {
  replicas_[replica.name()] = &replica;
  names_.push_back(replica.name());
}

void Harm::forget(const Replica& replica) {
  replicas_.erase(replica.name());
  std::erase(names_, replica.name());
}

std::vector<std::string> Harm::clients(std::size_t count, const std::string& other_gateway) {
  clients_.clear();
  std::vector<std::string> addresses;
  for (std::size_t number = 1; number <= count; ++number) {
    const bool other = number == count && !other_gateway.empty();
    clients_.push_back(Wire::to(other ? other_gateway : installation_.address()));
    addresses.push_back(clients_.back()->address());
  }
  return addresses;
}

pid_t Harm::pid(const std::string& name) {
  const auto replica = replicas_.find(name);
  if (replica == replicas_.end()) return installation_.pid(name);
  if (!eventually(patience, [&] { return replica->second->pid() > 0; })) throw std::runtime_error(name + " does not run");
  return replica->second->pid();
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

const std::vector<Harm::Kind>& Harm::table() {
  static const std::vector<Kind> all{{"kill", &Harm::kill},
                                     {"kill_several", &Harm::kill_several},
                                     {"freeze", &Harm::freeze},
                                     {"freeze", &Harm::freeze},
                                     {"leave", &Harm::leave},
                                     {"wire", &Harm::wire},
                                     {"wire_one", &Harm::wire_one},
                                     {"wire_one", &Harm::wire_one},
                                     {"tear_file", &Harm::tear_file},
                                     {"fill_disk", &Harm::fill_disk},
                                     {"starve_redis", &Harm::starve_redis},
                                     {"starve_memory", &Harm::starve_memory},
                                     {"starve_descriptors", &Harm::starve_descriptors}};
  return all;
}

std::set<std::string> Harm::kinds() {
  std::set<std::string> names;
  for (const auto& [name, harm] : table()) names.emplace(name);
  return names;
}

Strike Harm::strike(Random& random, const std::string& kind) {
  auto at = table().begin() + static_cast<std::ptrdiff_t>(random() % table().size());
  if (!kind.empty()) at = std::ranges::find(table(), kind, &Kind::first);
  if (at == table().end()) throw std::runtime_error("no kind of harm is called " + kind);
  auto done = (this->*at->second)(random);
  done.kind = at->first;
  return done;
}

Strike Harm::kill(Random& random) {
  const auto name = victim(random);
  return {.said = "kill -9 " + name, .bit = ::kill(pid(name), SIGKILL) == 0};
}

Strike Harm::kill_several(Random& random) {
  Strike done{.said = "kill -9"};
  for (const auto& name : names_) {
    if (random() % 2 == 0) continue;
    const pid_t found = replicas_.contains(name) ? replicas_[name]->pid() : installation_.process(name)["pid"].get<pid_t>();
    if (found > 0) done.bit |= ::kill(found, SIGKILL) == 0;
    done.said += " " + name;
  }
  return done;
}

// Longer than every time-out between processes; longer than five seconds, and the supervisor kills whom it knows.
Strike Harm::freeze(Random& random) {
  const auto name = victim(random);
  const milliseconds time(between(random, 2'500, 8'000));
  const auto frozen = pid(name);
  ::kill(frozen, SIGSTOP);
  rest(time);
  const bool bit = is_in_state(frozen, 'T') || ended(frozen);
  ::kill(frozen, SIGCONT);
  return {.said = "SIGSTOP " + name + " for " + ms(time), .bit = bit};
}

Strike Harm::leave(Random& random) {
  const auto name = victim(random);
  return {.said = "SIGTERM " + name, .bit = ::kill(pid(name), SIGTERM) == 0};
}

// Everybody's connections to one server.
Strike Harm::wire(Random& random) {
  std::vector<Wire*> wires;
  auto at = wires_.begin();
  const auto which = random() % (wires_.size() + 1);
  std::advance(at, static_cast<int>(std::min(which, wires_.size())));
  if (at != wires_.end()) wires = {at->second.get()};
  if (at == wires_.end())
    for (const auto& client : clients_) wires.push_back(client.get());
  const std::string name = at == wires_.end() ? "the gateways" : at->first;
  const milliseconds time(between(random, 300, 4'000));
  const auto what = random() % 4;
  const auto hits = [&] {
    std::size_t all = 0;
    for (const auto* wire : wires) all += wire->hits();
    return all;
  };
  const auto before = hits();
  const auto has_bitten = [&] { return hits() > before; };
  if (what == 3) {
    for (auto* wire : wires) wire->snap();
    return {.said = "every second connection to " + name + " is cut once", .bit = eventually(seconds(1), has_bitten)};
  }
  for (auto* wire : wires) wire->set(static_cast<Wire::State>(what + 1));
  rest(time);
  for (auto* wire : wires) wire->set(Wire::State::whole);
  return {.said = "connections to " + name + " are " + std::string(words[what]) + " for " + ms(time), .bit = has_bitten()};
}

// Who is connected to that server, each of whom can be cut off alone.
std::vector<Harm::Ends> Harm::ends(const std::string& server) const {
  std::vector<Ends> all;
  if (server == "a gateway") {
    for (std::size_t number = 0; number < clients_.size(); ++number)
      all.push_back({"client " + std::to_string(number + 1), server, clients_[number].get(), ""});
    return all;
  }
  for (const auto& name : names_) {
    const bool owner = name.starts_with("groupchat");
    const bool thinker = name.starts_with("worker") || name == "planner";
    if (wires_.contains(name) || (server == "redis" && !owner) || (server == "model" && !thinker)) continue;
    all.push_back({name, server, wires_.at(server).get(), name});
  }
  return all;
}

// The connections between two processes, while those of all others live.
Strike Harm::wire_one(Random& random) {
  static const std::array<std::string, 4> servers{"intercom", "redis", "model", "a gateway"};
  const auto& server = servers[random() % servers.size()];
  const auto all = ends(server);
  const auto& one = all[random() % all.size()];
  const milliseconds time(between(random, 300, 6'000));
  const auto what = random() % words.size();
  const auto mine = one.wire->hits(one.whose);
  const auto everybodys = one.wire->hits();
  one.wire->set(static_cast<Wire::State>(what + 1), one.whose);
  rest(time);
  one.wire->set(Wire::State::whole);
  const auto felt = one.wire->hits(one.whose) - mine;
  const std::string said = one.client + " and " + server + " are " + std::string(words[what]) + " to each other for " + ms(time);
  if (one.wire->hits() - everybodys != felt) throw std::runtime_error(said + ", and others felt it");
  return {.said = said, .bit = felt > 0};
}

std::pair<std::size_t, std::size_t> Harm::silence(const std::string& process, const std::string& server,
                                                  const std::function<void()>& meanwhile) {
  auto& wire = *wires_.at(server);
  const auto before = wire.hits();
  const auto mine = wire.hits(process);
  wire.set(Wire::State::silent, process);
  meanwhile();
  wire.set(Wire::State::whole);
  const auto felt = wire.hits(process) - mine;
  return {felt, wire.hits() - before - felt};
}

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
