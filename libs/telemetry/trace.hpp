// Spans of OpenTelemetry's data model and the W3C trace context that ties them together over processes. A Tracer belongs to one process
// and one thread: it keeps finished spans in a bounded buffer until a sink takes them in batches; the oldest are dropped, and counted,
// when nobody takes them. Names and attributes follow the OpenTelemetry conventions (GenAI, messaging); everything is sampled.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/id.hpp"

namespace convoke::telemetry {

/// Which trace, and which span of it is the parent of what comes next. Empty: no trace.
struct TraceContext {
  Uuid trace;              // 128 bits, big-endian order of the hexadecimal text
  std::uint64_t span = 0;  // 64 bits, likewise
  bool operator==(const TraceContext&) const = default;
  explicit operator bool() const { return static_cast<bool>(trace) && span != 0; }
};

/// W3C Trace Context, `traceparent`, version 00 (higher versions are read as far as 00 goes). Empty when it is not well formed.
std::optional<TraceContext> parse_traceparent(std::string_view header);
std::string format_traceparent(const TraceContext& context);
std::string trace_id_hex(const TraceContext& context);  // 32 digits
std::string span_id_hex(std::uint64_t span);            // 16 digits

enum class SpanKind : std::uint8_t { internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };  // OTLP numbers
enum class SpanStatus : std::uint8_t { unset = 0, ok = 1, error = 2 };

struct Span {
  TraceContext context;      // its own ids
  std::uint64_t parent = 0;  // 0: the root of its trace
  std::string name;
  SpanKind kind = SpanKind::internal;
  std::string service;  // the process's service name
  std::string session;  // whose owner keeps it; empty: only exported
  std::int64_t start_unix_us = 0;
  std::int64_t end_unix_us = 0;
  std::vector<std::pair<std::string, std::string>> attributes;
  SpanStatus status = SpanStatus::unset;
  std::string status_message;

  void set(std::string key, std::string value) { attributes.emplace_back(std::move(key), std::move(value)); }
};

struct TracerOptions {
  std::string service;
  std::size_t capacity = 4096;  // finished spans kept until drained
};

class Tracer {
 public:
  /// `random` gives 64 bits, `unix_us` the wall clock in microseconds; both are handed in so that a simulation is repeatable.
  Tracer(TracerOptions options, std::function<std::uint64_t()> random, std::function<std::int64_t()> unix_us);

  /// A child of `parent`, or the root of a new trace when that is empty. The caller keeps the span and hands it back to `end`.
  Span start(std::string name, SpanKind kind, const TraceContext& parent = {}, std::string session = {});
  void end(Span span, SpanStatus status = SpanStatus::unset, std::string message = {});

  /// A span whose times are known already, such as a wait that ended.
  void record(Span span);

  /// Shown every finished span as well, before it waits to be drained; for a second destination, such as a collector.
  void add_observer(std::function<void(const Span&)> observer) { observers_.push_back(std::move(observer)); }

  /// Takes up to `max` finished spans, oldest first. There is one taker.
  std::vector<Span> drain(std::size_t max);
  std::size_t waiting() const { return finished_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::uint64_t new_span_id();
  TracerOptions options_;
  std::function<std::uint64_t()> random_;
  std::function<std::int64_t()> unix_us_;
  std::vector<std::function<void(const Span&)>> observers_;
  std::deque<Span> finished_;
  std::uint64_t dropped_ = 0;
};

/// OTLP/HTTP JSON body of `POST /v1/traces` (ids in hexadecimal, 64-bit integers as strings, enums as numbers).
std::string otlp_json(std::span<const Span> spans);

}  // namespace convoke::telemetry
