#include "core/id.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <utility>

#include "core/hash.hpp"

namespace convoke {
namespace {

constexpr std::uint64_t variant(std::uint64_t lo) { return (lo & 0x3FFFFFFFFFFFFFFFull) | 0x8000000000000000ull; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_string(const Uuid& id) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", id.hi >> 32, (id.hi >> 16) & 0xFFFF, id.hi & 0xFFFF, id.lo >> 48,
                     id.lo & 0xFFFFFFFFFFFFull);
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_digit(text[i]);
    if (value < 0) return std::nullopt;
    auto& half = digits++ < 16 ? id.hi : id.lo;
    half = half << 4 | static_cast<std::uint64_t>(value);
  }
  return id;
}

// RFC 9562 §6.2 method 1: the 12 bits after the time are a counter, so that ids of one millisecond still rise.
Uuid IdMaker::next(UnixTime now) {
  const auto ms = std::max(static_cast<std::uint64_t>(unix_ms(now)), last_ms_);
  sequence_ = ms == last_ms_ ? sequence_ + 1 : random_() & 0x7FF;
  last_ms_ = ms;
  if (sequence_ > 0xFFF) {
    ++last_ms_;
    sequence_ = 0;
  }
  return Uuid{last_ms_ << 16 | 0x7000 | sequence_, variant(random_())};
}

namespace {

std::atomic<std::uint64_t> forks = 0;

/// Numbers of one thread. A child process must not go on with its parent's.
struct Pool {
  std::array<std::uint64_t, 32> numbers{};  // 256 bytes are the most that getentropy gives at once
  std::size_t left = 0;
  std::uint64_t of_fork = 0;
};

}  // namespace

// A system call, or the processor's own generator, for each number would cost more than the message that it names.
std::uint64_t system_random() {
  static const int watched = ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  thread_local Pool pool;
  const auto present = forks.load(std::memory_order_relaxed);
  if (pool.left == 0 || pool.of_fork != present) {
    if (watched != 0 || ::getentropy(pool.numbers.data(), sizeof pool.numbers) != 0) std::abort();
    pool.left = pool.numbers.size();
    pool.of_fork = present;
  }
  return std::exchange(pool.numbers[--pool.left], 0);
}

Uuid session_for_key(std::string_view user, std::string_view key) {
  std::string input(user);
  input.push_back('\0');
  input.append(key);
  const Digest digest = sha256(input);
  Uuid id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.hi = id.hi << 8 | digest[i];
    id.lo = id.lo << 8 | digest[i + 8];
  }
  id.hi = (id.hi & ~0xF000ull) | 0x8000;
  id.lo = variant(id.lo);
  return id;
}

}  // namespace convoke
