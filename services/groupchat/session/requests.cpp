#include "groupchat/session/requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/mutation.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/questions.hpp"

namespace convoke::groupchat::session {
namespace {

wire::SpanT wait_span(const Context& c, const wire::HumanRequestT& request, const wire::Trace& trace) {
  wire::SpanT span;
  span.trace_hi = trace.hi();
  span.trace_lo = trace.lo();
  span.id = c.draft.ids->next(c.draft.now.unix).lo;
  span.parent = trace.span();
  span.name = fmt::format("wait for a person ({})", wire::EnumNameRequestKind(request.kind));
  span.service = "groupchat";
  span.start_us = request.opened_ms * 1000;
  span.end_us = c.now_ms() * 1000;
  span.session = c.state.session;
  span.run = request.run;
  span.attributes = render({{"convoke.request", request.id}, {"convoke.step", request.step}});
  return span;
}

Status answer_approval(Context& c, std::string_view by, const wire::HumanRequestT& request, const wire::AnswerRequestT& answer) {
  wire::DecideT decision;
  decision.plan = request.plan;
  if (!request.step.empty()) decision.steps.push_back(request.step);
  if (const auto* held = find_plan(c.state, request.plan)) decision.revision = held->plan->revision;  // the request ends with its revision
  decision.approved = answer.approved;
  decision.comment = answer.text;
  return decide(c, by, decision);
}

// The step of a human agent: the answer is the step's reply.
void answer_step(Context& c, std::string_view by, const wire::HumanRequestT& request, const wire::AnswerRequestT& answer) {
  close_request(c, request.id, "answered", by);
  if (auto* event = plan_event(c, request.plan, wire::PlanEventKind::step_done, request.step)) {
    event->text = answer.text;
    event->by = by;
  }
}

void answer_agent(Context& c, std::string_view by, const wire::HumanRequestT& request, std::string_view text, Fault fault) {
  const auto* instance = find_instance(c.state, request.agent);
  if (instance == nullptr) return;
  std::uint64_t turn = 0;
  for (const auto& waiting : instance->awaiting)
    for (const auto& call : waiting.calls)
      if (call.request == request.id) turn = waiting.turn;
  const bool is_answered = fault == Fault::none || fault == Fault::tool_failed;
  if (is_answered) {
    auto said = c.event(wire::EventKind::message, request.conversation, std::string(by));
    said.run = request.run;
    said.plan = request.plan;
    said.step = request.step;
    said.message = c.new_id('m');
    said.text = text;
    c.post(std::move(said));
  }
  close_request(c, request.id, is_answered ? "answered" : "expired", by);
  if (CONVOKE_MUTATED(answer_lost)) return;
  answer_call(c, request.agent, turn, request.call, text, fault, is_answered ? by : std::string_view{});
}

// Whether a call was carried out: if a person says that it was not, the agent makes it again.
void answer_unknown(Context& c, std::string_view by, const wire::HumanRequestT& request, const wire::AnswerRequestT& answer) {
  const std::string_view person = by.starts_with("user/") ? by.substr(5) : by;
  auto text = answer.approved ? answer.text : fmt::format("{} says that it was not carried out. {}", person, answer.text);
  if (text.empty()) text = fmt::format("{} says that it was carried out.", person);
  answer_agent(c, by, request, text, answer.approved ? Fault::none : Fault::tool_failed);
}

// Requests that are over are not kept, but ids are numbered: beyond the last number, or under that of something else, there was none.
bool may_have_been(const State& state, std::string_view id) {
  const auto prefix = state.session + "~h";
  if (!id.starts_with(prefix)) return false;
  const auto digits = id.substr(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || fmt::to_string(number) != digits || number == 0 || number >= state.next_id) return false;
  const auto is_another = [&](std::string_view known) { return known.substr(prefix.size()) == digits; };
  const auto has = [&](const auto& items) { return std::ranges::any_of(items, [&](const auto& item) { return is_another(item.id); }); };
  const bool is_plan = std::ranges::any_of(state.plans, [&](const auto& held) { return is_another(held.plan->id); });
  return !has(state.conversations) && !has(state.runs) && !has(state.ended_plans) && !is_plan;
}

Status not_open(const State& state, std::string_view request, std::string_view why) {
  if (!may_have_been(state, request)) return fail(Fault::not_found, fmt::format("no request '{}'", request));
  return fail(Fault::conflict, fmt::format("request '{}' {}", request, why));
}

}  // namespace

void open_request(Context& c, wire::HumanRequestT request) {
  c.touch();
  c.summary_changed = true;
  if (request.id.empty()) request.id = c.new_id('h');
  request.opened_ms = c.now_ms();
  const auto* run = find_run(c.state, request.run);
  const auto* team = run ? c.team(run->team_version) : nullptr;
  if (request.expires_ms == 0 && team != nullptr) request.expires_ms = c.now_ms() + team->limits.human_timeout_ms;
  auto opened = c.event(wire::EventKind::request_opened, request.conversation,
                        request.agent.empty() ? std::string(system_author) : agent_author(request.agent));
  opened.run = request.run;
  opened.plan = request.plan;
  opened.step = request.step;
  opened.text = request.text;
  opened.data = render({{"request", request.id},
                        {"kind", wire::EnumNameRequestKind(request.kind)},
                        {"plan", request.plan},
                        {"step", request.step},
                        {"expires_ms", std::to_string(request.expires_ms)}});
  c.state.requests.push_back(std::move(request));
  c.post(std::move(opened));
}

void close_request(Context& c, std::string_view id, std::string_view outcome, std::string_view by) {
  const auto* found = find_request(c.state, id);
  if (found == nullptr) return;
  c.touch();
  c.summary_changed = true;
  const wire::HumanRequestT request = *found;
  c.state.requests.erase(c.state.requests.begin() + (found - c.state.requests.data()));
  auto closed = c.event(wire::EventKind::request_closed, request.conversation, std::string(by));
  closed.run = request.run;
  closed.plan = request.plan;
  closed.step = request.step;
  closed.data = render({{"request", request.id}, {"outcome", outcome}, {"by", by}});
  if (auto* run = find_run(c.state, request.run)) {
    // Time that a person took is not the run's.
    if (run->deadline_ms != 0) run->deadline_ms += c.now_ms() - request.opened_ms;
    c.draft.spans.push_back(wait_span(c, request, run->trace));
  }
  c.post(std::move(closed));
}

Status not_open_to_guest(const State& state, std::string_view request) {
  return not_open(state, request, "is not open to you: it was answered, withdrawn, has expired or is somebody else's");
}

Status answer_request(Context& c, std::string_view by, const wire::AnswerRequestT& answer) {
  const auto* found = find_request(c.state, answer.request);
  if (found == nullptr) return not_open(c.state, answer.request, "is not open: it was answered, withdrawn or has expired");
  const wire::HumanRequestT request = *found;
  const bool is_decision = request.kind == wire::RequestKind::approval || request.kind == wire::RequestKind::unknown_outcome;
  if (is_decision && answer.undecided)
    return fail(Fault::invalid, fmt::format("a question of kind `{}` is decided by yes or no (`approved`), not by a text alone",
                                            wire::EnumNameRequestKind(request.kind)));
  if (request.kind == wire::RequestKind::approval) return answer_approval(c, by, request, answer);
  if (request.kind == wire::RequestKind::unknown_outcome && !request.agent.empty()) {
    answer_unknown(c, by, request, answer);
    return {};
  }
  if (answer.text.empty()) return fail(Fault::invalid, "an answer needs a text");
  if (request.kind == wire::RequestKind::clarification) return clarify(c, by, request.plan, answer.text);
  if (request.agent.empty())
    answer_step(c, by, request, answer);
  else
    answer_agent(c, by, request, answer.text, Fault::none);
  return {};
}

void expire_requests(Context& c) {
  for (std::size_t i = 0; i < c.state.requests.size();) {
    const wire::HumanRequestT request = c.state.requests[i];
    if (request.expires_ms == 0 || request.expires_ms > c.now_ms()) {
      ++i;
      continue;
    }
    if (!request.agent.empty()) {
      answer_agent(c, system_author, request, "No answer in time.", Fault::timeout);
    } else {
      close_request(c, request.id, "expired", system_author);
      plan_event(c, request.plan, wire::PlanEventKind::timed_out, request.step);
    }
  }
}

}  // namespace convoke::groupchat::session
