#include "store/memory.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

namespace convoke::test {
namespace {

class MemoryHarness final : public Harness {
 public:
  MemoryHarness() { store = std::make_unique<store::MemoryStore>(io.get_executor(), memory); }
  void pass(Millis time) override { memory.set_now(memory.now() + time); }

  store::Memory memory{test_limits()};
};

}  // namespace

std::unique_ptr<Harness> make_harness() {
  auto harness = std::make_unique<MemoryHarness>();
  harness->start();
  return harness;
}

TEST_CASE("memory: an outage refuses commits and claims by its name, and writes nothing") {
  store::Memory memory;
  const auto claimed = memory.claim({.partition = partition_of("u:ann"), .replica = kReplica});
  store::Commit commit{.scope = "u:ann", .epoch = claimed.value().epoch, .state = "x", .due_unix_ms = {}};
  memory.set_outage(store::Reason::disk_full);
  CHECK(memory.commit(commit).reason == store::Reason::disk_full);
  CHECK_FALSE(memory.claim({.partition = 1, .replica = kReplica}));
  CHECK_FALSE(memory.load("u:ann").value().exists);
  memory.set_outage(store::Reason::none);
  CHECK(memory.commit(commit).ok());
  CHECK(memory.scopes() == std::vector<std::string>{"u:ann"});
}

TEST_CASE("memory: a lost link refuses, and comes back with the next generation and all that was committed") {
  MemoryHarness h;
  std::vector<store::Link> links;
  h.store->on_link([&](const store::Link& link) { links.push_back(link); });
  h.start();
  const auto epoch = h.claim("u:ann");
  REQUIRE(h.commit({.scope = "u:ann", .epoch = epoch, .state = "x", .due_unix_ms = {}}).ok());
  auto& memory_store = dynamic_cast<store::MemoryStore&>(*h.store);
  memory_store.set_up(false);
  CHECK(h.commit({.scope = "u:ann", .epoch = epoch, .version = 1, .due_unix_ms = {}}).reason == store::Reason::away);
  memory_store.set_up(true);
  CHECK(h.load("u:ann").state == "x");
  REQUIRE(links.size() == 3);
  CHECK(links[0].generation == 1);
  CHECK_FALSE(links[1].up);
  CHECK(links[2].generation == 2);
}

TEST_CASE("memory: keys and tombstones leave nothing behind") {
  store::Memory memory;
  const auto epoch = memory.claim({.partition = partition_of("s:1"), .replica = kReplica}).value().epoch;
  REQUIRE(memory.commit({.scope = "s:1", .epoch = epoch, .create = true, .state = "x", .due_unix_ms = {}}).ok());
  REQUIRE(memory.commit({.scope = "s:1", .epoch = epoch, .version = 1, .remove = true, .due_unix_ms = {}}).ok());
  memory.set_now(from_unix_ms(Millis(std::chrono::hours(24 * 7)).count() - 1));
  CHECK(memory.load("s:1").value().gone);
  memory.set_now(from_unix_ms(Millis(std::chrono::hours(24 * 7)).count()));
  CHECK(memory.load("s:1").value().version == 0);
}

}  // namespace convoke::test
