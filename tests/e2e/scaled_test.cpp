// More than one of everything gives the same results.
#include <signal.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "support/installation.hpp"

using namespace convoke::test;

namespace {

std::vector<Json> replies(const Json& plan) {
  std::vector<Json> texts;
  for (const auto& step : plan["steps"]) texts.push_back(Json::array({step["agent"], step.value("function", ""), step["agent_reply"]}));
  return texts;
}

}  // namespace

TEST_CASE("scaled: two groupchats, two executors, two planners and three workers give the same results") {
  Installation installation;
  const std::map<std::string, std::string> tasks = {{"onboard", "Onboard a new employee, Jessica Smith."},
                                                    {"grant", "Please grant Maria Lopez access to the sales database."}};
  std::map<std::string, std::vector<Json>> expected;
  for (const auto& [name, description] : tasks) {
    const auto plan = installation.ended_plan(installation.task(name, description, "none")["plan"]);
    REQUIRE(plan["overall_status"] == "completed");
    expected[name] = replies(plan);
  }
  const auto effects = installation.effects().size();

  const auto groupchat = installation.another("groupchat", "groupchat-2");
  const auto executor = installation.another("executor", "executor-2");
  const auto planner = installation.another("planner", "planner-2");
  CHECK(installation.cli({"scale", "HrAgent", "3"}).code == 0);
  CHECK(installation.cli({"scale", "Nobody", "3"}).code == 4);
  CHECK(installation.cli({"scale", "HrAgent", "many"}).code == 2);
  REQUIRE(installation.wait_ready());
  // Both hold their share, and nobody is missing.
  CHECK(eventually(std::chrono::seconds(30), [&] {
    const auto first = installation.metric("groupchat", "convoke_partitions");
    const auto second = installation.metric("groupchat-2", "convoke_partitions");
    return first + second == 256 && first > 64 && second > 64;
  }));
  CHECK(eventually(std::chrono::seconds(30), [&] {
    const auto directory = installation.get("/api/directory").body;
    std::set<std::string> names;
    for (const auto& replica : directory["replicas"]) names.insert(replica["name"]);
    return directory["partitions_held"] == 256 && names.contains("executor-2") && names.contains("planner-2") &&
           names.contains("worker-HrAgent-2") && names.contains("worker-HrAgent-3");
  }));

  std::map<std::string, std::string> plans;
  for (int i = 0; i < 6; ++i) {
    for (const auto& [name, description] : tasks) {
      const auto task = installation.task(name + std::to_string(i), description, "none");
      plans[task["plan"]] = name;
    }
  }
  std::size_t steps = 0;
  for (const auto& [id, name] : plans) {
    const auto plan = installation.ended_plan(id);
    INFO(plan.dump());
    CHECK(plan["overall_status"] == "completed");
    CHECK(replies(plan) == expected[name]);
    steps += plan["steps"].size();
  }
  std::set<std::string> keys;
  for (const auto& effect : installation.effects()) keys.insert(effect["key"]);
  CHECK(installation.effects().size() == effects + steps);
  CHECK(keys.size() == effects + steps);
  CHECK(installation.cli({"scale", "HrAgent", "1"}).code == 0);
  // A groupchat that is asked to leave hands over what it holds.
  groupchat.signal(SIGTERM);
  CHECK(eventually(std::chrono::seconds(30), [&] { return installation.metric("groupchat", "convoke_partitions") == 256; }));
  const auto last = installation.task("last", tasks.at("grant"), "none");
  CHECK(replies(installation.ended_plan(last["plan"])) == expected["grant"]);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
