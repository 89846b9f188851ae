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
