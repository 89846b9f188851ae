// What a commit to durable state is, as plain values: the groupchat core makes them, libs/store carries them out, a simulation needs
// nothing else. One commit touches one scope; it is a compare-and-set on (the partition's epoch, the scope's version) that checks
// everything before its first write, and raises the version by one. Names inside a scope are texts of the caller: logs are
// `log:<conversation>` or `tr:<agent>`, parts and keys are bare names. Bytes are opaque here. Times are Unix milliseconds of Redis.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"

namespace convoke::store {

using Partition = std::uint8_t;

/// Who holds a partition. Absent is {0, none}. Compared for equality alone: a commit needs exactly the epoch in Redis.
struct Epoch {
  std::uint64_t number = 0;
  Uuid replica;
  auto operator<=>(const Epoch&) const = default;
};

/// Entries `first`, `first`+1 … of a log. The log must be at `first`-1 (an absent log is at 0), else nothing is committed.
struct Append {
  std::string log;
  std::uint64_t first = 1;
  std::vector<std::string> entries;
};

/// The answer to a command, so that its repetition is answered and not carried out. `key` includes whoever may repeat it
/// (`<user>/<key>`). It lives for `ttl`, but no longer than Limits::key_ttl; without `ttl` as long as the scope and then as long as its
/// tombstone: for creations.
struct KeyRecord {
  std::string key;
  std::string body_hash;  // at most 255 bytes
  std::string answer;
  std::optional<Millis> ttl = Millis::max();
};

/// Bytes too large, or needed too seldom, for the state: a key of their own. Writing an existing part replaces it.
struct Part {
  std::string name;
  std::string bytes;
};

/// A piece of the state that is stored apart, so that a commit writes only those that it changes: for a state that is a long list. All of
/// them are loaded with the scope. Empty bytes: the piece goes.
struct Piece {
  std::string name;
  std::string bytes;
};

struct Commit {
  std::string scope;                      // `s:<session>`, `u:<user>`, `t:<team>`; fixes the partition
  Epoch epoch;                            // must be the partition's
  std::uint64_t version = 0;              // must be the scope's (absent = 0); it becomes version + 1
  bool create = false;                    // the scope must be absent; the first commit of a session must say so, others may
  bool remove = false;                    // delete all of the scope, leave a tombstone; only `keys` may come with it
  std::optional<std::string> state = {};  // unset: stays as it is
  std::uint32_t format = 1;               // of `state`; stored beside it
  std::vector<Append> appends = {};       // at most one per log
  std::vector<KeyRecord> keys = {};       // if one of them exists, nothing is written: `repeated`
  std::vector<Part> parts = {};
  std::vector<Piece> pieces = {};           // of the state; the others stay as they are
  std::vector<std::string> deletes = {};    // `part:<name>`, `log:<conversation>`, `tr:<agent>`; absent ones are fine
  std::optional<std::int64_t> due_unix_ms;  // the earliest time something is owed; unset: nothing is, leaves the index
};

/// A key of a commit (or of a look-up) that exists already, with what was recorded.
struct Recorded {
  std::string key;
  std::string body_hash;
  std::string answer;
};

enum class Outcome : std::uint8_t {
  ok,
  refused_epoch,    // another owner: `epoch` is the partition's now
  refused_version,  // `version` is the scope's now
  repeated,         // `recorded` holds those of the commit's keys that exist
  gone,             // the scope was removed; its tombstone is still there
  refused,          // `reason` and `text` say why; like all above, NOTHING was written
  unknown,          // sent, not answered: it may or may not have happened. Claim again, reload, handle again
};

/// Why a call was refused by the store or Redis rather than by what it asked. Those before `overloaded` are outages of Redis.
enum class Reason : std::uint8_t {
  none,
  away,           // not connected; never sent
  disk_full,      // Redis cannot write its file (MISCONF)
  out_of_memory,  // maxmemory reached (OOM)
  read_only,      // a replica, not the primary (READONLY)
  no_replicas,    // fewer replicas than min-replicas-to-write, or WAIT was not answered by enough
  loading,        // Redis is reading its file after a start
  overloaded,     // our own queue is full
  too_large,      // beyond a limit of Options
  invalid,        // a mistake of the caller: unknown scope kind, log not at `first`-1, two appends to one log …
  other,          // Redis answered an error of another kind; `text` has it
};

constexpr bool is_outage(Reason reason) { return reason > Reason::none && reason < Reason::overloaded; }

struct CommitAnswer {
  Outcome outcome = Outcome::unknown;
  std::uint64_t version = 0;  // ok: the new one; refused_version: the scope's
  Epoch epoch = {};           // refused_epoch: the partition's
  std::vector<Recorded> recorded = {};
  Reason reason = Reason::none;
  std::string text = {};  // for people
  bool ok() const { return outcome == Outcome::ok; }
};

/// A scope as it stands, with its partition's epoch read in the same instant. Absent: neither exists nor gone, version 0.
struct Scope {
  bool exists = false;
  bool gone = false;
  std::uint64_t version = 0;
  std::string state;
  std::vector<Piece> pieces;  // by name
  std::uint32_t format = 0;
  Epoch epoch;
};

/// `at_least`: the highest epoch number the caller has seen for the partition, its own included. `format`: the newest the caller can
/// read; a partition of a newer one is left alone.
struct Claim {
  Partition partition = 0;
  Uuid replica;
  std::uint64_t at_least = 0;
  std::uint32_t format = 1;
};

struct ClaimAnswer {
  Partition partition = 0;
  bool held = false;         // false: the partition's format is newer than the claimant's
  Epoch epoch;               // held: the new one; else the one it has
  std::uint32_t format = 0;  // of the partition, after the claim
};

struct PartitionEpoch {
  Partition partition = 0;
  Epoch epoch;
};

struct Due {
  std::string scope;
  std::int64_t unix_ms = 0;
};

/// Due scopes of one partition by rising time, `from` ≤ time ≤ `to`. A claim reads all of it, page by page, before it commits anything.
struct DueQuery {
  Partition partition = 0;
  std::int64_t from_unix_ms = INT64_MIN;
  std::int64_t to_unix_ms = INT64_MAX;
  std::uint32_t offset = 0;
  std::uint32_t limit = 1000;
};

struct LogEntry {
  std::uint64_t number = 0;
  std::string bytes;
};

/// Entries from `from` on: at least one if there is one, then as many as fit both limits. `head` is the log's last number (0 = none).
struct LogQuery {
  std::string scope;
  std::string log;
  std::uint64_t from = 1;
  std::uint32_t max_bytes = 256 * 1024;  // at most Options::page_bytes
  std::uint32_t max_entries = 1000;      // at most Options::page_entries
};

struct LogPage {
  std::vector<LogEntry> entries;
  std::uint64_t head = 0;
};

}  // namespace convoke::store
