#include "runtime/health.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "telemetry/log.hpp"

namespace convoke::runtime {
namespace {

namespace log = telemetry::log;
using nlohmann::json;
using std::chrono::steady_clock;

constexpr Millis turn_interval{500};

http::Response as_json(int status, const json& body) {
  return http::json_response(status, body.dump(-1, ' ', false, json::error_handler_t::replace));
}

double resident_bytes() {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
  long total = 0;
  long resident = 0;
  if (!file || std::fscanf(file.get(), "%ld %ld", &total, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Health::Health(asio::io_context& io, const ProcessOptions& options, Uuid replica, telemetry::Metrics& metrics)
    : io_(io), name_(options.name), replica_(replica), metrics_(metrics), started_(steady_clock::now()), turned_(started_), watchdog_(io) {
  if (!options.health.empty()) {
    http::ServerOptions server;
    server.listen = options.health;
    server.max_connections = 64;
    server.max_body_bytes = 64uz * 1024;
    server_ = std::make_unique<http::Server>(io, server, [this](http::Request request) { return handle(std::move(request)); });
  }
  lag_gauge_ = metrics.gauge("convoke_loop_lag_seconds", "How late the loop's last tick was");
  ready_gauge_ = metrics.gauge("convoke_ready", "1 when the process can do work");
  memory_gauge_ = metrics.gauge("process_resident_memory_bytes", "Resident memory");
  log_errors_ = metrics.gauge("convoke_log_lines", "Lines logged since the start", {{"level", "error"}});
  log_warnings_ = metrics.gauge("convoke_log_lines", "Lines logged since the start", {{"level", "warn"}});
  metrics.before_exposition([this] { refresh(); });
}

Status Health::start() {
  watch_loop();
  if (!server_) return {};
  if (auto listening = server_->listen(); !listening) return listening;
  listening_ = true;
  asio::co_spawn(io_, server_->run(), [](const std::exception_ptr& failure) {
    if (failure) log::error("health: the server ended with an exception");
  });
  return {};
}

asio::awaitable<void> Health::stop() {
  watchdog_.cancel();
  if (server_) co_await server_->stop(Millis{200});
}

void Health::set_ready(std::string_view component, bool ready, std::string reason) {
  const bool before = this->ready();
  const auto [place, fresh] = components_.try_emplace(std::string(component));
  auto& entry = place->second;
  const bool changed = fresh || entry.ready != ready;
  entry = {ready, std::move(reason)};
  if (changed && !ready) log::info("not ready: {}: {}", component, entry.reason);
  if (!before && this->ready()) log::info("ready");
}

std::vector<std::string> Health::missing() const {
  std::vector<std::string> names;
  for (const auto& [name, state] : components_) {
    if (!state.ready) names.push_back(name);
  }
  return names;
}

bool Health::ready() const {
  return std::ranges::all_of(components_, [](const auto& entry) { return entry.second.ready; });
}

asio::awaitable<http::Response> Health::handle(http::Request request) {
  const auto route = routes_.find(request.path);
  if (route != routes_.end()) {
    http::Response response = co_await route->second(std::move(request));
    co_return response;
  }
  if (request.path == "/healthz") co_return healthz();
  if (request.path == "/readyz") co_return readyz();
  if (request.path == "/metrics") co_return http::text_response(200, metrics_.expose(), "text/plain; version=0.0.4; charset=utf-8");
  co_return http::error_response(Error(Fault::not_found, "no such path; there are /healthz, /readyz and /metrics"));
}

/// That it answers at all is the answer; the rest is for people.
http::Response Health::healthz() const {
  const auto up = std::chrono::duration_cast<Millis>(steady_clock::now() - started_).count();
  return as_json(
      200, {{"name", name_}, {"replica", to_string(replica_)}, {"pid", ::getpid()}, {"uptime_ms", up}, {"loop_lag_ms", lag_.count()}});
}

http::Response Health::readyz() const {
  auto reasons = json::object();
  for (const auto& [component, state] : components_) {
    if (!state.ready) reasons[component] = state.reason;
  }
  return as_json(ready() ? 200 : 503, {{"ready", ready()}, {"name", name_}, {"reasons", std::move(reasons)}});
}

void Health::watch_loop() {
  turned_ = steady_clock::now();
  watchdog_.expires_after(turn_interval);
  watchdog_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    lag_ = std::max(Millis{0}, std::chrono::duration_cast<Millis>(steady_clock::now() - turned_) - turn_interval);
    if (lag_ > Millis{1000}) log::warn("the loop was busy for {} ms", lag_.count());
    watch_loop();
  });
}

void Health::refresh() {
  lag_gauge_.set(std::chrono::duration<double>(lag_).count());
  ready_gauge_.set(ready() ? 1 : 0);
  memory_gauge_.set(resident_bytes());
  log_errors_.set(static_cast<double>(log::count(log::Level::error)));
  log_warnings_.set(static_cast<double>(log::count(log::Level::warn)));
}

}  // namespace convoke::runtime
