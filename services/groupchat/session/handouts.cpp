#include "groupchat/session/handouts.hpp"

#include <algorithm>

#include "core/hash.hpp"
#include "groupchat/session/people.hpp"

namespace convoke::groupchat::session {
namespace {

wire::Message addressed(const State& state, wire::Message message, std::string_view agent, std::uint64_t turn, std::uint32_t attempt) {
  message.header.partition = partition_of("s:" + state.session);
  message.header.turn = turn;
  message.header.attempt = attempt;
  message.header.ttl_ms = wire::default_ttl_ms;
  message.header.dest = agent;
  return message;
}

template <class T> T named(const State& state, std::string_view agent, std::uint64_t turn, std::uint32_t attempt) {
  T body;
  body.session = state.session;
  body.agent = agent;
  body.turn = turn;
  body.attempt = attempt;
  return body;
}

std::vector<std::string> pending_calls(const state::InstanceT& instance) {
  std::vector<std::string> pending;
  for (const auto& waiting : instance.awaiting)
    for (const auto& call : waiting.calls)
      if (!call.answered) pending.push_back(call.call);
  return pending;
}

void put_plan(State& state, const state::TurnT& turn, wire::WorkT& work) {
  const auto* held = find_plan(state, turn.plan);
  if (held == nullptr) return;
  work.goal = held->plan->goal;
  if (turn.kind == wire::TurnKind::step) return;
  work.plan = std::make_unique<wire::PlanT>(*held->plan);
  if (turn.kind != wire::TurnKind::deciding) return;
  for (const auto& event : held->inbox)
    if (event.number <= turn.inbox_to) work.inbox.push_back(event);
}

// What the run may still use, at least 1: 0 stands for no limit.
std::uint64_t tokens_left(const State& state, const Budgets& budgets, std::string_view run_id) {
  const auto budget = budgets.find(run_id);
  if (budget == budgets.end() || budget->second == 0) return 0;
  const auto run = std::ranges::find(state.runs, run_id, &state::RunT::id);
  const auto used = run != state.runs.end() && run->usage ? run->usage->prompt_tokens + run->usage->completion_tokens : 0;
  return used < budget->second ? budget->second - used : 1;
}

wire::Message make_work(State& state, const Budgets& budgets, const state::InstanceT& instance, Now now) {
  const auto& turn = *instance.open;
  auto work = named<wire::WorkT>(state, instance.agent, turn.number, turn.attempt);
  work.kind = turn.kind;
  work.conversation = turn.conversation;
  work.run = turn.run;
  work.plan_id = turn.plan;
  work.user = state.user;
  work.team = state.team;
  work.team_version = turn.team_version;
  work.input = turn.input;
  work.transcript = turn.transcript;
  work.items_total = turn.items;
  work.message = turn.message;
  work.timeout_ms = turn.timeout_ms;
  work.depth = turn.depth;
  work.pending = pending_calls(instance);
  work.now_ms = unix_ms(now.unix);
  work.tokens_left = tokens_left(state, budgets, turn.run);
  if (state.shared) work.people = people_with(state, instance.agent);
  if (const auto* conversation = find_conversation(state, turn.conversation)) work.after_seq = conversation->head;
  put_plan(state, turn, work);
  auto message = addressed(state, wire::message(std::move(work)), instance.agent, turn.number, turn.attempt);
  message.header.dest_kind = wire::DestKind::agent;
  message.header.trace = turn.trace;
  return message;
}

wire::Message make_query(const State& state, const state::InstanceT& instance) {
  const auto& turn = *instance.open;
  auto query = named<wire::WorkQueryT>(state, instance.agent, turn.number, turn.attempt);
  auto message = addressed(state, wire::message(std::move(query)), instance.agent, turn.number, turn.attempt);
  message.header.dest_kind = wire::DestKind::intercom;
  return message;
}

// To that replica; without one to the agent's queue: to whoever has the turn, or out of the queue if nobody has.
wire::Message make_control(const State& state, const Stopped& which, wire::ControlKind kind, const convoke::Uuid& replica) {
  auto control = named<wire::ControlT>(state, which.agent, which.turn, which.attempt);
  control.kind = kind;
  auto message = addressed(state, wire::message(std::move(control)), which.agent, which.turn, which.attempt);
  message.header.dest_kind = replica ? wire::DestKind::replica : wire::DestKind::agent;
  message.header.dest_replica = wire::to_wire(replica);
  return message;
}

}  // namespace

Handouts::Handout* Handouts::find(std::string_view agent, std::uint64_t turn, std::uint32_t attempt) {
  const auto found = handouts_.find(agent);
  if (found == handouts_.end() || found->second.turn != turn || found->second.attempt != attempt) return nullptr;
  return &found->second;
}

void Handouts::loaded(State& state, Now now) {
  handouts_.clear();
  for (const auto& instance : state.instances)
    if (instance.open)
      handouts_[instance.agent] = Handout{instance.open->number, instance.open->attempt, Phase::asking, now.steady, {}, {}, {}, false};
}

void Handouts::link_restored(Now now) {
  // What is parked there may be gone, and workers first have to state again what they hold.
  for (auto& [agent, handout] : handouts_)
    if (handout.phase != Phase::given && handout.phase != Phase::unsent) {
      handout.phase = Phase::asking;
      handout.next = now.steady + times_.resend;
    }
}

void Handouts::on_state(const wire::WorkStateT& state, Now now) {
  auto* handout = find(state.agent, state.turn, state.attempt);
  if (handout == nullptr) return;
  switch (state.status) {
    case wire::WorkStatus::parked:
      handout->phase = Phase::parked;
      handout->next = now.steady + times_.ask_parked;
      return;
    case wire::WorkStatus::given:
      if (handout->phase != Phase::given) handout->given = now.steady;
      handout->replica = wire::from_wire(state.replica);
      handout->heard = now.steady;
      // Whom nobody here has given it: asked at once, so that the text so far comes along with the answer.
      handout->next = handout->phase == Phase::asking ? now.steady : now.steady + times_.silence;
      handout->phase = Phase::given;
      return;
    case wire::WorkStatus::overloaded:
      handout->phase = Phase::refused;
      handout->next = now.steady + std::max(times_.resend, Millis{state.retry_after_ms});
      return;
    case wire::WorkStatus::unknown:
      if (handout->phase != Phase::asking && handout->phase != Phase::parked) return;
      handout->phase = Phase::denied;
      handout->next = now.steady;
      return;
    case wire::WorkStatus::lost: return;
  }
}

void Handouts::on_heard(std::string_view agent, std::uint64_t turn, std::uint32_t attempt, Now now) {
  auto* handout = find(agent, turn, attempt);
  if (handout == nullptr) return;
  handout->begun = true;
  handout->heard = now.steady;
  if (handout->phase == Phase::given) handout->next = now.steady + times_.silence;
}

bool Handouts::has_begun(std::string_view agent, std::uint64_t turn, std::uint32_t attempt) const {
  const auto found = handouts_.find(agent);
  return found != handouts_.end() && found->second.turn == turn && found->second.attempt == attempt && found->second.begun;
}

void Handouts::stop(const std::vector<Stopped>& stopped) {
  for (const auto& which : stopped) {
    const auto* handout = find(which.agent, which.turn, which.attempt);
    if (handout == nullptr || handout->phase == Phase::unsent || handout->phase == Phase::denied) continue;
    stopped_.emplace_back(which, handout->phase == Phase::given ? handout->replica : convoke::Uuid{});
  }
}

void Handouts::act(State& state, const Budgets& budgets, const state::InstanceT& instance, Handout& handout, Now now,
                   std::vector<wire::Message>& sends) {
  const Stopped which{instance.agent, handout.turn, handout.attempt};
  switch (handout.phase) {
    case Phase::unsent:
    case Phase::refused:
    case Phase::sent:
      sends.push_back(make_work(state, budgets, instance, now));
      handout.phase = Phase::sent;
      handout.next = now.steady + times_.resend;
      return;
    case Phase::asking:
      sends.push_back(make_query(state, instance));
      handout.next = now.steady + times_.resend;
      return;
    case Phase::parked:
      sends.push_back(make_query(state, instance));
      handout.next = now.steady + times_.ask_parked;
      return;
    case Phase::given: {
      const bool is_cancelling = instance.open->state == state::TurnState::cancelling;
      sends.push_back(make_control(state, which, is_cancelling ? wire::ControlKind::cancel : wire::ControlKind::holding, handout.replica));
      handout.next = now.steady + (is_cancelling ? times_.repeat_cancel : times_.resend);
      return;
    }
    case Phase::denied: return;
  }
}

void Handouts::owed(State& state, const Budgets& budgets, Now now, std::vector<wire::Message>& sends) {
  for (const auto& [which, replica] : stopped_) sends.push_back(make_control(state, which, wire::ControlKind::cancel, replica));
  stopped_.clear();
  for (const auto& instance : state.instances) {
    if (!instance.open) {
      handouts_.erase(instance.agent);
      continue;
    }
    auto& handout = handouts_[instance.agent];
    if (handout.turn != instance.open->number || handout.attempt != instance.open->attempt)
      handout = Handout{instance.open->number, instance.open->attempt, Phase::unsent, now.steady, {}, {}, {}, false};
    const bool must_stop = handout.phase == Phase::given && instance.open->state == state::TurnState::cancelling &&
                           handout.next > now.steady + times_.repeat_cancel;
    if (handout.next <= now.steady || must_stop) act(state, budgets, instance, handout, now, sends);
  }
}

std::vector<Verdict> Handouts::verdicts(const State& state, Now now) const {
  std::vector<Verdict> found;
  for (const auto& instance : state.instances) {
    const auto at = handouts_.find(instance.agent);
    if (!instance.open || at == handouts_.end()) continue;
    const auto& handout = at->second;
    if (handout.turn != instance.open->number || handout.attempt != instance.open->attempt) continue;
    const Verdict verdict{instance.agent, handout.turn, handout.attempt, Verdict::Kind::raise, handout.begun};
    if (handout.phase == Phase::denied) found.push_back(verdict);
    if (handout.phase != Phase::given) continue;
    found.push_back(verdict);
    if (now.steady >= handout.given + Millis{instance.open->timeout_ms} + times_.overrun)
      found.back().kind = Verdict::Kind::timed_out;
    else if (now.steady >= handout.heard + times_.lost)
      found.back().kind = Verdict::Kind::lost;
    else
      found.pop_back();
  }
  return found;
}

std::optional<SteadyTime> Handouts::wake(const State& state) const {
  std::optional<SteadyTime> earliest;
  const auto consider = [&](SteadyTime time) { earliest = earliest ? std::min(*earliest, time) : time; };
  for (const auto& instance : state.instances) {
    const auto at = handouts_.find(instance.agent);
    if (!instance.open || at == handouts_.end()) continue;
    const auto& handout = at->second;
    consider(handout.next);
    if (handout.phase == Phase::given)
      consider(std::min(handout.heard + times_.lost, handout.given + Millis{instance.open->timeout_ms} + times_.overrun));
  }
  return earliest;
}

}  // namespace convoke::groupchat::session
