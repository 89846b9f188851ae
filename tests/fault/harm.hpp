// What can happen to an installation: each kind of harm is done, kept up for a while, and undone as far as it is ours to undo.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fault/replica.hpp"
#include "fault/wire.hpp"
#include "support/installation.hpp"

namespace convoke::test {

/// What was done. It has bitten when something shows that the installation felt it: a process that died of it, a connection that was held
/// up, a refusal by Redis.
struct Strike {
  std::string kind = {};
  std::string said;
  bool bit = false;
  std::string starved = {};  // the process that had too little memory or too few descriptors, and may have said so before it died
  /// Of harm that goes on when strike() returns: waits for its end, and tells whether it has bitten.
  std::function<bool()> felt = {};
};

class Harm {
 public:
  /// Puts a wire before each socket that others connect to, and has everybody connect through it. `till`: the wire between workers and
  /// what they act upon outside.
  Harm(Installation& installation, Wire& till);

  /// One more who may be harmed, until forgotten; started after the wires were put.
  void add(const Replica& replica);
  void forget(const Replica& replica);
  /// host:port of a fresh wire between this client and a gateway (host:port; empty: the installation's).
  std::string client(const std::string& name, const std::string& gateway = {});

  /// One of that kind, with victim and times from the seed. Blocks until it is undone, but for kinds that last.
  Strike strike(std::mt19937_64& random, const std::string& kind);
  static std::string any_kind(std::mt19937_64& random);
  /// Whether nobody would feel it while people wait: it goes on when strike() has returned (Strike::felt).
  static bool lasts(const std::string& kind);
  static std::set<std::string> kinds();
  /// How many connections go through wires.
  std::size_t connections() const;
  /// Whether what connects processes can be harmed for one process alone: while `process` hears nothing of `server`, `meanwhile` is called.
  /// How often that was felt by it, and by others.
  std::pair<std::size_t, std::size_t> silence(const std::string& process, const std::string& server,
                                              const std::function<void()>& meanwhile);

 private:
  using Random = std::mt19937_64;
  using Kind = std::pair<std::string_view, Strike (Harm::*)(Random&)>;
  static const std::vector<Kind>& table();
  Strike kill(Random& random);
  Strike kill_several(Random& random);
  Strike freeze(Random& random);
  Strike leave(Random& random);
  Strike wire(Random& random);
  Strike wire_one(Random& random);
  Strike wire_till(Random& random);
  Strike wire_socket(Random& random);
  Strike tear_file(Random& random);
  bool tear_commit(std::uint64_t dice, std::string& said);
  Strike fill_disk(Random& random);
  Strike fill_journal(Random& random);
  Strike starve_memory(Random& random);
  Strike starve_redis(Random& random);
  Strike starve_descriptors(Random& random);

  struct Ends {
    std::string client;
    std::string server;
    Wire* wire;
    std::string whose;  // of who shares that wire with others
  };
  std::vector<Ends> ends(const std::string& server) const;
  std::string victim(Random& random, bool redis = true);
  pid_t pid(const std::string& name);
  std::size_t refusals() const;
  std::string redis(const std::vector<std::string>& command) const;

  Installation& installation_;
  std::map<std::string, std::unique_ptr<Wire>> wires_;
  Wire& till_;
  std::map<std::string, std::unique_ptr<Wire>> clients_;
  std::map<std::string, const Replica*> replicas_;
  std::vector<std::string> names_;
};

}  // namespace convoke::test
