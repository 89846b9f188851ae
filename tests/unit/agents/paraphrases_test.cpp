// The requests that measure the offline model ask for nothing that does not exist.
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "agents/team/yaml_reader.hpp"
#include "team_support.hpp"

namespace convoke {
extern const std::string_view paraphrases_yaml;
}

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;
using Json = nlohmann::ordered_json;

namespace {

Json requests() {
  Mistakes mistakes;
  const NodePtr root = read_yaml(paraphrases_yaml, mistakes);
  for (const auto& mistake : mistakes) FAIL_CHECK(mistake.mark.line << ": " << mistake.message);
  return to_json_value(*root)["requests"];
}

Team team_with_baker() {
  const std::size_t begin = teams_readme.find("```yaml\n") + 8;
  const std::string entry(teams_readme.substr(begin, teams_readme.find("```", begin) - begin));
  return parse_team(with(company_yaml, "\nstarting_tasks:", entry + "\nstarting_tasks:"), "company.yaml").value();
}

const tools::Tool* tool_named(const Team& team, const std::string& full) {
  const std::size_t dot = full.find('.');
  const Agent* agent = find_agent(team, full.substr(0, dot));
  return agent ? find_tool(*agent, full.substr(dot + 1)) : nullptr;
}

std::vector<std::string> tools_of(const Json& expect) {
  std::vector<std::string> all;
  if (expect.contains("tool")) all.push_back(expect["agent"].get<std::string>() + "." + expect["tool"].get<std::string>());
  for (const std::string key : {"all_of", "any_of"})
    for (const auto& name : expect.value(key, Json::array())) all.push_back(name.get<std::string>());
  return all;
}

bool fits(const tools::Parameter& parameter, const Json& value) {
  if (value.is_object()) return parameter.type == tools::Type::string && value.contains("contains") && value.size() == 1;
  if (parameter.type == tools::Type::string) return value.is_string();
  if (parameter.type == tools::Type::integer) return value.is_number_integer();
  if (parameter.type == tools::Type::number) return value.is_number();
  if (parameter.type == tools::Type::boolean) return value.is_boolean();
  return parameter.type == tools::Type::list && value.is_array();
}

}  // namespace

TEST_CASE("paraphrases: every tool and argument they expect exists and has the right type") {
  const Team team = team_with_baker();
  for (const auto& request : requests()) {
    INFO(request.dump());
    const Json& expect = request["expect"];
    CHECK((request["kind"] == "single" || request["kind"] == "plan"));
    const auto names = tools_of(expect);
    CHECK((!names.empty() || expect.contains("exception")));
    for (const auto& name : names) CHECK(tool_named(team, name));
    for (const auto& [parameter, value] : expect.value("arguments", Json::object()).items()) {
      const auto takes = [&, key = parameter, expected = value](const std::string& name) {
        for (const auto& one : tool_named(team, name)->parameters)
          if (one.name == key) return fits(one, expected);
        return false;
      };
      CHECK(std::ranges::any_of(names, takes));
    }
  }
}

TEST_CASE("paraphrases: there are enough, over all agents, and none twice") {
  std::map<std::string, std::set<std::string>> tools;
  std::set<std::string> texts;
  int clarifications = 0, exceptions = 0;
  const Json all = requests();
  for (const auto& request : all) {
    CHECK(texts.insert(request["text"]).second);
    for (const auto& name : tools_of(request["expect"])) tools[name.substr(0, name.find('.'))].insert(name);
    clarifications += request["expect"].value("clarification", false);
    exceptions += request["expect"].contains("exception");
  }
  CHECK(all.size() >= 90);
  for (const std::string agent : {"HrAgent", "ProcurementAgent", "MarketingAgent", "ProductAgent", "TechSupportAgent"})
    CHECK(tools[agent].size() >= 12);
  CHECK(clarifications >= 5);
  CHECK(exceptions >= 3);
}
