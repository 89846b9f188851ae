// Reads and checks team files (YAML), and the canonical JSON form in which a team travels on the bus and is stored. Both have the same
// shape, schemas/team.schema.json; the canonical form has every default written out, so that equal teams are equal texts.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/team/team.hpp"
#include "core/result.hpp"

namespace convoke::agents {

inline constexpr std::size_t max_team_bytes = std::size_t{4} * 1024 * 1024;

struct Diagnostic {
  std::string file;
  int line = 0;  // from 1; 0 in text that did not come from a file
  int column = 0;
  std::string message;  // what was expected, and what was found
};
std::string to_string(const Diagnostic& diagnostic);  // "file:line:column: message"

/// Every mistake in a team file, one each, in the order of the file; empty: the file is good. Reads any input safely.
std::vector<Diagnostic> check_team(std::string_view text, std::string_view filename);

/// INVALID with all diagnostics, one a line, when check_team finds any.
Result<Team> parse_team(std::string_view text, std::string_view filename);
/// As parse_team; NOT_FOUND when the file cannot be read, TOO_LARGE beyond max_team_bytes.
Result<Team> load_team(const std::string& path);

std::string to_json(const Team& team);
/// Whoever reads the same text one after the other is given the same team.
Result<std::shared_ptr<const Team>> team_from_json(std::string_view text);

/// The JSON Schema of team files (draft-07), as shipped in schemas/team.schema.json.
std::string_view team_schema();

}  // namespace convoke::agents
