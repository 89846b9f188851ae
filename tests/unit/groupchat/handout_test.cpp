// Where a session's open turns are, as the intercom and their workers tell it.
#include "session_driver.hpp"

using namespace convoke;
using namespace convoke::groupchat::test;

namespace {

wire::OpenChatT chat(std::string text) {
  wire::OpenChatT open;
  open.team = "t";
  open.agent = "t.A";
  open.text = std::move(text);
  return open;
}

const wire::Message* last_control(const Driver& driver) {
  for (auto it = driver.sent.rbegin(); it != driver.sent.rend(); ++it)
    if (it->as<wire::ControlT>() != nullptr) return &*it;
  return nullptr;
}

void cancel_run(Driver& driver) {
  wire::CancelT cancel;
  cancel.run = driver.accepted().run;
  driver.command(std::move(cancel));
}

}  // namespace

TEST_CASE("session: a turn that waits for a worker is taken out of the queue when it is cancelled") {
  Driver driver;
  driver.command(chat("hello"));
  driver.list_answers();
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::parked);
  cancel_run(driver);
  const auto* control = last_control(driver);
  REQUIRE(control != nullptr);
  CHECK(control->as<wire::ControlT>()->kind == wire::ControlKind::cancel);
  CHECK(control->as<wire::ControlT>()->turn == work.turn);
  CHECK(control->header.dest_kind == wire::DestKind::agent);
  CHECK(control->header.dest == "t.A");
}

TEST_CASE("session: a cancelled turn is also taken out of the queue when the queue has not answered yet") {
  Driver driver;
  driver.command(chat("hello"));
  driver.list_answers();
  cancel_run(driver);
  REQUIRE(last_control(driver) != nullptr);
  CHECK(last_control(driver)->header.dest_kind == wire::DestKind::agent);
}

TEST_CASE("session: whoever has a cancelled turn is told directly") {
  Driver driver;
  driver.command(chat("hello"));
  driver.list_answers();
  driver.state(driver.work("t.A"), wire::WorkStatus::given);
  cancel_run(driver);
  REQUIRE(last_control(driver) != nullptr);
  CHECK(last_control(driver)->header.dest_kind == wire::DestKind::replica);
}

TEST_CASE("session: a turn that its holder does not have is given again at once, and that is nobody's failure") {
  Driver driver;
  driver.command(chat("hello"));
  driver.list_answers();
  for (std::uint32_t attempt = 1; attempt <= 4; ++attempt) {
    const auto work = driver.work("t.A");
    CHECK(work.attempt == attempt);
    driver.state(work, wire::WorkStatus::given);
    driver.sent.clear();
    driver.advance(Millis{3'000});
    REQUIRE(last_control(driver) != nullptr);
    CHECK(last_control(driver)->as<wire::ControlT>()->kind == wire::ControlKind::holding);
    driver.report(work, 0, wire::ReturnedT{});
  }
  CHECK(driver.work("t.A").attempt == 5);
  driver.answer(driver.work("t.A"), "hi");
  CHECK(driver.state_now().instances[0].last_turn == 1);
}

TEST_CASE("session: who says that another worker's turn is not held does not keep it alive") {
  Driver driver;
  driver.command(chat("hello"));
  driver.list_answers();
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::given);
  driver.worker = Uuid{7, 7};
  wire::ItemT item;
  item.n = 1;
  item.kind = wire::ItemKind::response;
  item.text = "hm";
  driver.report(work, 1, std::move(item));
  driver.advance(Millis{3'000});
  driver.worker = Uuid{8, 8};
  driver.report(work, 0, wire::ReturnedT{});
  CHECK(driver.work("t.A").attempt == 1);
  driver.advance(Millis{3'000});
  CHECK(driver.work("t.A").attempt == 2);
}
