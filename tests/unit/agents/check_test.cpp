// Structure: what the schema says, with places and one line for one mistake.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "agents/team/yaml_reader.hpp"
#include "team_support.hpp"
#include "tools/json_schema.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

std::string yaml_as_json(std::string_view text) {
  Mistakes none;
  return to_json_value(*read_yaml(text, none)).dump();
}

constexpr std::string_view twenty = R"(name: my team
description: A team with twenty mistakes.
modles: {default: offline, plannr: offline}
approval: each_stp
limits: {max_plan_steps: 0, max_replans: 1}
agents:
  - name: Helper
    description: Helps.
    instructions: [You help.]
    model: larger
    can_contact: [Helpr]
    tools:
      - name: greet
        description: Greets a person.
        parameters:
          - {name: person, description: Whom.}
          - {name: times, type: int, description: How often.}
        response: Hello, {persn}.
      - name: greet
        description: Greets again.
        responses: Hello.
        delay_ms: -1
      - name: call
        description: Calls somebody.
        kind: mcp
        url: http://example.org
      - {name: 2nd, description: Second., response: Two.}
  - name: Helper
    description: Helps, too.
    instructions: You help.
    tools:
      - {name: contact_human, description: Asks., response: Asked.}
  - {name: Person, description: A person.}
starting_tasks:
  - {id: hello, name: Hello, prompt: "", tools: [Helper.greeet]}
)";

}  // namespace

TEST_CASE("team check: a good file gives no line") { CHECK(mistakes(small_team).empty()); }

TEST_CASE("team check: twenty mistakes give twenty lines, in the order of the file") {
  const auto found = check_team(twenty, "bad.yaml");
  std::string lines;
  for (const auto& one : found) lines += to_string(one) + "\n";
  CHECK(lines == R"(bad.yaml:1:7: expected a name: a letter or digit, then letters, digits, _ or -, at most 64 for name, found "my team"
bad.yaml:3:1: expected a key of the team, found "modles"; did you mean "models"?
bad.yaml:3:28: expected a role (default, planner, selector, gate, summary) or the model of an agent, found "plannr"; did you mean "planner"?
bad.yaml:4:11: expected one of each_step, whole_plan, sensitive, none for approval, found "each_stp"; did you mean "each_step"?
bad.yaml:5:26: expected 1 to 100 for max_plan_steps, found 0
bad.yaml:9:19: expected a text for instructions, found a list
bad.yaml:10:12: expected an entry of models (default, plannr), found "larger"
bad.yaml:11:19: expected the name of an agent or "*" for can_contact, found "Helpr"; did you mean "Helper"?
bad.yaml:17:33: expected one of string, number, integer, boolean, list, object for type, found "int"; did you mean "integer"?
bad.yaml:18:26: expected a parameter: {person}, {times}, found "{persn}"
bad.yaml:19:15: expected another name: the tool "greet" is already in line 13
bad.yaml:21:9: expected a key of an entry of tools, found "responses"; did you mean "response"?
bad.yaml:22:19: expected 0 to 600000 for delay_ms, found -1
bad.yaml:25:15: expected kind template or http: mcp is not available in this version
bad.yaml:27:16: expected a name that a model can call: letters, digits and _, not beginning with a digit, at most 64 for name, found "2nd"
bad.yaml:28:11: expected another name: the agent "Helper" is already in line 7
bad.yaml:32:16: expected another name for a tool: every agent has "contact_human" by itself
bad.yaml:33:5: expected the key "instructions" in an entry of agents
bad.yaml:35:38: expected a text that is not empty for prompt
bad.yaml:35:50: expected a tool of an agent, as Agent.tool, found "Helper.greeet"; did you mean "Helper.greet"?
)");
  CHECK(found.size() == 20);
}

TEST_CASE("team check: each wrong thing gives one line at its place") {
  CHECK(mistakes(with(small_team, "name: small", "name: small\nlimits: {max_replans: many}")) ==
        "2:23: expected a whole number for max_replans, found \"many\"");
  CHECK(mistakes(with(small_team, "name: small\n", "")) == "1:1: expected the key \"name\" in the team");
  CHECK(mistakes(with(small_team, "description: Helps.", "descripton: Helps.")) ==
        "6:5: expected a key of an entry of agents, found \"descripton\"; did you mean \"description\"?");
  CHECK_THAT(mistakes(with(small_team, "    tools:", "    colour: red\n    tools:")),
             Catch::StartsWith("8:5: expected a key of an entry of agents, found \"colour\"; its keys are name, description, "));
  CHECK(mistakes(with(small_team, "instructions: You help.", "instructions:")) == "7:5: expected a text for instructions, found nothing");
  CHECK(mistakes(with(small_team, "description: Helps.", "description: ''")) == "6:18: expected a text that is not empty for description");
  CHECK(mistakes(with(small_team, "description: Helps.", "description: 12")) == "6:18: expected a text for description, found 12");
  CHECK(mistakes(with(small_team, "  - {id: hello, name: Hello, prompt: Say hello to Ada., tools: [Helper.greet]}", "  []")) ==
        "14:3: expected at least one entry in starting_tasks, found an empty list");
  CHECK(mistakes("name: a\ndescription: b\nmodels: {default: c}\nagents: []\nstarting_tasks: []\n") ==
        "4:9: expected at least one entry in agents, found an empty list\n"
        "5:17: expected at least one entry in starting_tasks, found an empty list");
  CHECK(mistakes(with(small_team, "models: {default: offline}", "models: {}")) == "3:9: expected the key \"default\" in models");
  CHECK(mistakes(with(small_team, "models: {default: offline}", "models: {defualt: offline}")) ==
        "3:10: expected the key \"default\" in models, found \"defualt\"");
  for (const std::string own : {"ask_human", "chat_with_agent", "contact_human"})
    CHECK(mistakes(with(small_team, "- name: greet", "- name: " + own)).find("every agent has \"" + own + "\" by itself") !=
          std::string::npos);
  CHECK(mistakes(with(small_team, "name: small", "name: " + std::string(70, 'x'))) == "1:7: expected at most 64 bytes for name, found 70");
}

TEST_CASE("team check: what an anchor carries to several places is said once") {
  const std::string text =
      with(with(small_team, "agents:", "definitions: [&p {name: person, descr: Whom.}]\nagents:"),
           "parameters: [{name: person, description: Whom.}]",
           "parameters: [*p]\n        response: a\n      - name: again\n        description: b\n        parameters: [*p]");
  CHECK(mistakes(text) == "4:33: expected a key of an entry of parameters, found \"descr\"; did you mean \"description\"?");
}

TEST_CASE("team check: one mistake in the company is one line, whatever refers to it") {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"- name: HrAgent", "- name: Hr Agent"},
      {"- name: HrAgent", "- nmae: HrAgent"},
      {"- name: ProductAgent\n", "- kind: specialist\n"},
      {"- name: get_product_info", "- name: get product info"},
      {"- name: assign_mentor\n", "- idempotent: true\n"},
      {"  default: offline\n", ""},
      {"&employee_name {name: employee_name,", "&employee_name {name: employee_name, type: text,"},
      {"&employee_name {name: employee_name,", "&employee_name {nam: employee_name,"},
      {"models:\n", "modls:\n"},
      {"starting_tasks:\n", "starting_task:\n"},
      {"agents:\n", "agent:\n"},
  };
  for (const auto& [from, to] : changes) {
    INFO(to);
    const auto found = check_team(with(company_yaml, from, to), "company.yaml");
    for (const auto& one : found) UNSCOPED_INFO(to_string(one));
    CHECK(found.size() == 1);
  }
}

TEST_CASE("team check: its verdict is the schema's, seen through valijson") {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"name: small", "name: a b"},
      {"name: small", "naem: small"},
      {"description: Helps.", "description: 7"},
      {"name: small", "name: small\nx: 1"},
      {"name: small", "name: 7"},
      {"instructions: You help.", "concurrency: 5"},
      {"name: greet", "name: 2greet"},
      {"name: Helper", "name: Helper\n    concurrency: 0"},
      {"name: small", "name: small\napproval: some"},
      {"name: small", "name: small\nlimits: {max_plan_steps: 101}"},
      {"name: small", "name: small\nlimits: {max_plan_steps: 1.5}"},
      {"name: small", "name: small\nlimits: {max_run_cost_usd: 1.5}"},
      {"name: small", "name: small\nrooms: [{name: a, members: []}]"},
      {"name: small", "name: small\ntopics: [{type: 'a b', subscribers: []}]"},
      {"name: small", "name: small\ntopics: [{type: a.b, subscribers: []}]"},
      {"name: small", "name: small\npeople: [{users: [a]}]"},
      {"response: Hello", "kind: http\n        response: Hello"},
      {"response: Hello, {person}.", "kind: http\n        url: http://x/"},
      {"response: Hello, {person}.", "url: http://x/"},
      {"response: Hello", "method: GET\n        response: Hello"},
      {"response: Hello", "data: []\n        response: Hello"},
      {"response: Hello", "fail: {}\n        response: Hello"},
      {"response: Hello", "timeout_ms: 0\n        response: Hello"},
      {"name: small", "name: small\nversion: [1]"},
      {"name: small", "name: small\nversion: 2"},
  };
  for (const auto& [from, to] : changes) {
    INFO(to);
    const std::string text = with(small_team, from, to);
    CHECK(mistakes(text).empty() == tools::validate_json(team_schema(), yaml_as_json(text)).has_value());
  }
}
