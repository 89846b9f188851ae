// A team that changes while it works.
#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <future>

#include "agents/team/discovered.hpp"
#include "bus/client.hpp"
#include "support/coroutine.hpp"
#include "support/installation.hpp"

using namespace convoke::test;

namespace {

// The shipped team with the entry that services/worker/teams/README.md shows.
std::string company_with_baker() {
  const std::filesystem::path teams = std::filesystem::path(CONVOKE_SOURCE_DIR) / "services/worker/teams";
  const auto readme = text_of(teams / "README.md");
  const auto begin = readme.find("```yaml\n");
  REQUIRE(begin != std::string::npos);
  const auto entry = readme.substr(begin + 8, readme.find("```", begin + 8) - begin - 8);
  auto team = text_of(teams / "company.yaml");
  const auto agents = team.find("\nagents:\n");
  REQUIRE(agents != std::string::npos);
  return team.insert(agents + 9, entry);
}

Json planned(Installation& installation, const std::string& session, const std::string& description) {
  const auto task = installation.task(session, description, "each_step");
  return installation.plan_when(task["plan"],
                                [](const Json& plan) { return !plan["steps"].empty() || plan["human_clarification_request"].is_string(); });
}

}  // namespace

TEST_CASE("team: an agent that is added while the team works is planned for at once, and runs keep their version") {
  Installation installation;
  const std::string cookies = "Please bake 12 chocolate chip cookies for tomorrow's event.";
  const auto before = planned(installation, "before", "Please grant Maria Lopez access to the sales database.");
  REQUIRE(before["steps"].size() == 1);
  CHECK(before["team_version"] == 1);

  TempDir folder;
  std::ofstream(folder.file("baker.yaml")) << company_with_baker();
  const auto checked = installation.cli({"team", "check", folder.file("baker.yaml")});
  INFO(checked.out << checked.err);
  CHECK(checked.code == 0);
  const auto applied = installation.cli({"team", "apply", folder.file("baker.yaml")});
  INFO(applied.out << applied.err);
  REQUIRE(applied.code == 0);
  const auto answer = Json::parse(applied.out, nullptr, false);
  CHECK(answer["team_version"] == 2);
  CHECK(
      answer["lagging"].is_array());  // a busy machine may need more than the two seconds that an answer waits; nobody has to wait for them

  const auto plan = planned(installation, "q5", cookies);
  INFO(plan.dump());
  CHECK(plan["team_version"] == 2);
  REQUIRE(plan["steps"].size() == 1);
  CHECK(plan["steps"][0]["agent"] == "BakerAgent");
  CHECK(plan["steps"][0]["function"] == "bake_cookies");
  for (const auto& each : {before, plan})
    CHECK(installation.post("/api/approve_step_or_steps", {{"plan_id", each["id"]}, {"approved", true}}).status == 200);
  const auto baked = installation.ended_plan(plan["id"]);
  INFO(baked.dump());
  CHECK(baked["overall_status"] == "completed");
  CHECK(baked["steps"][0]["agent_reply"].get<std::string>().find("12 chocolate chip") != std::string::npos);
  const auto granted = installation.ended_plan(before["id"]);
  CHECK(granted["overall_status"] == "completed");
  CHECK(granted["team_version"] == 1);
  // The same team again is no new version.
  const auto again = installation.cli({"team", "apply", folder.file("baker.yaml")});
  CHECK(Json::parse(again.out, nullptr, false)["team_version"] == 2);

  std::ofstream(folder.file("bad.yaml")) << "name: company\nagents: 5\n";
  CHECK(installation.cli({"team", "apply", folder.file("bad.yaml")}).code != 0);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("team: a run goes on after a restart with an agent that its team no longer has") {
  TempDir folder;
  const auto data = folder.path() / "data";
  std::ofstream(folder.file("baker.yaml")) << company_with_baker();
  std::string plan;
  {
    Installation installation(data);
    REQUIRE(installation.cli({"team", "apply", folder.file("baker.yaml")}).code == 0);
    plan = planned(installation, "q5", "Please bake 12 chocolate chip cookies for tomorrow's event.")["id"];
    const auto shipped = std::filesystem::path(CONVOKE_SOURCE_DIR) / "services/worker/teams/company.yaml";
    REQUIRE(installation.cli({"team", "apply", shipped.string()}).code == 0);
    CHECK(installation.stop() == Exit{0, 0});
  }
  Installation installation(data);
  CHECK(installation.process("worker-BakerAgent-1").is_null());
  CHECK(installation.post("/api/approve_step_or_steps", {{"plan_id", plan}, {"approved", true}}).status == 200);
  const auto baked = installation.ended_plan(plan);
  INFO(baked.dump());
  CHECK(baked["overall_status"] == "completed");
  CHECK(installation.effects().size() == 1);
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}

TEST_CASE("tools: what a worker finds is listed and planned with while it is there") {
  Installation installation;
  const auto listed = [&] {
    const auto tools = installation.get("/api/agent-tools").body;
    return std::ranges::any_of(tools, [](const Json& tool) { return tool["function"] == "brew_espresso" && tool["agent"] == "HrAgent"; });
  };
  CHECK_FALSE(listed());
  boost::asio::io_context io;
  convoke::bus::ClientOptions options;
  options.intercoms = {"ipc://" + installation.run_folder() + "/intercom"};
  convoke::bus::Client worker(io.get_executor(), options, {{1, 2}, "worker-HrAgent-9", "worker"});
  convoke::wire::RegisterT registration;
  registration.agents = {"company.HrAgent"};
  registration.discovered_tools = convoke::agents::discovered_json(
      "company.HrAgent", {{"brew_espresso", "Brews an espresso.",
                           R"({"type":"object","properties":{"strength":{"type":"string"}},"required":["strength"]})"}});
  worker.set_registration(std::move(registration));
  boost::asio::co_spawn(io, worker.run(), [](const std::exception_ptr&) {});
  REQUIRE(run_until(io, std::chrono::seconds(20), [&] { return worker.connected(); }));
  // The worker goes on saying that it is there while the gateway is asked.
  const auto listed_meanwhile = [&] {
    auto asked = std::async(std::launch::async, listed);
    while (asked.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) io.poll();
    return asked.get();
  };
  REQUIRE(run_until(io, std::chrono::seconds(20), listed_meanwhile));
  CHECK(installation.cli({"tools"}).out.find("brew_espresso") != std::string::npos);
  worker.close();
  CHECK(run_until(io, std::chrono::seconds(20), [&] { return !listed(); }));
  CHECK(installation.stop() == Exit{0, 0});
  CHECK(installation.errors() == std::vector<std::string>{});
}
