// Who owns which partition, looked at in Redis several times a second by a thread of its own: whether a replica that lived all the while
// took over what another had. A mere restart, which claims anew under a new name, is not counted, nor is what moves to who has just come.
#pragma once

#include <array>
#include <atomic>
#include <set>
#include <string>
#include <thread>

namespace convoke::test {

class Owners {
 public:
  /// `socket`: of Redis itself.
  explicit Owners(std::string socket);
  ~Owners();
  Owners(const Owners&) = delete;
  Owners& operator=(const Owners&) = delete;

  /// From now on; who owns something now is who has been here.
  void watch();
  /// How often since then a partition was seen with one who had been here, and with another before.
  int takeovers() const { return takeovers_; }
  /// Whether one from whom something was taken so owns something again, in the same life: it was frozen or cut off, and came back.
  bool came_back() const { return came_back_; }

 private:
  using Table = std::array<std::string, 256>;
  Table look() const;
  void run();

  std::string socket_;
  std::atomic<int> takeovers_ = 0;
  std::atomic<bool> came_back_ = false;
  std::atomic<bool> begin_ = false;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace convoke::test
