#include "session_driver.hpp"

using namespace convoke;
using namespace convoke::groupchat;
using namespace convoke::groupchat::test;
using wire::EventKind;

namespace {

wire::TurnResultT asking(std::string agent, std::string call = "q1", std::uint32_t timeout_ms = 0) {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::awaiting;
  wire::AskT ask;
  ask.call = std::move(call);
  ask.agent = std::move(agent);
  ask.text = "what do you think?";
  ask.timeout_ms = timeout_ms;
  result.asks.push_back(std::move(ask));
  return result;
}

}  // namespace

TEST_CASE("question: the asking turn ends, the answer opens its continuation, the person gets one run") {
  Driver driver;
  const auto conversation = chat(driver);
  driver.report(driver.work("t.A"), 1, response("q1", "chat_with_agent"));
  driver.report(driver.work("t.A"), 1, asking("t.B"));
  const auto asked = driver.work("t.B");
  REQUIRE(asked.input.size() == 1);
  CHECK(asked.input[0].kind == wire::InputKind::question);
  CHECK(asked.depth == 1);
  CHECK(driver.kinds(asked.conversation) == std::vector{EventKind::message});
  driver.answer(asked, "forty-two");
  const auto continued = driver.work("t.A");
  CHECK(continued.turn == 2);
  REQUIRE(continued.input.size() == 1);
  CHECK(continued.input[0].kind == wire::InputKind::answer);
  CHECK(continued.input[0].call == "q1");
  CHECK(continued.input[0].text == "forty-two");
  driver.answer(continued, "B says forty-two");
  CHECK(driver.kinds(conversation).back() == EventKind::run_ended);
  CHECK(driver.kinds(asked.conversation) == std::vector{EventKind::message, EventKind::message});
  CHECK(std::count_if(driver.events.begin(), driver.events.end(), [](const auto& e) { return e.kind == EventKind::run_ended; }) == 1);
}

TEST_CASE("question: the owner may die between every two steps of it") {
  Driver driver;
  const auto conversation = chat(driver);
  driver.crash();
  driver.report(driver.work("t.A"), 1, response("q1", "chat_with_agent"));
  driver.crash();
  driver.report(driver.work("t.A"), 1, asking("t.B"));
  driver.crash();
  driver.answer(driver.work("t.B"), "forty-two");
  const auto continued = driver.work("t.A");
  driver.crash();
  driver.answer(continued, "done");
  CHECK(driver.kinds(conversation).back() == EventKind::run_ended);
}

TEST_CASE("question: an agent may only ask whom its team lets it contact, and hears why") {
  Driver driver;
  chat(driver);
  driver.report(driver.work("t.A"), 0, asking("t.C"));
  const auto continued = driver.work("t.A");
  CHECK(continued.turn == 2);
  CHECK(static_cast<Fault>(continued.input[0].fault) == Fault::forbidden);
  driver.report(continued, 0, asking("t.Nobody"));
  CHECK(static_cast<Fault>(driver.work("t.A").input[0].fault) == Fault::not_found);
  CHECK(driver.works("t.C") == 0);
}

TEST_CASE("question: two agents that ask each other do not hang") {
  Driver driver;
  chat(driver);
  driver.report(driver.work("t.A"), 0, asking("t.B"));
  driver.report(driver.work("t.B"), 0, asking("t.A", "q2"));
  const auto nested = driver.work("t.A");
  CHECK(nested.input[0].kind == wire::InputKind::question);
  CHECK(nested.pending == std::vector<std::string>{"q1"});
  driver.answer(nested, "deep");
  driver.answer(driver.work("t.B"), "middle");
  const auto top = driver.work("t.A");
  CHECK(top.input[0].text == "middle");
}

TEST_CASE("question: nesting ends at its limit") {
  Driver driver;
  chat(driver);
  std::string from = "t.A", to = "t.B";
  for (int depth = 0; depth < 8; ++depth) {
    driver.report(driver.work(from), 0, asking(to, "q" + std::to_string(depth)));
    std::swap(from, to);
    REQUIRE(driver.work(from).depth == depth + 1);
  }
  driver.report(driver.work(from), 0, asking(to, "too deep"));
  CHECK(static_cast<Fault>(driver.work(from).input[0].fault) == Fault::limit);
}

TEST_CASE("question: a person is asked durably, and the first answer counts") {
  Driver driver;
  const auto conversation = chat(driver);
  driver.report(driver.work("t.A"), 0, asking(""));
  driver.crash();
  const auto data = driver.last(EventKind::request_opened).data;
  const auto at = data.find("s1~h");
  const auto request = data.substr(at, data.find('"', at) - at);
  driver.command(wire::AnswerRequestT{{}, request, true, "yes, do"});
  CHECK(driver.last_fault() == Fault::none);
  driver.command(wire::AnswerRequestT{{}, request, true, "no"});
  CHECK(driver.last_fault() == Fault::conflict);
  CHECK(driver.work("t.A").input[0].text == "yes, do");
  driver.answer(driver.work("t.A"), "done");
  CHECK(driver.kinds(conversation).back() == EventKind::run_ended);
}

TEST_CASE("question: without an answer in time it expires, visibly") {
  Driver driver;
  chat(driver);
  driver.report(driver.work("t.A"), 0, asking("", "q1", 5000));
  driver.advance(Millis{5001});
  CHECK(driver.last(EventKind::request_closed).data.find("expired") != std::string::npos);
  CHECK(static_cast<Fault>(driver.work("t.A").input[0].fault) == Fault::timeout);
}

TEST_CASE("cancel: nothing recorded is open: the turn ends at once, and a late answer is refused") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto work = driver.work("t.A");
  driver.command(wire::CancelT{{}, "", work.run, ""});
  CHECK(driver.kinds(conversation).back() == EventKind::run_ended);
  CHECK(driver.last(EventKind::run_ended).data.find("cancelled") != std::string::npos);
  driver.answer(work, "too late");
  CHECK(driver.last_fault() == Fault::turn_closed);
}

TEST_CASE("cancel: a recorded call may still report, until the grace is over") {
  Driver driver;
  const auto conversation = chat(driver);
  const auto work = driver.work("t.A");
  driver.state(work, wire::WorkStatus::given);
  driver.report(work, 1, response("c1", "pay"));
  driver.command(wire::CancelT{{}, "", work.run, ""});
  CHECK(driver.kinds(conversation).back() == EventKind::cancelling);
  driver.report(work, 2, response("c2", "pay"));
  CHECK(driver.last_fault() == Fault::turn_closed);
  SECTION("it reports") {
    driver.report(work, 2, result_of("c1", "pay", "paid"));
    CHECK(driver.last_fault() == Fault::none);
    CHECK(driver.kinds(conversation).back() == EventKind::run_ended);
  }
  SECTION("it does not") {
    driver.advance(Millis{5001});
    const auto kinds = driver.kinds(conversation);
    CHECK(std::count(kinds.begin(), kinds.end(), EventKind::outcome_unknown) == 1);
    CHECK(kinds.back() == EventKind::run_ended);
  }
}

TEST_CASE("unknown outcome: a person says that it happened, or that it did not and is to be done again") {
  Driver driver;
  const auto conversation = chat(driver);
  driver.report(driver.work("t.A"), 1, response("c1", "pay"));
  auto asked = asking("", "c1");
  asked.asks[0].kind = wire::RequestKind::unknown_outcome;
  driver.report(driver.work("t.A"), 1, std::move(asked));
  const auto opened = driver.last(EventKind::request_opened);
  CHECK(opened.data.find("unknown_outcome") != std::string::npos);
  CHECK(driver.last(EventKind::outcome_unknown).data.find("\"tool\":\"pay\"") != std::string::npos);
  const auto at = opened.data.find("\"request\":\"") + 11;
  const auto request = opened.data.substr(at, opened.data.find('"', at) - at);
  SECTION("a text alone says neither") {
    driver.command(wire::AnswerRequestT{{}, request, true, "no, it was not", true});
    CHECK(driver.last_fault() == Fault::invalid);
    CHECK(driver.works("t.A") == 1);
    driver.command(wire::AnswerRequestT{{}, request, true, "receipt 7"});
    CHECK(driver.last_fault() == Fault::none);
  }
  SECTION("it happened, and that is the call's result") {
    driver.command(wire::AnswerRequestT{{}, request, true, "receipt 7"});
    const auto continued = driver.work("t.A");
    CHECK(continued.turn == 2);
    CHECK(continued.input[0].call == "c1");
    CHECK(continued.input[0].text == "receipt 7");
    CHECK(continued.input[0].fault == 0);
  }
  SECTION("it happened, without a word") {
    driver.command(wire::AnswerRequestT{{}, request, true, ""});
    CHECK(driver.work("t.A").input[0].text.find("says that it was carried out") != std::string::npos);
  }
  SECTION("it did not") {
    driver.command(wire::AnswerRequestT{{}, request, false, ""});
    const auto continued = driver.work("t.A");
    CHECK(static_cast<Fault>(continued.input[0].fault) == Fault::tool_failed);
    CHECK(continued.input[0].text.find("was not carried out") != std::string::npos);
    CHECK(driver.last(EventKind::request_closed).data.find("answered") != std::string::npos);
    driver.command(wire::AnswerRequestT{{}, request, true, ""});
    CHECK(driver.last_fault() == Fault::conflict);
  }
}
