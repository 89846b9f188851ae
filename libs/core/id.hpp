// Identifiers (RFC 9562): UUIDv7 for what is made here, UUIDv8 for what must come out the same when a client repeats itself. The text
// form is lower case with hyphens. Ids inside a session are `<session>~<suffix>`, so that whatever names one can be routed.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace convoke {

struct Uuid {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  auto operator<=>(const Uuid&) const = default;
  explicit operator bool() const { return hi != 0 || lo != 0; }
};

std::string to_string(const Uuid& id);
std::optional<Uuid> parse_uuid(std::string_view text);

/// Makes UUIDv7s that rise strictly within one maker. The source of randomness is handed in, so that a simulation is repeatable.
class IdMaker {
 public:
  explicit IdMaker(std::function<std::uint64_t()> random) : random_(std::move(random)) {}
  Uuid next(UnixTime now);

 private:
  std::function<std::uint64_t()> random_;
  std::uint64_t last_ms_ = 0;
  std::uint64_t sequence_ = 0;
};

/// 64 random bits from the operating system's generator.
std::uint64_t system_random();

/// UUIDv8 from SHA-256(user, 0 byte, idempotency key): the session that a repeated creation finds again.
Uuid session_for_key(std::string_view user, std::string_view key);

/// The session part of `<session>~<suffix>`, or the whole text when there is no `~`.
inline std::string_view session_of(std::string_view id) { return id.substr(0, id.find('~')); }

}  // namespace convoke

template <> struct std::hash<convoke::Uuid> {
  std::size_t operator()(const convoke::Uuid& id) const noexcept { return id.hi * 0x9E3779B97F4A7C15ull ^ id.lo; }
};
