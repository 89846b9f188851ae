// What workers report: items, results, turns handed back; and what happens when a worker is gone.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/mutation.hpp"
#include "core/text.hpp"
#include "groupchat/session/letters.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/questions.hpp"
#include "groupchat/session/runs.hpp"
#include "groupchat/session/turns.hpp"

namespace convoke::groupchat::session {
namespace {

constexpr std::size_t shown_bytes = 4096;  // of a tool's result in an event; the whole is in the transcript

wire::EventT turn_event(Context& c, const state::TurnT& turn, wire::EventKind kind, std::string_view agent) {
  auto event = c.event(kind, turn.conversation, agent_author(agent));
  event.run = turn.run;
  event.plan = turn.plan;
  event.step = turn.step;
  event.turn = turn.number;
  event.attempt = turn.attempt;
  return event;
}

wire::Message acknowledgement(const wire::HeaderT& request, std::uint64_t n, std::uint64_t transcript) {
  wire::AcknowledgedT done;
  done.n = n;
  done.transcript = transcript;
  return wire::reply(request, std::move(done));
}

/// The worker has ended the turn and only keeps its report until it hears this.
void acknowledge_end(Context& c, const wire::HeaderT& request, std::uint64_t n, const state::InstanceT& instance) {
  auto answer = acknowledgement(request, n, instance.transcript);
  answer.may_wait = true;
  c.draft.answers.push_back(std::move(answer));
}

void refuse_report(Context& c, const wire::HeaderT& request, Fault code, std::string text, std::uint64_t expected = 0) {
  auto fault = wire::make_fault(code, std::move(text));
  fault.expected = expected;
  respond(c.draft, wire::reply(request, std::move(fault)));
}

void count(Context& c, state::TurnT& turn, const wire::UsageT* usage) {
  if (usage == nullptr) return;
  if (!turn.usage) turn.usage = std::make_unique<wire::UsageT>();
  add(*turn.usage, *usage);
  if (auto* run = find_run(c.state, turn.run)) {
    if (!run->usage) run->usage = std::make_unique<wire::UsageT>();
    add(*run->usage, *usage);
  }
}

bool is_communication(std::string_view tool) { return tool == "chat_with_agent" || tool == "ask_human" || tool == "contact_human"; }

/// Another type than text is none: what a model or a worker of somebody else's says must not end the owner.
std::string text_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The calls that a response orders: each is open until its result is an item.
void open_calls(Context& c, state::TurnT& turn, const wire::ItemT& item, std::string_view agent) {
  const auto json = nlohmann::json::parse(item.text, nullptr, false);
  if (!json.is_object() || !json.contains("tool_calls") || !json["tool_calls"].is_array()) return;
  for (const auto& entry : json["tool_calls"]) {
    if (!entry.is_object()) continue;
    const auto& function = entry.contains("function") && entry["function"].is_object() ? entry["function"] : entry;
    state::OpenCallT call;
    call.call = text_in(entry, "id");
    call.tool = text_in(function, "name");
    call.arguments = text_in(function, "arguments");
    auto called = turn_event(c, turn, wire::EventKind::tool_called, agent);
    called.data = render({{"call", call.call}, {"tool", call.tool}, {"arguments", call.arguments}});
    turn.open_calls.push_back(std::move(call));
    c.post(std::move(called));
  }
}

void close_call(Context& c, state::TurnT& turn, const wire::ItemT& item, std::string_view agent) {
  std::erase_if(turn.open_calls, [&](const auto& call) { return call.call == item.call; });
  auto returned = turn_event(c, turn, wire::EventKind::tool_returned, agent);
  returned.text = truncate_utf8(item.text, shown_bytes);
  const auto fault = static_cast<Fault>(item.fault);
  returned.data =
      render({{"call", item.call}, {"tool", item.tool}, {"ok", fault == Fault::none ? "true" : "false"}, {"fault", name_of(fault)}});
  c.post(std::move(returned));
}

// A message to somebody, delivered in this very commit, so that it happens once.
void act(Context& c, state::TurnT& turn, const wire::ItemT& item, std::string_view agent) {
  std::erase_if(turn.open_calls, [&](const auto& call) { return call.call == item.call; });
  auto said = turn_event(c, turn, wire::EventKind::message, agent);
  said.conversation = c.direct_with(agent, c.state.user).id;
  said.message = c.new_id('m');
  said.text = item.text;
  c.post(std::move(said));
}

void apply_item(Context& c, const wire::HeaderT& request, const wire::ReportT& report, state::InstanceT& instance) {
  auto& turn = *instance.open;
  const auto& item = *report.body.AsItem();
  if (CONVOKE_MUTATED(usage_counted_again) && report.n <= turn.items) count(c, turn, item.usage.get());
  if (report.n <= turn.items) return respond(c.draft, acknowledgement(request, report.n, instance.transcript));
  if (item.kind > wire::ItemKind::MAX) return refuse_report(c, request, Fault::unknown_kind, "an item of no kind that is known here");
  if (report.n != turn.items + 1 && !CONVOKE_MUTATED(item_gap_accepted))
    return refuse_report(c, request, Fault::expected, fmt::format("item {} comes first", turn.items + 1), turn.items + 1);
  const bool is_recorded_call = std::ranges::find(turn.open_calls, item.call, &state::OpenCallT::call) != turn.open_calls.end();
  if (turn.state == state::TurnState::cancelling && (item.kind != wire::ItemKind::result || !is_recorded_call))
    return refuse_report(c, request, Fault::turn_closed, "the turn is being cancelled");
  state::TranscriptEntryT entry;
  entry.kind = state::EntryKind::item;
  entry.turn = turn.number;
  entry.conversation = turn.conversation;
  entry.item = std::make_unique<wire::ItemT>(item);
  c.transcribe(instance, entry);
  turn.worker = request.source_replica;
  if (!CONVOKE_MUTATED(item_uncounted)) ++turn.items;
  turn.begun = true;
  count(c, turn, item.usage.get());
  c.draft.answers.push_back(acknowledgement(request, report.n, instance.transcript));
  const std::string agent = instance.agent;
  switch (item.kind) {
    case wire::ItemKind::response: open_calls(c, turn, item, agent); break;
    case wire::ItemKind::result: close_call(c, turn, item, agent); break;
    case wire::ItemKind::act: act(c, turn, item, agent); break;
  }
  auto* same = find_instance(c.state, agent);
  if (same->open->state == state::TurnState::cancelling && same->open->open_calls.empty()) close_cancelled(c, *same);
}

wire::SpanT span_of(const Context& c, const state::TurnT& turn, std::string_view agent, Fault fault) {
  wire::SpanT span;
  span.trace_hi = turn.trace.hi();
  span.trace_lo = turn.trace.lo();
  span.id = turn.trace.span();
  if (const auto* run = find_run(c.state, turn.run)) span.parent = run->trace.span();
  span.name = fmt::format("invoke_agent {}", agent);
  span.service = "groupchat";
  span.start_us = turn.opened_ms * 1000;
  span.end_us = c.now_ms() * 1000;
  span.session = c.state.session;
  span.run = turn.run;
  span.fault = static_cast<std::uint16_t>(fault);
  span.attributes = render({{"gen_ai.operation.name", "invoke_agent"},
                            {"gen_ai.agent.name", agent},
                            {"convoke.turn", std::to_string(turn.number)},
                            {"convoke.attempt", std::to_string(turn.attempt)},
                            {"convoke.step", turn.step}});
  return span;
}

void finish_answer(Context& c, std::string_view agent, const wire::TurnResultT& result) {
  auto* instance = find_instance(c.state, agent);
  state::TranscriptEntryT entry;
  entry.kind = state::EntryKind::answer;
  entry.turn = instance->open->number;
  entry.conversation = instance->open->conversation;
  entry.text = result.text;
  c.transcribe(*instance, entry);
  const auto turn = take_open(c, *instance, ClosedBy::result);
  if (!result.text.empty()) {
    auto said = turn_event(c, turn, wire::EventKind::message, agent);
    said.message = turn.message;
    said.text = result.text;
    c.post(std::move(said));
  }
  answer_from(c, turn, result.text);
}

// A call that was recorded and has no result when its turn ends may or may not have happened: people are told.
void say_unknown(Context& c, const state::TurnT& turn, std::string_view agent) {
  for (const auto& call : turn.open_calls) {
    if (is_communication(call.tool) || CONVOKE_MUTATED(outcome_forgotten)) continue;
    auto unknown = turn_event(c, turn, wire::EventKind::outcome_unknown, agent);
    unknown.text = fmt::format("{} was called; whether it was carried out is not known.", call.tool);
    unknown.data = render({{"call", call.call}, {"tool", call.tool}});
    c.post(std::move(unknown));
  }
}

// Ends a turn without an answer: whoever asked hears the fault, people see it.
void finish_failed(Context& c, std::string_view agent, Fault fault, std::string_view text, ClosedBy by) {
  auto* instance = find_instance(c.state, agent);
  const auto turn = take_open(c, *instance, by);
  auto failed = turn_event(c, turn, wire::EventKind::turn_failed, agent);
  failed.text = text;
  failed.data = render({{"agent", agent}, {"fault", name_of(fault)}});
  c.post(std::move(failed));
  say_unknown(c, turn, agent);
  if (turn.kind == wire::TurnKind::planning) {
    wire::TurnResultT result;
    result.outcome = wire::Outcome::failed;
    result.fault = static_cast<std::uint16_t>(fault);
    result.text = text;
    apply_draft(c, turn, result);
  } else if (turn.kind == wire::TurnKind::deciding) {
    end_plan(c, turn.plan, wire::PlanStatus::failed, fault == Fault::poison ? "poison" : "failed");
  } else if (turn.owes.empty()) {
    if (auto* run = find_run(c.state, turn.run))
      end_as(*run, fault == Fault::poison ? "poison" : fault == Fault::budget ? "over_budget" : "failed");
  }
  // A step whose call may have happened unseen is not one to be repeated by itself.
  const bool is_unsure = std::ranges::any_of(turn.open_calls, [](const auto& call) { return !is_communication(call.tool); });
  for (const auto& question : turn.owes) answer_question(c, question, text, is_unsure ? Fault::unknown_outcome : fault);
}

// After three failures a person has to look: the turn is kept as a dead letter, with all that is needed to repeat it.
void bury(Context& c, std::string_view agent, Fault fault, std::string text) {
  const auto& turn = *find_instance(c.state, agent)->open;
  if (turn.items > 0)
    text += " What its calls have done stays done; a repetition begins anew and may do it again: look at its conversation first.";
  state::StoredLetterT stored;
  stored.kind = turn.kind;
  stored.input = turn.input;
  stored.team_version = turn.team_version;
  stored.letter = std::make_unique<wire::DeadLetterT>();
  auto& letter = *stored.letter;
  letter.id = c.new_id('x');
  letter.agent = agent;
  letter.turn = turn.number;
  letter.conversation = turn.conversation;
  letter.run = turn.run;
  letter.plan = turn.plan;
  letter.step = turn.step;
  letter.fault = static_cast<std::uint16_t>(fault);
  letter.text = text;
  letter.at_ms = c.now_ms();
  auto dead = turn_event(c, turn, wire::EventKind::dead_letter, agent);
  dead.text = text;
  dead.data = render({{"id", letter.id}, {"agent", agent}, {"turn", std::to_string(turn.number)}, {"fault", name_of(fault)}});
  c.post(std::move(dead));
  keep_letter(c, std::move(stored));
  finish_failed(c, agent, Fault::poison, text, ClosedBy::owner);
}

// One more failure of the open turn: tried again, or buried.
void fail_attempt(Context& c, std::string_view agent, Fault fault, std::string_view text) {
  auto* instance = find_instance(c.state, agent);
  c.touch();
  if (++instance->open->failures >= max_failures) return bury(c, agent, fault, std::string(text));
  raise_attempt(c, *instance);
}

void apply_failed(Context& c, std::string_view agent, const wire::TurnResultT& result) {
  const auto fault = result.fault == 0 ? Fault::internal : static_cast<Fault>(result.fault);
  const auto kind = find_instance(c.state, agent)->open->kind;
  // A step's failures are the executor's to judge, and a planner has tried three times itself.
  const bool is_ours_to_retry = kind == wire::TurnKind::chat || kind == wire::TurnKind::deciding;
  if (is_ours_to_retry && retryable(fault)) return fail_attempt(c, agent, fault, result.text);
  finish_failed(c, agent, fault, result.text, ClosedBy::result);
}

/// Whether a turn of that kind can end so. Anything else is a mistake of who carried it out, and would leave somebody waiting.
bool fits(wire::TurnKind kind, const wire::TurnResultT& result) {
  const bool is_agents = kind == wire::TurnKind::chat || kind == wire::TurnKind::step;
  switch (result.outcome) {
    case wire::Outcome::failed:
    case wire::Outcome::cancelled: return true;
    case wire::Outcome::answer: return is_agents;
    case wire::Outcome::awaiting: return is_agents && !result.asks.empty();
    case wire::Outcome::draft: return kind == wire::TurnKind::planning;
    case wire::Outcome::decision: return kind == wire::TurnKind::deciding && result.decision != nullptr;
  }
  return false;
}

void apply_outcome(Context& c, std::string_view agent, const wire::TurnResultT& result) {
  auto* instance = find_instance(c.state, agent);
  const auto kind = instance->open->kind;
  if (!fits(kind, result))
    return fail_attempt(c, agent, Fault::invalid,
                        fmt::format("the outcome `{}` does not end a turn of kind `{}`", wire::EnumNameOutcome(result.outcome),
                                    wire::EnumNameTurnKind(kind)));
  switch (result.outcome) {
    case wire::Outcome::answer: return finish_answer(c, agent, result);
    case wire::Outcome::failed: return apply_failed(c, agent, result);
    case wire::Outcome::cancelled: return finish_failed(c, agent, Fault::cancelled, result.text, ClosedBy::result);
    case wire::Outcome::awaiting: {
      const auto turn = take_open(c, *instance, ClosedBy::result);
      return ask(c, turn, result, agent);
    }
    case wire::Outcome::draft: {
      const auto turn = take_open(c, *instance, ClosedBy::result);
      return apply_draft(c, turn, result);
    }
    case wire::Outcome::decision: {
      if (!apply_decision(c, *instance->open, *result.decision))
        return fail_attempt(c, agent, Fault::invalid, "the decision does not fit the plan");
      (void)take_open(c, *find_instance(c.state, agent), ClosedBy::result);
      return;
    }
  }
}

void apply_result(Context& c, const wire::HeaderT& request, const wire::ReportT& report, state::InstanceT& instance) {
  auto& turn = *instance.open;
  const auto& result = *report.body.AsTurnResult();
  if (report.n != turn.items)
    return refuse_report(c, request, Fault::expected, fmt::format("item {} comes first", turn.items + 1), turn.items + 1);
  c.touch();
  count(c, turn, result.usage.get());
  const std::string agent = instance.agent;
  if (turn.state == state::TurnState::cancelling) {
    close_cancelled(c, instance);
  } else {
    c.draft.spans.push_back(span_of(c, turn, agent, static_cast<Fault>(result.fault)));
    apply_outcome(c, agent, result);
  }
  acknowledge_end(c, request, report.n, *find_instance(c.state, agent));
}

// A report on a turn that is over. The result of its own attempt repeats itself: acknowledged. An item of that attempt is not: its
// acknowledgement would be the leave to begin an effect, for whoever was given the same Work twice. Another attempt comes too late: said
// once, with its effect.
void apply_late(Context& c, const wire::HeaderT& request, const wire::ReportT& report, state::InstanceT& instance) {
  const auto* item = report.body.AsItem();
  const bool is_last = report.turn == instance.last_turn && report.attempt == instance.last_attempt;
  if (is_last && item == nullptr) return respond(c.draft, acknowledgement(request, report.n, instance.transcript));
  const bool had_effect = report.body.type == wire::ReportBody::TurnResult || (item != nullptr && item->kind == wire::ItemKind::result);
  if (had_effect && report.turn == instance.last_turn && !is_last && !instance.late_reported) {
    instance.late_reported = true;
    auto late = c.event(wire::EventKind::late_result, instance.last_conversation, agent_author(instance.agent));
    late.run = instance.last_run;
    late.turn = report.turn;
    late.attempt = report.attempt;
    if (item != nullptr) late.data = render({{"call", item->call}, {"tool", item->tool}});
    late.text = truncate_utf8(item != nullptr ? item->text : report.body.AsTurnResult()->text, shown_bytes);
    c.post(std::move(late));
  }
  refuse_report(c, request, Fault::turn_closed, fmt::format("turn {} of {} is over", report.turn, report.agent));
}

}  // namespace

state::TurnT take_open(Context& c, state::InstanceT& instance, ClosedBy by) {
  c.touch();
  instance.last_turn = instance.open->number;
  instance.last_attempt = by == ClosedBy::result ? instance.open->attempt : 0;
  instance.late_reported = false;
  instance.last_conversation = instance.open->conversation;
  instance.last_run = instance.open->run;
  if (CONVOKE_MUTATED(closed_turn_stays_open)) return *instance.open;
  state::TurnT turn = std::move(*instance.open);
  instance.open.reset();
  return turn;
}

void raise_attempt(Context& c, state::InstanceT& instance) {
  c.touch();
  c.stopped.push_back({instance.agent, instance.open->number, instance.open->attempt});
  ++instance.open->attempt;
  instance.open->begun = false;
  instance.open->worker = {};
}

// While the views of two intercoms differ, both may give the same attempt to a worker. The first whose item is committed has it: a
// repetition by the other would be acknowledged, and start the same effect.
void apply_report(Context& c, const wire::HeaderT& request, const wire::ReportT& report) {
  auto* instance = find_instance(c.state, report.agent);
  if (request.source != agent_author(report.agent))
    return refuse_report(c, request, Fault::forbidden, fmt::format("{} may not report for {}", request.source, report.agent));
  if (instance == nullptr || report.turn >= instance->next_turn)
    return refuse_report(c, request, Fault::turn_closed, fmt::format("no turn {} of {} was given", report.turn, report.agent));
  if (!instance->open || instance->open->number != report.turn) return apply_late(c, request, report, *instance);
  if (report.attempt != instance->open->attempt && !CONVOKE_MUTATED(old_attempt_reports))
    return refuse_report(c, request, Fault::turn_closed, fmt::format("attempt {} of turn {} is over", report.attempt, report.turn));
  const Uuid has_it = wire::from_wire(instance->open->worker);
  if (request.forwards > 0 && (has_it || report.body.type == wire::ReportBody::Item))  // nobody vouches for who says it
    return refuse_report(c, request, Fault::no_owner, "say it to the owner itself");
  if (has_it && has_it != wire::from_wire(request.source_replica))
    return refuse_report(c, request, Fault::turn_closed,
                         fmt::format("attempt {} of turn {} is another worker's", report.attempt, report.turn));
  switch (report.body.type) {
    case wire::ReportBody::Item: return apply_item(c, request, report, *instance);
    case wire::ReportBody::TurnResult: return apply_result(c, request, report, *instance);
    case wire::ReportBody::Returned: raise_attempt(c, *instance); return acknowledge_end(c, request, 0, *instance);
    default: return refuse_report(c, request, Fault::unknown_kind, "a report is an item, a result or a turn given back");
  }
}

void apply_lost(Context& c, std::string_view agent, std::uint64_t turn, std::uint32_t attempt, bool had_begun) {
  auto* instance = find_instance(c.state, agent);
  if (instance == nullptr || !instance->open || instance->open->number != turn || instance->open->attempt != attempt) return;
  if (instance->open->state == state::TurnState::cancelling) return close_cancelled(c, *instance);
  if (had_begun || instance->open->begun)
    return fail_attempt(c, agent, Fault::unreachable, fmt::format("the worker of {} died or fell silent", agent));
  raise_attempt(c, *instance);
}

void time_out(Context& c, state::InstanceT& instance) {
  const std::string agent = instance.agent;
  c.stopped.push_back({agent, instance.open->number, instance.open->attempt});
  finish_failed(c, agent, Fault::timeout, fmt::format("the turn of {} took longer than allowed", agent), ClosedBy::owner);
}

void cancel_turn(Context& c, state::InstanceT& instance) {
  if (!instance.open || instance.open->state == state::TurnState::cancelling) return;
  c.touch();
  if (instance.open->open_calls.empty()) {
    // No effect starts before the item that orders it is committed: nothing can have happened.
    c.stopped.push_back({instance.agent, instance.open->number, instance.open->attempt});
    const auto turn = take_open(c, instance, ClosedBy::owner);
    for (const auto& question : turn.owes) answer_question(c, question, "cancelled", Fault::cancelled);
    return;
  }
  instance.open->state = state::TurnState::cancelling;
  instance.open->close_ms = c.now_ms() + cancel_grace_ms;
  c.post(turn_event(c, *instance.open, wire::EventKind::cancelling, instance.agent));
}

void close_cancelled(Context& c, state::InstanceT& instance) {
  const std::string agent = instance.agent;
  c.stopped.push_back({agent, instance.open->number, instance.open->attempt});
  const auto turn = take_open(c, instance, ClosedBy::owner);
  say_unknown(c, turn, agent);
  for (const auto& question : turn.owes) answer_question(c, question, "cancelled", Fault::cancelled);
}

void stop_run(Context& c, std::string_view run_id, std::string_view reason, std::string_view by) {
  auto* run = find_run(c.state, run_id);
  if (run == nullptr) return;
  c.touch();
  end_as(*run, reason);
  const std::string id(run_id);
  for (auto& instance : c.state.instances) std::erase_if(instance.inbox, [&](const auto& input) { return input.run == id; });
  forget_awaiting(c, id, by);
  for (std::size_t i = 0; i < c.state.instances.size(); ++i) {
    auto& instance = c.state.instances[i];
    if (instance.open && instance.open->run == id && instance.agent != executor_agent) cancel_turn(c, instance);
  }
}

void cancel_run(Context& c, std::string_view run_id, std::string_view by, std::string_view why) {
  const auto* run = find_run(c.state, run_id);
  if (run == nullptr) return;
  auto said = c.event(wire::EventKind::cancelling, run->conversation, std::string(by));
  said.run = run->id;
  said.plan = run->plan;
  said.text = why;
  c.post(std::move(said));
  stop_run(c, run_id, "cancelled", by);
}

}  // namespace convoke::groupchat::session
