// Between the store's values and Redis: names of keys, commands as bytes, replies as values. Private to libs/store; hiredis is used for
// reading replies (RESP2) and nothing else.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "store/commit.hpp"
#include "store/limits.hpp"

struct redisReader;
struct redisReply;

namespace convoke::store {

/// `{p017}:<what>`: all keys of a partition share the hash tag.
std::string partition_key(Partition partition, std::string_view what);

/// `{p017}:s:<session>`: the scope's hash, and the prefix of all else that is its own. A `:` inside the id is written `%3A` (and `%`
/// as `%25`), so that no choice of an id can reach another scope's keys.
std::string scope_key(std::string_view scope);

/// `<number> <replica>`; empty for an absent epoch.
std::string epoch_text(const Epoch& epoch);
Epoch parse_epoch(std::string_view text);

/// One command. Texts given as views must outlive bytes().
class Command {
 public:
  explicit Command(std::string_view name) { add(name); }
  Command& add(std::string_view text) {
    parts_.push_back(text);
    return *this;
  }
  Command& keep(std::string text) { return add(owned_.emplace_back(std::move(text))); }
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Command& number(Number value) {
    return keep(std::to_string(value));
  }
  std::string bytes() const;

 private:
  std::deque<std::string> owned_;
  std::vector<std::string_view> parts_;
};

struct ReaderDelete {
  void operator()(redisReader* reader) const;
};
/// hiredis's reader, which makes replies of bytes; a list that claims more than a million elements is rubbish to it instead of gigabytes.
std::unique_ptr<redisReader, ReaderDelete> make_reader();

std::string encode_commit(const Commit& commit, std::string_view sha, const Limits& limits);
CommitAnswer decode_commit(const redisReply& reply, std::uint64_t new_version, const std::vector<std::string>& keys);

std::string encode_claim(const Claim& claim, std::string_view sha);
Result<ClaimAnswer> decode_claim(const redisReply& reply, Partition partition);

std::string encode_load(std::string_view scope, std::string_view sha);
Result<Scope> decode_load(const redisReply& reply);

std::string encode_keys(std::string_view scope, const std::vector<std::string>& keys, std::string_view sha);
Result<std::vector<Recorded>> decode_keys(const redisReply& reply, const std::vector<std::string>& keys);

std::string encode_epochs(const std::vector<Partition>& partitions);
Result<std::vector<PartitionEpoch>> decode_epochs(const redisReply& reply, const std::vector<Partition>& partitions);

std::string encode_due(const DueQuery& query);
Result<std::vector<Due>> decode_due(const redisReply& reply);

std::string encode_read_log(const LogQuery& query, std::string_view sha, const Limits& limits);
Result<LogPage> decode_read_log(const redisReply& reply, std::uint64_t from);

std::string encode_head(std::string_view scope, std::string_view log);
Result<std::uint64_t> decode_head(const redisReply& reply);

std::string encode_read_part(std::string_view scope, std::string_view name);
Result<std::string> decode_read_part(const redisReply& reply);

std::string encode_spans_append(std::string_view session, const std::vector<std::string>& spans, std::string_view sha,
                                const Limits& limits);
std::string encode_spans_read(std::string_view session);
Result<std::vector<std::string>> decode_spans_read(const redisReply& reply);

/// A reply that is a text (status or bulk), whole.
Result<std::string> decode_text(const redisReply& reply);
/// TIME, as Unix milliseconds.
Result<UnixTime> decode_time(const redisReply& reply);

/// Of what a server wrote since when.
struct History {
  std::string id;             // of its replication; empty: it does not tell
  bool is_continued = false;  // it goes on with another server's (master_replid2), as it does at a replica that took over
};
/// INFO replication.
Result<History> decode_history(const redisReply& reply);

/// What an error reply means for us; Reason::none for any other reply.
Reason reason_of(const redisReply& reply);
bool is_no_script(const redisReply& reply);
/// The error as a fault: UNAVAILABLE for an outage, INTERNAL for an error that should not be.
Error error_of(const redisReply& reply);

}  // namespace convoke::store
