// Two gateways; who was connected to one that dies goes on at the other.
#include <signal.h>

#include <catch2/catch.hpp>

#include "fault/follower.hpp"
#include "support/installation.hpp"

using namespace convoke::test;

namespace {

// Where a gateway that chose its port itself listens; empty when it does not say so in time.
std::string address_of(const Process& gateway) {
  const std::string mark = "listening on ";
  std::string address;
  eventually(std::chrono::seconds(30), [&] {
    const auto said = gateway.out() + gateway.err();
    const auto at = said.find(mark);
    const auto end = at == std::string::npos ? at : said.find('"', at);
    if (end != std::string::npos) address = said.substr(at + mark.size(), end - at - mark.size());
    return !address.empty();
  });
  return address;
}

}  // namespace

TEST_CASE("gateways: each of two is killed in turn; who follows goes on at the other without a gap or a repeat") {
  Installation installation;
  auto second = installation.another("gateway", "gateway-2", {{"--http.listen", "127.0.0.1:0"}});
  const auto task = installation.task("followed", "Onboard a new employee, Jessica Smith.", "none");
  Follower follower(task["conversation"]);
  REQUIRE(eventually(std::chrono::seconds(30), [&] { return follower.connect(address_of(second)); }));
  REQUIRE(follower.until(1));
  second.kill();
  CHECK(follower.lost());
  REQUIRE(follower.connect(installation.address()));
  const auto before = follower.seen.size();
  REQUIRE(follower.until(before + 1));

  auto third = installation.another("gateway", "gateway-3", {{"--http.listen", "127.0.0.1:0"}});
  const auto first = installation.pid("gateway");
  ::kill(first, SIGKILL);
  CHECK(follower.lost());
  REQUIRE(eventually(std::chrono::seconds(30), [&] { return follower.connect(address_of(third)); }));
  CHECK(eventually(std::chrono::seconds(30), [&] { return installation.ready() && installation.pid("gateway") != first; }));
  CHECK(installation.ended_plan(task["plan"])["overall_status"] == "completed");
  const auto log = installation.events(task["conversation"]);
  CHECK(follower.until(log.size()));
  CHECK(follower.seen == log);
  third.signal(SIGTERM);
  CHECK(third.wait(std::chrono::seconds(30)) == Exit{0, 0});
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
