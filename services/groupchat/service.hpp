// The groupchat process: performs what the owner core asks for (Redis, the bus, registration) and tells it what came of it. One event at a
// time: what performing an action causes waits its turn.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bus/client.hpp"
#include "core/async.hpp"
#include "groupchat/owner/core.hpp"
#include "runtime/runtime.hpp"
#include "store/redis.hpp"

namespace convoke::groupchat {

struct ServiceOptions {
  Millis tick{20};
  std::uint32_t listed = listed_sessions;  // sessions on a user's list
  Millis ask_time{1'000};                  // the offset of our clock to that of Redis; also how soon a Redis that stands still is noticed

  template <class Fields> void describe(Fields& field) {
    field("tick", tick, "timers are looked at so often");
    field("listed_sessions", listed, "sessions on a user's list; beyond, the oldest leave it and are found by their id alone");
  }
};

class Service {
 public:
  /// Throws std::invalid_argument when the Redis endpoint cannot be read. Everything is started by start().
  Service(runtime::Runtime& runtime, bus::ClientOptions bus, const store::RedisOptions& redis, owner::Options owner, ServiceOptions options,
          const session::HandoutTimes& handout);

  void start();

 private:
  void feed(owner::Event event);
  void perform(owner::Action action);
  void commit(owner::CommitScope wanted);
  boost::asio::awaitable<void> load(owner::LoadScope wanted);
  boost::asio::awaitable<void> check(owner::Check wanted);
  boost::asio::awaitable<void> read_log(owner::ReadLog wanted);
  boost::asio::awaitable<void> read_part(owner::ReadPart wanted);
  boost::asio::awaitable<void> read_spans(owner::ReadSpans wanted);
  boost::asio::awaitable<void> claim(owner::Claim wanted);
  boost::asio::awaitable<void> read_due(owner::ReadDue wanted);
  void announce(const owner::Announce& announced);

  void on_link(const store::Link& link);
  boost::asio::awaitable<void> tick();
  boost::asio::awaitable<void> keep_time();
  boost::asio::awaitable<void> drain();
  boost::asio::awaitable<void> leave();
  Now now() const;
  void trace_commit(const std::string& scope, const std::vector<wire::Trace>& traces, std::int64_t start_us, std::int64_t took_us);
  boost::asio::awaitable<void> keep_spans();
  void keep_for_later(owner::AppendSpans spans);
  void store_spans();
  void publish_metrics();
  void count(const std::string& name, const std::string& help, std::uint64_t value, const telemetry::Labels& labels = {});

  runtime::Runtime& runtime_;
  ServiceOptions options_;
  std::unique_ptr<store::Store> store_;
  bus::Client bus_;
  owner::Core core_;
  std::deque<owner::Event> events_;
  bool feeding_ = false;
  Millis offset_{};  // Unix time of Redis minus our steady clock
  wire::RegisterT registration_;
  convoke::Event drained_;
  std::map<std::string, std::uint64_t> counted_;
  std::map<std::string, std::vector<std::string>> waiting_spans_;  // by session
  std::size_t spans_waiting_ = 0;
};

}  // namespace convoke::groupchat
