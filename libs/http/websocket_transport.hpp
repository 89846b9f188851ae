// The bytes under a client's WebSocket: a connected socket, through TLS where it is asked for. One type for both, because Beast's WebSocket
// is compiled once for each type that it lies on. Internal to this folder.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace convoke::http {

class WebSocketTransport {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Tls = boost::asio::ssl::stream<Socket&>;
  using executor_type = Socket::executor_type;

  /// With a context, bytes go through TLS, whose handshake is for the caller to make.
  WebSocketTransport(Socket socket, std::shared_ptr<boost::asio::ssl::context> context)
      : socket_(std::move(socket)), context_(std::move(context)) {
    if (context_) tls_.emplace(socket_, *context_);
  }

  executor_type get_executor() { return socket_.get_executor(); }
  Socket& socket() { return socket_; }
  std::optional<Tls>& tls() { return tls_; }

  template <class Buffers, class Token> auto async_read_some(const Buffers& buffers, Token&& token) {
    const auto start = [this](auto handler, const Buffers& into) {
      if (tls_)
        tls_->async_read_some(into, std::move(handler));
      else
        socket_.async_read_some(into, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(start, token, buffers);
  }
  template <class Buffers, class Token> auto async_write_some(const Buffers& buffers, Token&& token) {
    const auto start = [this](auto handler, const Buffers& from) {
      if (tls_)
        tls_->async_write_some(from, std::move(handler));
      else
        socket_.async_write_some(from, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(start, token, buffers);
  }

 private:
  Socket socket_;
  std::shared_ptr<boost::asio::ssl::context> context_;  // outlives what was made from it
  std::optional<Tls> tls_;
};

// Beast's customisation points, found by the name of our type.
inline void beast_close_socket(WebSocketTransport& transport) {
  boost::system::error_code ignored;
  transport.socket().close(ignored);
}
// After the WebSocket's own close frames nothing of TLS is needed to know that all was said.
inline void teardown(boost::beast::role_type role, WebSocketTransport& transport, boost::system::error_code& error) {
  boost::beast::websocket::teardown(role, transport.socket(), error);
}
template <class Handler> void async_teardown(boost::beast::role_type role, WebSocketTransport& transport, Handler&& handler) {
  boost::beast::websocket::async_teardown(role, transport.socket(), std::forward<Handler>(handler));
}

}  // namespace convoke::http
