// More than one of everything gives the same results; none of something is waited for; what does not depend on each other runs at once.
#include <signal.h>

#include <catch2/catch.hpp>
#include <fstream>
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

// Spans of that name in the trace of a conversation, once there are so many.
std::vector<Json> spans(Installation& installation, const std::string& conversation, const std::string& name, std::size_t many) {
  std::vector<Json> found;
  eventually(std::chrono::seconds(20), [&] {
    found.clear();
    const auto trace = installation.get("/api/trace/" + conversation).body;
    for (const auto& span : trace.value("spans", Json::array()))
      if (span["name"] == name) found.push_back(span);
    return found.size() >= many;
  });
  return found;
}

constexpr auto two_agents = R"(name: pair
description: Two who need nothing of each other.
approval: none
models: {default: offline}
starting_tasks: [{id: both, name: Both, prompt: Sew a coat and plant a tree.}]
agents:
  - name: TailorAgent
    description: Sews clothes.
    instructions: You sew.
    tools:
      - {name: sew_coat, description: Sews a coat., delay_ms: 500, response: "A coat."}
  - name: GardenerAgent
    description: Looks after plants.
    instructions: You plant.
    tools:
      - {name: plant_tree, description: Plants a tree., delay_ms: 500, response: "A tree."}
)";

}  // namespace

TEST_CASE("scaled: a turn that waits for a worker is carried out when there is one, and its trace shows the wait") {
  Installation installation;
  REQUIRE(installation.cli({"scale", "HrAgent", "0"}).code == 0);
  auto chat = installation.cli_process({"chat", "HrAgent", "Hello, who are you?", "--session", "waits"});
  REQUIRE(eventually(std::chrono::seconds(20), [&] { return !installation.events("waits~d1").empty(); }));
  REQUIRE(installation.cli({"scale", "HrAgent", "1"}).code == 0);
  const auto end = chat.wait(std::chrono::seconds(60));
  REQUIRE(end);
  CHECK(end->code == 0);
  const auto waits = spans(installation, "waits~d1", "queue", 1);
  REQUIRE(waits.size() == 1);
  const auto turns = spans(installation, "waits~d1", "invoke_agent company.HrAgent", 1);
  REQUIRE(turns.size() == 1);
  CHECK(waits[0]["parent"] == turns[0]["id"]);
  CHECK(waits[0]["start_us"] >= turns[0]["start_us"]);
  CHECK(waits[0]["end_us"] <= turns[0]["end_us"]);
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("scaled: two steps of different agents that do not depend on each other run at once") {
  TempDir folder;
  std::ofstream(folder.file("pair.yaml")) << two_agents;
  InstallationOptions options;
  options.team = folder.file("pair.yaml");
  Installation installation(options);
  const auto task = installation.task("both", "Sew a coat and plant a tree.", "none");
  const auto plan = installation.ended_plan(task["plan"]);
  INFO(plan.dump());
  REQUIRE(plan["overall_status"] == "completed");
  REQUIRE(plan["steps"].size() == 2);
  const auto coat = spans(installation, plan["conversation"], "execute_tool sew_coat", 1);
  const auto tree = spans(installation, plan["conversation"], "execute_tool plant_tree", 1);
  REQUIRE(coat.size() == 1);
  REQUIRE(tree.size() == 1);
  CHECK(coat[0]["start_us"] < tree[0]["end_us"]);
  CHECK(tree[0]["start_us"] < coat[0]["end_us"]);
}

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
