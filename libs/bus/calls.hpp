// The table of unanswered requests and commands of one process: what is sent when, what an answer or a fault means, when a call is over.
// Pure: time is handed in and messages are handed out, so that every rule is tested without a socket. The rules are those of
// bus::Client::request and ::command.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "wire/message.hpp"

namespace convoke::bus {

struct CallOptions {
  Millis repeat{1'000};
  Millis retry_first{10};
  Millis retry_most{200};
  std::uint32_t max_calls = 100'000;
};

class Calls {
 public:
  using Done = std::move_only_function<void(Result<wire::AnswerT>)>;
  /// Takes one copy of a call's message to the queue; false when it is full.
  using Send = std::function<bool(const wire::HeaderT&, const std::string& body)>;
  struct Counts {
    std::uint64_t repeated = 0;
    std::uint64_t owner_losses = 0;
  };

  explicit Calls(CallOptions options) : options_(options) {}

  /// Takes over a call whose header has its id; due at once. `done` is called exactly once, from one of the functions below or from
  /// here (OVERLOADED, when the table is full).
  void add(wire::HeaderT header, std::string body, Millis allowed, SteadyTime now, Done done);
  /// False when the answer belongs to no call of ours.
  bool answer(const wire::HeaderT& header, wire::AnswerT& answer, SteadyTime now);
  /// Who holds what has changed: calls whose owner is gone are sent again, calls to a replica that is gone fail.
  void view(const wire::ViewT& view, SteadyTime now);
  /// The intercom was lost and is back: whatever is unanswered is sent again at once.
  void reconnected(SteadyTime now);
  /// Sends what is due through `send` and ends what is over. `up`: whether there is an intercom to send to.
  void run(SteadyTime now, bool up, const Send& send);
  void cancel(const convoke::Uuid& id);
  void cancel_all();

  /// When run() has to be called next; never: not before something else happens.
  SteadyTime next() const { return due_.empty() ? never : due_.begin()->first; }
  std::size_t size() const { return calls_.size(); }
  const Counts& counts() const { return counts_; }

 private:
  struct Call {
    wire::HeaderT header;
    std::string body;
    SteadyTime deadline;
    Done done;
    std::multimap<SteadyTime, convoke::Uuid>::iterator due;
    Millis back_off{0};
    convoke::Uuid owner;                // it went to; zero: unknown, or not in flight
    convoke::Uuid lost;                 // the latest owner that was lost over it
    convoke::Fault last = Fault::none;  // what the latest sending was refused with; none: it is in flight
    std::string last_text;
    bool sent = false;        // at least once
    bool maybe_done = false;  // some sending may have reached its receiver
    bool waiting = false;     // refused, until the back-off is over
  };
  using Entry = std::unordered_map<convoke::Uuid, Call>::iterator;

  void schedule(Entry entry, SteadyTime at);
  void refused(Entry entry, const wire::FaultT& fault, SteadyTime now);
  void finish(Entry entry, Result<wire::AnswerT> result);
  void expire(Entry entry);
  void transmit(Entry entry, SteadyTime now, bool up, const Send& send);
  bool owner_gone(Call& call) const;
  void lost_owner(Call& call);

  CallOptions options_;
  std::unordered_map<convoke::Uuid, Call> calls_;
  std::multimap<SteadyTime, convoke::Uuid> due_;
  std::vector<convoke::Uuid> owners_;    // of the latest view
  std::vector<convoke::Uuid> replicas_;  // of the latest view, sorted
  Counts counts_;
};

}  // namespace convoke::bus
