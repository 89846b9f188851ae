#include "runtime/otlp_exporter.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "http/server.hpp"
#include "support/coroutine.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

/// A collector that can be away.
struct Collector {
  int refuse_with = 0;
  std::string key;
  std::vector<std::string> names;
  int requests = 0;

  boost::asio::awaitable<http::Response> handle(http::Request request) {
    ++requests;
    key = request.headers.get("x-key");
    if (refuse_with != 0) {
      auto refusal = http::text_response(std::exchange(refuse_with, 0), "no");
      refusal.headers.add("Retry-After", "0");
      co_return refusal;
    }
    const auto body = nlohmann::json::parse(request.body);
    for (const auto& span : body["resourceSpans"][0]["scopeSpans"][0]["spans"]) names.push_back(span["name"]);
    co_return http::json_response(200, "{}");
  }
};

struct Fixture {
  runtime::Runtime runtime{options()};
  Collector collector;
  http::Server server{runtime.io(), {}, [this](http::Request request) { return collector.handle(std::move(request)); }};
  std::unique_ptr<runtime::OtlpExporter> exporter;

  static runtime::ProcessOptions options() {
    runtime::ProcessOptions options;
    options.name = "test";
    options.health = "";
    return options;
  }

  explicit Fixture(std::size_t queue = 100) {
    if (!server.listen()) throw std::runtime_error("cannot listen");
    boost::asio::co_spawn(runtime.io(), server.run(), [](const std::exception_ptr&) {});
    exporter = std::make_unique<runtime::OtlpExporter>(
        runtime, runtime::OtlpOptions{"http://" + server.address(), {"X-Empty:", "no name", "X-Key: secret"}, queue});
  }
  void span(const std::string& name) { runtime.tracer().end(runtime.tracer().start(name, telemetry::SpanKind::internal)); }
  bool until(const std::function<bool()>& predicate) { return run_until(runtime.io(), std::chrono::seconds(10), predicate); }
};

}  // namespace

TEST_CASE("otlp: spans reach the collector, with the configured header") {
  Fixture fixture;
  fixture.span("one");
  fixture.span("two");
  CHECK(fixture.until([&] { return fixture.exporter->exported() == 2; }));
  CHECK(fixture.collector.names == std::vector<std::string>{"one", "two"});
  CHECK(fixture.collector.key == "secret");
}

TEST_CASE("otlp: a collector that is overloaded is asked again, and gets each span once") {
  Fixture fixture;
  fixture.collector.refuse_with = 503;
  fixture.span("one");
  CHECK(fixture.until([&] { return fixture.exporter->exported() == 1; }));
  CHECK(fixture.collector.names == std::vector<std::string>{"one"});
  CHECK(fixture.collector.requests == 2);
}

TEST_CASE("otlp: what the collector refuses for good is dropped and counted, what comes after is sent") {
  Fixture fixture;
  fixture.collector.refuse_with = 400;
  fixture.span("bad");
  CHECK(fixture.until([&] { return fixture.exporter->dropped() == 1; }));
  fixture.span("good");
  CHECK(fixture.until([&] { return fixture.exporter->exported() == 1; }));
  CHECK(fixture.collector.names == std::vector<std::string>{"good"});
}

TEST_CASE("otlp: the queue is bounded; the newest spans are kept") {
  Fixture fixture(3);
  for (int i = 0; i < 5; ++i) fixture.span(std::to_string(i));
  CHECK(fixture.until([&] { return fixture.exporter->exported() == 3; }));
  CHECK(fixture.exporter->dropped() == 2);
  CHECK(fixture.collector.names == std::vector<std::string>{"2", "3", "4"});
}

TEST_CASE("otlp: the spans of the last moment leave before the process ends") {
  Fixture fixture;
  fixture.span("last");
  fixture.runtime.stop("the test is over");
  CHECK(fixture.runtime.run() == 0);
  CHECK_FALSE(fixture.runtime.ready());
  CHECK(fixture.collector.names == std::vector<std::string>{"last"});
}
