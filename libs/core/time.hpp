// Time as the cores see it: handed in, never read. `steady` orders what this process does and measures waits; `unix` is what people and
// Redis are told (the owner's steady clock plus its offset to Redis TIME).
#pragma once

#include <chrono>
#include <cstdint>

namespace convoke {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Millis>;
using UnixTime = std::chrono::time_point<std::chrono::system_clock, Millis>;

/// Later than any time that comes; unlike SteadyTime::max() it can be compared with finer clocks without overflow.
inline constexpr SteadyTime never{std::chrono::floor<Millis>(std::chrono::steady_clock::duration::max())};

struct Now {
  SteadyTime steady{};
  UnixTime unix{};
};

inline std::int64_t unix_ms(UnixTime time) { return time.time_since_epoch().count(); }
inline UnixTime from_unix_ms(std::int64_t ms) { return UnixTime{Millis{ms}}; }

}  // namespace convoke
