// What Boost 1.81's Asio lacks for our coroutines: an event to wait for, a bounded channel, and a limit on how long an awaitable may take.
// All of it belongs to one loop and one thread. Waits end when the waiting coroutine is cancelled.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "core/result.hpp"
#include "core/time.hpp"

namespace convoke {

/// A flag that coroutines wait for. Setting wakes all of them; it stays set until reset.
class Event {
 public:
  explicit Event(const boost::asio::any_io_executor& executor) : timer_(executor, boost::asio::steady_timer::time_point::max()) {}

  void set() {
    set_ = true;
    timer_.cancel();
  }
  void reset() { set_ = false; }
  bool is_set() const { return set_; }

  /// Returns at once when set. Also returns when the coroutine is cancelled; Asio then ends it at its next wait.
  boost::asio::awaitable<void> wait() {
    boost::system::error_code ignored;
    while (!set_) {
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) co_return;
      co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
  }

  /// As wait(), for at most `limit`; says whether it is set.
  boost::asio::awaitable<bool> wait_for(Millis limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    boost::asio::steady_timer alarm(timer_.get_executor(), end);
    alarm.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) timer_.cancel();
    });
    boost::system::error_code ignored;
    while (!set_ && std::chrono::steady_clock::now() < end) {
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) break;
      co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
    co_return set_;
  }

 private:
  boost::asio::steady_timer timer_;
  bool set_ = false;
};

/// A bounded queue between coroutines of one loop. Pushing never waits: a full channel says so.
template <class T> class Channel {
 public:
  Channel(const boost::asio::any_io_executor& executor, std::size_t capacity) : ready_(executor), capacity_(capacity) {}

  /// False when full or closed; the value is then left untouched.
  bool push(T&& value) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(value));
    ready_.set();
    return true;
  }

  /// The oldest value; nothing once the channel is closed and empty, or when the waiting coroutine is cancelled.
  boost::asio::awaitable<std::optional<T>> pop() {
    while (items_.empty() && !closed_) {
      ready_.reset();
      co_await ready_.wait();
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) break;
    }
    if (items_.empty()) co_return std::nullopt;
    std::optional<T> value(std::move(items_.front()));
    items_.pop_front();
    co_return value;
  }

  void close() {
    closed_ = true;
    ready_.set();
  }
  std::size_t size() const { return items_.size(); }
  bool closed() const { return closed_; }

 private:
  Event ready_;
  std::deque<T> items_;
  std::size_t capacity_;
  bool closed_ = false;
};

/// Waits; ends early when the coroutine is cancelled.
inline boost::asio::awaitable<void> sleep_for(Millis duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

/// Runs `work` for at most `limit`, then cancels it, waits until it has ended, and returns DEADLINE with `what` in the sentence. `work`
/// must end when cancelled, as everything that waits for Asio operations does. An exception out of `work` is thrown on.
template <class T> boost::asio::awaitable<Result<T>> within(Millis limit, boost::asio::awaitable<Result<T>> work, std::string what) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, limit);
  auto group = boost::asio::experimental::make_parallel_group(boost::asio::co_spawn(executor, std::move(work), boost::asio::deferred),
                                                              timer.async_wait(boost::asio::deferred));
  auto [order, failure, result, timer_error] =
      co_await group.async_wait(boost::asio::experimental::wait_for_one(), boost::asio::use_awaitable);
  if (order[0] == 1 && !timer_error) co_return fail(Fault::deadline, what + " took longer than " + std::to_string(limit.count()) + " ms");
  if (failure) std::rethrow_exception(failure);
  co_return std::move(result);
}

}  // namespace convoke
