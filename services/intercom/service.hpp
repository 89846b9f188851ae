// The intercom's shell: the socket, the clock and the metrics around the core. Performs the core's actions in order and tells it of those
// that fail.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bus/router.hpp"
#include "intercom/intercom_core.hpp"
#include "intercom/settings.hpp"
#include "runtime/runtime.hpp"

namespace convoke::intercom {

/// Section `intercom`: where it listens, and how.
struct ListenOptions {
  bus::RouterOptions router;
  Millis tick{10};

  template <class Fields> void describe(Fields& field) {
    field("bind", router.bind, "endpoints to listen on: ipc://PATH, tcp://ADDRESS:PORT (port *: the system chooses)");
    field("tick", tick, "between two looks at time-outs");
    field("max_peers", router.max_peers, "connections at once");
    field("max_message_bytes", router.socket.max_message_bytes, "largest message frame; a larger one costs its sender the connection");
    field("high_water", router.socket.high_water, "messages in the pipe to one peer; above max_unconfirmed");
    field.secret("secret_key", router.socket.keys.own_secret, "CURVE secret key; empty: no encryption");
  }
};

class Service {
 public:
  Service(runtime::Runtime& runtime, ListenOptions options, Settings settings);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Binds. Throws std::runtime_error naming the endpoint when it cannot.
  void open();
  /// Ticks until it is cancelled.
  boost::asio::awaitable<void> run();

 private:
  void on_message(const bus::Router::Incoming& incoming);
  void on_refused(Peer peer, bus::Refusal refusal);
  void perform();
  void send_waiting(std::optional<Peer> peer = {});
  void publish_metrics();
  void count(const std::string& name, const std::string& help, std::uint64_t value);

  runtime::Runtime& runtime_;
  ListenOptions options_;
  bus::Router router_;
  IntercomCore core_;
  struct Waiting {
    Peer peer;
    wire::Frames frames;
  };
  Actions actions_;
  std::vector<Waiting> waiting_;  // each of them may_wait
  Now now_;
  bool now_is_fresh_ = false;
  std::map<std::string, std::uint64_t> counted_;
  std::set<std::string> agents_;
};

}  // namespace convoke::intercom
