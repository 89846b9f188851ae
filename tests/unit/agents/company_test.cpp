// The team that ships with the product, and the baker of its README.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "team_support.hpp"
#include "tools/json_schema.hpp"
#include "tools/render.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

const Team& company() {
  static const Team team = parse_team(company_yaml, "company.yaml").value();
  return team;
}

std::string signature(const tools::Tool& tool) {
  std::string text;
  for (const auto& parameter : tool.parameters) {
    text += (text.empty() ? "" : ", ") + parameter.name;
    if (parameter.type != tools::Type::string) text.append(": ").append(name_of(parameter.type));
  }
  return tool.name + "(" + text + ")";
}

std::vector<std::string> signatures(const Agent& agent) {
  std::vector<std::string> all;
  for (const auto& tool : agent.tools) all.push_back(signature(tool));
  return all;
}

std::string baker_entry() {
  const std::size_t begin = teams_readme.find("```yaml\n") + 8;
  return std::string(teams_readme.substr(begin, teams_readme.find("```", begin) - begin));
}

// Arguments that fit, so that every template can be rendered.
std::string some_arguments(const tools::Tool& tool) {
  nlohmann::json arguments = nlohmann::json::object();
  for (const auto& parameter : tool.parameters) {
    auto& value = arguments[parameter.name];
    if (parameter.type == tools::Type::string) value = "<" + parameter.name + ">";
    if (parameter.type == tools::Type::integer) value = 3;
    if (parameter.type == tools::Type::number) value = 2.5;
    if (parameter.type == tools::Type::boolean) value = true;
    if (parameter.type == tools::Type::list) value = {"<" + parameter.name + ">"};
  }
  return arguments.dump();
}

constexpr UnixTime today{std::chrono::sys_days{std::chrono::year{2026} / 11 / 20}};

}  // namespace

TEST_CASE("company: the file has no mistake") { CHECK(mistakes(company_yaml).empty()); }

TEST_CASE("company: its agents have all tools they promise, with their parameters and types") {
  const std::vector<std::pair<std::string, std::size_t>> counts{
      {"HrAgent", 30}, {"ProcurementAgent", 49}, {"MarketingAgent", 49}, {"ProductAgent", 52}, {"TechSupportAgent", 50}};
  for (const auto& [name, count] : counts) {
    INFO(name);
    const Agent* agent = find_agent(company(), name);
    REQUIRE(agent);
    CHECK(agent->tools.size() == count);
    CHECK(signatures(*agent) == promised_signatures(name));
  }
  CHECK(company().agents.size() == 7);
  CHECK(signatures(*find_agent(company(), "GenericAgent")) == std::vector<std::string>{"dummy_function()"});
  CHECK(find_agent(company(), "GenericAgent")->kind == AgentKind::generic);
  CHECK(find_agent(company(), "HumanAgent")->kind == AgentKind::human);
  CHECK(find_agent(company(), "HumanAgent")->tools.empty());
}

TEST_CASE("company: every tool can be found by other words than its name, and every parameter is described") {
  for (const auto& agent : company().agents) {
    if (agent.kind != AgentKind::specialist) continue;
    for (const auto& tool : agent.tools) {
      INFO(tool.name);
      CHECK(tool.synonyms.size() >= 3);
      for (const auto& parameter : tool.parameters) CHECK_FALSE(parameter.description.empty());
    }
  }
}

TEST_CASE("company: every tool answers with Markdown that shows all its arguments") {
  for (const auto& agent : company().agents)
    for (const auto& tool : agent.tools) {
      INFO(tool.name);
      const auto text = tools::render(tool, some_arguments(tool), today);
      REQUIRE(text);
      for (const auto& parameter : tool.parameters)
        if (parameter.type == tools::Type::string) CHECK_THAT(*text, Catch::Contains("<" + parameter.name + ">"));
    }
}

TEST_CASE("company: onboarding says which tools are part of it") {
  std::vector<std::string> part;
  for (const auto& agent : company().agents)
    for (const auto& tool : agent.tools)
      if (tool.description.find("Part of onboarding") != std::string::npos) part.push_back(tool.name);
  CHECK(part == std::vector<std::string>{"schedule_orientation_session", "assign_mentor", "register_for_benefits",
                                         "provide_employee_handbook", "request_id_card", "set_up_payroll", "send_welcome_email",
                                         "set_up_office_365_account", "configure_laptop"});
}

TEST_CASE("company: products and billing date") {
  const Agent& product = *find_agent(company(), "ProductAgent");
  const std::string info = tools::render(*find_tool(product, "get_product_info"), "{}", today).value();
  for (const std::string fact : {"| Basic Saver | 25 USD | 5 GB |", "| Standard Plus | 45 USD | 15 GB |", "| Premium Unlimited | 70 USD |",
                                 "| Roaming Pack | 15 USD | 1 GB, 200 minutes and 200 texts abroad |"})
    CHECK_THAT(info, Catch::Contains(fact));
  CHECK_THAT(tools::render(*find_tool(product, "get_billing_date"), "{}", today).value(), Catch::Contains("2026-12-01"));
}

TEST_CASE("company: four tasks to start with, and rules of contact") {
  std::vector<std::string> ids;
  for (const auto& task : company().starting_tasks) ids.push_back(task.id);
  CHECK(ids == std::vector<std::string>{"mobile-plan-query", "buy-add-on-pack", "onboard-employee", "draft-press-release"});
  CHECK(may_contact(*find_agent(company(), "HrAgent"), "TechSupportAgent"));
  CHECK_FALSE(may_contact(*find_agent(company(), "HrAgent"), "MarketingAgent"));
  CHECK(may_contact(*find_agent(company(), "GenericAgent"), "MarketingAgent"));
}

TEST_CASE("company: goes through its canonical JSON and comes back the same") {
  const std::string json = to_json(company());
  const auto back = team_from_json(json);
  REQUIRE(back);
  CHECK(to_json(**back) == json);
  CHECK(tools::validate_json(team_schema(), json));
  CHECK(to_json(parse_team(json, "company.json").value()) == json);
}

TEST_CASE("company: the entry in the README adds the baker, and changes nothing else") {
  const std::string text = with(company_yaml, "\nstarting_tasks:", baker_entry() + "\nstarting_tasks:");
  CHECK(mistakes(text).empty());
  Team team = parse_team(text, "company.yaml").value();
  REQUIRE(team.agents.size() == 8);
  CHECK(signatures(team.agents.back()) ==
        std::vector<std::string>{"bake_cookies(cookie_type, quantity: integer)", "prepare_dough(dough_type)"});
  CHECK(tools::render(team.agents.back().tools[0], R"({"cookie_type": "chocolate chip", "quantity": 12})", today).value() ==
        "##### Cookies baked\n\n**12 chocolate chip** cookies are baked.");
  team.agents.pop_back();
  CHECK(to_json(team) == to_json(company()));
}
