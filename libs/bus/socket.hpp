// One ZeroMQ socket on an Asio loop; for the .cpp files of this folder alone. It knows the sharp edge of ZMQ_FD: the descriptor is
// edge-triggered and any send or receive eats the edge, so before it waits, whoever uses the socket ends with a receive that finds nothing
// or with events().
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "bus/options.hpp"

namespace convoke::bus {

/// Again, as often as a signal ends it.
template <class Call> auto despite_signals(Call call) -> decltype(call()) {
  for (;;) {
    try {
      return call();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

/// A ZeroMQ socket whose calls go on after a signal. Even those that do not wait may end as interrupted (EINTR), and nothing has happened
/// then: a SIGTERM in that moment must not end the process with an exception.
class SteadySocket {
 public:
  SteadySocket(zmq::context_t& context, zmq::socket_type type) : socket_(context, type) {}

  zmq::recv_result_t recv(zmq::message_t& message, zmq::recv_flags flags) {
    return despite_signals([&] { return socket_.recv(message, flags); });
  }
  zmq::send_result_t send(zmq::message_t& message, zmq::send_flags flags) {
    return despite_signals([&] { return socket_.send(message, flags); });
  }
  zmq::send_result_t send(zmq::message_t&& message, zmq::send_flags flags) { return send(message, flags); }
  zmq::send_result_t send(zmq::const_buffer bytes, zmq::send_flags flags) {
    return despite_signals([&] { return socket_.send(bytes, flags); });
  }
  template <class Option> auto get(Option option) const {
    return despite_signals([&] { return socket_.get(option); });
  }
  template <class Option, class Value> void set(Option option, const Value& value) { socket_.set(option, value); }
  void bind(const std::string& endpoint) { socket_.bind(endpoint); }
  void connect(const std::string& endpoint) { socket_.connect(endpoint); }
  void* handle() { return socket_.handle(); }
  void close() { socket_.close(); }

 private:
  zmq::socket_t socket_;
};

class Socket {
 public:
  /// Sets every option of the table; throws zmq::error_t when one is refused.
  Socket(zmq::context_t& context, zmq::socket_type type, const SocketOptions& options, boost::asio::any_io_executor executor);
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  SteadySocket& zmq() { return socket_; }
  /// Calls `on_edge` from the loop each time the descriptor signals, until close(). The socket may be closed or destroyed inside it.
  void watch(std::function<void()> on_edge);
  int events() { return socket_.get(zmq::sockopt::events); }
  /// Gives the descriptor back before closing: it belongs to ZeroMQ.
  void close();

 private:
  void arm();

  SteadySocket socket_;
  boost::asio::any_io_executor executor_;
  std::optional<boost::asio::posix::stream_descriptor> descriptor_;
  std::shared_ptr<std::function<void()>> on_edge_;
};

/// Reports the end of a client socket's connection (ZMQ_EVENT_DISCONNECTED, a failed handshake), which ZeroMQ itself hides. Must go before
/// the socket that it watches.
class Monitor {
 public:
  Monitor(zmq::context_t& context, Socket& watched, const SocketOptions& options, boost::asio::any_io_executor executor,
          std::function<void(std::string)> on_end);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

 private:
  void drain();

  Socket& watched_;
  std::unique_ptr<Socket> events_;
  std::function<void(std::string)> on_end_;
};

}  // namespace convoke::bus
