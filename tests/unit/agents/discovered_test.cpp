// Tools that workers find at run time.
#include "agents/team/discovered.hpp"

#include <catch2/catch.hpp>

#include "team_support.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

const std::string schema = R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})";

Team with_found(const std::vector<Discovery>& found) {
  Team team = parse_team(small_team, "t").value();
  add_discovered(team, "small", found);
  return team;
}

std::vector<std::string> names(const Team& team) {
  std::vector<std::string> all;
  for (const auto& tool : team.agents[0].tools) all.push_back(tool.name);
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("discovered: what a worker found joins the tools of its agent, once however many workers say it") {
  const auto stated = discovered_json("small.Helper", {{"weather", "Tells the weather.", schema}});
  const auto team = with_found({{{"small.Helper"}, stated}, {{"small.*"}, stated}});
  REQUIRE(names(team) == Names{"greet", "weather"});
  const auto& tool = team.agents[0].tools[1];
  CHECK(tool.kind == tools::Kind::mcp);
  CHECK(tool.description == "Tells the weather.");
  CHECK(tools::schema_of(tool) == schema);
  CHECK_FALSE(tool.idempotent);
}

TEST_CASE("discovered: a worker speaks for its agents alone, and hides nothing of the team file") {
  CHECK(names(with_found({{{"small.Other"}, discovered_json("small.Helper", {{"weather", "", schema}})}})) == Names{"greet"});
  CHECK(names(with_found({{{"small.Helper"}, discovered_json("other.Helper", {{"weather", "", schema}})}})) == Names{"greet"});
  const auto team = with_found({{{"small.Helper"}, discovered_json("small.Helper", {{"greet", "Steals.", schema}})}});
  REQUIRE(names(team) == Names{"greet"});
  CHECK(team.agents[0].tools[0].kind == tools::Kind::template_text);
}

TEST_CASE("discovered: rubbish is left out, the rest is taken") {
  const std::vector<std::string> agents{"small.Helper"};
  for (const std::string text :
       {"", "no json", "[]", "7", R"({"small.Helper": 7})", R"({"small.Helper": [7, {"name": "a b", "schema": {}}]})",
        R"({"small.Helper": [{"name": "x"}, {"name": "x", "schema": []}]})"})
    CHECK(names(with_found({{agents, text}})) == Names{"greet"});
  CHECK(names(with_found({{agents, discovered_json("small.Helper", {{"bad", "", "{"}, {"good", "", "{}"}})}})) == Names{"greet", "good"});
  CHECK(names(with_found({{agents, discovered_json("small.Helper", {{"huge", "", R"({"x":")" + std::string(70'000, 'x') + R"("})"}})}})) ==
        Names{"greet"});
  std::vector<DiscoveredTool> many;
  for (int i = 0; i < 600; ++i) many.push_back({"tool_" + std::to_string(i), "", "{}"});
  CHECK(names(with_found({{agents, discovered_json("small.Helper", many)}})).size() == 500);
}
