// The client against a real intercom process.
#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::test;
using wire::DestKind;

TEST_CASE("bus: a client registers, and others see who it is") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto worker = bus.node("worker");
  wire::RegisterT statement;
  statement.agents = {"company.HrAgent"};
  worker->client.set_registration(statement);
  REQUIRE(bus.together({gateway.get(), worker.get()}));
  CHECK(gateway->client.trouble().empty());
  REQUIRE(bus.until([&] {
    for (const auto& info : gateway->client.view().replicas)
      if (!info.agents.empty()) return info.agents[0] == "company.HrAgent";
    return false;
  }));
  statement.agents.push_back("company.Other");
  worker->client.set_registration(statement);
  CHECK(bus.until([&] {
    for (const auto& info : gateway->client.view().replicas)
      if (info.agents.size() == 2) return true;
    return false;
  }));
}

TEST_CASE("bus: a request is answered by whom it was for") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.node("planner");
  planner->answer_all();
  REQUIRE(bus.together({gateway.get(), planner.get()}));
  const auto by_id = bus.request(*gateway, query_to(planner->replica()));
  REQUIRE(by_id.has_value());
  CHECK(by_id->body.AsAccepted() != nullptr);
  CHECK(bus.request(*gateway, query_to(DestKind::service, "planner")).has_value());
  CHECK(planner->asked == 2);
  CHECK(gateway->client.counters().calls == 0);
}

TEST_CASE("bus: what may wait leaves with the next message of its class, in its order, or alone a little later") {
  Bus bus;
  auto options = bus.options();
  options.linger_small = 1h;
  auto patient = bus.node("gateway", options);
  auto quick = bus.node("gateway");
  auto planner = bus.node("planner");
  REQUIRE(bus.together({patient.get(), quick.get(), planner.get()}));
  const auto say = [&](Node& node, bool may_wait) {
    auto message = query_to(planner->replica());
    message.may_wait = may_wait;
    return node.client.send(std::move(message));
  };
  const auto waits = say(*patient, true);
  CHECK_FALSE(bus.until([&] { return !planner->messages.empty(); }, 100ms));
  auto other = query_to(planner->replica());
  other.header.class_ = wire::Class::work;
  const auto overtakes = patient->client.send(std::move(other));
  REQUIRE(bus.until([&] { return planner->messages.size() == 1; }));
  CHECK(wire::from_wire(planner->messages[0].header.id) == overtakes);
  planner->messages.clear();
  const auto next = say(*patient, false);
  REQUIRE(bus.until([&] { return planner->messages.size() == 2; }));
  CHECK(wire::from_wire(planner->messages[0].header.id) == waits);
  CHECK(wire::from_wire(planner->messages[1].header.id) == next);
  say(*quick, true);
  CHECK(bus.until([&] { return planner->messages.size() == 3; }));
  auto late = bus.node("gateway", options);
  say(*late, true);  // before it has a connection: then it has waited
  CHECK(bus.until([&] { return planner->messages.size() == 4; }));
}

TEST_CASE("bus: a request that nobody answers ends at its deadline; one to nobody with the reason") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.node("planner");
  planner->handler = [](const wire::Message&) {};
  REQUIRE(bus.together({gateway.get(), planner.get()}));
  const auto silent = bus.request(*gateway, query_to(planner->replica()), 100ms);
  REQUIRE_FALSE(silent.has_value());
  CHECK(silent.error().code == Fault::deadline);
  const auto nobody = bus.request(*gateway, query_to(fresh()), 2s);
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().code == Fault::unreachable);
  const auto no_owner = bus.request(
      *gateway,
      [] {
        auto message = query_to(DestKind::owner);
        message.header.partition = 3;
        return message;
      }(),
      100ms);
  REQUIRE_FALSE(no_owner.has_value());
  CHECK(no_owner.error().code == Fault::no_owner);
}

TEST_CASE("bus: a command waits for an owner, and is answered when there is one") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto owner = bus.node("groupchat");
  owner->answer_all();
  REQUIRE(bus.together({gateway.get(), owner.get()}));
  std::optional<Result<wire::AnswerT>> got;
  boost::asio::co_spawn(bus.io(), gateway->client.command(command_to_owner(9), 5s),
                        [&](const std::exception_ptr&, Result<wire::AnswerT> result) { got = std::move(result); });
  CHECK_FALSE(bus.until([&] { return got.has_value(); }, 100ms));
  owner->client.set_registration(claiming(1, 9));
  REQUIRE(bus.until([&] { return got.has_value(); }));
  CHECK(got->has_value());
}

TEST_CASE("bus: a command is repeated under the same id until it is answered") {
  Bus bus;
  auto options = bus.options();
  options.repeat = 50ms;
  auto gateway = bus.node("gateway", options);
  auto owner = bus.node("groupchat");
  owner->client.set_registration(claiming(1, 9));
  std::vector<Uuid> ids;
  owner->handler = [&](const wire::Message& message) {
    ids.push_back(wire::from_wire(message.header.id));
    if (ids.size() == 3) owner->client.send(wire::reply(message.header, wire::AcceptedT{}));
  };
  REQUIRE(bus.together({gateway.get(), owner.get()}));
  CHECK(bus.command(*gateway, command_to_owner(9)).has_value());
  REQUIRE(ids.size() == 3);
  CHECK(ids[0] == ids[2]);
  // Never answered: the caller learns that it does not know, not a guess.
  owner->handler = [](const wire::Message&) {};
  const auto unknown = bus.command(*gateway, command_to_owner(9), 120ms);
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == Fault::deadline);
}

TEST_CASE("bus: an owner that dies with a command is counted in it, and its successor answers") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto first = bus.node("groupchat");
  auto second = bus.node("groupchat");
  first->client.set_registration(claiming(1, 9));
  REQUIRE(bus.together({gateway.get(), first.get(), second.get()}));
  REQUIRE(bus.until([&] { return wire::from_wire(gateway->client.view().owners[9]) == first->replica(); }));
  int losses = -1;
  second->handler = [&](const wire::Message& message) {
    if (message.as<wire::CommandT>() == nullptr) return;
    losses = message.header.owner_losses;
    second->client.send(wire::reply(message.header, wire::AcceptedT{}));
  };
  bool died = false;
  first->handler = [&](const wire::Message& message) {
    if (message.as<wire::CommandT>() != nullptr) died = true;
  };
  std::optional<Result<wire::AnswerT>> got;
  boost::asio::co_spawn(bus.io(), gateway->client.command(command_to_owner(9), 8s),
                        [&](const std::exception_ptr&, Result<wire::AnswerT> result) { got = std::move(result); });
  REQUIRE(bus.until([&] { return died; }));
  first.reset();
  REQUIRE(bus.until([&] { return Bus::of_service(*gateway, "groupchat") == 1; }));
  second->client.set_registration(claiming(2, 9));
  REQUIRE(bus.until([&] { return got.has_value(); }));
  CHECK(got->has_value());
  CHECK(losses >= 1);  // a slow machine may lose the connection once more
}

TEST_CASE("bus: the intercom is killed: clients come back, state themselves again and repeat what is unanswered") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto owner = bus.node("groupchat");
  owner->client.set_registration(claiming(4, 9));
  gateway->client.subscribe({"c1"});
  int commands = 0;
  owner->handler = [&](const wire::Message& message) {
    if (message.as<wire::CommandT>() == nullptr) return;
    if (++commands >= 2) owner->client.send(wire::reply(message.header, wire::AcceptedT{}));
  };
  REQUIRE(bus.together({gateway.get(), owner.get()}));
  std::optional<Result<wire::AnswerT>> got;
  boost::asio::co_spawn(bus.io(), gateway->client.command(command_to_owner(9), 20s),
                        [&](const std::exception_ptr&, Result<wire::AnswerT> result) { got = std::move(result); });
  REQUIRE(bus.until([&] { return commands == 1; }));
  bus.kill();
  REQUIRE(bus.until([&] { return gateway->downs == 1 && owner->downs == 1; }));
  CHECK_FALSE(gateway->client.connected());
  CHECK_FALSE(gateway->client.trouble().empty());
  bus.start();
  REQUIRE(bus.until([&] { return got.has_value(); }));
  CHECK(got->has_value());
  CHECK(gateway->ups == 2);
  REQUIRE(bus.together({gateway.get(), owner.get()}));
  auto push = wire::message(wire::PushT{});
  push.header.dest_kind = DestKind::stream;
  push.header.dest = "c1";
  owner->client.send(push);
  CHECK(bus.until([&] { return !gateway->messages.empty(); }));
}

TEST_CASE("bus: an intercom that dies is noticed by the end of its connection, not by its silence") {
  Bus bus;
  auto options = bus.options();
  options.lost_after = 60s;
  auto gateway = bus.node("gateway", options);
  REQUIRE(bus.until([&] { return gateway->client.connected(); }));
  bus.kill();
  CHECK(bus.until([&] { return gateway->downs == 1; }, 2s));  // ZeroMQ's own heartbeat takes three
  bus.start();
  CHECK(bus.until([&] { return gateway->client.connected(); }));
}

TEST_CASE("bus: a client that was forgotten registers again and repeats its calls") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.peer("planner");
  REQUIRE(bus.until([&] { return gateway->client.connected() && Bus::of_service(*gateway, "planner") == 1; }));
  planner->signal(SIGSTOP);
  REQUIRE(bus.until([&] { return Bus::of_service(*gateway, "planner") == 0; }));
  planner->signal(SIGCONT);
  REQUIRE(bus.until([&] { return Bus::of_service(*gateway, "planner") == 1; }));
  CHECK(bus.request(*gateway, query_to(DestKind::service, "planner")).has_value());
}

TEST_CASE("bus: whoever closes is gone at once, and its open calls end") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.node("planner");
  planner->handler = [](const wire::Message&) {};
  REQUIRE(bus.together({gateway.get(), planner.get()}));
  std::optional<Result<wire::AnswerT>> got;
  boost::asio::co_spawn(bus.io(), planner->client.request(query_to(gateway->replica()), 20s),
                        [&](const std::exception_ptr&, Result<wire::AnswerT> result) { got = std::move(result); });
  REQUIRE(bus.until([&] { return !gateway->messages.empty(); }));
  const auto start = std::chrono::steady_clock::now();
  planner->client.close();
  REQUIRE(bus.until([&] { return Bus::of_service(*gateway, "planner") == 0; }));
  CHECK(std::chrono::steady_clock::now() - start < 700ms);
  REQUIRE(got.has_value());
  CHECK(got->error().code == Fault::cancelled);
}

TEST_CASE("bus: streams reach their subscribers in order") {
  Bus bus;
  auto owner = bus.node("groupchat");
  auto gateway = bus.node("gateway");
  gateway->client.subscribe({"c1"});
  REQUIRE(bus.together({owner.get(), gateway.get()}));
  for (std::uint64_t n = 1; n <= 2'000; ++n) {
    wire::PushT body;
    wire::DeltaT delta;
    delta.offset = n;
    body.body.Set(std::move(delta));
    auto push = wire::message(std::move(body));
    push.header.dest_kind = DestKind::stream;
    push.header.dest = n % 2 == 0 ? "c1" : "c2";
    owner->client.send(push);
  }
  REQUIRE(bus.until([&] { return gateway->messages.size() == 1'000; }));
  std::uint64_t next = 2;
  for (const auto& message : gateway->messages) {
    CHECK(message.as<wire::PushT>()->body.AsDelta()->offset == next);
    next += 2;
  }
  gateway->client.unsubscribe({"c1"});
  CHECK(bus.request(*owner, query_to(DestKind::intercom), 2s).error().code == Fault::unknown_kind);
}

TEST_CASE("bus: what is too large is refused here, and disturbs nothing") {
  Bus bus;
  auto gateway = bus.node("gateway");
  auto planner = bus.node("planner");
  planner->answer_all();
  REQUIRE(bus.together({gateway.get(), planner.get()}));
  auto large = query_to(planner->replica());
  large.as<wire::QueryT>()->scope = std::string(17u << 20, 'x');
  gateway->client.send(large);
  REQUIRE(bus.until([&] { return gateway->faults(Fault::too_large) == 1; }));
  const auto refused = bus.request(*gateway, large);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Fault::too_large);
  CHECK(bus.request(*gateway, query_to(planner->replica())).has_value());
  CHECK(gateway->downs == 0);
  large.as<wire::QueryT>()->scope = std::string(9u << 20, 'x');  // larger than the window, smaller than the limit
  CHECK(bus.request(*gateway, large).has_value());
}

TEST_CASE("bus: with keys, only who knows the intercom's is heard") {
  bus::Keys server;
  bus::Keys own;
  bus::make_keys(server, own);
  Bus bus({"--intercom.secret_key=" + server.own_secret});
  auto options = bus.options();
  options.socket.keys = own;
  options.socket.keys.server_public = server.own_public;
  auto gateway = bus.node("gateway", options);
  CHECK(bus.until([&] { return gateway->client.connected(); }));
  auto plain = bus.node("gateway");
  CHECK_FALSE(bus.until([&] { return plain->client.connected(); }, 700ms));
}

TEST_CASE("bus: with a token, a client without it stays out and says why") {
  Bus bus({"--intercom.token=open-sesame"});
  auto stranger = bus.node("gateway");
  REQUIRE(bus.until([&] { return stranger->client.trouble().find("token") != std::string::npos; }));
  CHECK_FALSE(stranger->client.connected());
  auto options = bus.options();
  options.token = "open-sesame";
  auto gateway = bus.node("gateway", options);
  CHECK(bus.until([&] { return gateway->client.connected(); }));
}
