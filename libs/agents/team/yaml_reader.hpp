// YAML text to nodes, safely: size, depth and the number of nodes after expanding aliases are bounded.
#pragma once

#include <string_view>

#include "agents/team/mistakes.hpp"

namespace convoke::agents {

inline constexpr std::size_t max_team_nodes = 200'000;
inline constexpr std::size_t max_team_depth = 24;

/// The one document of the text, or nullptr with the reason added to `mistakes`. Keys that are given twice are reported, the first counts;
/// `<<: *anchor` merges.
NodePtr read_yaml(std::string_view text, Mistakes& mistakes);

}  // namespace convoke::agents
