// Follows one conversation over the gateway's WebSocket for as long as it takes: goes on from its position after every lost connection, so
// that whoever uses it sees each event once, and repeats commands with their keys until they are answered.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "cli/api_client.hpp"
#include "http/websocket_client.hpp"

namespace convoke::cli {

class Conversation {
 public:
  Conversation(asio::io_context& io, ApiTarget target) : io_(io), target_(std::move(target)) {}

  /// Sends a verb frame (api/ws) and waits for its answer; repeats it with its key over reconnects until `deadline`.
  asio::awaitable<Result<Json>> perform(std::string type, Json fields, std::string key, Millis deadline = Millis{60'000});
  /// Reads `conversation` from event `from` on; frames then come from next().
  void follow(std::string conversation, std::uint64_t from = 1);
  /// The next frame of the conversation: event, delta, history_reset, subscribed. DEADLINE when none came in time, UNAVAILABLE when the
  /// gateway has been away for `give_up`, otherwise the error that ended the subscription.
  asio::awaitable<Result<Json>> next(Millis deadline);
  std::uint64_t position() const { return next_; }

  Millis give_up{60'000};

 private:
  asio::awaitable<Status> connect();
  asio::awaitable<Result<Json>> read(Millis deadline);
  asio::awaitable<Status> send(Json frame);
  asio::awaitable<Status> subscribe();
  void lost() { socket_.reset(); }
  bool note(const Json& frame);

  asio::io_context& io_;
  ApiTarget target_;
  std::optional<http::WebSocketClient> socket_;
  std::deque<Json> waiting_;  // frames of the conversation read while a command was waited for
  std::string conversation_;
  std::uint64_t next_ = 1;
  std::string after_id_;
  std::uint64_t frames_ = 0;
};

}  // namespace convoke::cli
