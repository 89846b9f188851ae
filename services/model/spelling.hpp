// Words that were meant to be the same: misspelt, or derived from one another in a way that the stemmer does not see.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "model/words.hpp"

namespace convoke::model {

/// 0 for unrelated; up to 1 for one wrong letter in a long word. Both have four letters or more and begin alike.
double resemblance(std::string_view left, std::string_view right);

/// Words of six letters or more that nobody knows, and that are a verb of requests, a month or a weekday but for one letter left out,
/// doubled or swapped with its neighbour, are read as those. `known` says whether a stem is a word of the catalogue at hand.
void mend_spelling(std::vector<Token>& tokens, const std::function<bool(std::string_view)>& known);

}  // namespace convoke::model
