// A WebSocket client that costs next to nothing, so that what a bench measures is the server: a blocking socket, frames of text in and out,
// no timers, no copies that are not needed. For a server on this host that is trusted to keep RFC 6455.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::bench {

class WebSocket {
 public:
  /// Connects to host:port and shakes hands; throws std::runtime_error when that fails.
  WebSocket(const std::string& address, const std::string& target);
  ~WebSocket();
  WebSocket(WebSocket&& other) noexcept;
  WebSocket& operator=(WebSocket&&) = delete;

  int descriptor() const { return descriptor_; }
  void send(std::string_view text);
  /// Reads what has come, once; false when the server closed. Waits when there is nothing.
  bool fill();
  /// The next whole frame of text of what fill() read; valid until the next call of either. False when there is none.
  bool next(std::string_view& text);

 private:
  void send_frame(std::uint8_t opcode, std::string_view payload);
  int descriptor_ = -1;
  std::string in_;
  std::size_t read_ = 0;
  std::string out_;
};

}  // namespace convoke::bench
