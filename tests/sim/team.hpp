// The team that people of a world work with, in two versions, and the terms that some seeds set it: approval, limits, budgets.
#pragma once

#include <cstdint>
#include <string>

#include "executor/decide.hpp"

namespace convoke::sim {

/// Beside the usual ones (0): what ends a run, a step or a question before it is done, and who has to be asked.
inline constexpr std::uint32_t team_terms = 9;

struct TeamOfSeed {
  std::string first;   // JSON of its versions
  std::string second;  //
  executor::Rules rules;
};

/// Made once for all seeds of the same terms.
const TeamOfSeed& team_of(std::uint32_t terms);

}  // namespace convoke::sim
