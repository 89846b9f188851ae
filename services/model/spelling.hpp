// Words that were meant to be the same: misspelt, or derived from one another in a way that the stemmer does not see.
#pragma once

#include <string_view>

namespace convoke::model {

/// 0 for unrelated; up to 1 for one wrong letter in a long word. Both have four letters or more and begin alike.
double resemblance(std::string_view left, std::string_view right);

}  // namespace convoke::model
