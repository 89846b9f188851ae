// The intercom without sockets and clocks: what arrives goes in with the time, what is to be done comes out. It decides who may speak,
// where a message goes, who holds what, and what becomes of everything that cannot be delivered. Deterministic: the same events give the
// same actions. The protocol is in schemas/link.fbs and schemas/header.fbs; README.md has the table of states and events.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/id.hpp"
#include "core/time.hpp"
#include "intercom/action.hpp"
#include "intercom/connections.hpp"
#include "intercom/frames.hpp"
#include "intercom/partitions.hpp"
#include "intercom/registry.hpp"
#include "intercom/settings.hpp"
#include "intercom/streams.hpp"
#include "intercom/work_queues.hpp"

namespace convoke::intercom {

struct CoreCounters {
  std::uint64_t forwarded = 0;
  std::uint64_t faults = 0;          // answered with a Fault
  std::uint64_t stream_dropped = 0;  // copies that did not fit a reader's window
  std::uint64_t undeliverable = 0;   // answers and stream messages for nobody
  std::uint64_t malformed = 0;       // headers that do not verify
  std::uint64_t replicas_lost = 0;
  std::uint64_t connections_ended = 0;
  std::uint64_t turns_given = 0;
  std::uint64_t turns_lost = 0;
};

class IntercomCore final : private WorkQueues::Port {
 public:
  /// `self`: fresh per start. `random` makes message ids.
  IntercomCore(Settings settings, convoke::Uuid self, std::function<std::uint64_t()> random, Now now);
  IntercomCore(const IntercomCore&) = delete;
  IntercomCore& operator=(const IntercomCore&) = delete;

  // Events. Those with `out` append to it; all of that must be performed before the next event.
  /// `header` may be changed in place; a `forward` action means these very frames.
  void on_message(Peer peer, std::span<std::uint8_t> header, std::string_view body, Now now, Actions& out);
  /// Every 10 ms or so.
  void on_tick(Now now, Actions& out);
  /// A message could not be sent, which may be noticed some events later: the connection is gone, or its queue is full although we counted.
  /// Its end at the next tick either way: whoever waits for something that was on its way is told, and the process behind it connects
  /// again.
  void on_send_failed(Peer peer, Now now);

  const CoreCounters& counters() const { return counters_; }
  const Registry& registry() const { return registry_; }
  const Partitions& partitions() const { return partitions_; }
  const WorkQueues& queues() const { return queues_; }
  std::size_t connections() const { return connections_.size(); }
  /// Messages that the peer with most of them has not confirmed yet.
  std::size_t unconfirmed() const { return connections_.unconfirmed(); }
  std::size_t subscribed() const { return connections_.subscribed(); }
  std::size_t streams() const { return streams_.size(); }

 private:
  // Who asks, and whom to tell. Points at the event that is being handled.
  struct Speaker {
    Peer peer;
    Connection& connection;
    Sender sender;
  };

  // What is for the intercom itself (core_link.cpp).
  void on_own(Speaker& speaker, std::string_view body);
  void on_register(Speaker& speaker, const wire::RegisterT& statement);
  void on_heartbeat(Speaker& speaker, const wire::HeartbeatT& statement);
  void on_credit(Speaker& speaker, const wire::CreditT& statement);
  void on_subscribe(Speaker& speaker, const wire::SubscribeT& statement);
  void on_leave(Speaker& speaker);
  void on_directory(Speaker& speaker, const wire::Query& query);
  void on_work_query(Speaker& speaker, const wire::WorkQueryT& query);
  void remove(Replica& replica, const char* why);
  void membership_changed();

  // What is for others (core_route.cpp).
  void route(Speaker& speaker, std::string_view body);
  Sender on_behalf(Sender sender);
  void route_to_owner(Speaker& speaker, std::size_t bytes);
  void route_to_agent(Speaker& speaker, std::string_view body);
  void route_to_stream(Speaker& speaker, std::size_t bytes);
  void deliver(Speaker& speaker, Replica* replica, std::size_t bytes, std::string_view nobody);
  bool deliver_stream(Peer peer, const Sender& sender, std::size_t bytes);
  void take_work(Speaker& speaker, std::string_view body);
  void control_turn(Speaker& speaker, std::string_view body);
  bool note_report(Speaker& speaker, std::string_view body);

  // Saying something ourselves.
  void answer(const Speaker& speaker, wire::Message message);
  void say(Peer peer, const wire::Message& message);
  void fault(const Speaker& speaker, convoke::Fault code, std::string text);
  void fault(const Sender& to, convoke::Fault code, std::string text);
  void end_connection(Peer peer, const char* why);
  void end_connection_of(const Replica& replica, const char* why);
  void disconnect(Connection& connection);
  std::uint64_t give(Replica& worker, const wire::Frames& work) override;
  void tell(const wire::WorkStateT& state, std::uint8_t partition, const convoke::Uuid& correlation) override;
  void send_view(Peer peer, const convoke::Uuid& correlation);
  void broadcast_view();
  void find_silent();

  Settings settings_;
  convoke::Uuid self_;
  IdMaker ids_;
  Registry registry_;
  Connections connections_;
  Partitions partitions_;
  Streams streams_;
  WorkQueues queues_;
  CoreCounters counters_;
  HeaderView header_;  // of the message being handled
  Now now_;
  Actions* out_ = nullptr;
  SteadyTime ticked_{};
  SteadyTime viewed_{};
  std::uint64_t view_number_ = 0;
  bool view_due_ = false;
};

}  // namespace convoke::intercom
