#include "soak/reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/id.hpp"

namespace convoke::soak {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr Millis breath{50};
constexpr Millis look_every{1'000};

// A reader stays for 5 to 25 seconds.
Millis stay_for() { return Millis{5'000 + static_cast<std::int64_t>(system_random() % 20'000)}; }

}  // namespace

Reader::Reader(asio::io_context& io, std::string address, std::string user, std::function<void(std::string)> mistake)
    : io_(io), address_(std::move(address)), user_(std::move(user)), mistake_(std::move(mistake)), waiting_(io.get_executor()) {}

void Reader::subscribe(const Talk& talk) {
  Json frame{{"type", "subscribe"}, {"conversation", talk.conversation}, {"from", talk.next()}};
  if (!talk.ids.empty()) frame["after_id"] = talk.ids.back();
  frames_.push_back(frame.dump());
  waiting_.set();
}

void Reader::follow(const std::shared_ptr<Talk>& talk) {
  talks_[talk->conversation] = talk;
  if (connected_) subscribe(*talk);
}

void Reader::leave(const std::string& conversation) {
  if (talks_.erase(conversation) == 0 || !connected_) return;
  frames_.push_back(Json{{"type", "unsubscribe"}, {"conversation", conversation}}.dump());
  waiting_.set();
}

asio::awaitable<void> Reader::run() {
  for (;;) {
    auto connection = std::make_shared<Connection>(io_, waiting_);
    http::WebSocketTarget target;
    target.address = address_;
    target.target = "/api/ws";
    target.headers.add("x-ms-client-principal-id", user_);
    const auto connected = co_await connection->socket.connect(std::move(target));
    if (connected) {
      ++connects_;
      connected_ = true;
      frames_.clear();
      for (const auto& [name, talk] : talks_) subscribe(*talk);
      asio::co_spawn(io_, write(connection), asio::detached);
      co_await stay(connection);
      connected_ = false;
      connection->over = true;
      waiting_.set();
      (void)co_await connection->socket.close(Millis{200});
    }
    co_await sleep_for(breath);
  }
}

asio::awaitable<void> Reader::stay(std::shared_ptr<Connection> connection) {
  const auto end = Clock::now() + stay_for();
  while (Clock::now() < end) {
    const auto message = co_await connection->socket.read(look_every);
    if (!message && message.error().code == Fault::deadline) continue;
    if (!message || !*message) co_return;
    hear((*message)->data);
  }
}

asio::awaitable<void> Reader::write(std::shared_ptr<Connection> connection) {
  while (!connection->over) {
    if (frames_.empty()) {
      waiting_.reset();
      co_await waiting_.wait();
      continue;
    }
    auto frame = std::move(frames_.front());
    frames_.pop_front();
    const auto sent = co_await connection->socket.send(std::move(frame));
    if (!sent) co_return;
  }
}

void Reader::hear(const std::string& text) {
  const auto frame = Json::parse(text, nullptr, false);
  const auto type = frame.value("type", "");
  const auto talk = talks_.find(frame.value("conversation", ""));
  if (talk == talks_.end()) return;
  if (type == "event") {
    if (auto wrong = talk->second->take(frame["event"]); !wrong.empty()) mistake_(std::move(wrong));
  } else if (type == "history_reset") {
    mistake_("history_reset of " + talk->first);
  } else if (type == "error") {
    // The subscription is over; a retryable reason is one of the moment.
    if (frame["error"].value("retryable", false)) return subscribe(*talk->second);
    mistake_(talk->first + ": " + text);
    talks_.erase(talk);
  }
}

}  // namespace convoke::soak
