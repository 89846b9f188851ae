#include "api/ws/ws_door.hpp"

#include <fmt/core.h>

#include <deque>
#include <map>
#include <utility>

#include "api/ws/protocol.hpp"

namespace convoke::api {

using http::Sent;

class WsDoor::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(WsDoor& door, std::shared_ptr<http::WebSocket> socket, Identity identity)
      : door_(door), socket_(std::move(socket)), identity_(std::move(identity)) {}

  asio::awaitable<void> run(std::shared_ptr<Connection> self) {
    send(ws::hello(identity_.user));
    while (true) {
      auto message = co_await socket_->read();
      if (!message || !*message) break;
      auto frame = ws::parse((*message)->data, door_.options_.limits);
      std::visit([&self](auto& each) { self->handle(each); }, frame);
    }
    readers_.clear();
  }

 private:
  struct Waiting {
    ws::Perform wanted;
    std::string key;
    Action action;
  };
  struct Reading {
    std::string id;
    Streams::Subscription subscription;
  };

  void handle(ws::Refused& refused) { send(ws::error(refused.id, refused.error, refused.about)); }
  void handle(ws::Ping& ping) { send(ws::pong(ping.id)); }

  void handle(ws::Unsubscribe& wanted) {
    readers_.erase(wanted.conversation);
    send(ws::unsubscribed(wanted.id, wanted.conversation));
  }

  void handle(ws::Subscribe& wanted) {
    const auto& conversation = wanted.conversation;
    if (readers_.contains(conversation))
      return send(ws::error(wanted.id, Error(Fault::conflict, "this connection reads that conversation already"), wanted.about));
    if (readers_.size() >= door_.options_.max_subscriptions)
      return send(ws::error(wanted.id,
                            Error(Fault::limit, fmt::format("at most {} subscriptions a connection", door_.options_.max_subscriptions)),
                            wanted.about));
    auto& reading = readers_[conversation];
    reading.id = wanted.id;
    // The connection outlives its subscriptions, which end in run().
    reading.subscription =
        door_.streams_.open(conversation, identity_.user, wanted.from,
                            [this, conversation, id = wanted.id](const ReadAction& action) { deliver(conversation, id, action); });
    if (paused_) reading.subscription.pause();
  }

  void deliver(const std::string& conversation, const std::string& id, const ReadAction& action) {
    const auto text = ws::delivery(id, conversation, action);
    if (!text.empty()) send(text);
    if (std::holds_alternative<read::Failed>(action)) {
      readers_.erase(conversation);
    } else if (!paused_ && socket_->queued_bytes() > door_.options_.pause_bytes) {
      paused_ = true;
      for (auto& [name, reading] : readers_) reading.subscription.pause();
      socket_->when_below(door_.options_.resume_bytes, [self = weak_from_this()] {
        if (const auto connection = self.lock()) connection->go_on();
      });
    }
  }

  // The client has read most of what waited for it.
  void go_on() {
    paused_ = false;
    std::vector<std::string> names;
    names.reserve(readers_.size());
    for (const auto& [name, reading] : readers_) names.push_back(name);
    for (const auto& name : names)
      if (const auto found = readers_.find(name); found != readers_.end() && !paused_) found->second.subscription.resume();
  }

  void handle(ws::Perform& wanted) {
    const auto key = wanted.key.empty() ? to_string(door_.runtime_.next_id()) : wanted.key;
    Fields fields(wanted.fields, door_.options_.limits);
    const ActionContext context{identity_.user, key, door_.options_.team};
    auto action = parse_action(wanted.verb, fields, context);
    if (!action) return send(ws::error(wanted.id, action.error(), wanted.about));
    wanted.about["key"] = key;  // to repeat it with
    const auto session = action->session;
    auto& queue = waiting_[session];
    if (queue.size() >= door_.options_.max_waiting)
      return send(
          ws::error(wanted.id, Error(Fault::overloaded, "too many commands of this connection wait for that session"), wanted.about));
    queue.push_back({std::move(wanted), key, std::move(*action)});
    if (queue.size() == 1) door_.runtime_.spawn("ws commands", perform(shared_from_this(), session));
  }

  // One at a time per session, so that one sender's messages keep their order.
  asio::awaitable<void> perform(std::shared_ptr<Connection> self, std::string session) {
    auto& queue = waiting_[session];
    while (!queue.empty()) {
      auto& next = queue.front();
      auto& tracer = door_.runtime_.tracer();
      const auto parent = telemetry::parse_traceparent(next.wanted.traceparent).value_or(telemetry::TraceContext{});
      auto span = tracer.start("ws " + next.wanted.verb, telemetry::SpanKind::server, parent, session);
      Caller caller{identity_.user, span.context};
      auto hash = hash_of(next.wanted.verb, next.wanted.fields);
      auto result = co_await door_.backend_.perform(std::move(next.action), std::move(caller), next.key, std::move(hash));
      tracer.end(std::move(span), result ? telemetry::SpanStatus::ok : telemetry::SpanStatus::error);
      send(result ? ws::accepted(next.wanted.id, next.key, *result) : ws::error(next.wanted.id, result.error(), next.wanted.about));
      queue.pop_front();
    }
    waiting_.erase(session);
  }

  // A client so slow that even answers find no room is cut off; it comes back with its positions and keys.
  void send(const std::string& text) {
    if (socket_->send_text(text) == Sent::full) socket_->close(1013, "reads too slowly");
  }

  WsDoor& door_;
  std::shared_ptr<http::WebSocket> socket_;
  Identity identity_;
  std::map<std::string, Reading> readers_;
  std::map<std::string, std::deque<Waiting>> waiting_;
  bool paused_ = false;
};

asio::awaitable<void> WsDoor::serve(std::shared_ptr<http::WebSocket> socket, Identity identity) {
  auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(identity));
  co_await connection->run(connection);
}

}  // namespace convoke::api
