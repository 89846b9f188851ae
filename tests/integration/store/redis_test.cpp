// What only a real server can do to the store: die, freeze, fill up, refuse, forget scripts, be replaced.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "redis_harness.hpp"

namespace convoke::test {
namespace {

using namespace store;
using std::chrono::milliseconds;

/// Keeps one commit in flight for each of `scopes`, each appending its version to a log, until told to stop.
class Writers {
 public:
  Writers(Harness& harness, int scopes) : harness_(harness) {
    for (int i = 0; i < scopes; ++i) {
      writers_.push_back({.scope = "s:writer" + std::to_string(i), .epoch = {}});
      writers_.back().epoch = harness.claim(writers_.back().scope);
    }
    // The same partition may have been claimed twice: only the last claim counts.
    for (auto& writer : writers_) writer.epoch = harness.load(writer.scope).epoch;
    for (std::size_t i = 0; i < writers_.size(); ++i) next(i);
  }
  struct Writer {
    std::string scope;
    Epoch epoch;
    std::uint64_t version = 0;  // acknowledged
    bool idle = false;
    Outcome last = Outcome::ok;
  };
  std::uint64_t acknowledged() const {
    std::uint64_t all = 0;
    for (const auto& writer : writers_) all += writer.version;
    return all;
  }
  bool idle() const { return std::ranges::all_of(writers_, &Writer::idle); }
  const std::vector<Writer>& all() const { return writers_; }

 private:
  void next(std::size_t i) {
    auto& writer = writers_[i];
    Commit commit = change(writer.epoch, writer.version, writer.scope);
    commit.create = writer.version == 0;
    commit.state = "state";
    commit.appends = {{.log = "log:c", .first = writer.version + 1, .entries = {std::to_string(writer.version + 1)}}};
    harness_.store->commit(std::move(commit), [this, i](CommitAnswer answer) {
      writers_[i].last = answer.outcome;
      writers_[i].version = answer.ok() ? answer.version : writers_[i].version;
      writers_[i].idle = !answer.ok();
      if (answer.ok()) next(i);
    });
  }

  Harness& harness_;
  std::vector<Writer> writers_;
};

}  // namespace

TEST_CASE("redis: after kill -9 what was in flight is unknown, what was acknowledged is there, and work goes on") {
  RedisHarness h;
  h.start();
  Writers writers(h, 64);
  REQUIRE(h.until([&] { return writers.acknowledged() > 500; }));
  h.server.kill();
  const auto died = std::chrono::steady_clock::now();
  REQUIRE(h.until([&] { return writers.idle(); }));
  CHECK(std::chrono::steady_clock::now() - died < milliseconds(1000));
  CHECK(std::ranges::any_of(writers.all(), [](const auto& writer) { return writer.last == Outcome::unknown; }));
  for (const auto& writer : writers.all()) CHECK((writer.last == Outcome::unknown || writer.last == Outcome::refused));
  CHECK_FALSE(h.store->link().up);
  CHECK(h.store->link().reason == Reason::away);

  h.server.start();
  REQUIRE(h.until_up());
  CHECK(h.store->link().generation == 2);
  CHECK_FALSE(h.store->link().failed_over);  // it is the same server, started again
  for (const auto& writer : writers.all()) {
    const Epoch epoch = h.claim(writer.scope, kReplica, writer.epoch.number);
    CHECK(epoch.number > writer.epoch.number);
    const Scope scope = h.load(writer.scope);
    // The one in flight may have been carried out; nothing acknowledged is missing.
    CHECK((scope.version == writer.version || scope.version == writer.version + 1));
    CHECK(h.run(h.store->head(writer.scope, "log:c")).value() == scope.version);
    Commit more = change(epoch, scope.version, writer.scope);
    more.create = scope.version == 0;
    CHECK(h.commit(more).ok());
  }
}

TEST_CASE("redis: calls of every kind are answered when the server dies under them") {
  RedisHarness h;
  h.start();
  h.server.freeze();
  bool load_failed = false, page_failed = false;
  boost::asio::co_spawn(h.io, h.store->load(kSession), [&](std::exception_ptr, Result<Scope> answer) {
    load_failed = !answer && answer.error().code == Fault::unavailable;
  });
  boost::asio::co_spawn(h.io, h.store->read_log({.scope = kSession, .log = "log:c"}), [&](std::exception_ptr, Result<LogPage> answer) {
    page_failed = !answer && answer.error().code == Fault::unavailable;
  });
  h.io.restart();
  h.io.run_for(milliseconds(20));
  h.server.kill();
  CHECK(h.until([&] { return load_failed && page_failed; }, milliseconds(1000)));
  CHECK(h.run(h.store->load(kSession)).error().code == Fault::unavailable);
}

TEST_CASE("redis: a server that does not answer in time is a lost link, and what it did late is found and never doubled") {
  RedisHarness h;
  auto options = quick_options(h.server);
  options.call_deadline = Millis(500);
  options.connect_deadline = Millis(500);
  h.make(options);
  h.start();
  const Epoch epoch = h.claim(kSession);
  h.server.freeze();
  const auto begun = std::chrono::steady_clock::now();
  const CommitAnswer answer = h.commit(creation(epoch));
  CHECK(answer.outcome == Outcome::unknown);
  CHECK(answer.reason == Reason::away);
  CHECK(std::chrono::steady_clock::now() - begun < milliseconds(2000));
  CHECK_FALSE(h.store->link().up);
  CHECK(h.commit(creation(epoch)).outcome == Outcome::refused);
  h.server.thaw();
  REQUIRE(h.until_up());
  // The frozen server had the commit in its socket: it may land before our new claim, and never after it.
  const Epoch anew = h.claim(kSession, kReplica, epoch.number);
  const auto version = h.load(kSession).version;
  CHECK(version <= 1);
  CHECK(h.commit(creation(epoch)).outcome == Outcome::refused_epoch);
  if (version == 0) CHECK(h.commit(creation(anew)).ok());
  CHECK(h.load(kSession).version == 1);
}

TEST_CASE("redis: a server that stops answering while nothing is asked is noticed") {
  RedisHarness h;
  auto options = quick_options(h.server);
  options.call_deadline = Millis(100);
  options.check_every = Millis(50);
  h.make(options);
  h.start();
  h.server.freeze();
  CHECK(h.until_down());
  CHECK(h.store->link().text.find("did not answer") != std::string::npos);
  h.server.thaw();
  CHECK(h.until_up());
}

TEST_CASE("redis: scripts that the server has forgotten are loaded again without the caller noticing") {
  RedisHarness h;
  h.start();
  const Epoch epoch = h.claim(kSession);
  REQUIRE(h.commit(creation(epoch)).ok());
  CHECK(h.server.command({"SCRIPT", "FLUSH"}) == "OK");
  CHECK(h.commit(change(epoch, 1)).ok());
  CHECK(h.server.command({"SCRIPT", "FLUSH"}) == "OK");
  CHECK(h.load(kSession).version == 2);
  CHECK(h.server.command({"SCRIPT", "FLUSH"}) == "OK");
  CHECK(h.run(h.store->read_log({.scope = kSession, .log = "log:c"})).value().head == 0);
  CHECK(h.store->link().generation == 1);
}

TEST_CASE("redis: a full disk is an outage of that name, and ends when there is room again") {
  RedisHarness h({.appendfsync = "everysec"});
  auto options = quick_options(h.server);
  h.make(options);
  h.start();
  const Epoch epoch = h.claim(kSession);
  REQUIRE(h.commit(creation(epoch)).ok());
  h.server.limit_disk(2000);
  std::uint64_t version = 1;
  CommitAnswer answer;
  REQUIRE(h.until([&] {
    Commit commit = change(epoch, version);
    commit.state = std::string(1000, 's');
    answer = h.commit(commit);
    version = answer.ok() ? answer.version : version;
    return !answer.ok();
  }));
  CHECK(answer.reason == Reason::disk_full);
  CHECK(answer.text.find("MISCONF") != std::string::npos);
  REQUIRE(h.until_down());
  CHECK(h.store->link().reason == Reason::disk_full);
  h.server.limit_disk({});
  REQUIRE(h.until_up());
  const Epoch anew = h.claim(kSession, kReplica, epoch.number);
  CHECK(h.load(kSession).version == version);
  CHECK(h.commit(change(anew, version)).ok());
}

TEST_CASE("redis: no memory left is an outage of that name, refused before the first write") {
  RedisHarness h({.extra = {"--maxmemory", "0"}});
  h.start();
  const Epoch epoch = h.claim(kSession);
  REQUIRE(h.commit(creation(epoch)).ok());
  h.server.command({"CONFIG", "SET", "maxmemory", "1"});
  Commit commit = change(epoch, 1);
  commit.state = "second";
  commit.keys = {{.key = "k", .body_hash = {}, .answer = {}}};
  const CommitAnswer answer = h.commit(commit);
  CHECK(answer.outcome == Outcome::refused);
  CHECK(answer.reason == Reason::out_of_memory);
  REQUIRE(h.until_down());
  CHECK(h.until([&] { return h.store->link().reason == Reason::out_of_memory; }));
  h.server.command({"CONFIG", "SET", "maxmemory", "0"});
  REQUIRE(h.until_up());
  CHECK(h.load(kSession).state == "first");
  CHECK(h.run(h.store->keys(kSession, {"k"})).value().empty());
}

TEST_CASE("redis: with WAIT, a commit that no replica has is not ok, and the link says so until one is there") {
  RedisHarness h({.tcp = true});
  auto options = quick_options(h.server);
  options.wait_replicas = 1;
  options.call_deadline = Millis(3000);  // WAIT gets half of it; a replica may be busy rewriting its file
  h.make(options);
  boost::asio::co_spawn(h.io, h.store->run(), [&](std::exception_ptr) { h.ended = true; });
  REQUIRE(h.until([&] { return h.store->link().reason == Reason::no_replicas; }));
  RedisServer replica(
      {.tcp = true, .extra = {"--replicaof", "127.0.0.1 " + std::to_string(h.server.port()), "--repl-ping-replica-period", "1"}});
  h.server.command({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
  REQUIRE(h.until_up());
  const Epoch epoch = h.claim(kSession);
  REQUIRE(h.commit(creation(epoch)).ok());
  CHECK(replica.command({"HGET",
                         "{p" + std::string(3 - std::to_string(partition_of(kSession)).size(), '0') +
                             std::to_string(partition_of(kSession)) + "}:" + kSession,
                         "s"}) == "first");
  replica.freeze();
  const CommitAnswer answer = h.commit(change(epoch, 1));
  CHECK(answer.outcome == Outcome::unknown);
  REQUIRE(h.until_down());
  replica.thaw();
  CHECK(h.until_up());
}

TEST_CASE("redis: a server demoted to a replica is an outage, and one with another history says so") {
  RedisHarness h({.tcp = true});
  auto options = quick_options(h.server);
  options.check_every = Millis(50);
  h.make(options);
  h.start();
  const std::string history = h.store->link().replication_id;
  const Epoch epoch = h.claim(kSession);
  h.server.command({"REPLICAOF", "127.0.0.1", "1"});
  const CommitAnswer answer = h.commit(creation(epoch));
  CHECK_FALSE(answer.ok());
  REQUIRE(h.until([&] { return h.store->link().reason == Reason::read_only; }));
  h.server.command({"REPLICAOF", "NO", "ONE"});
  REQUIRE(h.until_up());
  CHECK(h.store->link().failed_over);
  CHECK(h.store->link().replication_id != history);
}

TEST_CASE("redis: works over TCP with a user, a password and a database, and never shows the password") {
  RedisHarness h({.tcp = true});
  REQUIRE(h.server.command({"ACL", "SETUSER", "convoke", "on", ">s3cret-word", "~*", "+@read", "+@write", "+@scripting", "+@connection",
                            "+info", "+time", "+wait"}) == "OK");
  auto options = quick_options(h.server);
  options.endpoint = "127.0.0.1:" + std::to_string(h.server.port());
  options.user = "convoke";
  options.database = 3;
  SECTION("right password") {
    options.password = "s3cret-word";
    h.make(options);
    h.start();
    const Epoch epoch = h.claim(kSession);
    CHECK(h.commit(creation(epoch)).ok());
    CHECK(h.run(h.store->time_offset()).has_value());
    CHECK(h.server.command({"DBSIZE"}) == "0");
  }
  SECTION("wrong password") {
    options.password = "s3cret-wood";
    h.make(options);
    boost::asio::co_spawn(h.io, h.store->run(), [&](std::exception_ptr) { h.ended = true; });
    REQUIRE(h.until([&] { return h.store->link().text.find("WRONGPASS") != std::string::npos; }));
    CHECK(h.store->link().text.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("redis: without a server the link says where it looked, and close ends run() at once") {
  RedisHarness h;
  h.server.kill();
  boost::asio::co_spawn(h.io, h.store->run(), [&](std::exception_ptr) { h.ended = true; });
  REQUIRE(h.until([&] { return h.store->link().text.find(h.server.endpoint()) != std::string::npos; }));
  h.store->close();
  CHECK(h.until([&] { return h.ended; }, milliseconds(500)));
}

TEST_CASE("redis: more commits than may wait are refused as overload, and the others are carried out") {
  RedisHarness h;
  auto options = quick_options(h.server);
  options.limits.max_in_flight = 4;
  options.limits.max_waiting = 8;
  h.make(options);
  h.start();
  int ok = 0, overloaded = 0;
  for (int i = 0; i < 20; ++i) {
    h.store->commit(creation({}, "s:overload" + std::to_string(i)), [&](CommitAnswer answer) {
      ok += answer.ok() ? 1 : 0;
      overloaded += answer.reason == Reason::overloaded ? 1 : 0;
    });
    CHECK(h.store->counters().in_flight <= 4);
    CHECK(h.store->counters().waiting <= 8);
  }
  REQUIRE(h.until([&] { return ok + overloaded == 20; }));
  CHECK(ok == 12);
}

TEST_CASE("redis: commits given in one turn of the loop leave in one write") {
  RedisHarness h;
  h.start();
  const auto before = h.store->counters().writes;
  int answered = 0;
  for (int i = 0; i < 64; ++i) {
    h.store->commit(creation({}, "s:batch" + std::to_string(i)), [&](CommitAnswer answer) { answered += answer.ok() ? 1 : 0; });
  }
  REQUIRE(h.until([&] { return answered == 64; }));
  CHECK(h.store->counters().writes - before <= 2);  // one, and perhaps the regular check
}

TEST_CASE("redis: a store that goes away with calls in flight leaves nothing behind") {
  RedisHarness h;
  h.start();
  h.server.freeze();
  for (int i = 0; i < 8; ++i) h.store->commit(creation({}, "s:gone" + std::to_string(i)), [](CommitAnswer) {});
  h.io.restart();
  h.io.run_for(milliseconds(20));
  h.server.thaw();
}

TEST_CASE("redis: an endpoint that cannot be read is refused at once") {
  boost::asio::io_context io;
  for (const auto* endpoint : {"", "localhost", "unix:", "host:port", ":6379", "host:123456"}) {
    RedisOptions options;
    options.endpoint = endpoint;
    CHECK(make_redis_store(io.get_executor(), options).error().code == Fault::invalid);
  }
}

}  // namespace convoke::test
