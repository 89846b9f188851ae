// The rules of one tool and its parameters.
#pragma once

#include "agents/team/mistakes.hpp"

namespace convoke::agents {

/// The entries of a list under `key`; none when there is no such list.
std::vector<const Node*> items_of(const Node& map, std::string_view key);
/// The text under `key`, or nullptr when there is none, or it is no text.
const Node* text_of(const Node& map, std::string_view key);

/// The sound text of `key` in each node; `complete` becomes false when a node has none, so that references may mean it.
std::vector<std::string> names_in(const std::vector<const Node*>& nodes, std::string_view key, bool& complete);

/// Names are used once; `what` is what carries the name, for the message.
void check_unique(const std::vector<const Node*>& nodes, std::string_view key, std::string_view what, Mistakes& mistakes);

void check_tool_rules(const Node& tool, std::string_view file_text, Mistakes& mistakes);

}  // namespace convoke::agents
