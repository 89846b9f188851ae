// WebSocket frames (RFC 6455, section 5), without any socket: encoding for the server's side (unmasked) and an incremental parser of what
// clients send, which puts fragments together, checks masks, lengths, control frames and UTF-8, and says with which code to close.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace convoke::http {

/// An encoded frame, shared by every socket it is sent to.
struct Frame {
  std::shared_ptr<const std::string> bytes;
};

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

Frame encode_frame(Opcode opcode, std::string_view payload);
inline Frame text_frame(std::string_view payload) { return encode_frame(Opcode::text, payload); }
inline Frame binary_frame(std::string_view payload) { return encode_frame(Opcode::binary, payload); }
Frame close_frame(std::uint16_t code, std::string_view reason);

/// A whole message or a control frame.
struct Incoming {
  Opcode opcode = Opcode::text;  // never continuation
  std::string payload;
  std::uint16_t close_code = 1005;  // of a close frame; 1005: none given
};

/// Why the connection must be closed.
struct Violation {
  std::uint16_t close_code = 1002;  // 1002 protocol, 1007 not UTF-8, 1009 too large
  std::string reason;
};

struct NeedMore {};

class FrameParser {
 public:
  explicit FrameParser(std::size_t max_message_bytes) : limit_(max_message_bytes) {}
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// Call until NeedMore or Violation; after a violation the parser is done.
  std::variant<NeedMore, Incoming, Violation> next();

 private:
  std::variant<NeedMore, Incoming, Violation> finish(Opcode opcode, bool last, std::string payload);
  std::size_t limit_;
  std::string buffer_;
  std::size_t consumed_ = 0;
  std::string message_;  // fragments so far
  Opcode message_opcode_ = Opcode::continuation;
};

}  // namespace convoke::http
