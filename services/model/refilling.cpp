// What a first text leaves open, filled from another: a reply, the rest of a request, the goal.
#include <algorithm>

#include "model/arguments.hpp"

namespace convoke::model {

void fill_from(Filled& filled, const Tool& tool, const Reading& reading, FillOptions options) {
  if (filled.missing.empty() && filled.vague.empty()) return;
  const auto other = fill(tool, reading, 0, reading.tokens.size(), options);
  const auto among = [](const std::vector<const Parameter*>& list, const Parameter* one) {
    return std::ranges::find(list, one) != list.end();
  };
  std::erase_if(filled.missing, [&](const Parameter* parameter) {
    if (!other.arguments.contains(parameter->name) || (options.elsewhere && among(filled.refused, parameter))) return false;
    filled.arguments[parameter->name] = other.arguments[parameter->name];
    if (among(other.vague, parameter)) filled.vague.push_back(parameter);
    return true;
  });
  std::erase_if(filled.refused, [&](const Parameter* parameter) { return !among(filled.missing, parameter); });
  for (const auto* parameter : other.refused) {
    if (!options.elsewhere && among(filled.missing, parameter) && !among(filled.refused, parameter)) filled.refused.push_back(parameter);
  }
  std::erase_if(filled.vague, [&](const Parameter* parameter) {
    if (!other.arguments.contains(parameter->name) || among(other.vague, parameter)) return false;
    filled.arguments[parameter->name] = other.arguments[parameter->name];
    return true;
  });
}

}  // namespace convoke::model
