// What can happen to an installation: each kind of harm is done, kept up for a while, and undone as far as it is ours to undo.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fault/wire.hpp"
#include "support/installation.hpp"

namespace convoke::test {

/// What was done. It has bitten when something shows that the installation felt it: a process that died of it, a connection that was held
/// up, a refusal by Redis.
struct Strike {
  std::string kind;
  std::string said;
  bool bit = false;
  std::string starved;  // the process that had too little memory or too few descriptors, and may have said so before it died
};

class Harm {
 public:
  /// Puts a wire before each socket that others connect to, and has everybody connect through it; one more stands before the gateway, for
  /// clients who want it.
  explicit Harm(Installation& installation);

  /// One of all kinds, with victim and times, from the seed; `kind` has it be of that kind. Blocks until it is undone.
  Strike strike(std::mt19937_64& random, const std::string& kind = {});
  static std::set<std::string> kinds();
  /// How many connections go through wires.
  std::size_t connections() const;
  /// host:port of the wire to the gateway.
  const std::string& client_address() const { return clients_->address(); }

 private:
  using Random = std::mt19937_64;
  using Kind = std::pair<std::string_view, Strike (Harm::*)(Random&)>;
  static const std::vector<Kind>& table();
  Strike kill(Random& random);
  Strike kill_several(Random& random);
  Strike freeze(Random& random);
  Strike leave(Random& random);
  Strike wire(Random& random);
  Strike tear_file(Random& random);
  bool tear_commit(std::uint64_t dice, std::string& said);
  Strike fill_disk(Random& random);
  Strike starve_memory(Random& random);
  Strike starve_redis(Random& random);
  Strike starve_descriptors(Random& random);

  std::string victim(Random& random, bool redis = true);
  std::size_t refusals() const;
  std::string redis(const std::vector<std::string>& command) const;

  Installation& installation_;
  std::map<std::string, std::unique_ptr<Wire>> wires_;
  std::unique_ptr<Wire> clients_;
  std::vector<std::string> names_;
};

}  // namespace convoke::test
