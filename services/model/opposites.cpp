#include "model/opposites.hpp"

#include <string>
#include <unordered_set>

#include "model/words.hpp"

namespace convoke::model {
namespace {

std::unordered_set<std::string> stems_of(std::initializer_list<std::string_view> words) {
  std::unordered_set<std::string> stems;
  for (const auto word : words) stems.insert(stem(word));
  return stems;
}

}  // namespace

bool is_undoing(std::string_view stemmed) {
  static const auto verbs = stems_of({"revoke", "withdraw", "remove",      "disable", "cancel",      "uninstall", "delete",    "erase",
                                      "undo",   "abolish",  "deactivate",  "suspend", "terminate",   "unassign",  "unenrol",   "unenroll",
                                      "deny",   "refuse",   "unsubscribe", "dismiss", "discontinue", "stop",      "unregister"});
  return verbs.contains(std::string(stemmed));
}

}  // namespace convoke::model
