// A process with a connection to the intercom, as bus::Client keeps it: connect, register, restate, heartbeat, notice the loss, connect
// again; calls are the real bus::Calls. What the link does is that of libs/bus/link.cpp without its socket.
#pragma once

#include <deque>
#include <memory>
#include <set>

#include "bus/calls.hpp"
#include "bus/options.hpp"
#include "net.hpp"
#include "process.hpp"
#include "wire/message.hpp"

namespace convoke::sim {

class BusProcess : public Process {
 public:
  using Process::Process;

  // From the transport
  void take(const Wire& wire, const Packet& packet);
  void broken(const Wire& wire);
  const Wire& wire() const { return wire_; }
  bool connected() const { return state_ == State::up; }
  /// Calls without an answer.
  std::size_t calls() const { return calls_ ? calls_->size() : 0; }

 protected:
  virtual const char* service() const = 0;
  virtual void on_message(wire::Message message) = 0;
  virtual void on_view(const wire::ViewT&) {}
  virtual void on_link(bool) {}
  virtual wire::RegisterT registration() = 0;

  void boot_bus(bool has_credit);
  void die_bus();
  void step_bus();
  /// Sends; refuses by an answer when it is too late. False when the process died doing it.
  bool send(wire::Message message);
  void restate();  // the registration
  void set_free(std::uint32_t free);
  void hand_back(wire::HeldTurnT turn, std::uint32_t free);
  void subscribe(const std::string& stream);
  void unsubscribe(const std::string& stream);
  void leave();
  /// Repeated as its class wants, `done` called exactly once unless the process dies.
  void call(wire::Message message, wire::Class promise, Millis allowed, bus::Calls::Done done);

 private:
  enum class State : std::uint8_t { waiting, registering, up };
  struct Queued {
    wire::HeaderT header;
    std::string body;
    SteadyTime expires;
    bool is_call = false;
  };

  void prepare(wire::HeaderT& header);
  void connect();
  void lose(const char* why);
  bool enqueue(wire::HeaderT header, std::string body, bool is_call);
  void flush();
  bool transmit(Queued& queued);
  template <class Statement> void put(Statement statement);
  void heartbeat();
  void run_calls();
  void incoming(wire::Message message);
  void viewed(const wire::ViewT& view);
  void registered(const wire::ViewT& view);

  bus::ClientOptions options_;
  std::unique_ptr<bus::Calls> calls_;
  std::unique_ptr<IdMaker> ids_;
  Wire wire_;
  State state_ = State::waiting;
  std::deque<Queued> queue_;
  std::set<std::string> streams_;
  std::uint32_t free_ = 0;
  bool has_credit_ = false;
  std::uint64_t number_ = 0;
  Uuid link_id_;
  SteadyTime retry_at_{};
  SteadyTime heard_{};
  SteadyTime stated_{};
  SteadyTime stepped_{};
  Millis back_off_{0};
  std::uint64_t received_ = 0;
  bool flushing_ = false;
};

}  // namespace convoke::sim
