// Tools of kind `http` in team files.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "team_support.hpp"
#include "tools/json_schema.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

namespace {

std::string with_tool(std::string_view keys) { return with(small_team, "response: Hello, {person}.", keys); }

constexpr std::string_view good = R"(kind: http
        method: PUT
        url: https://greet.example.org/{person}
        headers: {Authorization: "Bearer ${TOOL_GREET}", X-Team: small}
        timeout_ms: 1500
        idempotent: true)";

}  // namespace

TEST_CASE("team: an http tool is read, and comes back the same from the canonical form") {
  REQUIRE(mistakes(with_tool(good)).empty());
  const Team team = parse_team(with_tool(good), "t").value();
  const auto& tool = team.agents[0].tools.at(0);
  CHECK(tool.kind == tools::Kind::http);
  CHECK((tool.http.method == "PUT" && tool.http.url == "https://greet.example.org/{person}" && tool.timeout_ms == 1500 && tool.idempotent));
  REQUIRE(tool.http.headers.size() == 2);
  CHECK(tool.http.headers[0] == std::pair<std::string, std::string>("Authorization", "Bearer ${TOOL_GREET}"));
  const std::string json = to_json(team);
  CHECK(tools::validate_json(team_schema(), json));
  CHECK(to_json(*team_from_json(json).value()) == json);
  CHECK_FALSE(nlohmann::json::parse(json)["agents"][0]["tools"][0].contains("response"));
}

TEST_CASE("team: an http tool may be repeated only if it says so, or reads") {
  const auto tool_of = [](std::string_view keys) { return parse_team(with_tool(keys), "t").value().agents[0].tools.at(0); };
  CHECK_FALSE(tool_of("kind: http\n        url: http://x/").idempotent);
  CHECK(tool_of("kind: http\n        url: http://x/").http.method == "POST");
  CHECK_FALSE(tool_of("kind: http\n        url: http://x/\n        method: DELETE").idempotent);
  CHECK(tool_of("kind: http\n        url: http://x/\n        method: GET").idempotent);
  CHECK_FALSE(tool_of("kind: http\n        url: http://x/\n        method: GET\n        idempotent: false").idempotent);
  CHECK(tool_of("response: Hello.").idempotent);
}

TEST_CASE("team check: what goes with one kind of tool alone is said once, at its place") {
  CHECK(mistakes(with_tool("kind: http")) == "9:9: expected the key \"url\" in an entry of tools");
  CHECK(mistakes(with_tool("url: http://x/{person}")) == "12:9: expected \"kind: http\" in a tool that has a url");
  CHECK(mistakes(with_tool("kind: http\n        url: http://x/\n        response: Hello.")) ==
        "14:9: expected no response in a tool of kind http");
  CHECK(mistakes(with_tool("kind: http\n        url: http://x/\n        journal: true")) ==
        "14:9: expected no journal in a tool of kind http");
  CHECK(mistakes(with_tool("response: Hello.\n        headers: {A: b}")) == "13:9: expected no headers in a tool of kind template");
  CHECK(mistakes(with_tool("kind: http\n        url: http://x/{nobody}")) == "13:23: expected a parameter of the tool, found \"{nobody}\"");
  CHECK(mistakes(with_tool("kind: http\n        method: FETCH\n        url: http://x/")) ==
        "13:17: expected one of GET, POST, PUT, PATCH, DELETE for method, found \"FETCH\"");
  CHECK(mistakes(with_tool("kind: http\n        method: FETCH\n        url: http://x/{nobody}")) ==
        "13:17: expected one of GET, POST, PUT, PATCH, DELETE for method, found \"FETCH\"\n"
        "14:23: expected a parameter of the tool, found \"{nobody}\"");
  for (const auto* url :
       {"http://[::1", "http://[]/", "http://x:99999/", "http://x:0/", "http://x:/", "http://x:80a/", "http://::1/", "http://[::1]x/"}) {
    INFO(url);
    CHECK(mistakes(with_tool("kind: http\n        url: \"" + std::string(url) + "\"")).starts_with("13:14: expected a host"));
  }
  for (const auto* url : {"http://[::1]:8080/", "http://[2001:db8::1]/x", "http://x:65535", "https://a.example/{person}"}) {
    INFO(url);
    CHECK(mistakes(with_tool("kind: http\n        url: \"" + std::string(url) + "\"")).empty());
  }
  CHECK(mistakes(with_tool("kind: http\n        url: http://x/\n        headers:\n          Authorization: Bearer abc")) ==
        "15:11: expected a variable of the worker's environment for a secret: ${TOOL_…}, found \"Authorization\"");
}

TEST_CASE("team check: one mistake in a tool that calls a server hides no other") {
  const std::string variable = "expected a variable of the environment whose name begins with TOOL_: ${TOOL_…}, found ";
  CHECK(mistakes(with_tool("kind: http\n        url: http://x/{y}\n"
                           "        headers: {\"B b\": x, C: \"${HOME} ${USER}\", D: 5, Host: \"${HOME}\", Cookie: 5}")) ==
        "13:23: expected a parameter of the tool, found \"{y}\"\n"
        "14:19: expected the name of a header, found \"B b\"\n"
        "14:32: " +
            variable + "\"${HOME}\"\n14:32: " + variable +
            "\"${USER}\"\n"
            "14:54: expected a text for D, found 5\n"
            "14:57: expected a header that is not set by Convoke itself, found \"Host\"\n"
            "14:63: " +
            variable +
            "\"${HOME}\"\n"
            "14:82: expected a text for Cookie, found 5");
  CHECK(mistakes(with_tool("kind: http\n        url: http://{h}/a?x={y}&z={q}&again={y}&w={person}")) ==
        "13:14: expected no placeholder in the host: a model must not choose whom the tool calls, found "
        "\"http://{h}/a?x={y}&z={q}&again={y}&w={person}\"\n"
        "13:29: expected a parameter of the tool, found \"{y}\"\n"
        "13:35: expected a parameter of the tool, found \"{q}\"\n"
        "13:45: expected a parameter of the tool, found \"{y}\"");
  CHECK(mistakes(with_tool("kind: http\n        headers: {A b: c}")) ==
        "9:9: expected the key \"url\" in an entry of tools\n13:19: expected the name of a header, found \"A b\"");
  CHECK(mistakes(with_tool("kind: http\n        url: [x]\n        headers: {A b: c}")) ==
        "13:14: expected a text for url, found a list\n14:19: expected the name of a header, found \"A b\"");
}
