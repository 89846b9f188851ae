#include "store/connection.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <utility>

#include "store/codec.hpp"

namespace convoke::store {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
}

void ReplyDelete::operator()(redisReply* reply) const { freeReplyObject(reply); }

Connection::Connection(Socket socket, ConnectionOptions options, Closed closed)
    : socket_(std::move(socket)),
      options_(options),
      closed_(std::move(closed)),
      in_(kReadBytes),
      reader_(make_reader()),
      deadline_(socket_.get_executor()) {}

Connection::~Connection() = default;

void Connection::send(Call call) {
  if (!open_) {
    asio::post(socket_.get_executor(), [done = std::move(call.done)]() mutable { done(nullptr, Loss::not_sent); });
    return;
  }
  if (call.replicated && options_.wait_replicas > 0) wait_owed_ = true;
  queue({.call = std::move(call), .deadline = Clock::now() + options_.call_deadline});
}

void Connection::queue(Pending pending) {
  out_ += pending.call.bytes;
  if (pending.call.reload == nullptr) std::string().swap(pending.call.bytes);  // only scripts are ever sent again
  pending_.push_back(std::move(pending));
  arm_deadline();
  if (flush_posted_ || writing_) return;
  flush_posted_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
}

void Connection::queue_wait() {
  wait_owed_ = false;
  Command wait("WAIT");
  wait.number(options_.wait_replicas).number(options_.call_deadline.count() / 2);
  out_ += wait.bytes();
  pending_.push_back({.call = {}, .deadline = Clock::now() + options_.call_deadline, .is_wait = true});
}

void Connection::flush() {
  flush_posted_ = false;
  if (!open_ || writing_ || out_.empty()) return;
  if (wait_owed_) queue_wait();
  write();
}

// While one write is under way, whatever is sent gathers for the next: the busier, the larger the batch.
void Connection::write() {
  writing_ = true;
  ++writes_;
  on_the_wire_.swap(out_);
  out_.clear();
  asio::async_write(socket_, asio::buffer(on_the_wire_), [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
    self->writing_ = false;
    if (!self->open_) return;
    if (error) return self->close("cannot send to Redis: " + error.message());
    self->flush();
  });
}

void Connection::read() {
  socket_.async_read_some(asio::buffer(in_), [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
    if (!self->open_) return;
    if (error == asio::error::eof) return self->close("Redis closed the connection");
    if (error) return self->close("the connection to Redis broke: " + error.message());
    redisReaderFeed(self->reader_.get(), self->in_.data(), bytes);
    self->take_replies();
    if (self->open_) self->read();
  });
}

void Connection::take_replies() {
  while (open_) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return close(fmt::format("Redis sent rubbish: {}", reader_->errstr));
    if (raw == nullptr) return;
    take(Reply(static_cast<redisReply*>(raw)));
  }
}

void Connection::take(Reply reply) {
  if (pending_.empty()) return close("Redis answered what was not asked");
  Pending pending = std::move(pending_.front());
  pending_.pop_front();
  if (pending.is_wait) {
    release(reply->type == REDIS_REPLY_INTEGER && reply->integer >= options_.wait_replicas);
  } else if (pending.call.reload != nullptr && is_no_script(*reply)) {
    send_again(std::move(pending.call));
  } else if (pending.call.replicated && options_.wait_replicas > 0) {
    held_.push_back({.reply = std::move(reply), .done = std::move(pending.call.done)});
  } else {
    pending.call.done(std::move(reply), Loss::none);
  }
}

// The scripts were flushed under us. Nothing of the call has happened; it goes again behind its script, once more in full order with
// whatever is sent from now on.
void Connection::send_again(Call call) {
  send({.bytes = *call.reload, .done = [](Reply, Loss) {}});
  send(std::move(call));
}

// A WAIT speaks for every call before it, and only those are held when its answer comes.
void Connection::release(bool enough) {
  auto held = std::exchange(held_, {});
  for (auto& one : held) {
    if (enough) {
      one.done(std::move(one.reply), Loss::none);
    } else {
      one.done(nullptr, Loss::not_replicated);
    }
  }
}

// Calls have one deadline each, all of the same length, so that the first in line is always the next to be late.
void Connection::arm_deadline() {
  if (timer_armed_ || pending_.empty()) return;
  timer_armed_ = true;
  deadline_.expires_at(pending_.front().deadline);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->timer_armed_ = false;
    if (error || !self->open_ || self->pending_.empty()) return;
    if (self->pending_.front().deadline > Clock::now()) return self->arm_deadline();
    self->close(fmt::format("Redis did not answer within {} ms", self->options_.call_deadline.count()));
  });
}

std::vector<ReplyDone> Connection::take_calls() {
  std::vector<ReplyDone> calls;
  calls.reserve(unanswered());
  for (auto& one : held_) calls.push_back(std::move(one.done));
  for (auto& one : pending_) {
    if (!one.is_wait) calls.push_back(std::move(one.call.done));
  }
  held_.clear();
  pending_.clear();
  return calls;
}

void Connection::close(const std::string& why) {
  if (!open_) return;
  const auto self = weak_from_this().lock();  // those we call may let go of us
  auto closed = std::exchange(closed_, nullptr);
  auto calls = take_calls();
  open_ = false;
  deadline_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (closed) closed(why);
  for (auto& done : calls) done(nullptr, Loss::lost);
}

void Connection::abandon() {
  closed_ = nullptr;
  const auto forgotten = take_calls();
  open_ = false;
  deadline_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace convoke::store
