// The invariants of the design, watched from outside: what is committed is noted here once more, and everything that anybody sees is held
// against it. Numbers in messages are those of design's list.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "agents/turns/book.hpp"
#include "api/reader.hpp"
#include "store/commit.hpp"
#include "wire/message.hpp"
#include "wire/state_generated.h"

namespace convoke::sim {

class Client;
class World;
class IntercomProcess;
class OwnerProcess;
class Process;
class TurnProcess;

/// A call by whoever makes it: ids of calls are told apart by agent only.
inline std::string call_of(std::string_view author, std::string_view call) { return std::string(author) + " " + std::string(call); }

class Checks {
 public:
  explicit Checks(World& world) : world_(world) {}

  // As it happens
  void committed(const OwnerProcess& by, const store::Commit& commit);
  void claimed(store::Partition partition, const store::Epoch& epoch);
  void received(const OwnerProcess& by, const wire::Message& message);
  void looked_up(const std::string& scope, const std::vector<std::string>& keys);
  void owner_sends(const OwnerProcess& by, const wire::Message& message);
  void tool_starts(const agents::TurnKey& key, std::uint64_t response, const std::string& call);
  void page(const wire::LogPageT& page);
  void delivered(const std::string& user, const wire::EventT& event, std::uint64_t expected);
  void reset(const std::string& user, const std::string& conversation);
  void reading_failed(const std::string& user, const std::string& conversation, const Error& error);
  void accepted(const wire::CommandT& command, const wire::AcceptedT& answer);
  /// `was_recorded`: when it was sent, the answer to it lay in the store already.
  void refused(const wire::CommandT& command, const Error& error, bool was_recorded);
  bool is_recorded(const wire::CommandT& command) const;
  void joined(const std::string& user, const std::string& agent);
  void sizes(const OwnerProcess& owner);
  void sizes(const IntercomProcess& intercom);
  void sizes(const TurnProcess& process);
  void calls(const Process& process, std::size_t unanswered);
  void reader(const api::Reader& reader);

  // Fail-over with loss: what there is now, to go back to; and that it happened
  std::function<void()> remember();

  /// After everything healed, once a second: open turns are with somebody, and what is due is done.
  void look_after(Millis since_healed);
  /// Nothing is open anywhere.
  bool is_quiet() const;
  /// Nothing is open but questions to people.
  bool is_idle() const;
  std::uint64_t under_way() const;
  const OwnerProcess* crowded() const;
  /// What is still open, for people; empty: nothing.
  std::string open_work();
  void at_rest();
  std::uint64_t head(const std::string& conversation) const;
  std::uint64_t commits() const { return commits_; }
  /// The longest that a turn was with nobody, and that something stayed due, after everything healed.
  Millis longest_unattended() const { return longest_unattended_; }
  Millis longest_due() const { return longest_due_; }

 private:
  struct Turn {
    std::uint32_t attempt = 0;
    std::uint64_t items = 0;
    bool closed = false;
    bool cancelling = false;
    Uuid worker;
    std::string run;
    std::vector<std::uint32_t> by;  // the attempt of each item
    std::uint32_t failures = 0;
    std::set<std::uint32_t> failed;  // attempts that these ended
  };
  struct Usage {
    std::uint64_t prompt = 0, completion = 0, models = 0, tools = 0, cost = 0;
    bool operator==(const Usage&) const = default;
    void add(const wire::Usage* more);
  };
  struct Request {  // to people, while it is open
    wire::RequestKind kind{};
    std::string agent, call, plan, step;
  };
  struct Logged {
    Uuid id;
    std::uint64_t fingerprint = 0;
  };
  struct Session {
    std::map<std::string, std::map<std::uint64_t, Turn>> turns;  // by agent and number
    std::map<std::string, std::uint64_t> last_opened;
    std::map<std::string, std::uint32_t, std::less<>> runs;   // seen → ends
    std::map<std::string, std::string, std::less<>> reasons;  // of those that ended
    std::map<std::string, Usage, std::less<>> used;           // by runs, in their items
    std::map<std::string, Request, std::less<>> requests;
    std::set<std::string, std::less<>> requests_ended;
    std::uint64_t next_id = 0;                                      // of whatever it names
    std::map<std::string, std::uint32_t, std::less<>> revisions;    // of plans
    std::map<std::string, std::vector<std::uint64_t>> transcripts;  // fingerprints of what is in them, by agent
    std::map<std::string, std::uint32_t, std::less<>> pinned;       // team versions of runs
    std::map<std::string, wire::StepStatus, std::less<>> ended_steps;
    std::map<std::string, wire::PlanStatus, std::less<>> plans_ended;
    std::set<std::string, std::less<>> messages;  // ids
    std::set<std::string, std::less<>> recorded;  // calls in responses
    std::set<std::string, std::less<>> settled;   // with a result, cancelled, or asked about
    std::set<std::string, std::less<>> done;      // with a result that says so
    std::string user;
    std::map<std::string, std::set<std::string>, std::less<>> people;  // of a shared session, by conversation
    bool deleted = false;
    bool quiet = true;  // nothing is open in its last committed state
    bool idle = true;   // nothing but questions to people is
  };
  struct Truth {
    std::map<std::string, std::uint64_t> versions;
    std::array<store::Epoch, 256> epochs;             // by partition; zero: never claimed
    std::map<std::string, std::vector<Logged>> logs;  // by conversation
    std::map<std::string, Session> sessions;
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> channels;  // user/session → (epoch, version)
  };
  struct Asked {
    std::string scope;
    std::string key;
    std::string agent;
    std::uint64_t turn = 0;
    std::uint32_t attempt = 0;
    std::uint64_t n = 0;
    wire::ReportBody report = wire::ReportBody::NONE;
    Uuid sender;
    std::uint64_t moment = 0;   // when it came
    bool was_recorded = false;  // a command whose answer lay in the store already when this came
    bool answered = false;
    Uuid answer;        // what was last said to it: whoever relays that does not say it anew
    std::string about;  // of a notice: the session, and as of when
    std::pair<std::uint64_t, std::uint64_t> as_of;
    std::uint64_t version = 0;  // of its scope when this came
    bool creates = false;       // refused without a look-up where its team is not known
  };
  using Command = std::tuple<std::string, std::string, std::string>;  // scope, key, hash
  struct Answered {
    std::vector<std::uint8_t> hash;
    wire::AcceptedT answer;
  };
  /// A commit that carries out commands, and the events in it.
  struct Done {
    const store::Commit& commit;
    const state::SessionState& state;
    const wire::CommandT& command;
    wire::AcceptedT accepted;
    std::vector<const wire::Event*> events;
  };

  void fail(int invariant, std::string text);
  void within(const Process& process, std::size_t size, std::size_t most, const char* what);
  void order(const store::Commit& commit);
  void session_committed(const store::Commit& commit);
  void user_committed(const store::Commit& commit);
  void appended_events(Session& session, const store::Append& append);
  void name_runs(Session& session, const state::SessionState& state);
  void appended_items(Session& session, const store::Append& append);
  void instance(Session& session, const std::string& scope, const state::Instance& instance);
  void plans(Session& session, const state::SessionState& state);
  void requests(Session& session, const state::SessionState& state);
  void steps(Session& session, const wire::Plan& plan);
  void ended_plan(Session& session, const wire::Plan& plan);
  void usage(const Session& session, const state::SessionState& state);
  void ended_run(Session& session, const wire::Event& event);
  void due(const store::Commit& commit, const state::SessionState& state);
  void people(Session& session, const state::SessionState& state);
  bool may_read(const std::string& user, const std::string& conversation) const;
  void bounds(const std::string& scope, const state::SessionState& state);
  void pushed(const wire::EventT& event);
  void answered(const wire::Message& message, const wire::AnswerT& answer);
  void heads_told(const wire::AnswerT& answer);
  void refusal_told(const Asked& asked, const wire::FaultT& fault);
  const Turn* turn_of(const Asked& asked) const;
  bool is_logged(const wire::EventT& event) const;

  // checks_shown.cpp: what readers and workers are shown or told, beside events
  void stop_told(const OwnerProcess& by, const wire::ControlT& control);
  void session_shown(const wire::SessionViewT& view);
  void plan_shown(const Session& session, const wire::PlanT& plan);
  void items_shown(const Asked& asked, const wire::ItemPageT& page);
  void transcript_shown(const Asked& asked, const wire::TranscriptPageT& page);
  void acceptance_told(const Asked& asked, const wire::AcceptedT& accepted);

  // checks_commands.cpp: what a command was to do, in the commit that records it and at rest
  void carried_out(const Session& before, const store::Commit& commit, const state::SessionState& state);
  void took_effect(const Session& before, const Done& done);
  void is_said(const Done& done, std::string_view conversation, std::string_view said);
  void is_decided(const Done& done, std::string_view plan, const std::vector<std::string>& steps, bool approved);
  void is_answered(const Session& before, const Done& done, const wire::AnswerRequestT& answer);
  void is_cancelled(const Done& done, const wire::CancelT& cancel);
  void is_settled(const Done& done, const wire::SettleLetterT& settle);
  void not_done(const Done& done, std::string_view why);
  void command_at_rest(const Client& client, const wire::CommandT& command, const wire::AcceptedT& answer);
  void decision_at_rest(const wire::CommandT& command, const wire::DecideT& decision);
  void same_answer(const wire::CommandT& command, const wire::AcceptedT& first, const wire::AcceptedT& answer);
  void session_at_rest(const std::string& scope);
  void effects_at_rest();
  void lists_at_rest();
  void list_at_rest(const Client& client, const std::vector<state::UserSessionT>& list, const std::string& session);
  void commands_at_rest();
  bool is_attended(const std::string& session, const state::InstanceT& instance) const;
  std::string overdue(const std::string& session, const state::SessionStateT& state, std::int64_t late) const;

  World& world_;
  Truth truth_;
  bool lossy_ = false;
  std::uint64_t commits_ = 0;
  std::unordered_map<Uuid, Asked> asked_;
  std::map<std::pair<std::string, std::string>, Answered> accepted_;        // by scope and key
  std::map<Command, wire::CommandT> commands_;                              // that an owner was given
  std::map<std::pair<std::string, std::string>, std::uint64_t> looked_up_;  // by scope and key: when, by whichever owner
  std::uint64_t moment_ = 0;
  std::size_t most_slots_ = 0;                // that workers had at once, at most (each replica counted as one)
  std::map<std::string, Millis> unattended_;  // open turns that are with nobody, since when
  Millis longest_unattended_{0};
  Millis longest_due_{0};
};

}  // namespace convoke::sim
