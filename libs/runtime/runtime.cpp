#include "runtime/runtime.hpp"

#include <fmt/core.h>
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <ctime>
#include <stdexcept>
#include <utility>

#include "http/server.hpp"
#include "runtime/health.hpp"
#include "runtime/tasks.hpp"
#include "telemetry/log.hpp"

namespace convoke::runtime {
namespace {

namespace log = telemetry::log;
using std::chrono::steady_clock;

constexpr int kept_free = 4 << 20;  // bytes
constexpr Millis farewell{1000};    // for cancelled tasks to end, even after the drain deadline
constexpr std::string_view step_names[] = {"stop accepting", "finish", "flush"};

Now system_now() {
  return {std::chrono::time_point_cast<Millis>(steady_clock::now()),
          std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())};
}

std::int64_t unix_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Uuid replica_of(const std::string& text) {
  if (text.empty()) return IdMaker(&system_random).next(system_now().unix);
  const auto id = parse_uuid(text);
  if (!id) throw std::invalid_argument("process.replica: expected a UUID, not \"" + text + '"');
  return *id;
}

// Whoever is woken does not interrupt the thread that woke it: what a process says in one go then leaves in one piece, instead of one
// message and one change of threads at a time. For ZeroMQ's threads too, which inherit it. Where it is not allowed, all works as well.
void work_in_one_go() {
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_BATCH, &none);
}

Millis since(steady_clock::time_point begin) { return std::chrono::duration_cast<Millis>(steady_clock::now() - begin); }

}  // namespace

class Runtime::State {
 public:
  explicit State(ProcessOptions given)
      : options(std::move(given)),
        replica(replica_of(options.replica)),
        tracer({options.name, 4096}, &system_random, &unix_us),
        ids(&system_random),
        tasks(io, metrics),
        signals(io),
        health(io, options, replica, metrics) {
    // Messages come and go by the thousand: what they leave is used again instead of being given back to the system and asked for anew.
    ::mallopt(M_TRIM_THRESHOLD, kept_free);
    ::mallopt(M_TOP_PAD, 256 * 1024);
    ::mallopt(M_MMAP_THRESHOLD, kept_free);
    work_in_one_go();
    const auto level = log::parse_level(options.log_level);
    if (!level)
      throw std::invalid_argument("process.log_level: expected debug, info, warn, error or off, not \"" + options.log_level + '"');
    options.replica = to_string(replica);
    log::set_up({options.name, options.replica, *level});
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit to files is then like a full disk: an error of the write
    tasks.on_fatal([this](const std::string& name) {
      exit_code = 1;
      stop("the task " + name + " failed");
    });
    health.set_ready("process", false, "starting");
    auto dropped = metrics.gauge("convoke_spans_dropped", "Spans dropped because nobody took them in time");
    metrics.before_exposition([this, dropped]() mutable { dropped.set(static_cast<double>(tracer.dropped())); });
  }

  int run() {
    if (const auto started = health.start(); !started) {
      log::error("{}", started.error().message);
      return 1;
    }
    signals.add(SIGTERM);
    signals.add(SIGINT);
    await_signal();
    watch_idleness();
    if (!draining) health.set_ready("process", true, {});
    log::info("running as process {}, health on {}", ::getpid(), health.address().empty() ? "no address" : health.address());
    io.run();
    log::info("stopped with {}", exit_code);
    log::flush();
    return exit_code;
  }

  void stop(const std::string& reason) {
    if (draining) return;
    draining = true;
    log::info("draining: {}", reason);
    health.set_ready("process", false, "draining: " + reason);
    asio::co_spawn(io, drain(), [this](const std::exception_ptr& failure) {
      if (failure) exit_code = 1;
      io.stop();
    });
  }

  asio::awaitable<void> drain() {
    const auto begin = steady_clock::now();
    const auto left = [&] { return std::max(Millis{0}, options.drain_deadline - since(begin)); };
    for (const auto step : {DrainStep::stop_accepting, DrainStep::finish, DrainStep::flush}) {
      const auto step_begin = steady_clock::now();
      const bool done = co_await run_step(step, left());
      if (!done) exit_code = 1;
      log::info("drain: {} {} after {} ms", step_names[static_cast<std::size_t>(step)], done ? "done" : "given up",
                since(step_begin).count());
    }
    tasks.cancel();
    const bool ended = co_await tasks.wait_all(std::max(left(), farewell));
    if (!ended) {
      exit_code = 1;
      log::warn("drain: still running at the end: {}", tasks.names());
    }
    co_await health.stop();
  }

  asio::awaitable<bool> run_step(DrainStep step, Millis limit) {
    Tasks running(io, metrics);
    for (auto& action : actions) {
      if (action.step == step) running.spawn("drain " + action.name, action.call(), OnFailure::log);
    }
    if (co_await running.wait_all(limit)) co_return true;
    log::warn("drain: not done in time: {}", running.names());
    running.cancel();
    co_await running.wait_all(farewell);
    co_return false;
  }

  void await_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int number) {
      if (error) return;
      if (draining) {
        log::warn("signal {} again: leaving at once", number);
        log::flush();
        std::_Exit(128 + number);
      }
      stop(number == SIGTERM ? "SIGTERM" : "SIGINT");
      await_signal();
    });
  }

  // What a start or a busy time has left goes back to the system once there is nothing to do; whoever works keeps it.
  void watch_idleness() {
    if (options.idle_after <= Millis{0}) return;
    const auto used = std::clock();
    idleness.expires_after(options.idle_after);
    idleness.async_wait([this, used](const boost::system::error_code& error) {
      if (error || draining) return;
      const auto busy = Millis{(std::clock() - used) * 1'000 / CLOCKS_PER_SEC};
      if (busy * 50 > options.idle_after) {
        gave_back = false;
      } else if (!std::exchange(gave_back, true)) {
        ::malloc_trim(0);
      }
      watch_idleness();
    });
  }

  struct Action {
    DrainStep step;
    std::string name;
    std::function<asio::awaitable<void>()> call;
  };

  asio::io_context io{1};
  ProcessOptions options;
  Uuid replica;
  telemetry::Metrics metrics;
  telemetry::Tracer tracer;
  IdMaker ids;
  std::vector<Action> actions;
  Tasks tasks;
  asio::signal_set signals;
  asio::steady_timer idleness{io};
  bool gave_back = false;
  Health health;
  bool draining = false;
  int exit_code = 0;
};

Runtime::Runtime(ProcessOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Runtime::~Runtime() = default;

asio::io_context& Runtime::io() { return state_->io; }
const ProcessOptions& Runtime::options() const { return state_->options; }
const Uuid& Runtime::replica() const { return state_->replica; }
telemetry::Metrics& Runtime::metrics() { return state_->metrics; }
telemetry::Tracer& Runtime::tracer() { return state_->tracer; }
Now Runtime::now() const { return system_now(); }
Uuid Runtime::next_id() { return state_->ids.next(system_now().unix); }

void Runtime::spawn(std::string name, asio::awaitable<void> task, OnFailure on_failure) {
  state_->tasks.spawn(std::move(name), std::move(task), on_failure);
}
std::size_t Runtime::tasks() const { return state_->tasks.size(); }

void Runtime::set_ready(std::string_view component, bool ready, std::string reason) {
  state_->health.set_ready(component, ready, std::move(reason));
}
bool Runtime::ready() const { return state_->health.ready(); }
std::vector<std::string> Runtime::missing() const { return state_->health.missing(); }
void Runtime::add_route(std::string path, std::function<asio::awaitable<http::Response>(http::Request)> handler) {
  state_->health.add_route(std::move(path), std::move(handler));
}
std::string Runtime::health_address() const { return state_->health.address(); }

void Runtime::on_drain(DrainStep step, std::string name, std::function<asio::awaitable<void>()> action) {
  state_->actions.push_back({step, std::move(name), std::move(action)});
}
bool Runtime::draining() const { return state_->draining; }
void Runtime::stop(std::string reason) { state_->stop(reason); }
int Runtime::run() { return state_->run(); }

}  // namespace convoke::runtime
