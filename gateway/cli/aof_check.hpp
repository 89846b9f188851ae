// What redis-check-aof says of an append-only file, understood. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::cli {

struct AofVerdict {
  enum class Kind : std::uint8_t { whole, cut, damaged };
  Kind kind = Kind::whole;
  std::string reason;  // damaged: its own words
};

/// `fine`: it ended with 0. A file whose last write was cut off is no damage: Redis drops that write when it loads the file.
AofVerdict verdict_of(bool fine, std::string_view output);

}  // namespace convoke::cli
