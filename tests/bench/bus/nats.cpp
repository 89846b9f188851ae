#include "bus/nats.hpp"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace convoke::bench {
namespace {

void write_all(int descriptor, const std::string& bytes) {
  if (::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("nats-server closed the connection");
}

}  // namespace

NatsPeer::NatsPeer(std::uint16_t port, const std::string& subject) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(descriptor_);
    throw std::runtime_error("there is no nats-server");
  }
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  line();  // INFO
  write_all(descriptor_, fmt::format("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB {} 1\r\nPING\r\n", subject));
  while (line() != "PONG") {
  }
}

NatsPeer::~NatsPeer() { ::close(descriptor_); }

void NatsPeer::publish(const std::string& subject, const std::string& reply, const std::string& payload) {
  write_all(descriptor_, fmt::format("PUB {} {}{}{}\r\n{}\r\n", subject, reply, reply.empty() ? "" : " ", payload.size(), payload));
}

std::string NatsPeer::receive() {
  while (true) {
    const auto head = line();
    if (head == "PING") write_all(descriptor_, "PONG\r\n");
    if (!head.starts_with("MSG ")) continue;
    // MSG subject sid [reply] size
    const auto size_at = head.rfind(' ') + 1;
    const auto sid_at = head.find(' ', 4) + 1;
    const auto reply_at = head.find(' ', sid_at) + 1;
    skip(std::stoul(head.substr(size_at)) + 2);
    return reply_at == size_at ? std::string() : head.substr(reply_at, size_at - 1 - reply_at);
  }
}

std::string NatsPeer::line() {
  while (true) {
    const auto end = in_.find("\r\n", read_);
    if (end != std::string::npos) {
      auto text = in_.substr(read_, end - read_);
      read_ = end + 2;
      return text;
    }
    if (!fill()) throw std::runtime_error("nats-server closed the connection");
  }
}

void NatsPeer::skip(std::size_t bytes) {
  while (in_.size() - read_ < bytes)
    if (!fill()) throw std::runtime_error("nats-server closed the connection");
  read_ += bytes;
}

bool NatsPeer::fill() {
  in_.erase(0, std::exchange(read_, 0));
  char buffer[16'384];
  const auto count = ::recv(descriptor_, buffer, sizeof buffer, 0);
  if (count > 0) in_.append(buffer, static_cast<std::size_t>(count));
  return count > 0;
}

}  // namespace convoke::bench
