#include "telemetry/trace.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace convoke::telemetry {
namespace {

bool lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::uint64_t from_hex(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  // W3C Trace Context, 3.2.2: version "-" trace-id "-" parent-id "-" flags; ff is no version, and only 00 has this exact length.
  if (header.size() < 55 || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const auto version = header.substr(0, 2);
  const auto trace = header.substr(3, 32);
  const auto span = header.substr(36, 16);
  if (!lower_hex(version) || version == "ff" || !lower_hex(trace) || !lower_hex(span) || !lower_hex(header.substr(53, 2)))
    return std::nullopt;
  if (header.size() > 55 && (version == "00" || header[55] != '-')) return std::nullopt;
  TraceContext context{Uuid{from_hex(trace.substr(0, 16)), from_hex(trace.substr(16))}, from_hex(span)};
  if (!context) return std::nullopt;
  return context;
}

std::string format_traceparent(const TraceContext& context) {
  return fmt::format("00-{}-{}-01", trace_id_hex(context), span_id_hex(context.span));
}

std::string trace_id_hex(const TraceContext& context) { return fmt::format("{:016x}{:016x}", context.trace.hi, context.trace.lo); }

std::string span_id_hex(std::uint64_t span) { return fmt::format("{:016x}", span); }

Tracer::Tracer(TracerOptions options, std::function<std::uint64_t()> random, std::function<std::int64_t()> unix_us)
    : options_(std::move(options)), random_(std::move(random)), unix_us_(std::move(unix_us)) {}

std::uint64_t Tracer::new_span_id() {
  const auto id = random_();
  return id != 0 ? id : 1;  // all zeros is invalid
}

Span Tracer::start(std::string name, SpanKind kind, const TraceContext& parent, std::string session) {
  Span span;
  span.context.trace = parent ? parent.trace : Uuid{random_(), new_span_id()};
  span.context.span = new_span_id();
  span.parent = parent ? parent.span : 0;
  span.name = std::move(name);
  span.kind = kind;
  span.service = options_.service;
  span.session = std::move(session);
  span.start_unix_us = unix_us_();
  return span;
}

void Tracer::end(Span span, SpanStatus status, std::string message) {
  span.end_unix_us = std::max(unix_us_(), span.start_unix_us);  // the wall clock may step back
  span.status = status;
  span.status_message = std::move(message);
  record(std::move(span));
}

void Tracer::record(Span span) {
  if (span.service.empty()) span.service = options_.service;
  for (const auto& observer : observers_) observer(span);
  finished_.push_back(std::move(span));
  if (finished_.size() <= options_.capacity) return;
  finished_.pop_front();
  ++dropped_;
}

std::vector<Span> Tracer::drain(std::size_t max) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(max, finished_.size()));
  std::vector<Span> taken(std::make_move_iterator(finished_.begin()), std::make_move_iterator(finished_.begin() + count));
  finished_.erase(finished_.begin(), finished_.begin() + count);
  return taken;
}

}  // namespace convoke::telemetry
