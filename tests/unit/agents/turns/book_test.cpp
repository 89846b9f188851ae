// The worker's side of the turn protocol, rule by rule, on a clock of the test's own.
#include "worker.hpp"

using namespace convoke;
using namespace convoke::agents;
using namespace convoke::agents::test;

TEST_CASE("turns: work begins once per attempt, and a higher attempt ends the lower one") {
  Worker worker;
  worker.give(1);
  CHECK(worker.seen<BeginTurn>().size() == 1);
  worker.give(1);
  CHECK(worker.seen<BeginTurn>().empty());
  CHECK(worker.book.running() == 1);

  worker.give(2);
  const auto halted = worker.book.holds(key, 1);
  CHECK_FALSE(halted);
  CHECK(worker.book.holds(key, 2));
  CHECK(worker.book.running() == 1);
  worker.sent();
  worker.give(1);
  CHECK(worker.book.holds(key, 2));
  CHECK_FALSE(worker.item(1));
  const auto returned = worker.one();  // who gave it learns that it will not end here
  CHECK(returned.as<wire::ReportT>()->body.AsReturned() != nullptr);
  CHECK(returned.as<wire::ReportT>()->attempt == 1);
  worker.acknowledge(returned);
  CHECK(worker.book.holds(key, 2));
}

TEST_CASE("turns: a superseded attempt is halted before the new one begins") {
  Worker worker;
  worker.give(1);
  worker.seen<BeginTurn>();
  wire::WorkT again;
  again.session = key.session;
  again.agent = key.agent;
  again.turn = key.turn;
  again.attempt = 2;
  worker.book.on_work({}, std::move(again), worker.now);
  std::vector<std::string> order;
  for (const auto& action : worker.book.take()) {
    if (const auto* halt = std::get_if<HaltTurn>(&action)) {
      CHECK(halt->attempt == 1);
      CHECK(halt->why == Halt::superseded);
      order.emplace_back("halt");
    }
    if (std::holds_alternative<BeginTurn>(action)) order.emplace_back("begin");
  }
  CHECK(order == std::vector<std::string>{"halt", "begin"});
}

TEST_CASE("turns: reports go to the owner under the agent's name, items numbered from where earlier attempts ended") {
  Worker worker;
  worker.give(3, 7, {recorded(1), recorded(2)});
  CHECK(worker.item(3) == 3u);
  const auto message = worker.one();
  CHECK(message.header.source == "agent/company.HrAgent");
  CHECK(message.header.dest_kind == wire::DestKind::owner);
  CHECK(message.header.partition == to_owner("s1", "x").partition);
  CHECK(message.header.attempt == 3);
  CHECK(report(message).n == 3);
  CHECK(report(message).body.AsItem()->n == 3);
}

TEST_CASE("turns: what is unanswered is repeated every 500 ms, with ids of its own, until it is acknowledged") {
  Worker worker;
  worker.give();
  worker.item();
  const auto first = worker.one();
  worker.pass(499);
  CHECK(worker.sent().empty());
  worker.pass(1);
  const auto second = worker.one();
  CHECK(report(second).n == 1);
  worker.acknowledge(second);
  CHECK(worker.book.acknowledged(key, 1));
  worker.pass(500);
  CHECK(worker.sent().empty());
  // The answer to the first sending comes late: nothing to it.
  worker.acknowledge(first);
  CHECK(worker.book.acknowledged(key, 1));
}

TEST_CASE("turns: retryable faults repeat, a closed or deleted turn ends") {
  Worker worker;
  worker.give();
  worker.item();
  SECTION("no owner at the moment") {
    worker.refuse(worker.one(), Fault::no_owner);
    CHECK(worker.book.holds(key, 1));
    worker.pass(500);
    CHECK(worker.sent().size() == 1);
  }
  SECTION("closed") {
    worker.refuse(worker.one(), Fault::turn_closed);
    REQUIRE(worker.seen<HaltTurn>().size() == 1);
    CHECK(worker.book.held().empty());
    worker.pass(5'000);
    CHECK(worker.sent().empty());
  }
  SECTION("gone") {
    worker.refuse(worker.one(), Fault::gone);
    CHECK(worker.book.held().empty());
  }
}

TEST_CASE("turns: a turn that is halted is given back, for no result of it will come") {
  Worker worker;
  worker.give(1);
  worker.item();
  SECTION("its owner has closed it") {
    worker.refuse(worker.one(), Fault::turn_closed);
    const auto back = worker.seen<GiveBack>();
    REQUIRE(back.size() == 1);
    CHECK((back[0].turn.session == key.session && back[0].turn.turn == 7 && back[0].turn.attempt == 1 && worker.book.free() == 64));
  }
  SECTION("a higher attempt replaces it: that one is held") {
    worker.give(2);
    const auto back = worker.seen<GiveBack>();
    CHECK((back.size() == 1 && back[0].turn.attempt == 1 && worker.book.free() == 63));
  }
}

TEST_CASE("turns: on EXPECTED n the items from n on are sent again") {
  Worker worker;
  worker.give();
  worker.item();
  worker.item();
  worker.item();
  const auto sent = worker.sent();
  worker.refuse(sent[2], Fault::expected, 2);
  const auto again = worker.sent();
  REQUIRE(again.size() == 2);
  CHECK(report(again[0]).n == 2);
  CHECK(report(again[1]).n == 3);
  // The owner speaks of items that this attempt has not made: the turn is somebody else's.
  worker.refuse(again[1], Fault::expected, 9);
  CHECK(worker.book.held().empty());
}

TEST_CASE("turns: several refusals of one gap cause one repetition") {
  Worker worker;
  worker.give();
  for (int i = 0; i < 3; ++i) worker.item();
  const auto sent = worker.sent();
  worker.pass(10);
  worker.refuse(sent[1], Fault::expected, 1);
  worker.refuse(sent[2], Fault::expected, 1);
  CHECK(worker.sent().size() == 3);
}

TEST_CASE("turns: a turn whose acknowledged items the owner has lost is given up, once that is sure") {
  Worker worker;
  worker.give();
  worker.item();
  worker.item();
  const auto sent = worker.sent();
  worker.pass(10);
  worker.acknowledge(sent[0]);
  worker.refuse(sent[1], Fault::expected, 1);  // may have been said before the first one came
  CHECK(worker.book.held().size() == 1);
  CHECK(worker.sent().empty());
  worker.pass(500);
  worker.refuse(worker.one(), Fault::expected, 1);
  CHECK(worker.book.held().empty());
}

TEST_CASE("turns: the slot that a late acknowledgement frees is stated") {
  BookOptions options;
  options.credit = 1;
  Worker worker(options);
  std::vector<wire::Message> results;
  for (std::uint64_t turn = 7; turn < 9; ++turn) {
    worker.give(1, turn);
    worker.finish(1, turn);
    results.push_back(worker.one());
  }
  CHECK(worker.seen<StateFree>().back().free == 0);
  worker.acknowledge(results[0]);
  const auto stated = worker.seen<StateFree>();
  REQUIRE(stated.size() == 1);
  CHECK(stated[0].free == 1);
}

TEST_CASE("turns: an acknowledged item acknowledges those before it") {
  Worker worker;
  worker.give();
  worker.item();
  worker.item();
  const auto sent = worker.sent();
  worker.acknowledge(sent[1]);
  CHECK(worker.book.acknowledged(key, 1));
}

TEST_CASE("turns: at most 16 items are unacknowledged") {
  Worker worker;
  worker.give();
  for (int i = 0; i < 16; ++i) CHECK(worker.item());
  CHECK_FALSE(worker.book.has_room(key, 1));
  CHECK_FALSE(worker.item());
  const auto sent = worker.sent();
  worker.acknowledge(sent[0]);
  CHECK(worker.book.has_room(key, 1));
  CHECK(worker.item() == 17u);
}

TEST_CASE("turns: no effect begins before all items are acknowledged") {
  Worker worker;
  worker.give();
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::never);
  worker.item();
  worker.item();
  const auto sent = worker.sent();
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::wait);
  worker.acknowledge(sent[0]);
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::wait);
  worker.acknowledge(sent[1]);
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::begin);
}

TEST_CASE("turns: start_within counts from the sending of the acknowledged repetition; later the item is repeated") {
  Worker worker;
  worker.give();
  worker.item();
  const auto first = worker.one();
  worker.pass(500);
  const auto second = worker.one();
  worker.pass(400);
  worker.acknowledge(second);  // sent 400 ms ago, the first sending 900 ms ago
  CHECK(worker.book.may_begin(key, 1, worker.now + Millis{1'600}) == May::begin);
  CHECK(worker.book.may_begin(key, 1, worker.now + Millis{1'601}) == May::refresh);

  worker.now += Millis{10'000};  // a frozen process wakes up
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::refresh);
  worker.book.refresh(key, 1, worker.now);
  worker.collect();
  const auto third = worker.one();
  CHECK(report(third).n == 1);
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::wait);
  SECTION("it is still the one") {
    worker.acknowledge(third);
    CHECK(worker.book.may_begin(key, 1, worker.now) == May::begin);
  }
  SECTION("somebody else has been given the turn") {
    worker.refuse(third, Fault::turn_closed);
    CHECK(worker.book.may_begin(key, 1, worker.now) == May::never);
  }
}

TEST_CASE("turns: a late acknowledgement of an early sending does not make an effect begin") {
  Worker worker;
  worker.give();
  worker.item();
  const auto first = worker.one();
  worker.now += Millis{2'001};
  worker.acknowledge(first);
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::refresh);
}

TEST_CASE("turns: a successor proves that it is the one by repeating the last recorded item") {
  Worker worker;
  worker.give(2, 7, {recorded(1)});
  CHECK(worker.book.may_begin(key, 2, worker.now) == May::refresh);
  worker.book.refresh(key, 2, worker.now);
  worker.collect();
  const auto again = worker.one();
  CHECK(report(again).n == 1);
  CHECK(report(again).attempt == 2);
  worker.acknowledge(again);
  CHECK(worker.book.may_begin(key, 2, worker.now) == May::begin);
}

TEST_CASE("turns: a successor that had to read the recorded items repeats the last of them too") {
  Worker worker;
  wire::WorkT work;
  work.session = key.session;
  work.agent = key.agent;
  work.turn = key.turn;
  work.attempt = 2;
  work.items_total = 3;
  worker.book.on_work({}, std::move(work), worker.now);
  worker.book.know_last(key, 2, recorded(3));
  worker.book.refresh(key, 2, worker.now);
  worker.collect();
  const auto again = worker.one();
  CHECK(report(again).n == 3);
  worker.acknowledge(again);
  CHECK(worker.item(2) == 4u);
}

TEST_CASE("turns: the result names the items, frees the slot at once and is kept until it is answered") {
  Worker worker;
  worker.give();
  worker.item();
  const auto item = worker.one();
  worker.finish();
  const auto result = worker.one();
  CHECK(report(result).n == 1);
  CHECK(worker.book.free() == 64);
  CHECK(worker.book.reporting() == 1);
  CHECK(worker.seen<StateFree>().size() == 1);

  worker.pass(500);
  const auto again = worker.sent();
  REQUIRE(again.size() == 2);
  CHECK(report(again[0]).body.AsItem() != nullptr);
  CHECK(report(again[1]).body.AsTurnResult() != nullptr);
  worker.acknowledge(again[1], 12);
  const auto closed = worker.seen<TurnClosed>();
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].transcript == 12);
  CHECK(worker.book.held().empty());
}

TEST_CASE("turns: a finished turn whose work comes again is not carried out again") {
  Worker worker;
  worker.give();
  worker.finish();
  worker.seen<BeginTurn>();
  worker.sent();
  worker.give(1);
  CHECK(worker.seen<BeginTurn>().empty());
  CHECK(worker.one().as<wire::ReportT>()->body.AsTurnResult() != nullptr);  // said again: who gave it waits for that
}

TEST_CASE("turns: results that nobody answers take slots once there are many") {
  BookOptions options;
  options.credit = 2;
  Worker worker(options);
  for (std::uint64_t turn = 1; turn <= 3; ++turn) {
    worker.give(1, turn);
    worker.finish(1, turn);
  }
  CHECK(worker.book.reporting() == 3);
  CHECK(worker.book.free() == 1);
}

TEST_CASE("turns: work without room, or while draining, is handed back") {
  BookOptions options;
  options.credit = 1;
  Worker worker(options);
  worker.give(1, 1);
  worker.seen<BeginTurn>();
  worker.give(1, 2);
  auto back = worker.seen<GiveBack>();
  REQUIRE(back.size() == 1);
  CHECK(back[0].turn.turn == 2);
  worker.finish(1, 1);
  worker.book.drain();
  worker.collect();
  CHECK(worker.book.free() == 0);
  worker.give(1, 3);
  CHECK(worker.seen<GiveBack>().size() == 1);
}

TEST_CASE("turns: progress is said every second, and not while other reports speak") {
  Worker worker;
  worker.give();
  worker.pass(999);
  CHECK(worker.sent().empty());
  worker.pass(1);
  CHECK(report(worker.one()).body.AsProgress() != nullptr);
  worker.item();
  worker.acknowledge(worker.one());
  worker.pass(999);
  CHECK(worker.sent().empty());
  worker.pass(1);
  CHECK(worker.sent().size() == 1);
}

TEST_CASE("turns: who asks whether a turn is held hears it") {
  Worker worker;
  worker.give();
  worker.control(wire::ControlKind::holding);
  const auto yes = worker.one();
  CHECK(report(yes).body.AsProgress() != nullptr);
  CHECK(yes.header.correlation == wire::to_wire({9, 9}));
  CHECK(worker.seen<TellText>().size() == 1);  // it may be a new owner, who missed its beginning
  worker.control(wire::ControlKind::holding, 2);
  const auto no = worker.one();
  CHECK(report(no).body.AsReturned() != nullptr);
  CHECK(report(no).attempt == 2);
  CHECK(no.header.source == yes.header.source);
}

TEST_CASE("turns: cancelling is told once, lets nothing begin and lets results be reported") {
  Worker worker;
  worker.give();
  worker.item();
  worker.acknowledge(worker.one());
  worker.control(wire::ControlKind::cancel);
  worker.control(wire::ControlKind::cancel);
  CHECK(worker.seen<CancelTurn>().size() == 1);
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::never);
  CHECK_FALSE(worker.book.holds(key, 1));
  CHECK(worker.item() == 2u);
  worker.finish();
  CHECK(worker.sent().size() == 2);
}

TEST_CASE("turns: a cancel of an earlier attempt does not touch this one, a steering does not end it") {
  Worker worker;
  worker.give(2);
  worker.control(wire::ControlKind::cancel, 1);
  CHECK(worker.book.holds(key, 2));
  worker.control(wire::ControlKind::steer, 2);
  const auto steered = worker.seen<SteerTurn>();
  REQUIRE(steered.size() == 1);
  CHECK(steered[0].text == "text");
  CHECK(worker.book.holds(key, 2));
}

TEST_CASE("turns: the time of a turn is bounded") {
  Worker worker;
  worker.give(1, 7, {}, 3'000);
  worker.pass(2'999);
  worker.sent();
  CHECK(worker.book.running() == 1);
  worker.pass(1);
  const auto message = worker.one();
  const auto* result = report(message).body.AsTurnResult();
  REQUIRE(result);
  CHECK(result->fault == static_cast<std::uint16_t>(Fault::timeout));
  const auto halted = worker.seen<HaltTurn>();
  REQUIRE(halted.size() == 1);
  CHECK(halted[0].why == Halt::timeout);
  CHECK(worker.book.running() == 0);
}

TEST_CASE("turns: a new connection repeats what is unanswered at once") {
  Worker worker;
  worker.give();
  worker.item();
  worker.sent();
  worker.book.on_link(worker.now);
  worker.collect();
  CHECK(worker.sent().size() == 1);
  CHECK(worker.book.held().size() == 1);
}

TEST_CASE("turns: a report that the owner will never take is told to the handler, and then fails the turn") {
  Worker worker;
  worker.give();
  worker.item();
  worker.refuse(worker.one(), Fault::too_large);
  const auto refusal = worker.book.refusal(key, 1);
  REQUIRE(refusal);
  CHECK(refusal->code == Fault::too_large);
  CHECK(worker.book.may_begin(key, 1, worker.now) == May::never);
  worker.finish();
  const auto result = worker.one();
  CHECK(report(result).n == 0);
  worker.refuse(result, Fault::too_large);
  const auto instead = worker.one();
  CHECK(report(instead).body.AsTurnResult()->outcome == wire::Outcome::failed);
  worker.refuse(instead, Fault::too_large);
  CHECK(worker.book.held().empty());
}

TEST_CASE("turns: a turn that is handed back goes unstarted") {
  Worker worker;
  worker.give();
  worker.book.hand_back(key, 1, "leaving", worker.now);
  worker.collect();
  const auto message = worker.one();
  CHECK(report(message).body.AsReturned() != nullptr);
  worker.acknowledge(message);
  CHECK(worker.book.held().empty());
}

TEST_CASE("turns: an answer to somebody else is not taken") {
  Worker worker;
  wire::HeaderT stranger;
  stranger.correlation = wire::to_wire({5, 5});
  CHECK_FALSE(worker.book.on_answer(stranger, {}, worker.now));
}
