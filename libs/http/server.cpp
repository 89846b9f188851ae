#include "http/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <list>

#include "core/async.hpp"
#include "http/address.hpp"
#include "http/connection.hpp"
#include "telemetry/log.hpp"

namespace convoke::http {
namespace {

using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol>;
namespace log = telemetry::log;

constexpr Millis sweep_interval{250};
constexpr Millis farewell{4000};  // for connections that are being closed

/// A socket file that nobody listens on any more is left over from a process that was killed.
void remove_if_dead(asio::io_context& io, const std::string& path, const Protocol::endpoint& endpoint) {
  Protocol::socket probe(io);
  boost::system::error_code error;
  probe.connect(endpoint, error);
  if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

std::string crowded_answer() {
  const std::string body = error_json(Fault::overloaded, "too many connections; try again later");
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

class Server::State : public std::enable_shared_from_this<Server::State> {
 public:
  State(asio::io_context& io, ServerOptions options, Handler handler)

      : io_(io), acceptor_(io), sweep_timer_(io), context_(std::make_shared<ServerContext>()) {
    context_->options = std::move(options);
    context_->handler = std::move(handler);
  }

  Status listen() {
    auto address = parse_address(context_->options.listen);
    if (!address) return std::unexpected(std::move(address.error()));
    address_ = std::move(*address);
    const auto endpoint = endpoint_of(address_);
    if (!endpoint) return std::unexpected(endpoint.error());
    if (address_.local) remove_if_dead(io_, address_.host, *endpoint);
    boost::system::error_code error;
    acceptor_.open(endpoint->protocol(), error);
    if (!error && !address_.local) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(1024, error);
    if (error) return fail(Fault::conflict, "http: cannot listen on " + context_->options.listen + ": " + error.message());
    if (!address_.local) take_port();
    return {};
  }

  asio::awaitable<void> run() {
    const auto self = shared_from_this();
    sweep();
    while (!context_->stopping) {
      boost::system::error_code error;
      Protocol::socket socket(io_);
      co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (context_->stopping) break;
      if (error) {  // out of descriptors, for one: what is open goes on, and some of it will end
        log::warn("http: cannot accept a connection: {}", error.message());
        co_await sleep_for(Millis{100});
        continue;
      }
      welcome(std::move(socket));
    }
  }

  asio::awaitable<void> stop(Millis grace) {
    const auto self = shared_from_this();
    context_->stopping = true;
    close_acceptor();
    each([](Connection& connection) { connection.retire(); });
    co_await until_empty(grace);
    each([](Connection& connection) { connection.cut(); });
    co_await until_empty(farewell);
    sweep_timer_.cancel();
  }

  void abandon() {
    context_->stopping = true;
    close_acceptor();
    each([](Connection& connection) { connection.cut(); });
    sweep_timer_.cancel();
  }

  std::string address() const { return address_.local ? "unix:" + address_.host : host_text() + ":" + std::to_string(address_.port); }
  std::uint16_t port() const { return address_.port; }
  ServerStats stats() const {
    auto stats = context_->stats;
    stats.connections = connections_.size();
    return stats;
  }

 private:
  void take_port() {
    boost::system::error_code ignored;
    const auto bound = acceptor_.local_endpoint(ignored);
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), bound.data(), std::min(tcp.capacity(), bound.size()));
    address_.port = tcp.port();
  }

  std::string host_text() const { return address_.host.contains(':') ? '[' + address_.host + ']' : address_.host; }

  void close_acceptor() {
    boost::system::error_code ignored;
    if (address_.local && acceptor_.is_open()) ::unlink(address_.host.c_str());
    acceptor_.close(ignored);
  }

  void welcome(Protocol::socket socket) {
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    if (!address_.local) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (connections_.size() >= context_->options.max_connections) {
      ++context_->stats.refused;
      static const std::string answer = crowded_answer();
      socket.send(asio::buffer(answer), 0, ignored);
      return;
    }
    auto connection = std::make_shared<Connection>(std::move(socket), context_);
    connections_.push_front(connection);
    const auto place = connections_.begin();
    auto done = [self = shared_from_this(), connection, place](const std::exception_ptr& failure) { self->ended(place, failure); };
    asio::co_spawn(io_, connection->run(), asio::bind_cancellation_slot(connection->cancellation().slot(), std::move(done)));
  }

  void ended(std::list<std::shared_ptr<Connection>>::iterator place, const std::exception_ptr& failure) {
    connections_.erase(place);
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
      if (error.code() != asio::error::operation_aborted) log::error("http: a connection failed: {}", error.what());
    } catch (const std::exception& error) {
      log::error("http: a connection failed: {}", error.what());
    }
  }

  template <class Action> void each(Action action) {
    const auto now_open = connections_;  // an action may end connections
    for (const auto& connection : now_open) action(*connection);
  }

  asio::awaitable<void> until_empty(Millis limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!connections_.empty() && std::chrono::steady_clock::now() < end) co_await sleep_for(Millis{5});
  }

  void sweep() {
    sweep_timer_.expires_after(sweep_interval);
    sweep_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      const auto now = Connection::Clock::now();
      self->each([now](Connection& connection) { connection.sweep(now); });
      self->sweep();
    });
  }

  asio::io_context& io_;
  Acceptor acceptor_;
  Address address_;
  asio::steady_timer sweep_timer_;
  std::shared_ptr<ServerContext> context_;
  std::list<std::shared_ptr<Connection>> connections_;
};

Server::Server(asio::io_context& io, ServerOptions options, Handler handler)
    : state_(std::make_shared<State>(io, std::move(options), std::move(handler))) {}
Server::~Server() { state_->abandon(); }
Status Server::listen() { return state_->listen(); }
std::string Server::address() const { return state_->address(); }
std::uint16_t Server::port() const { return state_->port(); }
asio::awaitable<void> Server::run() { return state_->run(); }
asio::awaitable<void> Server::stop(Millis grace) { return state_->stop(grace); }
ServerStats Server::stats() const { return state_->stats(); }

}  // namespace convoke::http
