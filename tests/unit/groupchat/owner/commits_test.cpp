// Batches, and what each answer to a commit means for the messages in it.
#include "world.hpp"

namespace convoke::groupchat::test {

TEST_CASE("owner: answers, events and what is owed leave only when the commit is OK") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto id = node.post("owe one", "k1");
  node.step();  // loads
  REQUIRE(node.count<own::CommitScope>() == 1);
  CHECK(node.sent.empty());
  node.step();
  REQUIRE(node.accepted(id));
  CHECK(node.answer_to(id)->body.AsAccepted()->seq == 1);
  CHECK(node.sent_count<wire::PushT>() == 1);
  CHECK(node.sent_count<wire::WorkT>() == 1);
  for (const auto& message : node.sent) {
    CHECK(message.header.source == "service/groupchat");
    const auto* push = message.as<wire::PushT>();
    if (push == nullptr) continue;
    CHECK(message.header.dest == "one~c");
    CHECK(message.header.dest_kind == wire::DestKind::stream);
    CHECK(message.header.partition == partition_of("s:one"));
    CHECK(push->body.AsEventBatch()->events.at(0).text == "owe one");
  }
}

TEST_CASE("owner: what comes during a commit goes into the next one, together") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto first = node.post("a", "k1");
  node.step();
  const auto second = node.post("b", "k2");
  const auto third = node.post("c", "k3");
  CHECK(node.count<own::CommitScope>() == 1);
  node.step();
  CHECK(node.accepted(first));
  CHECK_FALSE(node.accepted(second));
  REQUIRE(node.count<own::CommitScope>() == 1);
  node.step();
  CHECK(node.accepted(second));
  CHECK(node.accepted(third));
  CHECK(world.texts("s:one") == std::vector<std::string>{"a", "b", "c"});
  CHECK(world.memory.load("s:one")->version == 2);
  CHECK(node.core.counters().commits[0] == 2);
}

TEST_CASE("owner: takes at most 64 messages into one commit") {
  World world;
  Node node(world, replica_a);
  node.start();
  for (int i = 0; i < 130; ++i) node.post("x", "k" + std::to_string(i));
  node.run();
  CHECK(world.texts("s:one").size() == 130);
  CHECK(node.core.counters().largest_batch == 64);
  CHECK(node.core.counters().commits[0] == 3);
}

TEST_CASE("owner: has at most so many commits in flight, and goes on with the rest") {
  World world;
  own::Options options;
  options.commits_in_flight = 2;
  Node node(world, replica_a, options);
  node.start();
  for (int i = 0; i < 5; ++i) node.post("x", "k", "s:" + std::to_string(i));
  while (node.count<own::LoadScope>() > 0) node.event(node.answer(node.pick<own::LoadScope>()));
  CHECK(node.count<own::CommitScope>() == 2);
  node.run();
  CHECK(node.core.counters().commits[0] == 5);
}

TEST_CASE("owner: a commit without an answer is found out about after a new claim, and happens once") {
  World world;
  Node node(world, replica_a);
  node.start();
  const bool landed = GENERATE(true, false);
  const auto id = node.post("a", "k1");
  node.step();
  const auto commit = node.pick<own::CommitScope>();
  if (landed) REQUIRE(world.memory.commit(commit.commit).ok());
  const auto before = world.memory.epoch(partition_of("s:one")).number;
  node.say(commit, store::Outcome::unknown);
  REQUIRE(node.count<own::Claim>() == 1);
  CHECK(node.count<own::LoadScope>() == 0);  // nothing is read before the claim is answered
  node.run();
  CHECK(world.memory.epoch(partition_of("s:one")).number == before + 1);
  CHECK(node.accepted(id));
  CHECK(node.answer_to(id)->body.AsAccepted()->repeated == landed);
  CHECK(world.texts("s:one") == std::vector<std::string>{"a"});
}

TEST_CASE("owner: a commit that lands late under the old epoch is refused") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto id = node.post("a", "k1");
  node.step();
  const auto late = node.pick<own::CommitScope>();
  node.say(late, store::Outcome::unknown);
  node.run();
  REQUIRE(node.accepted(id));
  CHECK(world.memory.commit(late.commit).outcome == store::Outcome::refused_epoch);
  CHECK(world.texts("s:one") == std::vector<std::string>{"a"});
}

TEST_CASE("owner: a refused version is loaded and handled again") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  const auto id = node.post("b", "k2");
  node.say(node.pick<own::CommitScope>(), store::Outcome::refused_version);
  CHECK(node.count<own::LoadScope>() == 1);
  node.run();
  CHECK(node.accepted(id));
  CHECK(world.texts("s:one") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("owner: gives a command back after too many refusals") {
  World world;
  own::Options options;
  options.max_tries = 3;
  Node node(world, replica_a, options);
  node.start();
  const auto id = node.post("a", "k1");
  for (int i = 0; i < 4; ++i) {
    while (node.count<own::CommitScope>() == 0) node.step();
    node.say(node.pick<own::CommitScope>(), store::Outcome::refused_version);
  }
  CHECK(node.fault(id) == Fault::unavailable);
  node.run();
  CHECK(world.texts("s:one").empty());
}

TEST_CASE("owner: a repeated key in a batch is answered from its record, the others are handled again") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto original = node.post("a", "k1");
  node.run();
  const auto blocker = node.post("b", "k2");
  const auto repeated = node.post("a", "k1");
  const auto other = node.post("c", "k3");
  const auto conflicting = node.give(node.command(with_text<wire::PostT>("z"), "k2", "s:one", 2));
  node.run();
  CHECK(node.accepted(original));
  CHECK(node.accepted(blocker));
  REQUIRE(node.accepted(repeated));
  CHECK(node.answer_to(repeated)->body.AsAccepted()->repeated);
  CHECK(node.answer_to(repeated)->body.AsAccepted()->seq == 1);
  CHECK(node.accepted(other));
  CHECK(node.fault(conflicting) == Fault::conflict);
  CHECK(world.texts("s:one") == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("owner: the same key twice in one batch is carried out once") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("blocker", "k0");
  node.step();
  const auto first = node.post("a", "k1");
  const auto second = node.post("a", "k1");
  node.run();
  CHECK_FALSE(node.answer_to(first)->body.AsAccepted()->repeated);
  CHECK(node.answer_to(second)->body.AsAccepted()->repeated);
  CHECK(world.texts("s:one") == std::vector<std::string>{"blocker", "a"});
}

TEST_CASE("owner: a refusal waits for the epoch and for its key") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto first = node.post("once a", "k1");
  node.run();
  REQUIRE(node.accepted(first));
  const auto again = node.post("once a", "k1");  // would be refused by the state, but was accepted before
  const auto other = node.post("once a", "k2");
  CHECK(node.answer_to(again) == nullptr);
  node.run();
  REQUIRE(node.accepted(again));
  CHECK(node.answer_to(again)->body.AsAccepted()->repeated);
  CHECK(node.fault(other) == Fault::conflict);
  CHECK(node.core.counters().commits[0] == 1);
}

TEST_CASE("owner: a repetition that could not be carried out any more is answered from the record") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto [text, reason] = GENERATE(std::pair{"huge again", Fault::too_large}, std::pair{"throw again", Fault::internal});
  const auto first = node.post(text, "k1");
  node.run();
  REQUIRE(node.accepted(first));
  const auto again = node.post(text, "k1");
  node.run();
  REQUIRE(node.accepted(again));
  CHECK(node.answer_to(again)->body.AsAccepted()->repeated);
  const auto other = node.post(text, "k2");
  node.run();
  CHECK(node.fault(other) == reason);
}

TEST_CASE("owner: what cannot be stored or carried out is refused alone; what came with it is not, and nothing of it stays") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto [text, reason] = GENERATE(std::pair{"huge", Fault::too_large}, std::pair{"throw", Fault::internal});
  const auto blocker = node.post("blocker", "k0");
  node.step();
  const auto before = node.post("a", "k1");
  const auto impossible = node.post(text, "k2");
  const auto after = node.post("b", "k3");
  node.run();
  CHECK(node.accepted(blocker));
  CHECK(node.accepted(before));
  CHECK(node.fault(impossible) == reason);
  CHECK(node.accepted(after));
  CHECK(world.texts("s:one") == std::vector<std::string>{"blocker", "a", "b"});
}

TEST_CASE("owner: a timer that throws does not stop the rest of its scope") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("throws later", "k0");
  node.post("due:1", "k1");
  node.run();
  const auto later = node.post("a", "k2");
  node.run();
  CHECK(node.accepted(later));
  CHECK(world.texts("s:one") == std::vector<std::string>{"throws later", "due:1", "a"});
}

TEST_CASE("owner: after a deletion everything is GONE, but a repetition is still answered") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  const auto removed = node.give(node.command(wire::DeleteSessionT{}, "k2"));
  const auto late = node.post("b", "k3");
  node.run();
  CHECK(node.accepted(removed));
  CHECK(node.fault(late) == Fault::gone);
  const auto read = node.give(node.query(wire::ReadSessionT{}));
  const auto repeated = node.give(node.command(wire::DeleteSessionT{}, "k2"));
  node.run();
  CHECK(node.fault(read) == Fault::gone);
  CHECK(node.accepted(repeated));
}

TEST_CASE("owner: while Redis refuses to write, reads go on, one commit tries, and nothing is lost") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.post("a", "k1", "s:two");
  node.run();
  world.memory.set_outage(store::Reason::disk_full);
  const auto one = node.post("b", "k2");
  const auto two = node.post("b", "k2", "s:two");
  node.run();
  CHECK(node.core.trouble().find("refuses to write") != std::string::npos);
  const auto read = node.give(node.query(wire::ReadSessionT{}));
  node.run();
  REQUIRE(node.answer_to(read) != nullptr);
  CHECK(node.answer_to(read)->body.AsSessionView()->version == 1);
  for (int i = 0; i < 20; ++i) {
    node.tick();
    CHECK(node.count<own::CommitScope>() <= 1);
    node.run();
  }
  CHECK_FALSE(node.accepted(one));
  world.memory.set_outage(store::Reason::none);
  for (int i = 0; i < 60 && !(node.accepted(one) && node.accepted(two)); ++i) {
    node.tick();
    node.run();
  }
  CHECK(node.accepted(one));
  CHECK(node.accepted(two));
  CHECK(node.core.trouble().empty());
  CHECK(world.texts("s:one") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("owner: what waits too long during an outage is answered with its name") {
  World world;
  Node node(world, replica_a);
  node.start();
  world.memory.set_outage(store::Reason::disk_full);
  const auto id = node.post("b", "k2");
  for (int i = 0; i < 120 && node.answer_to(id) == nullptr; ++i) {
    node.tick();
    node.run();
  }
  CHECK(node.fault(id) == Fault::unavailable);
  CHECK(node.answer_to(id)->body.AsFault()->text.find("refuses to write") != std::string::npos);
  CHECK(node.core.sizes().waiting == 0);
}

TEST_CASE("owner: bounds the queue of a scope and of all scopes") {
  World world;
  own::Options options;
  options.queue_per_scope = 3;
  options.queue_total = 5;
  Node node(world, replica_a, options);
  node.start();
  node.disconnect();
  std::vector<Uuid> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(node.post("a", "k" + std::to_string(i)));
  CHECK(node.answer_to(ids[2]) == nullptr);
  CHECK(node.fault(ids[3]) == Fault::overloaded);
  CHECK(node.answer_to(ids[3])->body.AsFault()->retry_after_ms > 0);
  for (int i = 0; i < 3; ++i) ids.push_back(node.post("a", "k", "s:" + std::to_string(i)));
  CHECK(node.fault(ids.back()) == Fault::overloaded);
  CHECK(node.core.sizes().waiting == 5);
}

TEST_CASE("owner: a command that has cost owners their lives is opened alone, and after three strikes not at all") {
  World world;
  for (int strike = 1; strike <= 4; ++strike) {
    Node node(world, replica_a);
    node.start();
    const auto innocent = node.post("x", "i" + std::to_string(strike));
    auto message = node.command(with_text<wire::PostT>("deadly"), "k1");
    message.header.owner_losses = static_cast<std::uint8_t>(strike + 1);
    const auto id = node.give(std::move(message));
    if (strike == 4) {
      node.run();
      CHECK(node.fault(id) == Fault::poison);
      CHECK(node.accepted(innocent));
      break;
    }
    // It dies when the commit of the command itself is asked for, which is after the strike was committed.
    while (!(node.count<own::CommitScope>() == 1 && std::get<own::CommitScope>(node.asked.front()).commit.keys.at(0).key == "ann/k1")) {
      node.step();
    }
    CHECK(std::get<own::CommitScope>(node.asked.front()).commit.keys.size() == 1);
  }
  CHECK(world.texts("s:one") == std::vector<std::string>{"x", "x", "x", "x"});
}

TEST_CASE("owner: a suspect creation is carried out after its strike") {
  World world;
  Node node(world, replica_a);
  node.start();
  auto message = node.command(with_text<wire::PostT>("a"), "k1");
  message.header.owner_losses = 2;
  const auto id = node.give(std::move(message));
  node.run();
  CHECK(node.accepted(id));
  CHECK(world.texts("s:one") == std::vector<std::string>{"a"});
}

TEST_CASE("owner: reports are answered after the commit") {
  World world;
  Node node(world, replica_a);
  node.start();
  wire::ReportT report;
  report.session = "one";
  report.n = 3;
  report.body.Set(wire::ItemT{});
  auto message = wire::message(std::move(report));
  node.prepare(message, 0, "s:one");
  const auto id = node.give(std::move(message));
  node.step();
  CHECK(node.answer_to(id) == nullptr);
  node.run();
  REQUIRE(node.answer_to(id) != nullptr);
  CHECK(node.answer_to(id)->body.AsAcknowledged()->n == 3);
}

}  // namespace convoke::groupchat::test
