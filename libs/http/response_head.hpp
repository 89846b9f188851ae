// The head of a response as bytes, and the answer to a WebSocket handshake. Pure; internal to this folder.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace convoke::http {

enum class Framing : std::uint8_t { length, chunked, until_close, none };

/// Status line, the response's headers (control characters left out), framing, Date and Connection, up to the empty line.
std::string encode_head(const Response& response, Framing framing, bool keep_alive);

/// `Sec-WebSocket-Accept` (RFC 6455, 4.2.2).
std::string websocket_accept(std::string_view key);
/// Empty when `request` is a proper opening handshake, else what is wrong with it.
std::string handshake_mistake(const Request& request);

}  // namespace convoke::http
