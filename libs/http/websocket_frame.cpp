#include "http/websocket_frame.hpp"

#include <array>
#include <utility>

#include "core/text.hpp"

namespace convoke::http {
namespace {

// RFC 6455, 7.4: codes that may appear in a close frame.
bool valid_close_code(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

void unmask(std::string& payload, std::string_view mask) {
  const std::array<char, 4> key{mask[0], mask[1], mask[2], mask[3]};
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ key[i & 3]);
}

bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

std::variant<NeedMore, Incoming, Violation> close_message(std::string payload) {
  Incoming close{Opcode::close, {}, 1005};
  if (payload.empty()) return close;
  if (payload.size() == 1) return Violation{1002, "a close frame with one byte"};
  close.close_code = static_cast<std::uint16_t>(big_endian(std::string_view(payload).substr(0, 2)));
  close.payload = payload.substr(2);
  if (!valid_close_code(close.close_code)) return Violation{1002, "a close code that may not be sent"};
  if (!is_utf8(close.payload)) return Violation{1007, "a close reason that is not UTF-8"};
  return close;
}

struct Head {
  Opcode opcode = Opcode::text;
  bool last = true;
  std::size_t size = 0;  // of the head, mask included; 0: more bytes are needed
  std::uint64_t length = 0;
  std::string_view mask;
};

/// Reads a frame's head, or says what is wrong with it.
std::variant<Head, Violation> read_head(std::string_view bytes) {
  if (bytes.size() < 2) return Head{};
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  const auto code = static_cast<std::uint8_t>(first & 0x0f);
  if ((first & 0x70) != 0) return Violation{1002, "reserved bits are set"};
  if ((code > 2 && code < 8) || code > 10) return Violation{1002, "an opcode that is not defined"};
  if ((second & 0x80) == 0) return Violation{1002, "a frame that is not masked"};
  Head head;
  head.opcode = static_cast<Opcode>(code);
  head.last = (first & 0x80) != 0;
  head.length = second & 0x7f;
  if (is_control(head.opcode) && (!head.last || head.length > 125)) return Violation{1002, "a control frame in pieces or beyond 125 bytes"};
  const std::size_t extended = head.length == 126 ? 2 : head.length == 127 ? 8 : 0;
  if (bytes.size() < 2 + extended + 4) return Head{};
  if (extended != 0) {
    head.length = big_endian(bytes.substr(2, extended));
    const bool shortest = extended == 2 ? head.length > 125 : head.length > 0xffff;
    if (!shortest || (head.length >> 63) != 0) return Violation{1002, "a length that is not in its shortest form"};
  }
  head.mask = bytes.substr(2 + extended, 4);
  head.size = 2 + extended + 4;
  return head;
}

}  // namespace

Frame encode_frame(Opcode opcode, std::string_view payload) {
  std::string bytes;
  bytes.reserve(payload.size() + 10);
  bytes += static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
  if (payload.size() < 126) {
    bytes += static_cast<char>(payload.size());
  } else if (payload.size() <= 0xffff) {
    bytes += static_cast<char>(126);
    append_big_endian(bytes, payload.size(), 2);
  } else {
    bytes += static_cast<char>(127);
    append_big_endian(bytes, payload.size(), 8);
  }
  bytes += payload;
  return Frame{std::make_shared<const std::string>(std::move(bytes))};
}

Frame close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload;
  append_big_endian(payload, code, 2);
  payload += truncate_utf8(reason, 123);
  return encode_frame(Opcode::close, payload);
}

std::variant<NeedMore, Incoming, Violation> FrameParser::next() {
  for (;;) {
    const auto read = read_head(std::string_view(buffer_).substr(consumed_));
    if (const auto* violation = std::get_if<Violation>(&read)) return *violation;
    const auto& head = std::get<Head>(read);
    if (head.size != 0 && head.length > limit_ - (is_control(head.opcode) ? 0 : message_.size())) {
      return Violation{1009, "a message beyond " + std::to_string(limit_) + " bytes"};
    }
    if (head.size == 0 || buffer_.size() - consumed_ - head.size < head.length) {
      buffer_.erase(0, std::exchange(consumed_, 0));
      return NeedMore{};
    }
    auto payload = buffer_.substr(consumed_ + head.size, static_cast<std::size_t>(head.length));
    unmask(payload, head.mask);
    consumed_ += head.size + payload.size();
    auto result = finish(head.opcode, head.last, std::move(payload));
    if (!std::holds_alternative<NeedMore>(result)) return result;
  }
}

std::variant<NeedMore, Incoming, Violation> FrameParser::finish(Opcode opcode, bool last, std::string payload) {
  if (opcode == Opcode::close) return close_message(std::move(payload));
  if (is_control(opcode)) return Incoming{opcode, std::move(payload)};
  const bool continues = opcode == Opcode::continuation;
  if (continues != (message_opcode_ != Opcode::continuation)) return Violation{1002, "fragments out of order"};
  if (!continues) message_opcode_ = opcode;
  if (message_.empty()) {
    message_ = std::move(payload);
  } else {
    message_ += payload;
  }
  if (!last) return NeedMore{};
  Incoming message{std::exchange(message_opcode_, Opcode::continuation), std::exchange(message_, {})};
  if (message.opcode == Opcode::text && !is_utf8(message.payload)) return Violation{1007, "text that is not UTF-8"};
  return message;
}

}  // namespace convoke::http
