#include "support/tls_relay.hpp"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/process.hpp"

namespace convoke::test {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

/// Two ends of one connection, kept by both directions.
struct Pair {
  asio::ssl::stream<tcp::socket> client;
  tcp::socket server;
  void close() {
    boost::system::error_code ignored;
    client.next_layer().close(ignored);
    server.close(ignored);
  }
};

template <class From, class To> asio::awaitable<void> copy(std::shared_ptr<Pair> pair, From& from, To& to) {
  std::string bytes(16384, '\0');
  while (true) {
    const auto [reading, count] = co_await from.async_read_some(asio::buffer(bytes), quietly);
    if (reading) break;
    const auto [writing, written] = co_await asio::async_write(to, asio::buffer(bytes.data(), count), quietly);
    if (writing) break;
  }
  pair->close();
}

tcp::endpoint anywhere() { return {asio::ip::address_v4::loopback(), 0}; }

}  // namespace

Certificate make_certificate(const std::string& folder, const std::string& host) {
  Certificate made{folder + "/" + host + ".pem", folder + "/" + host + ".key"};
  Process openssl(Command{{"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                           "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host, "-keyout", made.key, "-out", made.file},
                          {},
                          {}});
  const auto exit = openssl.wait(std::chrono::seconds(20));
  if (!exit || exit->code != 0) throw std::runtime_error("openssl makes no certificate: " + openssl.err());
  return made;
}

namespace {

// Each connection is given to `serve`, a coroutine, until the acceptor is closed.
template <class Serve> asio::awaitable<void> serve_all(asio::io_context& io, tcp::acceptor& acceptor, Serve serve) {
  while (true) {
    auto [error, socket] = co_await acceptor.async_accept(quietly);
    if (error) co_return;
    asio::co_spawn(io, serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

struct TlsRelay::State {
  State(const Certificate& certificate, std::uint16_t target) : upstream(asio::ip::address_v4::loopback(), target) {
    context.use_certificate_chain_file(certificate.file);
    context.use_private_key_file(certificate.key, asio::ssl::context::pem);
    auto serve = [this](tcp::socket socket) {
      return relay(std::make_shared<Pair>(asio::ssl::stream<tcp::socket>(std::move(socket), context), tcp::socket(io)));
    };
    asio::co_spawn(io, serve_all(io, acceptor, std::move(serve)), asio::detached);
    thread = std::jthread([this] { io.run(); });
  }
  ~State() { io.stop(); }

  asio::awaitable<void> relay(std::shared_ptr<Pair> pair) {
    const auto [refused] = co_await pair->client.async_handshake(asio::ssl::stream_base::server, quietly);
    if (refused) co_return;
    ++accepted;
    const auto [missing] = co_await pair->server.async_connect(upstream, quietly);
    if (missing) co_return;
    asio::co_spawn(io, copy(pair, pair->server, pair->client), asio::detached);
    co_await copy(pair, pair->client, pair->server);
  }

  asio::io_context io{1};
  asio::ssl::context context{asio::ssl::context::tls_server};
  tcp::acceptor acceptor{io, anywhere()};
  tcp::endpoint upstream;
  std::atomic<int> accepted = 0;
  std::jthread thread;
};

TlsRelay::TlsRelay(const Certificate& certificate, std::uint16_t port) : state_(std::make_unique<State>(certificate, port)) {}
TlsRelay::~TlsRelay() = default;
std::uint16_t TlsRelay::port() const { return state_->acceptor.local_endpoint().port(); }
int TlsRelay::accepted() const { return state_->accepted; }

struct Listener::State {
  State() {
    asio::co_spawn(io, serve_all(io, acceptor, [this](tcp::socket socket) { return listen(std::move(socket)); }), asio::detached);
    thread = std::jthread([this] { io.run(); });
  }
  ~State() { io.stop(); }

  asio::awaitable<void> listen(tcp::socket socket) {
    std::string bytes(4096, '\0');
    while (true) {
      const auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), quietly);
      if (error) co_return;
      const std::scoped_lock lock(mutex);
      heard.append(bytes.data(), count);
    }
  }

  asio::io_context io{1};
  tcp::acceptor acceptor{io, anywhere()};
  std::mutex mutex;
  std::string heard;
  std::jthread thread;
};

Listener::Listener() : state_(std::make_unique<State>()) {}
Listener::~Listener() = default;
std::uint16_t Listener::port() const { return state_->acceptor.local_endpoint().port(); }
std::string Listener::heard() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->heard;
}

}  // namespace convoke::test
