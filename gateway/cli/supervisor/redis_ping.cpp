#include "cli/supervisor/redis_ping.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "core/async.hpp"

namespace convoke::cli {

namespace asio = boost::asio;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

std::unexpected<Error> away(const std::string& why) { return fail(Fault::unavailable, why); }

// The first two lines of the answer.
asio::awaitable<Result<std::string>> exchange(std::string path) {
  asio::local::stream_protocol::socket socket(co_await asio::this_coro::executor);
  const asio::local::stream_protocol::endpoint endpoint(path);
  const auto [connecting] = co_await socket.async_connect(endpoint, quietly);
  if (connecting) co_return away(connecting.message());
  // A write is tried on a key of no use to anybody, because PING is answered even where writes are refused.
  const std::string words = "PING\r\nDEL {health}\r\n";
  const auto [writing, written] = co_await asio::async_write(socket, asio::buffer(words), quietly);
  if (writing) co_return away(writing.message());
  std::string answer;
  for (int line = 0; line < 2; ++line) {
    std::string bytes;
    const auto [reading, size] = co_await asio::async_read_until(socket, asio::dynamic_buffer(bytes, 4096), "\r\n", quietly);
    if (reading) co_return away(reading.message());
    answer += bytes;
    if (std::ranges::count(answer, '\n') >= 2) break;
  }
  co_return answer;
}

}  // namespace

asio::awaitable<RedisHealth> ping_redis(std::string path) {
  auto work = exchange(std::move(path));
  auto answer = co_await within(Millis{900}, std::move(work), "redis");
  if (!answer) co_return RedisHealth{false, answer.error().message};
  const auto error = answer->find('-');
  if (error != 0 && (error == std::string::npos || (*answer)[error - 1] != '\n')) co_return RedisHealth{true, {}};
  co_return RedisHealth{true, answer->substr(error + 1, answer->find('\r', error) - error - 1)};
}

}  // namespace convoke::cli
