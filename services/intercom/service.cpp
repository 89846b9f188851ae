#include "intercom/service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>

#include "telemetry/log.hpp"

namespace convoke::intercom {
namespace {

namespace log = telemetry::log;

// The folder of a Unix socket is made when it is missing, so that a first start needs no preparation.
void make_folders(const std::vector<std::string>& endpoints) {
  constexpr std::string_view ipc = "ipc://";
  for (const auto& endpoint : endpoints) {
    if (!endpoint.starts_with(ipc)) continue;
    const auto folder = std::filesystem::path(endpoint.substr(ipc.size())).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder);
  }
}

}  // namespace

Service::Service(runtime::Runtime& runtime, ListenOptions options, Settings settings)
    : runtime_(runtime),
      options_(std::move(options)),
      router_(runtime.io().get_executor(), options_.router),
      core_(std::move(settings), runtime.replica(), system_random, runtime.now()) {
  runtime_.set_ready("intercom", false, "not listening yet");
  runtime_.metrics().before_exposition([this] { publish_metrics(); });
}

void Service::open() {
  make_folders(options_.router.bind);
  router_.on_message([this](const bus::Router::Incoming& incoming) { on_message(incoming); });
  router_.on_refused([this](Peer peer, bus::Refusal refusal) { on_refused(peer, refusal); });
  router_.on_drained([this] { now_is_fresh_ = false; });
  router_.open();
  for (const auto& endpoint : router_.endpoints()) log::info("listening on {}", endpoint);
  runtime_.set_ready("intercom", true);
}

boost::asio::awaitable<void> Service::run() {
  boost::asio::steady_timer timer(runtime_.io());
  for (;;) {
    timer.expires_after(options_.tick);
    const auto [failed] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (failed) break;
    now_ = runtime_.now();
    actions_.clear();
    send_waiting();
    core_.on_tick(now_, actions_);
    perform();
  }
  actions_.clear();
  send_waiting();
  router_.close();
}

// The clock is read once per drain: thousands of messages may come in one, and milliseconds are what counts.
void Service::on_message(const bus::Router::Incoming& incoming) {
  if (!now_is_fresh_) now_ = runtime_.now();
  now_is_fresh_ = true;
  actions_.clear();
  core_.on_message(incoming.peer, incoming.header, incoming.body, now_, actions_);
  perform();
}

void Service::on_refused(Peer peer, bus::Refusal refusal) {
  if (refusal == bus::Refusal::full) log::warn("the queue to a peer is full although it was counted: its connection ends");
  core_.on_send_failed(peer, now_);
}

void Service::perform() {
  // Most messages go to one peer alone: then the frames are handed on instead of shared.
  const bool once = actions_.list.size() == 1;
  for (const Action& action : actions_.list) {
    if (!waiting_.empty()) send_waiting(action.peer);
    switch (action.kind) {
      case Action::Kind::forward: router_.forward(action.peer, once ? bus::Router::Use::last : bus::Router::Use::again); break;
      case Action::Kind::send:
        if (action.may_wait)
          waiting_.push_back({action.peer, std::move(actions_.parcels[action.parcel])});
        else
          router_.send(action.peer, actions_.parcels[action.parcel].header, actions_.parcels[action.parcel].body);
        break;
      case Action::Kind::forget: router_.forget(action.peer); break;
    }
  }
}

// What waits for company goes first, so that each peer gets everything in the order of the core.
void Service::send_waiting(std::optional<Peer> peer) {
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    if (peer && waiting.peer != *peer) return false;
    router_.send(waiting.peer, waiting.frames.header, waiting.frames.body);
    return true;
  });
}

void Service::count(const std::string& name, const std::string& help, std::uint64_t value) {
  auto& before = counted_[name];
  runtime_.metrics().counter(name, help).add(static_cast<double>(value - before));
  before = value;
}

void Service::publish_metrics() {
  auto& metrics = runtime_.metrics();
  const auto gauge = [&](const char* name, const char* help, auto value) { metrics.gauge(name, help).set(static_cast<double>(value)); };
  const auto& counters = core_.counters();
  count("convoke_intercom_forwarded_total", "Messages passed on, copies counted one by one", counters.forwarded);
  count("convoke_intercom_faults_total", "Messages answered with a fault", counters.faults);
  count("convoke_intercom_stream_dropped_total", "Stream messages that did not fit a reader's window", counters.stream_dropped);
  count("convoke_intercom_undeliverable_total", "Answers and stream messages for nobody", counters.undeliverable);
  count("convoke_intercom_malformed_total", "Headers that do not verify", counters.malformed + router_.counters().malformed);
  count("convoke_intercom_replicas_lost_total", "Replicas that fell silent", counters.replicas_lost);
  count("convoke_intercom_turns_given_total", "Turns handed to workers", counters.turns_given);
  count("convoke_intercom_turns_lost_total", "Turns whose worker was lost", counters.turns_lost);
  gauge("convoke_intercom_replicas", "Replicas registered", core_.registry().size());
  gauge("convoke_intercom_connections", "Connections", core_.connections());
  gauge("convoke_intercom_streams", "Streams with subscribers", core_.streams());
  gauge("convoke_intercom_partitions_held", "Partitions with an owner", core_.partitions().held());
  gauge("convoke_intercom_parked_bytes", "Bytes of parked turns", core_.queues().parked_bytes());
  std::map<std::string, wire::QueueInfoT> queues;
  for (const auto& agent : agents_) queues[agent].agent = agent;  // those that are gone read 0
  for (auto& queue : core_.queues().info(runtime_.now().steady)) queues[queue.agent] = queue;
  for (const auto& [agent, queue] : queues) {
    agents_.insert(agent);
    const telemetry::Labels labels{{"agent", agent}};
    metrics.gauge("convoke_agent_backlog", "Turns waiting for a worker", labels).set(queue.backlog);
    metrics.gauge("convoke_agent_oldest_seconds", "Age of the oldest turn that waits", labels).set(queue.oldest_ms / 1000.0);
    metrics.gauge("convoke_agent_credit", "Turns that workers would take now", labels).set(queue.credit);
    metrics.gauge("convoke_agent_in_flight", "Turns that workers hold", labels).set(queue.in_flight);
  }
}

}  // namespace convoke::intercom
