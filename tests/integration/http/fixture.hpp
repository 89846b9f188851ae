// A server of ours on a port the system chose, and a raw peer to say to it whatever a test wants, byte by byte.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>

#include "core/async.hpp"
#include "http/server.hpp"
#include "support/coroutine.hpp"

namespace convoke::test {

struct ServerFixture {
  boost::asio::io_context io{1};
  std::unique_ptr<http::Server> server;
  bool ended = false;

  void serve(http::Server::Handler handler, http::ServerOptions options = {}) {
    server = std::make_unique<http::Server>(io, std::move(options), std::move(handler));
    if (const auto listening = server->listen(); !listening) throw std::runtime_error(listening.error().message);
    boost::asio::co_spawn(io, server->run(), [this](const std::exception_ptr&) { ended = true; });
  }

  std::string url(const std::string& path) const { return "http://" + server->address() + path; }
};

/// A TCP connection that speaks whatever it is told.
class RawPeer {
 public:
  RawPeer(boost::asio::io_context& io, std::uint16_t port) : io_(io), socket_(io) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

  void say(std::string bytes) { run(io_, write(socket_, std::move(bytes))); }
  /// All that comes until the server closes, or until `marker` came.
  std::string hear(std::string marker = {}) { return run(io_, read(socket_, std::move(marker))); }

 private:
  static boost::asio::awaitable<void> write(boost::asio::ip::tcp::socket& socket, std::string bytes) {
    boost::system::error_code error;
    co_await boost::asio::async_write(socket, boost::asio::buffer(bytes), boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }

  static boost::asio::awaitable<std::string> read(boost::asio::ip::tcp::socket& socket, std::string marker) {
    std::string heard;
    std::string chunk(4096, '\0');
    boost::system::error_code error;
    while (!error && (marker.empty() || heard.find(marker) == std::string::npos)) {
      const auto count =
          co_await socket.async_read_some(boost::asio::buffer(chunk), boost::asio::redirect_error(boost::asio::use_awaitable, error));
      heard.append(chunk.data(), count);
    }
    co_return heard;
  }

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::socket socket_;
};

}  // namespace convoke::test
