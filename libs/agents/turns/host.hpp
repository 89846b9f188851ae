// Carries out turns in a process: takes work from the bus, runs a handler per turn, speaks the turn protocol (book.hpp) and keeps
// transcripts. Worker, planner and executor differ in their handler and in nothing else.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agents/turns/book.hpp"
#include "agents/turns/transcripts.hpp"
#include "agents/turns/turn.hpp"
#include "bus/client.hpp"
#include "core/async.hpp"

namespace convoke::agents {

struct HostOptions {
  std::uint32_t credit = 0;
  Millis start_within{2'000};
  Millis repeat{500};
  Millis query_deadline{10'000};
  Millis delta_interval{20};
  Millis finish_within{5'000};
  std::size_t transcript_cache = std::size_t{64} << 20;
  std::size_t transcript_entries = 400;
  Millis transcript_keep{600'000};

  template <class Fields> void describe(Fields& field) {
    field("credit", credit, "turns carried out at once; 0: as the team says, else 64");
    field("start_within", start_within, "a tool call starts within this time of the report that was acknowledged last");
    field("repeat", repeat, "an unanswered report is repeated so often");
    field("query_deadline", query_deadline, "for one page read from an owner");
    field("delta_interval", delta_interval, "pieces of a message are bundled for so long");
    field("finish_within", finish_within, "turns that run longer than this after SIGTERM are handed back");
    field("transcript_cache", transcript_cache, "bytes of transcripts kept between turns");
    field("transcript_keep", transcript_keep, "after the last turn that used them");
    field("transcript_entries", transcript_entries, "newest entries of a transcript that are read");
  }
};

/// What the process lends.
struct HostServices {
  asio::io_context& io;
  bus::Client& bus;
  std::function<Now()> now;
  std::function<Uuid()> next_id;
  std::function<void(std::string name, asio::awaitable<void> task)> spawn;
};

class TurnHost {
 public:
  using Handler = std::function<asio::awaitable<wire::TurnResultT>(Turn&)>;

  /// Everything borrowed outlives the host. `handler` is called once per attempt; an exception out of it fails the turn as INTERNAL.
  TurnHost(HostServices services, HostOptions options, Handler handler);

  /// What to register besides credit and held turns: service agents and team versions. States it at once.
  void serve(std::vector<std::string> agents, std::vector<wire::TeamVersionT> teams = {});

  /// Tools that the agents have found at run time (agents/team/discovered.hpp); stated at once.
  void discovered(std::string tools);

  /// Turns at once, unless the options say; stated with the next serve().
  void suggest_credit(std::uint32_t credit);

  /// For the owner of the bus client to call; false: the message is not about a turn.
  bool on_message(wire::Message& message);
  void on_link(bool up);

  /// Repetitions and progress; spawned once, ends when cancelled.
  asio::awaitable<void> run();
  /// Takes no more work (SIGTERM).
  void stop_accepting();
  /// Until everything held is finished or handed back, and answered.
  asio::awaitable<void> finish();

  const TurnBook& book() const { return book_; }
  const TranscriptCache& transcripts() const { return transcripts_; }

 private:
  friend class Turn;
  void perform();
  void begin(BeginTurn begin);
  void closed(const TurnClosed& closed);
  void halt(const HaltTurn& halt);
  asio::awaitable<void> carry_out(std::shared_ptr<Turn> turn);
  void state_free();
  Turn* find(const TurnKey& key);
  SteadyTime steady() const { return services_.now().steady; }

  HostServices services_;
  HostOptions options_;
  Handler handler_;
  TurnBook book_;
  TranscriptCache transcripts_;
  std::map<TurnKey, std::shared_ptr<Turn>> turns_;
  std::vector<std::string> agents_;
  std::vector<wire::TeamVersionT> teams_;
  std::string discovered_;
  bool draining_ = false;
  bool handing_back_ = false;
  bool performing_ = false;
  Event performed_;  // while draining: something may have ended
  asio::steady_timer free_timer_;
  bool free_scheduled_ = false;
};

}  // namespace convoke::agents
