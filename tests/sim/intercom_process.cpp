#include "intercom_process.hpp"

#include "world.hpp"

namespace convoke::sim {

void IntercomProcess::boot() {
  core_ = std::make_unique<intercom::IntercomCore>(world_.profile.intercom, replica(), [this] { return world_.random.next(); }, now());
}

void IntercomProcess::die() {
  world_.net.close_router(*this);
  peers_.clear();
  core_.reset();
}

void IntercomProcess::tick() {
  actions_.clear();
  core_->on_tick(now(), actions_);
  world_.checks.sizes(*this);
  perform(nullptr);
}

void IntercomProcess::take(const Wire& wire, Packet packet) {
  if (!wire->peer) {
    intercom::Peer number = 0;
    while (peers_.contains(number)) ++number;
    wire->peer = number;
    peers_.emplace(number, wire);
  }
  actions_.clear();
  std::span<std::uint8_t> header(reinterpret_cast<std::uint8_t*>(packet.header.data()), packet.header.size());
  core_->on_message(*wire->peer, header, *packet.body, now(), actions_);
  world_.checks.sizes(*this);
  perform(&packet);
}

void IntercomProcess::perform(const Packet* packet) {
  std::vector<std::shared_ptr<const std::string>> bodies;
  for (std::size_t i = 0; i < actions_.list.size(); ++i) {  // a failure appends
    const auto action = actions_.list[i];
    const auto found = peers_.find(action.peer);
    if (action.kind == intercom::Action::Kind::forget) {
      if (found == peers_.end()) continue;
      found->second->peer.reset();
      peers_.erase(found);
      continue;
    }
    if (boundary("before passing on")) return;
    if (found == peers_.end() || !found->second->client_open || !found->second->router_open) {
      core_->on_send_failed(action.peer, now());
      continue;
    }
    const Wire wire = found->second;
    if (action.kind == intercom::Action::Kind::forward) {
      world_.net.send_down(wire, *packet);
      if (boundary("after passing on")) return;
      continue;
    }
    bodies.resize(std::max<std::size_t>(bodies.size(), action.parcel + 1));
    auto& body = bodies[action.parcel];
    if (!body) body = std::make_shared<const std::string>(actions_.parcels[action.parcel].body);
    world_.net.send_down(wire, Packet{actions_.parcels[action.parcel].header, body});
    if (boundary("after saying something")) return;
  }
}

}  // namespace convoke::sim
