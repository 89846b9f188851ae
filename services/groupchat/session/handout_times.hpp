// How long an owner waits for whoever should have an open turn. A worker reports progress every second, so `silence` and `lost` leave room
// for two that go missing, and for a worker that is busy.
#pragma once

#include "core/time.hpp"

namespace convoke::groupchat::session {

struct HandoutTimes {
  Millis resend{1000};        // Work or WorkQuery without a WorkState
  Millis ask_parked{10'000};  // parked: still there?
  Millis silence{3000};       // given, and nothing heard: ask the replica
  Millis lost{6000};          // still nothing: the attempt is over
  Millis repeat_cancel{500};
  Millis overrun{5000};  // beyond the turn's time-out, which the worker keeps itself

  /// For runtime::Config, section `handout`.
  template <class Fields> void describe(Fields& field) {
    field("resend", resend, "work that nobody has confirmed is sent again after this");
    field("ask_parked", ask_parked, "the intercom is asked so often whether it still has parked work");
    field("silence", silence, "a worker that was silent for so long is asked whether it still has its turn");
    field("lost", lost, "and after so long its attempt is over");
    field("repeat_cancel", repeat_cancel, "a cancel is repeated so often until the turn has ended");
    field("overrun", overrun, "a turn is given so much more than its time-out, which the worker keeps itself");
  }
};

}  // namespace convoke::groupchat::session
