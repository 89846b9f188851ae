// The worker's side of the turn protocol (schemas/work.fbs, services/README.md), as a state machine without I/O: which turns are held,
// which items are not yet acknowledged, what has to be repeated, when an effect may begin. Time arrives with every call; what is to be
// done leaves as actions. Turns are told apart by (session, agent, turn), attempts at a turn by their number.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/id.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "wire/message.hpp"

namespace convoke::agents {

struct TurnKey {
  std::string session;
  std::string agent;
  std::uint64_t turn = 0;
  auto operator<=>(const TurnKey&) const = default;
};

struct BookOptions {
  std::uint32_t credit = 64;  // turns at once
  Millis repeat{500};         // an unanswered report is sent again so often
  Millis start_within{2'000};
  Millis progress{1'000};
  std::uint32_t max_unacknowledged = 16;
};

/// Why a turn's handler, if it still runs, has to stop at once: nothing that it does counts any more.
enum class Halt : std::uint8_t {
  superseded,  // a higher attempt of the same turn was given to this worker
  closed,      // the owner says that the turn, or this attempt, is over
  timeout,     // the time allowed for the turn is over; the book has reported that itself
};

struct SendReport {
  wire::Message message;  // header.id is set
};
struct BeginTurn {
  TurnKey key;
  std::uint32_t attempt = 0;
  wire::HeaderT header;
  std::shared_ptr<const wire::WorkT> work;
};
struct HaltTurn {
  TurnKey key;
  std::uint32_t attempt = 0;
  Halt why = Halt::closed;
};
/// Cancel (or interrupt): no new effect; what runs is finished and reported.
struct CancelTurn {
  TurnKey key;
};
struct SteerTurn {
  TurnKey key;
  std::string text;
};
/// The owner asks whether the turn is held: a new one may have missed the beginning of its text.
struct TellText {
  TurnKey key;
};
/// Something that the handler may wait for has changed: acknowledgements, a refusal.
struct TurnChanged {
  TurnKey key;
};
/// The result is committed. `transcript`: length of the instance's transcript after it.
struct TurnClosed {
  TurnKey key;
  std::shared_ptr<const wire::WorkT> work;
  std::uint64_t transcript = 0;
};
/// Work that cannot be taken (no room, or draining), or that was halted: a slot of it that the intercom counts is free. States the free
/// slots as well.
struct GiveBack {
  wire::HeldTurnT turn;
};
/// The number of free slots has changed.
struct StateFree {
  std::uint32_t free = 0;
};
using BookAction =
    std::variant<SendReport, BeginTurn, HaltTurn, CancelTurn, SteerTurn, TellText, TurnChanged, TurnClosed, GiveBack, StateFree>;

class TurnBook {
 public:
  TurnBook(BookOptions options, std::function<Uuid()> next_id);

  // From the bus
  void on_work(wire::HeaderT header, wire::WorkT work, SteadyTime now);
  /// An Answer to one of our reports; false when it answers something else.
  bool on_answer(const wire::HeaderT& header, const wire::AnswerT& answer, SteadyTime now);
  void on_control(const wire::HeaderT& header, const wire::ControlT& control, SteadyTime now);
  /// Connected again: what is unanswered may have been lost with the old connection.
  void on_link(SteadyTime now);

  // From handlers. All but `finish` do nothing once the turn, or this attempt, is not held any more.
  /// Numbers the item and sends it. Nothing: the window of unacknowledged items is full, or the turn is over.
  std::optional<std::uint64_t> item(const TurnKey& key, std::uint32_t attempt, wire::ItemT item, SteadyTime now);
  /// The last item of earlier attempts, where Work did not carry it; before anything else is reported.
  void know_last(const TurnKey& key, std::uint32_t attempt, wire::ItemT item);
  /// The handler's end. The result is kept and repeated until it is answered.
  void finish(const TurnKey& key, std::uint32_t attempt, wire::TurnResultT result, SteadyTime now);
  /// The handler's end without a result, because of a drain: the turn goes back unstarted. As finish() if items were reported.
  void hand_back(const TurnKey& key, std::uint32_t attempt, std::string reason, SteadyTime now);
  /// Sends the last item again, so that its acknowledgement shows that this attempt is still the one. Without items yet: true, nothing to
  /// wait for.
  void refresh(const TurnKey& key, std::uint32_t attempt, SteadyTime now);

  /// Whether an effect may begin now: all items so far are acknowledged, and the sending that was acknowledged last is not older than
  /// `start_within`.
  enum class May { begin, wait, refresh, never };
  May may_begin(const TurnKey& key, std::uint32_t attempt, SteadyTime now) const;
  bool acknowledged(const TurnKey& key, std::uint32_t attempt) const;
  bool has_room(const TurnKey& key, std::uint32_t attempt) const;
  /// The turn is held in this attempt, not cancelled and not over.
  bool holds(const TurnKey& key, std::uint32_t attempt) const;
  /// The owner refuses an item for good (too large, malformed); empty: it does not.
  std::optional<Error> refusal(const TurnKey& key, std::uint32_t attempt) const;

  /// Repetitions, progress, turns whose time is over. To be called at least every 100 ms while anything is held.
  void tick(SteadyTime now);
  /// No new work from now on.
  void drain();

  std::uint32_t free() const;
  std::uint32_t credit() const { return options_.credit; }
  /// Fewer than are held: no new ones until they are done.
  void set_credit(std::uint32_t credit) { options_.credit = credit; }
  std::vector<wire::HeldTurnT> held() const;
  /// Turns whose handler runs; and those whose result waits for its answer.
  std::size_t running() const { return running_; }
  std::size_t reporting() const { return turns_.size() - running_; }
  /// Reports without an answer, of the turn that has most.
  std::size_t unanswered() const;

  std::vector<BookAction> take();

 private:
  struct Unanswered {
    wire::ReportT report;
    SteadyTime sent{};
  };
  struct Held {
    wire::HeaderT header;
    std::shared_ptr<const wire::WorkT> work;
    std::uint32_t attempt = 0;
    std::uint64_t items = 0;            // reported by all attempts
    std::uint64_t committed = 0;        // acknowledged
    SteadyTime committed_at{};          // the last of them
    std::deque<Unanswered> unanswered;  // items in order, then the result
    std::optional<wire::ReportT> last_item;
    bool running = true;
    bool cancelled = false;
    bool refused_result = false;
    SteadyTime fresh_until{};
    SteadyTime begun{};
    SteadyTime said{};  // last sign of life
    std::optional<Error> refusal;
  };
  struct Sent {
    TurnKey key;
    std::uint32_t attempt = 0;
    std::uint64_t n = 0;
    bool is_result = false;
    SteadyTime at{};
  };
  using Turns = std::map<TurnKey, Held>;

  Held* find(const TurnKey& key, std::uint32_t attempt);
  const Held* find(const TurnKey& key, std::uint32_t attempt) const;
  wire::ReportT report_of(const TurnKey& key, const Held& held) const;
  wire::Message message_of(const Held& held, const wire::ReportT& report) const;
  void send(const TurnKey& key, const Held& held, const wire::ReportT& report, SteadyTime now);
  void resend(const TurnKey& key, Held& held, std::uint64_t from, SteadyTime since, SteadyTime now);
  void acknowledge(const TurnKey& key, Held& held, const Sent& sent, const wire::AcknowledgedT& answer, SteadyTime now);
  void refuse(const TurnKey& key, Held& held, const Sent& sent, const wire::FaultT& fault, SteadyTime now);
  void repeated(const TurnKey& key, Held& held, const wire::WorkT& work, SteadyTime now);
  void deny(const TurnKey& key, std::uint32_t attempt, const wire::HeaderT& header, std::string reason, SteadyTime now);
  void end(const TurnKey& key, Halt why);
  void stop_running(Held& held);
  void state_free() { actions_.emplace_back(StateFree{free()}); }
  void forget_sent(SteadyTime before);

  BookOptions options_;
  std::function<Uuid()> next_id_;
  Turns turns_;
  std::unordered_map<Uuid, Sent> sent_;
  std::deque<std::pair<SteadyTime, Uuid>> sent_order_;
  std::size_t running_ = 0;
  bool draining_ = false;
  std::vector<BookAction> actions_;
};

/// The key of one of a session's owner's partitions, and the header of what is said to it.
wire::HeaderT to_owner(std::string_view session, std::string_view agent);

}  // namespace convoke::agents
