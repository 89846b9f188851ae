#include "telemetry/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace convoke::telemetry;

namespace {

/// What `action` writes to standard error.
template <class Action> std::string captured(Action action) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  action();
  log::flush();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(ends[1]);
  std::string text(64 * 1024, '\0');
  const auto count = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return text;
}

}  // namespace

TEST_CASE("log: one JSON object a line, whatever the message contains") {
  log::set_up({"worker", "r-1", log::Level::info});
  const auto context = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  const auto line = captured([&] { log::traced(log::Level::warn, *context, "a \"{}\"\n\t\xFF\x01", "quoted"); });
  CHECK(line.find('\n') == line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  CHECK(object["level"] == "warn");
  CHECK(object["service"] == "worker");
  CHECK(object["replica"] == "r-1");
  CHECK(object["msg"] == "a \"quoted\"\n\t\xEF\xBF\xBD\x01");
  CHECK(object["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(object["span_id"] == "00f067aa0ba902b7");
  CHECK(object["ts"].get<std::string>().size() == 27);
}

TEST_CASE("log: lines are counted per level; below the level nothing is written or counted") {
  log::set_up({"worker", "", log::Level::info});
  const auto errors = log::count(log::Level::error);
  const auto debugs = log::count(log::Level::debug);
  const auto text = captured([] {
    log::error("x {}", 1);
    log::debug("y");
  });
  CHECK(text.find("x 1") != std::string::npos);
  CHECK(text.find("\"y\"") == std::string::npos);
  CHECK(log::count(log::Level::error) == errors + 1);
  CHECK(log::count(log::Level::debug) == debugs);
  CHECK(log::parse_level("debug") == log::Level::debug);
  CHECK_FALSE(log::parse_level("loud"));
}
