#include "cli/conversation.hpp"

#include <fmt/core.h>

#include <chrono>

#include "cli/gateway_url.hpp"
#include "cli/output.hpp"
#include "core/async.hpp"

namespace convoke::cli {
namespace {

SteadyTime now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }

constexpr Millis between_tries{200};
constexpr Millis look_up_every{500};  // while an answer is waited for

bool refused_for_good(const Error& error) {
  return error.code == Fault::unauthenticated || error.code == Fault::forbidden || error.code == Fault::not_found ||
         error.code == Fault::invalid;
}

}  // namespace

asio::awaitable<Status> Conversation::connect() {
  if (socket_) co_return Status{};
  http::WebSocketTarget target;
  const auto& gateway = presence_.target();
  auto url = read_gateway_url(gateway.url);
  if (!url) co_return std::unexpected(std::move(url.error()));
  target.tls = url->tls;
  target.address = std::move(url->address);
  target.target = url->path + "/api/ws";
  target.deadline = Millis{2'000};
  if (!gateway.key.empty()) target.headers.set("Authorization", "Bearer " + gateway.key);
  http::WebSocketClient client(io_);
  auto status = co_await client.connect(std::move(target));
  if (!status && !refused_for_good(status.error())) presence_.missed(status.error());
  if (!status) co_return status;
  socket_.emplace(std::move(client));
  if (conversation_.empty()) co_return Status{};
  co_return co_await subscribe();
}

asio::awaitable<Status> Conversation::subscribe() {
  subscription_ = fmt::format("f{}", ++frames_);
  Json frame{{"type", "subscribe"}, {"id", subscription_}, {"conversation", conversation_}, {"from", next_}};
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
    presence_.heard();
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
  if (conversation_.empty()) return false;
  const auto type = text_of(frame, "type");
  if (type == "error" && !subscription_.empty() && text_of(frame, "id") == subscription_) return true;
  if (text_of(frame, "conversation") != conversation_) return false;
  if (type == "event") {
    const auto event = object_of(frame, "event");
    next_ = count_of(event, "seq", next_) + 1;
    after_id_ = text_of(event, "id");
  } else if (type == "history_reset") {
    next_ = 1;
    after_id_.clear();
  }
  // An error `of` a frame answers that frame, late; the subscription goes on.
  const bool is_over = type == "error" && !frame.contains("of");
  return type == "event" || type == "delta" || type == "history_reset" || type == "subscribed" || is_over;
}

// The frame that answers what was sent under that id; frames of the conversation that come before are kept. DEADLINE when none came until
// then, or when it is not worth waiting for.
asio::awaitable<Result<Json>> Conversation::answer_to(std::string id, SteadyTime until, Waiting waiting) {
  while (now() < until && !presence_.verdict()) {
    auto frame = co_await read(std::clamp(Millis{until - now()}, Millis{1}, look_up_every));
    if (frame && text_of(*frame, "id") == id) co_return frame;
    if (frame && note(*frame)) waiting_.push_back(std::move(*frame));
    if (frame) continue;
    if (frame.error().code != Fault::deadline) co_return frame;
    co_await presence_.ask();
    waiting(presence_.trouble());
  }
  co_return fail(Fault::deadline, "no answer in time");
}

asio::awaitable<Result<Json>> Conversation::perform(std::string type, Json fields, std::string key, Waiting waiting) {
  const auto until = now() + presence_.patience();
  fields["type"] = std::move(type);
  fields["key"] = key;
  std::optional<Error> last;
  bool is_sent = false;
  while (now() < until && !presence_.verdict()) {
    const auto id = fmt::format("f{}", ++frames_);
    fields["id"] = id;
    auto ready = co_await connect();
    if (ready) ready = co_await send(fields);
    if (!ready && refused_for_good(ready.error())) co_return std::unexpected(std::move(ready.error()));
    is_sent = is_sent || ready;
    Result<Json> frame = fail(Fault::unavailable, "not sent");
    if (ready) frame = co_await answer_to(id, until, waiting);
    if (frame && text_of(*frame, "type") != "error") co_return frame;
    if (frame) last = error_in(*frame, Fault::internal);
    if (frame && !retryable(last->code)) co_return std::unexpected(std::move(*last));
    waiting(presence_.trouble());
    co_await sleep_for(between_tries);
  }
  const auto over = presence_.verdict();
  auto error = over.value_or(last.value_or(Error(Fault::deadline, "no answer in time")));
  if (const auto why = presence_.trouble(); !over && !why.empty()) error.message += "; " + why;
  if (is_sent && !error.message.contains(key)) error.message += "; the outcome is unknown: repeat with the key " + key;
  co_return std::unexpected(std::move(error));
}

asio::awaitable<Result<std::optional<Json>>> Conversation::next(Millis deadline) {
  const auto until = now() + deadline;
  while (waiting_.empty()) {
    auto ready = co_await connect();
    if (!ready && refused_for_good(ready.error())) co_return std::unexpected(std::move(ready.error()));
    if (ready) {
      auto frame = co_await read(std::max(Millis{1}, std::min(deadline, Millis{until - now()})));
      if (frame && note(*frame)) waiting_.push_back(std::move(*frame));
    } else {
      co_await sleep_for(between_tries);
    }
    if (!waiting_.empty() || now() < until) continue;
    co_await presence_.ask();
    if (auto over = presence_.verdict()) co_return std::unexpected(std::move(*over));
    co_return std::optional<Json>();
  }
  auto frame = std::move(waiting_.front());
  waiting_.pop_front();
  if (text_of(frame, "type") == "error") co_return std::unexpected(error_in(frame, Fault::internal));
  co_return frame;
}

}  // namespace convoke::cli
