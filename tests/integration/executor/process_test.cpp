// convoke-executor as a process: decisions through a real intercom, and an orderly end.
#include <catch2/catch.hpp>

#include <csignal>

#include "agents/team/load.hpp"
#include "owner.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

using namespace convoke;
using namespace std::chrono_literals;

namespace {

agents::Team company() {
  auto team = agents::load_team(COMPANY_FILE);
  REQUIRE(team);
  team->approval = agents::Approval::none;
  return std::move(*team);
}

wire::WorkT deciding(std::uint64_t number) {
  wire::WorkT work;
  work.session = "s1";
  work.agent = "system.executor";
  work.turn = number;
  work.attempt = 1;
  work.kind = wire::TurnKind::deciding;
  work.team = "company";
  work.team_version = 3;
  work.now_ms = 5'000;
  work.plan = std::make_unique<wire::PlanT>();
  work.plan->id = "s1~p1";
  work.plan->team = "company";
  wire::PlanEventT event;
  event.number = 1;
  event.kind = wire::PlanEventKind::proposed;
  event.draft = std::make_unique<wire::PlanDraftT>();
  event.draft->steps.emplace_back();
  event.draft->steps.back().agent = "HrAgent";
  event.draft->steps.back().action = "Do it.";
  work.inbox.push_back(std::move(event));
  return work;
}

std::vector<std::string> executor_command(const std::string& endpoint, const std::string& folder) {
  return {test::program("convoke-executor"), "--process.intercoms=" + endpoint, "--process.data=" + folder,
          "--process.health=unix:" + folder + "/health-executor"};
}

}  // namespace

TEST_CASE("executor: a deciding turn is decided by the rules of the run's team version") {
  test::TempDir folder;
  const auto endpoint = "ipc://" + folder.file("intercom");
  test::Process intercom({{test::program("convoke-intercom"), "--intercom.bind=" + endpoint, "--intercom.hold_back=50ms",
                           "--process.health=unix:" + folder.file("health")},
                          {},
                          {}});
  boost::asio::io_context io;
  turns_test::Owner owner(io, endpoint);
  owner.serve_team(company(), 3);
  owner.start();
  test::Process executor({executor_command(endpoint, folder.path().string()), {}, {}});
  REQUIRE(test::run_until(io, 20s, [&] { return owner.ready(); }));
  owner.give(deciding(1));
  REQUIRE(test::run_until(io, 20s, [&] { return owner.turn(1).closed; }));
  const auto& result = *owner.turn(1).result;
  CAPTURE(result.text);
  REQUIRE(result.decision);
  REQUIRE(result.decision->assign.size() == 1);
  CHECK(result.decision->assign[0].agent == "company.HrAgent");
  CHECK(result.decision->plan->steps[0].started_ms == 5'000);
  CHECK(result.decision->consumed == 1);

  executor.signal(SIGTERM);
  const auto end = executor.wait(20s);
  REQUIRE(end);
  CHECK(end->code == 0);
  CHECK(executor.error_lines().empty());
}
