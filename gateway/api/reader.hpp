// One reader of one conversation, as a pure state machine: what a streaming door needs so that its client sees log[from…] without a gap or
// a repeat, and pieces of messages in their place, whatever the live push loses, repeats or reorders. The log is the truth: a gap, or a
// head beyond what was delivered, is healed by reading pages, one outstanding at a time. No socket, no clock: time is handed in.
//
// Order of use: make one; perform `start()`; feed every pushed event and delta, every page, head and refusal; perform what comes back, in
// order. Nothing is delivered before the first page has been answered, for that page is also the check that the user may read here and
// that the resume position matches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/backoff.hpp"
#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "wire/body_generated.h"

namespace convoke::api {

/// Where a reader goes on: `from` is the next event wanted (1: from the beginning), `after_id` the id of event `from - 1` as the client
/// knows it (zero: unknown, not checked).
struct Position {
  std::uint64_t from = 1;
  Uuid after_id;
  bool operator==(const Position&) const = default;
};

struct ReaderLimits {
  std::size_t max_ahead = 64;  // pushed events kept while an earlier one is missing
  std::size_t max_held_bytes =
      std::size_t{64} * 1024;  // deltas kept until their place comes; beyond it they are dropped and healed from heads
  Millis retry_first{100};     // after a page that failed
  Millis retry_most{2'000};
};

namespace read {
struct Event {  // deliver this event
  wire::EventT event;
};
struct Delta {  // deliver this piece; `offset` 0 with a higher attempt starts the message anew
  wire::DeltaT delta;
};
struct Page {  // ask the owner for events from there
  Position at;
};
struct Heads {};  // a piece of a message is missing: ask for the text so far soon
struct Reset {};  // the position does not match the log: what was delivered is void, the log follows from 1
struct Failed {   // the reader is over: not found, not allowed, deleted
  Error error;
};
struct Opened {        // the first page came: the reader may read
  std::uint64_t from;  // the first event that follows: where it was asked to begin, or 1 after a Reset
  std::uint64_t head;  // at that time
};
}  // namespace read

using ReadAction = std::variant<read::Event, read::Delta, read::Page, read::Heads, read::Reset, read::Failed, read::Opened>;
using ReadActions = std::vector<ReadAction>;

class Reader {
 public:
  explicit Reader(Position at, ReaderLimits limits = {});

  ReadActions start();
  ReadActions on_pushed(const wire::EventT& event);
  ReadActions on_delta(const wire::DeltaT& delta);
  ReadActions on_page(const wire::LogPageT& page);
  /// The page asked for failed. Retryable faults are asked again after a back-off, at `retry_at()`.
  ReadActions on_page_failed(const Error& error, SteadyTime now, std::uint64_t random);
  ReadActions on_head(const wire::HeadT& head);
  /// Call when `retry_at()` has come.
  ReadActions on_time(SteadyTime now);

  /// The client reads slowly: until `resume` nothing is delivered, and what comes meanwhile is read from the log afterwards.
  void pause() { paused_ = true; }
  ReadActions resume();

  /// The position after what was delivered: what a client hands in to go on.
  Position position() const { return {next_, last_id_}; }
  std::optional<SteadyTime> retry_at() const { return retry_at_; }
  bool paused() const { return paused_; }
  bool over() const { return over_; }
  /// Bookkeeping kept, for the bound that the simulation checks.
  std::size_t kept() const { return ahead_.size() + held_.size() + live_.size(); }

 private:
  struct Live {  // a message being produced
    std::uint32_t attempt = 0;
    std::uint64_t delivered = 0;  // bytes
    std::uint64_t turn = 0;
    std::string author;
  };
  struct Closed {  // finished messages of the author's newest turn; older turns are closed as a whole
    std::uint64_t turn = 0;
    std::set<std::string> messages;
  };
  enum class Fit { delivered, hold, drop };

  bool contradicts(const wire::EventT& event) const;
  void doubt(ReadActions& out);
  void deliver(wire::EventT event, ReadActions& out);
  void move_on(const wire::EventT& event);
  void close_message(const wire::EventT& event);
  void take_ahead(ReadActions& out);
  bool behind() const { return pushed_head_ >= next_ || claimed_head_ >= next_; }
  void want_page(ReadActions& out);
  void begin_again(ReadActions& out);
  void take_delta(const wire::DeltaT& delta, ReadActions& out);
  Fit place(const wire::DeltaT& delta, ReadActions& out);
  Fit append(Live& live, const wire::DeltaT& delta, ReadActions& out);
  Live* live_of(const wire::DeltaT& delta);
  bool is_closed(const wire::DeltaT& delta) const;
  void hold(const wire::DeltaT& delta);
  void take_held(ReadActions& out);
  void settle(ReadActions& out);

  std::uint64_t next_;
  Uuid last_id_;
  std::uint64_t last_version_ = 0;  // of the session, when the last delivered event was written
  std::vector<Uuid> recent_;        // ids of the last delivered events
  ReaderLimits limits_;
  Backoff backoff_;
  std::uint64_t pushed_head_ = 0;   // highest event pushed here: committed for certain
  std::uint64_t claimed_head_ = 0;  // highest that a head or a delta named; a page corrects it
  bool opened_ = false;
  bool paused_ = false;
  bool over_ = false;
  bool page_asked_ = false;
  bool page_is_old_ = false;  // the page asked for may have been read before the doubt
  bool doubted_ = false;      // whether the log still has what was delivered
  bool heads_asked_ = false;
  std::optional<SteadyTime> retry_at_;
  std::map<std::uint64_t, wire::EventT> ahead_;
  std::deque<wire::DeltaT> held_;
  std::size_t held_bytes_ = 0;
  std::map<std::string, Live> live_;
  std::map<std::string, Closed> closed_;
};

}  // namespace convoke::api
