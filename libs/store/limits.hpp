// Every bound of the store, and the check of a commit against them: the same for both engines, before anything is sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/commit.hpp"

namespace convoke::store {

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

struct Limits {
  std::size_t scope_bytes = 512;          // the text of a scope
  std::size_t name_bytes = 512;           // a log's, part's or key's name
  std::size_t state_bytes = 4 * kMiB;     // of one scope
  std::size_t entry_bytes = 256 * kKiB;   // of one log entry
  std::size_t part_bytes = 8 * kMiB;      // of one part
  std::size_t answer_bytes = 64 * kKiB;   // of one recorded answer
  std::size_t commit_bytes = 16 * kMiB;   // all bytes of one commit together
  std::size_t commit_entries = 4096;      // log entries of one commit
  std::size_t commit_names = 1000;        // appends + keys + parts + pieces + deletes of one commit
  std::uint32_t page_bytes = 256 * 1024;  // of one page of a log
  std::uint32_t page_entries = 1000;
  std::uint32_t max_in_flight = 128;  // commits sent and unanswered
  std::uint32_t max_waiting = 4096;   // commits that wait for a place; beyond: overloaded
  std::uint32_t max_calls = 2048;     // other calls unanswered, per connection; beyond: OVERLOADED
  std::uint32_t spans = 2000;         // kept per session, about
  std::size_t span_bytes = 16 * kKiB;
  Millis key_ttl = std::chrono::hours(24);
  Millis spans_ttl = std::chrono::hours(24);
  Millis tombstone_ttl = std::chrono::hours(24 * 7);
};

/// The answer to a commit that may not be sent; nothing when it may.
std::optional<CommitAnswer> check(const Commit& commit, const Limits& limits);

/// `s:…`, `u:…` or `t:…`, within its length, without control characters.
bool is_scope(std::string_view scope, const Limits& limits);

/// `log:…` or `tr:…`.
bool is_log(std::string_view name);

CommitAnswer refusal(Reason reason, std::string text);

}  // namespace convoke::store
