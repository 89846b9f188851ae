// Simulated time: what is to happen when. Things of the same millisecond happen in the order in which they were asked for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace convoke::sim {

using Task = std::move_only_function<void()>;

class Clock {
 public:
  /// Since the world began.
  Millis now() const { return now_; }
  std::uint64_t steps() const { return steps_; }

  void after(Millis delay, Task task) { at(now_ + std::max(delay, Millis{0}), std::move(task)); }
  void at(Millis time, Task task) {
    heap_.push_back({std::max(time, now_), ++order_, std::move(task)});
    std::ranges::push_heap(heap_, later);
  }
  /// Does the next thing; false when nothing is left before `until`.
  bool step(Millis until) {
    if (heap_.empty() || heap_.front().time > until) {
      now_ = std::max(now_, until);
      return false;
    }
    std::ranges::pop_heap(heap_, later);
    Entry entry = std::move(heap_.back());
    heap_.pop_back();
    now_ = entry.time;
    ++steps_;
    entry.task();
    return true;
  }

 private:
  struct Entry {
    Millis time;
    std::uint64_t order;
    Task task;
  };
  static bool later(const Entry& left, const Entry& right) { return std::tie(left.time, left.order) > std::tie(right.time, right.order); }

  std::vector<Entry> heap_;
  Millis now_{0};
  std::uint64_t order_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace convoke::sim
