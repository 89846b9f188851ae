// Installations that end, one way or another, and are started again on the same folder.
#include <catch2/catch.hpp>
#include <set>

#include "support/installation.hpp"

using namespace convoke::test;

TEST_CASE("restart: a plan that waits for approval waits on, and is carried out") {
  TempDir folder;
  std::string plan;
  {
    Installation installation(folder.path());
    const auto task = installation.task("paused", "Onboard a new employee, Jessica Smith.", "each_step");
    plan = task["plan"].get<std::string>();
    const auto waiting = installation.plan_when(plan, [](const Json& each) { return !each["requests"].empty(); });
    REQUIRE(!waiting["requests"].empty());
    CHECK(installation.stop() == Exit{0, 0});
    CHECK(installation.errors() == std::vector<std::string>{});
  }
  Installation installation(folder.path());
  CHECK(installation.post("/api/approve_step_or_steps", {{"plan_id", plan}, {"approved", true}}).status == 200);
  const auto ended = installation.ended_plan(plan);
  CHECK(ended["overall_status"] == "completed");
  CHECK(installation.effects().size() == ended["steps"].size());
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("restart: tasks that run when all is stopped, or dies with its supervisor, go on where they were") {
  for (const bool killed : {false, true}) {
    INFO((killed ? "killed" : "stopped"));
    TempDir folder;
    std::vector<std::string> plans;
    {
      Installation installation(folder.path());
      for (int i = 0; i < 6; ++i) {
        const auto task = installation.task("s" + std::to_string(i), "Onboard a new employee, Jessica Smith.", "none");
        plans.push_back(task["plan"].get<std::string>());
      }
      REQUIRE(eventually(std::chrono::seconds(60), [&] { return !installation.effects().empty(); }));
      if (killed)
        installation.kill();
      else
        CHECK(installation.stop() == Exit{0, 0});
    }
    Installation installation(folder.path());
    std::size_t steps = 0;
    for (const auto& id : plans) {
      const auto ended = installation.ended_plan(id);
      INFO(ended.dump());
      CHECK(ended["overall_status"] == "completed");
      steps += ended["steps"].size();
    }
    std::set<std::string> keys;
    for (const auto& effect : installation.effects()) keys.insert(effect["key"].get<std::string>());
    CHECK(installation.effects().size() == steps);
    CHECK(keys.size() == steps);
    CHECK(installation.stop() == Exit{0, 0});
    CHECK(installation.errors() == std::vector<std::string>{});
  }
}
