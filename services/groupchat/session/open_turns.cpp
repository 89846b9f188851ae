#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/runs.hpp"
#include "groupchat/session/turns.hpp"

namespace convoke::groupchat::session {
namespace {

constexpr std::uint32_t system_timeout_ms = 120'000;

std::uint32_t time_allowed(const Context& c, std::string_view agent, std::uint32_t team_version) {
  const auto* team = c.team(team_version);
  const auto* found = team != nullptr && !is_system(agent) ? agents::find_agent(*team, short_name(agent)) : nullptr;
  return found == nullptr ? system_timeout_ms : found->limits.turn_timeout_ms;
}

state::TurnT begin(Context& c, state::InstanceT& instance, wire::TurnKind kind, const state::RunT& run) {
  c.touch();
  state::TurnT turn;
  turn.number = CONVOKE_MUTATED(turn_numbered_again) && instance.next_turn > 1 ? instance.next_turn - 1 : instance.next_turn++;
  turn.kind = kind;
  turn.run = run.id;
  turn.plan = run.plan;
  turn.conversation = run.conversation;
  turn.team_version = run.team_version;
  turn.message = c.new_id('m');
  turn.transcript = instance.transcript;
  turn.opened_ms = c.now_ms();
  turn.timeout_ms = time_allowed(c, instance.agent, run.team_version);
  turn.trace = wire::Trace(run.trace.hi(), run.trace.lo(), c.draft.ids->next(c.draft.now.unix).lo, run.trace.flags());
  return turn;
}

void put(Context& c, state::InstanceT& instance, state::TurnT turn) {
  for (const auto& input : turn.input) {
    state::TranscriptEntryT entry;
    entry.kind = state::EntryKind::input;
    entry.turn = turn.number;
    entry.conversation = turn.conversation;
    entry.input = std::make_unique<wire::InputT>(input);
    c.transcribe(instance, entry);
  }
  if (auto* run = find_run(c.state, turn.run)) ++run->turns;
  instance.open = std::make_unique<state::TurnT>(std::move(turn));
}

bool open_deciding(Context& c, state::InstanceT& instance) {
  for (auto& held : c.state.plans) {
    const auto* run = find_run(c.state, held.plan->run);
    if (held.inbox.empty() || run == nullptr || has_ended(held.plan->status)) continue;
    auto turn = begin(c, instance, wire::TurnKind::deciding, *run);
    turn.inbox_to = held.inbox.back().number;
    put(c, instance, std::move(turn));
    return true;
  }
  return false;
}

bool open_planning(Context& c, state::InstanceT& instance) {
  for (auto& held : c.state.plans) {
    const auto* run = find_run(c.state, held.plan->run);
    if (!held.planning || run == nullptr || has_ended(held.plan->status)) continue;
    put(c, instance, begin(c, instance, wire::TurnKind::planning, *run));
    return true;
  }
  return false;
}

// The answers to an earlier turn's questions go on under their call ids, and what that turn had to answer passes to this one.
bool open_continuation(Context& c, state::InstanceT& instance) {
  const auto complete = [](const state::AwaitingT& waiting) { return std::ranges::all_of(waiting.calls, &state::AwaitedT::answered); };
  const auto found = std::ranges::find_if(instance.awaiting, complete);
  if (found == instance.awaiting.end()) return false;
  const state::AwaitingT waiting = std::move(*found);
  instance.awaiting.erase(found);
  const auto* run = find_run(c.state, waiting.run);
  if (run == nullptr) return true;
  auto turn = begin(c, instance, waiting.kind, *run);
  turn.conversation = waiting.conversation;
  turn.step = waiting.step;
  turn.depth = waiting.depth;
  turn.owes = waiting.owes;
  for (const auto& call : waiting.calls) {
    wire::InputT input;
    input.kind = wire::InputKind::answer;
    const auto person = call.by.empty() ? user_author(c.state.user) : call.by;
    input.author = call.agent.empty() ? person : agent_author(call.agent);
    input.text = call.answer;
    input.conversation = waiting.conversation;
    input.run = waiting.run;
    input.call = call.call;
    input.fault = call.fault;
    input.at_ms = c.now_ms();
    turn.input.push_back(std::move(input));
  }
  put(c, instance, std::move(turn));
  return true;
}

// Messages of people wait together and are answered together, in the oldest one's run; the runs of the others end as `merged`.
std::vector<wire::InputT> take_inputs(Context& c, state::InstanceT& instance) {
  std::vector<wire::InputT> taken{instance.inbox.front()};
  instance.inbox.erase(instance.inbox.begin());
  if (taken.front().kind != wire::InputKind::message) return taken;
  const std::string conversation = taken.front().conversation;
  for (auto it = instance.inbox.begin(); it != instance.inbox.end();) {
    if (it->kind != wire::InputKind::message || it->conversation != conversation) {
      ++it;
      continue;
    }
    if (auto* run = find_run(c.state, it->run); run != nullptr && it->run != taken.front().run) end_as(*run, "merged");
    it->run = taken.front().run;
    taken.push_back(std::move(*it));
    it = instance.inbox.erase(it);
  }
  return taken;
}

bool open_from_inbox(Context& c, state::InstanceT& instance) {
  if (instance.inbox.empty()) return false;
  auto inputs = take_inputs(c, instance);
  const auto& first = inputs.front();
  auto* run = find_run(c.state, first.run);
  if (run == nullptr) return true;
  if (const auto* team = c.team(run->team_version); team != nullptr && run->turns >= team->limits.max_run_turns) {
    end_as(*run, "turn_limit");
    for (const auto& input : inputs)
      if (input.kind == wire::InputKind::question) answer_question(c, input, "the run's limit of turns is reached", Fault::limit);
    return true;
  }
  auto turn = begin(c, instance, first.step.empty() ? wire::TurnKind::chat : wire::TurnKind::step, *run);
  turn.conversation = first.conversation;
  turn.step = first.step;
  turn.plan = first.plan;
  turn.depth = first.depth;
  for (const auto& input : inputs)
    if (input.kind == wire::InputKind::question) turn.owes.push_back(input);
  turn.input = std::move(inputs);
  put(c, instance, std::move(turn));
  return true;
}

bool open_next(Context& c, state::InstanceT& instance) {
  if (instance.open) return false;
  if (instance.agent == executor_agent) return open_deciding(c, instance);
  if (instance.agent == planner_agent) return open_planning(c, instance);
  return open_continuation(c, instance) || open_from_inbox(c, instance);
}

}  // namespace

void enqueue(Context& c, std::string_view agent, wire::InputT input) {
  c.touch();
  input.at_ms = c.now_ms();
  c.instance(agent).inbox.push_back(std::move(input));
}

void open_turns(Context& c) {
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < c.state.instances.size(); ++i) again = open_next(c, c.state.instances[i]) || again;
  }
}

}  // namespace convoke::groupchat::session
