// One connection to Redis: commands go out in the order they were given, one write per turn of the loop, and replies are matched to them
// in order. It knows bytes, deadlines and the two ways a call can stay without a reply; what commands mean is not its business. When
// anything goes wrong (closed, rubbish, too slow) it closes for good and tells every call; redis.cpp then makes a new one. Private.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/codec.hpp"

namespace convoke::store {

enum class Loss : std::uint8_t {
  none,
  not_sent,        // the connection was closed before the call
  lost,            // given to the connection, which closed before the reply: it may or may not have happened
  not_replicated,  // carried out, but fewer replicas than asked for have it
};

struct ReplyDelete {
  void operator()(redisReply* reply) const;
};
using Reply = std::unique_ptr<redisReply, ReplyDelete>;

/// Exactly one of: a reply (error replies included) with Loss::none, or no reply with the loss.
using ReplyDone = std::move_only_function<void(Reply, Loss)>;

struct Call {
  std::string bytes;
  ReplyDone done;
  const std::string* reload = nullptr;  // SCRIPT LOAD command to send, and then this call again, if the script is unknown
  bool replicated = false;              // hold the reply back until the replicas asked for have what came before it
};

struct ConnectionOptions {
  std::chrono::milliseconds call_deadline{3000};
  std::uint32_t wait_replicas = 0;  // WAIT for so many after each batch that has a replicated call
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Closed = std::move_only_function<void(const std::string& why)>;

  /// `socket` is connected. `closed` is called once, before the calls are told, unless close() was called by the owner.
  Connection(Socket socket, ConnectionOptions options, Closed closed);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void start() { read(); }
  /// Queues the call; it leaves when the loop turns. Never calls back from inside. On a closed connection the answer is not_sent.
  void send(Call call);
  /// Closes; every call without a reply is answered `lost` before this returns.
  void close(const std::string& why);
  /// Closes and forgets the calls: for destructors.
  void abandon();
  bool open() const { return open_; }
  std::size_t unanswered() const { return pending_.size() + held_.size(); }
  std::uint64_t writes() const { return writes_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    Call call;
    Clock::time_point deadline;
    bool is_wait = false;
  };
  struct Held {
    Reply reply;
    ReplyDone done;
  };

  void queue(Pending pending);
  void queue_wait();
  void flush();
  void write();
  void read();
  void take_replies();
  void take(Reply reply);
  void release(bool enough);
  void send_again(Call call);
  void arm_deadline();
  std::vector<ReplyDone> take_calls();

  Socket socket_;
  ConnectionOptions options_;
  Closed closed_;
  bool open_ = true;
  bool flush_posted_ = false;
  bool writing_ = false;
  bool timer_armed_ = false;
  bool wait_owed_ = false;
  std::string out_;
  std::string on_the_wire_;
  std::vector<char> in_;
  std::unique_ptr<redisReader, ReaderDelete> reader_;
  std::deque<Pending> pending_;
  std::vector<Held> held_;
  boost::asio::steady_timer deadline_;
  std::uint64_t writes_ = 0;
};

}  // namespace convoke::store
