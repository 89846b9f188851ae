// Tools that somebody else defines: what a worker states of those it discovered (the first line) and arguments for them (the rest). A tool
// that joins its agent can be told to a model and be called; the schema of it, whoever wrote it, can be checked against.
#include <nlohmann/json.hpp>

#include "agents/team/discovered.hpp"
#include "core/text.hpp"
#include "fuzz.hpp"
#include "planner/prompt.hpp"
#include "tools/arguments.hpp"
#include "tools/json_schema.hpp"

using namespace convoke;

namespace {

agents::Team office() {
  agents::Team team;
  team.name = "office";
  auto& agent = team.agents.emplace_back();
  agent.name = "HrAgent";
  agent.tools.push_back({.name = "assign_mentor"});
  return team;
}

void check(const agents::Team& team, std::string_view arguments) {
  fuzz::require(team.agents[0].tools[0].kind == tools::Kind::template_text, "a tool of the team file is hidden");
  for (const auto& tool : team.agents[0].tools) {
    const auto schema = tools::schema_of(tool);
    fuzz::require(nlohmann::json::parse(schema, nullptr, false).is_object(), "a tool whose schema is no object");
    fuzz::require(!tool.name.empty() && is_utf8(tool.description), "a tool that cannot be told to a model");
    const auto fits = tools::check_arguments(tool, arguments);
    fuzz::require(fits || !fits.error().message.empty(), "a refusal without a reason");
  }
  const auto catalogue = nlohmann::json::parse(planner::catalogue_of(team), nullptr, false);
  fuzz::require(catalogue.is_array() && catalogue[0]["tools"].size() == team.agents[0].tools.size(), "a catalogue that leaves tools out");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text(data, size);
  const auto line = bytes.find('\n');
  const auto stated = bytes.substr(0, line);
  const auto arguments = line == std::string_view::npos ? std::string_view("{}") : bytes.substr(line + 1);
  auto team = office();
  agents::add_discovered(team, "office", {{{"office.*"}, std::string(stated)}});
  check(team, arguments);
  // The line may as well be a schema alone.
  auto alone = office();
  agents::add_discovered(alone, "office",
                         {{{"office.HrAgent"}, agents::discovered_json("office.HrAgent", {{"found", "Found.", std::string(stated)}})}});
  check(alone, arguments);
  return 0;
}
