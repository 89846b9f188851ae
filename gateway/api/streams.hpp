// All readers of this process (reader.hpp), performed: one bus subscription per conversation however many read it, one request for heads
// per partition and second for all of them, and at most one page in flight per reader. Doors open a Subscription and are called with what
// is to be delivered, in order.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/backend.hpp"
#include "api/reader.hpp"
#include "runtime/runtime.hpp"

namespace convoke::api {

struct StreamOptions {
  Millis heads_every{1'000};
  Millis heads_soon{50};  // when a piece of a message is missing
  ReaderLimits reader;
};

class Streams {
 public:
  /// Called with Event, Delta, Reset, Opened and, at last, Failed. May close its own subscription.
  using Sink = std::function<void(const ReadAction&)>;

  /// Ends when destroyed. Must not outlive its Streams.
  class Subscription {
   public:
    Subscription() = default;
    ~Subscription() { close(); }
    Subscription(Subscription&& other) noexcept : streams_(other.streams_), state_(std::move(other.state_)) {}
    Subscription& operator=(Subscription&& other) noexcept;
    void pause();
    void resume();
    Position position() const;
    void close();

   private:
    friend class Streams;
    struct State;
    Subscription(Streams* streams, std::shared_ptr<State> state) : streams_(streams), state_(std::move(state)) {}
    Streams* streams_ = nullptr;
    std::shared_ptr<State> state_;
  };

  Streams(runtime::Runtime& runtime, bus::Client& bus, Backend& backend, StreamOptions options);

  Subscription open(std::string conversation, std::string user, Position from, Sink sink);
  /// A push that came in; other kinds of it are ignored.
  void on_push(const wire::PushT& push);
  /// Asks for heads, until cancelled.
  asio::awaitable<void> run();
  std::size_t readers() const { return readers_; }

 private:
  using State = Subscription::State;
  using Shared = std::shared_ptr<State>;
  void close(const Shared& state);
  void perform(const Shared& state, ReadActions actions);
  void ask_heads();
  asio::awaitable<void> fetch(Shared state, Position at);
  asio::awaitable<void> heads(std::uint8_t partition, std::vector<std::string> conversations);
  void tell_heads(const wire::HeadsT& heads, const std::vector<std::string>& asked);
  std::vector<Shared> readers_of(const std::string& conversation) const;

  runtime::Runtime& runtime_;
  bus::Client& bus_;
  Backend& backend_;
  StreamOptions options_;
  asio::steady_timer timer_;
  std::map<std::string, std::vector<Shared>> conversations_;
  std::set<std::uint8_t> asking_;  // partitions whose heads are being asked for
  std::size_t readers_ = 0;
};

}  // namespace convoke::api
