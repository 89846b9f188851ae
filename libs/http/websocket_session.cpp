#include "http/websocket_session.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/failpoint.hpp"

namespace convoke::http {
namespace {

constexpr std::size_t frames_per_write = 64;
constexpr auto farewell = std::chrono::seconds(3);  // how long a peer may take to receive and answer our close frame

}  // namespace

WebSocketSession::WebSocketSession(Socket socket, WebSocketLimits limits, std::string_view early)
    : socket_(std::move(socket)), limits_(limits), parser_(limits.max_message_bytes), heard_(Clock::now()), progress_(heard_) {
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  parser_.feed(early);
}

asio::awaitable<WebSocketSession::ReadResult> WebSocketSession::read() {
  const auto self = shared_from_this();
  for (;;) {
    if (auto result = take_parsed()) co_return std::move(*result);
    if (closing_ || failed_ || peer_closed_) co_return std::nullopt;
    reading_ = true;
    heard_ = Clock::now();  // silence counts only while somebody listens
    const bool received = co_await receive();
    reading_ = false;
    if (!received) co_return std::nullopt;
  }
}

/// What the bytes so far contain, if that ends a read.
std::optional<WebSocketSession::ReadResult> WebSocketSession::take_parsed() {
  while (!peer_closed_ && !deaf_ && !failed_) {
    auto next = parser_.next();
    if (std::holds_alternative<NeedMore>(next)) return std::nullopt;
    if (auto* violation = std::get_if<Violation>(&next)) {
      close(violation->close_code, violation->reason);
      deaf_ = true;
      return fail(violation->close_code == 1009 ? Fault::too_large : Fault::malformed, "websocket: the peer sent " + violation->reason);
    }
    if (auto result = handle(std::move(std::get<Incoming>(next)))) return result;
  }
  return std::nullopt;
}

std::optional<WebSocketSession::ReadResult> WebSocketSession::handle(Incoming incoming) {
  switch (incoming.opcode) {
    case Opcode::ping:
      // A peer that pings without reading must not fill our memory.
      if (open() && queued_bytes_ < limits_.max_queued_bytes) enqueue(encode_frame(Opcode::pong, incoming.payload));
      return std::nullopt;
    case Opcode::pong: return std::nullopt;
    case Opcode::close:
      peer_closed_ = true;
      close(incoming.close_code == 1005 ? 1000 : incoming.close_code, {});
      return ReadResult(std::nullopt);
    default:
      if (closing_) return std::nullopt;
      return ReadResult(WebSocketMessage{incoming.opcode == Opcode::text, std::move(incoming.payload)});
  }
}

/// Waits for bytes and hands them to the parser; false when there will be none. No memory is held while waiting.
asio::awaitable<bool> WebSocketSession::receive() {
  static thread_local std::array<char, 64uz * 1024> scratch;
  boost::system::error_code error;
  co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
  if (error || failed_) co_return false;
  const auto count = ::recv(socket_.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) co_return true;
  if (count <= 0) {
    peer_closed_ = true;
    if (count < 0) cut();
    co_return false;
  }
  heard_ = Clock::now();
  pinged_ = false;
  if (!deaf_) parser_.feed(std::string_view(scratch.data(), static_cast<std::size_t>(count)));
  co_return true;
}

Sent WebSocketSession::send(Frame frame) {
  if (!open()) return Sent::closed;
  const bool fits = queued_bytes_ == 0 || queued_bytes_ + frame.bytes->size() <= limits_.max_queued_bytes;
  if (!fits) return Sent::full;
  enqueue(std::move(frame));
  return Sent::queued;
}

void WebSocketSession::enqueue(Frame frame) {
  if (drained()) progress_ = Clock::now();
  queued_bytes_ += frame.bytes->size();
  queue_.push_back(std::move(frame));
  if (!awaiting_writable_) schedule_flush();
}

void WebSocketSession::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void WebSocketSession::flush() {
  while (!drained() && !failed_) {
    if (!write_some()) return await_writable();
  }
  make_room();
}

bool WebSocketSession::write_some() {
  std::array<iovec, frames_per_write> parts{};
  std::size_t count = 0;
  for (auto at = first_; at < queue_.size() && count < parts.size(); ++at) {
    const auto& frame = queue_[at];
    const auto skip = count == 0 ? offset_ : 0;
    parts[count++] = {const_cast<char*>(frame.bytes->data()) + skip, frame.bytes->size() - skip};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  CONVOKE_FAILPOINT("send", "websocket", "before");
  const auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  CONVOKE_FAILPOINT("send", "websocket", "after");
  if (sent < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) cut();
    return failed_ || errno == EINTR;
  }
  progress_ = Clock::now();
  auto written = static_cast<std::size_t>(sent) + offset_;
  while (!drained() && written >= queue_[first_].bytes->size()) {
    written -= queue_[first_].bytes->size();
    pop();
  }
  offset_ = written;
  return offset_ == 0;
}

void WebSocketSession::pop() {
  queued_bytes_ -= queue_[first_].bytes->size();
  queue_[first_++].bytes.reset();
  if (first_ == queue_.size()) {
    queue_.clear();
    first_ = 0;
    if (queue_.capacity() > frames_per_write) queue_.shrink_to_fit();
  } else if (first_ >= 1024 && first_ > queue_.size() / 2) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void WebSocketSession::await_writable() {
  make_room();
  if (awaiting_writable_ || failed_) return;
  awaiting_writable_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code&) {
    self->awaiting_writable_ = false;  // on cancellation too: it was meant for the reader
    self->flush();
  });
}

void WebSocketSession::when_below(std::size_t bytes, std::function<void()> call) {
  below_ = bytes;
  when_below_ = std::move(call);
  schedule_flush();
}

void WebSocketSession::make_room() {
  if (!when_below_ || queued_bytes_ > below_ || !open()) return;
  std::exchange(when_below_, nullptr)();
}

void WebSocketSession::close(std::uint16_t code, std::string_view reason) {
  if (closing_ || failed_) return;
  enqueue(close_frame(code, reason));
  closing_ = true;
  boost::system::error_code ignored;
  if (reading_) socket_.cancel(ignored);
}

asio::awaitable<void> WebSocketSession::finish() {
  const auto self = shared_from_this();
  close(1000, {});
  when_below_ = nullptr;
  heard_ = Clock::now();  // sweep() cuts us off when this takes too long
  reading_ = true;
  while (!failed_ && !(peer_closed_ && drained())) {
    if (deaf_ && drained()) {  // the end of our bytes ends the peer's; unread bytes at close would destroy our close frame
      boost::system::error_code ignored;
      socket_.shutdown(Socket::shutdown_send, ignored);
    }
    if (peer_closed_) {  // only our own bytes are missing
      boost::system::error_code error;
      co_await socket_.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
      flush();
    } else {
      const bool received = co_await receive();
      if (received) (void)take_parsed();
    }
  }
  reading_ = false;
  cut();
}

void WebSocketSession::sweep(Clock::time_point now) {
  if (failed_) return;
  const auto silence = now - heard_;
  if (closing_ && reading_ && silence > farewell) return cut();
  if (!drained() && now - progress_ > limits_.write_deadline) return cut();
  if (closing_ || !reading_) return;
  if (silence > 2 * limits_.ping_interval) return cut();
  if (silence > limits_.ping_interval && !pinged_) {
    pinged_ = true;
    enqueue(encode_frame(Opcode::ping, {}));
  }
}

void WebSocketSession::cut() {
  if (failed_) return;
  failed_ = true;
  queue_.clear();
  first_ = 0;
  queued_bytes_ = 0;
  when_below_ = nullptr;
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace convoke::http
