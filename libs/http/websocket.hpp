// A WebSocket (RFC 6455) on the server's side. Frames are encoded by ourselves, so that one frame is encoded once for all its readers and
// everything sent in one turn of the loop leaves in one write. Sending never waits: frames queue up to a bound in bytes; beyond it `send`
// says so and takes nothing, and the caller decides what to leave out and how to heal. Used from the loop's thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "http/websocket_frame.hpp"

namespace convoke::http {

namespace asio = boost::asio;

struct WebSocketMessage {
  bool text = true;
  std::string data;
};

enum class Sent : std::uint8_t {
  queued,
  full,    // the reader is slow: nothing was taken; `when_below` tells when there is room again
  closed,  // the socket is closing or gone
};

class WebSocket {
 public:
  virtual ~WebSocket() = default;

  /// The next message; nothing when the peer closed or is gone. An error (MALFORMED, TOO_LARGE) after which the socket is closed with the
  /// fitting code (1002, 1007, 1009). Pings are answered meanwhile. One read at a time.
  virtual asio::awaitable<Result<std::optional<WebSocketMessage>>> read() = 0;

  virtual Sent send(Frame frame) = 0;
  Sent send_text(std::string_view payload) { return send(text_frame(payload)); }

  /// Calls once, on the loop, when at most so many bytes are queued; never when the socket ends before. One call at a time: a later one
  /// replaces it.
  virtual void when_below(std::size_t bytes, std::function<void()> call) = 0;
  virtual std::size_t queued_bytes() const = 0;

  /// Sends what is queued, then a close frame; a read in progress ends. Codes: RFC 6455, 7.4.
  virtual void close(std::uint16_t code = 1000, std::string_view reason = {}) = 0;
  virtual bool open() const = 0;
};

}  // namespace convoke::http
