// The server's side of one WebSocket over a connected socket. Internal to this folder.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <vector>

#include "core/time.hpp"
#include "http/websocket.hpp"

namespace convoke::http {

struct WebSocketLimits {
  std::size_t max_message_bytes;
  std::size_t max_queued_bytes;
  Millis write_deadline;
  Millis ping_interval;
};

class WebSocketSession final : public WebSocket, public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Clock = std::chrono::steady_clock;

  /// `early` are bytes that came behind the handshake.
  WebSocketSession(Socket socket, WebSocketLimits limits, std::string_view early);

  asio::awaitable<Result<std::optional<WebSocketMessage>>> read() override;
  Sent send(Frame frame) override;
  void when_below(std::size_t bytes, std::function<void()> call) override;
  std::size_t queued_bytes() const override { return queued_bytes_; }
  void close(std::uint16_t code, std::string_view reason) override;
  bool open() const override { return !closing_ && !failed_; }

  /// After the handler: closes with 1000 unless closed, waits a little until the peer has the close frame, then drops the connection.
  asio::awaitable<void> finish();
  /// Called a few times a second: heartbeats, and peers that read nothing.
  void sweep(Clock::time_point now);
  void cut();  // drops the connection at once

 private:
  using ReadResult = Result<std::optional<WebSocketMessage>>;
  std::optional<ReadResult> take_parsed();
  std::optional<ReadResult> handle(Incoming incoming);
  asio::awaitable<bool> receive();
  void enqueue(Frame frame);
  void schedule_flush();
  void flush();
  bool write_some();  // false: the kernel takes no more
  void await_writable();
  void make_room();
  void pop();
  bool drained() const { return first_ == queue_.size(); }

  Socket socket_;
  WebSocketLimits limits_;
  FrameParser parser_;
  std::vector<Frame> queue_;  // from first_ on; a deque would take half a kilobyte of every idle connection
  std::size_t first_ = 0;
  std::size_t offset_ = 0;  // of the first frame, already written
  std::size_t queued_bytes_ = 0;
  std::function<void()> when_below_;
  std::size_t below_ = 0;
  Clock::time_point heard_;
  Clock::time_point progress_;  // of writing
  bool flush_scheduled_ = false;
  bool awaiting_writable_ = false;
  bool reading_ = false;
  bool pinged_ = false;
  bool closing_ = false;      // our close frame is queued or sent
  bool peer_closed_ = false;  // its close frame or the end of its bytes came
  bool deaf_ = false;         // it broke the protocol: nothing it says from here on can be understood
  bool failed_ = false;
};

}  // namespace convoke::http
