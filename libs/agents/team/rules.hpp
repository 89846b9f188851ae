// What a schema cannot say about a team file: names that are used twice, references to what does not exist, placeholders without a
// parameter, values that contradict each other. Looks only at nodes whose structure is sound, so that one mistake is one line.
#pragma once

#include "agents/team/mistakes.hpp"

namespace convoke::agents {

/// Tools of kinds that this version cannot run: said once each, and not looked into any further. Before check_structure().
void refuse_other_kinds(Node& root, Mistakes& mistakes);

/// After check_structure(). `text` is the file, to find the place of a placeholder; empty when there is none.
void check_rules(const Node& root, std::string_view text, Mistakes& mistakes);

}  // namespace convoke::agents
