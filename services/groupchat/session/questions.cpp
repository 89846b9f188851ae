#include "groupchat/session/questions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/requests.hpp"
#include "groupchat/session/turns.hpp"

namespace convoke::groupchat::session {
namespace {

// Why an agent may not be asked; nothing when it may.
Status may_ask(const Context& c, const state::TurnT& turn, std::string_view asker, const wire::AskT& wanted) {
  const auto* team = c.team(turn.team_version);
  const auto* from = team ? agents::find_agent(*team, short_name(asker)) : nullptr;
  const auto* to = team ? agents::find_agent(*team, short_name(wanted.agent)) : nullptr;
  if (to == nullptr) return fail(Fault::not_found, fmt::format("There is no agent '{}' in this team.", short_name(wanted.agent)));
  if (from == nullptr || !agents::may_contact(*from, to->name))
    return fail(Fault::forbidden, fmt::format("{} may not contact {}.", short_name(asker), to->name));
  if (to->name == from->name) return fail(Fault::invalid, "An agent cannot ask itself.");
  if (turn.depth + 1 > max_depth) return fail(Fault::limit, fmt::format("Questions nest at most {} deep.", max_depth));
  const auto* instance = find_instance(c.state, wanted.agent);
  if (instance != nullptr && instance->inbox.size() >= max_inbox)
    return fail(Fault::overloaded, fmt::format("{} has too much waiting.", to->name));
  return {};
}

void ask_agent(Context& c, const state::TurnT& turn, std::string_view asker, const wire::AskT& wanted) {
  auto& pair = c.pair_of(asker, wanted.agent);
  auto said = c.event(wire::EventKind::message, pair.id, agent_author(asker));
  said.run = turn.run;
  said.turn = turn.number;
  said.message = c.new_id('m');
  said.text = wanted.text;
  wire::InputT question;
  question.kind = wire::InputKind::question;
  question.author = said.author;
  question.text = wanted.text;
  question.message = said.message;
  question.conversation = pair.id;
  question.run = turn.run;
  question.call = wanted.call;
  question.asker = asker;
  question.asker_turn = turn.number;
  question.depth = static_cast<std::uint8_t>(turn.depth + 1);
  question.trace = turn.trace;
  c.post(std::move(said));
  enqueue(c, wanted.agent, std::move(question));
}

std::string ask_person(Context& c, const state::TurnT& turn, std::string_view asker, const wire::AskT& wanted) {
  wire::HumanRequestT request;
  request.id = c.new_id('h');
  request.kind = wanted.kind == wire::RequestKind::unknown_outcome ? wanted.kind : wire::RequestKind::input;
  request.conversation = turn.conversation;
  request.run = turn.run;
  request.plan = turn.plan;
  request.step = turn.step;
  request.agent = asker;
  request.call = wanted.call;
  request.text = wanted.text;
  const std::string id = request.id;
  if (wanted.kind == wire::RequestKind::unknown_outcome && !CONVOKE_MUTATED(unknown_outcome_unsaid)) {
    auto unknown = c.event(wire::EventKind::outcome_unknown, turn.conversation, agent_author(asker));
    unknown.run = turn.run;
    unknown.turn = turn.number;
    unknown.text = wanted.text;
    const auto called = std::ranges::find(turn.open_calls, wanted.call, &state::OpenCallT::call);
    unknown.data = render({{"call", wanted.call}, {"tool", called == turn.open_calls.end() ? std::string() : called->tool}});
    c.post(std::move(unknown));
  }
  open_request(c, std::move(request));
  return id;
}

void set_answer(state::AwaitedT& call, std::string_view text, Fault fault) {
  call.answered = true;
  call.answer = text;
  call.fault = static_cast<std::uint16_t>(fault);
}

}  // namespace

void ask(Context& c, const state::TurnT& turn, const wire::TurnResultT& result, std::string_view asker) {
  state::AwaitingT waiting;
  waiting.turn = turn.number;
  waiting.conversation = turn.conversation;
  waiting.run = turn.run;
  waiting.plan = turn.plan;
  waiting.step = turn.step;
  waiting.kind = turn.kind;
  waiting.team_version = turn.team_version;
  waiting.owes = turn.owes;
  waiting.depth = turn.depth;
  for (const auto& wanted : result.asks) {
    state::AwaitedT call;
    call.call = wanted.call;
    call.turn = turn.number;
    call.agent = wanted.agent;
    call.text = wanted.text;
    if (wanted.timeout_ms != 0) call.timeout_ms = c.now_ms() + wanted.timeout_ms;
    if (wanted.agent.empty())
      call.request = ask_person(c, turn, asker, wanted);
    else if (const auto allowed = may_ask(c, turn, asker, wanted); !allowed)
      set_answer(call, allowed.error().message, allowed.error().code);
    else
      ask_agent(c, turn, asker, wanted);
    waiting.calls.push_back(std::move(call));
  }
  c.instance(asker).awaiting.push_back(std::move(waiting));
}

void answer_call(Context& c, std::string_view asker, std::uint64_t turn, std::string_view call_id, std::string_view text, Fault fault,
                 std::string_view by) {
  auto* instance = find_instance(c.state, asker);
  if (instance == nullptr) return;
  for (auto& waiting : instance->awaiting)
    for (auto& call : waiting.calls)
      if (waiting.turn == turn && call.call == call_id && !call.answered) {
        c.touch();
        set_answer(call, text, fault);
        call.by = by;
        return;
      }
}

void answer_question(Context& c, const wire::InputT& question, std::string_view text, Fault fault) {
  if (question.asker != executor_agent) return answer_call(c, question.asker, question.asker_turn, question.call, text, fault);
  const auto kind = fault == Fault::none ? wire::PlanEventKind::step_done : wire::PlanEventKind::step_failed;
  if (auto* event = plan_event(c, question.plan, kind, question.step)) {
    event->text = text;
    event->fault = static_cast<std::uint16_t>(fault);
  }
}

void answer_from(Context& c, const state::TurnT& turn, std::string_view text) {
  const auto is_answer = [](const auto& input) { return input.kind == wire::InputKind::answer; };
  // An answer needs no item, a call does; and a turn that continues another one has at least what that one asked for.
  const bool acted = turn.items > 0 || std::ranges::any_of(turn.input, is_answer);
  for (const auto& question : turn.owes) {
    if (question.asker != executor_agent) {
      answer_call(c, question.asker, question.asker_turn, question.call, text, Fault::none);
    } else if (auto* event = plan_event(c, question.plan, wire::PlanEventKind::step_done, question.step)) {
      event->text = text;
      event->fault = static_cast<std::uint16_t>(acted ? Fault::none : Fault::tool_failed);
    }
  }
}

void expire_questions(Context& c) {
  for (auto& instance : c.state.instances)
    for (auto& waiting : instance.awaiting)
      for (auto& call : waiting.calls) {
        if (call.answered || call.timeout_ms == 0 || call.timeout_ms > c.now_ms()) continue;
        c.touch();
        set_answer(call, "No answer in time.", Fault::timeout);
        if (!call.request.empty()) close_request(c, std::string(call.request), "expired", system_author);
      }
}

std::int64_t questions_due(const State& state) {
  std::int64_t due = INT64_MAX;
  for (const auto& instance : state.instances)
    for (const auto& waiting : instance.awaiting)
      for (const auto& call : waiting.calls)
        if (!call.answered && call.timeout_ms != 0) due = std::min(due, call.timeout_ms);
  return due;
}

void forget_awaiting(Context& c, std::string_view run, std::string_view by) {
  for (auto& instance : c.state.instances)
    if (std::erase_if(instance.awaiting, [&](const auto& waiting) { return waiting.run == run; }) > 0) c.touch();
  close_requests(c, [&](const auto& request) { return request.run == run; }, "cancelled", by);
}

}  // namespace convoke::groupchat::session
