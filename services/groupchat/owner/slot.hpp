// A scope as the owner core keeps it: what waits for it, its logic while it is loaded, and its commit in flight.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/mutation.hpp"
#include "groupchat/logic.hpp"
#include "groupchat/owner/event.hpp"

namespace convoke::groupchat::owner {

/// Partition first, so that a partition's scopes lie together in ordered containers.
struct Key {
  store::Partition partition = 0;
  std::string scope;
  auto operator<=>(const Key&) const = default;
};

/// One place in the bounded room for messages; given back when the message is done with, whatever way it goes.
class Place {
 public:
  Place() = default;
  explicit Place(std::size_t& taken) : taken_(&taken) { ++taken; }
  Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  Place& operator=(Place&& other) noexcept {
    std::swap(taken_, other.taken_);
    return *this;
  }
  ~Place() {
    if (taken_ != nullptr && !CONVOKE_MUTATED(places_leak)) --*taken_;
  }

 private:
  std::size_t* taken_ = nullptr;
};

/// How far a command that has cost owners their lives has come: its strikes are looked up, one more is committed, then it is opened.
enum class Strikes : std::uint8_t { none, counted, committed };

/// A message on its way through a scope.
struct Waiting {
  wire::Message message;
  Place place = {};
  SteadyTime deadline = {};
  std::uint32_t tries = 0;
  bool alone = false;    // in a commit of its own
  bool unknown = false;  // a commit that held it was not answered
  bool back = false;     // was taken up before: out of a commit, a check, or from a team's being missing
  Strikes strikes = Strikes::none;
  std::uint32_t strike_count = 0;
  std::uint64_t gather = 0;  // part of a query over several scopes
  TeamWanted wanted = {};    // while parked
};

/// An answer that may leave from memory, with the place in its batch of the message that it answers.
struct Spoken {
  std::size_t index = 0;  // nothing in the batch: the tick
  Reply reply;
};
struct Asked {
  std::size_t index = 0;
  Read read;
};

/// What is in one commit, and what leaves when it is OK.
struct Flight {
  store::Epoch epoch;
  std::vector<Waiting> batch;
  bool ticked = false;
  bool strike = false;  // commits a strike for batch[0], not its effect
  bool removes = false;
  std::size_t state_bytes = 0;
  std::vector<wire::Message> answers;
  std::vector<wire::EventT> events;
  std::vector<wire::SpanT> spans;
  std::vector<Spoken> replies;
  std::vector<Asked> reads;
};

struct Slot {
  Key key;
  std::unique_ptr<ScopeLogic> logic;  // none: not loaded
  bool gone = false;                  // loaded, and a tombstone was found
  std::uint64_t version = 0;
  std::size_t bytes = 0;
  std::uint64_t used = 0;  // order of last use
  Ticket loading = 0;
  bool reload = false;   // it was in use: load it again although nothing waits
  bool resting = false;  // an alarm will wake it; until then it is left alone
  bool tick = false;     // something is due
  bool tick_alone = false;
  bool queued = false;  // in one of the queues of work
  bool paused = false;  // waits for the end of an outage
  std::deque<Waiting> queue;
  std::vector<Waiting> parked;  // until a team version is here
  std::deque<wire::Message> notes;
  std::optional<Flight> flight;

  bool has_work() const { return !queue.empty() || tick || reload; }
  bool idle() const { return !has_work() && !flight && loading == 0 && parked.empty() && notes.empty() && !resting; }
};

}  // namespace convoke::groupchat::owner
