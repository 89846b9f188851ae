// One connection of a client to one intercom: connect, register, restate, heartbeat, notice the loss, connect again. For client.cpp alone.
// Driven by the socket's edges (pump) and by step(), which the client's run() calls when next() is due.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <zmq.hpp>

#include "bus/client.hpp"
#include "bus/socket.hpp"

namespace convoke::bus {

/// What the process states about itself on each of its connections.
struct Statements {
  wire::RegisterT registration;
  std::set<std::string> streams;
  std::optional<std::uint32_t> free;
  std::uint64_t number = 0;  // of the latest statement, whatever its kind
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  struct Events {
    std::function<void(wire::Message)> message;  // everything but heartbeats
    std::function<void(wire::HeaderT, const Error&)> unreadable;
    std::function<void(bool up)> changed;
    std::function<void()> wake;  // next() may have come nearer
    std::function<SteadyTime()> now;
  };
  enum class State : std::uint8_t { waiting, connecting, registering, up, closed };

  Link(boost::asio::any_io_executor executor, zmq::context_t& context, std::string endpoint, const ClientOptions& options,
       Statements& statements, Counters& counters, std::function<convoke::Uuid()> next_id, Events events);

  void step(SteadyTime now);
  SteadyTime next() const;
  bool up() const { return state_ == State::up; }
  const std::string& trouble() const { return trouble_; }
  const std::string& endpoint() const { return endpoint_; }

  /// Queues a message for this connection. False: the queue of its class is full, nothing was taken.
  /// `Origin::call`: not kept over the loss of the connection, because the call is sent again then. `patient`: a message that may wait.
  enum class Origin : std::uint8_t { message, call, patient };
  bool enqueue(const wire::HeaderT& header, std::string body, SteadyTime now, Origin origin);
  std::size_t queued() const { return queue_.size(); }
  /// A link statement, stamped with its number and how much was received; only on a connection that is up.
  void state_registration();
  void state_credit(std::optional<wire::HeldTurnT> busy);
  void state_streams(std::vector<std::string> add, std::vector<std::string> remove);
  /// Says Leave, flushes and closes for good.
  void close();
  /// Takes the messages whose time is over, or that were queued when the link closed for good, as (header) to be answered.
  std::deque<wire::HeaderT> take_expired() { return std::exchange(expired_, {}); }

 private:
  struct Queued {
    wire::HeaderT header;
    std::string body;
    SteadyTime expires;
    Origin origin;
  };
  struct Load {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };

  void connect(SteadyTime now);
  void begin();  // the socket can be written to: say who we are
  void lose(const std::string& reason);
  void pump();
  void pump_soon();
  void pump_later();
  void hasten(std::optional<wire::Class> of = {});
  bool sendable() const { return queue_.size() > patient_; }
  bool receive();
  void handle(std::string_view header, std::string_view body);
  void flush();
  bool transmit(const wire::HeaderT& header, const std::string& body);
  template <class Statement> void put_statement(Statement statement, bool front);
  void heartbeat(SteadyTime now);
  void forget_connection();
  void expire(SteadyTime now);
  void unload(const Queued& queued);
  Load& load_of(const wire::HeaderT& header) { return load_[static_cast<std::size_t>(header.class_) % std::size(load_)]; }

  boost::asio::any_io_executor executor_;
  zmq::context_t& context_;
  std::string endpoint_;
  const ClientOptions& options_;
  Statements& statements_;
  Counters& counters_;
  std::function<convoke::Uuid()> next_id_;
  Events events_;

  State state_ = State::waiting;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<Monitor> monitor_;
  zmq::message_t header_frame_;
  zmq::message_t body_frame_;
  convoke::Uuid link_id_;  // id of all link statements of this connection: a Fault that names it is about the connection
  std::deque<Queued> queue_;
  std::deque<wire::HeaderT> expired_;
  Load load_[5];
  std::string trouble_ = "not started";
  SteadyTime retry_at_{};
  SteadyTime heard_{};
  SteadyTime stated_{};
  SteadyTime connecting_{};
  SteadyTime stepped_{};
  Millis back_off_{0};
  std::uint64_t received_ = 0;  // on this connection
  std::uint64_t confirmed_ = 0;
  std::uint64_t unconfirmed_bytes_ = 0;
  boost::asio::steady_timer patience_;
  std::size_t patient_ = 0;  // how many of the queue may wait
  bool patience_runs_ = false;
  bool posted_ = false;
  bool pumping_ = false;
};

}  // namespace convoke::bus
