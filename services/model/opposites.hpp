// Verbs that undo what others do: revoke what was granted, cancel what was scheduled. General English, no tool's own.
#pragma once

#include <string_view>

namespace convoke::model {

/// The stem of a verb of undoing: revoke, cancel, uninstall …
bool is_undoing(std::string_view stemmed);

}  // namespace convoke::model
