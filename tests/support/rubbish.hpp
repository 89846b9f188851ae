// Bytes that no socket of ours expects, and a way to throw them at one.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

namespace convoke::test {

inline std::string random_bytes(std::size_t size) {
  std::mt19937 generator(7);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

inline std::vector<std::string> rubbish() {
  // The greeting of ZMTP 3, which the bus's sockets begin with, and then something else.
  const std::string greeting = std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16) + std::string(48, '\0');
  const std::string upgrade =
      "GET /api/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  return {"",
          upgrade + random_bytes(50'000),
          upgrade + std::string("\x81\x82\0\0\0\0\xff\xfe", 8),
          upgrade + std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14),
          upgrade + std::string("\x80\x80\0\0\0\0\x89\xff\xff", 9),
          upgrade + "GET / HTTP/1.1\r\n\r\n",
          std::string(1, '\0'),
          std::string(100'000, '\0'),
          std::string(100'000, '\xff'),
          random_bytes(200'000),
          greeting,
          greeting + random_bytes(50'000),
          greeting + std::string("\4\x19\5READY\xff\xff\xff\xff\xff", 13),
          greeting + std::string("\2\x7f\xff\xff\xff\xff\xff\xff\xff", 9),
          "GET / HTTP/1.1\r\nHost: localhost\r\n",
          "GET / HTTP/1.1\r\nX: " + std::string(200'000, 'x'),
          "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n",
          "GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"};
}

template <class Protocol> void throw_at(const typename Protocol::endpoint& endpoint) {
  for (const auto& bytes : rubbish()) {
    boost::asio::io_context io;
    typename Protocol::socket socket(io);
    boost::system::error_code error;
    socket.connect(endpoint, error);
    REQUIRE(!error);
    const timeval limit{5, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    boost::asio::write(socket, boost::asio::buffer(bytes), error);  // whoever has heard enough may hang up
  }
}

}  // namespace convoke::test
