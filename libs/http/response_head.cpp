#include "http/response_head.hpp"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <boost/beast/http/status.hpp>
#include <ctime>

namespace convoke::http {
namespace {

// RFC 9110, 6.6.1; made once a second.
const std::string& date_line() {
  static thread_local std::time_t last = 0;
  static thread_local std::string line;
  const auto now = std::time(nullptr);
  if (now == last) return line;
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  line.assign(text.data(), size);
  last = now;
  return line;
}

// A line break in a value would let whoever chose it write headers of its own.
void append_visible(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') out += c;
  }
}

std::string base64(const unsigned char* bytes, int size) {
  std::string out(static_cast<std::size_t>((size + 2) / 3 * 4), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, size);
  return out;
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto item = list.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (equal_ignoring_case(item, token)) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

}  // namespace

std::string encode_head(const Response& response, Framing framing, bool keep_alive) {
  std::string head = fmt::format("HTTP/1.1 {} ", response.status);
  head.reserve(512);
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  head.append(reason.data(), reason.size()).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    append_visible(head, name);
    head += ": ";
    append_visible(head, value);
    head += "\r\n";
  }
  head += date_line();
  if (framing == Framing::length) head += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (framing == Framing::chunked) head += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive) head += "Connection: close\r\n";
  return head += "\r\n";
}

std::string websocket_accept(std::string_view key) {
  const auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest.data(), static_cast<int>(digest.size()));
}

std::string handshake_mistake(const Request& request) {
  if (request.method != "GET") return "a WebSocket handshake is a GET request";
  if (!request.wants_websocket() || !has_token(request.headers.get("connection"), "upgrade")) {
    return "expected a WebSocket handshake (Connection: Upgrade, Upgrade: websocket)";
  }
  if (request.headers.get("sec-websocket-version") != "13") return "expected Sec-WebSocket-Version: 13";
  if (request.headers.get("sec-websocket-key").size() != 24) return "expected a Sec-WebSocket-Key of 16 bytes in base64";
  return {};
}

}  // namespace convoke::http
