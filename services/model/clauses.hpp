// Cuts a request into the clauses that each ask for one thing, so that the tools found for them cover as much of it as possible with as few
// calls as possible (dynamic programming over the places where a clause may begin).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ranking.hpp"

namespace convoke::model {

struct Clause {
  std::size_t first = 0;  // tokens [first, last): everything up to the next clause
  std::size_t last = 0;
  std::size_t core = 0;        // where its own words end, and what is only said with it begins
  bool imperative = false;     // opens with a verb
  Topic topic;                 // what it is about
  std::vector<Ranked> ranked;  // tools for it, best first
  bool fits = false;           // the best tool does what the clause asks for
};

/// At least one clause for a text with words. `label` receives a heading ("Travel: …"), which is context for all clauses.
std::vector<Clause> clauses_of(const Reading& reading, const Index& index, const Catalogue& catalogue);

/// Whether a tool with this evidence may be taken without asking.
bool fits(const Ranked& ranked);

}  // namespace convoke::model
