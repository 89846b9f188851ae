// A real redis-server for one test: private folder, Unix socket, no TCP unless asked for, append-only file with `appendfsync always`. It
// can be killed and started again on the same files, frozen, and made to believe that its disk is full. Gone, with its files, at the end of
// the scope. Keep commands and waits out of constructors of tests: start() throws when the server does not answer within 10 s.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace convoke::test {

/// One command on a connection of its own to the server behind a Unix socket; the reply as redis-cli would print it on one line (arrays
/// joined by spaces, errors begin with "ERR" or their name). Throws when there is no reply within 5 s.
std::string redis_command(const std::string& socket, const std::vector<std::string>& arguments);

struct RedisServerOptions {
  std::string appendfsync = "always";   // or everysec; with `always` Redis ends itself when its disk is full
  bool tcp = false;                     // also listen on a loopback port
  std::vector<std::string> extra = {};  // more arguments, such as {"--maxmemory", "2mb"}
};

class RedisServer {
 public:
  /// Starts it, and waits until it answers.
  explicit RedisServer(RedisServerOptions options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// `unix:/…/redis.sock`, as store::RedisOptions::endpoint takes it. The same after a restart.
  std::string endpoint() const { return "unix:" + socket(); }
  std::string socket() const { return folder_.file("redis.sock"); }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return process_ ? process_->pid() : -1; }

  /// After kill() or shut_down(): the same server on the same files.
  void start();
  /// SIGKILL; back when the process is gone.
  void kill();
  /// SIGTERM; back when it ended by itself.
  void shut_down();
  /// SIGSTOP and SIGCONT.
  void freeze();
  void thaw();
  bool running() { return process_ && process_->running(); }
  /// From now on no file of the server may grow beyond the size its append-only file has plus `bytes`, as on a full disk; nothing lifts it.
  /// Needs `appendfsync everysec` to be seen as an error and not as the end of the server.
  void limit_disk(std::optional<std::uint64_t> bytes);

  /// redis_command() of this server.
  std::string command(const std::vector<std::string>& arguments) const { return redis_command(socket(), arguments); }
  std::string log() const { return process_ ? process_->out() : std::string(); }

 private:
  bool answers() const;
  RedisServerOptions options_;
  TempDir folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace convoke::test
