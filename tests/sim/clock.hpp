// Simulated time: what is to happen when. Things of the same millisecond happen in the order in which they were asked for. A wheel of
// milliseconds, because nearly everything happens within the next one; what is further off waits in a map.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace convoke::sim {

using Task = std::move_only_function<void()>;

class Clock {
 public:
  Clock() : wheel_(spare() ? std::move(spare()) : std::make_unique<Wheel>()) {}
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  /// The next world gets the wheel with the room that its slots have.
  ~Clock() {
    for (auto& slot : *wheel_) slot.clear();
    spare() = std::move(wheel_);
  }

  /// Since the world began.
  Millis now() const { return Millis{now_}; }
  std::uint64_t steps() const { return steps_; }

  void after(Millis delay, Task task) { at(now() + std::max(delay, Millis{0}), std::move(task)); }
  void at(Millis time, Task task) {
    const auto ms = std::max(time.count(), now_);
    if (ms < now_ + size) {
      ++near_;
      slot(ms).push_back(std::move(task));
    } else {
      far_[ms].push_back(std::move(task));
    }
  }
  /// Does the next thing; false when nothing is left until then, inclusive.
  bool step(Millis until) {
    while (true) {
      auto& here = slot(now_);
      if (next_ < here.size()) {
        Task task = std::move(here[next_++]);
        --near_;
        ++steps_;
        task();
        return true;
      }
      here.clear();
      next_ = 0;
      if (now_ >= until.count()) return false;
      const bool nothing_near = near_ == 0;
      now_ = !nothing_near ? now_ + 1 : far_.empty() ? until.count() : std::min(until.count(), far_.begin()->first);
      while (!far_.empty() && far_.begin()->first < now_ + size) {
        near_ += far_.begin()->second.size();
        slot(far_.begin()->first) = std::move(far_.begin()->second);  // nothing can have been asked for then yet
        far_.erase(far_.begin());
      }
    }
  }

 private:
  static constexpr std::int64_t size = 1024;
  using Wheel = std::array<std::vector<Task>, size>;
  static std::unique_ptr<Wheel>& spare() {
    thread_local std::unique_ptr<Wheel> one;
    return one;
  }
  std::vector<Task>& slot(std::int64_t ms) { return (*wheel_)[static_cast<std::size_t>(ms % size)]; }

  std::unique_ptr<Wheel> wheel_;
  std::map<std::int64_t, std::vector<Task>> far_;
  std::int64_t now_ = 0;
  std::size_t next_ = 0;  // in the slot of this millisecond
  std::size_t near_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace convoke::sim
