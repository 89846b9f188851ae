#include "world.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "team.hpp"

namespace convoke::sim {
namespace {

constexpr Millis start_within{20'000};
constexpr Millis heal_within{150'000};
constexpr Millis for_ever{1'000'000'000};

// `up` applies the team file under a key of its own and repeats until it is answered.
wire::CommandT apply_command(const TeamOfSeed& team, bool second) {
  wire::ApplyTeamT apply;
  apply.definition = second ? team.second : team.first;
  wire::CommandT command;
  command.scope = "t:t";
  command.user = "operator";
  command.key = second ? "team2" : "team";
  command.hash.assign(16, second ? 8 : 7);
  command.body.Set(std::move(apply));
  return command;
}

}  // namespace

World::World(Options options)
    : random(options.seed), profile(profile_of(options)), memory(profile.store), options_(options), tells_(options.verbose) {
  memory.set_now(unix_now());
  for (auto& count : until_crash_) count = 1 + random.below(profile.crash_every);
  until_freeze_ = 1 + random.below(profile.freeze_every);
  build();
}

void World::build() {
  const auto add = [&]<class P>(P*& made, Kind kind, std::string name) {
    auto process = std::make_unique<P>(*this, kind, std::move(name));
    made = process.get();
    if constexpr (std::is_base_of_v<BusProcess, P>) on_bus_.push_back(made);
    processes_.push_back(std::move(process));
  };
  add(intercoms_.emplace_back(), Kind::intercom, "intercom");
  if (has(two_intercoms)) {
    add(intercoms_.emplace_back(), Kind::intercom, "intercom-2");
    intercoms_.back()->stay_away(for_ever);
  }
  for (std::uint32_t i = 0; i < profile.owners; ++i) add(owners_.emplace_back(), Kind::owner, fmt::format("owner-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.workers; ++i) add(workers_.emplace_back(), Kind::worker, fmt::format("worker-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.planners; ++i) add(workers_.emplace_back(), Kind::planner, fmt::format("planner-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.executors; ++i) add(workers_.emplace_back(), Kind::executor, fmt::format("executor-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.gateways; ++i) add(gateways_.emplace_back(), Kind::gateway, fmt::format("gateway-{}", i + 1));
  for (std::uint32_t i = 0; i < profile.clients; ++i) clients_.push_back(std::make_unique<Client>(*this, fmt::format("user{}", i + 1)));
}

IntercomProcess& World::intercom_for_whoever_asks() {
  if (!replacing_) return intercom();
  return *intercoms_[random.below(intercoms_.size())];
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
  auto& left = until_crash_.at(static_cast<std::size_t>(process.kind()));
  if (!may || --left > 0) return false;
  left = 1 + random.below(profile.crash_every);
  last_fault_ = clock.now();
  return true;
}

Millis World::freeze_here(OwnerProcess& owner) {
  if (healing_ || !has(freeze) || owners_.size() < 2 || clock.now() > options_.faults_until || zombie_until_ > clock.now())
    return Millis{0};
  if (--until_freeze_ > 0) return Millis{0};
  until_freeze_ = 1 + random.below(profile.freeze_every);
  last_fault_ = clock.now();
  // Long enough for somebody else to be assigned what it holds, mostly.
  const Millis time = random.millis(1'800, 5'000);
  zombie_until_ = clock.now() + time;
  owner.freeze(time);
  return time;
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
  auto applied = std::make_shared<bool>(false);
  auto* gateway = gateways_.front();
  gateway->post(Millis{300}, [this, gateway, applied] {
    const auto command = apply_command(team_of(profile.terms), false);
    gateway->command(command, [this, command, applied](const Result<wire::AnswerT>& answer) {
      const auto* accepted = answer ? answer->body.AsAccepted() : nullptr;
      *applied = accepted != nullptr;
      if (accepted != nullptr) checks.accepted(command, *accepted);
    });
  });
  if (!until(start_within, [&] { return *applied; }) && !failed()) fail("the team was not applied although nothing is wrong");
}

// A new version while runs of the old one are under way.
void World::change_team() {
  if (!team_owed_) return;
  clock.after(Millis{7'330}, [this] { change_team(); });  // whoever was asked may be dead, or have no call left just then
  auto* gateway = some_gateway();
  if (gateway == nullptr) return clock.after(Millis{300}, [this] { change_team(); });
  gateway->post(Millis{1}, [this, gateway] {
    const auto command = apply_command(team_of(profile.terms), true);
    gateway->command(command, [this, command, losses = losses_](const Result<wire::AnswerT>& answer) {
      const auto* accepted = answer ? answer->body.AsAccepted() : nullptr;
      if (accepted == nullptr || losses != losses_) return;
      checks.accepted(command, *accepted);
      team_owed_ = false;
      team_changed_ = true;
    });
  });
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
  for (auto& process : processes_) {
    if ((faults & roll) != 0) process->be_old();
    if (!process->away()) process->start();
  }
  apply_team();
  profile.faults = faults;
  schedule_people();
  team_owed_ = random.chance(20);
  if (team_owed_) clock.after(random.millis(0, profile.chaos.count()), [this] { change_team(); });
  if (has(roll)) clock.after(random.millis(0, profile.chaos.count() / 2), [this] { roll_over(0); });
  if (faults != 0) clock.after(random.millis(0, profile.fault_every.count()), [this] { trouble(); });
  until(profile.chaos, [] { return false; });
  if (zombie_until_ > clock.now()) until(zombie_until_ - clock.now() + Millis{1}, [] { return false; });
  heal();
  be_silent();
  const bool rested = until(heal_within, [this] { return rests(); });
  if (!rested && !failed()) fail(fmt::format("not at rest {} ms after the last fault: {}", heal_within.count(), restless()));
  if (!failed()) checks.at_rest();
  return finish();
}

// Everybody is gone for a while, and what they wanted goes on without them.
void World::be_silent() {
  healed_ = clock.now();
  if (profile.silence == Millis{0} || failed()) return;
  silent_ = true;
  if (!checks.is_quiet()) ++met.silences;
  for (auto* gateway : gateways_)
    if (gateway->alive()) gateway->crash("everybody has gone");  // and what it repeats for them is asked no more
  until(profile.silence, [this] {
    look_after();
    return checks.is_quiet() || (!profile.silent_to_the_end && checks.is_idle());
  });
  silent_ = false;
}

void World::look_after() {
  if (clock.now() - looked_ < Millis{1'000}) return;
  looked_ = clock.now();
  checks.look_after(clock.now() - healed_);
}

bool World::rests() {
  look_after();
  return std::ranges::all_of(processes_, [](const auto& process) { return process->alive() || process->away(); }) &&
         std::ranges::all_of(clients_, [](const auto& client) { return client->has_finished(); }) && !team_owed_ && checks.is_quiet();
}

std::string World::restless() {
  for (const auto& process : processes_)
    if (!process->alive() && !process->away()) return fmt::format("{} is not there", process->name());
  for (const auto& client : clients_)
    if (auto why = client->unfinished(); !why.empty()) return why;
  if (team_owed_) return "the team's second version is not applied";
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
  outcome.rested = clock.now() - healed_;
  outcome.unattended = checks.longest_unattended();
  outcome.due = checks.longest_due();
  outcome.met = met;
  outcome.history = std::move(history_);
  return outcome;
}

Outcome simulate(const Options& options) {
  World world(options);
  return world.run();
}

}  // namespace convoke::sim
