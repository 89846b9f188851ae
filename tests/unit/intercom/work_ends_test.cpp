// Turns that are lost, handed back, refused, cancelled or forgotten.
#include "office.hpp"

using namespace convoke;
using namespace convoke::intercom::test;

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

TEST_CASE("work: a turn of which its worker says nothing is lost, and its slot is free again") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.work("s2", 1);
  office.clear();
  const auto pass = [&](Millis time, bool speaks) {
    for (Millis passed{0}; passed < time; passed += Millis{500}) {
      office.advance(Millis{500});
      office.heartbeat(owner);
      office.heartbeat(2);
      if (speaks) office.progress(2, "s1", 1);
    }
  };
  pass(Millis{9'000}, true);
  CHECK(office.told().empty());
  CHECK(office.given(2) == 0);
  pass(Millis{7'000}, false);  // as if the Work had never come: no report, and no statement of credit either
  const auto told = office.told();
  REQUIRE(told.size() == 2);
  CHECK(told[0].session == "s1");
  CHECK(told[0].status == WorkStatus::lost);
  CHECK(told[1].session == "s2");
  CHECK(told[1].status == WorkStatus::given);
  CHECK(office.given(2) == 1);
}

TEST_CASE("work: an intercom that stood still itself holds no turn for lost because of it") {
  Office office;
  office.worker(2, 1);
  office.work("s1", 1);
  office.clear();
  office.freeze(Millis{20'000});
  office.heartbeat(owner);
  office.heartbeat(2);
  office.progress(2, "s1", 1);
  office.advance(Millis{900});
  CHECK(office.told().empty());
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

TEST_CASE("work: a worker whose connection has ended is given less time than a silent one") {
  Office office;
  office.worker(2, 2);
  office.work("s1", 1);
  office.cut(2);
  office.work("s2", 1);  // cannot be sent: the connection is gone
  office.clear();
  const auto pass = [&](Millis time) {
    office.advance(time);
    office.heartbeat(owner);
  };
  pass(Millis{200});
  REQUIRE(office.core().registry().find(id(2)) != nullptr);
  SECTION("it does not come back") {
    pass(Millis{150});
    CHECK(office.core().registry().find(id(2)) == nullptr);
    CHECK(office.told().size() == 2);
  }
  SECTION("it comes back with its turns") {
    auto statement = serving({agent}, 2);
    statement.held = {Office::held("s1", 1), Office::held("s2", 1)};
    office.join(5, 2, "worker", statement);
    pass(Millis{500});
    CHECK(office.core().registry().find(id(2)) != nullptr);
    CHECK(office.told().empty());
  }
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

TEST_CASE("work: what a worker gives back was accepted: it is parked beyond the bound, and counted apart while it waits") {
  auto settings = Hub::quick();
  settings.max_parked = 1;
  Office office(settings);
  const auto& queues = office.core().queues();
  office.worker(2, 1);
  office.work("s1", 1);
  office.work("s2", 1);
  office.clear();
  office.busy(2, "s1", 1);
  CHECK(office.status() == WorkStatus::parked);
  CHECK(queues.longest() == 2);
  CHECK(queues.given_back() == 1);
  office.work("s1", 1, 2);  // in its place
  CHECK(office.status() == WorkStatus::parked);
  CHECK(queues.given_back() == 1);
  office.work("s3", 1);
  CHECK(office.status() == WorkStatus::overloaded);
  office.credit(2, 2);
  CHECK(queues.parked() == 0);
  CHECK(queues.given_back() == 0);
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

TEST_CASE("work: ended turns are forgotten after a time, but not one whose holder still repeats its result") {
  auto settings = Hub::quick();
  settings.keep_instances = Millis{1'000};
  Office office(settings);
  office.worker(2, 3);
  for (const auto* session : {"ended", "repeated", "open"}) office.work(session, 1);
  office.result(2, "ended", 1);
  office.result(2, "repeated", 1);
  const auto pass = [&] {
    office.advance(Millis{600});
    office.heartbeat(owner);
    office.heartbeat(2);
    office.take(owner);
  };
  pass();
  CHECK(office.ask("ended", 1) == WorkStatus::given);
  office.result(2, "repeated", 1);
  pass();
  CHECK(office.ask("ended", 1) == WorkStatus::unknown);
  CHECK(office.ask("repeated", 1) == WorkStatus::given);
  CHECK(office.ask("open", 1) == WorkStatus::given);
  CHECK(office.core().queues().instances() == 2);
  pass();
  CHECK(office.ask("repeated", 1) == WorkStatus::unknown);
  CHECK(office.ask("open", 1) == WorkStatus::given);
  CHECK(office.core().queues().instances() == 1);
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
