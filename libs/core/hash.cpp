#include "core/hash.hpp"

#include <fmt/format.h>
#include <sodium/crypto_hash_sha256.h>
#include <sodium/utils.h>

#include <array>
#include <functional>

namespace convoke {

Digest sha256(std::string_view bytes) {
  Digest digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return digest;
}

std::string to_hex(const Digest& digest) { return fmt::format("{:02x}", fmt::join(digest, "")); }

std::uint8_t partition_of(std::string_view scope) {
  // The same few scopes come again and again, each several times for every message; the digest costs ten times as much as the look-up.
  struct Known {
    std::string scope;
    std::uint8_t partition = 0;
  };
  thread_local std::array<Known, 64> known;
  auto& here = known[std::hash<std::string_view>{}(scope) % known.size()];
  if (here.scope != scope || scope.empty()) {
    here.partition = sha256(scope)[0];
    here.scope = scope;
  }
  return here.partition;
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace convoke
