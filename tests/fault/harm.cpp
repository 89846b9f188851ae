#include "fault/harm.hpp"

#include <signal.h>

#include <algorithm>
#include <array>

#include "fault/harm_support.hpp"
#include "support/redis_server.hpp"

namespace convoke::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto patience = harm_patience;
constexpr std::array<std::string_view, 4> words{"cut", "slow", "silent", "mute"};

std::string word(Wire::State state) { return std::string(words.at(static_cast<std::size_t>(state) - 1)); }
Wire::State any_state(std::mt19937_64& random, std::size_t of) { return static_cast<Wire::State>(random() % of + 1); }

}  // namespace

Harm::Harm(Installation& installation, Wire& till) : installation_(installation), till_(till) {
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

std::string Harm::client(const std::string& name, const std::string& gateway) {
  auto& wire = clients_[name];
  wire = Wire::to(gateway.empty() ? installation_.address() : gateway);
  return wire->address();
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
                                     {"wire_till", &Harm::wire_till},
                                     {"wire_socket", &Harm::wire_socket},
                                     {"tear_file", &Harm::tear_file},
                                     {"fill_disk", &Harm::fill_disk},
                                     {"fill_journal", &Harm::fill_journal},
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

std::string Harm::any_kind(Random& random) { return std::string(table()[random() % table().size()].first); }

bool Harm::lasts(const std::string& kind) { return kind == "wire_till" || kind == "wire_socket" || kind == "fill_journal"; }

Strike Harm::strike(Random& random, const std::string& kind) {
  const auto at = std::ranges::find(table(), kind, &Kind::first);
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
    for (const auto& [client, wire] : clients_) wires.push_back(wire.get());
  const std::string name = at == wires_.end() ? "the gateways" : at->first;
  const milliseconds time(between(random, 300, 4'000));
  const auto what = random() % 4;  // a cut, slow or silent wire, or every second connection cut
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
  const auto state = static_cast<Wire::State>(what + 1);
  for (auto* wire : wires) wire->set(state);
  rest(time);
  for (auto* wire : wires) wire->set(Wire::State::whole);
  return {.said = "connections to " + name + " are " + word(state) + " for " + ms(time), .bit = has_bitten()};
}

// Who is connected to that server, each of whom can be cut off alone.
std::vector<Harm::Ends> Harm::ends(const std::string& server) const {
  std::vector<Ends> all;
  if (server == "a gateway") {
    for (const auto& [client, wire] : clients_) all.push_back({client, server, wire.get(), ""});
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
  const auto state = any_state(random, 3);
  const auto mine = one.wire->hits(one.whose);
  const auto everybodys = one.wire->hits();
  one.wire->set(state, one.whose);
  rest(time);
  one.wire->set(Wire::State::whole);
  const auto felt = one.wire->hits(one.whose) - mine;
  const std::string said = one.client + " and " + server + " are " + word(state) + " to each other for " + ms(time);
  if (one.wire->hits() - everybodys != felt) throw std::runtime_error(said + ", and others felt it");
  return {.said = said, .bit = felt > 0};
}

// What a call of the till has come to is not known where the connection was cut, or its answer does not come in time; what was said may
// still come to it when the wire is whole again. People go on, and answer what they are asked meanwhile.
Strike Harm::wire_till(Random& random) {
  const milliseconds time(between(random, 1'500, 5'000));
  const auto state = any_state(random, words.size());
  const auto before = till_.hits();
  return lasting(
      "workers and the till are " + word(state) + " to each other for " + ms(time), time, [this, state] { till_.set(state); },
      [this] { till_.set(Wire::State::whole); }, [this, before] { return till_.hits() > before; });
}

// The WebSockets on which people read, of one of them or of both, while the task goes on; those of both are cut.
Strike Harm::wire_socket(Random& random) {
  const milliseconds time(between(random, 300, 3'000));
  const milliseconds first(between(random, 0, 250));  // whole: most of a task is over then
  const auto state = random() % 2 == 0 ? Wire::State::cut : any_state(random, words.size());
  std::vector<Wire*> wires;
  std::string names;
  const auto which = random() % 3;
  for (const std::string name : {"watcher", "reader"}) {
    if (state != Wire::State::cut && which == (name == "watcher" ? 0 : 1)) continue;
    wires.push_back(clients_.at(name).get());
    names += (names.empty() ? "" : " and ") + name;
  }
  const auto hits = [wires] {
    std::size_t all = 0;
    for (const auto* wire : wires) all += wire->hits();
    return all;
  };
  const auto before = hits();
  const auto set = [wires](Wire::State now) {
    for (auto* wire : wires) wire->set(now);
  };
  const auto harm = [wires, set, state, first] {
    eventually(patience, [&] { return std::ranges::all_of(wires, [](const auto* wire) { return wire->connections() > 0; }); });
    rest(first);
    set(state);
  };
  return lasting(
      names + " and the gateways are " + word(state) + " to each other for " + ms(time), time, harm, [set] { set(Wire::State::whole); },
      [hits, before] { return hits() > before; });
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

}  // namespace convoke::test
