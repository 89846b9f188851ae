#include "runtime/otlp_exporter.hpp"

#include <algorithm>

#include "telemetry/log.hpp"

namespace convoke::runtime {
namespace {

namespace log = telemetry::log;

constexpr std::size_t batch_size = 512;
constexpr Millis batch_interval{1000};  // a batch waits so long for company
constexpr Millis request_deadline{10'000};
constexpr Millis flush_deadline{3'000};

}  // namespace

OtlpExporter::OtlpExporter(Runtime& runtime, OtlpOptions options)
    : runtime_(runtime),
      options_(std::move(options)),
      client_(runtime.io(), {.max_connections = 1, .max_idle_connections = 1}),
      filled_(runtime.io().get_executor()),
      backoff_(Millis{1000}, Millis{30'000}) {
  if (options_.endpoint.empty()) return;
  exported_count_ = runtime.metrics().counter("convoke_otlp_spans_exported_total", "Spans the collector took");
  dropped_count_ =
      runtime.metrics().counter("convoke_otlp_spans_dropped_total", "Spans dropped because the collector was away or refused them");
  runtime.tracer().add_observer([this](const telemetry::Span& span) { add(span); });
  runtime.on_drain(DrainStep::flush, "otlp", [this] { return flush(); });
  runtime.spawn("otlp", run());
}

void OtlpExporter::add(const telemetry::Span& span) {
  if (options_.endpoint.empty()) return;
  if (queue_.size() >= options_.queue) {
    queue_.pop_front();
    ++dropped_;
    dropped_count_.add();
  }
  queue_.push_back(span);
  if (queue_.size() >= batch_size) filled_.set();
}

asio::awaitable<void> OtlpExporter::run() {
  for (;;) {
    filled_.reset();
    co_await filled_.wait_for(batch_interval);
    if (sending_ || queue_.empty()) continue;  // sending_: the flush at the end is at work
    const auto outcome = co_await send_batch();
    if (outcome == Outcome::again) co_await sleep_for(pause_);
  }
}

/// The batch leaves the queue before it is sent: what arrives meanwhile may push others out, but not this one.
asio::awaitable<OtlpExporter::Outcome> OtlpExporter::send_batch() {
  const auto count = std::min(batch_size, queue_.size());
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  const std::vector<telemetry::Span> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  http::ClientRequest request;
  request.method = "POST";
  request.url = options_.endpoint + "/v1/traces";
  request.total_deadline = request_deadline;
  request.headers.add("Content-Type", "application/json");
  for (const auto& header : options_.headers) {
    const auto colon = header.find(':');
    const auto value = std::min(header.find_first_not_of(" :", colon), header.size());
    if (colon != std::string::npos) request.headers.add(header.substr(0, colon), header.substr(value));
  }
  request.body = telemetry::otlp_json(batch);
  sending_ = true;
  const auto answer = co_await client_.send(std::move(request));
  sending_ = false;
  if (answer && answer->status < 300) {
    exported_ += count;
    exported_count_.add(static_cast<double>(count));
    backoff_.succeeded();
    co_return Outcome::done;
  }
  const int status = answer ? answer->status : 0;
  const bool again = !answer || status == 429 || status == 502 || status == 503 || status == 504;  // OTLP 1.x, retryable codes
  log::warn("otlp: {}", answer ? "the collector answered " + std::to_string(status) : answer.error().message);
  if (!again) {
    dropped_ += count;
    dropped_count_.add(static_cast<double>(count));
    co_return Outcome::refused;
  }
  const auto asked = answer ? http::retry_after(*answer, runtime_.now().unix) : std::nullopt;
  pause_ = asked ? std::min(*asked, Millis{60'000}) : backoff_.next(system_random());
  queue_.insert(queue_.begin(), batch.begin(), batch.end());
  co_return Outcome::again;
}

/// At the end of the process: one more try for each batch.
asio::awaitable<void> OtlpExporter::flush() {
  const auto end = runtime_.now().steady + flush_deadline;
  while (runtime_.now().steady < end && (sending_ || !queue_.empty())) {
    if (sending_) {
      co_await sleep_for(Millis{10});
      continue;
    }
    const auto outcome = co_await send_batch();
    if (outcome == Outcome::again) co_return;
  }
}

}  // namespace convoke::runtime
