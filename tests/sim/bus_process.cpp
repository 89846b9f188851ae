#include "bus_process.hpp"

#include "intercom_process.hpp"
#include "world.hpp"

namespace convoke::sim {

void BusProcess::boot_bus(bool has_credit) {
  calls_ =
      std::make_unique<bus::Calls>(bus::CallOptions{options_.repeat, options_.retry_first, options_.retry_most, world_.profile.max_calls});
  ids_ = std::make_unique<IdMaker>([this] { return world_.random.next(); });
  state_ = State::waiting;
  queue_.clear();
  streams_.clear();
  number_ = 0;
  back_off_ = Millis{0};
  has_credit_ = has_credit;
  retry_at_ = stepped_ = heard_ = stated_ = now().steady;
}

void BusProcess::die_bus() {
  if (wire_) world_.net.close_client(wire_);
  wire_.reset();
  calls_.reset();
  queue_.clear();
  state_ = State::waiting;
}

void BusProcess::prepare(wire::HeaderT& header) {
  if (!wire::from_wire(header.id)) header.id = wire::to_wire(ids_->next(now().unix));
  header.source_replica = wire::to_wire(replica());
  if (header.source.empty()) header.source = std::string("service/") + service();
  if (header.ttl_ms == 0) header.ttl_ms = wire::default_ttl_ms;
}

void BusProcess::step_bus() {
  const SteadyTime time = now().steady;
  // A process that stood still itself must not blame the other side for the silence.
  if (time - stepped_ > options_.lost_after / 2) heard_ = std::max(heard_, time - options_.lost_after / 2);
  stepped_ = time;
  if (state_ == State::waiting && time >= retry_at_) connect();
  if (state_ == State::registering && time - stated_ >= options_.connect_within) lose("no answer to the registration");
  if (state_ == State::up && time - heard_ >= options_.lost_after) lose("the intercom is silent");
  if (state_ == State::up && time - stated_ >= options_.heartbeat) heartbeat();
  if (alive() && calls_->next() <= time) run_calls();
}

void BusProcess::connect() {
  wire_ = world_.net.connect(*this, world_.intercom_for_whoever_asks());
  if (!wire_) {
    retry_at_ = now().steady + options_.reconnect_first;
    return;
  }
  link_id_ = ids_->next(now().unix);
  received_ = 0;
  state_ = State::registering;
  stated_ = heard_ = now().steady;
  auto waiting = std::exchange(queue_, {});
  restate();
  if (has_credit_) {
    wire::CreditT credit;
    credit.free = free_;
    put(std::move(credit));
  }
  if (!streams_.empty()) {
    wire::SubscribeT streams;
    streams.full = true;
    streams.add.assign(streams_.begin(), streams_.end());
    put(std::move(streams));
  }
  if (!alive()) return;
  for (auto& queued : waiting) queue_.push_back(std::move(queued));
  flush();
}

void BusProcess::lose(const char* why) {
  if (state_ == State::waiting) return;
  const bool was_up = state_ == State::up;
  world_.say([&] { return fmt::format("{} loses the intercom: {}", name(), why); });
  state_ = State::waiting;
  if (wire_) world_.net.close_client(wire_);
  wire_.reset();
  std::erase_if(queue_, [](const Queued& queued) { return queued.is_call || queued.header.class_ == wire::Class::link; });
  back_off_ = was_up || back_off_ == Millis{0} ? options_.reconnect_first : std::min(back_off_ * 2, options_.reconnect_most);
  retry_at_ = now().steady + back_off_;
  if (was_up) on_link(false);
}

void BusProcess::broken(const Wire& wire) {
  if (wire == wire_) lose("the connection ended");
}

template <class Statement> void BusProcess::put(Statement statement) {
  // Of heartbeats there are many, and nothing happens by them.
  constexpr bool counts = !std::is_same_v<Statement, wire::HeartbeatT>;
  if (!alive() || (counts && boundary("before a statement"))) return;
  statement.number = ++number_;
  if constexpr (requires { statement.received; }) statement.received = received_;
  auto message = wire::message(std::move(statement));
  message.header.id = wire::to_wire(link_id_);
  message.header.dest_kind = wire::DestKind::intercom;
  message.header.ttl_ms = wire::default_ttl_ms;
  auto body = wire::encode_body(message);
  queue_.push_back({std::move(message.header), std::move(body), {}, false});
  flush();
  if (counts) (void)boundary("after a statement");
}

void BusProcess::restate() {
  if (state_ == State::waiting) return;
  auto statement = registration();
  statement.replica = wire::to_wire(replica());
  statement.name = name();
  statement.service = service();
  for (auto member = 1; member <= static_cast<int>(wire::Body::MAX); ++member) {
    const bool unknown =
        kind() == Kind::owner && !newer() && world_.profile.lacks_reads && static_cast<wire::Body>(member) == wire::Body::Query;
    if (!unknown) statement.kinds.push_back(static_cast<std::uint8_t>(member));
  }
  put(std::move(statement));
}

void BusProcess::set_free(std::uint32_t free) {
  free_ = free;
  if (state_ == State::waiting) return;
  wire::CreditT credit;
  credit.free = free;
  put(std::move(credit));
}

void BusProcess::hand_back(wire::HeldTurnT turn, std::uint32_t free) {
  free_ = free;
  if (state_ == State::waiting) return;
  wire::CreditT credit;
  credit.free = free;
  credit.busy = std::make_unique<wire::HeldTurnT>(std::move(turn));
  put(std::move(credit));
}

void BusProcess::subscribe(const std::string& stream) {
  if (!streams_.insert(stream).second || state_ == State::waiting) return;
  wire::SubscribeT change;
  change.add.push_back(stream);
  put(std::move(change));
}

void BusProcess::unsubscribe(const std::string& stream) {
  if (streams_.erase(stream) == 0 || state_ == State::waiting) return;
  wire::SubscribeT change;
  change.remove.push_back(stream);
  put(std::move(change));
}

void BusProcess::leave() {
  calls_->cancel_all();
  if (state_ == State::up) {
    heartbeat();
    put(wire::LeaveT{});
  }
}

void BusProcess::heartbeat() {
  stated_ = now().steady;
  put(wire::HeartbeatT{});
}

bool BusProcess::send(wire::Message message) {
  if (!alive()) return false;
  prepare(message.header);
  if (boundary("before a send")) return false;
  world_.sending(*this, message);
  enqueue(message.header, wire::encode_body(message), false);
  return !boundary("after a send");
}

bool BusProcess::enqueue(wire::HeaderT header, std::string body, bool is_call) {
  if (queue_.size() >= world_.profile.max_queued) return false;  // whoever called is told, who sends repeats
  const SteadyTime expires = now().steady + Millis{header.ttl_ms};
  queue_.push_back({std::move(header), std::move(body), expires, is_call});
  flush();
  return true;
}

void BusProcess::flush() {
  if (flushing_ || state_ == State::waiting) return;
  flushing_ = true;
  while (!queue_.empty() && wire_) {
    Queued queued = std::move(queue_.front());
    queue_.pop_front();
    const SteadyTime time = now().steady;
    if (queued.header.class_ != wire::Class::link) {
      if (queued.expires <= time) continue;  // answered by a fault in a real process; here callers repeat
      queued.header.ttl_ms = static_cast<std::uint32_t>((queued.expires - time).count());
    }
    world_.net.send_up(wire_, Packet{wire::encode_header(queued.header), std::make_shared<const std::string>(std::move(queued.body))});
  }
  flushing_ = false;
}

void BusProcess::take(const Wire& wire, const Packet& packet) {
  if (wire != wire_) return;
  heard_ = now().steady;
  if (packet.comes != Comes::late) ++received_;
  if (packet.comes == Comes::place) return;
  // Views go to all in the same bytes, and are long: they are read once.
  if (const auto known = world_.net.known_view(packet)) {
    if (state_ != State::registering) return viewed(*known);
    return registered(*known);
  }
  auto message = wire::decode(packet.header, *packet.body, 64u << 20);
  if (!message) return world_.fail(fmt::format("{} was sent bytes that do not verify: {}", name(), message.error().message));
  if (message->body.type == wire::Body::Heartbeat) return;
  if (auto* seen = message->as<wire::ViewT>()) {
    const auto view = world_.net.remember_view(packet, std::move(*seen));
    return state_ == State::registering ? registered(*view) : viewed(*view);
  }
  const auto* answer = message->as<wire::AnswerT>();
  const auto* fault = answer != nullptr ? answer->body.AsFault() : nullptr;
  const bool limited = fault != nullptr && fault->code == static_cast<std::uint16_t>(Fault::limit);
  const bool about_us = answer != nullptr && !limited && wire::from_wire(message->header.correlation) == link_id_;
  const bool unknown = fault != nullptr && fault->code == static_cast<std::uint16_t>(Fault::unregistered);
  if (about_us || unknown) {
    const std::string text = fault != nullptr ? fault->text : "refused";
    if (!about_us) incoming(std::move(*message));
    return lose(text.c_str());
  }
  incoming(std::move(*message));
}

void BusProcess::registered(const wire::ViewT& view) {
  state_ = State::up;
  back_off_ = Millis{0};
  viewed(view);
  if (!alive()) return;
  calls_->reconnected(now().steady);
  on_link(true);
  if (alive()) run_calls();
}

void BusProcess::viewed(const wire::ViewT& view) {
  calls_->view(view, now().steady);
  on_view(view);
  if (alive()) run_calls();
}

void BusProcess::incoming(wire::Message message) {
  auto* answer = message.as<wire::AnswerT>();
  if (answer == nullptr) return on_message(std::move(message));
  if (boundary("before an answer is heard")) return;
  if (!calls_->answer(message.header, *answer, now().steady)) on_message(std::move(message));
  (void)boundary("after an answer was heard");
}

void BusProcess::call(wire::Message message, wire::Class promise, Millis allowed, bus::Calls::Done done) {
  if (boundary("before a call")) return;
  message.header.class_ = promise;
  prepare(message.header);
  auto body = wire::encode_body(message);
  calls_->add(std::move(message.header), std::move(body), allowed, now().steady, std::move(done));
  run_calls();
  world_.checks.calls(*this, calls_->size());
  (void)boundary("after a call");
}

void BusProcess::run_calls() {
  calls_->run(now().steady, state_ == State::up,
              [this](const wire::HeaderT& header, const std::string& body) { return enqueue(header, body, true); });
}

}  // namespace convoke::sim
