// Processes that stop answering and come back later, believing that nothing happened.
#include <signal.h>

#include <catch2/catch.hpp>

#include "fault/work.hpp"

using namespace convoke::test;

TEST_CASE("SIGSTOP: a frozen groupchat is replaced, and does no harm when it wakes up") {
  Installation installation;
  auto second = installation.another("groupchat", "groupchat-2");
  const auto shared = [&] {
    const auto first = installation.metric("groupchat", "convoke_partitions");
    const auto other = installation.metric("groupchat-2", "convoke_partitions");
    return first + other == 256 && other > 64;
  };
  REQUIRE(eventually(std::chrono::seconds(30), shared));
  Work work(installation, "frozen");
  work.run_through([&] {
    second.signal(SIGSTOP);
    REQUIRE(eventually(std::chrono::seconds(30), [&] { return installation.metric("groupchat", "convoke_partitions") == 256; }));
  });
  work.check();
  // Awake again, it learns that its partitions are another's, and takes its share anew.
  Work after(installation, "awake");
  after.run_through([&] { second.signal(SIGCONT); });
  after.check();
  CHECK(eventually(std::chrono::seconds(90), shared));
  second.signal(SIGTERM);
  CHECK(second.wait(std::chrono::seconds(30)) == Exit{0, 0});
  CHECK(second.error_lines() == std::vector<std::string>{});
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("SIGSTOP: whom the supervisor finds frozen it replaces") {
  Installation installation;
  for (const std::string victim : {"groupchat", "executor"}) {
    INFO(victim);
    Work work(installation, victim);
    const auto pid = installation.pid(victim);
    work.run_through([&] {
      ::kill(pid, SIGSTOP);
      REQUIRE(eventually(std::chrono::seconds(30), [&] { return installation.restarts(victim) == 1; }));
    });
    work.check();
    CHECK(installation.wait_ready());
  }
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
