// Structure of a team file, checked against schemas/team.schema.json, with the place of each mistake. valijson would give a verdict without
// places and with several errors for one mistake; a test holds both verdicts against each other.
#pragma once

#include "agents/team/mistakes.hpp"

namespace convoke::agents {

/// Adds one mistake for each. A misspelt key is reported once and then taken for the one that was meant (the node is changed), so that it
/// is not reported as missing too. Nodes with a mistake in or below them are marked as not sound.
void check_structure(Node& root, Mistakes& mistakes);

}  // namespace convoke::agents
