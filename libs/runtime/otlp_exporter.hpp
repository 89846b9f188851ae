// Sends spans to an OpenTelemetry collector by OTLP/HTTP JSON, where one is configured. Spans are soft: the queue is bounded, the oldest
// are dropped and counted when the collector is away for long. Link convoke_otlp (it brings the HTTP client).
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/async.hpp"
#include "core/backoff.hpp"
#include "http/client.hpp"
#include "runtime/runtime.hpp"

namespace convoke::runtime {

/// Section `otlp`.
struct OtlpOptions {
  std::string endpoint;              // http://collector:4318; empty: nothing is exported
  std::vector<std::string> headers;  // "name: value", for collectors that want a key
  std::size_t queue = 8192;          // spans

  template <class Fields> void describe(Fields& field) {
    field("endpoint", endpoint, "collector, such as http://localhost:4318; empty: nothing is exported");
    field.secret("headers", headers, "headers to send along, each name: value");
    field("queue", queue, "spans kept while the collector is away");
  }
};

class OtlpExporter {
 public:
  /// Takes the spans of this process from now on; does nothing without an endpoint. Must live until the runtime has ended.
  OtlpExporter(Runtime& runtime, OtlpOptions options);

  /// A span of another process, for who keeps them.
  void add(const telemetry::Span& span);

  std::uint64_t exported() const { return exported_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  enum class Outcome : std::uint8_t { done, refused, again };
  asio::awaitable<void> run();
  asio::awaitable<Outcome> send_batch();
  asio::awaitable<void> flush();

  Runtime& runtime_;
  OtlpOptions options_;
  http::Client client_;
  std::deque<telemetry::Span> queue_;
  Event filled_;
  Backoff backoff_;
  Millis pause_{0};
  bool sending_ = false;
  std::uint64_t exported_ = 0;
  std::uint64_t dropped_ = 0;
  telemetry::Counter exported_count_;
  telemetry::Counter dropped_count_;
};

}  // namespace convoke::runtime
