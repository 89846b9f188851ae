#include "session_driver.hpp"

using namespace convoke;
using namespace convoke::groupchat;
using namespace convoke::groupchat::test;
using wire::EventKind;

TEST_CASE("session: a plain chat turn costs two commits") {
  Driver driver;
  const auto conversation = chat(driver);
  driver.answer(driver.work("t.A"), "hi");
  driver.advance(Millis{10});
  const auto before = driver.version;
  driver.command(wire::PostT{{}, conversation, "again"});
  driver.answer(driver.work("t.A"), "hi again");
  driver.advance(Millis{10});
  CHECK(driver.version == before + 2);
  CHECK(driver.kinds(conversation) == std::vector{EventKind::message, EventKind::message, EventKind::run_ended, EventKind::message,
                                                  EventKind::message, EventKind::run_ended});
  CHECK(driver.last(EventKind::run_ended).data.find("completed") != std::string::npos);
  CHECK(driver.events.back().seq == 6);
}

TEST_CASE("session: the answer to a creation waits for the user's list, or half a second") {
  Driver driver;
  wire::OpenChatT open;
  open.team = "t";
  open.agent = "t.A";
  driver.command(open);
  CHECK(driver.count<wire::AnswerT>() == 0);
  driver.advance(Millis{499});
  CHECK(driver.count<wire::AnswerT>() == 0);
  driver.advance(Millis{1});
  CHECK(driver.count<wire::AnswerT>() == 1);
}

TEST_CASE("session: a notice is repeated until the list has it, and then no more") {
  Driver driver;
  wire::OpenChatT open;
  open.team = "t";
  open.agent = "t.A";
  driver.command(open);
  CHECK(driver.count<wire::CommandT>() == 1);
  driver.advance(Millis{1000});
  CHECK(driver.count<wire::CommandT>() == 2);
  driver.list_answers();
  driver.advance(Millis{1000});
  driver.advance(Millis{1000});
  CHECK(driver.count<wire::CommandT>() == 2);
  CHECK(driver.logic().due() == std::nullopt);
}

TEST_CASE("session: an answer to an older notice does not count for a newer one") {
  Driver driver;
  chat(driver);
  const auto old_version = driver.notice().version;
  driver.advance(Millis{1500});
  wire::CreateTaskT task;
  task.team = "t";
  task.description = "do it";
  driver.command(std::move(task));
  REQUIRE(driver.notice().version > old_version);
  driver.list_answers(old_version);
  driver.advance(Millis{1000});
  driver.advance(Millis{1000});
  const auto notices = driver.count<wire::CommandT>();
  CHECK(notices >= 3);
  driver.list_answers();
  driver.advance(Millis{1000});
  driver.advance(Millis{1000});
  CHECK(driver.count<wire::CommandT>() == notices);
}

TEST_CASE("session: a notice sent after a read does not pass for that of the next change") {
  Driver driver;
  wire::OpenChatT open;
  open.team = "t";
  open.agent = "t.A";
  driver.command(open);
  wire::QueryT query;
  query.scope = "s:" + driver.session;
  query.body.Set(wire::ReadSessionT{});
  driver.deliver(wire::message(std::move(query)));
  driver.advance(Millis{1'000});
  driver.list_answers();
  const auto before = driver.count<wire::CommandT>();
  wire::CreateTaskT task;
  task.team = "t";
  task.description = "a task";
  driver.command(std::move(task));
  driver.advance(Millis{1'000});
  CHECK(driver.count<wire::CommandT>() > before);
}

TEST_CASE("session: nobody is given leave to begin anything in a turn that is over") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto work = driver.work("t.A");
  driver.report(work, 1, response("c1", "pay"));
  driver.report(work, 2, result_of("c1", "pay", "paid"));
  driver.answer(work, "done", 2);
  driver.answer(work, "done", 2);
  CHECK(driver.last_fault() == Fault::none);      // its worker has not heard that it is over
  driver.report(work, 1, response("c1", "pay"));  // the same Work came again: acknowledged, it would pay again
  CHECK(driver.last_fault() == Fault::turn_closed);
  CHECK(std::ranges::count(driver.kinds(conversation), EventKind::late_result) == 0);
}

TEST_CASE("session: of two workers that were given the same attempt one has it") {
  Driver driver;
  chat(driver);
  const auto work = driver.work("t.A");
  const Uuid first{1, 1};
  const Uuid second{2, 2};
  driver.worker = first;
  driver.report(work, 1, response("c1", "pay"));
  CHECK(driver.last_fault() == Fault::none);
  driver.worker = second;
  driver.report(work, 1, response("c1", "pay"));  // acknowledged, it would pay again
  CHECK(driver.last_fault() == Fault::turn_closed);
  driver.answer(work, "done", 1);
  CHECK(driver.last_fault() == Fault::turn_closed);
  driver.worker = first;
  driver.forwards = 1;  // by an owner: who said it first is not known
  driver.report(work, 2, result_of("c1", "pay", "paid"));
  CHECK(driver.last_fault() == Fault::no_owner);
  driver.forwards = 0;
  driver.report(work, 2, result_of("c1", "pay", "paid"));
  CHECK(driver.last_fault() == Fault::none);
  driver.answer(work, "done", 2);
  CHECK(driver.last_fault() == Fault::none);
}

TEST_CASE("session: the next attempt is anybody's") {
  Driver driver;
  chat(driver);
  driver.worker = {1, 1};
  driver.report(driver.work("t.A"), 1, response("c1", "pay"));
  driver.state(driver.work("t.A"), wire::WorkStatus::lost);
  driver.worker = {2, 2};
  driver.report(driver.work("t.A"), 2, result_of("c1", "pay", "paid"));
  CHECK(driver.last_fault() == Fault::none);
  driver.answer(driver.work("t.A"), "done", 2);
  CHECK(driver.last_fault() == Fault::none);
}

TEST_CASE("session: what a worker says in other types and letters than agreed ends nobody") {
  for (const std::string text : {R"({"tool_calls":[{"id":1,"function":{"name":2,"arguments":{}}}]})",
                                 R"({"tool_calls":[7,{"function":[]}]})", R"({"tool_calls":{}})", "[]", "nothing", "\xff"}) {
    Driver driver;
    chat(driver);
    const auto work = driver.work("t.A");
    wire::ItemT item;
    item.kind = wire::ItemKind::response;
    item.text = text;
    driver.report(work, 1, std::move(item));
    CHECK(driver.last_fault() == Fault::none);
    driver.report(work, 2, result_of("\xfe", "\xff", "\xc3"));
    CHECK(driver.last_fault() == Fault::none);
  }
}

TEST_CASE("session: a turn that ends as its kind cannot end has failed, and nobody waits for it for ever") {
  Driver driver;
  chat(driver);
  const auto outcome = GENERATE(wire::Outcome::draft, wire::Outcome::decision, wire::Outcome::awaiting, static_cast<wire::Outcome>(99));
  CAPTURE(static_cast<int>(outcome));
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
    const auto work = driver.work("t.A");
    CHECK(work.attempt == attempt);
    wire::TurnResultT result;
    result.outcome = outcome;
    driver.report(work, 0, std::move(result));
    CHECK(driver.last_fault() == Fault::none);  // heard
  }
  CHECK(driver.last(EventKind::dead_letter).text.find("does not end a turn of kind `chat`") != std::string::npos);
  CHECK(driver.last(EventKind::run_ended).data.find("poison") != std::string::npos);
}

TEST_CASE("session: a report of no kind that is known here is refused") {
  Driver driver;
  chat(driver);
  const auto work = driver.work("t.A");
  wire::ItemT item;
  item.kind = static_cast<wire::ItemKind>(99);
  driver.report(work, 1, std::move(item));
  CHECK(driver.last_fault() == Fault::unknown_kind);
  wire::ReportT empty;
  empty.session = driver.session;
  empty.agent = work.agent;
  empty.turn = work.turn;
  empty.attempt = work.attempt;
  auto message = wire::message(std::move(empty));
  message.header.source = "agent/" + work.agent;
  driver.deliver(std::move(message));
  CHECK(driver.last_fault() == Fault::unknown_kind);
  driver.answer(work, "hi");
  CHECK(driver.last_fault() == Fault::none);
}

TEST_CASE("session: items are applied once, in their order, by the open attempt alone") {
  Driver driver;
  chat(driver);
  const auto work = driver.work("t.A");
  driver.report(work, 2, result_of("c1", "x", "r"));
  CHECK(driver.last_fault() == Fault::expected);
  driver.report(work, 1, response("c1", "x"));
  CHECK(driver.last_fault() == Fault::none);
  const auto length = driver.logs["tr:t.A"].size();
  driver.report(work, 1, response("c1", "x"));
  CHECK(driver.last_fault() == Fault::none);
  CHECK(driver.logs["tr:t.A"].size() == length);
  auto older = work;
  older.attempt = 0;
  driver.report(older, 2, result_of("c1", "x", "r"));
  CHECK(driver.last_fault() == Fault::turn_closed);
  driver.answer(work, "done", 0);
  CHECK(driver.last_fault() == Fault::expected);
}

TEST_CASE("session: the same result again is acknowledged, another attempt's is late") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::given);
  driver.report(work, 1, response("c1", "x"));
  driver.state(work, wire::WorkStatus::lost);
  const auto second = driver.work("t.A");
  CHECK(second.attempt == 2);
  CHECK(second.items_total == 1);
  driver.answer(second, "done", 1);
  const auto version = driver.version;
  driver.answer(second, "done", 1);
  CHECK(driver.last_fault() == Fault::none);
  CHECK(driver.version == version);
  driver.answer(work, "zombie", 1);
  CHECK(driver.last_fault() == Fault::turn_closed);
  CHECK(driver.kinds(conversation).back() == EventKind::late_result);
  driver.answer(work, "zombie", 1);
  const auto kinds = driver.kinds(conversation);
  CHECK(std::count(kinds.begin(), kinds.end(), EventKind::late_result) == 1);
}

TEST_CASE("session: messages that wait together are answered together") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto first = driver.work("t.A");
  driver.command(wire::PostT{{}, conversation, "two"});
  driver.command(wire::PostT{{}, conversation, "three"});
  CHECK(driver.works("t.A") == 1);
  driver.answer(first, "one");
  const auto second = driver.work("t.A");
  REQUIRE(second.input.size() == 2);
  CHECK(second.input[1].text == "three");
  CHECK(second.input[0].run == second.input[1].run);
  const auto merged = std::count_if(driver.events.begin(), driver.events.end(),
                                    [](const auto& event) { return event.data.find("merged") != std::string::npos; });
  CHECK(merged == 1);
}

TEST_CASE("session: a worker that dies three times leaves a dead letter, which can be repeated") {
  Driver driver;
  const auto conversation = chat(driver);
  for (int i = 0; i < 3; ++i) {
    const auto work = driver.work("t.A");
    driver.report(work, 1, response("c", "x"));
    driver.state(work, wire::WorkStatus::lost);
  }
  const auto letter = driver.last(EventKind::dead_letter).data;
  CHECK(driver.last(EventKind::dead_letter).text.find("stays done") != std::string::npos);
  CHECK(driver.last(EventKind::outcome_unknown).data.find("\"c\"") != std::string::npos);
  CHECK(driver.last(EventKind::run_ended).data.find("poison") != std::string::npos);
  const auto works = driver.works("t.A");
  const auto at = letter.find("s1~x");
  driver.command(wire::SettleLetterT{{}, letter.substr(at, letter.find('"', at) - at), wire::LetterAction::retry});
  CHECK(driver.last_fault() == Fault::none);
  CHECK(driver.works("t.A") == works + 1);
  driver.answer(driver.work("t.A"), "now it works");
  CHECK(driver.kinds(conversation).back() == EventKind::run_ended);
}

TEST_CASE("session: the newest dead letters are kept, and those that leave are named") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto dies = [&](std::string text) {
    driver.command(wire::PostT{{}, conversation, std::move(text)});
    for (int i = 0; i < 3; ++i) {
      const auto work = driver.work("t.A");
      driver.report(work, 1, response("c", "x"));
      driver.state(work, wire::WorkStatus::lost);
    }
  };
  driver.answer(driver.work("t.A"), "one");
  const auto kept = [&] { return driver.state_now().dead_letters.size(); };
  for (int i = 0; i < 103; ++i) dies("short");
  CHECK(kept() == 100);
  const auto dropped = driver.kinds(conversation);
  CHECK(std::ranges::count(dropped, EventKind::letter_dropped) == 3);
  CHECK(driver.last(EventKind::letter_dropped).author == "system");
  CHECK(driver.last(EventKind::letter_dropped).data.find("s1~x") != std::string::npos);
  for (int i = 0; i < 5; ++i) dies(std::string(std::size_t{60} * 1024, 'a'));
  CHECK(kept() == 4);
  const auto oldest = driver.state_now().dead_letters.front().letter->id;
  driver.command(wire::SettleLetterT{{}, oldest, wire::LetterAction::drop});
  CHECK(driver.last_fault() == Fault::none);
  CHECK(kept() == 3);
  CHECK(driver.last(EventKind::letter_dropped).author == "user/ann");
}

TEST_CASE("session: an attempt that nobody had begun is no failure") {
  Driver driver;
  chat(driver);
  for (int i = 0; i < 10; ++i) driver.state(driver.work("t.A"), wire::WorkStatus::lost);
  CHECK(driver.work("t.A").attempt == 11);
  driver.answer(driver.work("t.A"), "at last");
  CHECK(driver.last_fault() == Fault::none);
}

TEST_CASE("session: a new owner asks where the open turn is, and gives it again only when nobody has it") {
  Driver driver;
  chat(driver);
  const auto work = driver.work("t.A");
  driver.crash();
  CHECK(driver.works("t.A") == 1);
  CHECK(driver.count<wire::WorkQueryT>() == 1);
  SECTION("a worker has it") {
    driver.state(work, wire::WorkStatus::given);
    driver.advance(Millis{2000});
    CHECK(driver.works("t.A") == 1);
    driver.answer(work, "hi");
    CHECK(driver.last_fault() == Fault::none);
  }
  SECTION("nobody has it") {
    driver.state(work, wire::WorkStatus::unknown);
    driver.advance(Millis{1});
    CHECK(driver.work("t.A").attempt == 2);
    driver.answer(work, "zombie");
    CHECK(driver.last_fault() == Fault::turn_closed);
  }
}

TEST_CASE("session: a silent worker is asked, then given up") {
  Driver driver;
  chat(driver);
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::given);
  for (int i = 0; i < 5; ++i) driver.advance(Millis{1000});
  CHECK(driver.count<wire::ControlT>() >= 1);
  CHECK(driver.works("t.A") == 1);
  for (int i = 0; i < 3; ++i) driver.advance(Millis{1000});
  CHECK(driver.work("t.A").attempt == 2);
}

TEST_CASE("session: parked work is asked for every ten seconds, not sent again") {
  Driver driver;
  chat(driver);
  driver.state(driver.work("t.A"), wire::WorkStatus::parked);
  for (int i = 0; i < 25; ++i) driver.advance(Millis{1000});
  CHECK(driver.works("t.A") == 1);
  CHECK(driver.count<wire::WorkQueryT>() == 2);
}

TEST_CASE("session: what belongs to somebody else is not found, and refusals change nothing") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto version = driver.version;
  driver.command(wire::PostT{{}, conversation, "let me in"}, "eve");
  CHECK(driver.last_fault() == Fault::not_found);
  driver.command(wire::PostT{{}, conversation, ""});
  CHECK(driver.last_fault() == Fault::invalid);
  driver.command(wire::PostT{{}, conversation, "\xFF"});
  CHECK(driver.last_fault() == Fault::invalid);
  driver.command(wire::PostT{{}, "s1~d99", "x"});
  CHECK(driver.last_fault() == Fault::not_found);
  CHECK(driver.version == version);
}

TEST_CASE("session: deleted means gone, and its user hears of it before the scope goes") {
  Driver driver;
  const auto conversation = chat(driver);
  driver.command(wire::DeleteSessionT{});
  CHECK_FALSE(driver.removed);
  driver.command(wire::PostT{{}, conversation, "x"});
  CHECK(driver.last_fault() == Fault::gone);
  driver.advance(Millis{1000});
  driver.list_answers();
  driver.advance(Millis{1000});
  CHECK(driver.removed);
}

TEST_CASE("budget: work says what its run may still use, and a worker that finds it used up ends the run so") {
  Driver driver;
  driver.teams.team.limits.max_run_tokens = 1'000;
  const auto conversation = chat(driver);
  CHECK(driver.work("t.A").tokens_left == 1'000);
  wire::ItemT item = response("c1", "pay");
  item.usage = std::make_unique<wire::UsageT>();
  item.usage->prompt_tokens = 300;
  item.usage->completion_tokens = 100;
  driver.report(driver.work("t.A"), 1, std::move(item));
  driver.state(driver.work("t.A"), wire::WorkStatus::lost);
  CHECK(driver.work("t.A").attempt == 2);
  CHECK(driver.work("t.A").tokens_left == 600);
  driver.crash();  // the next owner knows it too
  driver.state(driver.work("t.A"), wire::WorkStatus::unknown);
  driver.tick();
  CHECK(driver.work("t.A").attempt == 3);
  CHECK(driver.work("t.A").tokens_left == 600);
  wire::TurnResultT result;
  result.outcome = wire::Outcome::failed;
  result.fault = static_cast<std::uint16_t>(Fault::budget);
  driver.report(driver.work("t.A"), 1, std::move(result));
  CHECK(driver.last(EventKind::run_ended).data.find("over_budget") != std::string::npos);
}

TEST_CASE("budget: 0 is no limit, and what is used up is not told as none") {
  Driver driver;
  driver.teams.team.limits.max_run_tokens = 0;
  chat(driver);
  CHECK(driver.work("t.A").tokens_left == 0);
  Driver other;
  other.teams.team.limits.max_run_tokens = 400;
  chat(other);
  wire::ItemT item = response("c1", "pay");
  item.usage = std::make_unique<wire::UsageT>();
  item.usage->prompt_tokens = 400;
  other.report(other.work("t.A"), 1, std::move(item));
  other.state(other.work("t.A"), wire::WorkStatus::lost);
  CHECK(other.work("t.A").tokens_left == 1);
}

namespace {

wire::Message delta(const wire::WorkT& work, std::uint64_t offset, std::string text) {
  wire::DeltaT piece;
  piece.conversation = work.conversation;
  piece.message = work.message;
  piece.attempt = work.attempt;
  piece.offset = offset;
  piece.text = std::move(text);
  wire::PushT push;
  push.body.Set(std::move(piece));
  return wire::message(std::move(push));
}

std::vector<wire::DeltaT> text_so_far(Driver& driver, const std::string& conversation) {
  wire::QueryT query;
  query.scope = "s:" + driver.session;
  query.user = "ann";
  wire::ReadHeadsT heads;
  heads.conversations.push_back(conversation);
  query.body.Set(std::move(heads));
  driver.deliver(wire::message(std::move(query)));
  for (auto it = driver.sent.rbegin(); it != driver.sent.rend(); ++it)
    if (const auto* answer = it->as<wire::AnswerT>(); answer != nullptr && answer->body.AsHeads() != nullptr)
      return answer->body.AsHeads()->heads.at(0).live;
  FAIL("no heads were answered");
  return {};
}

}  // namespace

TEST_CASE("text so far: kept from its beginning, and begun anew with it") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::given);
  driver.note(delta(work, 0, "wrong"));
  driver.note(delta(work, 0, "Hel"));
  driver.note(delta(work, 3, "lo"));
  driver.note(delta(work, 9, "lost"));
  const auto text = text_so_far(driver, conversation);
  REQUIRE(text.size() == 1);
  CHECK(text[0].text == "Hello");
}

TEST_CASE("text so far: a new owner asks the worker that has the turn at once, and takes over the whole of it") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::given);
  driver.note(delta(work, 0, "Hello "));
  driver.crash();
  CHECK(text_so_far(driver, conversation).empty());
  driver.note(delta(work, 6, "Ada"));
  const auto controls = driver.count<wire::ControlT>();
  driver.state(work, wire::WorkStatus::given);
  REQUIRE(driver.count<wire::ControlT>() == controls + 1);
  CHECK(driver.sent.back().as<wire::ControlT>()->kind == wire::ControlKind::holding);
  driver.note(delta(work, 0, "Hello Ada"));
  driver.note(delta(work, 9, "!"));
  const auto text = text_so_far(driver, conversation);
  REQUIRE(text.size() == 1);
  CHECK((text[0].text == "Hello Ada!" && text[0].offset == 0 && text[0].attempt == work.attempt));
}
