// The transport between processes and intercoms, as TCP with ZeroMQ on it behaves: in order on one connection, delayed, held back while
// the way is cut, lost only with the connection; a message already sent may still arrive after its sender closed or died. And as it does
// not behave: single messages go astray, while a world is to have that.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "wire/message.hpp"

namespace convoke::sim {

class World;
class BusProcess;
class IntercomProcess;

/// A message that goes astray leaves its place in the order of its connection, and may come without one later.
enum class Comes : std::uint8_t { whole, place, late };

struct Packet {
  std::string header;
  std::shared_ptr<const std::string> body;
  Comes comes = Comes::whole;
};

struct Connection {
  BusProcess* client = nullptr;
  IntercomProcess* router = nullptr;
  std::uint64_t client_life = 0;  // incarnations
  std::uint64_t router_life = 0;
  bool client_open = true;
  bool router_open = true;
  bool lossy = false;                 // what is under way when it closes is lost
  std::optional<std::uint32_t> peer;  // as the intercom numbers it
  Millis up_last{0};
  Millis down_last{0};
  std::deque<Packet> up_held;  // while the way is cut
  std::deque<Packet> down_held;
};
using Wire = std::shared_ptr<Connection>;

struct Cut {
  bool up = false;    // from the process to the intercom
  bool down = false;  // from the intercom to the process
};

class Net {
 public:
  explicit Net(World& world) : world_(world) {}

  /// nullptr: nobody listens there, or it cannot be reached.
  Wire connect(BusProcess& client, IntercomProcess& router);
  void send_up(const Wire& wire, Packet packet);
  void send_down(const Wire& wire, Packet packet);
  /// The client closes its end. The intercom hears nothing of it until it sends.
  void close_client(const Wire& wire);
  /// All connections of that intercom end; clients notice, unless the way is cut.
  void close_router(IntercomProcess& router);
  /// The connection breaks by itself.
  void break_connection(const Wire& wire);

  void cut(BusProcess& client, Cut cut);
  void heal(BusProcess& client);
  bool is_cut(const BusProcess& client) const { return cuts_.contains(&client); }

  /// The View in that packet if it is the one that was read last.
  std::shared_ptr<const wire::ViewT> known_view(const Packet& packet) const { return packet.body == view_bytes_ ? view_ : nullptr; }
  std::shared_ptr<const wire::ViewT> remember_view(const Packet& packet, wire::ViewT view);

  Millis slow{0};       // added to every way
  unsigned astray = 0;  // of a thousand messages, so many are lost, come twice, or come late; those of class `link` never do

 private:
  enum class Fate : std::uint8_t { none, lost, twice, late };
  Fate fate_of(const Packet& packet);
  Millis late_by();
  void carry_up(const Wire& wire, Packet packet);
  void carry_down(const Wire& wire, Packet packet);
  void arrive_up(const Wire& wire, Packet packet);
  void arrive_down(const Wire& wire, Packet packet);
  Cut cut_of(const BusProcess* client) const;

  World& world_;
  std::map<const BusProcess*, Cut> cuts_;
  std::vector<std::weak_ptr<Connection>> all_;
  std::shared_ptr<const std::string> view_bytes_;
  std::shared_ptr<const wire::ViewT> view_;
};

}  // namespace convoke::sim
