#include "telemetry/trace.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace convoke;
using namespace convoke::telemetry;

namespace {

Tracer make_tracer(std::int64_t& clock, std::size_t capacity = 100) {
  return Tracer({"worker", capacity}, [n = std::uint64_t{0}]() mutable { return ++n; }, [&clock] { return clock; });
}

constexpr std::string_view example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE("trace: the traceparent of W3C Trace Context, there and back") {
  const auto context = parse_traceparent(example);
  REQUIRE(context);
  CHECK(trace_id_hex(*context) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(span_id_hex(context->span) == "00f067aa0ba902b7");
  CHECK(format_traceparent(*context) == example);
}

TEST_CASE("trace: what is no traceparent is none, a later version is read as far as we know") {
  CHECK_FALSE(parse_traceparent(""));
  CHECK_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7"));
  CHECK_FALSE(parse_traceparent("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"));
  CHECK_FALSE(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  CHECK_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
  CHECK_FALSE(parse_traceparent("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  CHECK_FALSE(parse_traceparent(std::string(example) + "-more"));
  CHECK(parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
}

TEST_CASE("tracer: a child shares its parent's trace, a root begins one") {
  std::int64_t clock = 1000;
  auto tracer = make_tracer(clock);
  auto root = tracer.start("run", SpanKind::server);
  auto child = tracer.start("chat model", SpanKind::client, root.context, "session-1");
  CHECK(root.parent == 0);
  CHECK(child.context.trace == root.context.trace);
  CHECK(child.parent == root.context.span);
  CHECK(child.context.span != root.context.span);
  clock = 3000;
  tracer.end(std::move(child), SpanStatus::error, "no");
  clock = 500;  // the wall clock stepped back
  tracer.end(std::move(root));
  const auto spans = tracer.drain(10);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].end_unix_us == 3000);
  CHECK(spans[0].service == "worker");
  CHECK(spans[1].end_unix_us == 1000);
  CHECK(tracer.waiting() == 0);
}

TEST_CASE("tracer: the oldest spans are dropped and counted, batches come in order") {
  std::int64_t clock = 0;
  auto tracer = make_tracer(clock, 3);
  for (int i = 0; i < 5; ++i) tracer.end(tracer.start(std::to_string(i), SpanKind::internal));
  CHECK(tracer.dropped() == 2);
  std::string observed;
  tracer.add_observer([&observed](const Span& span) { observed = span.name; });
  const auto first = tracer.drain(2);
  REQUIRE(first.size() == 2);
  CHECK(first[0].name == "2");
  CHECK(tracer.drain(2).size() == 1);
  tracer.end(tracer.start("seen", SpanKind::internal));
  CHECK(observed == "seen");
  CHECK(tracer.waiting() == 1);
}

TEST_CASE("otlp: ids in hexadecimal, times as strings in nanoseconds, enums as numbers, services apart") {
  std::int64_t clock = 1'700'000'000'000'000;
  auto tracer = make_tracer(clock);
  auto span = tracer.start("execute_tool book", SpanKind::internal, *parse_traceparent(example), "s1");
  span.set("gen_ai.tool.name", "book\xFF");
  tracer.end(std::move(span), SpanStatus::ok);
  auto other = tracer.start("turn", SpanKind::server);
  other.service = "groupchat";
  tracer.end(std::move(other));
  const auto spans = tracer.drain(10);
  const auto body = nlohmann::json::parse(otlp_json(spans));
  REQUIRE(body["resourceSpans"].size() == 2);
  const auto& resource = body["resourceSpans"][1];
  CHECK(resource["resource"]["attributes"][0]["value"]["stringValue"] == "worker");
  const auto& encoded = resource["scopeSpans"][0]["spans"][0];
  CHECK(encoded["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(encoded["parentSpanId"] == "00f067aa0ba902b7");
  CHECK(encoded["startTimeUnixNano"] == "1700000000000000000");
  CHECK(encoded["kind"] == 1);
  CHECK(encoded["status"]["code"] == 1);
}
