// Reads, timers, volatile messages, team versions, bounds of the cache.
#include "small_team.hpp"
#include "world.hpp"

#include "agents/team/load.hpp"

namespace convoke::groupchat::test {
namespace {

wire::ReadLogT page(std::uint64_t from, convoke::Uuid after = {}) {
  wire::ReadLogT body;
  body.conversation = "one~c";
  body.from = from;
  body.after_id = wire::to_wire(after);
  return body;
}

}  // namespace

TEST_CASE("owner: reads a page of events after the check, not beyond the committed head") {
  World world;
  Node node(world, replica_a);
  node.start();
  for (int i = 1; i <= 3; ++i) node.post("t" + std::to_string(i), "k" + std::to_string(i));
  node.run();
  node.post("not yet committed for us", "k4");
  const auto commit = node.pick<own::CommitScope>();
  REQUIRE(world.memory.commit(commit.commit).ok());  // Redis has it, its OK is on its way
  node.event(own::CommitDone{commit.ticket, {.outcome = store::Outcome::refused_version}});
  node.run();
  const auto id = node.give(node.query(page(2)));
  node.run();
  const auto* found = node.answer_to(id)->body.AsLogPage();
  REQUIRE(found != nullptr);
  CHECK(found->head == 4);
  REQUIRE(found->events.size() == 3);
  CHECK(found->events[0].text == "t2");
}

TEST_CASE("owner: a resume position that does not match the log is answered HISTORY_RESET") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.post("b", "k2");
  node.run();
  const auto good = node.give(node.query(page(2, {1, 1})));
  const auto wrong = node.give(node.query(page(2, {1, 77})));
  const auto beyond = node.give(node.query(page(9)));
  const auto at_head = node.give(node.query(page(3, {1, 2})));
  node.run();
  REQUIRE(node.answer_to(good)->body.AsLogPage() != nullptr);
  CHECK(node.answer_to(good)->body.AsLogPage()->events.size() == 1);
  CHECK(node.fault(wrong) == Fault::history_reset);
  CHECK(node.fault(beyond) == Fault::history_reset);
  REQUIRE(node.answer_to(at_head)->body.AsLogPage() != nullptr);
  CHECK(node.answer_to(at_head)->body.AsLogPage()->events.empty());
}

TEST_CASE("owner: a reader gets on behind an event that fills a page by itself") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post(std::string(200'000, 'x'), "k1");
  node.post(std::string(200'000, 'y'), "k2");
  node.run();
  const auto next = node.give(node.query(page(2, {1, 1})));
  const auto wrong = node.give(node.query(page(2, {1, 77})));
  node.run();
  const auto* found = node.answer_to(next)->body.AsLogPage();
  REQUIRE(found != nullptr);
  REQUIRE(found->events.size() == 1);
  CHECK(found->events[0].seq == 2);
  CHECK(node.fault(wrong) == Fault::history_reset);
  CHECK(node.core.sizes().reads == 0);
}

TEST_CASE("owner: one page outstanding per reader, and a bound on all") {
  World world;
  own::Options options;
  options.max_reads = 3;
  Node node(world, replica_a, options);
  node.start();
  node.post("a", "k1");
  node.run();
  std::vector<Uuid> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(node.give(node.query(page(1))));
  while (node.count<own::Check>() > 0) node.event(node.answer(node.pick<own::Check>()));
  CHECK(node.count<own::ReadLog>() == 1);
  node.run();
  int overloaded = 0;
  for (const auto& id : ids) overloaded += node.fault(id) == Fault::overloaded ? 1 : 0;
  CHECK(overloaded == 2);
  CHECK(node.core.sizes().reads == 0);
}

TEST_CASE("owner: many answers wait for one check") {
  World world;
  Node node(world, replica_a);
  node.start();
  for (int i = 0; i < 20; ++i) node.post("a", "k", "s:" + std::to_string(i));
  node.run();
  const auto before = node.core.counters().checks;
  std::vector<Uuid> ids;
  for (int i = 0; i < 20; ++i) {
    const std::string scope = "s:" + std::to_string(i);
    ids.push_back(node.give(node.query(wire::ReadSessionT{}, scope)));
  }
  node.run();
  for (const auto& id : ids) CHECK(node.answer_to(id) != nullptr);
  CHECK(node.core.counters().checks - before <= 3);
}

TEST_CASE("owner: heads of many sessions are asked for in one request") {
  World world;
  Node node(world, replica_a);
  node.start();
  std::vector<std::string> same;  // sessions of one partition
  for (int i = 0; same.size() < 3; ++i) {
    if (partition_of("s:" + std::to_string(i)) == partition_of("s:one")) same.push_back(std::to_string(i));
  }
  for (const auto& session : same) node.post("a", "k", "s:" + session);
  node.run();
  wire::ReadHeadsT heads;
  for (const auto& session : same) heads.conversations.push_back(session + "~c");
  heads.conversations.push_back("elsewhere~c");
  const auto id = node.give(node.query(std::move(heads)));
  node.run();
  REQUIRE(node.answer_to(id) != nullptr);
  const auto* found = node.answer_to(id)->body.AsHeads();
  REQUIRE(found != nullptr);
  CHECK(found->heads.size() == 3);
  CHECK(found->heads[0].head == 1);
  CHECK(node.core.sizes().waiting == 0);
}

TEST_CASE("owner: reads do not put off what is due") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("due:" + std::to_string(unix_ms(world.now.unix) + 1'000), "k1");
  node.run();
  world.pass(Millis{1'000});
  for (int reads = 0; reads < 5; ++reads) {
    node.give(node.query(wire::ReadSessionT{}));
    node.run();
    node.tick(Millis{400});
    node.run();
  }
  CHECK(world.texts("s:one").at(0).starts_with("was due:"));
}

TEST_CASE("owner: carries out what is due at its time, after a takeover too") {
  World world;
  Node first(world, replica_a);
  first.start();
  const auto at = unix_ms(world.now.unix) + 5'000;
  first.post("due:" + std::to_string(at), "k1");
  first.run();
  const bool dies = GENERATE(true, false);
  Node second(world, replica_b);
  Node& node = dies ? second : first;
  if (dies) {
    second.connect();
    second.see(view(1, {}, replica_b));
    second.run();
  }
  node.tick(Millis{4'000});
  node.run();
  CHECK(world.texts("s:one").at(0).starts_with("due:"));
  node.tick(Millis{1'100});
  node.run();
  CHECK(world.texts("s:one").at(0).starts_with("was due:"));
  CHECK(node.core.sizes().due == 0);
  const auto ticks = node.seen.ticks;
  node.tick(Millis{5'000});
  node.run();
  CHECK(node.seen.ticks == ticks);
}

TEST_CASE("owner: a timer whose commit is not answered is carried out again") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("due:" + std::to_string(unix_ms(world.now.unix) + 100), "k1");
  node.run();
  node.tick(Millis{200});
  node.say(node.pick<own::CommitScope>(), store::Outcome::unknown);
  node.run();
  CHECK(world.texts("s:one").at(0).starts_with("was due:"));
}

TEST_CASE("owner: volatile messages reach a scope that is here, even during a commit, and what is owed waits for the OK") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  node.post("owe b", "k2");
  REQUIRE(node.count<own::CommitScope>() == 1);
  wire::WorkStateT state;
  state.session = "one";
  state.status = wire::WorkStatus::given;
  auto message = wire::message(std::move(state));
  node.prepare(message, 0, "s:one");
  node.event(own::Received{std::move(message)});
  CHECK(node.seen.notes == 1);
  CHECK(node.sent_count<wire::WorkT>() == 0);
  node.run();
  CHECK(node.sent_count<wire::WorkT>() == 1);

  wire::WorkStateT elsewhere;
  elsewhere.session = "two";
  auto lost = wire::message(std::move(elsewhere));
  node.prepare(lost, 0, "s:two");
  node.event(own::Received{std::move(lost)});
  CHECK(node.core.counters().notes_dropped == 1);
  CHECK(node.count<own::LoadScope>() == 0);
}

TEST_CASE("owner: answers to what a scope sent are given to it") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("owe a", "k1");
  node.run();
  Uuid id;
  for (const auto& message : node.sent) {
    if (message.as<wire::WorkT>() != nullptr) id = wire::from_wire(message.header.id);
  }
  REQUIRE(id);
  wire::HeaderT request;
  request.id = wire::to_wire(id);
  node.event(own::Received{wire::fault_reply(request, Fault::no_owner, "nobody")});
  CHECK(node.seen.notes == 1);
  node.event(own::Received{wire::fault_reply(request, Fault::no_owner, "nobody")});
  CHECK(node.seen.notes == 1);
}

TEST_CASE("owner: tells scopes when the intercom is back") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  node.event(own::BusLost{});
  node.event(own::BusRestored{});
  CHECK(node.seen.restored == 1);
}

TEST_CASE("owner: keeps at most so many scopes in memory; those that must stay, stay") {
  World world;
  own::Options options;
  options.cached_scopes = 5;
  Node node(world, replica_a, options);
  node.start();
  node.post("stay", "k", "s:first");
  for (int i = 0; i < 20; ++i) node.post("a", "k", "s:" + std::to_string(i));
  node.run();
  node.tick();
  CHECK(node.core.sizes().scopes == 5);
  CHECK(node.core.counters().evictions == 16);
  const auto loads = node.core.counters().loads;
  node.post("b", "k2", "s:first");
  node.run();
  CHECK(node.core.counters().loads == loads);
  const auto id = node.post("b", "k2", "s:0");
  node.run();
  CHECK(node.accepted(id));
  CHECK(world.texts("s:0") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("owner: a scope that cannot be read is an error for its messages alone") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto written = node.post("broken", "k1");
  node.run();
  REQUIRE(node.accepted(written));
  node.disconnect();
  node.connect();
  const auto id = node.post("a", "k2");
  const auto other = node.post("a", "k2", "s:two");
  node.run();
  CHECK(node.fault(id) == Fault::internal);
  CHECK(node.accepted(other));
}

TEST_CASE("owner: what it does not handle, and what names a wrong scope, comes back as a fault") {
  World world;
  Node node(world, replica_a);
  node.start();
  auto control = wire::message(wire::ControlT{});
  node.prepare(control, 0, "s:one");
  CHECK(node.fault(node.give(std::move(control))) == Fault::unknown_kind);
  CHECK(node.fault(node.post("a", "k", "x:one")) == Fault::invalid);
  CHECK(node.fault(node.post("a", "k", "s:a b")) == Fault::invalid);
  auto misrouted = node.command(with_text<wire::PostT>("a"), "k");
  misrouted.header.partition = static_cast<std::uint8_t>(misrouted.header.partition + 1);
  CHECK(node.fault(node.give(std::move(misrouted))) == Fault::invalid);
  CHECK(node.asked.empty());
}

TEST_CASE("owner: whoever asks for a team is let in although what waits for it takes all places") {
  World world;
  own::Options options;
  options.queue_total = 2;
  options.queue_per_scope = 2;
  Node node(world, replica_a, options);
  node.start();
  for (const char* scope : {"s:one", "s:two"}) {
    node.post("team:company", "k", scope);
    node.run();
  }
  REQUIRE(node.core.sizes().waiting == 2);
  CHECK(node.fault(node.post("a", "k", "s:three")) == Fault::overloaded);
  CHECK(node.fault(node.give(node.query(wire::ReadTeamT{}, "s:three"))) == Fault::overloaded);
  const auto asked = node.give(node.query(wire::ReadTeamT{}, "t:company"));
  const auto* refusal = node.answer_to(asked) != nullptr ? node.answer_to(asked)->body.AsFault() : nullptr;
  CHECK((refusal == nullptr || static_cast<Fault>(refusal->code) != Fault::overloaded));
}

TEST_CASE("owner: fetches a team version that is missing while the message waits and others go on") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto waiting = node.post("team:company", "k1");
  node.run();
  const auto other = node.post("a", "k2");
  node.run();
  CHECK(node.accepted(other));
  CHECK(node.answer_to(waiting) == nullptr);
  CHECK(node.followed == std::vector<std::string>{"team/company"});
  const auto asked = std::ranges::find_if(node.sent, [](const auto& message) { return message.template as<wire::QueryT>() != nullptr; });
  REQUIRE(asked != node.sent.end());
  CHECK(asked->template as<wire::QueryT>()->scope == "t:company");
  CHECK(asked->header.partition == partition_of("t:company"));

  SECTION("it comes") {
    wire::TeamViewT found;
    found.team = "company";
    found.version = 4;
    found.definition = agents::to_json(small_team("company"));
    node.event(own::Received{wire::reply(asked->header, std::move(found))});
    node.run();
    CHECK(node.accepted(waiting));
    REQUIRE(node.announced.back().teams.size() == 1);
    CHECK(node.announced.back().teams[0].version == 4);

    // A newer one is announced, and fetched by number.
    wire::TeamChangedT changed;
    changed.team = "company";
    changed.version = 5;
    wire::PushT push;
    push.body.Set(std::move(changed));
    node.sent.clear();
    node.event(own::Received{wire::message(std::move(push))});
    REQUIRE(node.sent_count<wire::QueryT>() == 1);
    CHECK(node.sent.back().as<wire::QueryT>()->body.AsReadTeam()->version == 5);
  }
  SECTION("there is none") {
    node.event(own::Received{wire::fault_reply(asked->header, Fault::not_found, "no team")});
    CHECK(node.fault(waiting) == Fault::not_found);
  }
  SECTION("its owner is away for too long") {
    for (int i = 0; i < 120; ++i) node.tick();
    CHECK(node.fault(waiting) == Fault::unavailable);
    CHECK(node.sent_count<wire::QueryT>() > 3);
  }
  CHECK(node.core.sizes().waiting == 0);
}

TEST_CASE("owner: keeps spans of sessions that it owns") {
  World world;
  Node node(world, replica_a);
  node.start();
  wire::SpanBatchT batch;
  batch.spans.resize(3);
  batch.spans[0].session = batch.spans[1].session = "one";
  batch.spans[2].session = "two";
  wire::PushT push;
  push.body.Set(std::move(batch));
  node.event(own::Received{wire::message(std::move(push))});
  REQUIRE(node.spans.size() == 2);
  CHECK(node.spans[0].session == "one");
  CHECK(node.spans[0].spans.size() == 2);
}

}  // namespace convoke::groupchat::test
