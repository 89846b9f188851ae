// What a client sends on a WebSocket: the parser has to say the same whether the bytes come whole or one by one.
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "http/websocket_frame.hpp"

using namespace convoke;

namespace {

using http::FrameParser;

/// One line per message, and the code of a violation. False when the parser is done.
bool drain(FrameParser& parser, std::string& said) {
  for (;;) {
    auto next = parser.next();
    if (std::holds_alternative<http::NeedMore>(next)) return true;
    if (const auto* violation = std::get_if<http::Violation>(&next)) {
      said += "!" + std::to_string(violation->close_code);
      return false;
    }
    const auto& message = std::get<http::Incoming>(next);
    fuzz::require(message.payload.size() <= 4096, "a message beyond the limit");
    said += std::to_string(static_cast<int>(message.opcode)) + ":" + message.payload + ":" + std::to_string(message.close_code) + "\n";
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text(data, size);
  std::string whole;
  FrameParser at_once(4096);
  at_once.feed(bytes);
  drain(at_once, whole);
  std::string pieces;
  FrameParser one_by_one(4096);
  for (const char byte : bytes) {
    one_by_one.feed({&byte, 1});
    if (!drain(one_by_one, pieces)) break;
  }
  fuzz::require(whole == pieces, "what is understood depends on how the bytes were cut");
  return 0;
}
