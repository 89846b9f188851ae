#include "fault/till.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>

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

Till::~Till() {
  io_.stop();
  thread_.join();
}

}  // namespace convoke::test
