// Deliberate mistakes, to see whether the checks notice them. CONVOKE_MUTATED(name) is false everywhere but in builds for tests, and there
// too unless a simulation switches that one mutation on. Each place says what it breaks; tests/sim/mutations lists them.
#pragma once

#ifdef CONVOKE_FAILPOINTS

#include <string_view>

namespace convoke::mutation {

/// The one that is on; empty: none. Set before anything runs.
inline std::string_view active;

}  // namespace convoke::mutation

#define CONVOKE_MUTATED(name) (::convoke::mutation::active == #name)

#else

#define CONVOKE_MUTATED(name) false

#endif
