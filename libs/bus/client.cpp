#include "bus/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "bus/calls.hpp"
#include "bus/link.hpp"
#include "wire/kinds.hpp"

namespace convoke::bus {
namespace {

SteadyTime steady_now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }
UnixTime unix_now() { return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()); }

CallOptions call_options(const ClientOptions& options) {
  return {options.repeat, options.retry_first, options.retry_most, options.max_calls};
}

void fill_kinds(wire::RegisterT& registration) {
  if (!registration.kinds.empty()) return;
  for (auto kind = 1; kind <= static_cast<int>(wire::Body::MAX); ++kind) registration.kinds.push_back(static_cast<std::uint8_t>(kind));
}

}  // namespace

class Client::State : public std::enable_shared_from_this<Client::State> {
 public:
  State(asio::any_io_executor executor, ClientOptions options, Identity identity);

  void make_links();
  asio::awaitable<void> run();
  void close();
  void set_registration(wire::RegisterT registration);
  convoke::Uuid send(wire::Message message);
  asio::awaitable<Result<wire::AnswerT>> call(wire::Message message, Millis allowed, wire::Class promise);

  void begin_call(wire::HeaderT header, std::string body, Millis allowed, Calls::Done done);
  void incoming(wire::Message message);
  void unreadable(const wire::HeaderT& header, const Error& error);
  void changed(bool up);
  void refuse(const wire::HeaderT& header, Fault code, const std::string& text);
  void step();
  void run_calls();
  void wake();
  Link* active() const;
  Link* usable() const;
  void prepare(wire::HeaderT& header);

  asio::any_io_executor executor;
  ClientOptions options;
  Identity identity;
  IdMaker ids{system_random};
  Counters counters;
  Statements statements;
  Calls calls;
  wire::ViewT view;
  std::function<void(wire::Message)> on_message;
  std::function<void(const wire::ViewT&)> on_view;
  std::function<void(bool)> on_link;
  zmq::context_t context;
  std::vector<std::shared_ptr<Link>> links;
  asio::steady_timer timer;
  bool closed = false;
  bool calls_posted = false;
};

Client::State::State(asio::any_io_executor loop, ClientOptions given, Identity who)
    : executor(std::move(loop)), options(std::move(given)), identity(std::move(who)), calls(call_options(options)), timer(executor) {
  set_registration({});
}

void Client::State::make_links() {
  for (const auto& endpoint : options.intercoms) {
    Link::Events events;
    events.message = [this](wire::Message message) { incoming(std::move(message)); };
    events.unreadable = [this](const wire::HeaderT& header, const Error& error) { unreadable(header, error); };
    events.changed = [this](bool up) { changed(up); };
    events.wake = [this] { wake(); };
    events.now = steady_now;
    links.push_back(std::make_shared<Link>(
        executor, context, endpoint, options, statements, counters, [this] { return ids.next(unix_now()); }, std::move(events)));
  }
}

// The connection that messages leave by: the first that is up. Until there is one they wait in the first.
Link* Client::State::active() const {
  for (const auto& link : links)
    if (link->up()) return link.get();
  return nullptr;
}

Link* Client::State::usable() const {
  if (auto* link = active()) return link;
  return closed || links.empty() ? nullptr : links.front().get();
}

asio::awaitable<void> Client::State::run() {
  const auto self = shared_from_this();
  while (!closed) {
    step();
    SteadyTime next = steady_now() + Millis{60'000};
    for (const auto& link : links) next = std::min(next, link->next());
    next = std::min(next, calls.next());
    timer.expires_at(next);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Client::State::step() {
  for (const auto& link : links) {
    link->step(steady_now());
    for (const auto& header : link->take_expired()) refuse(header, Fault::deadline, "its time was over before it could be sent");
  }
  run_calls();
}

void Client::State::wake() { timer.cancel(); }

void Client::State::run_calls() {
  const SteadyTime now = steady_now();
  calls.run(now, active() != nullptr, [this, now](const wire::HeaderT& header, const std::string& body) {
    auto* link = active();
    return link != nullptr && link->enqueue(header, body, now, Link::Origin::call);
  });
  counters.repeated = calls.counts().repeated;
  counters.owner_losses = calls.counts().owner_losses;
}

void Client::State::changed(bool up) {
  if (up) calls.reconnected(steady_now());
  if (on_link) on_link(up);
  if (up) run_calls();
  wake();
}

void Client::State::set_registration(wire::RegisterT registration) {
  statements.registration = std::move(registration);
  auto& own = statements.registration;
  own.replica = wire::to_wire(identity.replica);
  own.name = identity.name;
  own.service = identity.service;
  own.token = options.token;
  fill_kinds(own);
  for (const auto& link : links) link->state_registration();
}

void Client::State::prepare(wire::HeaderT& header) {
  if (!wire::from_wire(header.id)) header.id = wire::to_wire(ids.next(unix_now()));
  header.source_replica = wire::to_wire(identity.replica);
  if (header.source.empty()) header.source = "service/" + identity.service;
  if (header.ttl_ms == 0) header.ttl_ms = wire::default_ttl_ms;
}

convoke::Uuid Client::State::send(wire::Message message) {
  prepare(message.header);
  const convoke::Uuid id = wire::from_wire(message.header.id);
  auto body = wire::encode_body(message);
  if (body.size() > options.socket.max_message_bytes) {
    refuse(message.header, Fault::too_large, "the message is larger than the bus takes");
    return id;
  }
  auto* link = usable();
  if (link == nullptr ||
      !link->enqueue(message.header, std::move(body), steady_now(), message.may_wait ? Link::Origin::patient : Link::Origin::message))
    refuse(message.header, closed ? Fault::draining : Fault::overloaded, "the queue to the intercom is full");
  return id;
}

// What we could not send is answered as if the intercom had refused it; later, so that no handler runs inside the call that caused it.
void Client::State::refuse(const wire::HeaderT& header, Fault code, const std::string& text) {
  if (header.class_ == wire::Class::stream) {
    ++counters.stream_dropped;
    return;
  }
  ++counters.refused;
  if (header.kind == static_cast<std::uint8_t>(wire::Body::Answer)) return;  // nobody waits for an answer to an answer
  auto fault = wire::make_fault(code, text);
  if (code == Fault::overloaded) fault.retry_after_ms = static_cast<std::uint32_t>(options.retry_most.count());
  asio::post(executor, [self = shared_from_this(), answer = wire::reply(header, std::move(fault))]() mutable {
    if (!self->closed) self->incoming(std::move(answer));
  });
}

void Client::State::incoming(wire::Message message) {
  if (auto* view_now = message.as<wire::ViewT>()) {
    view = std::move(*view_now);
    calls.view(view, steady_now());
    if (on_view) on_view(view);
    run_calls();
    wake();
    return;
  }
  if (auto* answer = message.as<wire::AnswerT>()) {
    if (calls.answer(message.header, *answer, steady_now())) {
      if (calls.next() < timer.expiry()) wake();
      return;
    }
  }
  if (on_message) on_message(std::move(message));
}

void Client::State::unreadable(const wire::HeaderT& header, const Error& error) {
  if (header.class_ == wire::Class::stream || header.class_ == wire::Class::link) return;
  if (header.kind == static_cast<std::uint8_t>(wire::Body::Answer)) return;
  send(wire::fault_reply(header, error));
}

void Client::State::begin_call(wire::HeaderT header, std::string body, Millis allowed, Calls::Done done) {
  if (closed || body.size() > options.socket.max_message_bytes) {
    const auto error =
        closed ? fail(Fault::cancelled, "the process is leaving") : fail(Fault::too_large, "the message is larger than the bus takes");
    asio::post(executor, [done = std::move(done), error]() mutable { done(error); });
    return;
  }
  calls.add(std::move(header), std::move(body), allowed, steady_now(), std::move(done));
  if (calls_posted) return;
  calls_posted = true;
  asio::post(executor, [self = shared_from_this()] {
    self->calls_posted = false;
    if (self->closed) return;
    self->run_calls();
    if (self->calls.next() < self->timer.expiry()) self->wake();
  });
}

asio::awaitable<Result<wire::AnswerT>> Client::State::call(wire::Message message, Millis allowed, wire::Class promise) {
  message.header.class_ = promise;
  prepare(message.header);
  auto start = [](auto handler, std::shared_ptr<State> self, wire::HeaderT header, std::string body, Millis time) {
    const auto id = wire::from_wire(header.id);
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
      slot.assign([self, id](asio::cancellation_type) { asio::post(self->executor, [self, id] { self->calls.cancel(id); }); });
    Calls::Done done = [kept = std::move(handler)](Result<wire::AnswerT> result) mutable {
      asio::get_associated_cancellation_slot(kept).clear();
      std::move(kept)(std::move(result));
    };
    self->begin_call(std::move(header), std::move(body), time, std::move(done));
  };
  auto body = wire::encode_body(message);
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<wire::AnswerT>)>(
      std::move(start), asio::use_awaitable, shared_from_this(), std::move(message.header), std::move(body), allowed);
}

void Client::State::close() {
  if (closed) return;
  closed = true;
  for (const auto& link : links) {
    link->close();
    for (const auto& header : link->take_expired()) refuse(header, Fault::draining, "the process is leaving");
  }
  calls.cancel_all();
  timer.cancel();
}

Client::Client(asio::any_io_executor executor, ClientOptions options, Identity identity)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), std::move(identity))) {
  state_->make_links();
}

Client::~Client() {
  state_->on_message = nullptr;
  state_->on_view = nullptr;
  state_->on_link = nullptr;
  state_->close();
}

asio::awaitable<void> Client::run() { return state_->run(); }
void Client::close() { state_->close(); }
bool Client::connected() const { return state_->active() != nullptr; }

std::string Client::trouble() const {
  if (connected()) return {};
  return state_->links.empty() ? "no intercom is configured" : state_->links.front()->trouble();
}

void Client::set_registration(wire::RegisterT registration) { state_->set_registration(std::move(registration)); }

void Client::set_free(std::uint32_t free) {
  state_->statements.free = free;
  for (const auto& link : state_->links) link->state_credit(std::nullopt);
}

void Client::busy(wire::HeldTurnT turn, std::uint32_t free) {
  state_->statements.free = free;
  for (const auto& link : state_->links) link->state_credit(turn);
}

void Client::subscribe(std::vector<std::string> names) {
  std::erase_if(names, [this](const auto& name) { return !state_->statements.streams.insert(name).second; });
  if (names.empty()) return;
  for (const auto& link : state_->links) link->state_streams(names, {});
}

void Client::unsubscribe(std::vector<std::string> names) {
  std::erase_if(names, [this](const auto& name) { return state_->statements.streams.erase(name) == 0; });
  if (names.empty()) return;
  for (const auto& link : state_->links) link->state_streams({}, names);
}

convoke::Uuid Client::send(wire::Message message) { return state_->send(std::move(message)); }

asio::awaitable<Result<wire::AnswerT>> Client::request(wire::Message message, Millis deadline) {
  return state_->call(std::move(message), deadline, wire::Class::request);
}

asio::awaitable<Result<wire::AnswerT>> Client::command(wire::Message message, Millis deadline) {
  return state_->call(std::move(message), deadline, wire::Class::command);
}

void Client::on_message(std::function<void(wire::Message)> handler) { state_->on_message = std::move(handler); }
void Client::on_view(std::function<void(const wire::ViewT&)> handler) { state_->on_view = std::move(handler); }
void Client::on_link(std::function<void(bool up)> handler) { state_->on_link = std::move(handler); }
const wire::ViewT& Client::view() const { return state_->view; }

const Counters& Client::counters() const {
  auto& counters = state_->counters;
  counters.queued = 0;
  for (const auto& link : state_->links) counters.queued += static_cast<std::uint32_t>(link->queued());
  counters.calls = static_cast<std::uint32_t>(state_->calls.size());
  return counters;
}

const Identity& Client::identity() const { return state_->identity; }

}  // namespace convoke::bus
