#include "http/websocket_frame.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

using namespace convoke;
using namespace convoke::http;

namespace {

/// A frame as a client sends it: masked.
std::string client_frame(int first_byte, const std::string& payload) {
  std::string bytes(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() <= 0xffff) {
    bytes += static_cast<char>(0x80 | 126);
    for (int shift = 8; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift & 0xff);
  } else {
    bytes += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift & 0xff);
  }
  const std::string mask = "\x11\x22\xA3\x44";
  bytes += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) bytes += static_cast<char>(payload[i] ^ mask[i % 4]);
  return bytes;
}

std::uint16_t violation_of(const std::string& bytes, std::size_t limit = 1000) {
  FrameParser parser(limit);
  parser.feed(bytes);
  for (;;) {
    const auto next = parser.next();
    if (const auto* violation = std::get_if<Violation>(&next)) return violation->close_code;
    if (std::holds_alternative<NeedMore>(next)) return 0;
  }
}

}  // namespace

TEST_CASE("websocket: our frames are not masked and use the shortest length") {
  CHECK(*text_frame("Hello").bytes == "\x81\x05Hello");  // RFC 6455, 5.7
  CHECK(binary_frame(std::string(126, 'x')).bytes->substr(0, 4) == std::string("\x82\x7e\x00\x7e", 4));
  CHECK(text_frame(std::string(70000, 'x')).bytes->substr(0, 10) == std::string("\x81\x7f\0\0\0\0\0\x01\x11\x70", 10));
  CHECK(*close_frame(1000, "bye").bytes == std::string("\x88\x05\x03\xe8"
                                                       "bye"));
  CHECK(close_frame(1000, std::string(500, 'x')).bytes->size() == 127);
}

TEST_CASE("websocket: the masked text of RFC 6455, 5.7") {
  FrameParser parser(100);
  parser.feed("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  const auto next = parser.next();
  REQUIRE(std::holds_alternative<Incoming>(next));
  CHECK(std::get<Incoming>(next).payload == "Hello");
  CHECK(std::holds_alternative<NeedMore>(parser.next()));
}

TEST_CASE("websocket: messages of every size come out whole, byte by byte") {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 4000u, 65535u, 65536u}) {
    const std::string payload(size, 'y');
    FrameParser parser(100000);
    std::optional<Incoming> got;
    for (const char c : client_frame(0x82, payload)) {
      REQUIRE_FALSE(got);
      parser.feed(std::string_view(&c, 1));
      auto next = parser.next();
      if (auto* message = std::get_if<Incoming>(&next)) got = std::move(*message);
    }
    REQUIRE(got);
    CHECK(got->payload == payload);
    CHECK(got->opcode == Opcode::binary);
  }
}

TEST_CASE("websocket: fragments are put together, with control frames in between") {
  FrameParser parser(100);
  parser.feed(client_frame(0x01, "gr\xC3") + client_frame(0x89, "p") + client_frame(0x80, "\xBC"));
  auto next = parser.next();
  CHECK(std::get<Incoming>(next).opcode == Opcode::ping);
  next = parser.next();
  CHECK(std::get<Incoming>(next).opcode == Opcode::text);
  CHECK(std::get<Incoming>(next).payload == "gr\xC3\xBC");
}

TEST_CASE("websocket: what breaks the protocol is named with its close code") {
  CHECK(violation_of(std::string("\x81\x05Hello")) == 1002);                              // not masked
  CHECK(violation_of(client_frame(0xC1, "x")) == 1002);                                   // reserved bit
  CHECK(violation_of(client_frame(0x83, "x")) == 1002);                                   // unknown opcode
  CHECK(violation_of(client_frame(0x09, "x")) == 1002);                                   // ping in pieces
  CHECK(violation_of(client_frame(0x89, std::string(126, 'x'))) == 1002);                 // ping too long
  CHECK(violation_of(client_frame(0x80, "x")) == 1002);                                   // continues nothing
  CHECK(violation_of(client_frame(0x01, "x") + client_frame(0x81, "y")) == 1002);         // new one inside another
  CHECK(violation_of(std::string("\x81\xfe\x00\x05\x00\x00\x00\x00Hello", 13)) == 1002);  // length not shortest
  CHECK(violation_of(client_frame(0x88, "\x03")) == 1002);                                // close with one byte
  CHECK(violation_of(client_frame(0x88, "\x03\xed")) == 1002);                            // 1005 may not be sent
  CHECK(violation_of(client_frame(0x81, "\xff")) == 1007);
  CHECK(violation_of(client_frame(0x88, "\x03\xe8\xff")) == 1007);
  CHECK(violation_of(client_frame(0x81, std::string(1001, 'x'))) == 1009);
  CHECK(violation_of(client_frame(0x01, std::string(600, 'x')) + client_frame(0x80, std::string(600, 'x'))) == 1009);
  CHECK(violation_of(client_frame(0x81, std::string(1000, 'x'))) == 0);
}

TEST_CASE("websocket: a length that nobody can send is refused before its bytes come") {
  CHECK(violation_of(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14)) == 1009);
  CHECK(violation_of(std::string("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14)) == 1002);
}
