// Which processes make an installation, and how each is started: a pure list of programs with their flags, environment, order and health
// socket. Flags name no secret; what is secret travels in the environment of those who need it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/instance.hpp"

namespace convoke::cli {

struct InstallationPlan {
  Paths paths{""};
  std::string bin;           // folder of our programs
  std::string redis_server;  // path
  std::string team;          // name of the team applied
  std::uint16_t gateway_port = 0;
  std::vector<std::string> environment;  // the supervisor's own
};

struct Program {
  std::string name;
  std::string path;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  int stage = 0;
  int stop_order = 0;
  bool redis = false;  // its health is a PING, not HTTP
};

/// Everything but the workers.
std::vector<Program> base_programs(const InstallationPlan& plan);
/// Worker number `number` (from 1) of the agent with that full name.
Program worker_program(const InstallationPlan& plan, const std::string& agent, int number);
/// `worker-HrAgent-1`; of an agent of another team than the plan's `worker-sales.HrAgent-1`.
std::string worker_name(const InstallationPlan& plan, const std::string& agent, int number);

/// What of the supervisor's environment a process gets: provider keys and proxies go to those that call models, variables TOOL_… to those
/// that call tools as well.
enum class Needs { nothing, models, models_and_tools };
std::vector<std::string> environment_for(const std::vector<std::string>& own, Needs needs);

}  // namespace convoke::cli
