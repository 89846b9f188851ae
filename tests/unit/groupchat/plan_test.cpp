// The session's part of a plan together with the executor's real judgement.
#include "executor/decide.hpp"
#include "session_driver.hpp"

using namespace convoke;
using namespace convoke::groupchat;
using namespace convoke::groupchat::test;
using wire::EventKind;

namespace {

struct Planned : Driver {
  wire::AcceptedT task;

  explicit Planned(wire::ApprovalPolicy policy = wire::ApprovalPolicy::each_step) {
    wire::CreateTaskT create;
    create.team = "t";
    create.description = "do it";
    create.policy = policy;
    command(std::move(create));
    list_answers();
    task = accepted();
  }

  void propose(std::vector<std::pair<std::string, std::vector<std::uint32_t>>> steps, std::string question = {},
               std::string function = {}) {
    wire::PlanDraftT draft;
    draft.summary = "a plan";
    draft.clarification_request = std::move(question);
    for (auto& [agent, depends_on] : steps) {
      wire::DraftStepT step;
      step.agent = "t." + agent;
      step.action = "Act as " + agent + ".";
      step.function = function;
      step.depends_on = depends_on;
      draft.steps.push_back(std::move(step));
    }
    wire::TurnResultT result;
    result.outcome = wire::Outcome::draft;
    result.draft = std::make_unique<wire::PlanDraftT>(std::move(draft));
    report(work("system.planner"), 0, std::move(result));
  }

  /// Every deciding turn that is open is decided by the real executor.
  void decide_all() {
    executor::Rules rules;
    rules.people = {"H"};
    for (std::size_t done = decided; done < works("system.executor"); done = decided) {
      decided = works("system.executor");
      const auto turn = work("system.executor");
      wire::TurnResultT result;
      result.outcome = wire::Outcome::decision;
      result.decision = std::make_unique<wire::PlanDecisionT>(executor::decide(*turn.plan, turn.inbox, now, rules));
      report(turn, 0, std::move(result));
      REQUIRE(last_fault() == Fault::none);
    }
  }

  wire::PlanT plan() {
    wire::QueryT query;
    query.scope = "s:" + session;
    query.user = "ann";
    query.body.Set(wire::ReadSessionT{});
    deliver(wire::message(std::move(query)));
    const auto* view = sent.back().as<wire::AnswerT>()->body.AsSessionView();
    REQUIRE(view != nullptr);
    if (view->plans.empty()) return *wire::unpack<wire::PlanT>(parts.at("plan:" + task.plan));
    return view->plans.front();
  }

  void approve(std::vector<std::string> steps, bool yes = true, std::string edit = {}) {
    wire::DecideT decide;
    decide.plan = task.plan;
    if (steps.empty()) decide.revision = plan().revision;
    decide.steps = std::move(steps);
    decide.approved = yes;
    decide.updated_action = std::move(edit);
    command(std::move(decide));
  }

  std::string stop_reason() { return last(EventKind::run_ended).data; }

  std::size_t decided = 0;
};

}  // namespace

TEST_CASE("plan: proposed, each step approved, carried out, ended with one stop reason") {
  Planned driver;
  driver.propose({{"A", {}}, {"B", {0}}});
  driver.decide_all();
  auto plan = driver.plan();
  REQUIRE(plan.steps.size() == 2);
  CHECK(driver.works("t.A") == 0);
  driver.approve({plan.steps[0].id});
  driver.decide_all();
  driver.approve({plan.steps[1].id});
  driver.decide_all();
  CHECK(driver.works("t.B") == 0);
  driver.answer(driver.work("t.A"), "A did it");
  driver.decide_all();
  CHECK(driver.work("t.B").input[0].text.find("A did it") != std::string::npos);
  driver.answer(driver.work("t.B"), "B did it");
  driver.decide_all();
  CHECK(driver.stop_reason().find("completed") != std::string::npos);
  CHECK(driver.plan().status == wire::PlanStatus::completed);
  CHECK(std::count_if(driver.events.begin(), driver.events.end(), [](const auto& e) { return e.kind == EventKind::run_ended; }) == 1);
}

TEST_CASE("plan: a change of a step tells the step's number in its plan") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}, {"B", {}}});
  driver.decide_all();
  const auto plan = driver.plan();
  std::size_t told = 0;
  for (const auto& event : driver.events) {
    if (event.kind != EventKind::step_changed) continue;
    const std::string number = event.step == plan.steps[1].id ? "\"number\":\"2\"" : "\"number\":\"1\"";
    CHECK(event.data.find(number) != std::string::npos);
    ++told;
  }
  CHECK(told >= 2);
}

TEST_CASE("plan: independent steps of different agents are given at once, without approval when none is wanted") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}, {"B", {}}});
  driver.decide_all();
  CHECK(driver.works("t.A") == 1);
  CHECK(driver.works("t.B") == 1);
}

TEST_CASE("plan: the first decision per step wins, and a stale revision approves nothing") {
  Planned driver;
  driver.propose({{"A", {}}, {"B", {}}});
  driver.decide_all();
  const auto plan = driver.plan();
  driver.approve({plan.steps[0].id}, false);
  driver.approve({plan.steps[0].id}, true);
  CHECK(driver.last_fault() == Fault::conflict);
  driver.approve({plan.steps[1].id}, true, " \n");
  CHECK(driver.last_fault() == Fault::invalid);
  driver.approve({plan.steps[1].id}, true, "Do something else.");
  driver.decide_all();
  const auto edited = driver.plan();
  CHECK(edited.revision > plan.revision);
  wire::DecideT stale;
  stale.plan = driver.task.plan;
  stale.revision = plan.revision;
  stale.approved = true;
  driver.command(std::move(stale));
  CHECK(driver.last_fault() == Fault::conflict);
  CHECK(driver.works("t.A") == 0);
  CHECK(driver.work("t.B").input[0].text.find("something else") != std::string::npos);
}

TEST_CASE("plan: approving all steps needs the plan's revision, and no revision is none") {
  Planned driver;
  driver.propose({{"A", {}}});
  driver.decide_all();
  wire::DecideT blind;
  blind.plan = driver.task.plan;
  blind.approved = true;
  driver.command(std::move(blind));
  CHECK(driver.last_fault() == Fault::conflict);
  driver.approve({});
  driver.decide_all();
  CHECK(driver.works("t.A") == 1);
}

TEST_CASE("plan: an agent that was to call a tool and only talked has not done its step") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}}, {}, "f");
  driver.decide_all();
  wire::TurnResultT talk;
  talk.outcome = wire::Outcome::answer;
  talk.text = "Consider it done!";
  driver.report(driver.work("t.A"), 0, std::move(talk));
  driver.decide_all();
  REQUIRE(driver.works("system.planner") == 2);
  CHECK(driver.work("system.planner").plan->steps[0].status == wire::StepStatus::failed);
  CHECK(driver.work("system.planner").plan->steps[0].agent_reply == "Consider it done!");
}

TEST_CASE("plan: the planner's question is asked before anything is done, and its answer makes the plan anew") {
  Planned driver;
  driver.propose({{"A", {}}}, "From which date?");
  driver.decide_all();
  CHECK(driver.plan().status == wire::PlanStatus::awaiting_clarification);
  CHECK(driver.last(EventKind::request_opened).text == "From which date?");
  wire::ClarifyT clarify;
  clarify.plan = driver.task.plan;
  clarify.text = "next Monday";
  driver.command(clarify);
  driver.command(clarify);
  CHECK(driver.last_fault() == Fault::conflict);
  driver.decide_all();
  CHECK(driver.works("system.planner") == 2);
  CHECK(driver.work("system.planner").plan->clarification_response == "next Monday");
  driver.propose({{"A", {}}});
  driver.decide_all();
  CHECK(driver.plan().status == wire::PlanStatus::in_progress);
}

TEST_CASE("plan: a cancel ends it although its executor's turn was open, and nothing decided before is begun after") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}});
  const auto open = driver.work("system.executor");
  driver.command(wire::CancelT{{}, driver.task.plan, "", ""});
  wire::TurnResultT result;
  result.outcome = wire::Outcome::decision;
  result.decision = std::make_unique<wire::PlanDecisionT>(executor::decide(*open.plan, open.inbox, driver.now));
  driver.report(open, 0, std::move(result));
  CHECK(driver.last_fault() == Fault::turn_closed);
  driver.decide_all();
  CHECK(driver.works("t.A") == 0);
  CHECK(driver.stop_reason().find("cancelled") != std::string::npos);
}

TEST_CASE("plan: a text alone approves nothing and rejects nothing") {
  Planned driver;
  driver.propose({{"A", {}}});
  driver.decide_all();
  const auto asked = driver.last(EventKind::request_opened).data;
  const auto at = asked.find("s1~h");
  const auto request = asked.substr(at, asked.find('"', at) - at);
  driver.command(wire::AnswerRequestT{{}, request, true, "please do not", true});
  CHECK(driver.last_fault() == Fault::invalid);
  driver.decide_all();
  CHECK(driver.works("t.A") == 0);
  driver.command(wire::AnswerRequestT{{}, request, false, "please do not"});
  CHECK(driver.last_fault() == Fault::none);
}

TEST_CASE("plan: who cancels, and why, is said in the log and in the plan") {
  Planned driver;
  driver.propose({{"A", {}}});
  driver.decide_all();
  driver.command(wire::CancelT{{}, driver.task.plan, "", "changed my mind"});
  const auto said = driver.last(EventKind::cancelling);
  CHECK(said.author == "user/ann");
  CHECK(said.text == "changed my mind");
  CHECK(said.plan == driver.task.plan);
  CHECK(driver.last(EventKind::request_closed).author == "user/ann");
  CHECK(driver.plan().steps[0].human_feedback == "Cancelled by ann: changed my mind");
  driver.decide_all();
  CHECK(driver.last(EventKind::message).text.find("Cancelled: by ann: changed my mind") != std::string::npos);
  CHECK(driver.stop_reason().find("cancelled") != std::string::npos);
}

TEST_CASE("plan: a second decision is refused in words, before the first was acted on too") {
  Planned driver;
  driver.propose({{"A", {}}});
  driver.decide_all();
  wire::DecideT decision;
  decision.plan = driver.task.plan;
  decision.steps = {driver.plan().steps[0].id};
  decision.approved = true;
  driver.command(decision);
  driver.command(decision);
  CHECK(driver.last_fault() == Fault::conflict);
  CHECK(driver.last_refusal().find("awaiting_feedback") == std::string::npos);
}

TEST_CASE("plan: cancelled again and again while nobody decides, it is told the executor once") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}});
  for (int times = 0; times < 3; ++times) driver.command(wire::CancelT{{}, driver.task.plan, "", ""});
  const auto open = driver.work("system.executor");
  CHECK(std::ranges::count(open.inbox, wire::PlanEventKind::cancel, &wire::PlanEventT::kind) == 1);
  CHECK(std::ranges::count(driver.events, EventKind::cancelling, &wire::EventT::kind) == 1);
  driver.command(wire::DecideT{{}, driver.task.plan, {}, 1, true});
  CHECK(driver.last_fault() == Fault::conflict);
  CHECK(driver.last_refusal().find("is being cancelled") != std::string::npos);
  driver.decide_all();
  CHECK(driver.stop_reason().find("cancelled") != std::string::npos);
}

TEST_CASE("plan: a step of an agent that stands for people is asked of a person, whose answer is the reply") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"H", {}}, {"A", {0}}});
  driver.decide_all();
  CHECK(driver.works("t.H") == 0);
  const auto data = driver.last(EventKind::request_opened).data;
  const auto at = data.find("s1~h");
  const auto asked = data.substr(at, data.find('"', at) - at);
  driver.command(wire::AnswerRequestT{{}, asked, true, "the badge is ready"});
  driver.command(wire::AnswerRequestT{{}, asked, true, "again"});
  CHECK(driver.last_fault() == Fault::conflict);  // it is over
  for (const auto* id : {"s1~h99", "s1~h0", "s1~h-1", "s1~h1x", "s1~h", "s1~x1", "s2~h1", "s1~h18446744073709551617"}) {
    INFO(id);
    driver.command(wire::AnswerRequestT{{}, id, true, "to nobody"});
    CHECK(driver.last_fault() == Fault::not_found);
  }
  driver.command(wire::AnswerRequestT{{}, "s1~h" + driver.task.plan.substr(4), true, "to a plan"});
  CHECK(driver.last_fault() == Fault::not_found);
  driver.decide_all();
  CHECK(driver.work("t.A").input[0].text.find("the badge is ready") != std::string::npos);
}

TEST_CASE("plan: owner, planner and executor may die at every step; the end is the same") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.crash();
  driver.propose({{"A", {}}, {"B", {0}}});
  driver.crash();
  driver.state(driver.work("system.executor"), wire::WorkStatus::unknown);
  driver.advance(Millis{1});
  driver.decide_all();
  driver.crash();
  driver.answer(driver.work("t.A"), "A did it");
  driver.crash();
  driver.decide_all();
  driver.answer(driver.work("t.B"), "B did it");
  driver.decide_all();
  CHECK(driver.stop_reason().find("completed") != std::string::npos);
  for (const auto agent : {"t.A", "t.B"}) CHECK(driver.work(agent).turn == 1);
}

namespace {

/// Kills the worker of the agent's step three times, after a call that was carried out; the dead letter's id.
std::string dies(Planned& driver, const std::string& agent) {
  for (int i = 0; i < 3; ++i) {
    const auto work = driver.work(agent);
    driver.report(work, 1, response("c", "x"));
    if (i == 0) driver.report(work, 2, result_of("c", "x", "done"));
    driver.state(work, wire::WorkStatus::lost);
  }
  const auto letter = driver.last(EventKind::dead_letter).data;
  const auto at = letter.find("s1~x");
  return letter.substr(at, letter.find('"', at) - at);
}

std::string refusal(const Planned& driver) {
  for (auto it = driver.sent.rbegin(); it != driver.sent.rend(); ++it)
    if (const auto* answer = it->as<wire::AnswerT>()) return answer->body.AsFault() != nullptr ? answer->body.AsFault()->text : "";
  return "";
}

}  // namespace

TEST_CASE("plan: the dead letter of a step is repeated by a new step in its place, while the plan is open") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}, {"B", {}}, {"C", {0}}});
  driver.decide_all();
  const auto failed = driver.plan().steps[0].id;
  const wire::SettleLetterT retry{{}, dies(driver, "t.A"), wire::LetterAction::retry};
  const auto works = driver.works("t.A");
  driver.command(retry);
  CHECK(driver.last_fault() == Fault::unavailable);  // the executor has not heard of it yet
  driver.decide_all();
  CHECK(driver.plan().steps[0].status == wire::StepStatus::failed);
  driver.command(retry, "eve");
  CHECK(driver.last_fault() == Fault::not_found);
  driver.command(retry);
  CHECK(driver.last_fault() == Fault::none);
  CHECK(driver.accepted().plan == driver.task.plan);
  CHECK(driver.accepted().step == failed);
  driver.command(retry);
  CHECK(driver.last_fault() == Fault::not_found);  // settled
  driver.crash();
  driver.decide_all();
  CHECK(driver.works("t.A") == works + 1);
  CHECK(driver.plan().steps[0].replaces == failed);
  CHECK(driver.plan().steps[0].status == wire::StepStatus::action_requested);
  driver.answer(driver.work("t.A"), "A did it");
  driver.answer(driver.work("t.B"), "B did it");
  driver.decide_all();
  CHECK(driver.work("t.C").input[0].text.find("A did it") != std::string::npos);
  driver.answer(driver.work("t.C"), "C did it");
  driver.decide_all();
  CHECK(driver.works("system.planner") == 1);
  CHECK(driver.stop_reason().find("\"completed\"") != std::string::npos);
}

TEST_CASE("plan: the dead letter of a step that has not failed is not repeated") {
  // An executor of another version decided otherwise: what the step does, or did, would be doubled.
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}, {"B", {}}});
  driver.decide_all();
  const wire::SettleLetterT retry{{}, dies(driver, "t.A"), wire::LetterAction::retry};
  driver.decide_all();
  driver.change_state([](auto& state) { state.plans[0].plan->steps[0].status = wire::StepStatus::completed; });
  const auto works = driver.works("t.A");
  driver.command(retry);
  CHECK(driver.last_fault() == Fault::conflict);
  CHECK(refusal(driver).find("is completed and not to be repeated") != std::string::npos);
  driver.decide_all();
  CHECK(driver.works("t.A") == works);
}

TEST_CASE("plan: a dead letter that its plan went on without is refused with the reason, and can be dropped") {
  Planned driver(wire::ApprovalPolicy::none);
  driver.propose({{"A", {}}});
  driver.decide_all();
  const auto letter = dies(driver, "t.A");
  const auto settle = [&](wire::LetterAction action) {
    driver.command(wire::SettleLetterT{{}, letter, action});
    return driver.last_fault();
  };
  driver.decide_all();
  CHECK(settle(wire::LetterAction::retry) == Fault::conflict);
  CHECK(refusal(driver).find("is being made anew because of this step") != std::string::npos);
  driver.propose({{"B", {}}});
  driver.decide_all();
  CHECK(settle(wire::LetterAction::retry) == Fault::conflict);
  CHECK(refusal(driver).find("newer steps stand for it") != std::string::npos);
  driver.answer(driver.work("t.B"), "B did it");
  driver.decide_all();
  CHECK(settle(wire::LetterAction::retry) == Fault::conflict);
  CHECK(refusal(driver).find("has ended") != std::string::npos);
  CHECK(settle(wire::LetterAction::drop) == Fault::none);
  CHECK(settle(wire::LetterAction::drop) == Fault::not_found);
}
