// Draws spans as a waterfall: children under their parents, bars to scale. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/output.hpp"

namespace convoke::cli {

/// Lines for the spans as the gateway gives them (`/api/trace`), `width` columns wide.
std::vector<std::string> waterfall(const Json& spans, std::size_t width);

}  // namespace convoke::cli
