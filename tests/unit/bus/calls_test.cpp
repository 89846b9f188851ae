// The rules of unanswered calls, by event and time.
#include "bus/calls.hpp"

#include <catch2/catch.hpp>
#include <optional>

using namespace convoke;
using bus::CallOptions;
using bus::Calls;
using wire::DestKind;

namespace {

struct Desk {
  Calls calls{CallOptions{}};
  SteadyTime now{Millis{1'000}};
  std::vector<wire::HeaderT> sent;
  std::vector<Result<wire::AnswerT>> ended;
  bool up = true;
  bool full = false;

  Uuid add(wire::Class promise, DestKind kind = DestKind::owner, Millis allowed = Millis{5'000}) {
    static std::uint64_t ids = 0;
    wire::HeaderT header;
    header.id = wire::to_wire({1, ++ids});
    header.class_ = promise;
    header.dest_kind = kind;
    header.partition = 7;
    header.dest_replica = wire::to_wire({5, 5});
    calls.add(header, "body", allowed, now, [this](Result<wire::AnswerT> result) { ended.push_back(std::move(result)); });
    run();
    return wire::from_wire(header.id);
  }
  void run() {
    calls.run(now, up, [this](const wire::HeaderT& header, const std::string& body) {
      CHECK(body == "body");
      if (!full) sent.push_back(header);
      return !full;
    });
  }
  void pass(Millis time) {
    for (const auto end = now + time; now < end;) {
      now = std::min(end, std::max(now + Millis{1}, calls.next()));
      run();
    }
  }
  bool answer(const Uuid& id, wire::AnswerT answer) {
    wire::HeaderT header;
    header.correlation = wire::to_wire(id);
    return calls.answer(header, answer, now);
  }
  bool accepted(const Uuid& id) {
    wire::AnswerT body;
    body.body.Set(wire::AcceptedT{});
    return answer(id, std::move(body));
  }
  bool fault(const Uuid& id, Fault code, std::uint32_t retry_after = 0) {
    wire::AnswerT body;
    auto fault = wire::make_fault(code, "because");
    fault.retry_after_ms = retry_after;
    body.body.Set(std::move(fault));
    return answer(id, std::move(body));
  }
  void view(std::vector<std::uint64_t> replicas, std::uint64_t owner) {
    wire::ViewT view;
    view.owners.resize(256);
    view.owners[7] = wire::to_wire(owner ? Uuid{5, owner} : Uuid{});
    for (const auto replica : replicas) {
      wire::ReplicaInfoT info;
      info.replica = wire::to_wire({5, replica});
      view.replicas.push_back(info);
    }
    calls.view(view, now);
    run();
  }
  Fault error() const {
    REQUIRE(ended.size() == 1);
    REQUIRE_FALSE(ended[0].has_value());
    return ended[0].error().code;
  }
};

}  // namespace

TEST_CASE("calls: an answer ends the call, once; a second one is nobody's") {
  Desk desk;
  const auto id = desk.add(wire::Class::request);
  REQUIRE(desk.sent.size() == 1);
  CHECK(desk.sent[0].ttl_ms == 5'000);
  CHECK(desk.accepted(id));
  REQUIRE(desk.ended.size() == 1);
  CHECK(desk.ended[0].has_value());
  CHECK_FALSE(desk.accepted(id));
  CHECK(desk.calls.next() == never);
}

TEST_CASE("calls: a request is sent once, a command again and again under its id, with the time that is left") {
  Desk desk;
  desk.add(wire::Class::request);
  desk.pass(Millis{4'000});
  CHECK(desk.sent.size() == 1);
  Desk other;
  const auto id = other.add(wire::Class::command);
  other.pass(Millis{3'500});
  REQUIRE(other.sent.size() == 4);
  CHECK(wire::from_wire(other.sent[3].id) == id);
  CHECK(other.sent[3].ttl_ms == 2'000);
}

TEST_CASE("calls: without an answer a call ends at its deadline") {
  Desk desk;
  desk.add(wire::Class::command);
  desk.pass(Millis{4'999});
  CHECK(desk.ended.empty());
  desk.pass(Millis{1});
  CHECK(desk.error() == Fault::deadline);
}

TEST_CASE("calls: what nobody could take is tried again with growing delays") {
  for (const auto promise : {wire::Class::request, wire::Class::command}) {
    Desk desk;
    const auto id = desk.add(promise);
    std::vector<Millis> delays;
    for (int i = 0; i < 7; ++i) {
      desk.fault(id, Fault::no_owner);
      const auto before = desk.now;
      const auto count = desk.sent.size();
      while (desk.sent.size() == count) desk.pass(Millis{1});
      delays.push_back(desk.now - before);
    }
    CHECK(delays == std::vector{Millis{10}, Millis{20}, Millis{40}, Millis{80}, Millis{160}, Millis{200}, Millis{200}});
    CHECK(desk.accepted(id));
  }
}

TEST_CASE("calls: OVERLOADED is tried again after the delay that it names") {
  Desk desk;
  const auto id = desk.add(wire::Class::command);
  desk.fault(id, Fault::overloaded, 700);
  desk.pass(Millis{699});
  CHECK(desk.sent.size() == 1);
  desk.pass(Millis{1});
  CHECK(desk.sent.size() == 2);
}

TEST_CASE("calls: a refusal that repeating cannot help is the answer") {
  for (const auto promise : {wire::Class::request, wire::Class::command}) {
    Desk desk;
    const auto id = desk.add(promise);
    CHECK(desk.fault(id, Fault::conflict));
    CHECK(desk.error() == Fault::conflict);
    CHECK(desk.ended[0].error().message == "because");
  }
}

TEST_CASE("calls: an outage ends a request and delays a command") {
  Desk desk;
  const auto request = desk.add(wire::Class::request);
  desk.fault(request, Fault::unavailable);
  CHECK(desk.error() == Fault::unavailable);
  Desk other;
  const auto command = other.add(wire::Class::command);
  other.fault(command, Fault::unavailable);
  CHECK(other.ended.empty());
  other.pass(Millis{10});
  CHECK(other.sent.size() == 2);
}

TEST_CASE("calls: only a command that was surely never begun ends with the refusal itself") {
  Desk sure;
  const auto never_taken = sure.add(wire::Class::command, DestKind::owner, Millis{15});
  sure.fault(never_taken, Fault::no_owner);
  sure.pass(Millis{10});
  sure.fault(never_taken, Fault::no_owner);
  sure.pass(Millis{10});
  CHECK(sure.error() == Fault::no_owner);
  Desk unsure;
  const auto lost = unsure.add(wire::Class::command, DestKind::owner, Millis{15});
  unsure.fault(lost, Fault::unreachable);
  unsure.pass(Millis{10});
  unsure.fault(lost, Fault::no_owner);
  unsure.pass(Millis{10});
  CHECK(unsure.error() == Fault::deadline);
  Desk silent;  // sent, no answer, sent again, refused: the first may have been heard
  const auto twice = silent.add(wire::Class::command, DestKind::owner, Millis{1'500});
  silent.pass(Millis{1'100});
  silent.fault(twice, Fault::no_owner, 1'000);
  silent.pass(Millis{1'000});
  CHECK(silent.error() == Fault::deadline);
}

TEST_CASE("calls: wait while no intercom is there, and are sent at once when it is") {
  Desk desk;
  desk.up = false;
  desk.add(wire::Class::command);
  desk.pass(Millis{500});
  CHECK(desk.sent.empty());
  desk.up = true;
  desk.calls.reconnected(desk.now);
  desk.run();
  CHECK(desk.sent.size() == 1);
  desk.calls.reconnected(desk.now);
  desk.run();
  CHECK(desk.sent.size() == 2);
}

TEST_CASE("calls: a full queue is like a refusal") {
  Desk desk;
  desk.full = true;
  desk.add(wire::Class::request);
  desk.full = false;
  desk.pass(Millis{10});
  CHECK(desk.sent.size() == 1);
}

TEST_CASE("calls: when the owner is gone, the command is sent again at once and counts the loss") {
  Desk desk;
  desk.view({1, 2}, 1);
  desk.add(wire::Class::command);
  desk.view({1, 2}, 2);  // handed over: the first still answers
  CHECK(desk.sent.size() == 1);
  desk.view({2}, 2);
  CHECK(desk.sent.size() == 1);  // it is the second's by now
  desk.view({3}, 3);
  REQUIRE(desk.sent.size() == 2);
  CHECK(desk.sent[1].owner_losses == 1);
  desk.view({4}, 0);
  REQUIRE(desk.sent.size() == 3);
  CHECK(desk.sent[2].owner_losses == 2);
}

TEST_CASE("calls: an owner that was lost on the way counts as well, once") {
  Desk desk;
  desk.view({1}, 1);
  const auto id = desk.add(wire::Class::command);
  desk.fault(id, Fault::unreachable);
  desk.view({2}, 2);
  desk.pass(Millis{10});
  REQUIRE(desk.sent.size() == 2);
  CHECK(desk.sent[1].owner_losses == 1);
}

TEST_CASE("calls: one death is one loss, also when the view still has the owner as the call is sent again") {
  Desk desk;
  desk.view({1}, 1);
  const auto id = desk.add(wire::Class::command);
  desk.fault(id, Fault::unreachable);
  desk.pass(Millis{10});
  REQUIRE(desk.sent.size() == 2);
  desk.fault(id, Fault::unreachable);
  desk.pass(Millis{20});
  REQUIRE(desk.sent.size() == 3);
  desk.view({2}, 2);
  REQUIRE(desk.sent.size() == 4);
  CHECK(desk.sent[3].owner_losses == 1);
  desk.view({3}, 3);
  REQUIRE(desk.sent.size() == 5);
  CHECK(desk.sent[4].owner_losses == 2);
}

TEST_CASE("calls: to a replica that has gone they fail at once") {
  Desk desk;
  desk.view({5}, 0);
  desk.add(wire::Class::request, DestKind::replica);
  desk.view({5, 6}, 0);
  CHECK(desk.ended.empty());
  desk.view({6}, 0);
  CHECK(desk.error() == Fault::unreachable);
}

TEST_CASE("calls: are bounded") {
  Calls calls(CallOptions{.max_calls = 1});
  std::vector<Fault> ended;
  for (std::uint64_t n = 1; n <= 2; ++n) {
    wire::HeaderT header;
    header.id = wire::to_wire({1, n});
    calls.add(header, "", Millis{10}, SteadyTime{}, [&](const Result<wire::AnswerT>& result) { ended.push_back(result.error().code); });
  }
  CHECK(ended == std::vector{Fault::overloaded});
}

TEST_CASE("calls: can be cancelled") {
  Desk desk;
  const auto id = desk.add(wire::Class::request);
  desk.add(wire::Class::request);
  desk.calls.cancel(id);
  CHECK(desk.error() == Fault::cancelled);
  desk.calls.cancel_all();
  CHECK(desk.ended.size() == 2);
  CHECK(desk.calls.size() == 0);
}
