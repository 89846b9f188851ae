// The store without Redis, for simulations, unit tests and tools: the same contract, nothing durable. `Memory` is synchronous and pure
// (time is handed in, order is fixed), `MemoryStore` puts the asynchronous interface over it. Several MemoryStores over one Memory are
// several replicas over one Redis.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/limits.hpp"
#include "store/store.hpp"

namespace convoke::store {

class Memory {
 public:
  explicit Memory(Limits limits = {}) : limits_(limits) {}

  /// Moves the clock: keys and tombstones expire by it. Never goes back.
  void set_now(UnixTime now);
  UnixTime now() const { return from_unix_ms(now_ms_); }
  /// From now on commits and claims are refused for this reason; Reason::none ends it. Nothing is written meanwhile.
  void set_outage(Reason reason) { outage_ = reason; }
  Reason outage() const { return outage_; }
  const Limits& limits() const { return limits_; }

  CommitAnswer commit(const Commit& commit);
  Result<ClaimAnswer> claim(const Claim& claim);
  Epoch epoch(Partition partition) const;
  Result<Scope> load(std::string_view scope) const;
  std::vector<Recorded> keys(std::string_view scope, const std::vector<std::string>& keys) const;
  std::vector<Due> due(const DueQuery& query) const;
  Result<LogPage> read_log(const LogQuery& query) const;
  std::uint64_t head(std::string_view scope, std::string_view log) const;
  std::optional<std::string> read_part(std::string_view scope, std::string_view name) const;
  bool spans_append(const std::string& session, std::vector<std::string> spans);
  std::vector<std::string> spans_read(std::string_view session) const;
  /// Scopes that exist, without tombstones: for the checks of a simulation at rest.
  std::vector<std::string> scopes() const;

 private:
  struct Entry {
    Recorded recorded;
    std::optional<std::int64_t> expires_ms;  // unset: as long as the scope or its tombstone
  };
  struct Data {
    bool gone = false;
    std::uint64_t version = 0;  // 0: absent; only keys with a time to live may be here
    std::string state;
    std::uint32_t format = 0;
    std::map<std::string, std::vector<std::string>, std::less<>> logs;
    std::map<std::string, std::string, std::less<>> parts;
    std::map<std::string, std::string, std::less<>> pieces;
    std::map<std::string, Entry, std::less<>> keys;
    std::optional<std::int64_t> due_ms;
    std::optional<std::int64_t> tombstone_until_ms;
    std::vector<std::string> spans;
  };
  struct Room {
    Epoch epoch;
    std::uint32_t format = 0;
    std::set<std::pair<std::int64_t, std::string>> due;
  };

  const Data* find(std::string_view scope) const;
  std::optional<CommitAnswer> refuse(const Commit& commit, const Data* data) const;
  void remove(const Commit& commit, Data& data);
  void write(const Commit& commit, Data& data);
  void record(const Commit& commit, Data& data);
  void set_due(const std::string& scope, Data& data, std::optional<std::int64_t> due_ms);
  void expire(Data& data) const;

  Limits limits_;
  std::int64_t now_ms_ = 0;
  Reason outage_ = Reason::none;
  std::map<std::string, Data, std::less<>> scopes_;
  std::array<Room, 256> rooms_;                              // by partition
  std::set<std::pair<std::int64_t, std::string>> expiries_;  // when to look at a scope again
};

class MemoryStore final : public Store {
 public:
  /// `memory` is shared and outlives the store.
  MemoryStore(boost::asio::any_io_executor executor, Memory& memory);
  using Store::commit;

  Task<void> run() override;
  void close() override;
  void on_link(LinkHandler handler) override { handler_ = std::move(handler); }
  const Link& link() const override { return link_; }
  Counters counters() const override { return counters_; }
  /// Loses the connection, or restores it with the next generation.
  void set_up(bool up);

  void commit(Commit commit, CommitDone done) override;
  Task<Result<std::vector<ClaimAnswer>>> claim(std::vector<Claim> claims) override;
  Task<Result<std::vector<PartitionEpoch>>> epochs(std::vector<Partition> partitions) override;
  Task<Result<Scope>> load(std::string scope) override;
  Task<Result<std::vector<Recorded>>> keys(std::string scope, std::vector<std::string> keys) override;
  Task<Result<std::vector<std::vector<Due>>>> due(std::vector<DueQuery> queries) override;
  Task<Result<Millis>> time_offset() override;
  Task<Result<LogPage>> read_log(LogQuery query) override;
  Task<Result<std::uint64_t>> head(std::string scope, std::string log) override;
  Task<Result<std::string>> read_part(std::string scope, std::string name) override;
  void spans_append(std::string session, std::vector<std::string> spans) override;
  Task<Result<std::vector<std::string>>> spans_read(std::string session) override;

 private:
  /// Lets the loop turn once, as every real answer does, and says whether there is a connection.
  Task<Status> reach();
  Error away() const;

  boost::asio::any_io_executor executor_;
  Memory& memory_;
  boost::asio::steady_timer ended_;
  LinkHandler handler_;
  Link link_;
  Counters counters_;
  bool closed_ = false;
};

}  // namespace convoke::store
