// Collects what the checks find, and the words they share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agents/team/node.hpp"

namespace convoke::agents {

struct Mistake {
  Mark mark;
  std::string message;
};

using Mistakes = std::vector<Mistake>;

/// The candidate that somebody who wrote `written` most likely meant; empty when none is near.
std::string_view nearest(std::string_view written, const std::vector<std::string>& candidates);
/// `; did you mean "X"?`, or nothing.
std::string did_you_mean(std::string_view written, const std::vector<std::string>& candidates);

/// For messages: in quotes, on one line, not longer than 60 bytes.
std::string quote(std::string_view text);
/// What stands there: `"text"`, `12`, `a list`, `nothing`.
std::string found(const Node& node);
/// "a, b, c"
std::string joined(const std::vector<std::string>& parts);

}  // namespace convoke::agents
