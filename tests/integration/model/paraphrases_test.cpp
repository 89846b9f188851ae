// Measures the offline model on requests that were written without looking at its code (tests/data/README.md), along the whole way: the
// planner's prompt, the plan, and the agent's turn for each step. Failing requests are listed; the shares are what is held.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "agents/team/load.hpp"
#include "model/brain.hpp"
#include "planner/prompt.hpp"
#include "tools/tool.hpp"

using namespace convoke;
using Json = nlohmann::ordered_json;

namespace {

const std::string root = CONVOKE_SOURCE_DIR;
const model::Day today = *model::parse_iso("2026-11-20");

/// The requests to measure; another file can be measured before it joins these (tests/data/README.md).
std::string requests_path() {
  const char* other = std::getenv("CONVOKE_PARAPHRASES");
  return other != nullptr ? other : root + "/tests/data/paraphrases.yaml";
}

std::string read_file(const std::string& path) {
  std::ifstream file(root + path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

agents::Team company(bool with_baker) {
  auto text = read_file("/services/worker/teams/company.yaml");
  if (with_baker) {
    const auto readme = read_file("/services/worker/teams/README.md");
    const auto from = readme.find("```yaml\n") + 8;
    text.insert(text.find("\nagents:\n") + 9, readme.substr(from, readme.find("```", from) - from));
  }
  auto team = agents::parse_team(text, "company.yaml");
  INFO((team ? std::string() : team.error().message));
  REQUIRE(team);
  return *team;
}

struct Bench {
  explicit Bench(agents::Team made) : team(std::move(made)), catalogue(planner::catalogue_of(team)) {}

  Json plan(const std::string& goal) {
    model::ChatRequest request;
    wire::WorkT work;
    work.goal = goal;
    request.messages = planner::messages_for(team, catalogue, work, "2026-11-20");
    request.format = model::Format::json_schema;
    request.schema = Json::parse(planner::plan_schema().schema);
    return Json::parse(brain.answer(request, today).content);
  }

  /// The call that the step's agent makes; null when it makes none.
  Json call(const std::string& goal, const Json& step) {
    return call(step["agent"].get<std::string>(), "Goal: " + goal + "\n" + step["action"].get<std::string>());
  }

  Json call(const std::string& name, const std::string& input) {
    const auto* agent = agents::find_agent(team, name);
    if (agent == nullptr) return nullptr;
    model::ChatRequest request;
    request.messages = {{.role = llm::Role::system, .content = agent->instructions + "\nToday is 2026-11-20."},
                        {.role = llm::Role::user, .content = input}};
    request.tools = Json::array();
    for (const auto& tool : agent->tools) {
      request.tools.push_back(
          {{"type", "function"},
           {"function",
            {{"name", tool.name}, {"description", tools::full_description(tool)}, {"parameters", Json::parse(tools::schema_of(tool))}}}});
    }
    const auto response = brain.answer(request, today);
    if (response.tool_calls.empty()) return nullptr;
    return {{"name", response.tool_calls.front().name}, {"arguments", Json::parse(response.tool_calls.front().arguments)}};
  }

  agents::Team team;
  std::string catalogue;
  model::Brain brain;
};

std::string plain(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto junk = [](char c) { return c == ' ' || c == '"' || c == '\'' || c == '.'; };
  while (!text.empty() && junk(text.back())) text.pop_back();
  while (!text.empty() && junk(text.front())) text.erase(0, 1);
  return text;
}

bool same(const YAML::Node& wanted, const Json& value) {
  if (wanted.IsMap() && wanted["any"])
    return std::any_of(wanted["any"].begin(), wanted["any"].end(), [&](const YAML::Node& one) { return same(one, value); });
  if (wanted.IsMap()) {
    const auto text = plain(value.is_string() ? value.get<std::string>() : value.dump());
    const auto has = [&](const YAML::Node& part) { return text.find(plain(part.as<std::string>())) != std::string::npos; };
    const auto& never = wanted["not"];
    return std::all_of(wanted["contains"].begin(), wanted["contains"].end(), has) &&
           (!never || std::none_of(never.begin(), never.end(), has));
  }
  if (wanted.IsSequence()) {
    if (!value.is_array() || value.size() != wanted.size()) return false;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!same(wanted[i], value[i])) return false;
    }
    return true;
  }
  const auto text = wanted.as<std::string>();
  if (value.is_number()) return std::abs(value.get<double>() - wanted.as<double>(-1e300)) < 1e-9;
  if (value.is_boolean()) return text == (value.get<bool>() ? "true" : "false");
  return value.is_string() && plain(text) == plain(value.get<std::string>());
}

bool asks(const Json& plan) {
  return plan["human_clarification_request"].is_string() && !plan["human_clarification_request"].get<std::string>().empty();
}

std::vector<std::string> functions_of(const Json& plan) {
  std::vector<std::string> names;
  for (const auto& step : plan["steps"]) names.push_back(step["agent"].get<std::string>() + "." + step["function"].get<std::string>());
  return names;
}

std::vector<std::string> texts(const YAML::Node& node) { return node ? node.as<std::vector<std::string>>() : std::vector<std::string>{}; }

bool tools_right(const YAML::Node& expect, const std::string& kind, const Json& plan) {
  const auto names = functions_of(plan);
  const auto has = [&](const std::string& name) { return std::ranges::find(names, name) != names.end(); };
  if (expect["clarification"] && expect["clarification"].as<bool>()) return asks(plan);
  if (asks(plan)) return false;
  if (expect["exception"]) {
    if (names.size() != 1) return false;
    const bool generic = expect["exception"].as<std::string>() == "generic";
    const auto action = plan["steps"][0]["action"].get<std::string>();
    const bool said =
        action.find(generic ? "EXCEPTION: No suitable function found" : "EXCEPTION: Human support required") != std::string::npos;
    const auto agent = plan["steps"][0]["agent"].get<std::string>();
    const auto other = expect["or"] ? (expect["or"].IsSequence() ? texts(expect["or"]) : std::vector{expect["or"].as<std::string>()})
                                    : std::vector<std::string>{};
    return said || (std::ranges::find(other, agent) != other.end() && action.find("EXCEPTION") != std::string::npos);
  }
  if (kind == "single") {
    auto allowed = texts(expect["or"]);
    allowed.push_back(expect["agent"].as<std::string>() + "." + expect["tool"].as<std::string>());
    return names.size() == 1 && std::ranges::find(allowed, names[0]) != allowed.end();
  }
  if (names.size() > expect["max_steps"].as<std::size_t>(6) || names.size() < expect["min_steps"].as<std::size_t>(1)) return false;
  std::size_t before = 0;
  for (const auto& name : texts(expect["all_of"])) {
    const auto at = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    if (at == names.size() || (expect["ordered"].as<bool>(false) && at < before)) return false;
    before = at;
  }
  const auto any = texts(expect["any_of"]);
  return any.empty() || static_cast<std::size_t>(std::ranges::count_if(any, has)) >= expect["at_least"].as<std::size_t>(1);
}

struct Tally {
  std::size_t right = 0;
  std::size_t all = 0;
  double share() const { return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(all, 1)); }
};

/// Judges the arguments of every step against those expected, where the step's tool has such a parameter.
void judge_arguments(Bench& bench, const std::string& goal, const YAML::Node& expect, const Json& plan, Tally& tally, std::string& report) {
  for (const auto& step : plan["steps"]) {
    const bool other = expect["tool"] && expect["tool"].as<std::string>() != step["function"].get<std::string>();
    if (step["function"].get<std::string>().empty() || other) continue;
    const auto call = bench.call(goal, step);
    const auto* agent = agents::find_agent(bench.team, step["agent"].get<std::string>());
    const auto* tool = agent == nullptr ? nullptr : agents::find_tool(*agent, step["function"].get<std::string>());
    for (const auto& wanted : expect["arguments"]) {
      const auto name = wanted.first.as<std::string>();
      if (tool == nullptr || std::ranges::find(tool->parameters, name, &tools::Parameter::name) == tool->parameters.end()) continue;
      ++tally.all;
      const bool right = !call.is_null() && call["arguments"].contains(name) && same(wanted.second, call["arguments"][name]);
      tally.right += right ? 1 : 0;
      if (!right)
        report += "  " + name + " = " + (call.is_null() ? "(no call)" : call["arguments"].value(name, Json(nullptr)).dump()) +
                  ", expected " + YAML::Dump(wanted.second) + "\n";
    }
  }
}

/// Measures the requests of one file; what failed is written to a file of the same name.
void measure(const std::string& path, double tools_share, double arguments_share) {
  Bench plain_company(company(false));
  Bench with_baker(company(true));
  const auto requests = YAML::LoadFile(path)["requests"];
  REQUIRE(requests.size() >= 40);
  Tally tools;
  Tally arguments;
  std::string report;
  for (const auto& request : requests) {
    auto& bench = request["team"] ? with_baker : plain_company;
    const auto text = request["text"].as<std::string>();
    const auto plan = bench.plan(text);
    const bool right = tools_right(request["expect"], request["kind"].as<std::string>(), plan);
    ++tools.all;
    tools.right += right ? 1 : 0;
    std::string wrong;
    if (!right) wrong += "  got " + Json(functions_of(plan)).dump() + (asks(plan) ? " and a question" : "") + "\n";
    if (right) judge_arguments(bench, text, request["expect"], plan, arguments, wrong);
    if (!wrong.empty()) report += text + "\n" + wrong;
  }
  const auto name = "model-" + std::filesystem::path(path).stem().string() + ".txt";
  const auto told = (std::filesystem::temp_directory_path() / name).string();
  std::ofstream(told) << report;
  WARN("tools " << tools.right << " of " << tools.all << ", arguments " << arguments.right << " of " << arguments.all << "; see " << told);
  CHECK(tools.share() >= tools_share);
  CHECK(arguments.share() >= arguments_share);
}

}  // namespace

TEST_CASE("offline model: finds tools and arguments of requests that others have written") { measure(requests_path(), 0.90, 0.85); }

TEST_CASE("offline model: finds tools and arguments of requests that were tried through the whole of Convoke") {
  measure(root + "/tests/data/first_sight.yaml", 0.95, 0.94);
}

TEST_CASE("offline model: a step that was edited into something else calls nothing") {
  Bench bench(company(false));
  const std::string before =
      "<conversation_history>\ns~1: Fetch the employee directory\nHrAgent replied: Hiroshi Tanaka is to receive a bonus of 2500 "
      "dollars.\n</conversation_history>\nGoal: Give Hiroshi Tanaka a bonus of 2500 dollars\n";
  for (const std::string mark : {"", " Function: issue_bonus", ". Function: issue_bonus"}) {
    for (const std::string action :
         {"Do nothing", "Send flowers to Hiroshi Tanaka instead", "Install Zoom for Hiroshi Tanaka", "Order 3 laptops", "Skip this step",
          "Please don't give him the bonus", "Write a poem about Hiroshi Tanaka", "Bake a cake for Hiroshi Tanaka",
          "Say thank you to Hiroshi Tanaka", "Call Hiroshi Tanaka"}) {
      INFO(action << mark);
      CHECK(bench.call("HrAgent", before + action + mark).is_null());
    }
  }
  for (const auto& [action, amount] : {std::pair<std::string, double>{"Give Hiroshi Tanaka a bonus of 3000 dollars instead", 3000},
                                       {"Raise the amount to 3000 dollars", 3000},
                                       {"Make it 1000 dollars", 1000},
                                       {"Do it by Friday", 2500},
                                       {"Reward him", 2500}}) {
    INFO(action);
    const auto call = bench.call("HrAgent", before + action + " Function: issue_bonus");
    REQUIRE(call.is_object());
    CHECK(call["name"] == "issue_bonus");
    CHECK(call["arguments"]["amount"].get<double>() == amount);
    CHECK(call["arguments"]["employee_name"] == "Hiroshi Tanaka");
  }
  const auto other = bench.call("HrAgent", before + "Assign a mentor to Hiroshi Tanaka instead Function: issue_bonus");
  REQUIRE(other.is_object());
  CHECK(other["name"] == "assign_mentor");
}

TEST_CASE("offline model: what no tool does goes to no tool") {
  Bench bench(company(false));
  const auto goals = YAML::LoadFile(root + "/tests/data/out_of_scope.yaml")["goals"];
  REQUIRE(goals.size() >= 30);
  Tally kept;
  for (const auto& goal : goals) {
    const auto text = goal["text"].as<std::string>();
    const auto plan = bench.plan(text);
    bool right = !asks(plan) && !plan["steps"].empty();
    for (const auto& step : plan["steps"]) {
      right = right && step["function"].get<std::string>().empty();
      if (goal["agent"]) right = right && step["agent"].get<std::string>() == goal["agent"].as<std::string>();
    }
    ++kept.all;
    kept.right += right ? 1 : 0;
    if (!right) UNSCOPED_INFO(text << " " << Json(functions_of(plan)).dump());
  }
  CHECK(kept.share() >= 0.90);
}
