// Turns through a real intercom: the host and its handlers on one side, an owner that can misbehave on the other.
#include <catch2/catch.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "agents/turns/host.hpp"
#include "owner.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"
#include "wire/blob.hpp"

using namespace convoke;
using namespace std::chrono_literals;
using agents::Turn;
namespace asio = boost::asio;

namespace {

constexpr auto patience = 20s;

wire::ItemT item(wire::ItemKind kind, std::string text) {
  wire::ItemT result;
  result.kind = kind;
  result.text = std::move(text);
  return result;
}

wire::TurnResultT answer(std::string text) {
  wire::TurnResultT result;
  result.text = std::move(text);
  return result;
}

wire::TurnResultT fault(const Error& error) {
  wire::TurnResultT result;
  result.outcome = error.code == Fault::cancelled ? wire::Outcome::cancelled : wire::Outcome::failed;
  result.fault = static_cast<std::uint16_t>(error.code);
  return result;
}

class Cluster {
 public:
  explicit Cluster(agents::TurnHost::Handler handler)
      : endpoint("ipc://" + folder.file("intercom")),
        intercom(test::Command{{test::program("convoke-intercom"), "--intercom.bind=" + endpoint, "--intercom.hold_back=50ms",
                                "--process.health=unix:" + folder.file("health")},
                               {},
                               {}}),
        owner(io, endpoint),
        bus(io.get_executor(), options(), {{system_random(), system_random()}, "worker", "worker"}),
        host({io, bus, [] { return clock(); }, [this] { return ids.next(clock().unix); },
              [this](std::string, asio::awaitable<void> task) { asio::co_spawn(io, std::move(task), asio::detached); }},
             {}, std::move(handler)) {
    owner.start();
    bus.on_message([this](wire::Message message) { host.on_message(message); });
    bus.on_link([this](bool up) { host.on_link(up); });
    host.serve({"office.A"});
    asio::co_spawn(io, bus.run(), asio::detached);
    asio::co_spawn(io, host.run(), asio::detached);
    REQUIRE(until([this] { return owner.ready() && bus.connected(); }));
  }

  static Now clock() {
    return {std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()),
            std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
  }
  bool until(const std::function<bool()>& predicate) { return test::run_until(io, patience, predicate); }

  wire::WorkT work(std::uint64_t number, std::uint32_t attempt = 1) {
    wire::WorkT result;
    result.session = "s1";
    result.agent = "office.A";
    result.turn = number;
    result.attempt = attempt;
    result.conversation = "s1~d1";
    result.message = "s1~m" + std::to_string(number);
    wire::InputT input;
    input.text = "hello";
    input.author = "user/ann";
    result.input.push_back(std::move(input));
    return result;
  }

  bus::ClientOptions options() const {
    bus::ClientOptions result;
    result.intercoms = {endpoint};
    return result;
  }

  test::TempDir folder;
  std::string endpoint;
  test::Process intercom;
  asio::io_context io;
  IdMaker ids{system_random};
  turns_test::Owner owner;
  bus::Client bus;
  agents::TurnHost host;
};

/// Two items with an effect between, then an answer.
struct Effects {
  int begun = 0;
  Millis pause{0};
  asio::awaitable<wire::TurnResultT> run(Turn& turn) {
    for (std::uint64_t n = turn.items().size(); n < 2; ++n) {
      auto number = co_await turn.item(item(wire::ItemKind::response, "r" + std::to_string(n + 1)));
      if (!number) co_return fault(number.error());
      auto begins = co_await turn.may_begin();
      if (!begins) co_return fault(begins.error());
      ++begun;
      if (pause.count() > 0) co_await sleep_for(pause);
    }
    co_return answer("done after " + std::to_string(turn.items().size()));
  }
};

}  // namespace

TEST_CASE("turns: items and the result reach the owner in order, each before its effect") {
  Effects effects;
  Cluster cluster([&](Turn& turn) { return effects.run(turn); });
  cluster.owner.give(cluster.work(1));
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed; }));
  const auto& turn = cluster.owner.turn(1);
  REQUIRE(turn.items.size() == 2);
  CHECK(turn.items[0].text == "r1");
  CHECK(turn.items[1].n == 2);
  CHECK(turn.result->text == "done after 2");
  CHECK(effects.begun == 2);
  CHECK(cluster.until([&] { return cluster.host.book().held().empty(); }));
}

TEST_CASE("turns: lost reports are repeated, and no effect begins before its item is acknowledged") {
  Effects effects;
  Cluster cluster([&](Turn& turn) { return effects.run(turn); });
  int lost = 0;
  cluster.owner.lose = [&](const wire::ReportT& report) {
    if (report.body.type == wire::ReportBody::Progress) return false;
    CHECK(effects.begun < static_cast<int>(std::max<std::uint64_t>(report.n, 1)));
    return ++lost <= 3;
  };
  cluster.owner.give(cluster.work(1));
  REQUIRE(cluster.until([&] { return lost >= 2; }));
  CHECK(effects.begun == 0);
  cluster.owner.lose = nullptr;
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed; }));
  CHECK(cluster.owner.turn(1).items.size() == 2);
  CHECK(effects.begun == 2);
}

TEST_CASE("turns: a successor goes on after the last item, which it has to read") {
  Effects effects;
  Cluster cluster([&](Turn& turn) { return effects.run(turn); });
  auto& turn = cluster.owner.turn(1);
  turn.items.push_back(item(wire::ItemKind::response, "r1"));
  turn.items[0].n = 1;
  cluster.owner.give(cluster.work(1, 2));
  REQUIRE(cluster.until([&] { return turn.closed; }));
  CHECK(turn.items.size() == 2);
  CHECK(turn.items[1].text == "r2");
  CHECK(effects.begun == 1);
}

TEST_CASE("turns: a turn that is given to somebody else stops before its next effect") {
  Effects effects;
  effects.pause = 300ms;
  Cluster cluster([&](Turn& turn) { return effects.run(turn); });
  cluster.owner.give(cluster.work(1));
  REQUIRE(cluster.until([&] { return effects.begun == 1; }));
  cluster.owner.turn(1).attempt = 2;
  REQUIRE(cluster.until([&] { return cluster.host.book().held().empty(); }));
  CHECK(effects.begun == 1);
  CHECK_FALSE(cluster.owner.turn(1).result);
}

TEST_CASE("turns: cancel ends a wait, and what runs is reported") {
  struct Waits {
    asio::awaitable<Result<int>> for_ever() {
      co_await sleep_for(1h);
      co_return 1;
    }
    asio::awaitable<wire::TurnResultT> run(Turn& turn) {
      auto number = co_await turn.item(item(wire::ItemKind::response, "r1"));
      if (!number) co_return fault(number.error());
      auto waited = co_await turn.until_cancelled(for_ever());
      if (!waited) co_return fault(waited.error());
      co_return answer("no");
    }
  } waits;
  Cluster cluster([&](Turn& turn) { return waits.run(turn); });
  const auto work = cluster.work(1);
  cluster.owner.give(work);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).items.size() == 1; }));
  cluster.owner.control(wire::ControlKind::cancel, work);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed; }));
  CHECK(cluster.owner.turn(1).result->outcome == wire::Outcome::cancelled);
}

TEST_CASE("turns: progress is said while a handler works, and holding is answered") {
  struct Waits {
    asio::awaitable<wire::TurnResultT> run(Turn& turn) {
      turn.delta("void");
      co_await sleep_for(50ms);
      turn.restart_text();
      turn.delta("so ");
      co_await sleep_for(50ms);
      turn.delta("far");
      co_await sleep_for(2400ms);
      co_return answer("late");
    }
  } waits;
  Cluster cluster([&](Turn& turn) { return waits.run(turn); });
  const auto work = cluster.work(1);
  cluster.owner.give(work);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).progress >= 1; }));
  cluster.owner.control(wire::ControlKind::holding, work);
  const auto seen = cluster.owner.turn(1).progress;
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).progress > seen; }));
  // Who asks may have missed the beginning of the text: the whole of it comes to the owner.
  REQUIRE(cluster.until([&] { return !cluster.owner.deltas.empty() && cluster.owner.deltas.back().text == "so far"; }));
  CHECK(cluster.owner.deltas.back().offset == 0);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed; }));
}

TEST_CASE("turns: an exception in a handler fails its turn and no other") {
  struct Throws {
    asio::awaitable<wire::TurnResultT> run(Turn& turn) {
      if (turn.work().turn == 1) throw std::runtime_error("a bug");
      co_return answer("fine");
    }
  } throws;
  Cluster cluster([&](Turn& turn) { return throws.run(turn); });
  cluster.owner.give(cluster.work(1));
  auto other = cluster.work(2);
  other.agent = "office.A";
  other.session = "s2";
  cluster.owner.give(other);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed && cluster.owner.turn(2).closed; }));
  CHECK(cluster.owner.turn(1).result->fault == static_cast<std::uint16_t>(Fault::internal));
  CHECK(cluster.owner.turn(2).result->text == "fine");
}

TEST_CASE("turns: the transcript is read once, page by page, and then kept and extended") {
  struct Reads {
    std::vector<std::size_t> lengths;
    asio::awaitable<wire::TurnResultT> run(Turn& turn) {
      auto transcript = co_await turn.transcript();
      if (!transcript) co_return fault(transcript.error());
      lengths.push_back(transcript->entries.size());
      co_return answer("a" + std::to_string(turn.work().turn));
    }
  } reads;
  Cluster cluster([&](Turn& turn) { return reads.run(turn); });
  for (int i = 1; i <= 3; ++i) {
    agents::Entry entry;
    entry.turn = 1;
    entry.text = "old " + std::to_string(i);
    entry.kind = state::EntryKind::answer;
    cluster.owner.transcripts["office.A"].push_back(wire::pack(entry));
  }
  auto work = cluster.work(2);
  work.transcript = 3;
  cluster.owner.give(work);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(2).closed && cluster.host.book().held().empty(); }));
  CHECK(cluster.owner.transcript_reads == 3);
  work = cluster.work(3);
  work.transcript = 5;  // with the input and the answer of turn 2
  cluster.owner.give(work);
  REQUIRE(cluster.until([&] { return cluster.owner.turn(3).closed; }));
  CHECK(cluster.owner.transcript_reads == 3);
  CHECK(reads.lengths == std::vector<std::size_t>{3, 5});
}

TEST_CASE("turns: text is streamed in bundles with its place") {
  struct Speaks {
    asio::awaitable<wire::TurnResultT> run(Turn& turn) {
      turn.delta("one ");
      turn.delta("two ");
      co_await sleep_for(60ms);
      turn.delta("three");
      co_await sleep_for(60ms);
      turn.delta(" four");
      co_return answer("one two three four");
    }
  } speaks;
  Cluster cluster([&](Turn& turn) { return speaks.run(turn); });
  cluster.owner.give(cluster.work(1));
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed && cluster.owner.deltas.size() == 2; }));
  CHECK(cluster.owner.deltas[0].text == "one two ");
  CHECK(cluster.owner.deltas[0].offset == 0);
  CHECK(cluster.owner.deltas[1].text == "three");
  CHECK(cluster.owner.deltas[1].offset == 8);
  CHECK(cluster.owner.deltas[1].message == "s1~m1");
  CHECK(cluster.owner.turn(1).result->text == "one two three four");  // its end came with the result …
  cluster.owner.give(cluster.work(2));
  REQUIRE(cluster.until([&] { return cluster.owner.turn(2).closed; }));
  for (const auto& delta : cluster.owner.deltas) CHECK(delta.text != " four");  // … and does not come once more
}

TEST_CASE("turns: a worker that leaves finishes what it can and hands back the rest") {
  struct Waits {
    asio::awaitable<wire::TurnResultT> run(Turn& turn) {
      co_await sleep_for(turn.work().turn == 1 ? Millis{200} : Millis{3'600'000});
      co_return answer("done");
    }
  } waits;
  Cluster cluster([&](Turn& turn) { return waits.run(turn); });
  cluster.owner.give(cluster.work(1));
  auto second = cluster.work(2);
  second.session = "s2";
  cluster.owner.give(second);
  REQUIRE(cluster.until([&] { return cluster.host.book().running() == 2; }));
  cluster.host.stop_accepting();
  bool left = false;
  asio::co_spawn(cluster.io, cluster.host.finish(), [&](std::exception_ptr) { left = true; });
  REQUIRE(cluster.until([&] { return left; }));
  CHECK(cluster.owner.turn(1).result->text == "done");
  CHECK(cluster.owner.turn(2).returned);
}

TEST_CASE("turns: a new intercom learns what is held, and the result arrives through it") {
  Effects effects;
  effects.pause = 1500ms;
  Cluster cluster([&](Turn& turn) { return effects.run(turn); });
  cluster.owner.give(cluster.work(1));
  REQUIRE(cluster.until([&] { return effects.begun == 1; }));
  cluster.intercom.kill();
  REQUIRE(cluster.until([&] { return !cluster.bus.connected(); }));
  cluster.intercom = test::Process(test::Command{{test::program("convoke-intercom"), "--intercom.bind=" + cluster.endpoint,
                                                  "--intercom.hold_back=50ms", "--process.health=unix:" + cluster.folder.file("health2")},
                                                 {},
                                                 {}});
  REQUIRE(cluster.until([&] { return cluster.owner.turn(1).closed; }));
  CHECK(cluster.owner.turn(1).items.size() == 2);
  CHECK(effects.begun == 2);
}
