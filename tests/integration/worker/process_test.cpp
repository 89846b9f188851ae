// convoke-worker and convoke-planner as processes, with the offline model and the team that ships: chats, steps, plans, and a worker that
// is killed between an effect and its report.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>

#include "agents/team/discovered.hpp"
#include "agents/team/load.hpp"
#include "owner.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

using namespace convoke;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s;

class Company {
 public:
  /// `script`: answers that the model gives instead of its own (services/model/script.hpp).
  explicit Company(const std::string& script = {})
      : endpoint_("ipc://" + folder.file("intercom")),
        intercom_(run({test::program("convoke-intercom"), "--intercom.bind=" + endpoint_, "--intercom.hold_back=50ms",
                       "--intercom.lost_after=20s",  // the owner here repeats nothing
                       "--process.health=unix:" + folder.file("h1")})),
        model_(run(with_script(script, {test::program("convoke-model"), "--offline.listen=unix:" + folder.file("model"),
                                        "--process.health=unix:" + folder.file("h0")}))),
        owner(io, endpoint_) {
    auto team = agents::load_team(COMPANY_FILE);
    REQUIRE(team);
    owner.serve_team(*team, 1);
    owner.start();
    REQUIRE(until([this] { return owner.ready(); }));
  }

  test::Process start(const std::string& program, std::vector<std::string> more) {
    std::vector<std::string> command{test::program(program),
                                     "--bus.lost_after=20s",
                                     "--process.intercoms=" + endpoint_,
                                     "--process.data=" + folder.path().string(),
                                     "--process.health=unix:" + folder.file("h" + std::to_string(++started_ + 1)),
                                     "--model.url=http://model/v1",
                                     "--model.unix_socket=" + folder.file("model")};
    std::ranges::move(more, std::back_inserter(command));
    return run(std::move(command));
  }
  test::Process worker() { return start("convoke-worker", {"--worker.agent=company.HrAgent"}); }

  bool until(const std::function<bool()>& predicate) { return test::run_until(io, patience, predicate); }

  wire::WorkT work(wire::TurnKind kind, const std::string& text, std::uint32_t attempt = 1) {
    wire::WorkT result;
    result.session = "s1";
    result.agent = "company.HrAgent";
    result.turn = 1;
    result.attempt = attempt;
    result.kind = kind;
    result.conversation = "s1~d1";
    result.message = "s1~m1";
    result.user = "ann";
    result.team = "company";
    result.team_version = 1;
    result.now_ms = 1'795'132'800'000;
    wire::InputT input;
    input.text = text;
    input.author = "user/ann";
    if (kind == wire::TurnKind::step) {
      input.kind = wire::InputKind::question;
      input.asker = "system.executor";
      input.call = input.step = "s1~p1s1";
    }
    result.input.push_back(std::move(input));
    return result;
  }

  const std::string& endpoint() const { return endpoint_; }

  std::vector<std::string> effects() const {
    std::ifstream file(folder.file("effects.jsonl"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  test::TempDir folder;
  boost::asio::io_context io;

 private:
  std::vector<std::string> with_script(const std::string& script, std::vector<std::string> command) const {
    if (script.empty()) return command;
    std::ofstream(folder.file("script.yaml")) << script;
    command.insert(command.end(), {"--script", folder.file("script.yaml")});
    return command;
  }
  static test::Process run(std::vector<std::string> command) { return test::Process({std::move(command), {}, {}}); }

  std::string endpoint_;
  test::Process intercom_;
  test::Process model_;
  int started_ = 0;

 public:
  turns_test::Owner owner;
};

const std::string mentor = "Goal: Onboard Jessica Smith\nAssign a mentor to Jessica Smith. Function: assign_mentor";

}  // namespace

TEST_CASE("worker: a chat turn is answered with one report, its text streamed until then") {
  Company company;
  auto worker = company.worker();
  company.owner.give(company.work(wire::TurnKind::chat, "Hello, who are you?"));
  REQUIRE(company.until([&] { return company.owner.turn(1).closed; }));
  const auto& turn = company.owner.turn(1);
  CHECK(turn.items.empty());
  CHECK(turn.result->outcome == wire::Outcome::answer);
  CHECK_FALSE(turn.result->text.empty());
  CHECK(turn.result->usage->model_calls == 1);
  std::string streamed;
  for (const auto& delta : company.owner.deltas) {
    CHECK(delta.offset == streamed.size());
    streamed += delta.text;
  }
  CHECK(turn.result->text.starts_with(streamed));  // the rest comes with the result
  worker.signal(SIGTERM);
  const auto end = worker.wait(20s);
  REQUIRE(end);
  CHECK(end->code == 0);
  CHECK(worker.error_lines().empty());
}

TEST_CASE("worker: a step is done by its tool, once, and says so") {
  Company company;
  auto worker = company.worker();
  company.owner.give(company.work(wire::TurnKind::step, mentor));
  REQUIRE(company.until([&] { return company.owner.turn(1).closed; }));
  const auto& turn = company.owner.turn(1);
  REQUIRE(turn.items.size() == 2);
  CHECK(turn.items[0].kind == wire::ItemKind::response);
  CHECK(turn.items[1].kind == wire::ItemKind::result);
  CHECK(turn.items[1].tool == "assign_mentor");
  CHECK(turn.items[1].fault == 0);
  CHECK(turn.result->outcome == wire::Outcome::answer);
  CHECK(turn.result->text.find("Jessica Smith") != std::string::npos);
  const auto effects = company.effects();
  REQUIRE(effects.size() == 1);
  CHECK(effects[0].find("s1/company.HrAgent/1/1/0") != std::string::npos);
}

TEST_CASE("worker: a step that is given up says whether something of it was done") {
  const auto [script, fault] = GENERATE(table<std::string, Fault>(
      {{"  - {tool_calls: [{name: end_step, arguments: {reason: \"Not today.\", called_off: true}}]}\n", Fault::cancelled},
       {"  - {tool_calls: [{name: end_step, arguments: {reason: \"Not today.\", called_off: false}}]}\n", Fault::invalid},
       {"  - {turn: 1, tool_calls: [{name: assign_mentor, arguments: {employee_name: Ada}}]}\n"
        "  - {tool_calls: [{name: end_step, arguments: {reason: \"Not today.\", called_off: true}}]}\n",
        Fault::limit}}));
  CAPTURE(script);
  Company company("answers:\n" + script);
  auto worker = company.worker();
  company.owner.give(company.work(wire::TurnKind::step, mentor));
  REQUIRE(company.until([&] { return company.owner.turn(1).closed; }));
  const auto& result = *company.owner.turn(1).result;
  CHECK(result.outcome == wire::Outcome::failed);
  CHECK(result.fault == static_cast<std::uint16_t>(fault));
  CHECK(result.text == (fault == Fault::limit ? "Not today. Some of it was done before that." : "Not today."));
  CHECK(company.effects().size() == (fault == Fault::limit ? 1 : 0));
}

TEST_CASE("worker: one that dies between an effect and its report leaves a successor that does nothing twice") {
  Company company;
  auto first = company.worker();
  bool reported = false;
  company.owner.lose = [&](const wire::ReportT& report) {
    const auto* item = report.body.AsItem();
    if (item == nullptr || item->kind != wire::ItemKind::result) return false;
    return reported = true;
  };
  company.owner.give(company.work(wire::TurnKind::step, mentor));
  REQUIRE(company.until([&] { return reported; }));
  REQUIRE(company.effects().size() == 1);
  first.kill();
  REQUIRE(first.wait(10s));
  REQUIRE(company.until([&] { return company.owner.turn(1).lost == 1; }));
  company.owner.lose = nullptr;
  auto second = company.worker();
  // As long as nothing is sent to the dead one, the intercom takes it for alive: it may be given the next attempt too.
  std::uint32_t attempt = 1;
  REQUIRE(company.until([&] {
    if (company.owner.turn(1).lost == attempt) company.owner.give(company.work(wire::TurnKind::step, mentor, ++attempt));
    return company.owner.turn(1).closed;
  }));
  const auto& turn = company.owner.turn(1);
  CHECK(turn.items.size() == 2);
  CHECK(turn.result->outcome == wire::Outcome::answer);
  CHECK(turn.result->usage->model_calls == 1);  // the recorded response was not asked again
  const auto effects = company.effects();
  REQUIRE(effects.size() == 2);
  CHECK(effects[1].find("\"repeat\": true") != std::string::npos);
}

TEST_CASE("worker: one whose journal has no room says so, leaves no half line, and carries the call out once when there is room") {
  Company company;
  const std::string past(100'000, '#');  // the limit is one to the worker's log, too, which stays below it
  std::ofstream(company.folder.file("effects.jsonl")) << past << "\n";
  auto worker = company.worker();
  const auto limit = [&](rlim_t most) {
    const rlimit files{.rlim_cur = most, .rlim_max = RLIM_INFINITY};
    REQUIRE(::prlimit(worker.pid(), RLIMIT_FSIZE, &files, nullptr) == 0);
  };
  limit(past.size() + 40);  // a part of the line
  company.owner.give(company.work(wire::TurnKind::step, mentor));
  REQUIRE(company.until([&] { return worker.err().find("assign_mentor waits: ") != std::string::npos; }));
  CHECK(worker.err().find("effects.jsonl") != std::string::npos);
  CHECK_FALSE(company.owner.turn(1).closed);
  CHECK(company.effects().size() == 1);
  limit(RLIM_INFINITY);
  REQUIRE(company.until([&] { return company.owner.turn(1).closed; }));
  CHECK(company.owner.turn(1).result->outcome == wire::Outcome::answer);
  CHECK(company.owner.turn(1).items.at(1).fault == 0);
  const auto effects = company.effects();
  REQUIRE(effects.size() == 2);
  CHECK(effects[1].find("s1/company.HrAgent/1/1/0") != std::string::npos);
  CHECK(worker.error_lines().empty());
}

TEST_CASE("worker: an agent that the team gets later is served without a restart") {
  Company company;
  auto worker = company.start("convoke-worker", {"--worker.team=company"});
  company.owner.give(company.work(wire::TurnKind::chat, "Hello"));
  REQUIRE(company.until([&] { return company.owner.turn(1).closed; }));
  auto team = agents::load_team(COMPANY_FILE);
  REQUIRE(team);
  agents::Agent baker;
  baker.name = "BakerAgent";
  baker.description = "Bakes.";
  baker.instructions = "You bake.";
  team->agents.push_back(baker);
  company.owner.serve_team(*team, 2);
  company.owner.announce_team("company", 2);
  auto work = company.work(wire::TurnKind::chat, "Hello");
  work.turn = 2;
  work.agent = "company.BakerAgent";
  work.team_version = 2;
  company.owner.give(work);
  REQUIRE(company.until([&] { return company.owner.turn(2).closed; }));
  CHECK(company.owner.turn(2).result->outcome == wire::Outcome::answer);
  // A run that is pinned to the first version does not know it.
  work.turn = 3;
  work.team_version = 1;
  work.session = "s2";
  company.owner.give(work);
  REQUIRE(company.until([&] { return company.owner.turn(3).closed; }));
  CHECK(company.owner.turn(3).result->fault == static_cast<std::uint16_t>(Fault::not_found));
}

TEST_CASE("planner: a goal becomes a plan over the team's tools, recorded before it is returned") {
  Company company;
  auto planner = company.start("convoke-planner", {});
  auto work = company.work(wire::TurnKind::planning, {});
  work.agent = "system.planner";
  work.input.clear();
  work.goal = "Assign a mentor to Jessica Smith.";
  work.plan = std::make_unique<wire::PlanT>();
  company.owner.give(work);
  REQUIRE(company.until([&] { return company.owner.turn(1).closed; }));
  const auto& turn = company.owner.turn(1);
  CHECK(turn.items.size() == 1);
  REQUIRE(turn.result->draft);
  REQUIRE(turn.result->draft->steps.size() == 1);
  CHECK(turn.result->draft->steps[0].agent == "HrAgent");
  CHECK(turn.result->draft->steps[0].function == "assign_mentor");
}

TEST_CASE("planner: tools that workers have found are planned with while those workers are there") {
  Company company;
  auto planner = company.start("convoke-planner", {});
  const auto plan_for = [&](std::uint64_t turn) {
    auto work = company.work(wire::TurnKind::planning, {});
    work.turn = turn;
    work.agent = "system.planner";
    work.input.clear();
    work.goal = "Brew an espresso for Jessica Smith.";
    work.plan = std::make_unique<wire::PlanT>();
    company.owner.give(work);
    REQUIRE(company.until([&] { return company.owner.turn(turn).closed; }));
    return std::move(*company.owner.turn(turn).result);
  };
  const auto names_it = [](const wire::TurnResultT& result) {
    return result.draft && result.draft->steps.size() == 1 && result.draft->steps[0].agent == "HrAgent" &&
           result.draft->steps[0].function == "brew_espresso";
  };
  CHECK_FALSE(names_it(plan_for(1)));

  const auto replica = IdMaker(system_random).next(UnixTime{});
  bus::ClientOptions options;
  options.intercoms = {company.endpoint()};
  bus::Client worker(company.io.get_executor(), options, {replica, "worker-HrAgent-9", "worker"});
  wire::RegisterT registration;
  registration.agents = {"company.HrAgent"};
  registration.discovered_tools = agents::discovered_json(
      "company.HrAgent",
      {{"brew_espresso", "Brews an espresso for an employee.",
        R"({"type":"object","properties":{"employee_name":{"type":"string","description":"For whom."}},"required":["employee_name"]})"}});
  worker.set_registration(std::move(registration));
  boost::asio::co_spawn(company.io, worker.run(), [](const std::exception_ptr&) {});
  REQUIRE(company.until([&] { return worker.connected(); }));
  // The planner learns it with its next view.
  std::uint64_t turn = 1;
  CHECK(company.until([&] { return names_it(plan_for(++turn)); }));
  worker.close();
  REQUIRE(company.until([&] { return !names_it(plan_for(++turn)); }));
}
