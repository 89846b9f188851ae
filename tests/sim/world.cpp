#include "world.hpp"

#include <algorithm>

#include "agents/team/load.hpp"
#include "core/hash.hpp"

namespace convoke::sim {
namespace {

constexpr Millis start_within{20'000};
constexpr Millis heal_within{240'000};

agents::Team the_team() {
  agents::Team team;
  team.name = "t";
  team.description = "a team";
  team.models = {{"default", "scripted"}};
  for (const char* name : {"A", "B", "C"}) {
    agents::Agent agent;
    agent.name = name;
    agent.description = "an agent";
    agent.instructions = "work";
    agent.can_contact = {"*"};
    agent.limits.turn_timeout_ms = 20'000;
    team.agents.push_back(std::move(agent));
  }
  agents::StartingTask task;
  task.id = "one";
  task.name = "One";
  task.prompt = "A idem";
  team.starting_tasks.push_back(std::move(task));
  team.limits.step_timeout_ms = 25'000;
  team.limits.human_timeout_ms = 40'000;
  team.limits.run_timeout_ms = 90'000;
  return team;
}

const std::string& team_json() {
  static const std::string json = agents::to_json(the_team());
  return json;
}

}  // namespace

World::World(Options options) : random(options.seed), profile(profile_of(options)), options_(options), tells_(options.verbose) {
  memory.set_now(unix_now());
  until_crash_ = 1 + random.below(profile.crash_every);
  build();
}

void World::build() {
  const auto add = [&]<class P>(P*& made, Kind kind, std::string name) {
    auto process = std::make_unique<P>(*this, kind, std::move(name));
    made = process.get();
    if constexpr (std::is_base_of_v<BusProcess, P>) on_bus_.push_back(made);
    processes_.push_back(std::move(process));
  };
  add(intercom_, Kind::intercom, "intercom");
  for (std::uint32_t i = 0; i < profile.owners; ++i) add(owners_.emplace_back(), Kind::owner, fmt::format("owner-{}", i + 1));
  TurnProcess* turns = nullptr;
  for (std::uint32_t i = 0; i < profile.workers; ++i) add(turns, Kind::worker, fmt::format("worker-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.planners; ++i) add(turns, Kind::planner, fmt::format("planner-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.executors; ++i) add(turns, Kind::executor, fmt::format("executor-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.gateways; ++i) add(gateways_.emplace_back(), Kind::gateway, fmt::format("gateway-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.clients; ++i) clients_.push_back(std::make_unique<Client>(*this, fmt::format("user{}", i + 1)));
}

GatewayProcess* World::some_gateway() {
  std::vector<GatewayProcess*> there;
  for (auto* gateway : gateways_)
    if (gateway->alive() && !gateway->frozen() && gateway->connected()) there.push_back(gateway);
  return there.empty() ? nullptr : there[random.below(there.size())];
}

bool World::crash_here(const Process& process) {
  if (healing_ || clock.now() > options_.faults_until) return false;
  const bool may =
      (process.kind() == Kind::owner && has(crash_owner)) || (process.kind() == Kind::gateway && has(crash_gateway)) ||
      (process.kind() == Kind::intercom && has(crash_intercom)) ||
      ((process.kind() == Kind::worker || process.kind() == Kind::planner || process.kind() == Kind::executor) && has(crash_worker));
  if (!may || --until_crash_ > 0) return false;
  until_crash_ = 1 + random.below(profile.crash_every);
  last_fault_ = clock.now();
  return true;
}

void World::tell(std::string line) {
  line = fmt::format("{:>7} ms  {}", clock.now().count(), std::move(line));
  if (options_.verbose) fmt::print("{}\n", line);
  history_.push_back(std::move(line));
}

void World::sending(const Process& process, const wire::Message& message) {
  if (!tells_) return;
  const auto* answer = message.as<wire::AnswerT>();
  const bool dull = message.as<wire::QueryT>() != nullptr || message.as<wire::PushT>() != nullptr ||
                    (answer != nullptr &&
                     (answer->body.AsHeads() != nullptr || answer->body.AsSessionView() != nullptr || answer->body.AsLogPage() != nullptr));
  if (dull) return;
  const auto* fault = answer != nullptr ? answer->body.AsFault() : nullptr;
  std::string what = wire::EnumNameBody(message.body.type);
  if (fault != nullptr) what = fmt::format("fault {}: {}", name_of(static_cast<Fault>(fault->code)), fault->text);
  if (answer != nullptr && fault == nullptr) what = wire::EnumNameAnswerBody(answer->body.type);
  if (const auto* report = message.as<wire::ReportT>())
    what = fmt::format("report {} n={} of {} turn {} attempt {}", wire::EnumNameReportBody(report->body.type), report->n, report->agent,
                       report->turn, report->attempt);
  if (const auto* work = message.as<wire::WorkT>())
    what = fmt::format("work for {} turn {} attempt {}", work->agent, work->turn, work->attempt);
  if (const auto* control = message.as<wire::ControlT>())
    what = fmt::format("control {} of {} turn {}", wire::EnumNameControlKind(control->kind), control->agent, control->turn);
  say([&] { return fmt::format("{} sends {}", process.name(), what); });
}

void World::fail(std::string problem) {
  if (!problem_.empty()) return;
  problem_ = std::move(problem);
  problem_at_ = clock.now();
  say([&] { return "FAILS: " + problem_; });
}

bool World::until(Millis limit, const std::function<bool()>& reached) {
  const Millis end = clock.now() + limit;
  Millis looked{-1};
  while (!failed()) {
    if (clock.now() - looked >= Millis{200} || looked.count() < 0) {
      looked = clock.now();
      memory.set_now(unix_now());
      if (reached()) return true;
    }
    if (!clock.step(end)) return reached();
  }
  return false;
}

void World::apply_team() {
  // `up` applies the team file under a key of its own and repeats until it is answered.
  wire::ApplyTeamT apply;
  apply.definition = team_json();
  wire::CommandT command;
  command.scope = "t:t";
  command.user = "operator";
  command.key = "team";
  command.hash.assign(16, 7);
  command.body.Set(std::move(apply));
  auto applied = std::make_shared<bool>(false);
  auto* gateway = gateways_.front();
  gateway->post(Millis{300}, [gateway, command, applied] {
    gateway->command(command, [applied](Result<wire::AnswerT> answer) { *applied = answer && answer->body.AsAccepted() != nullptr; });
  });
  if (!until(start_within, [&] { return *applied; }) && !failed()) fail("the team was not applied although nothing is wrong");
}

void World::schedule_people() {
  for (auto& client : clients_) {
    for (std::uint32_t i = 0; i < profile.operations; ++i)
      clock.after(random.millis(0, profile.chaos.count()), [one = client.get()] { one->operate(); });
    auto tick = std::make_shared<std::function<void()>>();
    *tick = [this, one = client.get(), weak = std::weak_ptr(tick)] {
      one->tick();
      clock.after(Millis{100}, [self = weak.lock()] {
        if (self) (*self)();
      });
    };
    clock.after(random.millis(0, 60), [tick] { (*tick)(); });
  }
}

Outcome World::run() {
  const auto faults = std::exchange(profile.faults, profile.faults & (clocks | tool_trouble));
  for (auto& process : processes_) process->start();
  apply_team();
  profile.faults = faults;
  schedule_people();
  if (faults != 0) clock.after(random.millis(0, profile.fault_every.count()), [this] { trouble(); });
  until(profile.chaos, [] { return false; });
  heal();
  std::string last;
  const bool rests = until(heal_within, [&] {
    last = restless();
    return last.empty();
  });
  if (!rests && !failed()) fail(fmt::format("not at rest {} ms after the last fault: {}", heal_within.count(), last));
  if (!failed()) checks.at_rest();
  return finish();
}

std::string World::restless() {
  for (const auto& process : processes_)
    if (!process->alive()) return fmt::format("{} is not there", process->name());
  for (const auto& client : clients_)
    if (auto why = client->unfinished(); !why.empty()) return why;
  return checks.open_work();
}

Outcome World::finish() {
  Outcome outcome;
  outcome.ok = problem_.empty();
  outcome.problem = problem_;
  outcome.took = clock.now();
  outcome.faulted = last_fault_;
  outcome.steps = clock.steps();
  outcome.commits = checks.commits();
  outcome.effects = ledger.effects().size();
  outcome.history = std::move(history_);
  return outcome;
}

Outcome simulate(const Options& options) {
  World world(options);
  return world.run();
}

}  // namespace convoke::sim
