// Rules that a schema cannot say.
#include <catch2/catch.hpp>

#include "team_support.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

std::string with_parameter(std::string_view parameter) {
  return mistakes(with(small_team, "{name: person, description: Whom.}", "{name: person, description: Whom.}, " + std::string(parameter)));
}

}  // namespace

TEST_CASE("team rules: placeholders name parameters, data or the clock, and are found in the line where they stand") {
  CHECK(mistakes(with(small_team, "response: Hello, {person}.",
                      "response: |-\n          # Hello\n\n          {person}, {nobody} {{x}}\n          {data.a}")) ==
        "15:21: expected a parameter: {person}, found \"{nobody}\"\n16:11: expected a key of the tool's data, found \"{data.a}\"");
  CHECK(mistakes(with(small_team, "response: Hello, {person}.", "response: \"{person {clock.today} {clock.yesterday}\"")) ==
        "12:20: expected a closing '}' on the same line, or {{ for a brace, found \"{\"\n"
        "12:42: expected {clock.today} or {clock.first_of_next_month}, found \"{clock.yesterday}\"");
}

TEST_CASE("team rules: a lone brace is found where it stands, whatever other braces come before it") {
  const auto answered = [](std::string_view response) {
    return mistakes(with(small_team, "response: Hello, {person}.", "response: " + std::string(response)));
  };
  const std::string no_end = "expected a closing '}' on the same line, or {{ for a brace, found \"{\"";
  const std::string no_begin = "expected }} for a brace, found \"}\"";
  CHECK(answered("|-\n          ##### Ok {{fine}}\n\n          **{person}** one }\n          {unclosed") ==
        "15:28: " + no_begin + "\n16:11: " + no_end);
  CHECK(answered("\"{person} {x.y\"") == "12:29: " + no_end);
  CHECK(answered("{} # none") == "12:19: expected a text for response, found a map");
  CHECK(answered("a } b } c") == "12:21: " + no_begin + "\n12:25: " + no_begin);
  CHECK(answered("a } b\n          c { d") == "12:21: " + no_begin + "\n13:13: " + no_end);
  CHECK(answered("&a |- # {of this}\n          {person} {") == "13:20: " + no_end);
  CHECK(answered("\"\\x7b \\x7d }\"") == "12:19: expected a parameter: {person}, found \"{ }\"\n12:19: " + no_begin);
}

TEST_CASE("team rules: names are used once in their place") {
  CHECK(with_parameter("{name: person, description: Again.}") ==
        "11:65: expected another name: the parameter \"person\" is already in line 11");
  CHECK(mistakes(std::string(small_team) + "  - {id: hello, name: Again, prompt: Again.}\n") ==
        "15:10: expected another id: the starting task \"hello\" is already in line 14");
  CHECK(mistakes(with(small_team, "agents:", "rooms: [{name: a, members: [Helper]}, {name: a, members: [Helper]}]\nagents:")) ==
        "4:46: expected another name: the room \"a\" is already in line 4");
  CHECK(mistakes(with(small_team, "description: Helps.", "description: Helps.\n    description: Twice.")) ==
        "7:5: expected each key once, found \"description\" again (first in line 6)");
}

TEST_CASE("team rules: references are to what exists") {
  CHECK(mistakes(with(small_team, "instructions: You help.", "instructions: You help.\n    can_contact: [\"*\", Nobody]")) ==
        "8:24: expected the name of an agent or \"*\" for can_contact, found \"Nobody\"");
  // An agent without a name is what several call by one name, and no excuse for others; one with a bad name is meant by who says that.
  const auto with_agent = [](const std::string& name, const std::string& contacts, const std::string& members) {
    return with(small_team, "agents:",
                "rooms: [{name: a, members: [" + members + "]}]\nagents:\n  - {" + name +
                    "description: Another., instructions: You help., can_contact: [" + contacts + "]}");
  };
  CHECK(mistakes(with_agent("", "Somebody", "Somebody")).find("Somebody") == std::string::npos);
  CHECK(mistakes(with_agent("", "Somebody, Nobody", "Somebody")).find("found \"Nobody\"") != std::string::npos);
  CHECK(mistakes(with_agent("", "Somebody, Nobody", "Somebody")).find("found \"Somebody\"") == std::string::npos);
  CHECK(mistakes(with_agent("", "Nobody", "Helper")).find("found \"Nobody\"") != std::string::npos);
  CHECK(mistakes(with_agent("name: Bad Name, ", "Helper", "Bad Name")).find("for members") == std::string::npos);
  CHECK(mistakes(with(small_team, "agents:", "topics: [{type: a, subscribers: [Halper]}]\nagents:")) ==
        "4:34: expected the name of an agent for subscribers, found \"Halper\"; did you mean \"Helper\"?");
  CHECK(mistakes(with(small_team, "agents:", "rooms: [{name: a, members: [X]}]\nagents:")) ==
        "4:29: expected the name of an agent for members, found \"X\"");
  CHECK(mistakes(with(small_team, "agents:", "people: [{users: [ada], agents: [X]}]\nagents:")) ==
        "4:34: expected the name of an agent or \"*\" for agents, found \"X\"");
  CHECK(mistakes(with(small_team, "tools: [Helper.greet]", "tools: [greet]")) ==
        "14:65: expected a tool of an agent, as Agent.tool, found \"greet\"");
  CHECK(mistakes(with(small_team, "instructions: You help.", "instructions: You help.\n    model: big")) ==
        "8:12: expected an entry of models (default), found \"big\"");
  CHECK(mistakes(with(small_team, "{default: offline}", "{default: offline, plannr: a}")) ==
        "3:28: expected a role (default, planner, selector, gate, summary) or the model of an agent, found \"plannr\"; did you mean "
        "\"planner\"?");
}

TEST_CASE("team rules: parameters do not contradict themselves") {
  CHECK(with_parameter("{name: n, type: integer, description: N., default: many}") ==
        "11:109: expected a default of type integer, found \"many\"");
  CHECK(with_parameter("{name: n, type: integer, description: N., enum: [1, two]}") ==
        "11:110: expected values of type integer in enum, found \"two\"");
  CHECK(with_parameter("{name: n, description: N., enum: [a, b], default: c}") ==
        "11:108: expected a default that is in enum (a, b), found \"c\"");
  CHECK(with_parameter("{name: n, description: N., items: number}") == "11:92: expected items only for type list, found type string");
  CHECK(with_parameter("{name: n, description: N., required: true, default: c}") == "11:95: expected no required: true beside a default");
  CHECK(with_parameter("{name: n, type: number, description: N., enum: [1, 2.5], default: 1}").empty());
}

TEST_CASE("team rules: one mistake does not hide another") {
  CHECK(mistakes(with(with(small_team, "{name: person, description: Whom.}", "{name: person, type: txt, default: [1]}"), "{person}",
                      "{nobody}")) ==
        "11:22: expected the key \"description\" in an entry of parameters\n"
        "11:43: expected one of string, number, integer, boolean, list, object for type, found \"txt\"\n"
        "12:26: expected a parameter: {person}, found \"{nobody}\"");
}

TEST_CASE("team rules: ordered failures need the journal, people have no tools") {
  CHECK(mistakes(with(small_team, "response: Hello", "fail: {first: 1}\n        journal: false\n        response: Hello")) ==
        "12:15: expected journal: true with fail: failures are counted in the journal");
  CHECK(mistakes(with(small_team, "instructions: You help.", "instructions: You help.\n    kind: human")) ==
        "10:7: expected no tools of a human agent: people do its steps");
}

TEST_CASE("team rules: every other kind of tool is refused once, whatever its keys are") {
  for (const std::string kind : {"mcp", "builtin", "agent", "code"})
    CHECK(mistakes(with(small_team, "response: Hello, {person}.", "kind: " + kind + "\n        url: [x]\n        response: 7")) ==
          "12:15: expected kind template or http: " + kind + " is not available in this version");
  CHECK(mistakes(with(small_team, "response: Hello", "kind: templat\n        response: Hello")) ==
        "12:15: expected one of template, http for kind, found \"templat\"; did you mean \"template\"?");
}
