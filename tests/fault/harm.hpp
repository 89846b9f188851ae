// What can happen to an installation: each kind of harm is done, kept up for a while, and undone as far as it is ours to undo.
#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fault/wire.hpp"
#include "support/installation.hpp"

namespace convoke::test {

class Harm {
 public:
  /// Puts a wire before each socket that others connect to, and has everybody connect through it; one more stands before the gateway, for
  /// clients who want it.
  explicit Harm(Installation& installation);

  /// One of all kinds, with victim and times, from the seed. Blocks until it is undone; says what it was.
  std::string strike(std::mt19937_64& random);
  /// How many connections go through wires.
  std::size_t connections() const;
  /// host:port of the wire to the gateway.
  const std::string& client_address() const { return clients_->address(); }

 private:
  using Random = std::mt19937_64;
  std::string kill(Random& random);
  std::string kill_several(Random& random);
  std::string freeze(Random& random);
  std::string leave(Random& random);
  std::string wire(Random& random);
  std::string tear_file(Random& random);
  std::string fill_disk(Random& random);
  std::string starve_memory(Random& random);
  std::string starve_redis(Random& random);
  std::string starve_descriptors(Random& random);

  std::string victim(Random& random, bool redis = true);
  std::string redis(const std::vector<std::string>& command) const;

  Installation& installation_;
  std::map<std::string, std::unique_ptr<Wire>> wires_;
  std::unique_ptr<Wire> clients_;
  std::vector<std::string> names_;
};

}  // namespace convoke::test
