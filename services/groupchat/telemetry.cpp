// What is to be seen of the process: metrics of the core, the store and the bus, and spans of commits.
#include <algorithm>
#include <iterator>
#include <utility>

#include "groupchat/service.hpp"

namespace convoke::groupchat {
namespace {

constexpr Millis span_interval{500};
constexpr std::size_t spans_at_once = 2048;

}  // namespace

/// One span for each traced message of a commit that is OK.
void Service::trace_commit(const std::string& scope, const std::vector<wire::Trace>& traces, std::int64_t start_us, std::int64_t took_us) {
  if (!scope.starts_with("s:")) return;
  for (const auto& trace : traces) {
    const telemetry::TraceContext parent{{trace.hi(), trace.lo()}, trace.span()};
    telemetry::Span span = runtime_.tracer().start("commit", telemetry::SpanKind::internal, parent, scope.substr(2));
    span.start_unix_us = start_us;
    span.end_unix_us = start_us + took_us;
    runtime_.tracer().record(std::move(span));
  }
}

boost::asio::awaitable<void> Service::keep_spans() {
  while (true) {
    co_await sleep_for(span_interval);
    store_spans();
  }
}

/// Spans are soft: those of half a second go to Redis in one write per session.
void Service::keep_for_later(owner::AppendSpans spans) {
  spans_waiting_ += spans.spans.size();
  auto& waiting = waiting_spans_[spans.session];
  std::ranges::move(spans.spans, std::back_inserter(waiting));
  if (spans_waiting_ >= spans_at_once) store_spans();
}

void Service::store_spans() {
  for (auto& [session, spans] : std::exchange(waiting_spans_, {})) store_->spans_append(session, std::move(spans));
  spans_waiting_ = 0;
}

void Service::count(const std::string& name, const std::string& help, std::uint64_t value, const telemetry::Labels& labels) {
  std::string key = name;
  for (const auto& [label, text] : labels) key += "/" + text;
  auto& before = counted_[key];
  runtime_.metrics().counter(name, help, labels).add(static_cast<double>(value - before));
  before = value;
}

void Service::publish_metrics() {
  const auto& counters = core_.counters();
  static constexpr const char* kinds[] = {"session", "user", "team"};
  for (std::size_t i = 0; i < counters.commits.size(); ++i)
    count("convoke_commits_total", "Commits that are OK, by kind of scope", counters.commits[i], {{"scope", kinds[i]}});
  count("convoke_committed_messages_total", "Messages that were in them", counters.committed_messages);
  count("convoke_commits_refused_total", "Commits refused", counters.refused);
  count("convoke_commits_unknown_total", "Commits without an answer", counters.unknown);
  count("convoke_commands_repeated_total", "Commands answered from their record", counters.repeated);
  count("convoke_scope_loads_total", "Scopes read from Redis", counters.loads);
  count("convoke_scope_evictions_total", "Scopes that left the cache", counters.evictions);
  count("convoke_checks_total", "Checks of epochs before answers from memory", counters.checks);
  count("convoke_pages_total", "Pages of logs and parts read", counters.pages);
  count("convoke_claims_total", "Partitions claimed", counters.claims);
  count("convoke_partitions_lost_total", "Partitions that another replica took", counters.lost);
  count("convoke_forwarded_total", "Messages sent on to the winner of a partition", counters.forwarded);
  count("convoke_notes_dropped_total", "Volatile messages for what is not loaded", counters.notes_dropped);
  for (const auto& [fault, number] : counters.faults)
    count("convoke_faults_total", "Faults answered", number, {{"code", std::string(name_of(fault))}});
  const auto sizes = core_.sizes();
  const auto gauge = [&](const char* name, const char* help, std::size_t value) {
    runtime_.metrics().gauge(name, help).set(static_cast<double>(value));
  };
  gauge("convoke_scopes", "Scopes in memory", sizes.scopes);
  gauge("convoke_scope_bytes", "Bytes of their states", sizes.bytes);
  gauge("convoke_messages_waiting", "Messages waiting for their scope", sizes.waiting);
  gauge("convoke_commits_in_flight", "Commits unanswered", sizes.commits);
  gauge("convoke_largest_batch", "Most messages in one commit so far", counters.largest_batch);
  gauge("convoke_reads_waiting", "Pages being read or waiting to be", sizes.reads);
  gauge("convoke_partitions", "Partitions held", sizes.held);
  gauge("convoke_due", "Scopes to which something is owed", sizes.due);
  const auto stored = store_->counters();
  count("convoke_redis_writes_total", "System calls that sent something to Redis", stored.writes);
  count("convoke_redis_connects_total", "Connections made to Redis", stored.connects);
  count("convoke_spans_lost_total", "Spans that could not be kept", stored.spans_lost);
  const auto& bus = bus_.counters();
  count("convoke_bus_sent_total", "Messages sent", bus.sent);
  count("convoke_bus_received_total", "Messages received", bus.received);
  count("convoke_bus_stream_dropped_total", "Messages of class stream that were dropped", bus.stream_dropped);
  count("convoke_bus_losses_total", "Connections to an intercom lost", bus.losses);
}

}  // namespace convoke::groupchat
