// Inside of the owner core: one state machine over partitions and scopes. Its parts, by file: claims.cpp (partitions), receive.cpp (where a
// message goes), run.cpp (loading and batches), commits.cpp (what a commit's answer means), checks.cpp (answers that wait for the epoch),
// reads.cpp (pages), fetch.cpp (team versions), engine.cpp (the rest).
#pragma once

#include <bitset>
#include <map>
#include <set>

#include "groupchat/owner/alarms.hpp"
#include "groupchat/owner/core.hpp"
#include "groupchat/owner/partitions.hpp"
#include "groupchat/owner/slot.hpp"
#include "groupchat/owner/team_cache.hpp"

namespace convoke::groupchat::owner {

class Core::Engine {
 public:
  Engine(Options options, Uuid replica, LogicFactory make, std::function<std::uint64_t()> random);

  std::vector<Action> on_event(Event event, Now now);
  std::string trouble() const;
  Sizes sizes() const;
  const Counters& counters() const { return counters_; }
  std::vector<store::PartitionEpoch> held() const { return partitions_.held(); }

 private:
  /// Redis is connected and refuses to write.
  struct Outage {
    std::string text;
    Millis wait{0};
    SteadyTime retry_at;
  };
  /// Answers of one message that wait for a check.
  struct Checking {
    std::optional<Waiting> original;  // handled again if the check fails
    Key key;
    store::Epoch epoch;
    bool strikes = false;  // it is the strikes of `original` that are asked for
    std::vector<Reply> replies;
    std::vector<Read> reads;
  };
  struct CheckBatch {
    std::vector<Checking> batch;
    std::vector<std::string> scopes;  // of its look-ups, in their order
  };
  struct Reading {
    Key key;
    Read read;
    Place place;
  };
  /// Who gets the answer to a message of ours.
  struct Expected {
    enum class What { scope, team, relay };
    What what = What::scope;
    Key key;                     // scope
    std::string about;           // scope: the one that a command was for
    TeamCache::Version version;  // team
    Uuid source;                 // relay: of the message that was forwarded
  };
  /// One query over several scopes. Conversations that could not be asked for are left out: the reader asks again.
  struct Gather {
    wire::HeaderT request;
    wire::HeadsT heads;
    std::size_t open = 0;
  };
  using Recorded = std::map<std::pair<std::string, std::string>, store::Recorded>;  // (scope, key)

  // engine.cpp
  void on(Tick&);
  void on(BusLost&);
  void on(BusRestored&);
  void expire();
  void expire(Slot& slot);
  void send(wire::Message message);
  void leave(Waiting* of, wire::Message message);
  void fault(Waiting& waiting, Fault code, std::string text, Millis retry_after = Millis{0});
  void answer_recorded(Waiting& waiting, const store::Recorded& recorded);
  Ticket ticket() { return ++tickets_; }
  template <class A> void act(A action) { actions_.emplace_back(std::move(action)); }

  // claims.cpp
  void on(Viewed& event);
  void on(LinkChanged& event);
  void on(Claimed& event);
  void on(DueRead& event);
  void on(Drain&);
  void settle();
  void doubt(store::Partition number);
  void doubt_all();
  void claim(const std::vector<store::Partition>& numbers);
  void read_due(std::vector<store::DueQuery> queries);
  void hold(store::Partition number);
  void reclaim(store::Partition number);
  void give_up(store::Partition number);
  void lose(store::Partition number, const store::Epoch& winner);
  void refused_epoch(store::Partition number, const store::Epoch& used, const store::Epoch& found);
  void release(store::Partition number);
  void finish_release(store::Partition number);
  void empty(store::Partition number);
  void drained();

  // receive.cpp
  void on(Received& event);
  void on_push(wire::Message& message, const wire::PushT& push);
  void on_answer(wire::Message& message);
  void on_heads(wire::Message message, const wire::ReadHeadsT& heads);
  void gathered(std::uint64_t number, const wire::Message& message);
  void note(const Key& key, wire::Message message);
  void accept(wire::Message message, Key key, std::uint64_t gather = 0);
  void enter(Waiting waiting, const Key& key, bool front);
  void not_here(Waiting waiting, const Key& key);
  void again(std::vector<Waiting> batch, const Key& key);
  void expect(const Uuid& id, Expected expected);

  // run.cpp
  void on(Loaded& event);
  void load_failed(Slot& slot, const Error& error);
  void loaded(Slot& slot, store::Scope scope);
  Slot& slot(const Key& key);
  Slot* find(const Key& key);
  void unload(Slot& slot);
  void unload_for_reload(Slot& slot);
  void tidy(const Key& key);
  void touch(Slot& slot);
  void trim();
  void kick(Slot& slot);
  void pump();
  void recover();
  void run(Slot& slot);
  void run_queries(Slot& slot);
  void run_batch(Slot& slot, bool queries_only);
  void apply_batch(Slot& slot, Draft& draft, Flight& flight, bool queries_only);
  void apply_tick(Slot& slot, Draft& draft, Flight& flight);
  void apply_one(Slot& slot, Draft& draft, Flight& flight);
  void refuse_for_good(const Key& key, Waiting waiting, Fault code, const std::string& text);
  void refuse_gone(Slot& slot);
  void answer_batch(Slot& slot, Flight flight, Draft draft);
  void commit_batch(Slot& slot, Flight flight, Draft draft);
  void send_commit(Slot& slot, Flight flight, store::Commit commit);
  void commit_strike(Slot& slot);
  void rearm(Slot& slot);
  void owe(Slot& slot);
  Draft draft_for(const Slot& slot);

  // commits.cpp
  void on(CommitDone& event);
  void committed(Slot& slot, Flight flight, const store::CommitAnswer& answer);
  void not_committed(Slot& slot, Flight flight, store::CommitAnswer& answer);
  void repeated(Slot& slot, Flight flight, const store::CommitAnswer& answer);
  void refused(Slot& slot, Flight flight, const store::CommitAnswer& answer);
  void blame(Slot& slot, Flight flight, Fault code, const std::string& text);
  void handle_again(Slot& slot, Flight flight, bool counts);
  void publish(Slot& slot, Flight& flight);
  void begin_outage(std::string text);
  void end_outage();
  void rest(Slot& slot, Millis duration);

  // checks.cpp
  void on(Checked& event);
  void check(Checking checking);
  void start_checks();
  void checked(Checking checking, const Recorded& recorded);
  void strikes_counted(Checking checking, const Recorded& recorded);

  // reads.cpp
  void on(LogRead& event);
  void on(PartRead& event);
  void on(SpansRead& event);
  void read(const Key& key, Read read);
  void start_reads();
  std::optional<Reading> finish_read(Ticket ticket);

  // fetch.cpp
  void want_team(const TeamWanted& wanted);
  void fetch_teams();
  void team_answered(const TeamCache::Version& version, const wire::AnswerT& answer);
  void team_here();
  void no_such_team(const TeamCache::Version& version, const std::string& text);

  Options options_;
  Uuid replica_;
  LogicFactory make_;
  IdMaker ids_;
  Now now_;
  std::vector<Action> actions_;
  Counters counters_;
  Ticket tickets_ = 0;
  std::size_t taken_ = 0;  // places; before everything that holds one
  std::size_t reads_taken_ = 0;

  Partitions partitions_;
  LinkChanged link_;
  bool bus_up_ = true;
  bool draining_ = false;
  bool drained_ = false;
  bool announce_ = false;
  SteadyTime claim_again_at_ = {};
  std::map<Ticket, std::vector<store::DueQuery>> due_reads_;
  wire::Message view_;

  std::map<Key, Slot> slots_;
  std::map<std::uint64_t, Key> used_;  // loaded, by last use
  std::uint64_t uses_ = 0;
  std::size_t bytes_ = 0;
  std::deque<Key> to_load_;
  std::deque<Key> to_run_;
  std::deque<Key> paused_;
  std::deque<Key> to_recover_;  // found in the due index of a partition just claimed: whatever is open there has to be taken up
  std::map<Ticket, Key> loads_;
  std::map<Ticket, Key> commits_;
  std::optional<Outage> outage_;
  Alarms<std::int64_t> due_;  // as committed
  Alarms<SteadyTime> wakes_;  // volatile
  Alarms<SteadyTime> rests_;  // after a failure

  std::deque<Checking> checks_;
  std::bitset<256> doubted_;  // partitions whose epoch is in a check because they may not be ours any more
  SteadyTime doubted_at_{};   // when all of them were
  std::map<Ticket, CheckBatch> checking_;
  SteadyTime check_again_at_ = {};
  std::deque<Reading> reads_;
  std::map<Ticket, Reading> reading_;
  std::set<std::pair<Uuid, std::string>> readers_;  // with a page outstanding

  TeamCache teams_;
  std::set<Key> parked_;  // scopes with parked messages
  std::map<Uuid, Expected> expected_;
  std::deque<std::pair<SteadyTime, Uuid>> expiries_;
  std::map<std::uint64_t, Gather> gathers_;
  std::uint64_t gather_number_ = 0;
  SteadyTime expired_at_ = {};
};

}  // namespace convoke::groupchat::owner
