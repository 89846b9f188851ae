// Expressions of several words that mean something else than their words do: "call back" is to recall, "keep an eye on" is to monitor.
// General English only.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/entities.hpp"

namespace convoke::model {

struct Meaning {
  std::string word;       // said in one word
  std::size_t token = 0;  // where the expression begins
};

/// What the expressions in tokens [first, last) mean. A verb and its particle may have up to four words between them.
std::vector<Meaning> meanings_in(const Reading& reading, std::size_t first, std::size_t last);

}  // namespace convoke::model
