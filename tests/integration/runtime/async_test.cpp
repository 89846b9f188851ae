#include "core/async.hpp"

#include <catch2/catch.hpp>

#include "core/backoff.hpp"
#include "support/coroutine.hpp"

using namespace convoke;
using namespace convoke::test;
namespace asio = boost::asio;

namespace {

asio::awaitable<Result<int>> slow_answer(Millis duration, bool& ended) {
  struct Guard {
    bool& flag;
    ~Guard() { flag = true; }
  } guard{ended};
  co_await sleep_for(duration);
  co_return 42;
}

asio::awaitable<Result<int>> failing() {
  co_await sleep_for(Millis{1});
  throw std::logic_error("a defect");
}

asio::awaitable<bool> set_later(Event& event, Millis pause) {
  co_await sleep_for(pause);
  event.set();
  co_return true;
}

asio::awaitable<int> sum(Channel<int>& channel) {
  int total = 0;
  for (;;) {
    const auto value = co_await channel.pop();
    if (!value) co_return total;
    total += *value;
  }
}

}  // namespace

TEST_CASE("async: work within its limit is returned, work beyond it is cancelled and has ended") {
  asio::io_context io;
  bool ended = false;
  CHECK(run(io, within(Millis{5000}, slow_answer(Millis{5}, ended), "answering")) == 42);
  ended = false;
  const auto late = run(io, within(Millis{30}, slow_answer(Millis{60'000}, ended), "answering"));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Fault::deadline);
  CHECK(late.error().message == "answering took longer than 30 ms");
  CHECK(ended);
}

TEST_CASE("async: an exception of limited work comes out at once") {
  asio::io_context io;
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(run(io, within(Millis{10'000}, failing(), "failing")), std::logic_error);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("async: an event wakes all who wait, and those who come later") {
  asio::io_context io;
  Event event(io.get_executor());
  int woken = 0;
  for (int i = 0; i < 3; ++i) {
    asio::co_spawn(io, event.wait(), [&](const std::exception_ptr&) { ++woken; });
  }
  CHECK(run(io, set_later(event, Millis{5})));
  CHECK(run_until(io, std::chrono::seconds(5), [&] { return woken == 3; }));
  run(io, event.wait());
  event.reset();
  CHECK_FALSE(run(io, event.wait_for(Millis{20})));
  asio::co_spawn(io, set_later(event, Millis{5}), [](const std::exception_ptr&, bool) {});
  CHECK(run(io, event.wait_for(Millis{10'000})));
}

TEST_CASE("async: a channel keeps order, is bounded, and ends when closed and empty") {
  asio::io_context io;
  Channel<int> channel(io.get_executor(), 2);
  CHECK(channel.push(1));
  CHECK(channel.push(2));
  CHECK_FALSE(channel.push(3));
  CHECK(run(io, channel.pop()) == 1);
  CHECK(channel.push(4));
  channel.close();
  CHECK_FALSE(channel.push(5));
  CHECK(run(io, sum(channel)) == 6);
}

TEST_CASE("backoff: doubles up to its bound, with jitter, and starts over after a success") {
  Backoff backoff(Millis{100}, Millis{1000});
  std::vector<std::int64_t> least, most;
  for (int i = 0; i < 5; ++i) {
    auto copy = backoff;
    least.push_back(copy.next(0).count());
    most.push_back(backoff.next(~0ull).count());
  }
  CHECK(least == std::vector<std::int64_t>{50, 100, 200, 400, 500});
  for (std::size_t i = 0; i < 5; ++i) CHECK((most[i] >= least[i] && most[i] <= 2 * least[i]));
  backoff.succeeded();
  CHECK(backoff.next(0) == Millis{50});
}
