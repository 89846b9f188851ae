// What the contract tests run over: one engine with the scaffolding to call it from a test. Each engine's test program defines
// make_harness().
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "core/hash.hpp"
#include "store/limits.hpp"
#include "store/store.hpp"

namespace convoke::test {

inline constexpr Uuid kReplica{.hi = 1, .lo = 2};
inline constexpr Uuid kOther{.hi = 3, .lo = 4};

inline const std::string kSession = "s:0190a1b2-0000-7000-8000-000000000001";

inline store::Commit creation(const store::Epoch& epoch, std::string scope = kSession) {
  store::Commit commit;
  commit.scope = std::move(scope);
  commit.epoch = epoch;
  commit.create = true;
  commit.state = "first";
  return commit;
}

inline store::Commit change(const store::Epoch& epoch, std::uint64_t version, std::string scope = kSession) {
  store::Commit commit;
  commit.scope = std::move(scope);
  commit.epoch = epoch;
  commit.version = version;
  return commit;
}

class Harness {
 public:
  Harness() = default;
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;
  virtual ~Harness() = default;

  boost::asio::io_context io;
  std::unique_ptr<store::Store> store;

  /// Lets the engine's time pass; with a real server, real time.
  virtual void pass(Millis time) = 0;

  /// Runs the loop until the predicate holds; false if it never does.
  bool until(const std::function<bool()>& predicate, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!predicate()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  template <class T> T run(store::Task<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      result.emplace(std::move(value));
    });
    if (!until([&] { return result.has_value() || failure; })) throw std::runtime_error("no answer within 10 s");
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }

  /// Starts run() and waits for the link.
  void start() {
    boost::asio::co_spawn(io, store->run(), [this](std::exception_ptr) { ended = true; });
    if (!until([this] { return store->link().up; })) throw std::runtime_error("the link never came up: " + store->link().text);
  }
  void stop() {
    store->close();
    if (!until([this] { return ended; })) throw std::runtime_error("run() did not end");
  }

  store::Epoch claim(std::string_view scope, Uuid replica = kReplica, std::uint64_t at_least = 0) {
    auto answer = run(store->claim({{.partition = partition_of(scope), .replica = replica, .at_least = at_least}}));
    if (!answer) throw std::runtime_error(answer.error().message);
    return answer->at(0).epoch;
  }
  store::CommitAnswer commit(store::Commit commit) { return run(store->commit(std::move(commit))); }
  store::Scope load(const std::string& scope) { return run(store->load(scope)).value(); }

  bool ended = false;
};

/// The limits every harness uses: short lives, so that expiry can be waited for.
inline store::Limits test_limits() {
  store::Limits limits;
  limits.tombstone_ttl = Millis(250);
  limits.key_ttl = Millis(2'000);
  limits.state_bytes = 1024 * 1024;
  return limits;
}

inline store::KeyRecord key(std::string name, std::string answer = "answer") {
  return {.key = std::move(name), .body_hash = std::string("\0hash", 5), .answer = std::move(answer)};
}

/// A started engine with nothing in it.
std::unique_ptr<Harness> make_harness();

}  // namespace convoke::test
