// Where messages go, and what becomes of those that cannot.
#include <catch2/catch.hpp>

#include "hub.hpp"

using namespace convoke;
using namespace convoke::intercom::test;
using wire::DestKind;

namespace {

std::uint8_t kind_of(wire::Body kind) { return static_cast<std::uint8_t>(kind); }

}  // namespace

TEST_CASE("intercom: routes to a replica by its id") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.clear();
  const auto sent = hub.send(1, hub.to_replica(1, 2));
  const auto got = hub.take(2);
  REQUIRE(got.size() == 1);
  CHECK(wire::from_wire(got[0].header.id) == sent);
  hub.send(1, hub.to_replica(1, 3));
  CHECK(hub.fault(1) == Fault::unreachable);
}

TEST_CASE("intercom: gives a service's messages to its ready replicas in turn") {
  Hub hub;
  hub.join(1, 1, "gateway");
  for (std::uint64_t n = 2; n <= 4; ++n) hub.join(static_cast<intercom::Peer>(n), n, "planner");
  wire::RegisterT leaving;
  leaving.draining = true;
  hub.join(3, 3, "planner", leaving);
  hub.clear();
  for (int i = 0; i < 6; ++i) hub.send(1, hub.query(1, DestKind::service, "planner"));
  CHECK(hub.take(2).size() == 3);
  CHECK(hub.take(3).empty());
  CHECK(hub.take(4).size() == 3);
  hub.send(1, hub.query(1, DestKind::service, "executor"));
  CHECK(hub.fault(1) == Fault::unreachable);
}

TEST_CASE("intercom: routes a partition to its highest claim") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "groupchat", claiming(4, {7}));
  hub.join(3, 3, "groupchat", claiming(5, {7, 8}));
  hub.clear();
  hub.send(1, hub.to_owner(1, 7));
  CHECK(hub.take(3).size() == 1);
  CHECK(hub.take(2).empty());
  hub.join(2, 2, "groupchat", claiming(6, {7}));
  hub.clear();
  hub.send(1, hub.to_owner(1, 7));
  hub.send(1, hub.to_owner(1, 8));
  CHECK(hub.take(2).size() == 1);
  CHECK(hub.take(3).size() == 1);
  // Of equal numbers the higher replica id is the later epoch.
  hub.join(3, 3, "groupchat", claiming(6, {7, 8}));
  hub.clear();
  hub.send(1, hub.to_owner(1, 7));
  CHECK(hub.take(3).size() == 1);
}

TEST_CASE("intercom: only groupchat holds partitions") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "worker", claiming(9, {7}));
  hub.clear();
  hub.send(1, hub.to_owner(1, 7));
  CHECK(hub.fault(1) == Fault::no_owner);
}

TEST_CASE("intercom: without an owner says so, and parks nothing") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.clear();
  hub.send(1, hub.to_owner(1, 7));
  CHECK(hub.fault(1) == Fault::no_owner);
  hub.join(2, 2, "groupchat", claiming(1, {7}));
  CHECK(hub.take<wire::QueryT>(2).empty());
}

TEST_CASE("intercom: an owner forwards once, in the name of whoever asked") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "groupchat", claiming(1, {7}));
  hub.join(3, 3, "groupchat", claiming(2, {7}));
  hub.clear();
  auto message = hub.to_owner(1, 7);
  message.header.source_replica = wire::to_wire(id(1));
  message.header.forwards = 1;
  hub.send(2, message);
  const auto got = hub.take(3);
  REQUIRE(got.size() == 1);
  CHECK(wire::from_wire(got[0].header.source_replica) == id(1));
  CHECK(got[0].header.source == "service/gateway");
  message.header.forwards = 2;
  hub.send(2, message);
  CHECK(hub.fault(2) == Fault::forbidden);
  message.header.forwards = 1;
  hub.send(1, message);  // not an owner
  CHECK(hub.fault(1) == Fault::forbidden);
  CHECK(hub.take(3).empty());
}

TEST_CASE("intercom: does not send a forwarded message back to its forwarder; whoever asked hears of it") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "groupchat", claiming(1, {7}));
  hub.clear();
  auto message = hub.to_owner(1, 7);
  message.header.source_replica = wire::to_wire(id(1));
  message.header.forwards = 1;
  hub.send(2, message);
  CHECK(hub.take(2).empty());
  CHECK(hub.fault(1) == Fault::no_owner);
}

TEST_CASE("intercom: delivers nothing whose time is over") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.clear();
  auto late = hub.to_replica(1, 2);
  late.header.id = wire::to_wire({1, 1});
  hub.send_exactly(1, late);
  CHECK(hub.fault(1) == Fault::deadline);
  CHECK(hub.take(2).empty());
}

TEST_CASE("intercom: sends nobody what they do not understand") {
  Hub hub;
  hub.join(1, 1, "gateway");
  wire::RegisterT old;
  old.kinds = {kind_of(wire::Body::View), kind_of(wire::Body::Answer)};
  hub.join(2, 2, "planner", old);
  hub.clear();
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.fault(1) == Fault::unknown_kind);
  CHECK(hub.take(2).empty());
  hub.send(1, hub.query(1, DestKind::service, "planner"));
  CHECK(hub.fault(1) == Fault::unreachable);
}

TEST_CASE("intercom: lets nobody speak in its own name") {
  Hub hub;
  hub.join(1, 1, "worker", serving({"company.HrAgent"}, 1));
  hub.join(2, 2, "groupchat");
  hub.clear();
  const auto forge = [&](auto body) {
    auto message = hub.from(1, std::move(body), DestKind::replica);
    message.header.dest_replica = wire::to_wire(id(2));
    hub.send(1, message);
    return std::pair(hub.fault(1), hub.take(2).size());
  };
  CHECK(forge(wire::ViewT{}) == std::pair(Fault::forbidden, std::size_t{0}));
  CHECK(forge(wire::WorkStateT{}) == std::pair(Fault::forbidden, std::size_t{0}));
  CHECK(forge(wire::HeartbeatT{}) == std::pair(Fault::forbidden, std::size_t{0}));
  CHECK(forge(wire::QueryT{}) == std::pair(Fault::none, std::size_t{1}));
}

TEST_CASE("intercom: answers no answer, however undeliverable") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.clear();
  auto answer = hub.from(1, wire::AnswerT{}, DestKind::replica);
  answer.header.dest_replica = wire::to_wire(id(5));
  hub.send(1, answer);
  CHECK(hub.take(1).empty());
  CHECK(hub.core().counters().undeliverable == 1);
}

TEST_CASE("intercom: a connection that cannot be sent to ends, and all that was on its way is reported") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.confirm(2);
  hub.clear();
  hub.send(1, hub.to_replica(1, 2));
  hub.send(1, hub.to_replica(1, 2));
  hub.cut(2);
  hub.send(1, hub.to_replica(1, 2));
  hub.advance(Millis{50});
  CHECK(hub.faults(1, Fault::unreachable) == 3);
  CHECK(hub.forgotten(2));
  CHECK(hub.core().registry().find(id(2)) != nullptr);  // it may come back
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.fault(1) == Fault::unreachable);
}

TEST_CASE("intercom: a slow reader's window: stream is dropped, the rest goes on into the reserve, then OVERLOADED") {
  auto settings = Hub::quick();
  settings.stream_window = 20'000;
  settings.reserve = 20'000;
  Hub hub(settings);
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "gateway");
  hub.confirm(2);
  hub.confirm(2);  // the answer to the first confirmation too
  wire::SubscribeT streams;
  streams.add = {"c1"};
  hub.state(2, streams);
  hub.clear();
  const auto push = [&] { hub.send(1, hub.from(1, wire::PushT{}, DestKind::stream, "c1")); };
  int pushed = 0;
  for (; pushed < 1'000 && hub.core().counters().stream_dropped == 0; ++pushed) push();
  const auto delivered = hub.take(2).size();
  CHECK(delivered == static_cast<std::size_t>(pushed) - 1);
  CHECK(delivered > 50);
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.take(2).size() == 1);  // the reserve is for this
  std::size_t asked = 0;
  while (hub.core().counters().faults == 0 && asked < 1'000) {
    hub.send(1, hub.to_replica(1, 2));
    ++asked;
  }
  CHECK(hub.take(2).size() == asked - 1);
  const auto refusal = hub.take<wire::AnswerT>(1);
  REQUIRE(refusal.size() == 1);
  CHECK(static_cast<Fault>(refusal[0].body.AsFault()->code) == Fault::overloaded);
  CHECK(refusal[0].body.AsFault()->retry_after_ms > 0);
  hub.confirm(2);
  push();
  CHECK(hub.take<wire::PushT>(2).size() == 1);
}

TEST_CASE("intercom: one message larger than the window passes, a second does not") {
  auto settings = Hub::quick();
  settings.stream_window = 1'000;
  settings.reserve = 1'000;
  Hub hub(settings);
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "gateway");
  hub.confirm(1);
  hub.confirm(2);
  hub.clear();
  auto large = hub.to_replica(1, 2);
  large.as<wire::QueryT>()->scope = std::string(5'000, 'x');
  hub.send(1, large);
  CHECK(hub.take<wire::QueryT>(2).size() == 1);
  large.header.id = {};
  hub.send(1, large);
  CHECK(hub.fault(1) == Fault::overloaded);
  hub.confirm(2);
  large.header.id = {};
  hub.send(1, large);
  CHECK(hub.take<wire::QueryT>(2).size() == 1);
}

TEST_CASE("intercom: twenty thousand messages to a frozen process: each is delivered or reported") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.confirm(2);
  hub.clear();
  std::size_t reported = 0;
  auto large = hub.to_replica(1, 2);
  auto* body = large.as<wire::QueryT>();
  body->scope = std::string(1'000, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    large.header.id = {};
    hub.send(1, large);
    taken += hub.take<wire::QueryT>(2).size();
    reported += hub.faults(1, Fault::overloaded);
    if (i % 100 == 0) hub.confirm(1);
  }
  CHECK(taken + reported == 20'000);
  CHECK(reported > 0);
  // It never wakes up: what it took is reported as well.
  for (int i = 0; i < 12; ++i) {
    hub.advance(Millis{100});
    hub.confirm(1);
    reported += hub.faults(1, Fault::unreachable);
  }
  CHECK(reported == 20'000);
}

TEST_CASE("intercom: a peer that takes not even our own words is cut off") {
  auto settings = Hub::quick();
  settings.stream_window = 1'000;
  settings.reserve = 1'000;
  Hub hub(settings);
  hub.join(1, 1, "gateway");
  hub.clear();
  for (int i = 0; i < 200; ++i) hub.send(1, hub.to_replica(1, 5));
  CHECK(hub.take(1).size() < 50);
  hub.advance(Millis{20});
  CHECK(hub.forgotten(1));
}
