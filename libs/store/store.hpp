// The one door to durable state, for groupchat alone: an interface with two engines of the same contract, Redis (redis.hpp) and memory
// (memory.hpp). Single-threaded: everything is called and answered on the io_context the engine was made with. Every call is answered
// within its deadline; commits and claims keep their order on one connection, reads of logs, parts and spans go over a second one.
// Whoever owns partitions watches the link: after each `up` with a new generation it claims all of them anew before it reads anything,
// so that a commit of the old connection can not land late.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "store/commit.hpp"

namespace convoke::store {

template <class T> using Task = boost::asio::awaitable<T>;

/// What the owner must know of the connection. `generation` rises with every successful connect.
struct Link {
  bool up = false;
  std::uint64_t generation = 0;
  Reason reason = Reason::away;  // while down
  std::string text;              // while down: what is wrong, for `status`
  std::string replication_id;    // while up: changes with every start of the server, and when a replica took over
  /// Up, and the history of the last server goes on at another one, a replica that took over: acknowledged commits may be missing. A server
  /// that only started again has a new id too, but continues nobody's history.
  bool failed_over = false;
};

struct Counters {
  std::uint64_t commits = 0;  // answered ok
  std::uint64_t refused = 0;  // answered with anything that wrote nothing
  std::uint64_t unknown = 0;
  std::uint64_t reads = 0;
  std::uint64_t connects = 0;
  std::uint64_t writes = 0;  // system calls that sent something; commits / writes is the batching
  std::uint64_t spans_lost = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t waiting = 0;
};

class Store {
 public:
  using CommitDone = std::move_only_function<void(CommitAnswer)>;
  using LinkHandler = std::move_only_function<void(const Link&)>;

  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// Connects, and connects again with back-off, until close(). Started once by the owner.
  virtual Task<void> run() = 0;
  /// Ends run(). What is in flight is answered `unknown`, what waits `refused` (away). Calls after it are refused.
  virtual void close() = 0;
  /// Called on every change of the link, from the loop. One handler; set it before run().
  virtual void on_link(LinkHandler handler) = 0;
  virtual const Link& link() const = 0;
  virtual Counters counters() const = 0;

  /// The hot path. `done` is called exactly once, from the loop, never from inside this call. Commits are sent in the order of the calls;
  /// at most one per scope may be unanswered (the caller sees to it).
  virtual void commit(Commit commit, CommitDone done) = 0;
  /// The same as a coroutine.
  Task<CommitAnswer> commit(Commit commit);

  /// Takes partitions: per claim, the epoch becomes (max(Redis, at_least) + 1, replica). All or an error; in the order asked.
  virtual Task<Result<std::vector<ClaimAnswer>>> claim(std::vector<Claim> claims) = 0;
  virtual Task<Result<std::vector<PartitionEpoch>>> epochs(std::vector<Partition> partitions) = 0;
  virtual Task<Result<Scope>> load(std::string scope) = 0;
  /// Those of the keys that are recorded, in the order asked.
  virtual Task<Result<std::vector<Recorded>>> keys(std::string scope, std::vector<std::string> keys) = 0;
  /// Pages of several partitions in one go, in the order asked.
  virtual Task<Result<std::vector<std::vector<Due>>>> due(std::vector<DueQuery> queries) = 0;
  /// What must be added to this process's steady clock (milliseconds since its epoch) to get the Unix time of Redis.
  virtual Task<Result<Millis>> time_offset() = 0;

  // On the second connection. They may show what a commit wrote whose OK is still on its way: show readers nothing beyond the head
  // that your committed state names.
  virtual Task<Result<LogPage>> read_log(LogQuery query) = 0;
  virtual Task<Result<std::uint64_t>> head(std::string scope, std::string log) = 0;
  /// NOT_FOUND when there is no such part.
  virtual Task<Result<std::string>> read_part(std::string scope, std::string name) = 0;

  /// Soft: capped in number and time, lost without a word but a counter when Redis is away or slow. `session` is the bare id.
  virtual void spans_append(std::string session, std::vector<std::string> spans) = 0;
  virtual Task<Result<std::vector<std::string>>> spans_read(std::string session) = 0;
};

}  // namespace convoke::store
