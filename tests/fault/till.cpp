#include "fault/till.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>
#include <utility>

#include "http/client.hpp"
#include "support/coroutine.hpp"

namespace convoke::test {
namespace {

http::ServerOptions loopback() {
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

}  // namespace

Till::Till()
    : server_(io_, loopback(), [this](http::Request request) -> boost::asio::awaitable<http::Response> {
        if (request.method == "POST") ++charges_;
        co_return http::text_response(200, receipt());
      }) {
  if (!server_.listen()) throw std::runtime_error("the till cannot listen");
  boost::asio::co_spawn(io_, server_.run(), boost::asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

// It does one thing after the other: when it answers, it has done what it was told before.
int Till::looked_into() {
  boost::asio::io_context io;
  http::Client client(io, {});
  http::ClientRequest asked;
  asked.url = "http://" + address();
  if (!run(io, client.send(std::move(asked)))) throw std::runtime_error("nobody can look into the till");
  return charges_;
}

Till::~Till() {
  io_.stop();
  thread_.join();
}

}  // namespace convoke::test
