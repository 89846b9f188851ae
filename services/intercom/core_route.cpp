// What is for others: who may say it, and where it goes.
#include <fmt/format.h>

#include "intercom/intercom_core.hpp"
#include "wire/kinds.hpp"

namespace convoke::intercom {
namespace {

constexpr auto number(wire::Body kind) { return static_cast<std::uint8_t>(kind); }

// What only the intercom says, or only hears: nobody may say it to anybody else.
bool is_intercoms_own(std::uint8_t kind) {
  const auto body = static_cast<wire::Body>(kind);
  return body == wire::Body::WorkState || (wire::is_known(kind) && wire::class_of(body) == wire::Class::link);
}

bool is_owner(const Replica& replica) { return replica.service == "groupchat"; }

}  // namespace

void IntercomCore::route(Speaker& speaker, std::string_view body) {
  auto& connection = speaker.connection;
  const auto refuse = [&](Fault code, std::string text) {
    if (speaker.sender.class_ == wire::Class::stream || header_->kind() == number(wire::Body::Answer))
      ++counters_.undeliverable;  // nobody waits for an answer to it
    else
      fault(speaker, code, std::move(text));
  };
  if (connection.replica == nullptr) return refuse(Fault::unregistered, "this connection has not registered");
  Replica& speaking = *connection.replica;
  if (is_intercoms_own(header_->kind())) return refuse(Fault::forbidden, "that kind of message is between a process and its intercom");
  // A refused owner forwards once, in the name of whoever asked it: owners alone are believed that.
  const bool forwarded = header_->forwards() > 0;
  if (forwarded && (!is_owner(speaking) || header_->forwards() > 1))
    return refuse(Fault::forbidden, "only an owner forwards, and only once");
  if (forwarded) speaker.sender = on_behalf(speaker.sender);
  if (!forwarded && header_.source() != connection.source) {
    if (!speaking.may_speak_as(header_.source()))
      return refuse(Fault::forbidden, fmt::format("{} is not registered as '{}'", speaking.name, header_.source()));
    connection.source = header_.source();
  }
  if (header_->ttl_ms() == 0) return refuse(Fault::deadline, "its time was over before it could be delivered");
  if (!forwarded && !header_.set_source_replica(speaking.id)) return refuse(Fault::malformed, "the header has no field source_replica");
  const std::size_t bytes = header_.size() + body.size();
  switch (header_->dest_kind()) {
    case wire::DestKind::replica:
      return deliver(speaker, registry_.find(header_.dest_replica()), bytes, "the replica that is addressed is not connected");
    case wire::DestKind::stream: return route_to_stream(speaker, bytes);
    case wire::DestKind::agent: return route_to_agent(speaker, body);
    case wire::DestKind::owner:
      if (header_->kind() == number(wire::Body::Report) && !note_report(speaker, body)) return;
      return route_to_owner(speaker, bytes);
    case wire::DestKind::service:
      return deliver(speaker, registry_.next_of(header_.dest(), header_->kind()), bytes, "no replica of that service is ready");
    case wire::DestKind::intercom: break;
  }
  refuse(Fault::malformed, "the destination is of no known kind");
}

// A forwarded message is answered to whoever sent it first.
Sender IntercomCore::on_behalf(Sender sender) {
  sender.serial = 0;
  const auto* first = registry_.find(header_.source_replica());
  if (first == nullptr || !first->connected) return sender;
  sender.peer = first->peer;
  sender.serial = connections_.find(first->peer)->serial;
  return sender;
}

void IntercomCore::deliver(Speaker& speaker, Replica* replica, std::size_t bytes, std::string_view nobody) {
  const auto class_ = speaker.sender.class_;
  const bool answerable = class_ != wire::Class::stream && header_->kind() != number(wire::Body::Answer);
  auto code = Fault::none;
  std::string_view text;
  if (replica == nullptr || !replica->connected) {
    code = Fault::unreachable;
    text = nobody;
  } else if (!replica->takes(header_->kind())) {
    code = Fault::unknown_kind;
    text = "the destination does not understand that kind of message";
  } else if (!connections_.fits(*connections_.find(replica->peer), class_)) {
    code = Fault::overloaded;
    text = "the destination does not keep up";
  }
  if (code == Fault::none) {
    ++counters_.forwarded;
    connections_.forward(replica->peer, answerable ? speaker.sender : Sender{}, bytes, *out_);
  } else if (answerable) {
    fault(speaker, code, std::string(text));
  } else {
    ++counters_.undeliverable;
  }
}

void IntercomCore::route_to_owner(Speaker& speaker, std::size_t bytes) {
  const auto& id = partitions_.owner(header_->partition());
  auto* owner = registry_.find(id);
  // Its own claim still stands while it refuses: the winner has not registered yet.
  const bool back_to_forwarder = header_->forwards() > 0 && owner == speaker.connection.replica;
  if (owner != nullptr && !back_to_forwarder) {
    deliver(speaker, owner, bytes, "the owner of the partition is not connected");
  } else if (speaker.sender.class_ == wire::Class::stream) {
    ++counters_.undeliverable;
  } else {
    fault(speaker, Fault::no_owner, fmt::format("nobody holds partition {} at the moment", header_->partition()));
  }
}

bool IntercomCore::deliver_stream(Peer peer, const Sender& sender, std::size_t bytes) {
  auto* connection = connections_.find(peer);
  if (!connections_.fits(*connection, sender.class_)) {
    ++connection->stream_dropped;
    ++counters_.stream_dropped;
    return false;
  }
  ++counters_.forwarded;
  connections_.forward(peer, Sender{}, bytes, *out_);
  return true;
}

// To all who subscribed but the speaker, and to the owner, who follows what others say in its conversations without subscribing.
void IntercomCore::route_to_stream(Speaker& speaker, std::size_t bytes) {
  Replica& speaking = *speaker.connection.replica;
  auto* owner = is_owner(speaking) ? nullptr : registry_.find(partitions_.owner(header_->partition()));
  if (owner != nullptr && (!owner->connected || !owner->takes(header_->kind()))) owner = nullptr;
  bool anybody = owner != nullptr;
  for (const Peer peer : streams_.subscribers(header_.dest())) {
    if (peer == speaker.peer || (owner != nullptr && peer == owner->peer)) continue;
    anybody = true;
    deliver_stream(peer, speaker.sender, bytes);
  }
  if (owner != nullptr) deliver_stream(owner->peer, speaker.sender, bytes);
  if (!anybody) ++counters_.undeliverable;
}

void IntercomCore::route_to_agent(Speaker& speaker, std::string_view body) {
  if (!is_owner(*speaker.connection.replica)) return fault(speaker, Fault::forbidden, "only owners of sessions give turns to agents");
  switch (static_cast<wire::Body>(header_->kind())) {
    case wire::Body::Work: return take_work(speaker, body);
    case wire::Body::WorkQuery: return on_own(speaker, body);
    case wire::Body::Control: return control_turn(speaker, body);
    default: return fault(speaker, Fault::unknown_kind, "agents are addressed with Work, WorkQuery and Control");
  }
}

void IntercomCore::take_work(Speaker& speaker, std::string_view body) {
  const BodyView view(body);
  const auto* work = view.as<wire::Work>();
  if (work == nullptr || text_of(work->agent()) != header_.dest() || work->turn() != header_->turn() ||
      work->attempt() != header_->attempt())
    return fault(speaker, Fault::malformed, "the body is no Work, or names another agent, turn or attempt than the header");
  WorkQueues::Offer offer;
  offer.turn = {std::string(header_.dest()), std::string(text_of(work->session())), work->turn(), work->attempt()};
  offer.id = speaker.sender.id;
  offer.partition = speaker.sender.partition;
  if (partitions_.owner(offer.partition) == speaker.connection.replica->id) offer.epoch = partitions_.epoch(offer.partition);
  offer.frames = {std::string(header_.bytes()), std::string(body)};
  auto state = wire::message(queues_.offer(std::move(offer), now_.steady));
  state.header.turn = header_->turn();
  state.header.attempt = header_->attempt();
  const auto before = out_->list.size();
  answer(speaker, std::move(state));
  if (out_->list.size() == before + 1 && out_->list.back().kind == Action::Kind::send) out_->list.back().may_wait = true;
}

// To whoever has the turn; a turn that nobody has yet is taken out of the queue.
void IntercomCore::control_turn(Speaker& speaker, std::string_view body) {
  const BodyView view(body);
  const auto* control = view.as<wire::Control>();
  if (control == nullptr) return fault(speaker, Fault::malformed, "the body is no Control");
  const TurnRef turn{std::string(header_.dest()), std::string(text_of(control->session())), control->turn(), control->attempt()};
  const auto state = queues_.state(turn);
  if (state.status == wire::WorkStatus::given)
    return deliver(speaker, registry_.find(wire::from_wire(state.replica)), header_.size() + body.size(), "the turn's holder has gone");
  if (state.status == wire::WorkStatus::parked && control->kind() == wire::ControlKind::cancel) queues_.withdraw(turn, now_.steady);
  answer(speaker, wire::message(queues_.state(turn)));
}

// Notes what a worker's report means for queues and credit. False: it was refused.
bool IntercomCore::note_report(Speaker& speaker, std::string_view body) {
  const BodyView view(body);
  const auto* report = view.as<wire::Report>();
  if (report == nullptr) {
    fault(speaker, Fault::malformed, "the body is no Report");
    return false;
  }
  auto& worker = *speaker.connection.replica;
  TurnRef turn{std::string(text_of(report->agent())), std::string(text_of(report->session())), report->turn(), report->attempt()};
  if (!worker.serves(turn.agent)) {
    fault(speaker, Fault::forbidden, fmt::format("{} is not registered for the agent '{}'", worker.name, turn.agent));
    return false;
  }
  switch (report->body_type()) {
    case wire::ReportBody::TurnResult: queues_.ended(worker, turn, now_.steady); break;
    case wire::ReportBody::Returned: queues_.returned(worker, turn, now_.steady); break;
    default: queues_.begun(worker, turn, now_.steady); break;
  }
  return true;
}

}  // namespace convoke::intercom
