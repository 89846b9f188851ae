// SHA-256 (FIPS 180-4) and the places where the design asks for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace convoke {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);
std::string to_hex(const Digest& digest);

/// Partition of a scope, `s:<session>`, `u:<user>` or `t:<team>`: the first byte of its SHA-256.
std::uint8_t partition_of(std::string_view scope);

/// True when both are equal; takes the same time wherever they differ. For secrets.
bool equal_in_constant_time(std::string_view left, std::string_view right);

}  // namespace convoke
