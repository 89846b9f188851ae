#include "intercom/intercom_core.hpp"

#include <fmt/format.h>

#include "intercom/directory.hpp"

namespace convoke::intercom {

IntercomCore::IntercomCore(Settings settings, convoke::Uuid self, std::function<std::uint64_t()> random, Now now)
    : settings_(std::move(settings)),
      self_(self),
      ids_(std::move(random)),
      connections_(settings_),
      partitions_(settings_),
      queues_(settings_, registry_, *this),
      now_(now),
      ticked_(now.steady) {
  queues_.hold_back_until(now.steady + settings_.hold_back);
}

void IntercomCore::on_message(Peer peer, std::span<std::uint8_t> header, std::string_view body, Now now, Actions& out) {
  now_ = now;
  out_ = &out;
  auto& connection = connections_.at(peer, now.steady);
  if (connection.replica != nullptr) connection.replica->heard = now.steady;
  Speaker speaker{peer, connection, {}};
  speaker.sender.peer = peer;
  speaker.sender.serial = connection.serial;
  if (!header_.read(header)) {
    ++counters_.malformed;
    fault(speaker, Fault::malformed, fmt::format("a header frame of {} bytes does not verify", header.size()));
    return;
  }
  speaker.sender.id = header_.id();
  speaker.sender.class_ = header_.class_of();
  speaker.sender.partition = header_->partition();
  if (header_->protocol() != wire::protocol_version) {
    fault(speaker, Fault::protocol_version,
          fmt::format("protocol {} is not spoken here, {} is", header_->protocol(), wire::protocol_version));
    return;
  }
  if (header_->dest_kind() == wire::DestKind::intercom)
    on_own(speaker, body);
  else
    route(speaker, body);
}

void IntercomCore::on_send_failed(Peer peer, Now now) {
  now_ = now;
  auto* connection = connections_.find(peer);
  if (connection == nullptr) return;
  // What it said before it went is still to be read: its Leave, for one.
  connection->gone = true;
  disconnect(*connection);
}

void IntercomCore::disconnect(Connection& connection) {
  if (connection.replica == nullptr || !connection.replica->connected) return;
  connection.replica->connected = false;
  connection.replica->disconnected = now_.steady;
}

void IntercomCore::on_tick(Now now, Actions& out) {
  // If this process itself stood still, everybody seems silent: give them the time back.
  const Millis stood = now.steady - ticked_;
  if (stood > settings_.lost_after / 4)
    for (const auto& [id, replica] : registry_.all()) {
      replica->heard = std::min(replica->heard + stood, now.steady);
      replica->disconnected = std::min(replica->disconnected + stood, now.steady);
      for (auto& [turn, heard] : replica->in_flight) heard = std::min(heard + stood, now.steady);
    }
  ticked_ = now.steady;
  now_ = now;
  out_ = &out;
  find_silent();
  if (partitions_.settle(now.steady)) view_due_ = true;
  queues_.forget(now.steady);
  queues_.lose_unheard(now.steady);
  queues_.dispatch_all(now.steady);
  if (view_due_ && now.steady - viewed_ >= settings_.view_every) broadcast_view();
}

void IntercomCore::find_silent() {
  for (Peer peer = 0; peer < connections_.limit(); ++peer) {
    const auto* connection = connections_.find(peer);
    if (connection == nullptr) continue;
    const bool anonymous = connection->replica == nullptr && now_.steady - connection->opened >= settings_.register_within;
    if (connection->gone)
      end_connection(peer, "the connection of the destination has ended");
    else if (anonymous || connection->stuck)
      end_connection(peer, "the destination does not take what it is sent");
  }
  std::vector<convoke::Uuid> silent;
  for (const auto& [id, replica] : registry_.all()) {
    const bool gone = !replica->connected && now_.steady - replica->disconnected >= settings_.gone_after;
    if (gone || now_.steady - replica->heard >= settings_.lost_after) silent.push_back(id);
  }
  for (const auto& id : silent) {
    ++counters_.replicas_lost;
    remove(*registry_.find(id), "the destination was silent for too long, or its connection ended");
  }
}

void IntercomCore::end_connection(Peer peer, const char* why) {
  auto* connection = connections_.find(peer);
  for (const auto& name : connection->streams) streams_.remove(name, peer);
  disconnect(*connection);
  ++counters_.connections_ended;
  for (const auto& sender : connections_.end(peer, *out_)) fault(sender, Fault::unreachable, why);
}

void IntercomCore::end_connection_of(const Replica& replica, const char* why) {
  const auto* connection = connections_.find(replica.peer);
  if (connection != nullptr && connection->replica == &replica) end_connection(replica.peer, why);
}

// The replica is no more: nothing routes to it, and its owners hear of the turns that it held.
void IntercomCore::remove(Replica& replica, const char* why) {
  const std::size_t lost = replica.in_flight.size();
  const convoke::Uuid id = replica.id;
  Replica copy = replica;  // turns are told as lost once nobody can be given them by mistake
  end_connection_of(replica, why);
  registry_.remove(id);
  membership_changed();
  counters_.turns_lost += lost;
  queues_.lost(copy, now_.steady);
  view_due_ = true;
}

void IntercomCore::membership_changed() {
  if (partitions_.update(registry_, now_.steady)) view_due_ = true;
}

// --- saying something ourselves ---------------------------------------------------------------------------------------------------------

void IntercomCore::say(Peer peer, const wire::Message& message) {
  out_->parcels.push_back({});
  auto header = message.header;
  if (!wire::from_wire(header.id)) header.id = wire::to_wire(ids_.next(now_.unix));
  header.source = "service/intercom";
  header.source_replica = wire::to_wire(self_);
  if (header.ttl_ms == 0) header.ttl_ms = wire::default_ttl_ms;
  out_->parcels.back() = {wire::encode_header(header), wire::encode_body(message)};
  connections_.say(peer, static_cast<std::uint32_t>(out_->parcels.size() - 1), *out_);
}

void IntercomCore::answer(const Speaker& speaker, wire::Message message) {
  message.header.correlation = wire::to_wire(speaker.sender.id);
  message.header.partition = speaker.sender.partition;
  message.header.dest_kind = wire::DestKind::replica;
  if (speaker.connection.replica != nullptr) message.header.dest_replica = wire::to_wire(speaker.connection.replica->id);
  say(speaker.peer, message);
}

void IntercomCore::fault(const Speaker& speaker, convoke::Fault code, std::string text) { fault(speaker.sender, code, std::move(text)); }

void IntercomCore::fault(const Sender& to, convoke::Fault code, std::string text) {
  const auto* connection = connections_.is(to.peer, to.serial) ? connections_.find(to.peer) : nullptr;
  if (connection == nullptr) return;  // whoever asked has gone as well
  ++counters_.faults;
  auto body = wire::make_fault(code, std::move(text));
  if (code == Fault::overloaded) body.retry_after_ms = static_cast<std::uint32_t>(settings_.retry_after.count());
  wire::HeaderT request;
  request.id = wire::to_wire(to.id);
  request.class_ = to.class_;
  request.partition = to.partition;
  if (connection->replica != nullptr) request.source_replica = wire::to_wire(connection->replica->id);
  say(to.peer, wire::reply(request, std::move(body)));
}

std::uint64_t IntercomCore::give(Replica& worker, const wire::Frames& work) {
  auto* connection = connections_.find(worker.peer);
  if (connection == nullptr || !connections_.fits(*connection, wire::Class::work)) return 0;
  ++counters_.turns_given;
  out_->parcels.push_back(work);
  connections_.send(worker.peer, {}, static_cast<std::uint32_t>(out_->parcels.size() - 1), *out_);
  return connection->sent;
}

void IntercomCore::tell(const wire::WorkStateT& state, std::uint8_t partition, const convoke::Uuid& correlation) {
  const auto* owner = registry_.find(partitions_.owner(partition));
  if (owner == nullptr || !owner->connected) return;  // whoever holds it next asks
  auto message = wire::message(state);
  message.header.correlation = wire::to_wire(correlation);
  message.header.partition = partition;
  message.header.turn = state.turn;
  message.header.attempt = state.attempt;
  message.header.dest_kind = wire::DestKind::replica;
  message.header.dest_replica = wire::to_wire(owner->id);
  say(owner->peer, message);
}

void IntercomCore::send_view(Peer peer, const convoke::Uuid& correlation) {
  auto message = wire::message(make_view(registry_, partitions_, ++view_number_, self_));
  message.header.correlation = wire::to_wire(correlation);
  message.header.dest_kind = wire::DestKind::replica;
  say(peer, message);
}

// One encoding, shared by all.
void IntercomCore::broadcast_view() {
  view_due_ = false;
  viewed_ = now_.steady;
  std::uint32_t parcel = 0;
  bool encoded = false;
  for (const auto& [id, replica] : registry_.all()) {
    if (!replica->connected) continue;
    if (encoded) {
      connections_.say(replica->peer, parcel, *out_);
      continue;
    }
    send_view(replica->peer, {});
    parcel = static_cast<std::uint32_t>(out_->parcels.size() - 1);
    encoded = true;
  }
}

}  // namespace convoke::intercom
