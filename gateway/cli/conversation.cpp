#include "cli/conversation.hpp"

#include <fmt/core.h>

#include <chrono>

#include "core/async.hpp"

namespace convoke::cli {
namespace {

SteadyTime now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }

constexpr Millis between_tries{200};

bool refused_for_good(const Error& error) {
  return error.code == Fault::unauthenticated || error.code == Fault::forbidden || error.code == Fault::not_found ||
         error.code == Fault::invalid;
}

}  // namespace

asio::awaitable<Status> Conversation::connect() {
  if (socket_) co_return Status{};
  http::WebSocketTarget target;
  target.address = target_.url.substr(target_.url.find("://") + 3);
  target.target = "/api/ws";
  if (!target_.key.empty()) target.headers.set("Authorization", "Bearer " + target_.key);
  http::WebSocketClient client(io_);
  auto status = co_await client.connect(std::move(target));
  if (!status) co_return status;
  socket_.emplace(std::move(client));
  if (conversation_.empty()) co_return Status{};
  co_return co_await subscribe();
}

asio::awaitable<Status> Conversation::subscribe() {
  Json frame{{"type", "subscribe"}, {"conversation", conversation_}, {"from", next_}};
  if (!after_id_.empty()) frame["after_id"] = after_id_;
  co_return co_await send(std::move(frame));
}

asio::awaitable<Status> Conversation::send(Json frame) {
  auto status = co_await socket_->send(api::dump(frame));
  if (!status) lost();
  co_return status;
}

asio::awaitable<Result<Json>> Conversation::read(Millis deadline) {
  auto message = co_await socket_->read(deadline);
  if (message && *message) {
    auto json = Json::parse((*message)->data, nullptr, false);
    if (json.is_object()) co_return json;
    co_return fail(Fault::malformed, "the gateway sent something that is not a JSON object");
  }
  if (!message && message.error().code == Fault::deadline) co_return std::unexpected(std::move(message.error()));
  lost();
  co_return fail(Fault::unavailable, "the connection to the gateway was lost");
}

void Conversation::follow(std::string conversation, std::uint64_t from) {
  conversation_ = std::move(conversation);
  next_ = from;
  after_id_.clear();
  waiting_.clear();
  lost();
}

// True for a frame that the reader wants; events move the position.
bool Conversation::note(const Json& frame) {
  if (conversation_.empty() || frame.value("conversation", "") != conversation_) return false;
  const auto type = frame.value("type", "");
  if (type == "event") {
    next_ = frame["event"].value("seq", next_) + 1;
    after_id_ = frame["event"].value("id", "");
  } else if (type == "history_reset") {
    next_ = 1;
    after_id_.clear();
  }
  return type == "event" || type == "delta" || type == "history_reset" || type == "subscribed" || type == "error";
}

asio::awaitable<Result<Json>> Conversation::perform(std::string type, Json fields, std::string key, Millis deadline) {
  const auto until = now() + deadline;
  fields["type"] = std::move(type);
  fields["key"] = key;
  Error last(Fault::deadline, "no answer in time, so the outcome is unknown: repeat with key " + key);
  while (now() < until) {
    const auto id = fmt::format("f{}", ++frames_);
    fields["id"] = id;
    auto ready = co_await connect();
    if (ready) ready = co_await send(fields);
    if (!ready && refused_for_good(ready.error())) co_return std::unexpected(std::move(ready.error()));
    while (ready && now() < until) {
      auto frame = co_await read(Millis{5'000});
      if (!frame && frame.error().code == Fault::deadline) continue;
      if (!frame) break;
      if (frame->value("id", "") == id && frame->value("type", "") == "accepted") co_return frame;
      if (frame->value("id", "") == id && frame->value("type", "") == "error") {
        last = error_in(*frame, Fault::internal);
        if (!retryable(last.code)) co_return std::unexpected(last);
        break;
      }
      if (note(*frame)) waiting_.push_back(std::move(*frame));
    }
    co_await sleep_for(between_tries);
  }
  co_return std::unexpected(last);
}

asio::awaitable<Result<Json>> Conversation::next(Millis deadline) {
  const auto until = now() + deadline;
  const auto patience = now() + give_up;
  while (true) {
    if (!waiting_.empty()) {
      auto frame = std::move(waiting_.front());
      waiting_.pop_front();
      if (frame.value("type", "") == "error") co_return std::unexpected(error_in(frame, Fault::internal));
      co_return frame;
    }
    auto ready = co_await connect();
    if (!ready && (refused_for_good(ready.error()) || now() >= patience)) co_return std::unexpected(std::move(ready.error()));
    if (ready) {
      auto frame = co_await read(std::max(Millis{1}, std::min(deadline, Millis{until - now()})));
      if (frame && note(*frame)) waiting_.push_back(std::move(*frame));
    } else {
      co_await sleep_for(between_tries);
    }
    if (waiting_.empty() && now() >= until) co_return fail(Fault::deadline, "nothing came");
  }
}

}  // namespace convoke::cli
