#include "agents/team/team.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "team_support.hpp"
#include "tools/json_schema.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

constexpr std::string_view everything = R"(name: full
description: Uses every key.
version: 1.5
models: {default: a, planner: b, writer: c}
approval: sensitive
limits: {max_plan_steps: 3, max_replans: 1, max_stalls: 2, max_step_retries: 0, step_timeout_ms: 1000, human_timeout_ms: 2000,
  run_timeout_ms: 3000, max_run_turns: 4, max_run_tokens: 5000000000, max_run_cost_usd: 2.5,
  max_people: 7}
people:
  - {users: [ada@example.org], agents: ["*"]}
  - {users: ["*"], agents: [Writer]}
definitions: [&common {max_model_calls: 2}]
agents:
  - name: Writer
    description: Writes.
    instructions: Write.
    model: writer
    can_contact: ["*"]
    concurrency: 2
    limits: {<<: *common, max_tool_calls: 3, turn_timeout_ms: 4000, max_output_tokens: 5}
    tools:
      - name: write
        description: Writes a text.
        kind: template
        synonyms: [compose]
        parameters:
          - {name: topic, description: About what., synonyms: [about]}
          - {name: words, type: integer, description: How many., default: 100, enum: [100, 200]}
          - {name: tags, type: list, items: number, description: Tags., required: false}
        response: "{topic} {data.note} {{x}}"
        data: {note: {deep: [1, 2.5, null, true, "1"]}}
        fail: {first: 2, message: No ink.}
        delay_ms: 10
        timeout_ms: 20
        idempotent: false
        journal: true
        sensitive: true
  - {name: Reader, description: Reads., instructions: Read., kind: generic}
  - {name: Person, description: A person., instructions: Ask., kind: human}
topics: [{type: news.daily, description: News., subscribers: [Reader]}]
rooms: [{name: lounge, description: Talk., members: [Writer, Reader], policy: round_robin}]
starting_tasks:
  - {id: one, name: One, prompt: Write., logo: pen, tools: [Writer.write]}
)";

}  // namespace

TEST_CASE("team: every key of the format is read") {
  const Team team = parse_team(everything, "t").value();
  CHECK(team.version == "1.5");
  CHECK(team.approval == Approval::sensitive);
  CHECK(team.limits.max_run_tokens == 5'000'000'000);
  CHECK(team.limits.max_people == 7);
  CHECK(team.limits.max_run_cost_usd == 2.5);
  const Agent& writer = team.agents.at(0);
  CHECK((writer.limits.max_model_calls == 2 && writer.limits.max_tool_calls == 3 && writer.concurrency == 2));
  const tools::Tool& tool = writer.tools.at(0);
  CHECK((tool.fail.first == 2 && tool.fail.message == "No ink." && tool.delay_ms == 10 && tool.timeout_ms == 20));
  CHECK((!tool.idempotent && tool.journal && tool.sensitive));
  CHECK(tool.data_json == R"({"note":{"deep":[1,2.5,null,true,"1"]}})");
  CHECK((tool.parameters[0].required && !tool.parameters[1].required && !tool.parameters[2].required));
  CHECK((tool.parameters[1].default_json == "100" && tool.parameters[1].one_of == std::vector<std::string>{"100", "200"}));
  CHECK((tool.parameters[2].type == tools::Type::list && tool.parameters[2].items == tools::Type::number));
  CHECK((team.agents[1].kind == AgentKind::generic && team.agents[2].kind == AgentKind::human));
  CHECK((team.topics.at(0).type == "news.daily" && team.topics[0].subscribers == std::vector<std::string>{"Reader"}));
  CHECK((team.rooms.at(0).policy == "round_robin" && team.rooms[0].members.size() == 2));
  CHECK((team.starting_tasks.at(0).logo == "pen" && team.starting_tasks[0].tools == std::vector<std::string>{"Writer.write"}));
}

TEST_CASE("team: the canonical JSON has every field, fits the schema, and comes back the same") {
  const Team team = parse_team(everything, "t").value();
  const std::string json = to_json(team);
  CHECK(tools::validate_json(team_schema(), json));
  CHECK(to_json(*team_from_json(json).value()) == json);
  CHECK(nlohmann::json::parse(json)["limits"].size() == 11);
  const std::string small = to_json(parse_team(small_team, "t").value());
  CHECK(to_json(*team_from_json(small).value()) == small);
  CHECK_THAT(small, Catch::Contains("\"max_plan_steps\":6"));
}

TEST_CASE("team: JSON that is no team is refused") {
  for (const std::string text : {"", "{", "[]", "{}", "7", R"({"name": "x"})"}) CHECK(team_from_json(text).error().code == Fault::invalid);
  const std::string json = to_json(parse_team(small_team, "t").value());
  CHECK_THAT(team_from_json(with(json, "{person}", "{nobody}")).error().message, Catch::Contains("{nobody}"));
}

TEST_CASE("team: models go by role, then by default") {
  const Team team = parse_team(everything, "t").value();
  CHECK(model_for(team, "planner") == "b");
  CHECK(model_for(team, "gate") == "a");
  CHECK(model_of(team, team.agents[0]) == "c");
  CHECK(model_of(team, team.agents[1]) == "a");
}

TEST_CASE("team: who may contact whom, and which people may talk to whom") {
  const Team team = parse_team(everything, "t").value();
  CHECK(may_contact(team.agents[0], "Reader"));
  CHECK_FALSE(may_contact(team.agents[0], "Writer"));
  CHECK_FALSE(may_contact(team.agents[1], "Writer"));
  CHECK(may_talk(team, "ada@example.org", "Reader"));
  CHECK(may_talk(team, "bob", "Writer"));
  CHECK_FALSE(may_talk(team, "bob", "Reader"));
  CHECK(may_talk(parse_team(small_team, "t").value(), "bob", "Helper"));
}

TEST_CASE("team: a file that cannot be read is not found, a wrong one says all that is wrong") {
  CHECK(load_team("/nonexistent/team.yaml").error().code == Fault::not_found);
  CHECK(load_team("/").error().code == Fault::not_found);
  const auto wrong = parse_team(with(with(small_team, "Helps.", "[]"), "offline", "7"), "file.yaml");
  CHECK(wrong.error().code == Fault::invalid);
  CHECK(wrong.error().message ==
        "file.yaml:3:19: expected a text for default, found 7\nfile.yaml:6:18: expected a text for description, found a list");
}
