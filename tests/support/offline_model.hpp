// A real convoke-model for one test: on a port the system chose, gone at the end of the scope.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace convoke::test {

class OfflineModel {
 public:
  /// Further arguments, such as --script FILE. Throws when it does not listen within 20 s.
  explicit OfflineModel(std::vector<std::string> arguments = {}) : process_(command(std::move(arguments))) {
    constexpr std::string_view mark = "offline model on ";
    const bool listening = eventually(std::chrono::seconds(20), [&] {
      const auto out = process_.out();
      const auto at = out.find(mark);
      const auto end = at == std::string::npos ? at : out.find('\n', at);
      if (end == std::string::npos) return false;
      address_ = out.substr(at + mark.size(), end - at - mark.size());
      return true;
    });
    if (!listening) throw std::runtime_error("convoke-model does not listen: " + process_.err());
  }

  std::string url(const std::string& path = "/v1") const { return "http://" + address_ + path; }
  Process& process() { return process_; }

 private:
  static Command command(std::vector<std::string> arguments) {
    Command made;
    made.arguments = {program("convoke-model"), "--listen", "127.0.0.1:0", "--date", "2026-11-20"};
    made.arguments.insert(made.arguments.end(), arguments.begin(), arguments.end());
    return made;
  }

  Process process_;
  std::string address_;
};

}  // namespace convoke::test
