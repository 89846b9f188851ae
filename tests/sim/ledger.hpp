// The world outside: what tools have really done, by call key. An idempotent callee knows its keys and does nothing twice; another one does
// it each time it is called.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/time.hpp"

namespace convoke::sim {

struct Effect {
  bool idempotent = false;
  std::uint32_t starts = 0;
  std::uint32_t applied = 0;  // times it changed the world
  std::string session;
  std::string agent;
  std::string call;
};

class Ledger {
 public:
  void start(const std::string& key, bool idempotent, std::string session, std::string agent, std::string call) {
    auto& effect = effects_[key];
    effect.idempotent = idempotent;
    effect.session = std::move(session);
    effect.agent = std::move(agent);
    effect.call = std::move(call);
    ++effect.starts;
  }
  void apply(const std::string& key) {
    auto& effect = effects_[key];
    if (effect.idempotent && effect.applied > 0) return;
    ++effect.applied;
  }
  const std::map<std::string, Effect>& effects() const { return effects_; }

 private:
  std::map<std::string, Effect> effects_;
};

}  // namespace convoke::sim
