// A till: the world outside that a tool which is not idempotent acts upon. It takes what it is told without asking whether it was told
// before, and counts. Runs in a thread of its own, on a port the system chose, to the end of the scope.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>

#include "http/server.hpp"

namespace convoke::test {

class Till {
 public:
  Till();
  ~Till();
  Till(const Till&) = delete;
  Till& operator=(const Till&) = delete;

  /// POST to it takes money.
  static constexpr const char* path = "/charge";
  /// What it answers each time.
  static std::string receipt() { return "Receipt: paid"; }
  int charges() const { return charges_; }
  /// host:port.
  std::string address() const { return server_.address(); }
  /// The same, for who has to know it: whatever was said to it before is counted.
  int looked_into();

 private:
  boost::asio::io_context io_{1};
  std::atomic<int> charges_ = 0;
  http::Server server_;
  std::thread thread_;
};

}  // namespace convoke::test
