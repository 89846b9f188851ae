// Whether a tool is what a step asks for. A step may have been edited by a person after its function was chosen, and a goal or a history
// speaks of much that the step does not: only the words of the action decide.
#pragma once

#include "model/catalogue.hpp"
#include "model/entities.hpp"
#include "model/ranking.hpp"

namespace convoke::model {

/// "Do nothing", "Skip this", "Please don't …": whoever says so wants no call at all.
bool calls_off(const Reading& action);

/// "Do not onboard Ada.", "Never issue a bonus to Bob. He left.": forbids something, and asks for nothing.
bool only_forbids(const Reading& goal);

/// Whether the action's own words ask for this tool: they name its deed or its thing, or say nothing of their own ("do it by Friday", "make
/// the amount 3000"). Lenient: for a tool that was chosen before, not for choosing one.
bool asks_for(const Reading& action, const Index& index, std::size_t tool);

}  // namespace convoke::model
