// A WebSocket client (Beast) for the command line and for tests: one connection, messages in, messages out, every wait with a deadline.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"
#include "http/message.hpp"
#include "http/websocket.hpp"

namespace convoke::http {

struct WebSocketTarget {
  std::string address;  // host:port or unix:/path
  std::string target = "/";
  /// Speaks TLS, with a server whose certificate is one of that host and signed by somebody whom the system trusts.
  bool tls = false;
  Headers headers;
  Millis deadline{5'000};  // for connection and handshake
  std::size_t max_message_bytes = 16uz * 1024 * 1024;
};

class WebSocketClient {
 public:
  explicit WebSocketClient(asio::io_context& io);
  ~WebSocketClient();
  WebSocketClient(WebSocketClient&&) noexcept;
  WebSocketClient& operator=(WebSocketClient&&) noexcept;

  /// UNAVAILABLE, DEADLINE, or the server's refusal (UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, else INVALID). With TLS, before anything was
  /// sent: FORBIDDEN when its certificate is not trusted, INVALID when it speaks no TLS.
  asio::awaitable<Status> connect(WebSocketTarget target);
  /// The next message; nothing when the server closed. DEADLINE when none came in time (the connection stays usable), UNAVAILABLE when
  /// lost.
  asio::awaitable<Result<std::optional<WebSocketMessage>>> read(Millis deadline);
  /// One send at a time.
  asio::awaitable<Status> send(std::string message, Millis deadline = Millis{10'000});
  asio::awaitable<Status> close(Millis deadline = Millis{2'000});
  /// Close code that the server gave; 0 while open or when it gave none.
  std::uint16_t close_code() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace convoke::http
