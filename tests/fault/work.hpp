// Ten tasks that run while something dies, people who watch them, and what must hold afterwards.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/installation.hpp"

namespace convoke::test {

class Work {
 public:
  /// `name` makes sessions and keys of this round unlike others'.
  Work(Installation& installation, std::string name);

  /// Gives five tasks, waits until tools are being called for them, has `harm` done, and gives five more.
  void run_through(const std::function<void()>& harm);
  /// Waits for the end of all. All completed; each call applied once; logs without gap; who watched saw each event once, in order.
  void check();

 private:
  void give(int count);
  void watch(const Json& task);

  struct Watcher {
    std::string conversation;
    Process process;
  };
  Installation& installation_;
  std::string name_;
  std::size_t effects_before_;
  std::vector<Json> tasks_;
  std::vector<Watcher> watchers_;
};

}  // namespace convoke::test
