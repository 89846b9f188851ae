#include "fault/follower.hpp"

#include <chrono>
#include <utility>

#include "support/coroutine.hpp"

namespace convoke::test {
namespace {

constexpr Millis patience{18'000};  // less than run()'s
constexpr Millis moment{200};
constexpr std::chrono::milliseconds breath{50};

// What a client may meet while processes come and go; it asks again.
bool may_pass(const Json& frame) { return frame.value("error", Json::object()).value("retryable", false); }

}  // namespace

bool Follower::connect(const std::string& address) {
  socket_.emplace(io_);
  http::WebSocketTarget target;
  target.address = address;
  target.target = "/api/ws";
  if (!run(io_, socket_->connect(std::move(target)))) return false;
  Json subscribe{{"type", "subscribe"}, {"conversation", conversation_}, {"from", seen.size() + 1}};
  if (!seen.empty()) subscribe["after_id"] = seen.back()["id"];
  return run(io_, socket_->send(subscribe.dump())).has_value();
}

Follower::End Follower::take(Millis most) {
  const auto message = run(io_, socket_->read(most));
  if (!message) return message.error().code == Fault::deadline ? End::silence : End::lost;
  if (!*message) return End::lost;
  auto frame = Json::parse((*message)->data, nullptr, false);
  const auto type = frame.value("type", "");
  if (type == "event") seen.push_back(std::move(frame["event"]));
  if (type == "history_reset" || (type == "error" && !may_pass(frame))) mistake = frame.dump();
  return type == "history_reset" || type == "error" ? End::lost : End::not_yet;
}

bool Follower::until(std::size_t count) {
  while (seen.size() < count)
    if (take(patience) != End::not_yet) return false;
  return true;
}

bool Follower::lost() {
  for (;;)
    if (const auto end = take(patience); end != End::not_yet) return end == End::lost;
}

bool Follower::look() { return take(moment) != End::lost; }

Reader::Reader(std::string address, std::string conversation)
    : address_(std::move(address)), follower_(std::move(conversation)), thread_([this] { follow(); }) {}

void Reader::follow() {
  for (bool before = false; !ending_; std::this_thread::sleep_for(breath)) {
    if (!follower_.connect(address_)) continue;
    if (before) ++resumed_;
    before = true;
    while (!ending_ && follower_.look()) count_ = follower_.seen.size();
    if (!follower_.mistake.empty()) return;
  }
}

const std::vector<Json>& Reader::finish(std::size_t count) {
  eventually(patience, [&] { return count_ >= count; });
  end();
  return follower_.seen;
}

void Reader::end() {
  ending_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace convoke::test
