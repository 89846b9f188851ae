#include "telemetry/metrics.hpp"

#include <catch2/catch.hpp>

using namespace convoke::telemetry;

TEST_CASE("metrics: what was counted is in the text, once per set of labels") {
  Metrics metrics;
  auto one = metrics.counter("turns_total", "turns", {{"agent", "a"}});
  auto again = metrics.counter("turns_total", "turns", {{"agent", "a"}});
  auto other = metrics.counter("turns_total", "turns", {{"agent", "b"}});
  one.add();
  again.add(2);
  other.add(5);
  auto depth = metrics.gauge("queue_bytes", "bytes");
  metrics.before_exposition([&depth] { depth.set(42); });
  metrics.histogram("wait_seconds", "waiting", {}, {0.1, 1}).observe(0.5);
  const auto text = metrics.expose();
  CHECK(one.value() == 3);
  CHECK(text.find("turns_total{agent=\"a\"} 3") != std::string::npos);
  CHECK(text.find("turns_total{agent=\"b\"} 5") != std::string::npos);
  CHECK(text.find("queue_bytes 42") != std::string::npos);
  CHECK(text.find("wait_seconds_bucket{le=\"0.1\"} 0") != std::string::npos);
  CHECK(text.find("wait_seconds_bucket{le=\"1\"} 1") != std::string::npos);
}

TEST_CASE("metrics: a handle that was never given counts nothing") {
  Counter counter;
  counter.add();
  Gauge().set(3);
  Histogram().observe(1);
  CHECK(counter.value() == 0);
}
