#include "bus/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "bus/calls.hpp"
#include "core/failpoint.hpp"
#include "wire/label.hpp"

namespace convoke::bus {
namespace {

constexpr int receive_batch = 256;
constexpr Millis connect_anew{2'000};  // a socket that has reached nobody by then is made anew: ZeroMQ's own attempts are not relied upon

std::string_view view(const zmq::message_t& frame) { return {static_cast<const char*>(frame.data()), frame.size()}; }
// Small things count for what they occupy, so that a bound in bytes is one in memory.
std::uint64_t cost(const std::string& body) { return body.size() + 512; }

}  // namespace

Link::Link(boost::asio::any_io_executor executor, zmq::context_t& context, std::string endpoint, const ClientOptions& options,
           Statements& statements, Counters& counters, std::function<convoke::Uuid()> next_id, Events events)
    : executor_(std::move(executor)),
      context_(context),
      endpoint_(std::move(endpoint)),
      options_(options),
      statements_(statements),
      counters_(counters),
      next_id_(std::move(next_id)),
      events_(std::move(events)),
      patience_(executor_) {}

SteadyTime Link::next() const {
  switch (state_) {
    case State::waiting: return retry_at_;
    case State::registering: return stated_ + options_.connect_within;
    case State::up: return std::min(stated_ + options_.heartbeat, heard_ + options_.lost_after);
    case State::connecting:  // ZeroMQ tries by itself, for a while; what waits meanwhile still expires
      return std::min(connecting_ + connect_anew, queue_.empty() ? never : stepped_ + options_.heartbeat);
    case State::closed: break;
  }
  return never;
}

void Link::step(SteadyTime now) {
  // A process that was stopped itself must not blame the other side for the silence.
  if (now - stepped_ > options_.lost_after / 2) heard_ = std::max(heard_, now - options_.lost_after / 2);
  stepped_ = now;
  if (state_ == State::waiting && now >= retry_at_) connect(now);
  if (state_ == State::connecting && now - connecting_ >= connect_anew) lose("no intercom answers");
  if (state_ == State::registering && now - stated_ >= options_.connect_within) lose("the intercom does not answer the registration");
  if (state_ == State::up && now - heard_ >= options_.lost_after) {
    pump();
    if (state_ == State::up && now - heard_ >= options_.lost_after) lose("the intercom is silent");
  }
  if (state_ == State::up && now - stated_ >= options_.heartbeat) heartbeat(now);
  if (state_ != State::up) expire(now);
}

void Link::unload(const Queued& queued) {
  auto& load = load_of(queued.header);
  --load.messages;
  load.bytes -= cost(queued.body);
  if (queued.origin == Origin::patient) --patient_;
}

// What may wait goes before the next message of its class, so that the order of a class is kept.
void Link::hasten(std::optional<wire::Class> of) {
  if (patient_ == 0) return;
  for (auto& queued : queue_) {
    if (queued.origin != Origin::patient || (of && queued.header.class_ != *of)) continue;
    queued.origin = Origin::message;
    --patient_;
  }
}

void Link::expire(SteadyTime now) {
  std::erase_if(queue_, [&](Queued& queued) {
    if (queued.header.class_ == wire::Class::link || queued.expires > now) return false;
    unload(queued);
    expired_.push_back(std::move(queued.header));
    return true;
  });
}

void Link::connect(SteadyTime now) {
  // The routing id is fresh for each connection and told to nobody: whoever knew it could speak as us.
  const std::uint64_t secret[2] = {system_random(), system_random()};
  link_id_ = next_id_();
  received_ = confirmed_ = unconfirmed_bytes_ = 0;
  try {
    socket_ = std::make_unique<Socket>(context_, zmq::socket_type::dealer, options_.socket, executor_);
    socket_->zmq().set(zmq::sockopt::routing_id, zmq::buffer(secret, sizeof secret));
    monitor_ =
        std::make_unique<Monitor>(context_, *socket_, options_.socket, executor_, [self = weak_from_this()](const std::string& reason) {
          if (const auto link = self.lock()) link->lose(reason);
        });
    state_ = State::connecting;
    connecting_ = now;
    trouble_ = fmt::format("no intercom at {}", endpoint_);
    socket_->zmq().connect(endpoint_);
    socket_->watch([self = weak_from_this()] {
      if (const auto link = self.lock()) link->pump();
    });
  } catch (const zmq::error_t& error) {
    lose(error.what());
    return;
  }
  heard_ = now;
  pump_soon();
}

void Link::begin() {
  state_ = State::registering;
  stated_ = heard_ = events_.now();
  // In front of whatever waits: nothing is heard of a process that has not said who it is.
  wire::SubscribeT streams;
  streams.full = true;
  streams.add.assign(statements_.streams.begin(), statements_.streams.end());
  if (!streams.add.empty()) put_statement(std::move(streams), true);
  if (statements_.free) {
    wire::CreditT credit;
    credit.free = *statements_.free;
    put_statement(std::move(credit), true);
  }
  put_statement(statements_.registration, true);
  events_.wake();
}

void Link::lose(const std::string& reason) {
  if (state_ == State::closed || state_ == State::waiting) return;
  const bool was_up = state_ == State::up;
  trouble_ = fmt::format("{} ({})", reason, endpoint_);
  state_ = State::waiting;
  monitor_.reset();
  socket_.reset();
  forget_connection();
  back_off_ = was_up || back_off_ == Millis{0} ? options_.reconnect_first : std::min(back_off_ * 2, options_.reconnect_most);
  retry_at_ = events_.now() + back_off_;
  if (was_up) {
    ++counters_.losses;
    events_.changed(false);
  }
  events_.wake();
}

// Statements and calls of a lost connection must not reach the next one: they are stated and sent again there.
void Link::forget_connection() {
  std::erase_if(queue_, [this](const Queued& queued) {
    const bool stale = queued.header.class_ == wire::Class::link || queued.origin == Origin::call;
    if (stale) unload(queued);
    return stale;
  });
}

void Link::pump_soon() {
  if (posted_ || pumping_) return;
  posted_ = true;
  boost::asio::post(executor_, [self = weak_from_this()] {
    const auto link = self.lock();
    if (!link) return;
    link->posted_ = false;
    link->pump();
  });
}

// For what may wait. Every message that ZeroMQ is given alone costs three threads their sleep on its way to the next process.
void Link::pump_later() {
  if (patience_runs_) return;
  patience_runs_ = true;
  patience_.expires_after(options_.linger_small);
  patience_.async_wait([self = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto link = self.lock();
    if (cancelled || !link) return;
    link->patience_runs_ = false;
    link->hasten();
    if (!link->queue_.empty()) link->pump();
  });
}

// Sends, receives, sends what came of it. Each use may eat the descriptor's edge, so the last one must say that there is nothing: a receive
// that found nothing, or ZMQ_EVENTS. Either costs two system calls.
void Link::pump() {
  if (!socket_ || pumping_) return;
  pumping_ = true;
  flush();
  int received = 0;
  while (socket_ && received < receive_batch && receive()) ++received;
  const bool drained = received < receive_batch;
  const auto sent = counters_.sent;
  if (socket_) flush();
  pumping_ = false;
  if (!socket_) return;
  const bool confirmation_due = received_ - confirmed_ >= options_.confirm_messages || unconfirmed_bytes_ >= options_.confirm_bytes;
  if (state_ == State::up && drained && counters_.sent == sent && !sendable() && !confirmation_due) return;
  const int ready = socket_->events();
  if (state_ == State::connecting && (ready & ZMQ_POLLOUT)) begin();
  const bool can_send = state_ != State::connecting && sendable() && (ready & ZMQ_POLLOUT);
  if (state_ == State::up && confirmation_due) heartbeat(events_.now());
  if ((ready & ZMQ_POLLIN) || can_send) pump_soon();
}

bool Link::receive() {
  auto& zmq = socket_->zmq();
  if (!zmq.recv(header_frame_, zmq::recv_flags::dontwait)) return false;
  const bool has_body = header_frame_.more() && zmq.recv(body_frame_, zmq::recv_flags::dontwait);
  bool more = has_body && body_frame_.more();
  while (more) {
    zmq::message_t rest;
    more = zmq.recv(rest, zmq::recv_flags::dontwait) && rest.more();
  }
  ++received_;
  ++counters_.received;
  heard_ = events_.now();
  if (!has_body) {
    ++counters_.malformed;
    return true;
  }
  unconfirmed_bytes_ += header_frame_.size() + body_frame_.size();
  const auto header = view(header_frame_);
  const auto body = view(body_frame_);
  CONVOKE_FAILPOINT("receive", wire::label_of(header, body), "before");
  handle(header, body);
  CONVOKE_FAILPOINT("receive", wire::label_of(header, body), "after");
  return true;
}

void Link::handle(std::string_view header, std::string_view body) {
  auto message = wire::decode(header, body, options_.socket.max_message_bytes * 2);
  if (!message) {
    ++counters_.malformed;
    if (auto readable = wire::decode_header(header)) events_.unreadable(std::move(*readable), message.error());
    return;
  }
  const auto kind = message->body.type;
  if (kind == wire::Body::Heartbeat) return;
  const auto* answer = message->as<wire::AnswerT>();
  const auto* fault = answer ? answer->body.AsFault() : nullptr;
  const bool limited = fault && fault->code == static_cast<std::uint16_t>(convoke::Fault::limit);  // too many streams: no reason to leave
  const bool about_us = answer && !limited && wire::from_wire(message->header.correlation) == link_id_;
  const bool unknown = fault && fault->code == static_cast<std::uint16_t>(convoke::Fault::unregistered);
  if (about_us || unknown) {  // the intercom will not have us, or has forgotten us: connect anew, and repeat
    const std::string text = fault ? fault->text : "refused";
    if (!about_us) events_.message(std::move(*message));
    lose(text);
    return;
  }
  if (kind == wire::Body::View && state_ == State::registering) {
    state_ = State::up;
    trouble_.clear();
    back_off_ = Millis{0};
    ++counters_.connects;
    events_.message(std::move(*message));
    events_.changed(true);
    return;
  }
  events_.message(std::move(*message));
}

bool Link::enqueue(const wire::HeaderT& header, std::string body, SteadyTime now, Origin origin) {
  auto& load = load_of(header);
  if (load.messages >= options_.max_queued || load.bytes + cost(body) > options_.max_queued_bytes) return false;
  ++load.messages;
  load.bytes += cost(body);
  const bool connected = state_ == State::up || state_ == State::registering;
  if (origin == Origin::patient && !connected) origin = Origin::message;  // it waits long enough
  if (origin == Origin::patient)
    ++patient_;
  else
    hasten(header.class_);
  queue_.push_back({header, std::move(body), now + Millis{header.ttl_ms}, origin});
  if (connected) {
    if (origin == Origin::patient)
      pump_later();
    else
      pump_soon();
  } else if (queue_.size() == 1) {
    events_.wake();  // its time runs from now on
  }
  return true;
}

void Link::flush() {
  if (state_ != State::up && state_ != State::registering) return;
  const SteadyTime now = queue_.empty() ? SteadyTime{} : events_.now();
  for (auto next = queue_.begin(); next != queue_.end();) {
    if (next->origin == Origin::patient) {
      ++next;
      continue;
    }
    const bool is_statement = next->header.class_ == wire::Class::link;
    if (!is_statement && next->expires <= now) {
      expired_.push_back(std::move(next->header));
    } else {
      if (!is_statement) next->header.ttl_ms = static_cast<std::uint32_t>((next->expires - now).count());
      if (!transmit(next->header, next->body)) break;
    }
    unload(*next);
    next = queue_.erase(next);
  }
  if (!expired_.empty()) events_.wake();
}

bool Link::transmit(const wire::HeaderT& header, const std::string& body) {
  auto& zmq = socket_->zmq();
  CONVOKE_FAILPOINT("send", wire::label_of(header.kind, body), "before");
  const std::string bytes = wire::encode_header(header);
  if (!zmq.send(zmq::buffer(bytes), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) return false;
  zmq.send(zmq::buffer(body), zmq::send_flags::dontwait);
  CONVOKE_FAILPOINT("send", wire::label_of(header.kind, body), "after");
  ++counters_.sent;
  return true;
}

template <class Statement> void Link::put_statement(Statement statement, bool front) {
  statement.number = ++statements_.number;
  if constexpr (requires { statement.received; }) statement.received = received_;
  auto message = wire::message(std::move(statement));
  message.header.id = wire::to_wire(link_id_);
  message.header.dest_kind = wire::DestKind::intercom;
  message.header.ttl_ms = wire::default_ttl_ms;
  auto frames = wire::encode(message);
  auto& load = load_of(message.header);
  ++load.messages;
  load.bytes += cost(frames.body);
  Queued queued{std::move(message.header), std::move(frames.body), {}, Origin::message};
  if (front)
    queue_.push_front(std::move(queued));
  else
    queue_.push_back(std::move(queued));
  pump_soon();
}

void Link::heartbeat(SteadyTime now) {
  stated_ = now;
  confirmed_ = received_;
  unconfirmed_bytes_ = 0;
  put_statement(wire::HeartbeatT{}, true);
}

void Link::state_registration() {
  if (state_ == State::up || state_ == State::registering) put_statement(statements_.registration, false);
}

void Link::state_credit(std::optional<wire::HeldTurnT> busy) {
  if (state_ != State::up && state_ != State::registering) return;
  wire::CreditT credit;
  credit.free = statements_.free.value_or(0);
  if (busy) credit.busy = std::make_unique<wire::HeldTurnT>(std::move(*busy));
  put_statement(std::move(credit), false);
}

void Link::state_streams(std::vector<std::string> add, std::vector<std::string> remove) {
  if (state_ != State::up && state_ != State::registering) return;
  wire::SubscribeT streams;
  streams.add = std::move(add);
  streams.remove = std::move(remove);
  put_statement(std::move(streams), false);
}

void Link::close() {
  if (state_ == State::up) {
    heartbeat(events_.now());  // confirms what was received: it is not to be reported as lost
    put_statement(wire::LeaveT{}, false);
    hasten();
    flush();
  }
  for (auto& queued : queue_)
    if (queued.header.class_ != wire::Class::link) expired_.push_back(std::move(queued.header));
  queue_.clear();
  patient_ = 0;
  state_ = State::closed;
  trouble_ = "closed";
  patience_.cancel();
  monitor_.reset();
  socket_.reset();
}

}  // namespace convoke::bus
