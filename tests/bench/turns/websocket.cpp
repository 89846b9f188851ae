#include "turns/websocket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace convoke::bench {
namespace {

constexpr std::uint8_t text_frame = 1;
constexpr std::uint8_t close_frame = 8;
constexpr std::uint8_t ping_frame = 9;
constexpr std::uint8_t pong_frame = 10;

int connect_to(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) throw std::runtime_error("no address: " + address);
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect to " + address);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) throw std::runtime_error("the gateway closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

WebSocket::WebSocket(const std::string& address, const std::string& target) : descriptor_(connect_to(address)) {
  write_all(descriptor_, "GET " + target + " HTTP/1.1\r\nHost: " + address +
                             "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  std::size_t end = std::string::npos;
  while ((end = in_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) break;
  if (end == std::string::npos || !in_.starts_with("HTTP/1.1 101")) throw std::runtime_error("no WebSocket at " + address + ": " + in_);
  read_ = end + 4;
}

WebSocket::~WebSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

WebSocket::WebSocket(WebSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), in_(std::move(other.in_)), read_(other.read_), out_(std::move(other.out_)) {}

void WebSocket::send(std::string_view text) { send_frame(text_frame, text); }

// The mask is zero: allowed, and it leaves the text as it is.
void WebSocket::send_frame(std::uint8_t opcode, std::string_view payload) {
  out_.assign(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out_ += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65'536) {
    out_ += static_cast<char>(0x80 | 126);
    out_ += static_cast<char>(payload.size() >> 8);
    out_ += static_cast<char>(payload.size() & 0xff);
  } else {
    throw std::runtime_error("a bench sends no such long frames");
  }
  out_.append(4, '\0');
  out_ += payload;
  write_all(descriptor_, out_);
}

bool WebSocket::fill() {
  if (read_ > 0) in_.erase(0, std::exchange(read_, 0));
  const auto had = in_.size();
  constexpr std::size_t most = 65'536;
  in_.resize(had + most);
  const auto count = ::recv(descriptor_, in_.data() + had, most, 0);
  in_.resize(had + (count > 0 ? static_cast<std::size_t>(count) : 0));
  return count > 0;
}

bool WebSocket::next(std::string_view& text) {
  while (true) {
    const std::string_view rest = std::string_view(in_).substr(read_);
    if (rest.size() < 2) return false;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(rest[at]); };
    std::size_t head = 2;
    std::uint64_t size = byte(1) & 0x7f;
    if (size >= 126) {
      head += size == 126 ? 2 : 8;
      if (rest.size() < head) return false;
      size = 0;
      for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
    }
    if (rest.size() < head + size) return false;
    const auto opcode = byte(0) & 0x0f;
    text = rest.substr(head, size);
    read_ += head + size;
    if (opcode == text_frame) return true;
    if (opcode == ping_frame) send_frame(pong_frame, text);
    if (opcode == close_frame) return false;
  }
}

}  // namespace convoke::bench
