#include "api/side_by_side.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>
#include <vector>

namespace convoke::api {
namespace {

namespace asio = boost::asio;

struct Calls {
  std::size_t count = 0;
  std::function<asio::awaitable<bool>(std::size_t)> each;
  std::size_t next = 0;
};

// Takes the next call until there is none. The calls outlive it.
asio::awaitable<void> lane(Calls& calls) {
  while (calls.next < calls.count) {
    const auto mine = calls.next++;
    const bool go_on = co_await calls.each(mine);
    if (!go_on) calls.next = calls.count;
  }
}

}  // namespace

asio::awaitable<void> side_by_side(std::size_t count, std::size_t at_once, std::function<asio::awaitable<bool>(std::size_t)> each) {
  if (count == 0) co_return;
  Calls calls{count, std::move(each)};
  const auto executor = co_await asio::this_coro::executor;
  using Lane = decltype(asio::co_spawn(executor, lane(calls), asio::deferred));
  std::vector<Lane> lanes;
  lanes.reserve(std::min(count, at_once));
  for (std::size_t i = 0; i < std::min(count, at_once); ++i) lanes.push_back(asio::co_spawn(executor, lane(calls), asio::deferred));
  auto group = asio::experimental::make_parallel_group(std::move(lanes));
  const auto [order, failures] = co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace convoke::api
