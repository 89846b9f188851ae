#include "api/spans.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "core/async.hpp"
#include "core/hash.hpp"

namespace convoke::api {
namespace {

constexpr std::size_t batch = 512;

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
  nlohmann::json attributes = nlohmann::json::object();
  for (const auto& [name, value] : span.attributes) attributes[name] = value;
  if (span.status == telemetry::SpanStatus::error) attributes["error.type"] = span.status_message;
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

void flush_spans(runtime::Runtime& runtime, bus::Client& bus) {
  const auto replica = to_string(runtime.replica());
  std::map<std::string, wire::SpanBatchT> by_session;
  for (const auto& span : runtime.tracer().drain(batch))
    if (!span.session.empty()) by_session[span.session].spans.push_back(to_wire(span, replica));
  for (auto& [session, spans] : by_session) send_batch(bus, session, std::move(spans));
}

asio::awaitable<void> send_spans(runtime::Runtime& runtime, bus::Client& bus) {
  while (true) {
    co_await sleep_for(Millis{500});
    const auto cancelled = co_await asio::this_coro::cancellation_state;
    if (cancelled.cancelled() != asio::cancellation_type::none) co_return;
    flush_spans(runtime, bus);
  }
}

}  // namespace convoke::api
