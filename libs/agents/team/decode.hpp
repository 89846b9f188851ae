// From nodes to values. What is missing or of another type is left at its default: the checks have said so.
#pragma once

#include "agents/team/node.hpp"
#include "agents/team/team.hpp"

namespace convoke::agents {

Team decode_team(const Node& root);
tools::Tool decode_tool(const Node& node);
tools::Parameter decode_parameter(const Node& node);

}  // namespace convoke::agents
