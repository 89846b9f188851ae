// What a team file says, as values: agents, tools, models, rules and limits. Made by agents/team/load.hpp; a version of it is immutable.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/tool.hpp"

namespace convoke::agents {

enum class AgentKind {
  specialist,  // does what its tools do
  generic,     // takes steps that no tool fits but a plain model can do
  human,       // stands for the people: its steps become requests to a person
};
enum class Approval { each_step, whole_plan, sensitive, none };

std::string_view name_of(AgentKind kind);
std::string_view name_of(Approval approval);

struct AgentLimits {
  std::uint32_t max_model_calls = 16;       // in one turn
  std::uint32_t max_tool_calls = 32;        // in one turn
  std::uint32_t turn_timeout_ms = 120'000;  // of one turn, waiting for people not included
  std::uint32_t max_output_tokens = 4'096;  // of one model call
};

struct Agent {
  std::string name;         // without the team; its full name is <team>.<name>
  std::string description;  // short: what peers and the planner see
  std::string instructions;
  AgentKind kind = AgentKind::specialist;
  std::string model = "default";         // an entry of Team::models; see model_of()
  std::vector<std::string> can_contact;  // names of agents of this team; "*" stands for all; empty: nobody
  std::vector<tools::Tool> tools;
  AgentLimits limits;
  std::uint32_t concurrency = 8;  // turns that one worker process carries out at once: the credit it grants
};

struct Topic {
  std::string type;
  std::string description;
  std::vector<std::string> subscribers;  // agents that get a turn for a message published there
};

struct Room {  // read and checked; rooms themselves are not in this version
  std::string name;
  std::string description;
  std::vector<std::string> members;
  std::string policy = "open";
};

struct PeopleRule {                 // who may open a direct conversation with whom; without any rule everybody with everybody
  std::vector<std::string> users;   // "*" stands for all
  std::vector<std::string> agents;  // "*" stands for all
};

struct Limits {
  std::uint32_t max_plan_steps = 6;
  std::uint32_t max_replans = 2;
  std::uint32_t max_stalls = 3;
  std::uint32_t max_step_retries = 2;  // of a fault that is retryable
  std::uint32_t step_timeout_ms = 300'000;
  std::uint32_t human_timeout_ms = 86'400'000;  // a question to a person expires, visibly
  std::uint32_t run_timeout_ms = 3'600'000;     // working time; waiting for people is not counted
  std::uint32_t max_run_turns = 200;
  std::uint64_t max_run_tokens = 2'000'000;
  double max_run_cost_usd = 0;    // 0: not limited
  std::uint32_t max_people = 16;  // in one direct conversation of a shared session
};

struct StartingTask {
  std::string id;
  std::string name;
  std::string prompt;
  std::string logo;
  std::vector<std::string> tools;  // "<Agent>.<tool>" that it is about
};

struct Team {
  std::string name;
  std::string description;
  std::string version;                        // the author's label; the number of a version is given when it is applied
  std::map<std::string, std::string> models;  // roles (default, planner, selector, gate, summary) and the team's own entries → model name
  std::vector<Agent> agents;
  std::vector<Topic> topics;
  std::vector<Room> rooms;
  std::vector<PeopleRule> people;
  Limits limits;
  Approval approval = Approval::each_step;
  std::vector<StartingTask> starting_tasks;
};

/// nullptr when there is none. `name` is the short one.
const Agent* find_agent(const Team& team, std::string_view name);
const tools::Tool* find_tool(const Agent& agent, std::string_view name);

/// Model name of a role, or that of `default`.
std::string model_for(const Team& team, std::string_view role);
/// Model name of an agent.
std::string model_of(const Team& team, const Agent& agent);

bool may_contact(const Agent& from, std::string_view to);
bool may_talk(const Team& team, std::string_view user, std::string_view agent);

}  // namespace convoke::agents
