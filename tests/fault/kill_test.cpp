// Every process is killed in turn while ten tasks run.
#include <signal.h>

#include <catch2/catch.hpp>

#include "fault/work.hpp"

using namespace convoke::test;

TEST_CASE("kill -9: whichever process dies, all tasks complete, once, and who watches misses nothing") {
  Installation installation;
  for (const std::string victim :
       {"gateway", "intercom", "groupchat", "planner", "executor", "worker-HrAgent-1", "worker-ProductAgent-1", "model", "redis"}) {
    INFO(victim);
    Work work(installation, victim);
    const auto pid = installation.pid(victim);
    work.run_through([&] { ::kill(pid, SIGKILL); });
    work.check();
    CHECK(installation.wait_ready());
    CHECK(installation.restarts(victim) == 1);
    CHECK(installation.pid(victim) != pid);
  }
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("kill -9: all processes at once, twice") {
  Installation installation;
  Work work(installation, "all");
  work.run_through([&] {
    for (int round = 1; round <= 2; ++round) {
      const auto status = installation.status();
      REQUIRE(!status.is_null());
      for (const auto& process : status["processes"])
        if (const pid_t pid = process["pid"]; pid > 0) ::kill(pid, SIGKILL);
      REQUIRE(eventually(std::chrono::seconds(30), [&] { return installation.restarts("redis") == round; }));
      REQUIRE(installation.wait_ready());
    }
  });
  work.check();
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
