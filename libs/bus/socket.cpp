#include "bus/socket.hpp"

#include <atomic>
#include <cstring>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// libzmq 4.3.4 now and then leaks the receive buffer (18160 bytes) of a connection that ends while a message is half read. Not ours to
// mend; every program with a bus would fail its leak check at random.
extern "C" const char* __lsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier): the name is LeakSanitizer's
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:libzmq.so\n";
}
#endif
#endif

namespace convoke::bus {
namespace {

int count(Millis time) { return static_cast<int>(time.count()); }

void encrypt(SteadySocket& socket, zmq::socket_type type, const Keys& keys) {
  if (keys.own_secret.empty()) return;
  if (type == zmq::socket_type::router) {
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, keys.own_secret);
  } else {
    socket.set(zmq::sockopt::curve_serverkey, keys.server_public);
    socket.set(zmq::sockopt::curve_publickey, keys.own_public);
    socket.set(zmq::sockopt::curve_secretkey, keys.own_secret);
  }
}

}  // namespace

void make_keys(Keys& router, Keys& client) {
  for (auto* keys : {&router, &client}) {
    char open[41];
    char secret[41];
    if (zmq_curve_keypair(open, secret) != 0) throw zmq::error_t();
    keys->own_public = open;
    keys->own_secret = secret;
  }
  client.server_public = router.own_public;
}

Socket::Socket(zmq::context_t& context, zmq::socket_type type, const SocketOptions& options, boost::asio::any_io_executor executor)
    : socket_(context, type), executor_(std::move(executor)) {
  const auto high_water = static_cast<int>(options.high_water);
  socket_.set(zmq::sockopt::linger, count(options.linger));
  socket_.set(zmq::sockopt::sndhwm, high_water);
  socket_.set(zmq::sockopt::rcvhwm, high_water);
  if (type == zmq::socket_type::pair) return;  // inproc, between a socket and its monitor
  socket_.set(zmq::sockopt::immediate, true);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.max_message_bytes));
  socket_.set(zmq::sockopt::heartbeat_ivl, count(options.zmtp_heartbeat));
  socket_.set(zmq::sockopt::heartbeat_timeout, count(options.zmtp_timeout));
  socket_.set(zmq::sockopt::heartbeat_ttl, count(options.zmtp_timeout));
  socket_.set(zmq::sockopt::handshake_ivl, count(options.handshake));
  socket_.set(zmq::sockopt::reconnect_ivl, 20);  // only before the first connection: a lost one is closed and made anew
  socket_.set(zmq::sockopt::reconnect_ivl_max, 200);
  if (type == zmq::socket_type::router) {
    socket_.set(zmq::sockopt::router_mandatory, true);
    socket_.set(zmq::sockopt::router_handover, true);
  }
  encrypt(socket_, type, options.keys);
}

void Socket::watch(std::function<void()> on_edge) {
  on_edge_ = std::make_shared<std::function<void()>>(std::move(on_edge));
  descriptor_.emplace(executor_, socket_.get(zmq::sockopt::fd));
  arm();
}

void Socket::arm() {
  descriptor_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [this, token = std::weak_ptr(on_edge_)](boost::system::error_code failed) {
                            const auto on_edge = token.lock();
                            if (failed || !on_edge) return;
                            (*on_edge)();
                            if (on_edge.use_count() > 1) arm();  // not closed meanwhile
                          });
}

void Socket::close() {
  on_edge_.reset();
  if (descriptor_) {
    descriptor_->release();
    descriptor_.reset();
  }
  socket_.close();
}

Monitor::Monitor(zmq::context_t& context, Socket& watched, const SocketOptions& options, boost::asio::any_io_executor executor,
                 std::function<void(std::string)> on_end)
    : watched_(watched), on_end_(std::move(on_end)) {
  static std::atomic<std::uint64_t> number = 0;
  const std::string endpoint = "inproc://monitor-" + std::to_string(++number);
  const int wanted =
      ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  if (zmq_socket_monitor(watched.zmq().handle(), endpoint.c_str(), wanted) != 0) throw zmq::error_t();
  events_ = std::make_unique<Socket>(context, zmq::socket_type::pair, options, std::move(executor));
  events_->zmq().connect(endpoint);
  events_->watch([this] { drain(); });
  drain();  // ZeroMQ signals only to who has found the queue empty once
}

// ZeroMQ's own thread sends the events, and waits for ever where nobody can receive them: with it, every connection of this process. So it
// is told to stop before the receiving end goes.
Monitor::~Monitor() {
  on_end_ = nullptr;
  zmq_socket_monitor(watched_.zmq().handle(), nullptr, 0);
}

void Monitor::drain() {
  std::string reason;
  zmq::message_t event;
  while (events_->zmq().recv(event, zmq::recv_flags::dontwait)) {
    std::uint16_t what = 0;
    if (event.size() >= sizeof what) std::memcpy(&what, event.data(), sizeof what);
    reason = what == ZMQ_EVENT_DISCONNECTED ? "the connection was closed by the other side" : "the handshake failed (keys or protocol)";
    while (event.more() && events_->zmq().recv(event, zmq::recv_flags::dontwait)) continue;
  }
  if (reason.empty()) return;
  const auto on_end = on_end_;  // the call may destroy this
  on_end(std::move(reason));
}

}  // namespace convoke::bus
