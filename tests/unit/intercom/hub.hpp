// The core with a clock that the test moves and with peers that are lists of what they were sent. Everything passes as bytes, as it would
// over a socket; peers do not confirm what they receive unless the test does.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "intercom/intercom_core.hpp"
#include "wire/message.hpp"

namespace convoke::intercom::test {

inline convoke::Uuid id(std::uint64_t n) { return {0x7000 + n, n}; }

class Hub {
 public:
  explicit Hub(Settings settings = quick()) : core_(std::move(settings), id(999), [] { return 7u; }, Now{}) {}

  /// Turns are handed out from the start, so that tests need not wait for it.
  static Settings quick() {
    Settings settings;
    settings.hold_back = Millis{0};
    return settings;
  }

  IntercomCore& core() { return core_; }
  Now now() const { return now_; }

  void advance(Millis time) {
    for (const auto end = now_.steady + time; now_.steady < end;) {
      now_.steady += Millis{10};
      now_.unix += Millis{10};
      perform(nullptr, [&](Actions& out) { core_.on_tick(now_, out); });
    }
  }

  /// Stands still, as a process that is stopped: no ticks, then one.
  void freeze(Millis time) {
    now_.steady += time;
    now_.unix += time;
    perform(nullptr, [&](Actions& out) { core_.on_tick(now_, out); });
  }

  /// As a client sends it: id and time are filled in when absent. Returns the id.
  convoke::Uuid send(Peer peer, wire::Message message) {
    if (!wire::from_wire(message.header.id)) message.header.id = wire::to_wire({1, ++ids_});
    if (message.header.ttl_ms == 0) message.header.ttl_ms = 5'000;
    return send_exactly(peer, std::move(message));
  }

  convoke::Uuid send_exactly(Peer peer, wire::Message message) {
    auto frames = wire::encode(message);
    send_bytes(peer, std::move(frames));
    return wire::from_wire(message.header.id);
  }

  void send_bytes(Peer peer, wire::Frames frames) {
    const std::span header(reinterpret_cast<std::uint8_t*>(frames.header.data()), frames.header.size());
    perform(&frames, [&](Actions& out) { core_.on_message(peer, header, frames.body, now_, out); });
  }

  /// Registers `replica` over `peer`; what the test wants to say beyond that is set in `statement`.
  convoke::Uuid join(Peer peer, std::uint64_t replica, std::string service, wire::RegisterT statement = {}) {
    statement.replica = wire::to_wire(id(replica));
    statement.service = std::move(service);
    statement.name = statement.service + "-" + std::to_string(replica);
    if (statement.kinds.empty())
      for (int kind = 1; kind <= static_cast<int>(wire::Body::MAX); ++kind) statement.kinds.push_back(static_cast<std::uint8_t>(kind));
    state(peer, statement);
    names_[peer] = "service/" + statement.service;
    return id(replica);
  }

  /// A link statement, numbered unless the test numbered it.
  template <class Statement> void state(Peer peer, Statement statement) {
    if (statement.number == 0) statement.number = ++number_;
    auto message = wire::message(std::move(statement));
    message.header.dest_kind = wire::DestKind::intercom;
    send(peer, std::move(message));
  }

  void heartbeat(Peer peer, std::uint64_t received = 0) {
    wire::HeartbeatT statement;
    statement.received = received;
    state(peer, statement);
  }
  /// Confirms all that the peer was ever sent.
  void confirm(Peer peer) { heartbeat(peer, count_[peer]); }
  void credit(Peer peer, std::uint32_t free) { credit(peer, free, count_[peer]); }
  void credit(Peer peer, std::uint32_t free, std::uint64_t received) {
    wire::CreditT statement;
    statement.free = free;
    statement.received = received;
    state(peer, std::move(statement));
  }

  /// Takes what a peer was sent since the last call; with a type, the messages of that type alone (the others are thrown away).
  std::vector<wire::Message> take(Peer peer) { return std::exchange(inbox_[peer], {}); }
  template <class T> std::vector<T> take(Peer peer) {
    std::vector<T> found;
    for (auto& message : take(peer))
      if (auto* body = message.as<T>()) found.push_back(std::move(*body));
    return found;
  }
  /// The only fault among them; NONE when there is none, INTERNAL when there are several.
  Fault fault(Peer peer) {
    std::vector<Fault> found;
    for (const auto& answer : take<wire::AnswerT>(peer))
      if (const auto* body = answer.body.AsFault()) found.push_back(static_cast<Fault>(body->code));
    return found.empty() ? Fault::none : found.size() > 1 ? Fault::internal : found.front();
  }
  std::size_t faults(Peer peer, Fault code) {
    std::size_t found = 0;
    for (const auto& answer : take<wire::AnswerT>(peer))
      if (const auto* body = answer.body.AsFault(); body != nullptr && static_cast<Fault>(body->code) == code) ++found;
    return found;
  }
  void clear() { inbox_.clear(); }
  bool forgotten(Peer peer) const { return forgotten_.contains(peer); }
  std::uint64_t count(Peer peer) { return count_[peer]; }
  /// Sending to it fails from now on.
  void cut(Peer peer) { cut_.insert(peer); }

  /// A message from the service behind a peer.
  template <class T> wire::Message from(Peer peer, T body, wire::DestKind kind, std::string dest = {}) {
    auto message = wire::message(std::move(body));
    message.header.source = names_[peer];
    message.header.dest_kind = kind;
    message.header.dest = std::move(dest);
    return message;
  }
  wire::Message query(Peer peer, wire::DestKind kind, std::string dest = {}) { return from(peer, wire::QueryT{}, kind, std::move(dest)); }
  wire::Message to_replica(Peer peer, std::uint64_t replica) {
    auto message = query(peer, wire::DestKind::replica);
    message.header.dest_replica = wire::to_wire(id(replica));
    return message;
  }
  wire::Message to_owner(Peer peer, std::uint8_t partition) {
    auto message = query(peer, wire::DestKind::owner);
    message.header.partition = partition;
    return message;
  }

 private:
  template <class Event> void perform(wire::Frames* present, Event event) {
    Actions out;
    event(out);
    for (std::size_t i = 0; i < out.list.size(); ++i) {
      const Action action = out.list[i];
      if (action.kind == Action::Kind::forget) {
        forgotten_.insert(action.peer);
        count_[action.peer] = 0;
      } else if (cut_.contains(action.peer)) {
        core_.on_send_failed(action.peer, now_);
      } else {
        const wire::Frames& frames = action.kind == Action::Kind::forward ? *present : out.parcels[action.parcel];
        auto message = wire::decode(frames.header, frames.body, 64u << 20);
        if (!message) throw std::runtime_error("the intercom sent something unreadable: " + message.error().message);
        ++count_[action.peer];
        inbox_[action.peer].push_back(std::move(*message));
      }
    }
  }

  IntercomCore core_;
  Now now_{};
  std::map<Peer, std::vector<wire::Message>> inbox_;
  std::map<Peer, std::uint64_t> count_;
  std::map<Peer, std::string> names_;
  std::set<Peer> forgotten_;
  std::set<Peer> cut_;
  std::uint64_t ids_ = 0;
  std::uint64_t number_ = 0;
};

/// A registration that claims partitions under an epoch.
inline wire::RegisterT claiming(std::uint64_t epoch, std::vector<int> partitions) {
  wire::RegisterT statement;
  for (const int partition : partitions) {
    wire::ClaimT claim;
    claim.partition = static_cast<std::uint8_t>(partition);
    claim.epoch = epoch;
    statement.claims.push_back(claim);
  }
  return statement;
}

inline wire::RegisterT serving(std::vector<std::string> agents, std::uint32_t credit) {
  wire::RegisterT statement;
  statement.agents = std::move(agents);
  statement.credit = credit;
  return statement;
}

}  // namespace convoke::intercom::test
