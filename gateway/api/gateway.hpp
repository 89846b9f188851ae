// The process behind all text doors: one HTTP server, the check of who calls, and the routes of every door. Holds no state that matters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/common/access.hpp"
#include "api/native/native_door.hpp"
#include "api/settings.hpp"
#include "api/task/task_door.hpp"
#include "api/ws/ws_door.hpp"
#include "bus/client.hpp"
#include "http/server.hpp"
#include "runtime/runtime.hpp"

namespace convoke::api {

class Gateway {
 public:
  /// Throws std::runtime_error when it cannot start as configured (keys unreadable, an open address without keys, address taken).
  Gateway(runtime::Runtime& runtime, bus::Client& bus, GatewayOptions options, http::ServerOptions server);

  /// Starts its tasks; they end with the runtime.
  void start();
  std::string address() const { return server_.address(); }
  const Router& router() const { return router_; }

 private:
  asio::awaitable<http::Response> handle(http::Request request);
  asio::awaitable<http::Response> dispatch(http::Request request);
  std::optional<http::Response> open_path(std::string_view path, std::string_view method) const;
  asio::awaitable<Result<http::Response>> admit(http::Request request, Router::Match match);
  http::Response upgrade(Identity identity);
  void watch_readiness();
  asio::awaitable<void> watch_owners();
  void count();
  asio::awaitable<void> leave();

  runtime::Runtime& runtime_;
  bus::Client& bus_;
  GatewayOptions options_;
  AccessRules rules_;
  Backend backend_;
  Backend probe_;                                 // with little patience, for /readyz
  std::string owners_trouble_ = "not asked yet";  // why they do not answer; empty: they do
  Streams streams_;
  TaskDoor tasks_;
  NativeDoor native_;
  WsDoor ws_;
  Router router_;
  http::Server server_;
};

}  // namespace convoke::api
