// One clause that asks for the same of several: "a mentor to Tom and Jerry", "500 to Tom and 700 to Jerry", "a laptop and a monitor". Pure.
#pragma once

#include <vector>

#include "model/arguments.hpp"

namespace convoke::model {

/// So many calls are made in one turn of an agent at most; who asks for more is told so.
inline constexpr std::size_t most_calls = 24;

/// `filled` once for each person or thing that the tokens [first, last) name in a row with the one it was filled with; itself where there
/// is but one. Each has the amount that stands with it.
std::vector<Filled> each_of(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last, const Filled& filled);

/// The same, also where a reply named several, and where "both" or "them" are the persons named before `first`.
std::vector<Filled> shares_of(const Tool& tool, const Reading& reading, std::size_t first, std::size_t last,
                              const std::vector<Reading>& replies, const Filled& filled);

}  // namespace convoke::model
