#include "cli/supervisor/core.hpp"

#include <catch2/catch.hpp>

using namespace convoke;
using namespace convoke::cli;
using What = Order::What;

namespace {

class Bench {
 public:
  std::vector<Order> at(int ms, const Happened& event) { return core.on(event, SteadyTime{Millis{ms}}); }
  void add(const std::string& name, int stage, int stop_order) { at(0, happened::Added{name, stage, stop_order}); }
  std::vector<Order> spawned(int ms, const std::string& name, int pid) { return at(ms, happened::Spawned{name, pid}); }
  std::vector<Order> well(int ms, const std::string& name) {
    return at(ms, happened::Health{name, core.children().at(name).pid, true, true, {}});
  }
  std::vector<Order> ill(int ms, const std::string& name) {
    return at(ms, happened::Health{name, core.children().at(name).pid, false, false, "no answer"});
  }
  std::vector<Order> exited(int ms, const std::string& name) { return at(ms, happened::Exited{core.children().at(name).pid, "signal 9"}); }
  std::vector<Order> asked(int ms, const std::string& name) { return at(ms, happened::Asked{name, core.children().at(name).pid}); }
  // Time passes as it does for a supervisor that runs; what it ordered.
  std::vector<Order> ticks(int from, int to) {
    std::vector<Order> all;
    for (int ms = from; ms <= to; ms += 50)
      for (const auto& order : at(ms, happened::Tick{})) all.push_back(order);
    return all;
  }
  // Everybody was well until now.
  void quiet(int ms) {
    for (const auto& [name, child] : std::map(core.children()))
      if (child.pid) well(ms, name);
  }
  SupervisorCore core;
};

Order start(const std::string& name) { return {What::start, name, 0}; }

// redis, then intercom and model, then gateway; all running and ready.
Bench running() {
  Bench bench;
  bench.add("redis", 0, 4);
  bench.spawned(1, "redis", 10);
  bench.add("intercom", 1, 3);
  bench.add("gateway", 2, 0);
  bench.well(10, "redis");
  bench.spawned(11, "intercom", 11);
  bench.well(20, "intercom");
  bench.spawned(21, "gateway", 12);
  bench.well(30, "gateway");
  return bench;
}

}  // namespace

TEST_CASE("supervisor: a stage starts when all before it were ready") {
  Bench bench;
  CHECK(bench.at(0, happened::Added{"redis", 0, 4}) == std::vector{start("redis")});
  CHECK(bench.at(0, happened::Added{"intercom", 1, 3}).empty());
  bench.spawned(1, "redis", 10);
  CHECK(bench.at(100, happened::Tick{}).empty());
  CHECK(bench.well(200, "redis") == std::vector{start("intercom")});
  CHECK_FALSE(bench.core.all_ready());
  bench.spawned(201, "intercom", 11);
  bench.well(300, "intercom");
  CHECK(bench.core.all_ready());
}

TEST_CASE("supervisor: what dies is started at once, then with a back-off that doubles up to two seconds") {
  auto bench = running();
  for (const int ms : {4'000, 8'000, 12'000, 16'000, 20'000}) bench.quiet(ms);
  CHECK(bench.exited(20'000, "gateway") == std::vector{start("gateway")});
  CHECK(bench.core.children().at("gateway").restarts == 1);
  CHECK_FALSE(bench.core.all_ready());
  int now = 20'000;
  for (const int delay : {100, 200, 400, 800, 1'600, 2'000, 2'000}) {
    bench.spawned(now, "gateway", now);
    CHECK(bench.exited(now, "gateway").empty());
    bench.quiet(now);
    CHECK(bench.at(now + delay - 1, happened::Tick{}).empty());
    now += delay;
    CHECK(bench.at(now, happened::Tick{}) == std::vector{start("gateway")});
  }
  bench.spawned(now, "gateway", 99);
  bench.ticks(now, now + 10'000);
  CHECK(bench.exited(now + 10'000, "gateway") == std::vector{start("gateway")});  // steady in between
}

TEST_CASE("supervisor: a later restart does not wait for stages") {
  auto bench = running();
  for (const int ms : {4'000, 8'000, 12'000, 16'000, 20'000}) bench.quiet(ms);
  bench.exited(20'000, "redis");
  CHECK(bench.exited(20'001, "gateway") == std::vector{start("gateway")});
}

TEST_CASE("supervisor: failing health for five seconds ends in a kill, once, and a new start") {
  auto bench = running();
  bench.ill(1'000, "intercom");
  bench.well(4'000, "redis");
  bench.well(4'000, "gateway");
  CHECK(bench.ill(5'900, "intercom").empty());
  CHECK(bench.ill(6'000, "intercom") == std::vector{Order{What::kill, "intercom", 11}});
  CHECK(bench.ill(6'100, "intercom").empty());
  CHECK(bench.exited(6'101, "intercom") == std::vector{start("intercom")});
}

TEST_CASE("supervisor: silence counts from the first check that was asked and not answered, not from the last good one") {
  auto bench = running();
  CHECK(bench.ticks(50, 9'000).empty());  // nobody asked
  bench.asked(9'000, "intercom");
  CHECK(bench.ticks(9'000, 12'000).empty());
  bench.asked(12'000, "intercom");
  CHECK(bench.ticks(12'000, 13'950).empty());
  CHECK(bench.at(14'000, happened::Tick{}) == std::vector{Order{What::kill, "intercom", 11}});
  // Any good answer begins anew.
  bench.asked(14'000, "redis");
  CHECK(bench.ticks(14'000, 18'900).empty());
  bench.well(18'950, "redis");
  CHECK(bench.ticks(19'000, 25'000).empty());
}

TEST_CASE("supervisor: a pause of the supervisor itself counts for nobody") {
  auto bench = running();
  bench.ticks(50, 3'000);
  for (const auto* name : {"redis", "intercom", "gateway"}) bench.asked(3'000, name);
  // It stood still for a minute. What it finds then, in any order: checks that ended without an answer, and the clock.
  CHECK(bench.ill(63'000, "redis").empty());
  CHECK(bench.at(63'000, happened::Tick{}).empty());
  CHECK(bench.ill(63'010, "gateway").empty());
  bench.well(63'500, "redis");
  bench.well(63'500, "gateway");
  CHECK(bench.ticks(63'050, 67'900).empty());
  // Who still says nothing has had its five seconds then.
  CHECK(bench.ticks(67'950, 68'050) == std::vector{Order{What::kill, "intercom", 11}});
}

TEST_CASE("supervisor: a pause shortens neither the grace of a start nor the time for an end") {
  Bench bench;
  bench.add("redis", 0, 4);
  bench.spawned(0, "redis", 10);
  bench.ticks(50, 1'000);
  CHECK(bench.ill(31'000, "redis").empty());
  CHECK(bench.ticks(31'050, 44'900).empty());
  bench.well(44'950, "redis");
  CHECK(bench.at(45'000, happened::Stop{}) == std::vector{Order{What::terminate, "redis", 10}});
  bench.ticks(45'000, 46'000);
  CHECK(bench.ticks(90'000, 100'000).empty());
  CHECK(bench.ticks(100'050, 101'000) == std::vector{Order{What::kill, "redis", 10}});
}

TEST_CASE("supervisor: a fresh process has its grace before health counts") {
  Bench bench;
  bench.add("redis", 0, 4);
  bench.spawned(0, "redis", 10);
  CHECK(bench.ill(100, "redis").empty());
  CHECK(bench.ill(14'900, "redis").empty());
  CHECK(bench.ill(15'000, "redis") == std::vector{Order{What::kill, "redis", 10}});
}

TEST_CASE("supervisor: health of an earlier process says nothing about its successor") {
  auto bench = running();
  for (const int ms : {4'000, 8'000, 12'000, 16'000, 20'000}) bench.quiet(ms);
  bench.exited(20'000, "gateway");
  bench.spawned(20'001, "gateway", 50);
  bench.at(20'002, happened::Health{"gateway", 12, true, true, {}});
  CHECK_FALSE(bench.core.children().at("gateway").ready);
}

TEST_CASE("supervisor: an orderly end goes group by group, and is over when all have ended") {
  auto bench = running();
  CHECK(bench.at(100, happened::Stop{}) == std::vector{Order{What::terminate, "gateway", 12}});
  CHECK(bench.exited(200, "gateway") == std::vector{Order{What::terminate, "intercom", 11}});
  CHECK(bench.ticks(300, 12'150).empty());
  CHECK(bench.at(12'200, happened::Tick{}) == std::vector{Order{What::kill, "intercom", 11}});
  CHECK(bench.exited(12'300, "intercom") == std::vector{Order{What::terminate, "redis", 10}});
  CHECK(bench.exited(12'400, "redis") == std::vector{Order{What::finished, "", 0}});
  CHECK(bench.at(12'500, happened::Tick{}).empty());
}

TEST_CASE("supervisor: an end before everything was started starts nothing more") {
  Bench bench;
  bench.add("redis", 0, 4);
  bench.spawned(0, "redis", 10);
  bench.add("intercom", 1, 3);
  CHECK(bench.at(5, happened::Stop{}) == std::vector{Order{What::terminate, "redis", 10}});
  CHECK(bench.exited(6, "redis") == std::vector{Order{What::finished, "", 0}});
}

TEST_CASE("supervisor: what is removed is stopped and forgotten; wanted again meanwhile, it comes back") {
  auto bench = running();
  CHECK(bench.at(100, happened::Removed{"gateway"}) == std::vector{Order{What::terminate, "gateway", 12}});
  CHECK(bench.core.all_ready());
  CHECK(bench.exited(200, "gateway") == std::vector{Order{What::forget, "gateway", 0}});
  CHECK_FALSE(bench.core.children().contains("gateway"));

  auto again = running();
  again.at(100, happened::Removed{"gateway"});
  again.at(150, happened::Added{"gateway", 2, 0});
  CHECK(again.exited(200, "gateway") == std::vector{start("gateway")});
}

TEST_CASE("supervisor: an end that another start would not mend is marked, until it runs again") {
  Bench bench;
  bench.add("gateway", 0, 4);
  const auto& gateway = bench.core.children().at("gateway");
  bench.at(0, happened::SpawnFailed{"gateway", "convoke-gateway: not found", true});
  CHECK(gateway.hopeless);
  bench.spawned(1, "gateway", 10);
  CHECK_FALSE(gateway.hopeless);
  bench.at(2, happened::Exited{10, "exit code 2", true});
  CHECK(gateway.hopeless);
  bench.spawned(3, "gateway", 11);
  bench.exited(4, "gateway");
  CHECK_FALSE(gateway.hopeless);
}

TEST_CASE("supervisor: a program that cannot be started is tried again, and the reason is kept") {
  Bench bench;
  bench.add("redis", 0, 4);
  bench.at(0, happened::SpawnFailed{"redis", "redis-server: not found"});
  CHECK(bench.core.children().at("redis").reason == "redis-server: not found");
  CHECK(bench.at(0, happened::Tick{}).size() <= 1);
}
