#include "peers.hpp"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "support/process.hpp"

namespace convoke::bench {
namespace {

constexpr std::uint64_t confirm_every = 256;

void tune(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, 100'000);
  socket.set(zmq::sockopt::rcvhwm, 100'000);
}

void run_proxy(const std::string& front, const std::string& back) {
  zmq::context_t context;
  zmq::socket_t router(context, zmq::socket_type::router);
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  tune(router);
  tune(dealer);
  router.bind(front);
  dealer.bind(back);
  zmq::proxy(router, dealer);
}

void run_xpub(const std::string& front, const std::string& back) {
  zmq::context_t context;
  zmq::socket_t pull(context, zmq::socket_type::pull);
  zmq::socket_t xpub(context, zmq::socket_type::xpub);
  tune(pull);
  tune(xpub);
  pull.bind(front);
  xpub.bind(back);
  zmq::message_t frame;
  for (;;) {
    (void)pull.recv(frame, zmq::recv_flags::none);
    const bool more = frame.more();
    xpub.send(frame, more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
}

void run_intercom(const std::string& front) {
  const std::string program = test::program("convoke-intercom");
  const std::string bind = "--intercom.bind=" + front;
  ::execl(program.c_str(), program.c_str(), bind.c_str(), "--process.log_level=warn", static_cast<char*>(nullptr));
  ::_exit(127);
}

}  // namespace

pid_t spawn(const std::function<void()>& task) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  task();
  ::_exit(0);
}

void stop(pid_t child) {
  if (child <= 0) return;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

void pin() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

Hub::Hub(Broker kind, const std::string& folder) : front_("ipc://" + folder + "/front"), back_("ipc://" + folder + "/back") {
  child_ = spawn([&] {
    if (kind == Broker::proxy) run_proxy(front_, back_);
    if (kind == Broker::xpub) run_xpub(front_, back_);
    if (kind == Broker::intercom) run_intercom(front_);
  });
  if (kind == Broker::intercom) back_ = front_;
}

Peer::Peer(zmq::context_t& context, const std::string& endpoint, Broker broker, const convoke::Uuid& replica, const std::string& service,
           const std::string& subscribe)
    : socket_(context, broker != Broker::xpub ? zmq::socket_type::dealer
                       : subscribe.empty()    ? zmq::socket_type::push
                                              : zmq::socket_type::sub),
      broker_(broker) {
  tune(socket_);
  socket_.connect(endpoint);
  if (broker_ == Broker::xpub && !subscribe.empty()) socket_.set(zmq::sockopt::subscribe, "");
  if (broker_ != Broker::intercom) return;
  wire::RegisterT statement;
  statement.number = ++number_;
  statement.replica = wire::to_wire(replica);
  statement.name = service;
  statement.service = service;
  for (int kind = 1; kind <= static_cast<int>(wire::Body::MAX); ++kind) statement.kinds.push_back(static_cast<std::uint8_t>(kind));
  state(wire::message(std::move(statement)));
  bool payload = false;
  take(zmq::recv_flags::none, 0, payload);  // the View
  if (subscribe.empty()) return;
  wire::SubscribeT streams;
  streams.number = ++number_;
  streams.add = {subscribe};
  state(wire::message(std::move(streams)));
}

void Peer::state(wire::Message message) {
  message.header.dest_kind = wire::DestKind::intercom;
  message.header.ttl_ms = 1'000;
  const auto frames = wire::encode(message);
  send(frames.header, frames.body);
  stated_ = Clock::now();
}

void Peer::confirm() {
  wire::HeartbeatT statement;
  statement.number = ++number_;
  statement.received = received_;
  state(wire::message(statement));
}

void Peer::send(const std::string& header, const std::string& body) {
  socket_.send(zmq::buffer(header), zmq::send_flags::sndmore);
  socket_.send(zmq::buffer(body), zmq::send_flags::none);
}

bool Peer::take(zmq::recv_flags flags, std::size_t body_size, bool& payload) {
  payload = false;
  if (!socket_.recv(first_, flags)) return false;
  (void)socket_.recv(second_, zmq::recv_flags::none);
  if (second_.more()) (void)socket_.recv(third_, zmq::recv_flags::none);
  ++received_;
  if (broker_ == Broker::intercom && received_ % confirm_every == 0) confirm();
  payload = (broker_ == Broker::intercom ? second_ : second_.more() ? third_ : second_).size() == body_size;
  return true;
}

void Peer::receive(std::size_t body_size) {
  bool payload = false;
  while (!payload) take(zmq::recv_flags::none, body_size, payload);
}

bool Peer::receive_now(std::size_t body_size) {
  bool payload = false;
  while (take(zmq::recv_flags::dontwait, body_size, payload))
    if (payload) return true;
  if (broker_ == Broker::intercom && Clock::now() - stated_ > std::chrono::milliseconds(250)) confirm();
  return false;
}

void Peer::answer(const std::string& header, const std::string& body) {
  if (broker_ == Broker::proxy) socket_.send(first_, zmq::send_flags::sndmore);
  send(header, body);
}

std::string header_bytes(wire::Body kind, const std::string& source, const convoke::Uuid& replica, const std::string& stream) {
  wire::HeaderT header;
  header.id = wire::to_wire({1, 2});
  header.kind = static_cast<std::uint8_t>(kind);
  header.class_ = stream.empty() ? wire::Class::request : wire::Class::stream;
  header.dest_kind = stream.empty() ? wire::DestKind::replica : wire::DestKind::stream;
  header.dest = stream;
  header.dest_replica = wire::to_wire(replica);
  header.source = source;
  header.ttl_ms = 10'000;
  header.trace = wire::Trace(1, 2, 3, 1);
  return wire::encode_header(header);
}

}  // namespace convoke::bench
