// Every process is asked to leave in turn while ten tasks run.
#include <signal.h>

#include <catch2/catch.hpp>

#include "fault/work.hpp"

using namespace convoke::test;

TEST_CASE("SIGTERM: a process that leaves loses nothing") {
  Installation installation;
  for (const std::string leaver : {"gateway", "intercom", "groupchat", "planner", "executor", "worker-HrAgent-1", "model", "redis"}) {
    INFO(leaver);
    Work work(installation, leaver);
    const auto pid = installation.pid(leaver);
    work.run_through([&] { ::kill(pid, SIGTERM); });
    work.check();
    CHECK(eventually(std::chrono::seconds(30), [&] { return installation.restarts(leaver) == 1; }));
    CHECK(installation.wait_ready());
  }
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
