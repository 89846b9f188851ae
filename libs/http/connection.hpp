// One connection of the server: reads requests with Beast's parser, calls the handler, writes what it answers. Internal to this folder.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "http/websocket_session.hpp"

namespace convoke::http {

/// What connections share with their server.
struct ServerContext {
  ServerOptions options;
  Server::Handler handler;
  ServerStats stats;
  bool stopping = false;
};

class Connection final : public StreamWriter, public std::enable_shared_from_this<Connection> {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Clock = std::chrono::steady_clock;

  Connection(Socket socket, std::shared_ptr<ServerContext> server);
  ~Connection() override;

  asio::awaitable<void> run();
  void sweep(Clock::time_point now);
  /// The server stops: an idle connection ends at once, a WebSocket is closed with 1001, a request in hand is the last.
  void retire();
  /// Ends whatever goes on here.
  void cut();
  asio::cancellation_signal& cancellation() { return cancellation_; }

  asio::awaitable<Status> write(std::string bytes) override;
  bool open() const override { return !broken_ && !server_->stopping; }

 private:
  enum class Phase : std::uint8_t { idle, header, body, handling, writing, websocket };
  enum class Received : std::uint8_t { request, nothing, mistake };
  struct Incoming;  // the parser and the request it fills
  struct Upgrade;   // a handshake and what the handler answered to it

  asio::awaitable<bool> serve_one();
  asio::awaitable<Received> receive(Incoming& incoming);
  asio::awaitable<bool> respond(bool head_only, Response response, bool keep_alive, bool http_1_0);
  asio::awaitable<bool> respond_stream(Response& response, std::string head, bool chunked);
  asio::awaitable<bool> refuse(int status, Fault code, std::string message);
  asio::awaitable<void> upgrade();
  asio::awaitable<bool> shake_hands();
  asio::awaitable<Response> handle(Request request);
  asio::awaitable<bool> read_more();
  asio::awaitable<bool> write_all(std::string head, std::string body);
  asio::awaitable<void> linger();
  void enter(Phase phase, Millis limit);

  Socket socket_;
  std::shared_ptr<ServerContext> server_;
  asio::cancellation_signal cancellation_;
  std::string buffer_;  // read, not yet parsed
  std::string peer_;
  bool loopback_ = false;
  Phase phase_ = Phase::idle;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool timed_out_ = false;
  bool broken_ = false;
  bool chunked_ = false;
  std::unique_ptr<Upgrade> upgrade_;
  std::shared_ptr<WebSocketSession> websocket_;
};

}  // namespace convoke::http
