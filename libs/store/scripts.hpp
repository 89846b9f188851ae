// The Lua that runs inside Redis: where the all-or-nothing of a commit comes from. Each script reads and checks first and writes last;
// none of them loops over more than its arguments, but for the removal of a scope.
#pragma once

#include <array>
#include <string_view>

namespace convoke::store {

enum class Script : std::size_t { commit, claim, load, keys, read_log, spans };
inline constexpr std::size_t kScripts = 6;

std::string_view text_of(Script script);

}  // namespace convoke::store
