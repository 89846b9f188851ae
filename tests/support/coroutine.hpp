// Runs a coroutine of a test to its end on a loop, with a limit, and gives back what it returned. What else was spawned on the loop goes on
// meanwhile. Exceptions come out of run().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace convoke::test {

template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> task, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  bool done = false;
  std::exception_ptr failure;
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    failure = std::move(error);
    result.emplace(std::move(value));
    done = true;
  });
  io.restart();
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done && std::chrono::steady_clock::now() < end) io.run_one_until(end);
  if (!done) throw std::runtime_error("a coroutine of the test did not end in time");
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

inline void run(boost::asio::io_context& io, boost::asio::awaitable<void> task,
                std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  bool done = false;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
    failure = std::move(error);
    done = true;
  });
  io.restart();
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done && std::chrono::steady_clock::now() < end) io.run_one_until(end);
  if (!done) throw std::runtime_error("a coroutine of the test did not end in time");
  if (failure) std::rethrow_exception(failure);
}

/// Turns the loop until `predicate` holds; false when it does not within `limit`.
template <class Predicate> bool run_until(boost::asio::io_context& io, std::chrono::milliseconds limit, Predicate predicate) {
  io.restart();
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate() && std::chrono::steady_clock::now() < end) io.run_one_for(std::chrono::milliseconds(20));
  return predicate();
}

}  // namespace convoke::test
