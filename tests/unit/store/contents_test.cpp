// The contract of store.hpp, for every engine. Here: what a scope holds beside its state: logs, parts, due times, spans; ends and limits.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "harness.hpp"

namespace convoke::test {
namespace {

using namespace store;

std::vector<std::string> bytes_of(const LogPage& page) {
  std::vector<std::string> bytes;
  for (const auto& entry : page.entries) bytes.push_back(entry.bytes);
  return bytes;
}

}  // namespace

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
  std::vector<std::string> many(5'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = std::to_string(i);
  h->store->spans_append(session, many);
  const auto newest = h->run(h->store->spans_read(session)).value();
  REQUIRE(newest.size() >= 2000);
  CHECK(newest.size() < 2500);
  CHECK(std::equal(newest.begin(), newest.end(), many.end() - static_cast<std::ptrdiff_t>(newest.size())));
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
