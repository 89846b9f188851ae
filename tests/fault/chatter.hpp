// People who talk to one agent at the same time, each posting and reading, and a record in real time of what they did and saw: the history
// that tests/linear holds against the promise that a log is one order of events. They go on whatever happens to the processes: a post that
// is not answered is repeated with its key, and one that never is stays of unknown outcome.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/installation.hpp"

namespace convoke::test {

class Chatter {
 public:
  /// Opens the conversation with `agent` in `session`, and starts `people` threads that talk in it, by `address`; empty: straight.
  Chatter(Installation& installation, const std::string& session, const std::string& agent, const std::string& address = {},
          int people = 3);
  ~Chatter();
  Chatter(const Chatter&) = delete;
  Chatter& operator=(const Chatter&) = delete;

  /// Lets everybody finish their sentence, reads the log once more, and appends the history to `file`. Returns how many operations it has,
  /// and what was wrong at first sight.
  std::size_t finish(const std::filesystem::path& file, std::vector<std::string>& mistakes);

 private:
  void talk(int person);
  void post(class Mouth& mouth, int person, int number);
  void read(class Mouth& mouth, int person);
  void note(Json operation);

  std::string address_;
  std::string session_;
  std::string conversation_;
  std::atomic<bool> ending_ = false;
  std::mutex mutex_;
  std::vector<Json> history_;
  std::vector<std::thread> people_;
};

/// Where histories are left for the checker.
std::filesystem::path histories();

}  // namespace convoke::test
