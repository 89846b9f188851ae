// The Redis engine over a real server, for the contract tests and the tests of what only a server can do.
#pragma once

#include <memory>
#include <utility>

#include "../../unit/store/harness.hpp"
#include "store/redis.hpp"
#include "support/redis_server.hpp"

namespace convoke::test {

inline store::RedisOptions quick_options(const RedisServer& server) {
  store::RedisOptions options;
  options.endpoint = server.endpoint();
  options.limits = test_limits();
  return options;
}

class RedisHarness final : public Harness {
 public:
  explicit RedisHarness(RedisServerOptions options = {}) : server(std::move(options)) { make(quick_options(server)); }
  ~RedisHarness() override {
    if (store && !ended) store->close();
    io.restart();
    io.run_for(std::chrono::milliseconds(50));
  }

  void make(store::RedisOptions options) { store = store::make_redis_store(io.get_executor(), std::move(options)).value(); }
  void pass(Millis) override {}
  bool until_down() {
    return until([this] { return !store->link().up; });
  }
  bool until_up() {
    return until([this] { return store->link().up; });
  }

  RedisServer server;
};

}  // namespace convoke::test
