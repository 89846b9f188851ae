// Turns on their way to workers: who gets which attempt, what its owner hears, and that no slot is lost or doubled.
#include "office.hpp"

using namespace convoke;
using namespace convoke::intercom::test;

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
