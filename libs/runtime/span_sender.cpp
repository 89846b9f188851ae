#include "runtime/span_sender.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "core/async.hpp"
#include "core/hash.hpp"

namespace convoke::runtime {
namespace {

constexpr Millis interval{500};
constexpr std::size_t spans_at_once = 2'048;

wire::SpanT to_wire(const telemetry::Span& span, const std::string& replica) {
  wire::SpanT result;
  result.trace_hi = span.context.trace.hi;
  result.trace_lo = span.context.trace.lo;
  result.id = span.context.span;
  result.parent = span.parent;
  result.name = span.name;
  result.service = span.service;
  result.replica = replica;
  result.start_us = span.start_unix_us;
  result.end_us = span.end_unix_us;
  result.session = span.session;
  auto attributes = nlohmann::json::object();
  for (const auto& [key, value] : span.attributes) {
    if (key == "convoke.run") result.run = value;
    attributes[key] = value;
  }
  if (span.status == telemetry::SpanStatus::error) {
    attributes["error.type"] = span.status_message;
    result.fault = static_cast<std::uint16_t>(Fault::internal);
  }
  result.attributes = attributes.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return result;
}

void send_batch(bus::Client& bus, const std::string& session, wire::SpanBatchT spans) {
  wire::PushT push;
  push.body.Set(std::move(spans));
  auto message = wire::message(std::move(push));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of("s:" + session);
  bus.send(std::move(message));
}

}  // namespace

void flush_spans(Runtime& runtime, bus::Client& bus) {
  const auto replica = to_string(runtime.replica());
  std::map<std::string, wire::SpanBatchT> by_session;
  for (const auto& span : runtime.tracer().drain(spans_at_once))
    if (!span.session.empty()) by_session[span.session].spans.push_back(to_wire(span, replica));
  for (auto& [session, spans] : by_session) send_batch(bus, session, std::move(spans));
}

boost::asio::awaitable<void> send_spans(Runtime& runtime, bus::Client& bus) {
  while (true) {
    co_await sleep_for(interval);
    flush_spans(runtime, bus);
  }
}

}  // namespace convoke::runtime
