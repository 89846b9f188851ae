#include "intercom/connections.hpp"

#include <algorithm>

namespace convoke::intercom {

Connection& Connections::at(Peer peer, SteadyTime now) {
  if (peer >= all_.size()) all_.resize(peer + 1);
  auto& connection = all_[peer];
  if (connection.serial != 0) return connection;
  connection = Connection{};
  connection.serial = ++serial_;
  connection.opened = now;
  ++used_;
  return connection;
}

Connection* Connections::find(Peer peer) { return peer < all_.size() && all_[peer].serial != 0 ? &all_[peer] : nullptr; }

std::size_t Connections::unconfirmed() const {
  std::size_t most = 0;
  for (const auto& connection : all_) most = std::max(most, connection.flights.size());
  return most;
}

std::size_t Connections::subscribed() const {
  std::size_t most = 0;
  for (const auto& connection : all_) most = std::max(most, connection.streams.size());
  return most;
}

// What is on its way already decides, not the size of what is to come: one message larger than the window can pass, two cannot.
bool Connections::within(const Connection& connection, std::uint32_t reserves) const {
  return connection.unconfirmed_bytes < settings_.stream_window + reserves * settings_.reserve &&
         connection.flights.size() < (1 + reserves) * static_cast<std::size_t>(settings_.max_unconfirmed);
}

bool Connections::fits(const Connection& connection, wire::Class class_) const {
  return !connection.stuck && !connection.gone && within(connection, class_ == wire::Class::stream ? 0 : 1);
}

void Connections::take_off(Connection& connection, const Sender& sender, std::size_t bytes) {
  ++connection.sent;
  connection.unconfirmed_bytes += bytes;
  connection.flights.push({sender, static_cast<std::uint32_t>(bytes)});
}

void Connections::forward(Peer peer, const Sender& sender, std::size_t bytes, Actions& out) {
  take_off(all_[peer], sender, bytes);
  out.list.push_back({Action::Kind::forward, peer, 0});
}

void Connections::send(Peer peer, const Sender& sender, std::uint32_t parcel, Actions& out) {
  const auto& frames = out.parcels[parcel];
  take_off(all_[peer], sender, frames.header.size() + frames.body.size());
  out.list.push_back({Action::Kind::send, peer, parcel});
}

bool Connections::say(Peer peer, std::uint32_t parcel, Actions& out) {
  auto& connection = all_[peer];
  if (connection.gone) return false;
  if (connection.stuck || !within(connection, 2)) {
    connection.stuck = true;
    return false;
  }
  send(peer, {}, parcel, out);
  return true;
}

void Connections::confirm(Connection& connection, std::uint64_t received) {
  received = std::min(received, connection.sent);
  while (connection.confirmed < received) {
    connection.unconfirmed_bytes -= connection.flights.front().bytes;
    connection.flights.pop();
    ++connection.confirmed;
  }
}

std::vector<Sender> Connections::end(Peer peer, Actions& out) {
  auto& connection = all_[peer];
  std::vector<Sender> untold;
  for (; !connection.flights.empty(); connection.flights.pop())
    if (connection.flights.front().sender.serial != 0) untold.push_back(connection.flights.front().sender);
  connection = Connection{};
  --used_;
  out.list.push_back({Action::Kind::forget, peer, 0});
  return untold;
}

}  // namespace convoke::intercom
