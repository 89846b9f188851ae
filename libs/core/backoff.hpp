// How long to wait before the next try: doubling from `first` to `most`, with jitter, so that peers that lost the same thing at the same
// moment do not all come back at the same moment. Pure: randomness is handed in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace convoke {

class Backoff {
 public:
  Backoff(Millis first, Millis most) : first_(first), most_(most), next_(first) {}

  /// Between half and all of the current step; then doubles the step.
  Millis next(std::uint64_t random) {
    const auto step = next_.count();
    next_ = std::min(most_, next_ * 2);
    return Millis{step / 2 + static_cast<std::int64_t>(random % static_cast<std::uint64_t>(step / 2 + 1))};
  }
  void succeeded() { next_ = first_; }

 private:
  Millis first_;
  Millis most_;
  Millis next_;
};

}  // namespace convoke
