// The WebSocket door, performed: connections, their subscriptions, and their commands in order.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "api/common/access.hpp"
#include "api/settings.hpp"
#include "http/websocket.hpp"
#include "runtime/runtime.hpp"

namespace convoke::api {

class WsDoor {
 public:
  WsDoor(const GatewayOptions& options, runtime::Runtime& runtime, Backend& backend, Streams& streams)
      : options_(options), runtime_(runtime), backend_(backend), streams_(streams) {}

  /// Serves one connection until it ends.
  asio::awaitable<void> serve(std::shared_ptr<http::WebSocket> socket, Identity identity);

 private:
  class Connection;
  const GatewayOptions& options_;
  runtime::Runtime& runtime_;
  Backend& backend_;
  Streams& streams_;
};

}  // namespace convoke::api
