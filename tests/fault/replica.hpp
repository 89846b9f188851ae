// One more process like one of an installation, of which the supervisor knows nothing: started again when it dies, as the supervisor would,
// but left alone when it is frozen. So it comes back believing that nothing happened. Its log is the installation's `logs/<name>.log`.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include "support/installation.hpp"

namespace convoke::test {

class Replica {
 public:
  /// Like the running process `of`, as `name`, with `other` values of some flags; runs when it is back.
  Replica(Installation& installation, const std::string& of, std::string name, const std::map<std::string, std::string>& other = {});
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  const std::string& name() const { return name_; }
  /// 0 between two lives.
  pid_t pid() const { return pid_; }
  int lives() const { return lives_; }
  /// SIGTERM, and no further life; how it ended, or nothing when it did not.
  std::optional<Exit> leave();

 private:
  void live();

  std::string name_;
  Command command_;
  std::atomic<pid_t> pid_ = 0;
  std::atomic<int> lives_ = 0;
  std::atomic<bool> leaving_ = false;
  std::optional<Exit> end_;
  std::thread thread_;  // a process dies with the thread that started it
};

}  // namespace convoke::test
