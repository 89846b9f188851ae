// Team files: whatever is in one, its mistakes are named, and what is accepted comes back from its stored form unchanged.
#include "agents/team/load.hpp"
#include "agents/team/team.hpp"
#include "fuzz.hpp"

using namespace convoke;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text(data, size);
  (void)agents::team_from_json(bytes);
  const auto team = agents::parse_team(bytes, "team.yaml");
  if (!team) {
    fuzz::require(!team.error().message.empty(), "a refusal without a reason");
    return 0;
  }
  const auto stored = agents::to_json(*team);
  const auto again = agents::team_from_json(stored);
  fuzz::require(again.has_value(), "an accepted team cannot be read from its stored form");
  fuzz::require(agents::to_json(**again) == stored, "a team changes in its stored form");
  return 0;
}
