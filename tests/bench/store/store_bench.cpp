// Durable commits per second: 64 scopes at once through libs/store, against the same script called synchronously, one call at a time, and
// against bare hiredis with 64 calls in its pipeline. Each policy gets a redis-server of its own; the sides alternate within it.
// Usage: bench_store [rounds]. Exits 1 when a ratio is below the budget.
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/row.hpp"
#include "core/hash.hpp"
#include "store/codec.hpp"
#include "store/redis.hpp"
#include "store/scripts.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace convoke;
using Clock = std::chrono::steady_clock;

constexpr int kScopes = 64;
constexpr auto kTime = std::chrono::milliseconds(700);

/// What a chat turn commits: a state of 600 bytes, an event of 256, a key, a due time.
store::Commit next_commit(const std::string& scope, std::uint64_t version) {
  store::Commit commit;
  commit.scope = scope;
  commit.version = version;
  commit.create = version == 0;
  commit.state = std::string(600, 's');
  commit.appends = {{.log = "log:c", .first = version + 1, .entries = {std::string(256, 'e')}}};
  commit.due_unix_ms = 1'700'000'000'000;
  return commit;
}

std::vector<std::string> scopes(const std::string& prefix) {
  std::vector<std::string> all;
  for (int i = 0; i < kScopes; ++i) all.push_back("s:" + prefix + std::to_string(i));
  return all;
}

/// hiredis as it comes: `depth` calls are written, then as many replies are read.
double bare(const test::RedisServer& server, const std::string& prefix, int depth) {
  const std::unique_ptr<redisContext, void (*)(redisContext*)> context(redisConnectUnix(server.socket().c_str()), redisFree);
  const auto text = store::text_of(store::Script::commit);
  const auto take = [&] {
    void* raw = nullptr;
    if (redisGetReply(context.get(), &raw) != REDIS_OK) throw std::runtime_error(context->errstr);
    return std::unique_ptr<redisReply, void (*)(void*)>(static_cast<redisReply*>(raw), freeReplyObject);
  };
  redisAppendCommand(context.get(), "SCRIPT LOAD %b", text.data(), text.size());
  const std::string sha = take()->str;
  const auto names = scopes(prefix);
  std::vector<std::uint64_t> versions(names.size(), 0);
  const store::Limits limits;
  std::uint64_t commits = 0;
  const auto begun = Clock::now();
  for (std::size_t at = 0; Clock::now() - begun < kTime;) {
    for (int i = 0; i < depth; ++i, at = (at + 1) % names.size()) {
      const auto bytes = store::encode_commit(next_commit(names[at], versions[at]++), sha, limits);
      redisAppendFormattedCommand(context.get(), bytes.data(), bytes.size());
    }
    for (int i = 0; i < depth; ++i, ++commits) {
      if (const auto reply = take(); reply->type != REDIS_REPLY_INTEGER) throw std::runtime_error("a commit was refused");
    }
  }
  return static_cast<double>(commits) / std::chrono::duration<double>(Clock::now() - begun).count();
}

class Load {
 public:
  Load(const test::RedisServer& server, const std::string& prefix, std::size_t at_once) : names_(scopes(prefix)) {
    store::RedisOptions options;
    options.endpoint = server.endpoint();
    store_ = store::make_redis_store(io_.get_executor(), options).value();
    versions_.resize(names_.size());
    at_once_ = at_once;
  }
  double run() {
    boost::asio::co_spawn(io_, store_->run(), [](std::exception_ptr) {});
    store_->on_link([this](const store::Link& link) {
      if (!link.up) return;
      begun_ = Clock::now();
      for (std::size_t i = 0; i < at_once_; ++i) next(i);
    });
    io_.run();
    const auto counters = store_->counters();
    batch = static_cast<double>(counters.commits) / static_cast<double>(counters.writes);
    return static_cast<double>(counters.commits) / std::chrono::duration<double>(ended_ - begun_).count();
  }
  double batch = 0;  // commits per write

 private:
  void next(std::size_t i) {
    store_->commit(next_commit(names_[i], versions_[i]), [this, i](store::CommitAnswer answer) {
      if (!answer.ok()) throw std::runtime_error("a commit was refused: " + answer.text);
      versions_[i] = answer.version;
      ended_ = Clock::now();
      if (ended_ - begun_ < kTime) return next(i);
      if (++done_ == at_once_) store_->close();
    });
  }

  boost::asio::io_context io_;
  std::unique_ptr<store::Store> store_;
  std::vector<std::string> names_;
  std::vector<std::uint64_t> versions_;
  std::size_t at_once_ = 1;
  std::size_t done_ = 0;
  Clock::time_point begun_, ended_;
};

bool measure(const std::string& policy, int rounds, double budget) {
  const test::RedisServer server({.appendfsync = policy});
  std::vector<double> alone, together, lone, pipelined;
  double batch = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto tag = std::to_string(round);
    alone.push_back(bare(server, "alone" + tag, 1));
    Load load(server, "together" + tag, kScopes);
    together.push_back(load.run());
    batch = load.batch;
    Load single(server, "lone" + tag, 1);
    lone.push_back(single.run());
    pipelined.push_back(bare(server, "pipelined" + tag, kScopes));
  }
  const auto what = fmt::format("commits, 64 sessions at once, appendfsync {}", policy);
  const bool met = bench::print({what, "/s", "one call at a time", bench::Better::higher, budget, together, alone});
  bench::print(
      {fmt::format("the same, {:.0f} a write", batch), "/s", "bare pipeline of 64", bench::Better::higher, 0, together, pipelined});
  bench::print({fmt::format("commits, one session alone, appendfsync {}", policy), "/s", "one call at a time", bench::Better::higher, 0,
                lone, alone});
  return met;
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 5;
  const bool always = measure("always", rounds, 6.0);
  const bool everysec = measure("everysec", rounds, 1.8);
  return always && everysec ? 0 : 1;
}
