// Follows one conversation over the gateway's WebSocket for as long as it takes: goes on from its position after every lost connection, so
// that whoever uses it sees each event once, and repeats commands with their keys until they are answered.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "cli/api_client.hpp"
#include "cli/readiness.hpp"
#include "http/websocket_client.hpp"

namespace convoke::cli {

class Conversation {
 public:
  using Waiting = std::function<void(const std::string& trouble)>;

  /// Whatever is waited for, a gateway that is away for `patience` ends it.
  Conversation(asio::io_context& io, ApiTarget target, Millis patience = Millis{30'000})
      : io_(io), presence_(io, std::move(target), patience) {}

  /// Sends a verb frame (api/ws) and waits for its answer; repeats it with its key over reconnects for as long as the patience lasts. Then
  /// the last refusal that could be repeated, with what keeps the gateway from answering. `waiting` is told now and then how it stands:
  /// nothing, or the trouble.
  asio::awaitable<Result<Json>> perform(std::string type, Json fields, std::string key, Waiting waiting = [](const std::string&) {});
  /// Reads `conversation` from event `from` on; frames then come from next().
  void follow(std::string conversation, std::uint64_t from = 1);
  /// The next frame of the conversation: event, delta, history_reset, subscribed; nothing when none came in time. Otherwise what ended the
  /// subscription: the gateway's error, or UNAVAILABLE or DEADLINE when it is away for good (Presence::verdict).
  asio::awaitable<Result<std::optional<Json>>> next(Millis deadline);
  std::uint64_t position() const { return next_; }
  /// What keeps the next frame from coming, for people; empty while nothing does.
  std::string trouble() const { return presence_.trouble(); }

 private:
  asio::awaitable<Status> connect();
  asio::awaitable<Result<Json>> answer_to(std::string id, SteadyTime until, Waiting waiting);
  asio::awaitable<Result<Json>> read(Millis deadline);
  asio::awaitable<Status> send(Json frame);
  asio::awaitable<Status> subscribe();
  void lost() { socket_.reset(); }
  bool note(const Json& frame);

  asio::io_context& io_;
  Presence presence_;
  std::optional<http::WebSocketClient> socket_;
  std::deque<Json> waiting_;  // frames of the conversation read while a command was waited for
  std::string conversation_;
  std::uint64_t next_ = 1;
  std::string after_id_;
  std::string subscription_;  // the id under which it was asked for
  std::uint64_t frames_ = 0;
};

}  // namespace convoke::cli
