// What is committed: order, items, turns, plans, due times, bounds.
#include "checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "checks_read.hpp"
#include "core/hash.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

constexpr std::size_t most_letters = 100;  // of a session: people settle them, and there is one for three failures

// Nothing is open, waits or is owed.
bool nothing_open(const state::SessionState& state) {
  for (const auto* one : each(state.instances()))
    if (one->open() != nullptr || count(one->inbox()) > 0 || count(one->awaiting()) > 0) return false;
  bool owes = state.outbox() != nullptr && state.outbox()->owed();
  for (const auto* outbox : each(state.outboxes())) owes = owes || outbox->owed();
  return count(state.requests()) == 0 && count(state.plans()) == 0 && count(state.runs()) == 0 && !owes && !state.deleting();
}

// Nothing but questions to people: no turn, no input, no notice, and no decision of the executor that is to come.
bool waits_for_people(const state::SessionState& state) {
  for (const auto* one : each(state.instances()))
    if (one->open() != nullptr || count(one->inbox()) > 0) return false;
  bool owes = state.outbox() != nullptr && state.outbox()->owed();
  for (const auto* outbox : each(state.outboxes())) owes = owes || outbox->owed();
  for (const auto* held : each(state.plans()))
    if (count(held->inbox()) > 0 || held->planning() || held->wake_ms() != 0) return false;
  return !owes && !state.deleting() && (count(state.requests()) > 0 || nothing_open(state));
}

}  // namespace

void Checks::fail(int invariant, std::string text) { world_.fail(fmt::format("invariant {}: {}", invariant, text)); }

std::uint64_t Checks::head(const std::string& conversation) const {
  const auto found = truth_.logs.find(conversation);
  return found == truth_.logs.end() ? 0 : found->second.size();
}

void Checks::claimed(store::Partition partition, const store::Epoch& epoch) {
  auto& known = truth_.epochs[partition];
  if (epoch.number <= known.number && !lossy_)
    fail(5, fmt::format("partition {} is claimed with epoch {} after {}", partition, epoch.number, known.number));
  known = epoch;
}

void Checks::order(const store::Commit& commit) {
  auto& version = truth_.versions[commit.scope];
  if (commit.version != version) fail(5, fmt::format("{} goes from version {} to {}", commit.scope, version, commit.version + 1));
  version = commit.version + 1;
  const auto partition = partition_of(commit.scope);
  const auto& epoch = truth_.epochs[partition];
  if (commit.epoch != epoch)
    fail(5, fmt::format("{} is committed under epoch {}, but {} was claimed", commit.scope, commit.epoch.number, epoch.number));
}

void Checks::committed(const OwnerProcess&, const store::Commit& commit) {
  ++commits_;
  order(commit);
  if (commit.scope.starts_with("s:")) session_committed(commit);
  if (commit.scope.starts_with("u:")) user_committed(commit);
}

void Checks::session_committed(const store::Commit& commit) {
  auto& session = truth_.sessions[commit.scope];
  if (commit.remove) {
    session.deleted = session.quiet = session.idle = true;
    return;
  }
  if (commit.state) name_runs(session, *flatbuffers::GetRoot<state::SessionState>(commit.state->data()));
  // Items first: what a run has used is told by the event of its end.
  for (const auto& append : commit.appends)
    if (append.log.starts_with("tr:")) appended_items(session, append);
  for (const auto& append : commit.appends)
    if (!append.log.starts_with("tr:")) appended_events(session, append);
  for (const auto& part : commit.parts)
    if (part.name.starts_with("plan:")) ended_plan(session, *flatbuffers::GetRoot<wire::Plan>(part.bytes.data()));
  if (!commit.state) {  // it stays as it is, and so does what it owes
    const auto loaded = world_.memory.load(commit.scope);
    if (!loaded->state.empty()) due(commit, *flatbuffers::GetRoot<state::SessionState>(loaded->state.data()));
    return;
  }
  // Read where it lies: what an owner has packed itself need not be verified, and this is done for every commit.
  const auto& state = *flatbuffers::GetRoot<state::SessionState>(commit.state->data());
  if (!commit.keys.empty()) carried_out(session, commit, state);
  session.deleted = session.deleted || state.deleting();
  session.quiet = nothing_open(state);
  session.idle = session.quiet || waits_for_people(state);
  usage(session, state);
  for (const auto* one : each(state.instances())) instance(session, commit.scope, *one);
  plans(session, state);
  due(commit, state);
  people(session, state);
  bounds(commit.scope, state);
}

void Checks::appended_events(Session& session, const store::Append& append) {
  auto& log = truth_.logs[append.log.substr(4)];
  auto number = append.first;
  for (const auto& bytes : append.entries) {
    const auto& event = *flatbuffers::GetRoot<wire::Event>(bytes.data());
    if (event.seq() != number || number != log.size() + 1)
      fail(3, fmt::format("{} gets event {} at place {} after {}", append.log, event.seq(), number, log.size()));
    log.push_back({event.id() != nullptr ? wire::from_wire(*event.id()) : Uuid{}, fingerprint(event)});
    ++number;
    if (const auto message = text(event.message()); !message.empty() && !session.messages.emplace(message).second)
      fail(8, fmt::format("message {} is in {} for the second time", message, append.log));
    const std::string run(text(event.run()));
    if (!run.empty()) session.runs.try_emplace(run, 0);
    switch (event.kind()) {
      case wire::EventKind::run_ended:
        if (++session.runs[run] > 1) fail(1, fmt::format("run {} has a second stop reason", run));
        ended_run(session, event);
        break;
      case wire::EventKind::tool_called:
        // What agents say to others and to people ends in their answers, which the turns' own checks follow.
        if (const auto tool = field(text(event.data()), "tool");
            tool != "chat_with_agent" && tool != "ask_human" && tool != "contact_human")
          session.recorded.insert(call_of(text(event.author()), field(text(event.data()), "call")));
        break;
      case wire::EventKind::tool_returned:
        if (field(text(event.data()), "ok") == "true")
          session.done.insert(call_of(text(event.author()), field(text(event.data()), "call")));
        [[fallthrough]];
      case wire::EventKind::outcome_unknown:
      case wire::EventKind::late_result: session.settled.insert(call_of(text(event.author()), field(text(event.data()), "call"))); break;
      default: break;
    }
  }
}

// A turn may be opened, get its items and be closed in one commit: after a fail-over with loss its worker is further than its owner.
void Checks::name_runs(Session& session, const state::SessionState& state) {
  for (const auto* one : each(state.instances())) {
    auto& turns = session.turns[std::string(text(one->agent()))];
    const auto name = [&](std::uint64_t number, std::string_view run) {
      if (number != 0 && turns[number].run.empty()) turns[number].run = run;
    };
    if (one->open() != nullptr) name(one->open()->number(), text(one->open()->run()));
    name(one->last_turn(), text(one->last_run()));
  }
}

void Checks::appended_items(Session& session, const store::Append& append) {
  const std::string agent = append.log.substr(3);
  auto& transcript = session.transcripts[agent];
  for (const auto& bytes : append.entries) {
    transcript.push_back(std::hash<std::string_view>{}(bytes));
    const auto& entry = *flatbuffers::GetRoot<state::TranscriptEntry>(bytes.data());
    const auto* item = entry.item();
    if (entry.kind() != state::EntryKind::item || item == nullptr) continue;
    auto& turn = session.turns[agent][entry.turn()];
    if (item->n() != turn.items + 1)
      fail(2, fmt::format("turn {} of {} gets item {} after {}", entry.turn(), agent, item->n(), turn.items));
    if (turn.closed) fail(8, fmt::format("turn {} of {} gets item {} after it was closed", entry.turn(), agent, item->n()));
    turn.items = item->n();
    // The attempt before this commit: in the same batch it may have been raised after the item came.
    turn.by.resize(turn.items, std::max(turn.attempt, 1u));
    session.used[turn.run].add(item->usage());
    if (item->kind() == wire::ItemKind::act) session.settled.insert(call_of("agent/" + agent, text(item->call())));
  }
}

void Checks::instance(Session& session, const std::string& scope, const state::Instance& instance) {
  const std::string agent(text(instance.agent()));
  auto& turns = session.turns[agent];
  auto& last = session.last_opened[agent];
  const auto* open = instance.open();
  if (open != nullptr) {
    if (open->number() < last) fail(8, fmt::format("turn {} of {} in {} is open again after {}", open->number(), agent, scope, last));
    auto& turn = turns[open->number()];
    if (turn.closed) fail(8, fmt::format("turn {} of {} is open after it was closed", open->number(), agent));
    if (open->attempt() < turn.attempt)
      fail(5, fmt::format("turn {} of {} falls back to attempt {}", open->number(), agent, open->attempt()));
    if (open->items() != turn.items)
      fail(2,
           fmt::format("turn {} of {} says it has {} items, {} are in its transcript", open->number(), agent, open->items(), turn.items));
    if (open->failures() > turn.failures) turn.failed.insert(std::max(turn.attempt, 1u));
    turn.failures = open->failures();
    turn.attempt = open->attempt();
    turn.cancelling = open->state() == state::TurnState::cancelling;
    turn.worker = open->worker() != nullptr ? wire::from_wire(*open->worker()) : Uuid{};
    last = open->number();
  }
  last = std::max(last, instance.next_turn() - 1);  // opened and closed at once, too
  for (auto& [number, turn] : turns)
    if (open == nullptr || number != open->number()) turn.closed = true;
}

void Checks::Usage::add(const wire::Usage* more) {
  if (more == nullptr) return;
  prompt += more->prompt_tokens();
  completion += more->completion_tokens();
  models += more->model_calls();
  tools += more->tool_calls();
  cost += more->cost_micros();
}

// What a run has used is what its items say, once each.
void Checks::usage(const Session& session, const state::SessionState& state) {
  for (const auto* run : each(state.runs())) {
    Usage told;
    told.add(run->usage());
    const auto used = session.used.find(text(run->id()));
    if (told != (used == session.used.end() ? Usage{} : used->second))
      fail(2, fmt::format("run {} is said to have made {} model calls, which is not what its items say", text(run->id()), told.models));
  }
}

void Checks::ended_run(Session& session, const wire::Event& event) {
  const auto run = text(event.run());
  const auto data = text(event.data());
  session.reasons.insert_or_assign(std::string(run), std::string(field(data, "stop_reason")));
  const auto used = session.used.find(run);
  const auto models = used == session.used.end() ? 0 : used->second.models;
  const auto prompt = used == session.used.end() ? 0 : used->second.prompt;
  if (number(data, "model_calls") != models || number(data, "prompt_tokens") != prompt)
    fail(2, fmt::format("run {} ends with another usage than its items': {}", run, data));
}

void Checks::steps(Session& session, const wire::Plan& plan) {
  for (const auto* step : each(plan.steps())) {
    const auto known = session.ended_steps.find(text(step->id()));
    if (known != session.ended_steps.end() && known->second != step->status())
      fail(8, fmt::format("step {} was {} and is {}", text(step->id()), wire::EnumNameStepStatus(known->second),
                          wire::EnumNameStepStatus(step->status())));
    if (is_over(step->status())) session.ended_steps.emplace(text(step->id()), step->status());
  }
}

// A plan that ends is put away in that commit, as it will be read from then on.
void Checks::ended_plan(Session& session, const wire::Plan& plan) {
  steps(session, plan);
  const auto [known, fresh] = session.plans_ended.emplace(text(plan.id()), plan.status());
  if (!fresh) fail(8, fmt::format("plan {} ends for the second time", text(plan.id())));
  if (plan.status() < wire::PlanStatus::completed)
    fail(8, fmt::format("plan {} has ended, and is {}", text(plan.id()), wire::EnumNamePlanStatus(plan.status())));
}

void Checks::plans(Session& session, const state::SessionState& state) {
  for (const auto* held : each(state.plans())) {
    const auto& plan = *held->plan();
    if (session.plans_ended.contains(text(plan.id()))) fail(8, fmt::format("plan {} is open after it ended", text(plan.id())));
    const auto known = session.revisions.find(text(plan.id()));
    if (known == session.revisions.end())
      session.revisions.emplace(text(plan.id()), plan.revision());
    else if (plan.revision() < std::exchange(known->second, plan.revision()))
      fail(8, fmt::format("plan {} goes back to revision {}", text(plan.id()), plan.revision()));
    steps(session, plan);
  }
  for (const auto* run : each(state.runs())) {
    const auto [known, fresh] = session.pinned.emplace(text(run->id()), run->team_version());
    if (!fresh && known->second != run->team_version())
      fail(8, fmt::format("run {} goes from team version {} to {}", known->first, known->second, run->team_version()));
  }
  for (const auto* ended : each(state.ended_plans())) {
    const auto known = session.plans_ended.find(text(ended->id()));
    if (known == session.plans_ended.end() || known->second != ended->status())
      fail(8, fmt::format("plan {} is said to have ended as {}, and was put away as another", text(ended->id()),
                          wire::EnumNamePlanStatus(ended->status())));
  }
  requests(session, state);
}

// A question to people that was answered, has expired or was taken back is never asked again under its id.
void Checks::requests(Session& session, const state::SessionState& state) {
  session.next_id = state.next_id();
  const auto before = std::exchange(session.requests, {});
  for (const auto* request : each(state.requests())) {
    if (session.requests_ended.contains(text(request->id()))) fail(8, fmt::format("request {} is open again", text(request->id())));
    session.requests.emplace(text(request->id()),
                             Request{request->kind(), std::string(text(request->agent())), std::string(text(request->call())),
                                     std::string(text(request->plan())), std::string(text(request->step()))});
  }
  for (const auto& [id, request] : before)
    if (!session.requests.contains(id)) session.requests_ended.insert(id);
}

void Checks::due(const store::Commit& commit, const state::SessionState& state) {
  const auto owed = [&](std::int64_t at, const char* what) {
    if (at == 0 || (commit.due_unix_ms && *commit.due_unix_ms <= at)) return;
    fail(9, fmt::format("{} owes {} by {}, and is in the due index at {}", commit.scope, what, at, commit.due_unix_ms.value_or(0)));
  };
  for (const auto* one : each(state.instances())) {
    if (const auto* open = one->open())
      owed(open->state() == state::TurnState::cancelling ? open->close_ms() : open->opened_ms() + open->timeout_ms(), "an open turn");
    for (const auto* waiting : each(one->awaiting()))
      for (const auto* call : each(waiting->calls()))
        if (!call->answered()) owed(call->timeout_ms(), "an answer");
  }
  for (const auto* request : each(state.requests())) owed(request->expires_ms(), "the expiry of a request");
  if (count(state.requests()) == 0)  // who waits for a person may take longer
    for (const auto* run : each(state.runs()))
      if (text(run->stop_reason()).empty()) owed(run->deadline_ms(), "the end of a run's time");
  for (const auto* held : each(state.plans())) owed(held->wake_ms(), "a plan's wake-up");
  const char* notice = state.deleting() ? "its deletion" : "a notice";
  if (state.outbox() != nullptr && (state.outbox()->owed() || state.deleting())) owed(state.outbox()->next_ms(), notice);
  for (const auto* outbox : each(state.outboxes()))
    if (outbox->owed() || state.deleting()) owed(outbox->next_ms(), notice);
}

// Whoever is in stays in, and has an outbox; nobody is in what is not shared.
void Checks::people(Session& session, const state::SessionState& state) {
  session.user = text(state.user());
  if (!state.shared()) {
    if (count(state.outboxes()) > 0) fail(10, fmt::format("somebody joined {}, which is not shared", text(state.session())));
    return;
  }
  std::set<std::string> members;
  for (const auto* conversation : each(state.conversations())) {
    auto& known = session.people[std::string(text(conversation->id()))];
    for (const auto* member : each(conversation->members()))
      if (const auto name = text(member->name()); name.starts_with("user/")) known.emplace(name.substr(5));
    if (known.size() > 16) fail(10, fmt::format("{} has {} people", text(conversation->id()), known.size()));
    members.insert(known.begin(), known.end());
  }
  members.erase(session.user);
  if (count(state.outboxes()) > members.size())
    fail(10, fmt::format("{} keeps {} outboxes for {} people", text(state.session()), count(state.outboxes()), members.size()));
}

// What is kept depends on what is open: questions on the calls and steps that wait for them, a plan's inbox on its steps.
void Checks::bounds(const std::string& scope, const state::SessionState& state) {
  const auto is_run = [&](const flatbuffers::String* id) {
    return find_in(state.runs(), [&](const state::Run& run) { return text(run.id()) == text(id); }) != nullptr;
  };
  std::size_t askable = 0;
  for (const auto* one : each(state.instances())) {
    if (count(one->inbox()) > 1'000)
      fail(10, fmt::format("{} of {} has {} inputs waiting", text(one->agent()), scope, count(one->inbox())));
    if (one->open() != nullptr && count(one->open()->open_calls()) > 64)
      fail(10, fmt::format("{} has too many open calls", text(one->agent())));
    for (const auto* waiting : each(one->awaiting())) {
      askable += count(waiting->calls());
      if (!is_run(waiting->run()))
        fail(10, fmt::format("{} awaits answers for {}, which is over", text(one->agent()), text(waiting->run())));
    }
  }
  for (const auto* held : each(state.plans())) {
    const auto& plan = *held->plan();
    const auto steps = std::max<std::size_t>(count(plan.steps()), plan.next_step());
    askable += count(plan.steps()) + 2;
    if (!is_run(plan.run())) fail(10, fmt::format("plan {} is kept, its run is over", text(plan.id())));
    if (count(held->inbox()) > 3 * steps + 8)
      fail(10, fmt::format("{} events wait for plan {} of {} steps", count(held->inbox()), text(plan.id()), steps));
    const auto cancels =
        std::ranges::count_if(each(held->inbox()), [](const auto* event) { return event->kind() == wire::PlanEventKind::cancel; });
    if (cancels > 1) fail(10, fmt::format("{} cancels wait for plan {}", cancels, text(plan.id())));
    if (held->decided() != nullptr && held->decided()->size() > steps)
      fail(10, fmt::format("plan {} keeps {} decisions on {} steps", text(plan.id()), held->decided()->size(), steps));
  }
  if (count(state.requests()) > askable)
    fail(10, fmt::format("{} keeps {} requests, at most {} can be open", scope, count(state.requests()), askable));
  if (count(state.dead_letters()) > most_letters) fail(10, fmt::format("{} keeps {} dead letters", scope, count(state.dead_letters())));
  if (count(state.runs()) > 200) fail(10, fmt::format("{} keeps {} runs", scope, count(state.runs())));
  if (count(state.ended_plans()) > 200) fail(10, fmt::format("{} keeps {} ended plans", scope, count(state.ended_plans())));
}

void Checks::user_committed(const store::Commit& commit) {
  for (const auto& piece : commit.pieces) {
    if (piece.bytes.empty()) continue;
    const auto& session = *flatbuffers::GetRoot<state::UserSession>(piece.bytes.data());
    auto& last = truth_.channels[fmt::format("{}/{}", commit.scope, text(session.summary()->session()))];
    const std::pair now{session.epoch(), session.version()};
    if (now < last)
      fail(2, fmt::format("{} hears of {} as of ({}, {}) after ({}, {})", commit.scope, text(session.summary()->session()), now.first,
                          now.second, last.first, last.second));
    last = now;
  }
}

void Checks::within(const Process& process, std::size_t size, std::size_t most, const char* what) {
  if (size > most) fail(10, fmt::format("{} has {} {}, at most {} are allowed", process.name(), size, what, most));
}

void Checks::sizes(const OwnerProcess& owner) {
  if (owner.core() == nullptr) return;
  const auto sizes = owner.core()->sizes();
  const own::Options& options = world_.profile.owner;
  const auto within = [&](std::size_t size, std::size_t most, const char* what) { this->within(owner, size, most, what); };
  within(sizes.waiting, std::size_t{options.queue_total} + options.queue_per_scope, "messages waiting");
  within(sizes.fullest, options.queue_per_scope, "messages waiting for one scope");
  within(sizes.commits, options.commits_in_flight, "commits in flight");
  within(sizes.loads, options.loads_in_flight, "loads");
  within(sizes.checks, options.queue_total + 256, "answers and doubts that wait for a check");
  within(sizes.reads, options.max_reads, "reads");
  within(sizes.asked, options.max_asked, "messages that wait for an answer");
  within(sizes.scopes, options.cached_scopes + 64, "scopes");
  within(sizes.to_load, options.cached_scopes + 64 + options.queue_total, "scopes to be loaded");
  within(sizes.gathers, options.queue_total, "queries over several scopes");
  within(sizes.expiries, options.max_asked, "expiries of answers");
  if (!lossy_) within(sizes.due, truth_.versions.size(), "due times");
}

void Checks::sizes(const IntercomProcess& intercom) {
  if (intercom.core() == nullptr) return;
  const auto& core = *intercom.core();
  const intercom::Settings& settings = world_.profile.intercom;
  // Each has had a worker's slot, and whichever waits longest is given first: of an agent no more than there ever were slots at once.
  constexpr std::size_t agents = 5;
  most_slots_ = std::max(most_slots_, core.registry().size() * world_.profile.book.credit);
  const auto given_back = core.queues().given_back();
  within(intercom, given_back, agents * most_slots_, "turns given back and parked");
  within(intercom, core.queues().longest(), settings.max_parked + given_back, "turns parked for one agent");
  within(intercom, core.queues().idle(), settings.max_instances, "instances remembered");
  if (given_back == 0) within(intercom, core.queues().parked_bytes(), settings.max_parked_bytes, "bytes of turns parked");
  within(intercom, core.registry().size(), settings.max_replicas, "replicas");
  within(intercom, core.subscribed(), settings.max_subscriptions, "streams that one peer subscribed to");
  within(intercom, core.unconfirmed(), 3 * std::size_t{settings.max_unconfirmed}, "messages unconfirmed by one peer");
}

void Checks::sizes(const TurnProcess& process) {
  if (process.book() == nullptr) return;
  within(process, process.book()->unanswered(), std::size_t{world_.profile.book.max_unacknowledged} + 1, "reports without an answer");
}

void Checks::calls(const Process& process, std::size_t unanswered) {
  within(process, unanswered, world_.profile.max_calls, "calls without an answer");
}

void Checks::reader(const api::Reader& reader) {
  const api::ReaderLimits& limits = world_.profile.reader;
  if (reader.kept() > limits.max_ahead + limits.max_held_bytes / 64 + 64) fail(10, fmt::format("a reader keeps {} things", reader.kept()));
}

std::function<void()> Checks::remember() {
  return [this, truth = truth_] {
    truth_ = truth;
    accepted_.clear();
    lossy_ = true;
  };
}

}  // namespace convoke::sim
