// The scopes of users and teams.
#include <set>

#include "owner/small_team.hpp"
#include "owner/world.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat::test {
namespace {

/// A core with the real users and teams, and everything it asks answered at once.
class Process {
 public:
  explicit Process(World& world, std::uint32_t listed = listed_sessions)
      : world_(world),
        core_({}, replica_a, owner::make_logic_with({}, listed), [n = std::uint64_t{1}]() mutable { return n += 0x9E3779B97F4A7C15ull; }) {
    event(owner::LinkChanged{true, 1, store::Reason::none, {}});
    see({});
  }

  void see(std::vector<std::pair<std::string, std::uint32_t>> serving) {
    auto made = view(++views_, {}, replica_a);
    for (const auto& [name, version] : serving) {
      made.replicas.emplace_back();
      made.replicas.back().name = name;
      made.replicas.back().teams.emplace_back();
      made.replicas.back().teams.back().team = "company";
      made.replicas.back().teams.back().version = version;
    }
    event(owner::Viewed{std::move(made)});
  }
  void tick(Millis time) {
    world_.pass(time);
    event(owner::Tick{});
  }
  Uuid give(wire::Message message, const std::string& source = "service/gateway") {
    message.header.source = source;
    message.header.source_replica = wire::to_wire(client_id);
    const Uuid id{9, ++world_.ids};
    message.header.id = wire::to_wire(id);
    message.header.ttl_ms = 5'000;
    event(owner::Received{std::move(message)});
    return id;
  }
  const wire::AnswerT* answer(const Uuid& id) const {
    for (const auto& message : sent) {
      if (message.as<wire::AnswerT>() != nullptr && wire::from_wire(message.header.correlation) == id) return message.as<wire::AnswerT>();
    }
    return nullptr;
  }
  std::vector<wire::Message> sent;
  std::vector<store::Commit> commits;

 private:
  void event(owner::Event event) {
    std::deque<owner::Event> events;
    events.push_back(std::move(event));
    for (; !events.empty(); events.pop_front()) {
      for (auto& action : core_.on_event(std::move(events.front()), world_.now)) {
        if (auto* one = std::get_if<owner::Send>(&action)) {
          sent.push_back(std::move(one->message));
          continue;
        }
        if (const auto* one = std::get_if<owner::CommitScope>(&action)) commits.push_back(one->commit);
        if (!std::holds_alternative<owner::Announce>(action) && !std::holds_alternative<owner::Follow>(action)) {
          events.push_back(store_.answer(action));
        }
      }
    }
  }

  World& world_;
  owner::Core core_;
  Node store_{world_, replica_b};  // for its answers alone
  std::uint64_t views_ = 0;
};

template <class T> wire::Message command(T body, const std::string& scope, const std::string& key) {
  wire::CommandT made;
  made.scope = scope;
  made.user = "ann";
  made.key = key;
  made.hash.assign(16, 1);
  made.body.Set(std::move(body));
  auto message = wire::message(std::move(made));
  message.header.partition = partition_of(scope);
  return message;
}

template <class T> wire::Message query(T body, const std::string& scope, const std::string& user = "ann") {
  wire::QueryT made;
  made.scope = scope;
  made.user = user;
  made.body.Set(std::move(body));
  auto message = wire::message(std::move(made));
  message.header.partition = partition_of(scope);
  return message;
}

wire::Message notice(const std::string& session, std::uint64_t epoch, std::uint64_t version, std::int64_t last_ms, bool deleted = false) {
  wire::NotifyT notify;
  notify.epoch = epoch;
  notify.version = version;
  notify.summary = std::make_unique<wire::SessionSummaryT>();
  notify.summary->session = session;
  notify.summary->last_ms = last_ms;
  notify.summary->title = std::to_string(epoch) + "." + std::to_string(version);
  notify.summary->deleted = deleted;
  return command(std::move(notify), "u:ann", session + std::to_string(epoch) + "/" + std::to_string(version));
}

std::vector<std::string> sessions(Process& process) {
  const auto id = process.give(query(wire::ReadUserT{}, "u:ann"));
  std::vector<std::string> found;
  for (const auto& session : process.answer(id)->body.AsUserView()->sessions) found.push_back(session.session + " " + session.title);
  return found;
}

Fault fault(const wire::AnswerT* answer) {
  const auto* refusal = answer != nullptr ? answer->body.AsFault() : nullptr;
  return refusal != nullptr ? static_cast<Fault>(refusal->code) : Fault::none;
}

wire::ApplyTeamT apply(std::string description) {
  wire::ApplyTeamT body;
  body.definition = agents::to_json(small_team("company", std::move(description)));
  return body;
}

}  // namespace

TEST_CASE("people: a list takes newer values, acknowledges older ones, newest session first") {
  World world;
  Process process(world);
  const std::string owner = "service/groupchat";
  process.give(notice("a", 1, 5, 100), owner);
  process.give(notice("b", 1, 1, 200), owner);
  CHECK(sessions(process) == std::vector<std::string>{"b 1.1", "a 1.5"});
  const auto old = process.give(notice("a", 1, 4, 900), owner);
  CHECK(process.answer(old)->body.AsAccepted() != nullptr);
  CHECK(sessions(process) == std::vector<std::string>{"b 1.1", "a 1.5"});
  process.give(notice("a", 2, 1, 300), owner);  // a later epoch counts more than a higher version
  CHECK(sessions(process) == std::vector<std::string>{"a 2.1", "b 1.1"});
  process.give(notice("a", 2, 2, 400, true), owner);
  CHECK(sessions(process) == std::vector<std::string>{"b 1.1"});
  process.give(notice("a", 2, 1, 300), owner);  // late: does not bring it back
  CHECK(sessions(process) == std::vector<std::string>{"b 1.1"});
}

TEST_CASE("people: only owners tell, only the user reads") {
  World world;
  Process process(world);
  CHECK(fault(process.answer(process.give(notice("a", 1, 1, 1)))) == Fault::forbidden);
  CHECK(fault(process.answer(process.give(query(wire::ReadUserT{}, "u:ann", "bob")))) == Fault::not_found);
  CHECK(process.answer(process.give(query(wire::ReadUserT{}, "u:ann", "")))->body.AsUserView() != nullptr);
}

TEST_CASE("people: a list is bounded") {
  World world;
  Process process(world, 500);
  for (int i = 0; i < 510; ++i) process.give(notice("s" + std::to_string(i), 1, 1, i), "service/groupchat");
  wire::ReadUserT all;
  all.max = 10'000;
  const auto id = process.give(query(std::move(all), "u:ann"));
  CHECK(process.answer(id)->body.AsUserView()->sessions.size() == 500);
  CHECK(process.answer(id)->body.AsUserView()->sessions[0].session == "s509");
}

TEST_CASE("people: a list is read whole, in pages that no activity shifts") {
  World world;
  Process process(world);
  const auto page = [&](const std::string& after, std::uint32_t bytes, const std::string& user = "ann") {
    wire::ReadSessionsT wanted;
    wanted.after = after;
    wanted.max_bytes = bytes;
    return process.answer(process.give(query(std::move(wanted), "u:ann", user)));
  };
  for (int i = 0; i < 60; ++i) process.give(notice("s" + std::to_string(i), 1, 1, i), "service/groupchat");
  process.give(notice("s7", 1, 2, 7, true), "service/groupchat");
  std::set<std::string> found;
  int pages = 0;
  for (std::string last;; ++pages) {
    const auto* answer = page(last, 2'000);
    REQUIRE(answer->body.AsUserView() != nullptr);
    const auto& sessions = answer->body.AsUserView()->sessions;
    if (sessions.empty()) break;
    for (const auto& each : sessions) CHECK(found.insert(each.session).second);
    last = sessions.back().session;
    // What was not read yet becomes the newest of all: it is not missed.
    process.give(notice("s" + std::to_string(59 - pages), 1, 2, 1'000 + pages), "service/groupchat");
  }
  CHECK(pages > 3);
  CHECK(found.size() == 59);
  CHECK(page("", 1)->body.AsUserView()->sessions.size() == 1);  // never none while there is one
  CHECK(fault(page("", 1'000, "bob")) == Fault::not_found);
}

TEST_CASE("people: all sessions to be deleted are named once, and a repetition names the same ones") {
  World world;
  Process process(world, 2'000);
  const auto named = [&](const std::string& key) -> wire::AcceptedT {
    const auto* answer = process.answer(process.give(command(wire::NameSessionsT{}, "u:ann", key)));
    REQUIRE(answer != nullptr);
    REQUIRE(answer->body.AsAccepted() != nullptr);
    return *answer->body.AsAccepted();
  };
  CHECK(named("none").sessions.empty());
  CHECK_FALSE(named("none").is_full);
  const std::string begin(100, 'a');
  for (int i = 0; i < 500; ++i) process.give(notice(begin + std::to_string(i), 1, 1, i), "service/groupchat");
  wire::NotifyT joined;
  joined.epoch = joined.version = 1;
  joined.summary = std::make_unique<wire::SessionSummaryT>();
  joined.summary->session = "of-bob";
  joined.summary->user = "bob";
  process.give(command(std::move(joined), "u:ann", "joined"), "service/groupchat");
  CHECK(named("none").sessions.empty());  // what was opened since is not meant

  const auto first = named("all");
  CHECK_FALSE(first.is_full);
  CHECK(first.sessions.size() > 200);
  CHECK(first.sessions.size() < 500);  // as far as one record goes
  std::set<std::string> deleted;
  for (int part = 1; part < 10; ++part) {
    const auto next = part == 1 ? first : named("all/" + std::to_string(part));
    if (next.sessions.empty()) break;
    for (const auto& session : next.sessions) {
      CHECK(deleted.insert(session).second);
      process.give(notice(session, 1, 2, 1'000, true), "service/groupchat");
    }
  }
  CHECK(deleted.size() == 500);
  CHECK_FALSE(deleted.contains("of-bob"));
  CHECK(fault(process.answer(process.give(command(wire::DeleteSessionT{}, "u:ann", "one")))) == Fault::invalid);
  process.give(notice("new", 1, 1, 2'000), "service/groupchat");
  CHECK(named("all").sessions == first.sessions);
  CHECK(named("all").repeated);
  CHECK(sessions(process).size() == 2);

  Process full(world, 2);
  full.give(notice("new", 1, 3, 2'000), "service/groupchat");
  CHECK(full.answer(full.give(command(wire::NameSessionsT{}, "u:ann", "full")))->body.AsAccepted()->is_full);
  auto foreign = command(wire::NameSessionsT{}, "u:ann", "foreign");
  foreign.as<wire::CommandT>()->user = "bob";
  CHECK(fault(full.answer(full.give(std::move(foreign)))) == Fault::invalid);
}

TEST_CASE("people: a notice writes its own session, however long the list") {
  World world;
  Process process(world, 500);
  const auto bytes_of_the_next = [&](const std::string& session, std::uint64_t version, bool deleted) {
    process.commits.clear();
    process.give(notice(session, 1, version, 1'000, deleted), "service/groupchat");
    REQUIRE(process.commits.size() == 1);
    std::size_t bytes = process.commits[0].state.value_or("").size();
    for (const auto& piece : process.commits[0].pieces) bytes += piece.bytes.size();
    return bytes;
  };
  const auto alone = bytes_of_the_next("first", 1, false);
  for (int i = 0; i < 499; ++i) process.give(notice("s" + std::to_string(i), 1, 1, i), "service/groupchat");
  CHECK(bytes_of_the_next("first", 2, false) == alone);
  CHECK(bytes_of_the_next("another", 1, false) <= alone + 4);  // the oldest leaves: one piece less
  CHECK(process.commits[0].pieces.size() == 2);
  CHECK(world.memory.load("u:ann")->pieces.size() == 500);
}

TEST_CASE("people: a list is there after a takeover, and what was deleted stays so") {
  World world;
  {
    Process before(world);
    before.give(notice("a", 1, 5, 100), "service/groupchat");
    before.give(notice("b", 1, 1, 200), "service/groupchat");
    before.give(notice("c", 1, 1, 300, true), "service/groupchat");
  }
  Process process(world);
  CHECK(sessions(process) == std::vector<std::string>{"b 1.1", "a 1.5"});
  process.give(notice("c", 1, 0, 900), "service/groupchat");
  process.give(notice("a", 1, 4, 900), "service/groupchat");
  CHECK(sessions(process) == std::vector<std::string>{"b 1.1", "a 1.5"});
}

TEST_CASE("people: a list that was written whole is taken over, piece by piece") {
  World world;
  {
    Process claims(world);
    claims.give(notice("x", 1, 1, 1), "service/groupchat");
  }
  state::UserStateT whole;
  whole.user = "ann";
  for (const auto* name : {"a", "b"}) {
    state::UserSessionT one;
    one.epoch = one.version = 1;
    one.summary = std::make_unique<wire::SessionSummaryT>();
    one.summary->session = one.summary->title = name;
    one.summary->last_ms = name[0];
    whole.sessions.push_back(std::move(one));
  }
  store::Commit commit;
  commit.scope = "u:ann";
  commit.epoch = world.memory.epoch(partition_of("u:ann"));
  commit.version = 1;
  commit.state = wire::pack(whole);
  commit.pieces = {{"x", ""}};
  REQUIRE(world.memory.commit(commit).ok());
  Process process(world);
  CHECK(sessions(process) == std::vector<std::string>{"b b", "a a"});
  process.give(notice("c", 1, 1, 1'000), "service/groupchat");
  Process after(world);
  CHECK(sessions(after) == std::vector<std::string>{"c 1.1", "b b", "a a"});
  CHECK(world.memory.load("u:ann")->pieces.size() == 3);
}

TEST_CASE("teams: a version is numbered, kept and read; an equal definition is not a new one") {
  World world;
  Process process(world);
  CHECK(fault(process.answer(process.give(query(wire::ReadTeamT{}, "t:company")))) == Fault::not_found);
  const auto first = process.give(command(apply("one"), "t:company", "k1"));
  REQUIRE(process.answer(first) != nullptr);
  CHECK(process.answer(first)->body.AsAccepted()->team_version == 1);
  CHECK(process.answer(process.give(command(apply("one"), "t:company", "k2")))->body.AsAccepted()->team_version == 1);
  CHECK(process.answer(process.give(command(apply("two"), "t:company", "k3")))->body.AsAccepted()->team_version == 2);
  const auto* repeated = process.answer(process.give(command(apply("one"), "t:company", "k1")))->body.AsAccepted();
  CHECK(repeated->team_version == 1);
  CHECK(repeated->repeated);
  const auto newest = process.give(query(wire::ReadTeamT{}, "t:company"));
  CHECK(process.answer(newest)->body.AsTeamView()->version == 2);
  wire::ReadTeamT old;
  old.version = 1;
  const auto* view = process.answer(process.give(query(std::move(old), "t:company")))->body.AsTeamView();
  CHECK((*agents::team_from_json(view->definition))->description == "one");
  wire::ReadTeamT none;
  none.version = 3;
  CHECK(fault(process.answer(process.give(query(std::move(none), "t:company")))) == Fault::not_found);
}

TEST_CASE("teams: a mistake is refused") {
  World world;
  Process process(world);
  wire::ApplyTeamT broken;
  broken.definition = "{";
  CHECK(fault(process.answer(process.give(command(std::move(broken), "t:company", "k1")))) == Fault::invalid);
  CHECK(fault(process.answer(process.give(command(apply("one"), "t:other", "k2")))) == Fault::invalid);
}

TEST_CASE("teams: applying is answered when all that serve the team have it, or after two seconds with the names of the others") {
  World world;
  Process process(world);
  process.give(command(apply("one"), "t:company", "k1"));
  process.see({{"worker-1", 1}, {"worker-2", 1}});
  process.sent.clear();
  const auto id = process.give(command(apply("two"), "t:company", "k2"));
  CHECK(process.answer(id) == nullptr);
  REQUIRE(process.sent.size() == 1);
  CHECK(process.sent[0].header.dest == "team/company");
  CHECK(process.sent[0].as<wire::PushT>()->body.AsTeamChanged()->version == 2);
  process.see({{"worker-1", 2}, {"worker-2", 1}});
  CHECK(process.answer(id) == nullptr);
  SECTION("all have it") {
    process.see({{"worker-1", 2}, {"worker-2", 2}});
    REQUIRE(process.answer(id) != nullptr);
    CHECK(process.answer(id)->body.AsAccepted()->lagging.empty());
  }
  SECTION("one has not") {
    process.tick(Millis{1'900});
    CHECK(process.answer(id) == nullptr);
    process.tick(Millis{200});
    REQUIRE(process.answer(id) != nullptr);
    CHECK(process.answer(id)->body.AsAccepted()->lagging == std::vector<std::string>{"worker-2"});
  }
}

}  // namespace convoke::groupchat::test
