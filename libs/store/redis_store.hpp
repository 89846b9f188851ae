// The Redis engine's state; made by make_redis_store. Private: redis_link.cpp connects and watches, redis.cpp carries calls.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/codec.hpp"
#include "store/connection.hpp"
#include "store/redis.hpp"
#include "store/scripts.hpp"

namespace convoke::store {

class RedisStore final : public Store {
 public:
  RedisStore(boost::asio::any_io_executor executor, RedisOptions options, std::string host, std::string port);
  ~RedisStore() override;

  Task<void> run() override;
  void close() override;
  void on_link(LinkHandler handler) override { handler_ = std::move(handler); }
  const Link& link() const override { return link_; }
  Counters counters() const override;

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
  using ConnectionPtr = std::shared_ptr<Connection>;
  /// A commit on its way; what is needed of it once its bytes are made.
  struct Outgoing {
    std::string bytes;
    std::uint64_t new_version = 0;
    std::vector<std::string> keys;
    CommitDone done;
    char scope_kind = 's';
  };
  enum class Road : std::uint8_t { main, reads };
  struct LuaScript {
    std::string sha;   // empty until the first connection loaded it
    std::string load;  // the SCRIPT LOAD command
  };

  // redis_link.cpp
  Task<bool> open();
  Task<ConnectionPtr> connect();
  Task<bool> prepare(ConnectionPtr connection);
  Task<bool> log_in(ConnectionPtr connection);
  Task<bool> load_scripts(ConnectionPtr connection);
  Task<bool> prove_writable(ConnectionPtr connection);
  Task<History> read_history(ConnectionPtr connection);
  Task<void> watch();
  Task<void> pause(Millis time);
  /// One command outside the contract. Anything but the reply is told to the link, and then null.
  Task<Reply> ask_once(ConnectionPtr connection, std::string bytes, std::string_view what);
  void came_up(History history);
  /// The link is down, for this reason; tells the handler if that is news.
  void down(Reason reason, const std::string& why);
  /// Closes both connections: calls are told `lost`, waiting commits refused.
  void lose(Reason reason, const std::string& why);

  // redis.cpp
  void send(Outgoing outgoing);
  CommitAnswer answer(const Outgoing& outgoing, const redisReply* reply, Loss loss);
  void pump();
  void refuse_later(CommitDone done, CommitAnswer answer);
  /// When an answer says that the server refuses writes, or has too few replicas, the link is lost.
  void notice(const redisReply* reply, Loss loss);
  /// In the next turn of the loop, because answers come from inside the connection and there may be more of them.
  void lose_soon(Reason reason, std::string why);
  Error error_of_loss(Loss loss) const;
  Task<Result<std::vector<Reply>>> exchange(ConnectionPtr connection, std::vector<Call> calls);
  Task<Result<std::vector<Reply>>> ask(Road road, std::vector<Call> calls);
  const LuaScript& script(Script which) const { return scripts_[static_cast<std::size_t>(which)]; }
  std::vector<Call> one(std::string bytes, const LuaScript* script = nullptr) const;

  boost::asio::any_io_executor executor_;
  RedisOptions options_;
  std::string host_;  // or the path of a Unix socket, when port_ is empty
  std::string port_;
  LinkHandler handler_;
  Link link_;
  Counters counters_;
  std::uint64_t past_writes_ = 0;
  std::array<LuaScript, kScripts> scripts_;
  ConnectionPtr main_;
  ConnectionPtr reads_;
  std::vector<std::weak_ptr<Connection>> fresh_;  // made and not in use yet
  std::deque<Outgoing> waiting_;
  std::uint32_t in_flight_ = 0;
  boost::asio::steady_timer wake_;  // cancelled to wake run()
  bool closed_ = false;
  bool losing_ = false;                                         // a refusal was noticed, the link is about to be lost
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false once gone, for what was posted
};

}  // namespace convoke::store
