// The invariants of the design, watched from outside: what is committed is noted here once more, and everything that anybody sees is held
// against it. Numbers in messages are those of design's list.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agents/turns/book.hpp"
#include "api/reader.hpp"
#include "store/commit.hpp"
#include "wire/message.hpp"
#include "wire/state_generated.h"

namespace convoke::sim {

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
  void owner_sends(const OwnerProcess& by, const wire::Message& message);
  void tool_starts(const agents::TurnKey& key, std::uint64_t response, const std::string& call);
  void page(const wire::LogPageT& page);
  void delivered(const std::string& user, const wire::EventT& event, std::uint64_t expected);
  void reset(const std::string& user, const std::string& conversation);
  void reading_failed(const std::string& user, const std::string& conversation, const Error& error);
  void accepted(const wire::CommandT& command, const wire::AcceptedT& answer);
  void joined(const std::string& user, const std::string& agent);
  void sizes(const OwnerProcess& owner);
  void sizes(const IntercomProcess& intercom);
  void sizes(const TurnProcess& process);
  void reader(const api::Reader& reader);

  // Fail-over with loss: what there is now, to go back to; and that it happened
  std::function<void()> remember();

  /// Nothing is open anywhere.
  bool is_quiet() const;
  std::uint64_t under_way() const;
  const OwnerProcess* crowded() const;
  /// What is still open, for people; empty: nothing.
  std::string open_work();
  void at_rest();
  std::uint64_t head(const std::string& conversation) const;
  std::uint64_t commits() const { return commits_; }

 private:
  struct Turn {
    std::uint32_t attempt = 0;
    std::uint64_t items = 0;
    bool closed = false;
    std::vector<std::uint32_t> by;  // the attempt of each item
  };
  struct Session {
    std::map<std::string, std::map<std::uint64_t, Turn>> turns;  // by agent and number
    std::map<std::string, std::uint64_t> last_opened;
    std::map<std::string, std::uint32_t> runs;                 // seen → ends
    std::map<std::string, std::uint32_t, std::less<>> pinned;  // team versions of runs
    std::map<std::string, wire::StepStatus, std::less<>> ended_steps;
    std::set<std::string, std::less<>> plans_ended;
    std::set<std::string, std::less<>> messages;  // ids
    std::set<std::string, std::less<>> recorded;  // calls in responses
    std::set<std::string, std::less<>> settled;   // with a result, cancelled, or asked about
    std::string user;
    std::map<std::string, std::set<std::string>, std::less<>> people;  // of a shared session, by conversation
    bool deleted = false;
    bool quiet = true;  // nothing is open in its last committed state
  };
  struct Truth {
    std::map<std::string, std::uint64_t> versions;
    std::array<store::Epoch, 256> epochs;           // by partition; zero: never claimed
    std::map<std::string, std::vector<Uuid>> logs;  // ids by conversation
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
  };

  void fail(int invariant, std::string text);
  void within(const Process& process, std::size_t size, std::size_t most, const char* what);
  void order(const store::Commit& commit);
  void session_committed(const store::Commit& commit);
  void user_committed(const store::Commit& commit);
  void appended_events(Session& session, const store::Append& append);
  void appended_items(Session& session, const store::Append& append);
  void instance(Session& session, const std::string& scope, const state::Instance& instance);
  void plans(Session& session, const state::SessionState& state);
  void due(const store::Commit& commit, const state::SessionState& state);
  void people(Session& session, const state::SessionState& state);
  bool may_read(const std::string& user, const std::string& conversation) const;
  void bounds(const std::string& scope, const state::SessionState& state);
  void pushed(const wire::EventT& event);
  void answered(const wire::Message& message, const wire::AnswerT& answer);
  void session_at_rest(const std::string& scope);
  void effects_at_rest();
  void lists_at_rest();

  World& world_;
  Truth truth_;
  bool lossy_ = false;
  std::uint64_t commits_ = 0;
  std::unordered_map<Uuid, Asked> asked_;
  std::map<std::pair<std::string, std::string>, std::vector<std::uint8_t>> accepted_;  // (scope, key) → hash
};

}  // namespace convoke::sim
