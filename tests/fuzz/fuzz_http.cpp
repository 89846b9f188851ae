// Bytes as a peer sends them to the server's port: a real connection over a socket pair, with a handler that echoes, streams, or takes a
// WebSocket. What comes back is read, so that nobody waits.
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "fuzz.hpp"
#include "http/connection.hpp"
#include "http/websocket.hpp"

using namespace convoke;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> echo(std::shared_ptr<http::WebSocket> socket) {
  for (;;) {
    auto message = co_await socket->read();
    if (!message || !*message) co_return;
    (void)socket->send(http::text_frame((*message)->data));
  }
}

asio::awaitable<http::Response> handle(http::Request request) {
  if (request.wants_websocket()) {
    http::Response upgrade;
    upgrade.websocket = &echo;
    co_return upgrade;
  }
  co_return http::json_response(200, std::move(request.body));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  asio::io_context io(1);
  asio::local::stream_protocol::socket peer(io);
  asio::local::stream_protocol::socket ours(io);
  asio::local::connect_pair(peer, ours);
  auto context = std::make_shared<http::ServerContext>();
  context->options.max_body_bytes = 4096;
  context->options.max_message_bytes = 4096;
  context->handler = &handle;
  const auto connection = std::make_shared<http::Connection>(http::Connection::Socket(std::move(ours)), context);
  boost::system::error_code error;
  peer.non_blocking(true);
  peer.write_some(asio::buffer(data, size), error);
  peer.shutdown(asio::local::stream_protocol::socket::shutdown_send, error);
  bool ended = false;
  asio::co_spawn(io, connection->run(), [&](const std::exception_ptr&) { ended = true; });
  std::array<char, 4096> answer{};
  for (int turn = 0; turn < 1000 && !ended; ++turn) {
    io.poll();
    if (io.stopped()) io.restart();
    while (peer.read_some(asio::buffer(answer), error) > 0) {
    }
  }
  fuzz::require(ended, "a connection that goes on after its peer has ended");
  return 0;
}
