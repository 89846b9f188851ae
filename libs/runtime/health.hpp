// Whether the process lives, whether it can do work and why not, and its metrics, over HTTP. Internal to this folder.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/id.hpp"
#include "http/server.hpp"
#include "runtime/runtime.hpp"

namespace convoke::runtime {

class Health {
 public:
  using Handler = std::function<asio::awaitable<http::Response>(http::Request)>;

  Health(asio::io_context& io, const ProcessOptions& options, Uuid replica, telemetry::Metrics& metrics);

  Status start();
  asio::awaitable<void> stop();
  void set_ready(std::string_view component, bool ready, std::string reason);
  bool ready() const;
  /// Names of the components that are not.
  std::vector<std::string> missing() const;
  void add_route(std::string path, Handler handler) { routes_[std::move(path)] = std::move(handler); }
  std::string address() const { return server_ && listening_ ? server_->address() : std::string{}; }

 private:
  struct Readiness {
    bool ready = false;
    std::string reason;
  };

  asio::awaitable<http::Response> handle(http::Request request);
  http::Response healthz() const;
  http::Response readyz() const;
  void watch_loop();
  void refresh();

  asio::io_context& io_;
  std::string name_;
  Uuid replica_;
  telemetry::Metrics& metrics_;
  std::unique_ptr<http::Server> server_;
  bool listening_ = false;
  std::map<std::string, Readiness, std::less<>> components_;
  std::map<std::string, Handler> routes_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point turned_;
  asio::steady_timer watchdog_;
  Millis lag_{0};
  telemetry::Gauge lag_gauge_;
  telemetry::Gauge ready_gauge_;
  telemetry::Gauge memory_gauge_;
  telemetry::Gauge log_errors_;
  telemetry::Gauge log_warnings_;
};

}  // namespace convoke::runtime
