// Partitions: claimed, held, lost, released; what happens to the messages in each state.
#include "world.hpp"

namespace convoke::groupchat::test {
namespace {

std::uint64_t epoch_of(const World& world, const std::string& scope) { return world.memory.epoch(partition_of(scope)).number; }

/// Another replica takes the partition of a scope.
void steal(World& world, const std::string& scope) {
  REQUIRE(world.memory.claim({.partition = partition_of(scope), .replica = replica_b, .at_least = 0, .format = 1}));
}

const wire::Message* forwarded(const Node& node) {
  for (const auto& message : node.sent) {
    if (message.header.forwards == 1) return &message;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("owner: claims what is assigned to it and nobody live holds") {
  World world;
  Node node(world, replica_a);
  node.connect();
  node.see(view(1, replica_b, replica_a));
  CHECK(node.count<own::Claim>() == 0);
  node.see(view(2, {}, replica_b));
  CHECK(node.count<own::Claim>() == 0);
  auto dead = view(3, replica_b, replica_a);
  std::erase_if(dead.replicas, [](const auto& replica) { return wire::from_wire(replica.replica) == replica_b; });
  node.see(std::move(dead));
  REQUIRE(node.count<own::Claim>() == 1);
  node.run();
  CHECK(node.core.held().size() == 256);
  REQUIRE_FALSE(node.announced.empty());
  CHECK(node.announced.back().claims.size() == 256);
  CHECK(node.core.trouble().empty());
}

TEST_CASE("owner: a late view changes nothing") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.see(view(3, replica_a, replica_a));
  node.see(view(2, replica_a, replica_b));
  node.run();
  CHECK(node.core.held().size() == 256);
  auto other = view(1, replica_a, replica_b);
  other.intercom = wire::Uuid(2, 2);  // another intercom counts anew
  node.see(std::move(other));
  node.run();
  CHECK(node.core.held().empty());
}

TEST_CASE("owner: reads the whole due index of a claimed partition, page by page, before it commits anything, and takes up what is open") {
  World world;
  const auto partition = partition_of("s:one");
  REQUIRE(world.memory.claim({.partition = partition, .replica = replica_b, .at_least = 0, .format = 1}));
  int scopes = 0;
  for (int i = 0; scopes < 1500; ++i) {
    const std::string scope = "s:" + std::to_string(i);
    if (partition_of(scope) != partition) continue;
    ++scopes;
    store::Commit commit{.scope = scope, .epoch = world.memory.epoch(partition), .create = true, .state = "x\n"};
    commit.due_unix_ms = unix_ms(world.now.unix) + 3'600'000;
    REQUIRE(world.memory.commit(commit).ok());
  }
  Node node(world, replica_a);
  node.connect();
  node.see(view(1, {}, replica_a));
  const auto id = node.post("a", "k1");
  node.step();  // the claim
  node.step();  // the first page of each partition
  REQUIRE(node.count<own::ReadDue>() == 1);
  CHECK(node.count<own::LoadScope>() == 0);
  CHECK(node.core.held().size() == 255);
  node.run();
  CHECK(node.core.held().size() == 256);
  CHECK(node.accepted(id));
  CHECK(node.core.counters().loads == 1501);
}

TEST_CASE("owner: after a reconnect to Redis it claims anew before it reads or commits anything") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  const auto before = epoch_of(world, "s:one");
  const auto in_flight = node.post("b", "k2");
  const auto commit = node.pick<own::CommitScope>();
  const auto waiting = node.post("c", "k3");
  node.disconnect();
  node.say(commit, store::Outcome::unknown);
  CHECK(node.core.trouble().find("Redis cannot be used: connection refused") == 0);
  node.asked.clear();  // what was asked of the dead connection
  const auto read = node.give(node.query(wire::ReadSessionT{}));
  CHECK(node.asked.empty());
  node.connect();
  REQUIRE(node.asked.size() == 1);
  CHECK(node.count<own::Claim>() == 1);
  node.run();
  CHECK(epoch_of(world, "s:one") == before + 1);
  CHECK(node.announced.back().claims.at(partition_of("s:one")).epoch == before + 1);
  CHECK(node.accepted(in_flight));
  CHECK(node.accepted(waiting));
  REQUIRE(node.answer_to(read) != nullptr);
  CHECK(world.texts("s:one") == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("owner: a claim that fails is tried again") {
  World world;
  Node node(world, replica_a);
  world.memory.set_outage(store::Reason::disk_full);
  node.connect();
  node.see(view(1, {}, replica_a));
  node.run();
  CHECK(node.core.held().empty());
  world.memory.set_outage(store::Reason::none);
  for (int i = 0; i < 10; ++i) {
    node.tick();
    node.run();
  }
  CHECK(node.core.held().size() == 256);
}

TEST_CASE("owner: a refused owner forgets its cache and forwards what waits to the winner, once") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  const auto refused = node.post("b", "k2");
  const auto waiting = node.post("c", "k3");
  steal(world, "s:one");
  node.step();
  CHECK(node.core.held().size() == 255);
  CHECK(node.core.counters().lost == 1);
  CHECK(node.core.counters().forwarded == 2);
  CHECK(node.answer_to(refused) == nullptr);
  REQUIRE(forwarded(node) != nullptr);
  CHECK(wire::from_wire(forwarded(node)->header.id) == refused);
  CHECK(forwarded(node)->header.dest_kind == wire::DestKind::replica);
  CHECK(wire::from_wire(forwarded(node)->header.dest_replica) == replica_b);
  CHECK(wire::from_wire(forwarded(node)->header.source_replica) == client_id);
  CHECK(world.texts("s:one") == std::vector<std::string>{"a"});
  CHECK(node.announced.back().claims.size() == 255);

  // An answer that comes back here, because the router names us as the speaker, goes on to who asked.
  wire::AnswerT answer;
  answer.body.Set(wire::AcceptedT{});
  auto message = wire::message(std::move(answer));
  message.header.correlation = wire::to_wire(waiting);
  node.event(own::Received{std::move(message)});
  CHECK(wire::from_wire(node.sent.back().header.dest_replica) == client_id);

  auto twice = node.command(with_text<wire::PostT>("d"), "k4");
  twice.header.forwards = 1;
  const auto moved = node.give(std::move(twice));
  CHECK(node.fault(moved) == Fault::moved);
  CHECK(wire::from_wire(node.answer_to(moved)->body.AsFault()->owner) == replica_b);
  world.pass(Millis{2'001});
  CHECK(node.fault(node.post("e", "k5")) == Fault::no_owner);
}

TEST_CASE("owner: what a view gives to somebody else is asked of Redis: a loss is noticed, a late view does no harm") {
  World world;
  Node node(world, replica_a);
  node.start();
  steal(world, "s:one");
  node.see(view(2, replica_b, replica_a));
  node.run();
  CHECK(node.core.held().size() == 255);
  CHECK(node.core.counters().lost == 1);
}

TEST_CASE("owner: who was overtaken while no view said so learns it within seconds, and takes over what is owed") {
  World world;
  Node node(world, replica_a);
  node.start();
  steal(world, "s:one");
  node.tick(Millis{5'100});
  node.run();
  CHECK(node.core.counters().lost == 1);
  CHECK(node.core.held().size() == 255);
  node.tick(Millis{1'100});
  node.run();
  CHECK(node.core.held().size() == 256);
}

TEST_CASE("owner: a view that is said again while Redis is slow asks no second time") {
  World world;
  Node node(world, replica_a);
  node.start();
  for (std::uint64_t number = 2; number < 12; ++number) node.see(view(number, replica_b, replica_a));
  CHECK(node.core.sizes().checks <= 256);
  node.run();
  CHECK(node.core.sizes().checks == 0);
  const auto before = node.core.counters().checks;
  node.see(view(12, replica_b, replica_a));
  CHECK(node.core.counters().checks > before);  // each doubt is forgotten once it is settled
  node.run();
}

TEST_CASE("owner: a lost partition is claimed again only after 1, 2, 4 seconds, and only if it is assigned and free") {
  World world;
  Node node(world, replica_a);
  node.start();
  int number = 0;
  for (const int seconds : {1, 2, 4}) {
    node.post("a", "k" + std::to_string(++number));
    node.run();
    steal(world, "s:one");
    node.post("b", "k" + std::to_string(++number));
    node.run();
    REQUIRE(node.core.held().size() == 255);
    node.tick(Millis{seconds * 1000 - 50});
    CHECK(node.count<own::Claim>() == 0);
    node.tick(Millis{60});
    REQUIRE(node.count<own::Claim>() == 1);
    node.run();
    CHECK(node.core.held().size() == 256);
  }
  steal(world, "s:one");
  node.post("b", "last");
  node.run();
  node.see(view(9, replica_b, replica_a));
  node.tick(Millis{60'000});
  CHECK(node.count<own::Claim>() == 0);
}

TEST_CASE("owner: an answer from memory is held back when the epoch no longer matches") {
  World world;
  Node node(world, replica_a);
  node.start();
  node.post("a", "k1");
  node.run();
  const auto read = node.give(node.query(wire::ReadSessionT{}));
  const auto refusal = node.post("refuse", "k2");
  steal(world, "s:one");
  node.run();
  CHECK(node.answer_to(read) == nullptr);
  CHECK(node.answer_to(refusal) == nullptr);
  CHECK(node.core.counters().forwarded == 2);
}

TEST_CASE("owner: a claim of its own that landed late is not a loss") {
  World world;
  Node node(world, replica_a);
  node.start();
  REQUIRE(world.memory.claim({.partition = partition_of("s:one"), .replica = replica_a, .at_least = 0, .format = 1}));
  const auto id = node.post("a", "k1");
  node.run();
  CHECK(node.accepted(id));
  CHECK(node.core.counters().lost == 0);
  CHECK(node.core.held().size() == 256);
}

TEST_CASE("owner: releases what is assigned elsewhere after the commits in flight, and only then says so") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto in_flight = node.post("a", "k1");
  node.step();
  REQUIRE(node.count<own::CommitScope>() == 1);
  const auto waiting = node.post("b", "k2");
  const auto announcements = node.announced.size();
  node.see(view(2, replica_a, replica_b));
  CHECK(node.fault(waiting) == Fault::no_owner);
  CHECK(node.fault(node.post("c", "k3")) == Fault::no_owner);
  REQUIRE(node.announced.size() > announcements);
  CHECK(node.announced.back().claims.size() == 1);
  node.run();
  CHECK(node.accepted(in_flight));
  CHECK(node.announced.back().claims.empty());
  CHECK(node.core.held().empty());
  node.see(view(3, {}, replica_a));
  node.run();
  CHECK(node.core.held().size() == 256);
}

TEST_CASE("owner: drains: finishes what is in flight, releases everything, then leaves") {
  World world;
  Node node(world, replica_a);
  node.start();
  const auto in_flight = node.post("a", "k1");
  node.step();
  const auto read = node.give(node.query(wire::ReadSessionT{}, "s:two"));
  node.event(node.answer(node.pick<own::LoadScope>()));  // its answer waits for the check
  node.event(own::Drain{});
  CHECK_FALSE(node.drained);
  node.run();
  CHECK(node.drained);
  CHECK(node.accepted(in_flight));
  REQUIRE(node.answer_to(read) != nullptr);
  CHECK(node.answer_to(read)->body.AsSessionView() != nullptr);
  CHECK(node.announced.back().claims.empty());
  node.see(view(5, {}, replica_a));
  CHECK(node.count<own::Claim>() == 0);
}

TEST_CASE("owner: drains at once when it holds nothing") {
  World world;
  Node node(world, replica_a);
  node.event(own::Drain{});
  CHECK(node.drained);
}

TEST_CASE("owner: two replicas hand a session over and nothing is lost") {
  World world;
  Node a(world, replica_a);
  a.start();
  const auto first = a.post("a", "k1");
  a.run();
  a.see(view(2, replica_a, replica_b));
  a.run();
  Node b(world, replica_b);
  b.connect();
  b.see(view(1, {}, replica_b, {replica_a}));
  b.run();
  const auto repeated = b.post("a", "k1");
  const auto second = b.post("b", "k2");
  b.run();
  CHECK(a.accepted(first));
  CHECK(b.answer_to(repeated)->body.AsAccepted()->repeated);
  CHECK(b.accepted(second));
  CHECK(world.texts("s:one") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("owner: a partition of a newer format is left alone") {
  World world;
  REQUIRE(world.memory.claim({.partition = partition_of("s:one"), .replica = replica_b, .at_least = 0, .format = 2}));
  Node node(world, replica_a);
  node.connect();
  node.see(view(1, {}, replica_a));
  node.run();
  CHECK(node.core.held().size() == 255);
  CHECK(node.fault(node.post("a", "k1")) == Fault::no_owner);
}

}  // namespace convoke::groupchat::test
