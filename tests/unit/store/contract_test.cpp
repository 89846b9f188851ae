// The contract of store.hpp, for every engine: these files are compiled into one test program per engine. Here: commits, epochs, keys.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "harness.hpp"

namespace convoke::test {
using namespace store;

TEST_CASE("store: an absent scope has version 0, and its first commit makes it version 1") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  const Scope before = h->load(kSession);
  CHECK_FALSE(before.exists);
  CHECK_FALSE(before.gone);
  CHECK(before.version == 0);
  CHECK(before.epoch == epoch);

  Commit first = creation(epoch);
  first.state = std::string("a\0b\r\n\xff", 6);
  first.format = 7;
  const CommitAnswer answer = h->commit(first);
  REQUIRE(answer.outcome == Outcome::ok);
  CHECK(answer.version == 1);
  const Scope after = h->load(kSession);
  CHECK(after.exists);
  CHECK(after.version == 1);
  CHECK(after.state == first.state);
  CHECK(after.format == 7);
}

TEST_CASE("store: a commit without a state leaves the state as it is") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  REQUIRE(h->commit(creation(epoch)).ok());
  REQUIRE(h->commit(change(epoch, 1)).version == 2);
  CHECK(h->load(kSession).state == "first");
}

TEST_CASE("store: pieces of a state are written one by one, come with the scope and go with it") {
  const auto h = make_harness();
  const std::string user = "u:ann";
  const Epoch epoch = h->claim(user);
  const auto names = [&] {
    std::vector<std::string> found;
    for (const auto& piece : h->load(user).pieces) found.push_back(piece.name + "=" + piece.bytes);
    return found;
  };
  Commit first = creation(epoch, user);
  first.pieces = {{.name = "b", .bytes = "1"}, {.name = "a:%", .bytes = std::string("x\0\r\n", 4)}, {.name = "c", .bytes = "3"}};
  REQUIRE(h->commit(first).ok());
  CHECK(names() == std::vector<std::string>{std::string("a:%=x\0\r\n", 8), "b=1", "c=3"});

  Commit second = change(epoch, 1, user);
  second.parts = {{.name = "c", .bytes = "a part of that name"}};
  second.pieces = {{.name = "b", .bytes = "2"}, {.name = "c", .bytes = ""}, {.name = "d", .bytes = ""}};
  REQUIRE(h->commit(second).ok());
  CHECK(names() == std::vector<std::string>{std::string("a:%=x\0\r\n", 8), "b=2"});
  CHECK(h->run(h->store->read_part(user, "c")).value() == "a part of that name");

  Commit wrong = change(epoch, 1, user);
  wrong.pieces = {{.name = "b", .bytes = "3"}};
  CHECK(h->commit(wrong).outcome == Outcome::refused_version);
  CHECK(names().size() == 2);

  Commit last = change(epoch, 2, user);
  last.remove = true;
  REQUIRE(h->commit(last).ok());
  CHECK(h->load(user).gone);
  CHECK(names().empty());
}

TEST_CASE("store: another version is refused with the current one, and nothing is written") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  REQUIRE(h->commit(creation(epoch)).ok());
  Commit wrong = change(epoch, 5);
  wrong.state = "wrong";
  wrong.keys = {key("k")};
  wrong.parts = {{.name = "p", .bytes = "x"}};
  wrong.appends = {{.log = "log:c", .first = 1, .entries = {"x"}}};
  wrong.due_unix_ms = 5;
  const CommitAnswer answer = h->commit(wrong);
  CHECK(answer.outcome == Outcome::refused_version);
  CHECK(answer.version == 1);
  CHECK(h->load(kSession).state == "first");
  CHECK(h->run(h->store->keys(kSession, {"k"})).value().empty());
  CHECK(h->run(h->store->read_part(kSession, "p")).error().code == Fault::not_found);
  CHECK(h->run(h->store->head(kSession, "log:c")).value() == 0);
  CHECK(h->run(h->store->due({{.partition = partition_of(kSession)}})).value().at(0).empty());
}

TEST_CASE("store: creating what exists is refused with its version") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  REQUIRE(h->commit(creation(epoch)).ok());
  const CommitAnswer again = h->commit(creation(epoch));
  CHECK(again.outcome == Outcome::refused_version);
  CHECK(again.version == 1);
}

TEST_CASE("store: only a creation begins a session, while users and teams begin with their first commit") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  const CommitAnswer answer = h->commit(change(epoch, 0));
  CHECK(answer.outcome == Outcome::refused);
  CHECK(answer.reason == Reason::invalid);
  const Epoch of_user = h->claim("u:ann@example.org");
  CHECK(h->commit(change(of_user, 0, "u:ann@example.org")).ok());
}

TEST_CASE("store: an epoch that is not the partition's is refused with the one that is") {
  const auto h = make_harness();
  const Epoch first = h->claim(kSession);
  REQUIRE(h->commit(creation(first)).ok());
  const Epoch second = h->claim(kSession, kOther);
  const CommitAnswer late = h->commit(change(first, 1));
  CHECK(late.outcome == Outcome::refused_epoch);
  CHECK(late.epoch == second);
  SECTION("lower, same replica") { CHECK(h->commit(change({first.number, kOther}, 1)).outcome == Outcome::refused_epoch); }
  SECTION("same number, another replica") { CHECK(h->commit(change({second.number, kReplica}, 1)).outcome == Outcome::refused_epoch); }
  SECTION("never claimed by the caller") { CHECK(h->commit(change({}, 1)).outcome == Outcome::refused_epoch); }
  CHECK(h->commit(change(second, 1)).ok());
}

TEST_CASE("store: the epoch is checked before the keys, so that a lost owner learns it first") {
  const auto h = make_harness();
  const Epoch first = h->claim(kSession);
  Commit commit = creation(first);
  commit.keys = {key("k")};
  REQUIRE(h->commit(commit).ok());
  h->claim(kSession, kOther);
  CHECK(h->commit(commit).outcome == Outcome::refused_epoch);
}

TEST_CASE("store: claims rise, by one above the highest of Redis and what the claimant has seen") {
  const auto h = make_harness();
  const Epoch first = h->claim(kSession);
  CHECK(first == Epoch{1, kReplica});
  CHECK(h->claim(kSession, kReplica, 1) == Epoch{2, kReplica});
  CHECK(h->claim(kSession, kOther, 40) == Epoch{41, kOther});
  CHECK(h->claim(kSession, kReplica, 3) == Epoch{42, kReplica});
}

TEST_CASE("store: many partitions are claimed and their epochs read in one call") {
  const auto h = make_harness();
  std::vector<Claim> claims;
  std::vector<Partition> all;
  for (int p = 0; p < 256; ++p) {
    claims.push_back({.partition = static_cast<Partition>(p), .replica = kReplica, .at_least = static_cast<std::uint64_t>(p)});
    all.push_back(static_cast<Partition>(p));
  }
  const auto answers = h->run(h->store->claim(claims)).value();
  const auto epochs = h->run(h->store->epochs(all)).value();
  REQUIRE(answers.size() == 256);
  REQUIRE(epochs.size() == 256);
  for (std::size_t p = 0; p < 256; ++p) {
    CHECK(answers[p].held);
    CHECK(answers[p].partition == p);
    CHECK(epochs[p].partition == p);
    CHECK(epochs[p].epoch == Epoch{p + 1, kReplica});
  }
}

TEST_CASE("store: a partition of a newer format is left alone, an older one is raised") {
  const auto h = make_harness();
  const auto claim = [&](std::uint32_t format, Uuid replica) {
    return h->run(h->store->claim({{.partition = 9, .replica = replica, .at_least = 0, .format = format}})).value().at(0);
  };
  CHECK(claim(2, kReplica).format == 2);
  const ClaimAnswer old = claim(1, kOther);
  CHECK_FALSE(old.held);
  CHECK(old.format == 2);
  CHECK(old.epoch == Epoch{1, kReplica});
  CHECK(claim(3, kOther).held);
}

TEST_CASE("store: a key that exists makes the commit a repetition that writes nothing") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit first = creation(epoch);
  first.keys = {key("ann/1", "one"), {.key = "ann/create", .body_hash = "", .answer = "made", .ttl = {}}};
  REQUIRE(h->commit(first).ok());

  Commit repeat = change(epoch, 1);
  repeat.state = "changed";
  repeat.keys = {key("ann/2", "two"), key("ann/1", "another"), key("ann/create")};
  const CommitAnswer answer = h->commit(repeat);
  REQUIRE(answer.outcome == Outcome::repeated);
  REQUIRE(answer.recorded.size() == 2);
  CHECK(answer.recorded[0].key == "ann/1");
  CHECK(answer.recorded[0].body_hash == std::string("\0hash", 5));
  CHECK(answer.recorded[0].answer == "one");
  CHECK(answer.recorded[1].key == "ann/create");
  CHECK(answer.recorded[1].body_hash.empty());
  CHECK(answer.recorded[1].answer == "made");
  CHECK(h->load(kSession).state == "first");
  CHECK(h->load(kSession).version == 1);

  const auto found = h->run(h->store->keys(kSession, {"ann/2", "ann/create", "ann/1"})).value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].key == "ann/create");
  CHECK(found[1].answer == "one");
}

TEST_CASE("store: a repetition is told so even with a stale version, as after a lost answer") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.keys = {key("k")};
  REQUIRE(h->commit(commit).ok());
  CHECK(h->commit(commit).outcome == Outcome::repeated);
}

TEST_CASE("store: a key is forgotten when its time is over, one without a time is not") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.keys = {key("short"), {.key = "long", .body_hash = {}, .answer = "x", .ttl = {}}};
  commit.keys[0].ttl = Millis(100);
  REQUIRE(h->commit(commit).ok());
  REQUIRE(h->run(h->store->keys(kSession, {"short", "long"})).value().size() == 2);
  CHECK(h->until([&] {
    h->pass(Millis(20));
    return h->run(h->store->keys(kSession, {"short"})).value().empty();
  }));
  CHECK(h->run(h->store->keys(kSession, {"long"})).value().size() == 1);
}

TEST_CASE("store: a key lives no longer than the store keeps keys") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.keys = {key("usual"), key("day")};
  commit.keys[1].ttl = std::chrono::hours(24);
  REQUIRE(h->commit(commit).ok());
  REQUIRE(h->run(h->store->keys(kSession, {"usual", "day"})).value().size() == 2);
  CHECK(h->until([&] {
    h->pass(Millis(200));
    return h->run(h->store->keys(kSession, {"usual", "day"})).value().empty();
  }));
}

}  // namespace convoke::test
