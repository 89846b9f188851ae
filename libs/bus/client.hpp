// A process's connection to the intercom: one DEALER socket per endpoint on the process's loop, kept up, registered and drained of
// messages. It repeats what it must (registration, subscriptions, credit, unanswered commands) and reports what it cannot deliver: nothing
// is dropped in silence but `stream`, which is counted. Single-threaded: everything is called and called back on the executor's thread.
// Messages can be handed over before run() and while no intercom is there; they wait within the bounds of the options.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/options.hpp"
#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "wire/message.hpp"

namespace convoke::bus {

namespace asio = boost::asio;

/// Who this process is; goes into every registration.
struct Identity {
  convoke::Uuid replica;  // fresh per process start (runtime.replica())
  std::string name;       // for people: `worker-HrAgent-1`
  std::string service;    // groupchat, planner, executor, worker, gateway, voice, cli
};

struct Counters {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t connects = 0;        // registrations that were answered
  std::uint64_t losses = 0;          // connections lost
  std::uint64_t stream_dropped = 0;  // class `stream`, because the queue was full or the time over
  std::uint64_t refused = 0;         // other classes: answered here with OVERLOADED, TOO_LARGE or DEADLINE
  std::uint64_t malformed = 0;       // received and not understood
  std::uint64_t repeated = 0;        // commands and requests sent again
  std::uint64_t owner_losses = 0;
  std::uint32_t queued = 0;  // waiting to be sent now
  std::uint32_t calls = 0;   // waiting for an answer now
};

class Client {
 public:
  Client(asio::any_io_executor executor, ClientOptions options, Identity identity);
  ~Client();  // unanswered calls are abandoned, sockets closed within `linger`
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Owns the connections until close(): connects, registers, restates, heartbeats, reconnects with back-off. Spawn it once.
  asio::awaitable<void> run();
  /// Tells the intercoms `Leave`, sends what is queued (within `linger`), ends run(). Calls still open get CANCELLED.
  void close();
  /// Registered at least at one intercom, and heard of it within `lost_after`.
  bool connected() const;
  /// Why not, for people and for /readyz; empty while connected.
  std::string trouble() const;

  /// What this process states about itself: agents, claims, teams, credit (its capacity), held, draining, discovered_tools … Number,
  /// replica, name, service, kinds and token are filled in here; an empty `kinds` means: every kind this build knows. Stated at once, and
  /// after every reconnect.
  void set_registration(wire::RegisterT registration);
  /// How many more turns this worker takes now, absolute. State it after the message that ends a turn, never before: the intercom counts a
  /// slot as free either by the result that passes it or by the next statement.
  void set_free(std::uint32_t free);
  /// Hands back a turn that was given although there is no room; `free` as above.
  void busy(wire::HeldTurnT turn, std::uint32_t free);
  /// Stream names (`dest` of dest_kind stream) that this process receives.
  void subscribe(std::vector<std::string> names);
  void unsubscribe(std::vector<std::string> names);

  /// Sends one message; never blocks. Id, source (`service/<service>` when empty) and ttl (10 s when 0) are filled in. If it cannot be
  /// queued, or its time is over before it leaves: `stream` is dropped and counted, everything else is answered through on_message with a
  /// Fault (OVERLOADED, TOO_LARGE, DEADLINE) whose correlation is its id. One that `may_wait` leaves before the next message of
  /// its class, or after `linger_small`. Returns the id.
  convoke::Uuid send(wire::Message message);

  /// Class `request`: the answer, or the Fault as Error. Repeated while the fault says that nobody could take it (NO_OWNER, NOT_HOME,
  /// UNREACHABLE, MOVED, DRAINING, OVERLOADED), after a reconnect, and when the owner it went to is gone. Error DEADLINE when there is no
  /// answer in time.
  asio::awaitable<Result<wire::AnswerT>> request(wire::Message message, Millis deadline);
  /// Class `command`: repeated, unchanged but for time and `owner_losses`, until it is answered or the deadline is over: retryable faults
  /// are not answers. Error DEADLINE then means: unknown, repeat with this key. A refusal that is certain (NO_OWNER, OVERLOADED all along)
  /// is returned as such. The message must carry its key in the body.
  asio::awaitable<Result<wire::AnswerT>> command(wire::Message message, Millis deadline);

  /// Handlers, set before run(); called from the loop, one message at a time; they may call anything here. Messages: all that are neither
  /// `link` nor the answer to a call. They come in the order in which the intercom sent them.
  void on_message(std::function<void(wire::Message)> handler);
  /// Every View, the first after each (re)connect included. The latest one is view().
  void on_view(std::function<void(const wire::ViewT&)> handler);
  /// false: the connection to an intercom was lost; what it had queued is gone (parked work too). true: registered again, links restated.
  void on_link(std::function<void(bool up)> handler);

  const wire::ViewT& view() const;  // empty before the first one
  const Counters& counters() const;
  const Identity& identity() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace convoke::bus
