// Who should hold which partition, and when that is decided.
#include <algorithm>
#include <catch2/catch.hpp>

#include "hub.hpp"

using namespace convoke;
using namespace convoke::intercom::test;

namespace {

std::size_t assigned_to(const Hub& hub, const Uuid& replica) {
  auto& core = const_cast<Hub&>(hub).core();
  return static_cast<std::size_t>(std::ranges::count(core.partitions().assigned(), replica));
}

std::vector<int> all_partitions() {
  std::vector<int> all(256);
  for (int i = 0; i < 256; ++i) all[static_cast<std::size_t>(i)] = i;
  return all;
}

// Keeps the replicas behind these peers alive while time passes.
void pass(Hub& hub, Millis time, std::vector<intercom::Peer> peers) {
  for (Millis done{0}; done < time; done += Millis{100}) {
    hub.advance(std::min(Millis{100}, time - done));
    for (const auto peer : peers) hub.heartbeat(peer, hub.count(peer));
  }
}

}  // namespace

TEST_CASE("partitions: while nobody holds any, they are assigned soon after the last change") {
  Hub hub;
  const auto first = hub.join(1, 1, "groupchat");
  hub.advance(Millis{150});
  CHECK(assigned_to(hub, first) == 0);
  const auto second = hub.join(2, 2, "groupchat");
  hub.advance(Millis{150});
  CHECK(assigned_to(hub, first) == 0);
  hub.advance(Millis{60});
  CHECK(assigned_to(hub, first) + assigned_to(hub, second) == 256);
  CHECK(assigned_to(hub, first) > 90);
  CHECK(assigned_to(hub, second) > 90);
}

TEST_CASE("partitions: once some are held, a change of membership has to settle for a second") {
  Hub hub;
  const auto first = hub.join(1, 1, "groupchat", claiming(1, all_partitions()));
  pass(hub, Millis{1'100}, {1});
  CHECK(assigned_to(hub, first) == 256);
  const auto second = hub.join(2, 2, "groupchat");
  pass(hub, Millis{900}, {1, 2});
  CHECK(assigned_to(hub, second) == 0);
  pass(hub, Millis{200}, {1, 2});
  CHECK(assigned_to(hub, second) > 90);
  // Held partitions stay where they are until they are released.
  CHECK(std::ranges::count(hub.core().partitions().owners(), first) == 256);
}

TEST_CASE("partitions: the view that everybody gets says who holds and who should hold") {
  Hub hub;
  hub.join(9, 9, "gateway");
  const auto first = hub.join(1, 1, "groupchat", claiming(1, {0, 1, 2}));
  pass(hub, Millis{1'200}, {1, 9});
  const auto views = hub.take<wire::ViewT>(9);
  REQUIRE(!views.empty());
  CHECK(wire::from_wire(views.back().owners[2]) == first);
  CHECK(!wire::from_wire(views.back().owners[3]));
  CHECK(wire::from_wire(views.back().assigned[3]) == first);
}

TEST_CASE("partitions: of a replica that is lost, routes end at once and others are assigned a second later") {
  Hub hub;
  const auto first = hub.join(1, 1, "groupchat", claiming(1, all_partitions()));
  const auto second = hub.join(2, 2, "groupchat");
  pass(hub, Millis{1'200}, {1, 2});
  hub.state(1, wire::LeaveT{});
  CHECK(hub.core().partitions().held() == 0);
  CHECK(assigned_to(hub, first) == 0);
  CHECK(assigned_to(hub, second) < 256);
  pass(hub, Millis{1'200}, {2});
  CHECK(assigned_to(hub, second) == 256);
}

TEST_CASE("partitions: whoever is leaving keeps what it holds and is assigned nothing") {
  Hub hub;
  const auto first = hub.join(1, 1, "groupchat", claiming(1, all_partitions()));
  const auto second = hub.join(2, 2, "groupchat");
  pass(hub, Millis{1'200}, {1, 2});
  auto leaving = claiming(1, all_partitions());
  leaving.draining = true;
  hub.join(1, 1, "groupchat", leaving);
  pass(hub, Millis{1'200}, {1, 2});
  CHECK(std::ranges::count(hub.core().partitions().owners(), first) == 256);
  CHECK(assigned_to(hub, second) == 256);
}

TEST_CASE("partitions: only groupchat counts") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "worker");
  hub.advance(Millis{500});
  CHECK(assigned_to(hub, id(1)) == 0);
  CHECK(assigned_to(hub, id(2)) == 0);
}

TEST_CASE("partitions: a change of membership moves only what it must, and about its share") {
  std::vector<Uuid> before;
  for (std::uint64_t n = 1; n <= 4; ++n) before.push_back(id(n * 7919));
  auto after = before;
  after.push_back(id(5 * 7919));
  std::size_t moved = 0;
  for (std::size_t partition = 0; partition < 256; ++partition) {
    const auto was = intercom::rendezvous(partition, before);
    const auto is = intercom::rendezvous(partition, after);
    if (was == is) continue;
    ++moved;
    CHECK(is == after.back());
  }
  CHECK(moved > 25);
  CHECK(moved < 85);
}
