// Turns on their way to workers: who gets which attempt, what its owner hears, and that no slot is lost or doubled.
#include <catch2/catch.hpp>

#include "hub.hpp"

using namespace convoke;
using namespace convoke::intercom::test;
using wire::DestKind;
using wire::WorkStatus;

namespace {

constexpr auto agent = "company.HrAgent";
constexpr intercom::Peer owner = 1;

struct Office : Hub {
  explicit Office(intercom::Settings settings = quick()) : Hub(std::move(settings)) {
    join(owner, 1, "groupchat", claiming(1, {7}));
    clear();
  }

  void worker(intercom::Peer peer, std::uint32_t credit, std::vector<wire::HeldTurnT> held = {}) {
    auto statement = serving({agent}, credit);
    statement.held = std::move(held);
    join(peer, peer, "worker", std::move(statement));
    take(peer);
  }

  void work(const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1, intercom::Peer from_peer = owner) {
    wire::WorkT body;
    body.session = session;
    body.agent = agent;
    body.turn = turn;
    body.attempt = attempt;
    auto message = from(from_peer, std::move(body), DestKind::agent, agent);
    message.header.turn = turn;
    message.header.attempt = attempt;
    message.header.partition = 7;
    send(from_peer, std::move(message));
  }

  void report(intercom::Peer peer, const std::string& session, std::uint64_t turn, std::uint32_t attempt, wire::ReportBodyUnion body) {
    wire::ReportT report;
    report.session = session;
    report.agent = agent;
    report.turn = turn;
    report.attempt = attempt;
    report.body = std::move(body);
    auto message = from(peer, std::move(report), DestKind::owner);
    message.header.source = std::string("agent/") + agent;
    message.header.partition = 7;
    send(peer, std::move(message));
  }
  void result(intercom::Peer peer, const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1) {
    wire::ReportBodyUnion body;
    body.Set(wire::TurnResultT{});
    report(peer, session, turn, attempt, std::move(body));
  }
  void progress(intercom::Peer peer, const std::string& session, std::uint64_t turn) {
    wire::ReportBodyUnion body;
    body.Set(wire::ProgressT{});
    report(peer, session, turn, 1, std::move(body));
  }

  void busy(intercom::Peer peer, const std::string& session, std::uint64_t turn, std::uint32_t free = 0) {
    wire::CreditT statement;
    statement.free = free;
    statement.received = count(peer);
    statement.busy = std::make_unique<wire::HeldTurnT>(held(session, turn));
    state(peer, std::move(statement));
  }

  static wire::HeldTurnT held(const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1) {
    wire::HeldTurnT one;
    one.session = session;
    one.agent = agent;
    one.turn = turn;
    one.attempt = attempt;
    return one;
  }

  std::vector<wire::WorkStateT> told() { return take<wire::WorkStateT>(owner); }
  /// The only thing that the owner was told since it last asked.
  WorkStatus status() {
    const auto states = told();
    REQUIRE(states.size() == 1);
    return states[0].status;
  }
  std::size_t given(intercom::Peer peer) { return take<wire::WorkT>(peer).size(); }

  WorkStatus ask(const std::string& session, std::uint64_t turn, std::uint32_t attempt = 1) {
    wire::WorkQueryT query;
    query.session = session;
    query.agent = agent;
    query.turn = turn;
    query.attempt = attempt;
    take(owner);
    send(owner, from(owner, std::move(query), DestKind::intercom));
    return status();
  }
};

}  // namespace

TEST_CASE("work: is given to a worker with credit, and its owner told to whom") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  const auto told = office.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].status == WorkStatus::given);
  CHECK(wire::from_wire(told[0].replica) == id(2));
  CHECK(told[0].session == "s1");
  CHECK(told[0].turn == 1);
  const auto got = office.take(2);
  REQUIRE(got.size() == 1);
  CHECK(wire::from_wire(got[0].header.source_replica) == id(1));
  CHECK(got[0].as<wire::WorkT>()->session == "s1");
}

TEST_CASE("work: without a worker or without credit it is parked, and given when there is") {
  Office office;
  office.work("s1", 1);
  CHECK(office.status() == WorkStatus::parked);
  office.worker(2, 0);
  CHECK(office.told().empty());
  office.credit(2, 1);
  CHECK(office.status() == WorkStatus::given);
  CHECK(office.given(2) == 1);
  CHECK(office.core().queues().parked() == 0);
  CHECK(office.core().queues().parked_bytes() == 0);
}

TEST_CASE("work: comes from owners alone, and says the same twice") {
  Office office;
  office.worker(2, 5);
  office.join(3, 3, "gateway");
  office.clear();
  office.work("s1", 1, 1, 3);
  CHECK(office.fault(3) == Fault::forbidden);
  wire::WorkT body;
  body.session = "s1";
  body.agent = agent;
  body.turn = 2;
  body.attempt = 1;
  auto message = office.from(owner, body, DestKind::agent, agent);
  message.header.turn = 3;
  message.header.attempt = 1;
  office.send(owner, message);
  CHECK(office.fault(owner) == Fault::malformed);
  CHECK(office.given(2) == 0);
}

TEST_CASE("work: turns wait in the order in which they came, over all agents of a worker") {
  Office office;
  for (int n = 1; n <= 4; ++n) office.work("s" + std::to_string(n), 1);
  office.worker(2, 3);
  const auto got = office.take<wire::WorkT>(2);
  CHECK(got.empty());  // taken by worker(): look at what the owner heard
  std::vector<std::string> order;
  for (const auto& state : office.told())
    if (state.status == WorkStatus::given) order.push_back(state.session);
  CHECK(order == std::vector<std::string>{"s1", "s2", "s3"});
  CHECK(office.core().queues().parked() == 1);
}

TEST_CASE("work: one attempt is given to one replica ever") {
  Office office;
  office.worker(2, 5);
  office.worker(3, 5);
  office.work("s1", 1);
  const auto first = office.told();
  office.work("s1", 1);
  const auto again = office.told();
  REQUIRE(again.size() == 1);
  CHECK(again[0].status == WorkStatus::given);
  CHECK(again[0].replica == first[0].replica);
  CHECK(office.given(2) + office.given(3) == 1);
  // … also after its result has passed
  const intercom::Peer holder = wire::from_wire(first[0].replica) == id(2) ? 2 : 3;
  office.result(holder, "s1", 1);
  office.clear();
  office.work("s1", 1);
  CHECK(office.status() == WorkStatus::given);
  CHECK(office.given(2) + office.given(3) == 0);
}

TEST_CASE("work: an owner that has claimed anew may fall back, because Redis may have lost what came after") {
  Office office;
  office.worker(2, 5);
  office.work("s1", 3, 2);
  office.result(2, "s1", 3, 2);
  office.work("s1", 4);
  office.result(2, "s1", 4);
  office.take(2);
  office.told();

  SECTION("under the epoch in which it was given, the later turn stands") {
    office.work("s1", 3, 3);
    CHECK(office.told().at(0).turn == 4);
    CHECK(office.given(2) == 0);
  }
  SECTION("under a higher one the earlier turn is given") {
    office.join(owner, 1, "groupchat", claiming(2, {7}));
    office.take(owner);
    office.work("s1", 3, 3);
    const auto told = office.told();
    REQUIRE(told.size() == 1);
    CHECK(told[0].turn == 3);
    CHECK(told[0].attempt == 3);
    CHECK(told[0].status == WorkStatus::given);
    CHECK(office.given(2) == 1);
    office.work("s1", 3, 1);  // and its own later word stands again
    CHECK(office.told().at(0).attempt == 3);
    CHECK(office.given(2) == 0);
  }
  SECTION("not to an owner that does not hold the partition now") {
    office.join(3, 3, "groupchat", claiming(2, {7}));
    office.clear();
    office.work("s1", 3, 3);
    CHECK(office.told().at(0).turn == 4);
    CHECK(office.given(2) == 0);
  }
}

TEST_CASE("work: what an owner falls back to stays with the worker that has it") {
  Office office;
  office.worker(2, 1);
  office.worker(3, 5);
  office.work("s1", 3);
  REQUIRE(office.given(3) == 1);  // the one with more room
  office.work("s1", 3, 2);
  REQUIRE(office.given(3) == 1);
  office.told();
  office.join(owner, 1, "groupchat", claiming(2, {7}));
  office.take(owner);
  office.work("s1", 3, 1);
  const auto told = office.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].attempt == 1);
  CHECK(told[0].status == WorkStatus::given);
  CHECK(wire::from_wire(told[0].replica) == id(3));
  CHECK(office.given(2) + office.given(3) == 0);
}

TEST_CASE("work: a parked turn is replaced by a higher attempt only, and keeps its place") {
  Office office;
  office.work("s1", 1, 1);
  office.work("s2", 1, 1);
  office.work("s1", 1, 3);
  office.work("s1", 1, 2);
  const auto told = office.told();
  REQUIRE(told.size() == 4);
  CHECK(told[3].attempt == 3);
  CHECK(told[3].status == WorkStatus::parked);
  CHECK(office.core().queues().parked() == 2);
  office.worker(2, 0);
  office.credit(2, 1);
  const auto got = office.take<wire::WorkT>(2);
  REQUIRE(got.size() == 1);
  CHECK(got[0].session == "s1");
  CHECK(got[0].attempt == 3);
}

TEST_CASE("work: a higher attempt may go elsewhere while the old holder still has the old one") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1, 1);
  CHECK(office.given(2) == 1);
  office.worker(3, 1);
  office.work("s1", 1, 2);
  CHECK(office.given(3) == 1);
  office.clear();
  office.result(2, "s1", 1, 1);  // late: frees its slot, ends nothing
  CHECK(office.ask("s1", 1, 2) == WorkStatus::given);
  office.clear();
  office.work("s2", 1);
  CHECK(office.given(2) == 1);
}

TEST_CASE("work: credit is what was stated, less what was given after, plus what has ended since") {
  Office office;
  office.worker(2, 2);
  for (int n = 1; n <= 5; ++n) office.work("s" + std::to_string(n), 1);
  CHECK(office.given(2) == 2);
  office.result(2, "s1", 1);
  CHECK(office.given(2) == 1);
  office.result(2, "s1", 1);  // repeated, because it was not acknowledged: no second slot
  CHECK(office.given(2) == 0);
  office.credit(2, 0);  // it has received all: nothing is free
  CHECK(office.given(2) == 0);
  office.result(2, "s2", 1);
  CHECK(office.given(2) == 1);
  office.credit(2, 1);
  CHECK(office.given(2) == 1);
  CHECK(office.core().queues().parked() == 0);
}

TEST_CASE("work: a statement that crosses with work neither loses nor doubles a slot") {
  Office office;
  office.worker(2, 0);
  const auto before = office.count(2);
  office.credit(2, 1);
  office.work("s1", 1);
  CHECK(office.given(2) == 1);
  office.work("s2", 1);
  office.credit(2, 1, before);  // stated before s1 arrived there
  CHECK(office.given(2) == 0);
  office.credit(2, 1);  // stated after: one more
  CHECK(office.given(2) == 1);
}

TEST_CASE("work: goes to the worker that last held the instance, and spills to the least loaded") {
  Office office;
  office.worker(2, 2);
  office.worker(3, 2);
  office.work("s1", 1);
  const intercom::Peer first = office.given(2) == 1 ? 2 : 3;
  const intercom::Peer other = first == 2 ? 3 : 2;
  office.work("s2", 1);
  CHECK(office.given(other) == 1);  // the load decides: nobody has held it
  office.result(first, "s1", 1);
  office.result(other, "s2", 1);
  office.work("s3", 1);  // one of them is busier now
  const intercom::Peer busier = office.given(2) == 1 ? 2 : 3;
  office.take(3);
  const std::string known = busier == first ? "s1" : "s2";
  office.work(known, 2);
  CHECK(office.given(busier) == 1);  // it has the transcript
  office.work("s4", 1);
  CHECK(office.given(busier == 2 ? 3 : 2) == 1);
  office.result(busier, "s3", 1);
  office.work("s5", 1);
  office.work("s6", 1);
  CHECK(office.core().queues().parked() == 0);
  office.work(known, 3);
  CHECK(office.core().queues().parked() == 1);  // nobody has room, not even for what it knows
}

TEST_CASE("work: the load is spread") {
  Office office;
  office.worker(2, 10);
  office.worker(3, 10);
  for (int n = 1; n <= 10; ++n) office.work("s" + std::to_string(n), 1);
  CHECK(office.given(2) == 5);
  CHECK(office.given(3) == 5);
}

TEST_CASE("work: a lost worker's turns are told as LOST, and that attempt is given to nobody else") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.clear();
  office.state(2, wire::LeaveT{});
  const auto told = office.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].status == WorkStatus::lost);
  CHECK(wire::from_wire(told[0].replica) == id(2));
  office.worker(3, 1);
  office.work("s1", 1, 1);
  CHECK(office.status() == WorkStatus::lost);
  CHECK(office.given(3) == 0);
  office.work("s1", 1, 2);
  CHECK(office.given(3) == 1);
}

TEST_CASE("work: a silent worker's turns are told to the owner of that time") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.join(4, 4, "groupchat", claiming(2, {7}));
  office.clear();
  for (int i = 0; i < 11; ++i) {
    office.advance(Millis{100});
    office.heartbeat(owner);
    office.heartbeat(4);
  }
  CHECK(office.told().empty());
  const auto told = office.take<wire::WorkStateT>(4);
  REQUIRE(told.size() == 1);
  CHECK(told[0].status == WorkStatus::lost);
}

TEST_CASE("work: a worker that connects anew without its turn has lost it") {
  Office office;
  office.worker(2, 2);
  office.work("s1", 1);
  office.work("s2", 1);
  office.clear();
  auto statement = serving({agent}, 2);
  statement.held = {Office::held("s2", 1)};
  office.join(5, 2, "worker", statement);
  const auto told = office.told();
  REQUIRE(told.size() == 1);
  CHECK(told[0].status == WorkStatus::lost);
  CHECK(told[0].session == "s1");
  CHECK(office.ask("s2", 1) == WorkStatus::given);
  office.take(5);
  office.work("s3", 1);  // one slot is free again, one is in use
  office.work("s4", 1);
  CHECK(office.given(5) == 1);
}

TEST_CASE("work: a later registration on the same connection changes neither slots nor turns") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.clear();
  office.worker(2, 1);  // says that it holds nothing: it had not received the turn then
  CHECK(office.told().empty());
  office.work("s2", 1);
  CHECK(office.status() == WorkStatus::parked);
}

TEST_CASE("work: BUSY queues the turn again, first in line, and the owner hears of it") {
  Office office;
  office.worker(2, 2);
  office.work("s1", 1);
  office.work("s2", 1);
  office.work("s3", 1);
  office.clear();
  office.busy(2, "s1", 1);
  CHECK(office.status() == WorkStatus::parked);
  office.worker(3, 0);
  office.credit(3, 1);
  const auto got = office.take<wire::WorkT>(3);
  REQUIRE(got.size() == 1);
  CHECK(got[0].session == "s1");
  CHECK(got[0].attempt == 1);
  CHECK(office.status() == WorkStatus::given);
  office.busy(2, "s1", 1);  // no longer its to hand back
  CHECK(office.told().empty());
}

TEST_CASE("work: BUSY for a turn that Redis has lost does not keep the one of its name waiting after its result") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 2);
  office.busy(2, "s1", 2);  // of the lost one: no slot is free, it is queued again
  CHECK(office.core().queues().parked() == 1);
  office.result(2, "s1", 2);  // … and was carried out
  CHECK(office.core().queues().parked() == 0);
  office.given(2);
  office.credit(2, 1);
  CHECK(office.given(2) == 0);
  CHECK(office.ask("s1", 2) == WorkStatus::given);  // the holder repeats its result
}

TEST_CASE("work: BUSY for a turn that had begun is a loss, never a second giving") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.progress(2, "s1", 1);
  office.worker(3, 1);
  office.clear();
  office.busy(2, "s1", 1);
  CHECK(office.status() == WorkStatus::lost);
  CHECK(office.given(3) == 0);
}

TEST_CASE("work: a halted turn that is given back is no longer under way, whoever has its next attempt") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1, 1);
  office.progress(2, "s1", 1);
  office.worker(3, 1);
  office.work("s1", 1, 2);
  CHECK(office.given(3) == 1);
  const auto under_way = [&] { return office.core().queues().info(office.now().steady)[0].in_flight; };
  CHECK(under_way() == 2);
  office.clear();
  office.busy(2, "s1", 1);
  CHECK(under_way() == 1);
  CHECK(office.ask("s1", 1, 2) == WorkStatus::given);
}

TEST_CASE("work: a turn handed back is free for a higher attempt, and its slot for others") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.work("s2", 1);
  office.clear();
  wire::ReportBodyUnion body;
  body.Set(wire::ReturnedT{});
  office.report(2, "s1", 1, 1, std::move(body));
  CHECK(office.take<wire::ReportT>(owner).size() == 1);
  CHECK(office.given(2) == 1);  // s2
  CHECK(office.ask("s1", 1) == WorkStatus::lost);
}

TEST_CASE("work: a draining worker is given nothing more") {
  Office office;
  office.worker(2, 5);
  auto leaving = serving({agent}, 5);
  leaving.draining = true;
  office.join(2, 2, "worker", leaving);
  office.take(2);
  office.work("s1", 1);
  CHECK(office.status() == WorkStatus::parked);
  CHECK(office.given(2) == 0);
}

TEST_CASE("work: queues are bounded; what does not fit is refused with a delay and not remembered") {
  auto settings = Hub::quick();
  settings.max_parked = 3;
  Office office(settings);
  for (int n = 1; n <= 4; ++n) office.work("s" + std::to_string(n), 1);
  const auto told = office.told();
  REQUIRE(told.size() == 4);
  CHECK(told[2].status == WorkStatus::parked);
  CHECK(told[3].status == WorkStatus::overloaded);
  CHECK(told[3].retry_after_ms > 0);
  CHECK(office.ask("s4", 1) == WorkStatus::unknown);
  office.work("s1", 1, 2);  // replaces: needs no room
  CHECK(office.status() == WorkStatus::parked);
}

TEST_CASE("work: waiting turns are bounded in bytes over all agents") {
  auto settings = Hub::quick();
  settings.max_parked_bytes = 1'000;
  Office office(settings);
  for (int n = 1; n <= 20; ++n) office.work("s" + std::to_string(n), 1);
  CHECK(office.core().queues().parked_bytes() <= 1'000);
  CHECK(office.told().back().status == WorkStatus::overloaded);
}

TEST_CASE("work: answers where an attempt is") {
  Office office;
  CHECK(office.ask("s1", 1) == WorkStatus::unknown);
  office.work("s1", 1);
  CHECK(office.ask("s1", 1) == WorkStatus::parked);
  CHECK(office.ask("s1", 1, 2) == WorkStatus::unknown);
  office.worker(2, 1);
  CHECK(office.ask("s1", 1) == WorkStatus::given);
  office.result(2, "s1", 1);
  CHECK(office.ask("s1", 1) == WorkStatus::given);  // whoever asks has not seen it: the holder repeats it
  office.state(2, wire::LeaveT{});
  CHECK(office.ask("s1", 1) == WorkStatus::lost);
}

TEST_CASE("work: after a restart workers say what they hold, before anything is handed out") {
  intercom::Settings settings;
  Office office(settings);  // hold_back as shipped
  office.worker(3, 5);
  office.work("s1", 1);
  CHECK(office.status() == WorkStatus::parked);
  office.worker(2, 1, {Office::held("s1", 1)});
  CHECK(office.status() == WorkStatus::given);
  for (int i = 0; i < 11; ++i) {
    office.advance(Millis{100});
    for (const intercom::Peer peer : {owner, intercom::Peer{2}, intercom::Peer{3}}) office.heartbeat(peer);
  }
  CHECK(office.given(3) == 0);
  office.clear();
  office.work("s2", 1);
  CHECK(office.given(3) == 1);
}

TEST_CASE("work: what was held back is handed out when the time is over") {
  intercom::Settings settings;
  Office office(settings);
  office.worker(3, 5);
  office.work("s1", 1);
  office.clear();
  for (int i = 0; i < 11; ++i) {
    office.advance(Millis{100});
    office.heartbeat(owner);
    office.heartbeat(3);
  }
  CHECK(office.given(3) == 1);
}

TEST_CASE("work: a worker that serves a whole team takes any of its agents, and no other's") {
  Office office;
  office.join(2, 2, "worker", serving({"company.*"}, 1));
  office.join(3, 3, "worker", serving({"bakery.*"}, 1));
  office.clear();
  office.work("s1", 1);
  CHECK(office.given(2) == 1);
  office.work("s2", 1);
  CHECK(office.given(3) == 0);
}

TEST_CASE("work: cancelled while parked, it is given to nobody; cancelled while held, the holder hears it") {
  Office office;
  office.work("s1", 1);
  const auto cancel = [&] {
    wire::ControlT body;
    body.session = "s1";
    body.agent = agent;
    body.turn = 1;
    body.attempt = 1;
    body.kind = wire::ControlKind::cancel;
    office.clear();
    office.send(owner, office.from(owner, std::move(body), DestKind::agent, agent));
  };
  cancel();
  CHECK(office.status() == WorkStatus::unknown);
  office.worker(2, 1);
  CHECK(office.given(2) == 0);
  office.work("s1", 1);
  CHECK(office.given(2) == 1);
  cancel();
  CHECK(office.take<wire::ControlT>(2).size() == 1);
}

TEST_CASE("work: nobody reports for an agent that it is not registered for") {
  Office office;
  office.worker(2, 1);
  office.join(3, 3, "worker", serving({"company.Other"}, 1));
  office.clear();
  wire::ReportT report;
  report.session = "s1";
  report.agent = agent;
  report.turn = 1;
  report.attempt = 1;
  report.body.Set(wire::TurnResultT{});
  auto message = office.from(3, std::move(report), DestKind::owner);
  message.header.partition = 7;
  office.send(3, message);
  CHECK(office.fault(3) == Fault::forbidden);
  CHECK(office.take<wire::ReportT>(owner).empty());
}

TEST_CASE("work: what is remembered of ended turns is bounded") {
  auto settings = Hub::quick();
  settings.max_instances = 10;
  Office office(settings);
  office.worker(2, 1);
  for (int n = 1; n <= 100; ++n) {
    office.work("s" + std::to_string(n), 1);
    office.result(2, "s" + std::to_string(n), 1);
    office.confirm(2);
    office.confirm(owner);
  }
  CHECK(office.core().queues().instances() <= 11);
  CHECK(office.ask("s100", 1) == WorkStatus::given);
  CHECK(office.ask("s1", 1) == WorkStatus::unknown);
}

TEST_CASE("work: the directory shows backlog, age, credit and what is under way") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.work("s2", 1);
  office.work("s3", 1);
  office.advance(Millis{500});
  const auto queues = office.core().queues().info(office.now().steady);
  REQUIRE(queues.size() == 1);
  CHECK(queues[0].agent == agent);
  CHECK(queues[0].backlog == 2);
  CHECK(queues[0].oldest_ms == 500);
  CHECK(queues[0].credit == 0);
  CHECK(queues[0].in_flight == 1);
  CHECK(queues[0].replicas == 1);
}
