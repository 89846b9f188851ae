#include "cli/supervisor/installation.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace convoke::cli;

namespace {

InstallationPlan plan() {
  InstallationPlan made;
  made.paths = Paths("/data");
  made.bin = "/bin";
  made.redis_server = "/usr/bin/redis-server";
  made.team = "company";
  made.gateway_port = 8080;
  made.environment = {"PATH=/bin",     "HOME=/root",          "OPENAI_API_KEY=secret-1", "CONVOKE_API_KEY=secret-2",
                      "SHELL=/bin/sh", "CONVOKE_BUS_TOKEN=t", "LD_PRELOAD=/evil.so"};
  return made;
}

bool has(const std::vector<std::string>& list, const std::string& text) { return std::ranges::find(list, text) != list.end(); }

}  // namespace

TEST_CASE("installation: provider keys go to those who call models, in the environment alone") {
  auto programs = base_programs(plan());
  programs.push_back(worker_program(plan(), "company.HrAgent", 2));
  for (const auto& program : programs) {
    INFO(program.name);
    const bool calls_models = program.name == "planner" || program.name.starts_with("worker");
    CHECK(has(program.environment, "OPENAI_API_KEY=secret-1") == calls_models);
    CHECK_FALSE(has(program.environment, "CONVOKE_API_KEY=secret-2"));
    CHECK_FALSE(has(program.environment, "SHELL=/bin/sh"));
    CHECK_FALSE(has(program.environment, "LD_PRELOAD=/evil.so"));
    CHECK(has(program.environment, "CONVOKE_BUS_TOKEN=t"));
    for (const auto& argument : program.arguments) CHECK(argument.find("secret") == std::string::npos);
  }
}

TEST_CASE("installation: redis keeps everything, listens on no port, and is stopped last") {
  const auto programs = base_programs(plan());
  const auto redis = std::ranges::find(programs, "redis", &Program::name);
  REQUIRE(redis != programs.end());
  const auto value = [&](const std::string& flag) { return *(std::ranges::find(redis->arguments, flag) + 1); };
  CHECK(value("--port") == "0");
  CHECK(value("--appendonly") == "yes");
  CHECK(value("--appendfsync") == "always");
  CHECK(value("--save").empty());
  CHECK(value("--dir") == "/data/redis");
  for (const auto& program : programs) {
    CHECK(program.stage >= redis->stage);
    CHECK(program.stop_order <= redis->stop_order);
  }
}

TEST_CASE("installation: models are asked where the environment says, else the offline one") {
  auto made = plan();
  CHECK(has(worker_program(made, "company.HrAgent", 1).arguments, "--model.unix_socket=/data/run/model"));
  made.environment.push_back("CONVOKE_MODEL_URL=https://models.example/v1");
  const auto worker = worker_program(made, "company.HrAgent", 1);
  CHECK_FALSE(has(worker.arguments, "--model.unix_socket=/data/run/model"));
  CHECK(has(worker.environment, "CONVOKE_MODEL_URL=https://models.example/v1"));
}

TEST_CASE("installation: the offline model and those who ask models share no section") {
  const auto programs = base_programs(plan());
  const auto model = std::ranges::find(programs, "model", &Program::name);
  REQUIRE(model != programs.end());
  CHECK(has(model->arguments, "--offline.listen=unix:/data/run/model"));
  for (const auto& argument : model->arguments) CHECK_FALSE(argument.starts_with("--model."));
}

TEST_CASE("installation: workers are named after their agent and number") {
  CHECK(worker_name(plan(), "company.HrAgent", 2) == "worker-HrAgent-2");
  CHECK(worker_name(plan(), "sales.HrAgent", 2) == "worker-sales.HrAgent-2");
  const auto worker = worker_program(plan(), "company.HrAgent", 2);
  CHECK(worker.path == "/bin/convoke-worker");
  CHECK(has(worker.arguments, "--worker.agent=company.HrAgent"));
  CHECK(has(worker.arguments, "--process.health=unix:/data/run/worker-HrAgent-2.health"));
}

TEST_CASE("installation: variables of tools go to workers alone") {
  const std::vector<std::string> own{"TOOL_PAY=a", "TOOL_PAY_API_KEY=b", "OPENAI_API_KEY=c", "SECRET=d"};
  CHECK(environment_for(own, Needs::nothing).empty());
  CHECK(environment_for(own, Needs::models) == std::vector<std::string>{"OPENAI_API_KEY=c"});
  CHECK(environment_for(own, Needs::models_and_tools) == std::vector<std::string>{"TOOL_PAY=a", "TOOL_PAY_API_KEY=b", "OPENAI_API_KEY=c"});
}

TEST_CASE("installation: the path of a health socket fits the system, whatever the agent is called") {
  const std::string longest(64, 'a');
  auto made = plan();
  made.paths = Paths("/" + std::string(56, 'd'));
  REQUIRE(check_length(made.paths));
  std::vector<std::string> names;
  for (const auto& agent : {"company." + longest, longest + "." + longest, longest + "." + longest.substr(1) + "b"}) {
    const auto name = worker_name(made, agent, 99);
    names.push_back(made.paths.health(name));
    CHECK(names.back().size() <= 107);
    CHECK(has(worker_program(made, agent, 99).arguments, "--process.health=unix:" + names.back()));
  }
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(made.paths.health("worker-HrAgent-1") == made.paths.run() + "/worker-HrAgent-1.health");
  CHECK_FALSE(check_length(Paths("/" + std::string(57, 'd'))));
}
