// People who talk to one agent at the same time, each posting and reading, and their history (person.hpp).
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "fault/person.hpp"

namespace convoke::test {

class Chatter {
 public:
  /// Opens the conversation with `agent` in `session`, and starts a thread for each of `addresses` that talks in it over that address.
  Chatter(Installation& installation, const std::string& session, const std::string& agent, std::vector<std::string> addresses);
  ~Chatter();
  Chatter(const Chatter&) = delete;
  Chatter& operator=(const Chatter&) = delete;

  /// Lets everybody finish their sentence, reads the log once more, and appends the history to `file`. Returns how many operations it has,
  /// and what was wrong at first sight.
  std::size_t finish(const std::filesystem::path& file, std::vector<std::string>& mistakes);

 private:
  void talk(int number);

  std::vector<std::string> addresses_;
  std::string session_;
  std::string conversation_;
  History history_;
  std::atomic<bool> ending_ = false;
  std::vector<std::thread> people_;
};

}  // namespace convoke::test
