#include "runtime/runtime.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "http/client.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

using namespace convoke;
using namespace convoke::test;
using namespace std::chrono_literals;

namespace {

/// The process and a client on its health socket.
struct Idle {
  TempDir folder;
  boost::asio::io_context io;
  http::Client client{io, {}};
  Process process;

  explicit Idle(std::vector<std::string> flags = {}) : process(Command{arguments(std::move(flags), folder.file("health")), {}, {}}) {}

  static std::vector<std::string> arguments(std::vector<std::string> flags, const std::string& socket) {
    flags.insert(flags.begin(), {program("test_idle_process"), "--process.health=unix:" + socket});
    return flags;
  }

  http::Response get(const std::string& path) {
    http::ClientRequest request;
    request.url = "http://localhost" + path;
    request.unix_socket = folder.file("health");
    request.total_deadline = Millis{1000};
    auto answer = run(io, client.send(request));
    if (answer) return *answer;
    http::Response none;
    none.status = -static_cast<int>(answer.error().code);
    return none;
  }
  bool await_ready() {
    return eventually(10s, [this] { return get("/readyz").status == 200; });
  }
  bool logged(const std::string& text) const { return process.err().find(text) != std::string::npos; }
};

}  // namespace

TEST_CASE("runtime: not ready with the reason, then ready; alive, measured, and with its own route") {
  Idle idle;
  std::string reason;
  REQUIRE(eventually(10s, [&] {
    const auto answer = idle.get("/readyz");
    if (answer.status == 503) reason = answer.body;
    return answer.status == 200;
  }));
  if (!reason.empty()) CHECK(reason.find("warming up") != std::string::npos);
  CHECK(idle.logged("not ready: idle: warming up"));
  CHECK(idle.get("/healthz").body.find("\"name\":\"idle\"") != std::string::npos);
  const auto metrics = idle.get("/metrics");
  CHECK(metrics.headers.get("content-type").starts_with("text/plain"));
  CHECK(metrics.body.find("convoke_ready 1") != std::string::npos);
  CHECK(metrics.body.find("convoke_tasks 1") != std::string::npos);
  CHECK(idle.get("/route").body == "route /route");
  CHECK(idle.get("/nothing").status == 404);
  CHECK(idle.process.error_lines().empty());
}

TEST_CASE("runtime: SIGTERM drains in order, not ready meanwhile, and ends with 0") {
  Idle idle({"--idle.finish=500ms"});
  REQUIRE(idle.await_ready());
  idle.process.signal(SIGTERM);
  CHECK(eventually(5s, [&] { return idle.get("/readyz").body.find("draining: SIGTERM") != std::string::npos; }));
  CHECK(idle.process.wait(10s) == Exit{0, 0});
  const auto log = idle.process.err();
  const auto accept = log.find("step accept");
  const auto finish = log.find("step finish");
  const auto flush = log.find("step flush");
  CHECK(accept < finish);
  CHECK(finish < flush);
  CHECK(flush < log.find("stopped with 0"));
  CHECK(log.find("stopped with 0") != std::string::npos);
  CHECK(idle.process.error_lines().empty());
}

TEST_CASE("runtime: what does not finish by the drain deadline is named, and the process leaves with 1") {
  Idle idle({"--idle.finish=1h", "--process.drain_deadline=300ms"});
  REQUIRE(idle.await_ready());
  idle.process.signal(SIGINT);
  CHECK(idle.process.wait(10s) == Exit{1, 0});
  CHECK(idle.logged("drain: not done in time: drain finish"));
}

TEST_CASE("runtime: a task that does not end when cancelled cannot hold the process") {
  Idle idle({"--idle.stubborn=true", "--process.drain_deadline=300ms"});
  REQUIRE(idle.await_ready());
  idle.process.signal(SIGTERM);
  CHECK(idle.process.wait(10s) == Exit{1, 0});
  CHECK(idle.logged("still running at the end: idle"));
}

TEST_CASE("runtime: a second signal ends the process at once") {
  Idle idle({"--idle.finish=1h"});
  REQUIRE(idle.await_ready());
  idle.process.signal(SIGTERM);
  REQUIRE(eventually(5s, [&] { return idle.logged("step finish"); }));
  idle.process.signal(SIGTERM);
  CHECK(idle.process.wait(5s) == Exit{128 + SIGTERM, 0});
}

TEST_CASE("runtime: a task that must not fail takes the process with it, in order, and is logged as an error") {
  Idle idle({"--idle.fail_after=100ms"});
  CHECK(idle.process.wait(10s) == Exit{1, 0});
  REQUIRE(idle.process.error_lines().size() == 1);
  CHECK(idle.process.error_lines()[0].find("task failing failed: as it was told to") != std::string::npos);
  CHECK(idle.logged("step flush"));
}

TEST_CASE("runtime: a loop that does not turn does not answer") {
  Idle idle({"--idle.block=true"});
  REQUIRE(eventually(5s, [&] { return idle.logged("\"msg\":\"ready\""); }));
  CHECK(idle.get("/healthz").status == -static_cast<int>(Fault::deadline));
}

TEST_CASE("runtime: an address in use is a clear error and an exit, not a hang") {
  TempDir folder;
  Idle first;
  REQUIRE(first.await_ready());
  Process second(Command{Idle::arguments({}, first.folder.file("health")), {}, {}});
  CHECK(second.wait(10s) == Exit{1, 0});
  CHECK(second.err().find("cannot listen on unix:") != std::string::npos);
}

TEST_CASE("runtime: options that cannot be used are refused") {
  runtime::ProcessOptions options;
  options.log_level = "shouting";
  CHECK_THROWS_AS(runtime::Runtime(options), std::invalid_argument);
  options.log_level = "info";
  options.replica = "number one";
  CHECK_THROWS_AS(runtime::Runtime(options), std::invalid_argument);
}
