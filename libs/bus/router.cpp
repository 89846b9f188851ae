#include "bus/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include "bus/socket.hpp"
#include "core/failpoint.hpp"
#include "wire/label.hpp"

namespace convoke::bus {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

constexpr std::uint32_t most_gathered = 64;  // messages read before what came of them is handed on

std::string_view view(const zmq::message_t& frame) { return {static_cast<const char*>(frame.data()), frame.size()}; }

// Of a message whose frames are given away before the place is passed.
std::string failpoint_label([[maybe_unused]] std::string_view header, [[maybe_unused]] std::string_view body) {
#ifdef CONVOKE_FAILPOINTS
  if (failpoint::wanted()) return wire::label_of(header, body);
#endif
  return {};
}

}  // namespace

class Router::State : public std::enable_shared_from_this<Router::State> {
 public:
  State(boost::asio::any_io_executor executor, RouterOptions options) : executor(std::move(executor)), options(std::move(options)) {}

  void open();
  void close();
  void drain();
  void drain_soon();
  bool receive();
  std::optional<Peer> peer_of(std::string_view routing);
  void say(Peer peer, zmq::message_t&& head, zmq::message_t&& bytes);
  void flush();
  std::optional<Refusal> transmit(Peer peer, zmq::message_t& head, zmq::message_t& bytes);

  boost::asio::any_io_executor executor;
  RouterOptions options;
  zmq::context_t context;
  std::unique_ptr<Socket> socket;
  std::function<void(const Incoming&)> on_message;
  std::function<void(Peer, Refusal)> on_refused;
  std::function<void()> on_drained;
  std::vector<std::string> endpoints;
  RouterCounters counters;
  std::unordered_map<std::string, Peer, TextHash, std::equal_to<>> numbers;
  std::vector<std::string> routing_ids;  // by number; empty: free
  std::vector<Peer> free_numbers;
  zmq::message_t routing;
  zmq::message_t header;
  zmq::message_t body;
  struct Outgoing {
    Peer peer;
    zmq::message_t header;
    zmq::message_t body;
  };
  std::vector<Outgoing> outgoing;    // said since the last flush
  std::vector<Outgoing> leaving;     // what a flush is at
  std::vector<std::uint64_t> order;  // of `leaving`: peer, index
  bool posted = false;
  bool draining = false;
  bool flushing = false;
};

void Router::State::open() {
  socket = std::make_unique<Socket>(context, zmq::socket_type::router, options.socket, executor);
  for (const auto& endpoint : options.bind) {
    try {
      socket->zmq().bind(endpoint);
    } catch (const zmq::error_t& error) {
      throw std::runtime_error(fmt::format("cannot listen on {}: {}", endpoint, error.what()));
    }
    endpoints.push_back(socket->zmq().get(zmq::sockopt::last_endpoint));
  }
  socket->watch([this] { drain(); });
  drain();
}

void Router::State::close() {
  on_message = nullptr;
  on_refused = nullptr;
  on_drained = nullptr;
  flush();
  socket.reset();
}

std::optional<Peer> Router::State::peer_of(std::string_view routing_id) {
  const auto known = numbers.find(routing_id);
  if (known != numbers.end()) return known->second;
  if (numbers.size() >= options.max_peers) return std::nullopt;
  Peer number = static_cast<Peer>(routing_ids.size());
  if (free_numbers.empty()) {
    routing_ids.emplace_back(routing_id);
  } else {
    number = free_numbers.back();
    free_numbers.pop_back();
    routing_ids[number] = routing_id;
  }
  numbers.emplace(routing_id, number);
  return number;
}

// One message; false when there is none. What is not [routing][header][body] is counted: it has no id that could be answered.
bool Router::State::receive() {
  auto& zmq = socket->zmq();
  if (!zmq.recv(routing, zmq::recv_flags::dontwait)) return false;
  const bool has_header = routing.more() && zmq.recv(header, zmq::recv_flags::dontwait);
  const bool has_body = has_header && header.more() && zmq.recv(body, zmq::recv_flags::dontwait);
  if (!has_body || body.more()) {
    bool more = has_body ? body.more() : false;
    while (more) {
      zmq::message_t rest;
      more = zmq.recv(rest, zmq::recv_flags::dontwait) && rest.more();
    }
    ++counters.malformed;
    return true;
  }
  const auto peer = peer_of(view(routing));
  if (!peer) {
    ++counters.peers_refused;
    return true;
  }
  ++counters.received;
  const Incoming incoming{*peer, {static_cast<std::uint8_t*>(header.data()), header.size()}, view(body)};
  const auto label = failpoint_label(view(header), view(body));
  CONVOKE_FAILPOINT("receive", label, "before");
  if (on_message) on_message(incoming);
  CONVOKE_FAILPOINT("receive", label, "after");
  return true;
}

// Receives until there is nothing: every send may have eaten the descriptor's edge, so the last use has to be a receive that found nothing.
// Gives the loop a turn after each batch, so that timers and signals are served under any load.
void Router::State::drain() {
  draining = true;
  flush();
  std::uint32_t handled = 0;
  for (std::uint32_t most = 1; handled < options.drain_batch; most = std::min(2 * most, most_gathered)) {
    std::uint32_t received = 0;
    while (socket && received < most && receive()) ++received;
    flush();
    handled += received;
    if (received == 0) break;
  }
  draining = false;
  if (socket && on_drained) on_drained();
  if (socket && handled >= options.drain_batch) drain_soon();
}

void Router::State::drain_soon() {
  if (posted || draining) return;
  posted = true;
  boost::asio::post(executor, [self = shared_from_this()] {
    self->posted = false;
    if (self->socket) self->drain();
  });
}

void Router::State::say(Peer peer, zmq::message_t&& head, zmq::message_t&& bytes) {
  outgoing.push_back({peer, std::move(head), std::move(bytes)});
  drain_soon();
}

void Router::State::flush() {
  if (flushing) return;
  flushing = true;
  while (!outgoing.empty()) {  // a refusal may have something said
    leaving.swap(outgoing);
    order.clear();
    for (std::size_t i = 0; i < leaving.size(); ++i) order.push_back(std::uint64_t{leaving[i].peer} << 32 | i);
    std::ranges::sort(order);
    for (const auto key : order) {
      auto& [peer, head, bytes] = leaving[static_cast<std::uint32_t>(key)];
      const auto refusal = transmit(peer, head, bytes);
      if (refusal && on_refused) on_refused(peer, *refusal);
    }
    leaving.clear();
  }
  flushing = false;
}

std::optional<Refusal> Router::State::transmit(Peer peer, zmq::message_t& head, zmq::message_t& bytes) {
  if (!socket || peer >= routing_ids.size() || routing_ids[peer].empty()) {
    ++counters.refused_gone;
    return Refusal::gone;
  }
  auto& zmq = socket->zmq();
  const auto label = failpoint_label(view(head), view(bytes));
  CONVOKE_FAILPOINT("send", label, "before");
  const auto& id = routing_ids[peer];
  zmq::message_t to(id.data(), id.size());
  try {
    if (!zmq.send(to, zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
      ++counters.refused_full;
      return Refusal::full;
    }
  } catch (const zmq::error_t& error) {
    if (error.num() != EHOSTUNREACH) throw;
    ++counters.refused_gone;
    return Refusal::gone;
  }
  zmq.send(head, zmq::send_flags::sndmore | zmq::send_flags::dontwait);
  zmq.send(bytes, zmq::send_flags::dontwait);
  CONVOKE_FAILPOINT("send", label, "after");
  ++counters.sent;
  return std::nullopt;
}

Router::Router(boost::asio::any_io_executor executor, RouterOptions options)
    : state_(std::make_shared<State>(std::move(executor), std::move(options))) {}
Router::~Router() { state_->close(); }

void Router::on_message(std::function<void(const Incoming&)> handler) { state_->on_message = std::move(handler); }
void Router::on_refused(std::function<void(Peer, Refusal)> handler) { state_->on_refused = std::move(handler); }
void Router::on_drained(std::function<void()> handler) { state_->on_drained = std::move(handler); }
void Router::open() { state_->open(); }
void Router::close() { state_->close(); }
const std::vector<std::string>& Router::endpoints() const { return state_->endpoints; }

void Router::forward(Peer peer, Use use) {
  auto* state = state_.get();
  if (use == Use::last) return state->say(peer, std::move(state->header), std::move(state->body));
  zmq::message_t header;
  zmq::message_t body;
  header.copy(state->header);  // shares the bytes
  body.copy(state->body);
  state->say(peer, std::move(header), std::move(body));
}

void Router::send(Peer peer, std::string_view header, std::string_view body) {
  state_->say(peer, zmq::message_t(header.data(), header.size()), zmq::message_t(body.data(), body.size()));
}

void Router::forget(Peer peer) {
  state_->flush();
  auto& ids = state_->routing_ids;
  if (peer >= ids.size() || ids[peer].empty()) return;
  state_->numbers.erase(ids[peer]);
  ids[peer].clear();
  state_->free_numbers.push_back(peer);
}

const RouterCounters& Router::counters() const { return state_->counters; }
std::size_t Router::peers() const { return state_->numbers.size(); }

}  // namespace convoke::bus
