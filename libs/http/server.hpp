// An HTTP/1.1 server on the process's loop: keep-alive, pipelining, streamed responses and WebSockets, over TCP or a Unix socket. Whatever
// a peer sends, it disturbs nobody else: headers, bodies, connections and every wait are bounded, and a mistake is answered with a JSON
// error before the connection closes. TLS is left to what stands in front of it (an ingress, a reverse proxy).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"
#include "http/message.hpp"
#include "http/websocket.hpp"

namespace convoke::http {

struct ServerOptions {
  std::string listen = "127.0.0.1:0";    // host:port ([::1]:80 for IPv6; port 0: the system chooses) or unix:/path
  std::size_t max_connections = 10'000;  // beyond it a new connection is answered 503 and closed
  std::size_t max_header_bytes = 16uz * 1024;
  std::size_t max_body_bytes = 1024uz * 1024;
  Millis header_deadline{10'000};                    // first byte of a request → end of its header
  Millis body_deadline{30'000};                      // end of the header → end of the body
  Millis idle_deadline{75'000};                      // between requests
  Millis write_deadline{30'000};                     // a peer that reads nothing for so long is cut off
  std::size_t max_message_bytes = 1024uz * 1024;     // one WebSocket message
  std::size_t max_queued_bytes = 4uz * 1024 * 1024;  // towards one slow WebSocket reader
  Millis ping_interval{20'000};                      // silence after which a WebSocket is pinged; after twice that it is closed

  template <class Fields> void describe(Fields& field) {
    field("listen", listen, "where to listen: host:port (port 0: the system chooses) or unix:/path");
    field("max_connections", max_connections, "connections at once; more are answered 503");
    field("max_header_bytes", max_header_bytes, "size of a request's header");
    field("max_body_bytes", max_body_bytes, "size of a request's body");
    field("header_deadline", header_deadline, "from the first byte of a request to the end of its header");
    field("body_deadline", body_deadline, "from the end of the header to the end of the body");
    field("idle_deadline", idle_deadline, "between two requests of a connection");
    field("write_deadline", write_deadline, "a peer that reads nothing for so long is cut off");
    field("max_message_bytes", max_message_bytes, "size of a WebSocket message");
    field("max_queued_bytes", max_queued_bytes, "bytes waiting for a slow WebSocket reader");
    field("ping_interval", ping_interval, "silence after which a WebSocket is pinged; after twice that it is closed");
  }
};

struct ServerStats {
  std::size_t connections = 0;
  std::size_t websockets = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // malformed, oversized, too slow, or beyond max_connections
};

class Server {
 public:
  /// Sees GET where HEAD was asked: the body of its answer is left out. An exception out of a handler is answered 500 INTERNAL and logged
  /// as an error. The server keeps the handler.
  using Handler = std::function<asio::awaitable<Response>(Request)>;

  Server(asio::io_context& io, ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and listens; INVALID for a bad address, CONFLICT when it is taken. A Unix socket that nobody listens on any more is replaced.
  Status listen();
  /// Where it listens, in the form of ServerOptions::listen, with the port that the system chose.
  std::string address() const;
  std::uint16_t port() const;  // 0 for a Unix socket

  /// Accepts and serves until `stop`. Call after listen.
  asio::awaitable<void> run();
  /// Accepts no more, lets requests in hand finish for up to `grace`, closes WebSockets with 1001, then cuts what is left.
  asio::awaitable<void> stop(Millis grace);

  ServerStats stats() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace convoke::http
