#include "cli/supervisor/installation.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace convoke::cli {
namespace {

enum Stage { store_stage = 0, router_stage = 1, service_stage = 2 };
enum StopOrder { doors = 0, workers = 1, owners = 2, routers = 3, stores = 4 };

std::vector<std::string> common(const InstallationPlan& plan, const std::string& name) {
  return {"--process.name=" + name, "--process.intercoms=ipc://" + plan.paths.intercom(),
          "--process.health=unix:" + plan.paths.health(name), "--process.data=" + plan.paths.data};
}

Program ours(const InstallationPlan& plan, const std::string& service, std::vector<std::string> more, Stage stage, StopOrder stop,
             Needs needs) {
  Program program{service, plan.bin + "/convoke-" + service, common(plan, service), environment_for(plan.environment, needs), stage, stop,
                  false};
  program.arguments.insert(program.arguments.end(), more.begin(), more.end());
  return program;
}

// The offline model, unless the environment names another one: flags would win over it.
std::vector<std::string> model_flags(const InstallationPlan& plan) {
  if (std::ranges::any_of(plan.environment, [](const auto& variable) { return variable.starts_with("CONVOKE_MODEL_URL="); })) return {};
  return {"--model.url=http://localhost/v1", "--model.unix_socket=" + plan.paths.model_socket()};
}

Program redis(const InstallationPlan& plan) {
  Program program{"redis", plan.redis_server, {}, environment_for(plan.environment, Needs::nothing), store_stage, stores, true};
  program.arguments = {"--port",
                       "0",
                       "--unixsocket",
                       plan.paths.redis_socket(),
                       "--unixsocketperm",
                       "700",
                       "--dir",
                       plan.paths.redis(),
                       "--appendonly",
                       "yes",
                       "--appendfsync",
                       "always",
                       "--save",
                       "",
                       "--daemonize",
                       "no",
                       "--rdbcompression",
                       "no",
                       "--logfile",
                       "",
                       "--maxclients",
                       "256",
                       "--set-proc-title",
                       "no"};
  return program;
}

}  // namespace

std::vector<std::string> environment_for(const std::vector<std::string>& own, Needs needs) {
  constexpr std::array<std::string_view, 8> plain{
      "PATH=", "HOME=", "LANG=", "LC_ALL=", "TZ=", "TMPDIR=", "SSL_CERT_FILE=", "SSL_CERT_DIR="};
  std::vector<std::string> result;
  for (const auto& variable : own) {
    const auto name = std::string_view(variable).substr(0, variable.find('='));
    const bool everywhere = std::ranges::any_of(plain, [&](auto prefix) { return variable.starts_with(prefix); }) ||
                            (name.starts_with("CONVOKE_") && !name.ends_with("_API_KEY")) || name.ends_with("SAN_OPTIONS");
    const bool tool = name.starts_with("TOOL_");
    const bool provider = !tool && name != "CONVOKE_API_KEY" &&
                          (name.ends_with("_API_KEY") || name == "https_proxy" || name == "HTTPS_PROXY" || name == "http_proxy" ||
                           name == "no_proxy" || name == "NO_PROXY");
    const bool wanted = tool ? needs == Needs::models_and_tools : provider && needs != Needs::nothing;
    if (everywhere || wanted) result.push_back(variable);
  }
  return result;
}

std::vector<Program> base_programs(const InstallationPlan& plan) {
  const auto gateway_at = fmt::format("127.0.0.1:{}", plan.gateway_port);
  return {redis(plan),
          ours(plan, "intercom", {"--intercom.bind=ipc://" + plan.paths.intercom()}, router_stage, routers, Needs::nothing),
          ours(plan, "model", {"--offline.listen=unix:" + plan.paths.model_socket()}, router_stage, routers, Needs::nothing),
          ours(plan, "groupchat", {"--store.endpoint=unix:" + plan.paths.redis_socket()}, service_stage, owners, Needs::nothing),
          ours(plan, "planner", model_flags(plan), service_stage, workers, Needs::models),
          ours(plan, "executor", {}, service_stage, workers, Needs::nothing),
          ours(plan, "gateway", {"--http.listen=" + gateway_at, "--gateway.team=" + plan.team}, service_stage, doors, Needs::nothing)};
}

std::string worker_name(const InstallationPlan& plan, const std::string& agent, int number) {
  const bool is_own = agent.starts_with(plan.team + ".");
  return fmt::format("worker-{}-{}", is_own ? agent.substr(plan.team.size() + 1) : agent, number);
}

Program worker_program(const InstallationPlan& plan, const std::string& agent, int number) {
  const auto name = worker_name(plan, agent, number);
  Program program{name,
                  plan.bin + "/convoke-worker",
                  common(plan, name),
                  environment_for(plan.environment, Needs::models_and_tools),
                  service_stage,
                  workers,
                  false};
  program.arguments.push_back("--worker.agent=" + agent);
  for (auto& flag : model_flags(plan)) program.arguments.push_back(std::move(flag));
  return program;
}

}  // namespace convoke::cli
