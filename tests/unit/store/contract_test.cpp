// The contract of store.hpp, for every engine: this file is compiled into one test program per engine.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "harness.hpp"

namespace convoke::test {
namespace {

using namespace store;

KeyRecord key(std::string name, std::string answer = "answer") {
  return {.key = std::move(name), .body_hash = std::string("\0hash", 5), .answer = std::move(answer)};
}

std::vector<std::string> bytes_of(const LogPage& page) {
  std::vector<std::string> bytes;
  for (const auto& entry : page.entries) bytes.push_back(entry.bytes);
  return bytes;
}

}  // namespace

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

TEST_CASE("store: appends are numbered densely from 1, and several logs and entries go in one commit") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.appends = {{.log = "log:c", .first = 1, .entries = {"one", "two"}}, {.log = "tr:hr.clerk", .first = 1, .entries = {""}}};
  REQUIRE(h->commit(commit).ok());
  commit = change(epoch, 1);
  commit.appends = {{.log = "log:c", .first = 3, .entries = {"three"}}};
  REQUIRE(h->commit(commit).ok());

  const LogPage page = h->run(h->store->read_log({.scope = kSession, .log = "log:c"})).value();
  CHECK(page.head == 3);
  CHECK(bytes_of(page) == std::vector<std::string>{"one", "two", "three"});
  CHECK(page.entries[2].number == 3);
  CHECK(h->run(h->store->head(kSession, "log:c")).value() == 3);
  CHECK(bytes_of(h->run(h->store->read_log({.scope = kSession, .log = "tr:hr.clerk"})).value()) == std::vector<std::string>{""});
}

TEST_CASE("store: an append with a gap or an overlap is refused with all that came with it") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.appends = {{.log = "log:c", .first = 1, .entries = {"one", "two"}}};
  REQUIRE(h->commit(commit).ok());
  for (const std::uint64_t first : {1u, 2u, 4u}) {
    Commit bad = change(epoch, 1);
    bad.state = "bad";
    bad.appends = {{.log = "log:d", .first = 1, .entries = {"x"}}, {.log = "log:c", .first = first, .entries = {"y"}}};
    const CommitAnswer answer = h->commit(bad);
    CHECK(answer.outcome == Outcome::refused);
    CHECK(answer.reason == Reason::invalid);
    CHECK_FALSE(answer.text.empty());
  }
  CHECK(h->load(kSession).state == "first");
  CHECK(h->run(h->store->head(kSession, "log:d")).value() == 0);
  CHECK(h->run(h->store->head(kSession, "log:c")).value() == 2);
}

TEST_CASE("store: a log is read in pages bounded by entries and by bytes, but never empty before its head") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  Append append{.log = "log:c", .first = 1, .entries = {}};
  for (int i = 1; i <= 300; ++i) append.entries.push_back(std::string(100, 'a') + std::to_string(i));
  append.entries[149] = std::string(200 * 1024, 'b');
  commit.appends = {append};
  REQUIRE(h->commit(commit).ok());
  const auto read = [&](std::uint64_t from, std::uint32_t bytes, std::uint32_t entries) {
    return h->run(h->store->read_log({.scope = kSession, .log = "log:c", .from = from, .max_bytes = bytes, .max_entries = entries}))
        .value();
  };
  CHECK(read(1, 100000, 7).entries.size() == 7);
  CHECK(read(1, 1030, 1000).entries.size() == 10);
  CHECK(read(295, 100000, 1000).entries.size() == 6);
  CHECK(read(301, 100000, 1000).entries.empty());
  CHECK(read(301, 100000, 1000).head == 300);
  CHECK(read(150, 1000, 1000).entries.size() == 1);
  CHECK(read(149, 1000, 1000).entries.size() == 1);
  std::vector<std::string> all;
  while (all.size() < 300) {
    const LogPage page = read(all.size() + 1, 3000, 1000);
    REQUIRE_FALSE(page.entries.empty());
    CHECK(page.entries.front().number == all.size() + 1);
    for (const auto& entry : page.entries) all.push_back(entry.bytes);
  }
  CHECK(all == append.entries);
}

TEST_CASE("store: the due index holds each scope at its earliest time, in order") {
  const auto h = make_harness();
  const std::string other = "u:ann";
  const Epoch epoch = h->claim(kSession);
  const Epoch of_other = h->claim(other);
  Commit commit = creation(epoch);
  commit.due_unix_ms = 2000;
  REQUIRE(h->commit(commit).ok());
  Commit second = change(of_other, 0, other);
  second.due_unix_ms = 1700000000123;
  REQUIRE(h->commit(second).ok());

  const DueQuery all{.partition = partition_of(kSession)};
  DueQuery until_1999 = all, from_2000 = all, skip = all;
  until_1999.to_unix_ms = 1999;
  from_2000.from_unix_ms = 2000;
  from_2000.to_unix_ms = 2000;
  skip.offset = 1;
  const auto pages = h->run(h->store->due({all, until_1999, from_2000, skip, {.partition = partition_of(other)}})).value();
  REQUIRE(pages.size() == 5);
  REQUIRE(pages[0].size() == 1);
  CHECK(pages[0][0].scope == kSession);
  CHECK(pages[0][0].unix_ms == 2000);
  CHECK(pages[1].empty());
  CHECK(pages[2].size() == 1);
  CHECK(pages[3].empty());
  REQUIRE(pages[4].size() == 1);
  CHECK(pages[4][0].unix_ms == 1700000000123);

  commit = change(epoch, 1);
  commit.due_unix_ms = 1000;
  REQUIRE(h->commit(commit).ok());
  CHECK(h->run(h->store->due({until_1999})).value().at(0).size() == 1);
  REQUIRE(h->commit(change(epoch, 2)).ok());
  CHECK(h->run(h->store->due({all})).value().at(0).empty());
}

TEST_CASE("store: due scopes of one partition come by time and then by name, page by page") {
  const auto h = make_harness();
  std::vector<std::string> scopes;
  for (int i = 0; scopes.size() < 5; ++i) {
    const std::string scope = "u:user" + std::to_string(i);
    if (partition_of(scope) % 16 == 0) scopes.push_back(scope);
  }
  const Partition partition = partition_of(scopes[0]);
  std::erase_if(scopes, [&](const std::string& scope) { return partition_of(scope) != partition; });
  for (int i = 0; scopes.size() < 4; ++i) {
    const std::string scope = "t:team" + std::to_string(i);
    if (partition_of(scope) == partition) scopes.push_back(scope);
  }
  const Epoch epoch = h->claim(scopes[0]);
  std::int64_t at = 100;
  for (const auto& scope : scopes) {
    Commit commit = change(epoch, 0, scope);
    commit.due_unix_ms = at--;
    REQUIRE(h->commit(commit).ok());
  }
  std::vector<std::string> found;
  for (std::uint32_t offset = 0; offset < scopes.size(); offset += 3) {
    const auto page = h->run(h->store->due({{.partition = partition, .offset = offset, .limit = 3}})).value().at(0);
    for (const auto& due : page) found.push_back(due.scope);
  }
  std::ranges::reverse(scopes);
  CHECK(found == scopes);
}

TEST_CASE("store: parts are written, replaced, read and deleted with their commit") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  const std::string large(700 * 1024, 'p');
  commit.parts = {{.name = "result:1", .bytes = large}, {.name = "plan", .bytes = "v1"}};
  commit.appends = {{.log = "log:c", .first = 1, .entries = {"x"}}};
  REQUIRE(h->commit(commit).ok());
  CHECK(h->run(h->store->read_part(kSession, "result:1")).value() == large);
  commit = change(epoch, 1);
  commit.parts = {{.name = "plan", .bytes = "v2"}};
  commit.deletes = {"part:result:1", "log:c", "part:never-there"};
  REQUIRE(h->commit(commit).ok());
  CHECK(h->run(h->store->read_part(kSession, "plan")).value() == "v2");
  CHECK(h->run(h->store->read_part(kSession, "result:1")).error().code == Fault::not_found);
  CHECK(h->run(h->store->head(kSession, "log:c")).value() == 0);
  commit = change(epoch, 2);
  commit.appends = {{.log = "log:c", .first = 1, .entries = {"again"}}};
  CHECK(h->commit(commit).ok());
}

TEST_CASE("store: a removed scope leaves a tombstone that refuses, and later nothing") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.keys = {{.key = "create", .body_hash = "h", .answer = "made", .ttl = {}}};
  commit.appends = {{.log = "log:c", .first = 1, .entries = {"x"}}};
  commit.parts = {{.name = "p", .bytes = "x"}};
  commit.due_unix_ms = 1;
  REQUIRE(h->commit(commit).ok());
  Commit removal = change(epoch, 1);
  removal.remove = true;
  removal.keys = {key("delete", "deleted")};
  REQUIRE(h->commit(removal).version == 2);

  const Scope gone = h->load(kSession);
  CHECK(gone.gone);
  CHECK_FALSE(gone.exists);
  CHECK(gone.version == 2);
  CHECK(gone.state.empty());
  CHECK(h->run(h->store->head(kSession, "log:c")).value() == 0);
  CHECK(h->run(h->store->read_part(kSession, "p")).error().code == Fault::not_found);
  CHECK(h->run(h->store->due({{.partition = partition_of(kSession)}})).value().at(0).empty());
  CHECK(h->commit(change(epoch, 2)).outcome == Outcome::gone);
  CHECK(h->commit(creation(epoch)).outcome == Outcome::gone);

  const CommitAnswer repeated = h->commit(removal);
  REQUIRE(repeated.outcome == Outcome::repeated);
  CHECK(repeated.recorded.at(0).answer == "deleted");
  CHECK(h->commit(commit).outcome == Outcome::repeated);

  CHECK(h->until([&] {
    h->pass(Millis(20));
    return !h->load(kSession).gone;
  }));
  CHECK(h->load(kSession).version == 0);
  CHECK(h->run(h->store->keys(kSession, {"create"})).value().empty());
  CHECK(h->run(h->store->keys(kSession, {"delete"})).value().size() == 1);
  CHECK(h->commit(creation(epoch)).ok());
}

TEST_CASE("store: no choice of an id reaches into another scope") {
  const auto h = make_harness();
  const std::string plain = "u:ann";
  std::string nested;
  for (int i = 0; nested.empty(); ++i) {
    const std::string candidate = "u:ann:log:" + std::to_string(i);
    if (partition_of(candidate) == partition_of(plain)) nested = candidate;
  }
  const Epoch epoch = h->claim(plain);
  Commit commit = change(epoch, 0, plain);
  commit.appends = {{.log = "log:" + nested.substr(10), .first = 1, .entries = {"x"}}};
  REQUIRE(h->commit(commit).ok());
  Commit inner = change(epoch, 0, nested);
  inner.state = "inner";
  REQUIRE(h->commit(inner).ok());
  CHECK(h->load(nested).state == "inner");
  CHECK(h->run(h->store->read_log({.scope = plain, .log = "log:" + nested.substr(10)})).value().entries.size() == 1);
}

TEST_CASE("store: what is beyond a limit or makes no sense is refused before anything is written") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  Reason expected = Reason::invalid;
  SECTION("state") {
    commit.state = std::string(1024 * 1024 + 1, 's');
    expected = Reason::too_large;
  }
  SECTION("entry") {
    commit.appends = {{.log = "log:c", .first = 1, .entries = {std::string(256 * 1024 + 1, 'e')}}};
    expected = Reason::too_large;
  }
  SECTION("part") {
    commit.parts = {{.name = "p", .bytes = std::string(8 * 1024 * 1024 + 1, 'p')}};
    expected = Reason::too_large;
  }
  SECTION("all together") {
    for (int i = 0; i < 3; ++i) commit.parts.push_back({.name = std::to_string(i), .bytes = std::string(6 * 1024 * 1024, 'p')});
    expected = Reason::too_large;
  }
  SECTION("hash") {
    commit.keys = {{.key = "k", .body_hash = std::string(256, 'h'), .answer = {}}};
    expected = Reason::too_large;
  }
  SECTION("scope") { commit.scope = "x:1"; }
  SECTION("empty scope") { commit.scope = "s:"; }
  SECTION("log of no kind") { commit.appends = {{.log = "c", .first = 1, .entries = {"x"}}}; }
  SECTION("append of nothing") { commit.appends = {{.log = "log:c", .first = 1, .entries = {}}}; }
  SECTION("one log twice") {
    commit.appends = {{.log = "log:c", .first = 1, .entries = {"x"}}, {.log = "log:c", .first = 2, .entries = {"x"}}};
  }
  SECTION("one key twice") { commit.keys = {key("k"), key("k")}; }
  SECTION("written and deleted") {
    commit.parts = {{.name = "p", .bytes = "x"}};
    commit.deletes = {"part:p"};
  }
  SECTION("delete of the hash itself") { commit.deletes = {""}; }
  SECTION("removal with a state") {
    commit = change(epoch, 1);
    commit.remove = true;
    commit.state = "s";
  }
  SECTION("due in no time") { commit.due_unix_ms = -1; }
  const CommitAnswer answer = h->commit(commit);
  CHECK(answer.outcome == Outcome::refused);
  CHECK(answer.reason == expected);
  CHECK_FALSE(answer.text.empty());
  CHECK(h->load(kSession).version == 0);
}

TEST_CASE("store: the largest of everything that is allowed comes back whole") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  Commit commit = creation(epoch);
  commit.state = std::string(1024 * 1024, 's');
  commit.appends = {{.log = "log:c", .first = 1, .entries = std::vector<std::string>(12, std::string(256 * 1024, 'e'))}};
  commit.parts = {{.name = "p", .bytes = std::string(8 * 1024 * 1024, 'p')}};
  for (int i = 0; i < 900; ++i) commit.keys.push_back({.key = std::to_string(i), .body_hash = {}, .answer = {}, .ttl = {}});
  REQUIRE(h->commit(commit).ok());
  CHECK(h->load(kSession).state == commit.state);
  CHECK(h->run(h->store->read_part(kSession, "p")).value() == commit.parts[0].bytes);
  CHECK(h->run(h->store->keys(kSession, {"0", "899"})).value().size() == 2);
  const LogPage page = h->run(h->store->read_log({.scope = kSession, .log = "log:c", .from = 12})).value();
  CHECK(bytes_of(page) == std::vector<std::string>{commit.appends[0].entries[11]});
}

TEST_CASE("store: two hundred commits at once are all answered, in order, once") {
  const auto h = make_harness();
  std::vector<std::string> scopes;
  for (int i = 0; i < 200; ++i) scopes.push_back("s:many" + std::to_string(i));
  std::vector<Epoch> epochs;
  for (const auto& scope : scopes) epochs.push_back(h->claim(scope, kReplica));
  std::vector<int> order;
  for (int i = 0; i < 200; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Epoch epoch = h->run(h->store->epochs({partition_of(scopes[at])})).value()[0].epoch;
    h->store->commit(creation(epoch, scopes[at]), [&order, i](CommitAnswer answer) {
      if (answer.ok()) order.push_back(i);
    });
    CHECK(order.size() < 200);
  }
  REQUIRE(h->until([&] { return order.size() == 200; }));
  CHECK(std::ranges::is_sorted(order));
  CHECK(h->store->counters().commits == 200);
}

TEST_CASE("store: spans are kept for sessions that exist, up to their number") {
  const auto h = make_harness();
  const std::string session = kSession.substr(2);
  h->store->spans_append(session, {"lost"});
  REQUIRE(h->until([&] { return h->store->counters().spans_lost == 1; }));
  const Epoch epoch = h->claim(kSession);
  REQUIRE(h->commit(creation(epoch)).ok());
  h->store->spans_append(session, {"a", "b"});
  h->store->spans_append(session, {"c", std::string(17 * 1024, 'x')});
  CHECK(h->run(h->store->spans_read(session)).value() == std::vector<std::string>{"a", "b", "c"});
  for (int i = 0; i < 50; ++i) h->store->spans_append(session, std::vector<std::string>(100, "s"));
  const auto kept = h->run(h->store->spans_read(session)).value().size();
  CHECK(kept >= 2000);
  CHECK(kept < 2500);
  Commit removal = change(epoch, 1);
  removal.remove = true;
  REQUIRE(h->commit(removal).ok());
  CHECK(h->run(h->store->spans_read(session)).value().empty());
}

TEST_CASE("store: the offset of time turns the steady clock into the engine's Unix time") {
  const auto h = make_harness();
  const Millis first = h->run(h->store->time_offset()).value();
  h->pass(Millis(1));
  CHECK(h->run(h->store->time_offset()).value() - first < std::chrono::seconds(5));
}

TEST_CASE("store: after close everything is refused, and run() ends") {
  const auto h = make_harness();
  const Epoch epoch = h->claim(kSession);
  h->stop();
  const CommitAnswer answer = h->commit(creation(epoch));
  CHECK(answer.outcome == Outcome::refused);
  CHECK(answer.reason == Reason::away);
  CHECK(h->run(h->store->load(kSession)).error().code == Fault::unavailable);
  CHECK_FALSE(h->store->link().up);
}

}  // namespace convoke::test
