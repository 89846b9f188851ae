// Turns on their way to workers: one queue per agent, credit per worker, and what became of the latest attempt of every instance. One
// (turn, attempt) is given to one replica ever; only a higher attempt replaces it, only BUSY queues it again, and if its holder is lost the
// owner is told. Pure bookkeeping: what has to be sent goes through the Port.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/id.hpp"
#include "core/time.hpp"
#include "intercom/registry.hpp"
#include "intercom/settings.hpp"
#include "wire/message.hpp"

namespace convoke::intercom {

class WorkQueues {
 public:
  class Port {
   public:
    virtual ~Port() = default;
    /// Sends a turn to a worker; returns the how-manieth message of its connection that is, or 0 when it does not fit now.
    virtual std::uint64_t give(Replica& worker, const wire::Frames& work) = 0;
    /// Tells the owner of the partition, whoever that is now.
    virtual void tell(const wire::WorkStateT& state, std::uint8_t partition, const convoke::Uuid& correlation) = 0;
  };

  struct Offer {
    TurnRef turn;
    convoke::Uuid id;  // of the Work message
    std::uint8_t partition = 0;
    std::uint64_t epoch = 0;  // under which whoever offers it holds the partition; 0: somebody else does
    wire::Frames frames;
  };

  WorkQueues(const Settings& settings, Registry& registry, Port& port) : settings_(settings), registry_(registry), port_(port) {}

  /// Takes a turn; the answer is for whoever sent it: PARKED, GIVEN, OVERLOADED, or the present state when this attempt is not newer than
  /// what is known of the instance. Under a higher epoch an older attempt counts as newer: what came after it is lost (a fail-over of
  /// Redis).
  wire::WorkStateT offer(Offer offer, SteadyTime now);
  /// Where an attempt is. UNKNOWN: it may be sent again.
  wire::WorkStateT state(const TurnRef& turn) const;
  /// Takes a parked turn back; true when it was parked.
  bool withdraw(const TurnRef& turn, SteadyTime now);

  /// From a worker's connection, in the order of its messages.
  void begun(Replica& worker, const TurnRef& turn, SteadyTime now);     // any report: its Work need not be kept for a BUSY
  void ended(Replica& worker, const TurnRef& turn, SteadyTime now);     // its result passed
  void returned(Replica& worker, const TurnRef& turn, SteadyTime now);  // unstarted; the owner sends it again
  void busy(Replica& worker, const TurnRef& turn, SteadyTime now);
  /// The first registration on a new connection: what it holds, and what it therefore lost.
  void holds(Replica& worker, const std::vector<wire::HeldTurnT>& held, std::uint32_t capacity, SteadyTime now);
  void lost(Replica& worker, SteadyTime now);
  /// Turns that workers were given and do not speak of (Settings::unheard_after): the Work was lost, or what ended it. Looked at once a
  /// second.
  void lose_unheard(SteadyTime now);
  /// Instances at rest for longer than Settings::keep_instances are no longer remembered.
  void forget(SteadyTime now);
  /// It may have credit now.
  void dispatch(Replica& worker, SteadyTime now);
  void dispatch_all(SteadyTime now);
  /// Until then nothing is given (Settings::hold_back).
  void hold_back_until(SteadyTime time) { hold_back_until_ = time; }

  std::vector<wire::QueueInfoT> info(SteadyTime now) const;
  std::uint64_t parked() const { return parked_; }
  std::uint64_t parked_bytes() const { return parked_bytes_; }
  std::size_t instances() const { return instances_.size(); }
  /// Of those, the ones without anything under way; turns parked for the agent that has most.
  std::size_t idle() const { return idle_.size(); }
  std::size_t longest() const;
  /// Of all parked turns those that workers gave back as BUSY: they were accepted, so no bound refuses them.
  std::size_t given_back() const { return given_back_; }

 private:
  struct Key {
    std::string agent;
    std::string session;
    auto operator<=>(const Key&) const = default;
  };
  enum class Where : std::uint8_t { ended, parked, given, lost };
  struct Instance {
    std::uint64_t turn = 0;
    std::uint32_t attempt = 0;
    Where where = Where::ended;
    convoke::Uuid holder;  // has it, or had it last: it may have the transcript
    convoke::Uuid id;      // of the Work message
    std::uint8_t partition = 0;
    std::uint64_t epoch = 0;  // of the offer; 0: known from its holder alone
    wire::Frames frames;      // while parked, and while given until the worker reports
    std::uint64_t arrival = 0;
    bool given_back = false;  // parked by BUSY
    SteadyTime since;
    std::uint64_t idle = 0;  // place in idle_ while nothing is under way
  };
  using Queue = std::map<std::uint64_t, Key>;  // by arrival
  using Entry = std::map<Key, Instance>::iterator;
  struct Idle {
    Entry entry;
    SteadyTime since;
  };

  static Key key_of(const TurnRef& turn) { return {turn.agent, turn.session}; }
  static TurnRef ref_of(const Entry& entry) {
    return {entry->first.agent, entry->first.session, entry->second.turn, entry->second.attempt};
  }
  wire::WorkStateT report(const Entry& entry) const;
  Entry find(const TurnRef& turn);
  bool is_given_to(const Entry& entry, const TurnRef& turn, const Replica& worker) const;
  void park(Entry entry, std::uint64_t arrival, bool given_back, SteadyTime now);
  void unpark(Entry entry);
  bool give(Entry entry, SteadyTime now);
  void settle(Entry entry, Where where, SteadyTime now);  // nothing is under way any more
  void wake(Entry entry);
  void forget_oldest();
  void lose(Entry entry, SteadyTime now);
  bool is_over(const Instance& known, const Offer& offer) const;
  Replica* holder_of(const TurnRef& turn) const;
  void take_from(Replica& worker, const TurnRef& turn);
  Replica* choose(const std::string& agent, const Instance& instance) const;
  void tell(const Entry& entry);

  const Settings& settings_;
  Registry& registry_;
  Port& port_;
  std::map<Key, Instance> instances_;
  std::map<std::string, Queue> queues_;  // of agents with parked work
  std::map<std::uint64_t, Idle> idle_;   // instances without anything under way, the longest first
  std::uint64_t arrivals_ = 0;
  std::uint64_t idles_ = 0;
  std::uint64_t parked_ = 0;
  std::size_t given_back_ = 0;
  std::uint64_t parked_bytes_ = 0;
  SteadyTime hold_back_until_{};
  SteadyTime listened_{};
};

}  // namespace convoke::intercom
