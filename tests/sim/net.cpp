#include "net.hpp"

#include "bus_process.hpp"
#include "intercom_process.hpp"
#include "world.hpp"

namespace convoke::sim {

Cut Net::cut_of(const BusProcess* client) const {
  const auto found = cuts_.find(client);
  return found == cuts_.end() ? Cut{} : found->second;
}

Wire Net::connect(BusProcess& client, IntercomProcess& router) {
  const Cut cut = cut_of(&client);
  if (!router.alive() || cut.up || cut.down) return nullptr;
  auto wire = std::make_shared<Connection>();
  wire->client = &client;
  wire->router = &router;
  wire->client_life = client.incarnation();
  wire->router_life = router.incarnation();
  wire->lossy = world_.random.chance(50);
  std::erase_if(all_, [](const auto& weak) { return weak.expired(); });
  all_.push_back(wire);
  return wire;
}

// What states a connection or counts on it rests on the order that ZeroMQ gives; whatever else is said is repeated, asked for, or not
// missed.
Net::Fate Net::fate_of(const Packet& packet) {
  if (astray == 0 || world_.random.below(1'000) >= astray) return Fate::none;
  const auto& header = *flatbuffers::GetRoot<wire::Header>(packet.header.data());
  if (header.class_() == wire::Class::link) return Fate::none;
  const auto fate = static_cast<Fate>(1 + world_.random.below(3));
  ++world_.met.astray;
  world_.say([&] {
    static constexpr const char* fates[] = {"", "is lost", "comes twice", "comes late"};
    return fmt::format("a message of kind {} {}", wire::EnumNameBody(static_cast<wire::Body>(header.kind())),
                       fates[static_cast<std::size_t>(fate)]);
  });
  return fate;
}

Millis Net::late_by() { return world_.random.chance(80) ? world_.random.millis(1, 200) : world_.random.millis(200, 3'000); }

void Net::send_up(const Wire& wire, Packet packet) {
  if (!wire->router_open) return;
  const Fate fate = fate_of(packet);
  if (fate == Fate::twice || fate == Fate::late)
    world_.clock.after(late_by(), [this, wire, late = packet]() mutable { arrive_up(wire, std::move(late)); });
  if (fate == Fate::lost || fate == Fate::late) return;
  if (cut_of(wire->client).up) return wire->up_held.push_back(std::move(packet));
  carry_up(wire, std::move(packet));
}

void Net::carry_up(const Wire& wire, Packet packet) {
  const Millis at = std::max(wire->up_last, world_.clock.now() + world_.random.millis(0, 2) + slow);
  wire->up_last = at;
  world_.clock.at(at, [this, wire, carried = std::move(packet)]() mutable { arrive_up(wire, std::move(carried)); });
}

void Net::arrive_up(const Wire& wire, Packet packet) {
  if (!wire->router_open || wire->router_life != wire->router->incarnation()) return;
  if (!wire->client_open && wire->lossy) return;
  if (cut_of(wire->client).up) return wire->up_held.push_back(std::move(packet));
  wire->router->arrive([wire, here = std::move(packet)]() mutable { wire->router->take(wire, std::move(here)); });
}

// What is late comes after its place: a process has counted it before it says anything because of it.
void Net::send_down(const Wire& wire, Packet packet) {
  const Fate fate = fate_of(packet);
  Packet late{packet.header, packet.body, Comes::late};
  const bool comes_later = fate == Fate::twice || fate == Fate::late;
  if (fate == Fate::lost || fate == Fate::late) packet.comes = Comes::place;
  if (cut_of(wire->client).down) {
    wire->down_held.push_back(std::move(packet));
    if (comes_later) wire->down_held.push_back(std::move(late));
    return;
  }
  carry_down(wire, std::move(packet));
  if (!comes_later) return;
  const auto at = wire->down_last + late_by();
  world_.clock.at(at, [this, wire, later = std::move(late)]() mutable { arrive_down(wire, std::move(later)); });
}

void Net::carry_down(const Wire& wire, Packet packet) {
  const Millis at = std::max(wire->down_last, world_.clock.now() + world_.random.millis(0, 2) + slow);
  wire->down_last = at;
  world_.clock.at(at, [this, wire, carried = std::move(packet)]() mutable { arrive_down(wire, std::move(carried)); });
}

void Net::arrive_down(const Wire& wire, Packet packet) {
  if (!wire->client_open || wire->client_life != wire->client->incarnation()) return;
  if (cut_of(wire->client).down) return wire->down_held.push_back(std::move(packet));
  wire->client->arrive([wire, here = std::move(packet)]() mutable {
    if (wire->client_open) wire->client->take(wire, here);
  });
}

void Net::close_client(const Wire& wire) {
  wire->client_open = false;
  wire->down_held.clear();
  if (wire->lossy) wire->up_held.clear();
}

void Net::break_connection(const Wire& wire) {
  if (!wire->client_open || !wire->router_open) return;
  wire->router_open = wire->client_open = false;
  wire->up_held.clear();
  wire->down_held.clear();
  if (wire->client_life == wire->client->incarnation())
    wire->client->post(world_.random.millis(0, 3), [wire] { wire->client->broken(wire); });
}

void Net::close_router(IntercomProcess& router) {
  for (const auto& weak : all_) {
    const auto wire = weak.lock();
    if (!wire || wire->router != &router || !wire->router_open) continue;
    wire->router_open = false;
    const Cut cut = cut_of(wire->client);
    if (cut.up || cut.down || wire->client_life != wire->client->incarnation()) continue;
    wire->client->post(world_.random.millis(0, 3), [wire] { wire->client->broken(wire); });
  }
}

std::shared_ptr<const wire::ViewT> Net::remember_view(const Packet& packet, wire::ViewT view) {
  view_bytes_ = packet.body;
  view_ = std::make_shared<const wire::ViewT>(std::move(view));
  return view_;
}

void Net::cut(BusProcess& client, Cut cut) { cuts_[&client] = cut; }

void Net::heal(BusProcess& client) {
  if (cuts_.erase(&client) == 0) return;
  for (const auto& weak : all_) {
    const auto wire = weak.lock();
    if (!wire || wire->client != &client) continue;
    for (auto& packet : std::exchange(wire->up_held, {})) carry_up(wire, std::move(packet));
    for (auto& packet : std::exchange(wire->down_held, {})) carry_down(wire, std::move(packet));
    if (wire->client_open && !wire->router_open && wire->client_life == client.incarnation())
      client.post(Millis{1}, [wire] { wire->client->broken(wire); });
  }
}

}  // namespace convoke::sim
