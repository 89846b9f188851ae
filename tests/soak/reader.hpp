// A person's WebSocket: follows all their conversations at once, loses its connection with every death of the gateway and now and then by
// its own will, and goes on where it was.
#pragma once

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "http/websocket_client.hpp"
#include "soak/talk.hpp"

namespace convoke::soak {

class Reader {
 public:
  /// `mistake`: is told what is wrong with what was read.
  Reader(boost::asio::io_context& io, std::string address, std::string user, std::function<void(std::string)> mistake);

  /// Until the loop ends.
  boost::asio::awaitable<void> run();
  void follow(const std::shared_ptr<Talk>& talk);
  void leave(const std::string& conversation);
  std::uint64_t connects() const { return connects_; }

 private:
  struct Connection {
    Connection(boost::asio::io_context& io, convoke::Event& waiting) : socket(io), wake(waiting) {}
    http::WebSocketClient socket;
    convoke::Event& wake;
    bool over = false;
  };
  boost::asio::awaitable<void> stay(std::shared_ptr<Connection> connection);
  boost::asio::awaitable<void> write(std::shared_ptr<Connection> connection);
  void hear(const std::string& text);
  void subscribe(const Talk& talk);

  boost::asio::io_context& io_;
  std::string address_;
  std::string user_;
  std::function<void(std::string)> mistake_;
  std::map<std::string, std::shared_ptr<Talk>> talks_;
  std::deque<std::string> frames_;  // to be sent on the present connection
  convoke::Event waiting_;
  bool connected_ = false;
  std::uint64_t connects_ = 0;
};

}  // namespace convoke::soak
