// The intercom as a process: turns, directory, metrics, the end.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::test;
using wire::DestKind;

namespace {

wire::Message work(const std::string& session, std::uint64_t turn) {
  wire::WorkT body;
  body.session = session;
  body.agent = "company.HrAgent";
  body.turn = turn;
  body.attempt = 1;
  auto message = wire::message(std::move(body));
  message.header.dest_kind = DestKind::agent;
  message.header.dest = "company.HrAgent";
  message.header.partition = 7;
  message.header.turn = turn;
  message.header.attempt = 1;
  return message;
}

std::vector<wire::WorkStatus> told(const Node& owner) {
  std::vector<wire::WorkStatus> all;
  for (const auto& message : owner.messages)
    if (const auto* state = message.as<wire::WorkStateT>()) all.push_back(state->status);
  return all;
}

wire::RegisterT worker(std::uint32_t credit) {
  wire::RegisterT statement;
  statement.agents = {"company.*"};
  statement.credit = credit;
  return statement;
}

}  // namespace

TEST_CASE("intercom: hands turns to workers as they have room, and tells of a worker's death") {
  Bus bus;
  auto owner = bus.node("groupchat");
  owner->client.set_registration(claiming(1, 7));
  auto hr = bus.node("worker");
  hr->client.set_registration(worker(2));
  REQUIRE(bus.together({owner.get(), hr.get()}));
  for (int n = 1; n <= 3; ++n) owner->client.send(work("s" + std::to_string(n), 1));
  REQUIRE(bus.until([&] { return hr->messages.size() == 2 && told(*owner).size() == 3; }));
  using wire::WorkStatus;
  CHECK(told(*owner) == std::vector{WorkStatus::given, WorkStatus::given, WorkStatus::parked});
  wire::ReportT report;
  report.session = "s1";
  report.agent = "company.HrAgent";
  report.turn = 1;
  report.attempt = 1;
  report.body.Set(wire::TurnResultT{});
  auto result = wire::message(std::move(report));
  result.header.dest_kind = DestKind::owner;
  result.header.partition = 7;
  result.header.source = "agent/company.HrAgent";
  hr->client.send(result);
  hr->client.set_free(1);
  REQUIRE(bus.until([&] { return hr->messages.size() == 3; }));
  hr.reset();
  CHECK(bus.until([&] { return told(*owner).size() == 6; }));
  CHECK(told(*owner).back() == WorkStatus::lost);
}

TEST_CASE("intercom: a restarted one learns from the workers what they hold") {
  Bus bus;
  auto owner = bus.node("groupchat");
  owner->client.set_registration(claiming(1, 7));
  auto hr = bus.node("worker");
  auto statement = worker(2);
  hr->client.set_registration(statement);
  REQUIRE(bus.together({owner.get(), hr.get()}));
  owner->client.send(work("s1", 1));
  REQUIRE(bus.until([&] { return hr->messages.size() == 1; }));
  wire::HeldTurnT held;
  held.session = "s1";
  held.agent = "company.HrAgent";
  held.turn = 1;
  held.attempt = 1;
  statement.held = {held};
  hr->client.set_registration(statement);
  bus.kill();
  REQUIRE(bus.until([&] { return owner->downs == 1 && hr->downs == 1; }));
  bus.start();
  REQUIRE(bus.until([&] { return owner->ups == 2 && hr->ups == 2; }));
  owner->messages.clear();
  wire::WorkQueryT query;
  query.session = "s1";
  query.agent = "company.HrAgent";
  query.turn = 1;
  query.attempt = 1;
  auto message = wire::message(std::move(query));
  message.header.dest_kind = DestKind::intercom;
  owner->client.send(message);
  REQUIRE(bus.until([&] { return told(*owner).size() == 1; }));
  CHECK(told(*owner)[0] == wire::WorkStatus::given);
}

TEST_CASE("intercom: assigns partitions to groupchat replicas") {
  Bus bus;
  auto first = bus.node("groupchat");
  REQUIRE(bus.until([&] {
    const auto& assigned = first->client.view().assigned;
    return assigned.size() == 256 && wire::from_wire(assigned[0]) == first->replica() && wire::from_wire(assigned[255]) == first->replica();
  }));
}

TEST_CASE("intercom: answers for the directory") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto hr = bus.node("worker");
  auto statement = worker(2);
  statement.agents = {"company.HrAgent"};
  hr->client.set_registration(statement);
  REQUIRE(bus.together({gateway.get(), hr.get()}));
  wire::QueryT query;
  query.body.Set(wire::ReadDirectoryT{});
  auto message = wire::message(std::move(query));
  message.header.dest_kind = DestKind::intercom;
  const auto answer = bus.request(*gateway, std::move(message));
  REQUIRE(answer.has_value());
  REQUIRE(answer->body.AsDirectory() != nullptr);
  CHECK(answer->body.AsDirectory()->queues.size() == 1);
  CHECK(answer->body.AsDirectory()->replicas.size() == 2);
}

TEST_CASE("intercom: ends in order on SIGTERM, without an error line") {
  Bus bus;
  auto gateway = bus.node("gateway");
  REQUIRE(bus.together({gateway.get()}));
  bus.intercom().signal(SIGTERM);
  const auto end = bus.intercom().wait(5s);
  REQUIRE(end.has_value());
  INFO(fmt::format("code {}, signal {}: {}", end->code, end->signal, bus.intercom().err()));
  CHECK(*end == Exit{0, 0});
  CHECK(bus.intercom().error_lines().empty());
}

TEST_CASE("intercom: says which endpoint it cannot listen on") {
  Command command;
  command.arguments = {program("convoke-intercom"), "--intercom.bind=tcp://203.0.113.1:9"};
  Process intercom(command);
  const auto end = intercom.wait(5s);
  REQUIRE(end.has_value());
  CHECK(end->code == 1);
  CHECK(intercom.err().find("203.0.113.1") != std::string::npos);
}
