// What every process has: the loop, named tasks, readiness, a health server, and an orderly end. It is made first in main and destroyed
// last; services borrow what they need from it. One thread: nothing here is for use from another.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "http/message.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/trace.hpp"

namespace convoke::runtime {

namespace asio = boost::asio;

/// What all processes are told; section `process`.
struct ProcessOptions {
  std::string name;     // service name in logs, spans and registrations
  std::string replica;  // UUID; empty: a new one at every start
  std::vector<std::string> intercoms = {"ipc:///tmp/convoke/intercom"};
  std::string data = ".";
  std::string log_level = "info";
  std::string health = "127.0.0.1:0";  // host:port or unix:/path; empty: no health server
  Millis drain_deadline{10'000};
  Millis idle_after{5'000};

  template <class Fields> void describe(Fields& field) {
    field("name", name, "service name in logs, spans and registrations");
    field("replica", replica, "UUID of this replica; empty: a new one at every start");
    field("intercoms", intercoms, "endpoints of the intercoms");
    field("data", data, "folder for files");
    field("log_level", log_level, "debug, info, warn, error or off");
    field("health", health, "where /healthz, /readyz and /metrics are served: host:port or unix:/path; empty: nowhere");
    field("drain_deadline", drain_deadline, "for an orderly end after SIGTERM");
    field("idle_after", idle_after, "of almost nothing to do: freed memory is given back to the system; 0: never");
  }
};

/// The steps of an orderly end, in this order; each one's tasks run at the same time and are awaited before the next begins.
enum class DrainStep : std::uint8_t { stop_accepting, finish, flush };

enum class OnFailure : std::uint8_t {
  log,   // an ERROR line and a count
  stop,  // that, and the process ends with exit code 1
};

class Runtime {
 public:
  /// Sets up logging, ignores SIGPIPE and SIGXFSZ, and does no I/O. Throws std::invalid_argument when an option cannot be used.
  explicit Runtime(ProcessOptions options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  asio::io_context& io();
  const ProcessOptions& options() const;
  const Uuid& replica() const;
  telemetry::Metrics& metrics();
  telemetry::Tracer& tracer();
  Now now() const;
  Uuid next_id();  // UUIDv7

  /// Starts a task. A failure (exception) is logged with the name and counted. At the end of the process a task that still runs after the
  /// last drain step is cancelled (Asio cancellation) and awaited.
  void spawn(std::string name, asio::awaitable<void> task, OnFailure on_failure = OnFailure::log);
  std::size_t tasks() const;

  /// The process is ready when every component that ever spoke here is, and it is not draining. The reason is for people, in /readyz.
  void set_ready(std::string_view component, bool ready, std::string reason = {});
  bool ready() const;
  /// Names of the components that are not ready.
  std::vector<std::string> missing() const;

  /// A route of the health server, such as "/backlog". Handlers are kept until the end.
  void add_route(std::string path, std::function<asio::awaitable<http::Response>(http::Request)> handler);
  /// Where the health server listens, with the port that the system chose; empty without one.
  std::string health_address() const;

  /// What to do on an orderly end. The function is kept until the end.
  void on_drain(DrainStep step, std::string name, std::function<asio::awaitable<void>()> action);
  bool draining() const;
  /// Begins the orderly end, as SIGTERM does.
  void stop(std::string reason);

  /// Runs until the end; returns the exit code: 0 after an orderly end, 1 when the drain deadline passed or a task with OnFailure::stop
  /// failed. SIGTERM and SIGINT begin the end; a second one exits at once with 128 + its number.
  int run();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace convoke::runtime
