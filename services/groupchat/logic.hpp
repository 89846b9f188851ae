// What a scope means, apart from how it is owned: the contract between the owner core (claims, cache, batches, commits: owner/) and the
// logic of a session, a user or a team. Logic is pure: it changes its own state and fills a Draft, and is dropped and loaded again whenever
// a commit is not OK. So that nothing is seen before its commit: answers and events of a Draft leave only when its commit is OK, and
// everything that is sent besides (turns, notices) follows from the state as committed or reloaded, in owed().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/team/team.hpp"
#include "core/id.hpp"
#include "core/time.hpp"
#include "groupchat/session/handout_times.hpp"
#include "store/commit.hpp"
#include "wire/message.hpp"

namespace convoke::groupchat {

/// Team versions this replica knows. Versions are immutable; absent ones are fetched from their owner.
class Teams {
 public:
  virtual ~Teams() = default;
  /// nullptr: not known here (yet).
  virtual const agents::Team* find(std::string_view team, std::uint32_t version) const = 0;
  /// Newest version known; 0: none.
  virtual std::uint32_t head(std::string_view team) const = 0;
};

/// A page of a log or a part, to be read by the owner core after the epoch check and sent as the answer to `request`. Nothing beyond `head`
/// is shown.
struct Read {
  enum class What { events, transcript, items, part, spans };
  wire::HeaderT request;
  What what = What::events;
  std::string name;     // log (`log:<conversation>`, `tr:<agent>`) or part; spans: the session
  std::string subject;  // conversation or agent, as the answer names it
  std::uint64_t from = 1;
  std::uint64_t head = 0;
  std::uint32_t max_bytes = 256 * 1024;
  Uuid after_id;            // events: id of entry from-1 as the reader knows it; zero: unknown. Mismatch: HISTORY_RESET
  std::uint64_t turn = 0;   // items: of that turn alone
  std::uint64_t total = 0;  // items: how many that turn has
  std::string run;          // spans: of that run alone; empty: all
  /// part: makes the answer; an absent part is empty bytes. Runs when the scope may be gone from memory: captures values alone.
  std::function<wire::Message(const wire::HeaderT& request, std::string bytes)> compose;
};

/// An answer, and whether it may leave from memory. Refusals and reads wait for the epoch check; refusals of commands for the key look-up
/// too.
struct Reply {
  wire::Message message;
  std::string key;        // command refused: `<user>/<key>`, looked up before the refusal leaves
  std::string body_hash;  // of that command
};

/// What one batch of messages does to one scope.
struct Draft {
  Now now;
  store::Epoch epoch;
  std::uint64_t version = 0;  // that the commit will give the scope
  IdMaker* ids = nullptr;
  const Teams* teams = nullptr;

  // To be committed
  bool changed = false;
  bool create = false;
  bool remove = false;
  std::vector<store::Append> appends = {};
  std::vector<store::KeyRecord> keys = {};
  std::vector<store::Part> parts = {};
  std::vector<store::Piece> pieces = {};
  std::vector<std::string> deletes = {};

  // To leave once it is committed
  std::vector<wire::Message> answers = {};
  std::vector<wire::EventT> events = {};
  std::vector<wire::SpanT> spans = {};
  // To leave after the epoch check (and, when changed, the commit)
  std::vector<Reply> replies = {};
  std::vector<Read> reads = {};

  /// Puts `bytes` at `number` of the log; numbers of one log must follow each other.
  void append(std::string log, std::uint64_t number, std::string bytes);
  /// Writes that piece of the state; empty bytes: it goes. Of several writings of one piece the last counts.
  void put_piece(std::string name, std::string bytes);
};

/// Key under which a command's answer is recorded, and the text form of its hash.
std::string record_key(const wire::CommandT& command);
std::string hash_text(const wire::CommandT& command);

/// Answers a command that changed something: after the commit, and recorded with it for its repetition. Creations live as long as the
/// scope.
enum class Keep { day, as_long_as_scope };
void accept(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command, wire::AcceptedT accepted, Keep keep = Keep::day);
/// Records the answer without sending it; the logic sends it itself, in owed().
void record(Draft& draft, const wire::CommandT& command, const wire::AcceptedT& accepted, Keep keep = Keep::day);
/// Refuses a command; not recorded.
void refuse(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command, const Error& error);
/// Answers a query or a report from memory.
void respond(Draft& draft, wire::Message message);

enum class Applied {
  done,
  /// A team version is missing (`ScopeLogic::missing_team`): nothing was changed; handle the message again when it is there.
  need_team,
};

struct TeamWanted {
  std::string team;
  std::uint32_t version = 0;  // 0: the newest
};

class ScopeLogic {
 public:
  virtual ~ScopeLogic() = default;

  /// State as loaded (absent scopes are not loaded: a fresh object is the absent state; what a fresh object saved loads as absent too).
  /// MALFORMED when it cannot be read.
  virtual Status load(std::string_view state, std::uint64_t version) = 0;
  virtual std::string save() const = 0;
  /// A piece of the state, after load(). What changes in pieces goes into the Draft (put_piece), not into save().
  virtual Status load_piece(std::string_view name, std::string_view bytes);
  /// Bytes of all pieces, for the bound of the cache.
  virtual std::size_t piece_bytes() const { return 0; }

  /// A Command, Query, Report (item, result, returned), or WorkState (LOST, OVERLOADED) in turn.
  virtual Applied apply(Draft& draft, const wire::Message& message) = 0;
  virtual TeamWanted missing_team() const { return {}; }
  /// Something is due.
  virtual void tick(Draft& draft) = 0;
  /// Earliest time at which something is owed; none: nothing is.
  virtual std::optional<UnixTime> due() const = 0;

  /// What changes nothing durable and may come while a commit is in flight: Progress, WorkState (PARKED, GIVEN, UNKNOWN), deltas, answers
  /// to what owed() sent (`dest` in the header is the scope that a command of ours was for); for teams, the intercom's View too.
  virtual void note(const wire::Message& message, Now now) = 0;
  /// The intercom was lost and is back: what was parked there may be gone.
  virtual void link_restored(Now now) = 0;
  /// What is to be sent now, from the state as committed: called after a load, each OK, each note and at wake(). Headers need no id and no
  /// source.
  virtual std::vector<wire::Message> owed(Now now) = 0;
  /// When tick() and then owed() should be asked although nothing happened, for reasons that are not durable.
  virtual std::optional<SteadyTime> wake() const = 0;
  /// May leave the cache: nothing volatile would be lost.
  virtual bool evictable() const = 0;
};

std::unique_ptr<ScopeLogic> make_session(std::string session, const session::HandoutTimes& times = {});
/// Sessions on a user's list, unless a setting says otherwise; beyond, the oldest leave it (they themselves stay).
inline constexpr std::uint32_t listed_sessions = 5'000;
std::unique_ptr<ScopeLogic> make_user(std::string user, std::size_t max_sessions = listed_sessions);
std::unique_ptr<ScopeLogic> make_team(std::string team);

}  // namespace convoke::groupchat
