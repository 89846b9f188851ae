// Who may speak, who is there, and when somebody is not any more.
#include <catch2/catch.hpp>

#include "hub.hpp"

using namespace convoke;
using namespace convoke::intercom::test;
using intercom::Settings;
using wire::DestKind;

TEST_CASE("intercom: refuses whoever has not registered, and delivers nothing of theirs") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.clear();
  hub.send(2, hub.to_replica(1, 1));
  CHECK(hub.fault(2) == Fault::unregistered);
  CHECK(hub.take(1).empty());
  hub.heartbeat(2);
  CHECK(hub.fault(2) == Fault::unregistered);
}

TEST_CASE("intercom: answers a registration with the view, in its name") {
  Hub hub;
  wire::RegisterT statement;
  statement.number = 1;
  hub.join(1, 1, "gateway", statement);
  const auto got = hub.take(1);
  REQUIRE(got.size() == 1);
  const auto* view = got[0].as<wire::ViewT>();
  REQUIRE(view != nullptr);
  CHECK(wire::from_wire(got[0].header.correlation));
  REQUIRE(view->replicas.size() == 1);
  CHECK(view->replicas[0].service == "gateway");
  CHECK(view->owners.size() == 256);
  CHECK(view->assigned.size() == 256);
}

TEST_CASE("intercom: asks for the token of the installation") {
  auto settings = Hub::quick();
  settings.token = "open sesame";
  Hub hub(settings);
  wire::RegisterT wrong;
  wrong.token = "open barley";
  hub.join(1, 1, "gateway", wrong);
  CHECK(hub.fault(1) == Fault::unauthenticated);
  CHECK(hub.core().registry().size() == 0);
  wire::RegisterT right;
  right.token = "open sesame";
  hub.join(1, 1, "gateway", right);
  CHECK(hub.core().registry().size() == 1);
}

TEST_CASE("intercom: refuses registrations that cannot be") {
  Hub hub;
  hub.join(1, 1, "no service!");
  CHECK(hub.fault(1) == Fault::invalid);
  hub.join(2, 2, "worker", serving({"company"}, 1));
  CHECK(hub.fault(2) == Fault::invalid);
  hub.join(3, 3, "worker", serving({"../*.*"}, 1));
  CHECK(hub.fault(3) == Fault::invalid);
  CHECK(hub.core().registry().size() == 0);
}

TEST_CASE("intercom: sets the speaker's replica, whatever the sender wrote") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.clear();
  auto message = hub.to_replica(1, 2);
  message.header.source_replica = wire::to_wire(id(77));
  hub.send(1, message);
  const auto got = hub.take(2);
  REQUIRE(got.size() == 1);
  CHECK(wire::from_wire(got[0].header.source_replica) == id(1));
}

TEST_CASE("intercom: lets nobody speak under a name that they are not registered for") {
  Hub hub;
  hub.join(1, 1, "worker", serving({"company.HrAgent", "bakery.*"}, 1));
  hub.join(2, 2, "gateway");
  const auto said_as = [&](const std::string& source) {
    hub.clear();
    auto message = hub.to_replica(1, 2);
    message.header.source = source;
    hub.send(1, message);
    return std::pair(hub.fault(1), hub.take(2).size());
  };
  CHECK(said_as("agent/company.HrAgent") == std::pair(Fault::none, std::size_t{1}));
  CHECK(said_as("service/worker") == std::pair(Fault::none, std::size_t{1}));
  CHECK(said_as("agent/bakery.Baker") == std::pair(Fault::none, std::size_t{1}));
  CHECK(said_as("agent/company.Boss") == std::pair(Fault::forbidden, std::size_t{0}));
  CHECK(said_as("service/groupchat") == std::pair(Fault::forbidden, std::size_t{0}));
  CHECK(said_as("") == std::pair(Fault::forbidden, std::size_t{0}));
  CHECK(said_as("agent/bakery.Baker") == std::pair(Fault::none, std::size_t{1}));
}

TEST_CASE("intercom: takes back a name that a new registration no longer has") {
  Hub hub;
  hub.join(1, 1, "worker", serving({"company.HrAgent"}, 1));
  hub.join(2, 2, "gateway");
  auto message = hub.to_replica(1, 2);
  message.header.source = "agent/company.HrAgent";
  hub.send(1, message);
  hub.join(1, 1, "worker", serving({"company.Other"}, 1));
  hub.clear();
  hub.send(1, message);
  CHECK(hub.fault(1) == Fault::forbidden);
}

TEST_CASE("intercom: ignores a statement with a lower number") {
  Hub hub;
  wire::RegisterT late;
  late.number = 5;
  auto newer = serving({"company.HrAgent"}, 1);
  newer.number = 6;
  hub.join(1, 1, "worker", newer);
  hub.join(1, 1, "worker", late);
  REQUIRE(hub.core().registry().find(id(1)) != nullptr);
  CHECK(hub.core().registry().find(id(1))->agents.contains("company.HrAgent"));
  // … also over another connection, which stays unregistered
  hub.clear();
  hub.join(2, 1, "worker", late);
  CHECK(hub.fault(2) == Fault::conflict);
  CHECK(hub.core().registry().find(id(1))->peer == 1);
}

TEST_CASE("intercom: a connection stays who it is") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.clear();
  hub.join(1, 2, "groupchat");
  CHECK(hub.fault(1) == Fault::forbidden);
  CHECK(hub.core().registry().find(id(2)) == nullptr);
}

TEST_CASE("intercom: a process that connects anew replaces its old connection, and what was on its way there is reported") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.confirm(2);
  hub.clear();
  const auto asked = hub.send(1, hub.to_replica(1, 2));
  hub.join(3, 2, "planner");
  CHECK(hub.forgotten(2));
  const auto answers = hub.take(1);
  REQUIRE(answers.size() == 1);
  CHECK(wire::from_wire(answers[0].header.correlation) == asked);
  CHECK(static_cast<Fault>(answers[0].as<wire::AnswerT>()->body.AsFault()->code) == Fault::unreachable);
  hub.clear();
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.take(3).size() == 1);
  CHECK(hub.take(2).empty());
}

TEST_CASE("intercom: what a process confirmed is not reported when it goes") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.send(1, hub.to_replica(1, 2));
  hub.confirm(2);
  hub.clear();
  hub.state(2, wire::LeaveT{});
  CHECK(hub.fault(1) == Fault::none);
}

TEST_CASE("intercom: a replica that is silent for a second is lost, not before") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  for (int i = 0; i < 3; ++i) {
    hub.advance(Millis{300});
    hub.heartbeat(1);
  }
  hub.advance(Millis{90});
  CHECK(hub.core().registry().find(id(2)) != nullptr);
  hub.clear();
  hub.advance(Millis{40});
  CHECK(hub.core().registry().find(id(2)) == nullptr);
  CHECK(hub.forgotten(2));
  const auto views = hub.take<wire::ViewT>(1);
  REQUIRE(!views.empty());
  CHECK(views.back().replicas.size() == 1);
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.fault(1) == Fault::unreachable);
}

TEST_CASE("intercom: answers heartbeats, and any message is a sign of life") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.clear();
  hub.heartbeat(1);
  CHECK(hub.take<wire::HeartbeatT>(1).size() == 1);
  for (int i = 0; i < 8; ++i) {
    hub.advance(Millis{400});
    hub.heartbeat(1);
    hub.send(2, hub.to_replica(2, 1));
  }
  CHECK(hub.core().registry().size() == 2);
}

TEST_CASE("intercom: does not blame others for the time that it stood still itself") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.advance(Millis{200});
  hub.freeze(Millis{5'000});
  CHECK(hub.core().registry().size() == 1);
  hub.advance(Millis{1'100});
  CHECK(hub.core().registry().size() == 0);
}

TEST_CASE("intercom: whoever leaves is gone at once") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.state(2, wire::LeaveT{});
  CHECK(hub.core().registry().find(id(2)) == nullptr);
  CHECK(hub.forgotten(2));
}

TEST_CASE("intercom: whoever leaves is gone at once, also when nothing reaches it any more before its last word is read") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.cut(2);
  hub.heartbeat(2);  // cannot be answered
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.fault(1) == Fault::unreachable);
  auto last = hub.to_replica(2, 1);
  hub.clear();
  hub.send(2, last);
  CHECK(hub.take(1).size() == 1);
  hub.state(2, wire::LeaveT{});
  CHECK(hub.core().registry().find(id(2)) == nullptr);
  CHECK(hub.forgotten(2));
}

TEST_CASE("intercom: a connection that nothing reaches any more ends, and its process may connect anew before") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.join(2, 2, "planner");
  hub.cut(2);
  hub.heartbeat(2);
  hub.join(3, 2, "planner");
  hub.advance(Millis{50});
  CHECK(hub.forgotten(2));
  hub.clear();
  hub.send(1, hub.to_replica(1, 2));
  CHECK(hub.take(3).size() == 1);
}

TEST_CASE("intercom: forgets a connection that never registers") {
  Hub hub;
  hub.heartbeat(9);
  hub.advance(Millis{1'900});
  CHECK_FALSE(hub.forgotten(9));
  hub.advance(Millis{200});
  CHECK(hub.forgotten(9));
  CHECK(hub.core().connections() == 0);
}

TEST_CASE("intercom: tells changes to everybody, together, and with rising numbers") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.advance(Millis{100});
  hub.clear();
  for (std::uint64_t n = 2; n < 12; ++n) hub.join(static_cast<intercom::Peer>(n), n, "planner");
  CHECK(hub.take<wire::ViewT>(1).empty());
  hub.advance(Millis{30});
  const auto views = hub.take<wire::ViewT>(1);
  REQUIRE(views.size() == 1);
  CHECK(views[0].replicas.size() == 11);
  hub.state(5, wire::LeaveT{});
  hub.advance(Millis{30});
  const auto later = hub.take<wire::ViewT>(1);
  REQUIRE(later.size() == 1);
  CHECK(later[0].number > views[0].number);
  hub.advance(Millis{100});
  CHECK(hub.take<wire::ViewT>(1).empty());
}

TEST_CASE("intercom: answers what it is not asked for, and what it cannot read") {
  Hub hub;
  hub.join(1, 1, "gateway");
  hub.clear();
  auto message = hub.query(1, DestKind::intercom);
  hub.send(1, message);
  CHECK(hub.fault(1) == Fault::unknown_kind);
  auto frames = wire::encode(message);
  frames.body = "no flatbuffer at all";
  hub.send_bytes(1, frames);
  CHECK(hub.fault(1) == Fault::malformed);
  hub.send_bytes(1, {"rubbish, and long enough to be looked at", "x"});
  CHECK(hub.fault(1) == Fault::malformed);
  CHECK(hub.core().counters().malformed == 1);
  auto future = wire::encode(message);
  future.header = [&] {
    auto header = message.header;
    header.protocol = 2;
    return wire::encode_header(header);
  }();
  hub.send_bytes(1, future);
  CHECK(hub.fault(1) == Fault::protocol_version);
}
