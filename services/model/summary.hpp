// The sentence that sums a plan up. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/planning.hpp"

namespace convoke::model {

/// The steps in few words, and all of `left_out`, or how many more there are.
std::string summary_of(const std::vector<Step>& steps, const std::vector<std::string>& left_out);

}  // namespace convoke::model
