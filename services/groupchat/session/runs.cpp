#include "groupchat/session/runs.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/mutation.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/turns.hpp"

namespace convoke::groupchat::session {
namespace {

bool refers(const state::InstanceT& instance, std::string_view run) {
  if (instance.open && instance.open->run == run) return true;
  return std::ranges::any_of(instance.inbox, [&](const auto& input) { return input.run == run; }) ||
         std::ranges::any_of(instance.awaiting, [&](const auto& waiting) { return waiting.run == run; });
}

bool is_owing(const State& state, const state::RunT& run) {
  if (std::ranges::any_of(state.instances, [&](const auto& instance) { return refers(instance, run.id); })) return true;
  return std::ranges::any_of(state.plans, [&](const auto& held) { return held.plan->run == run.id && !has_ended(held.plan->status); });
}

std::string ending(const state::RunT& run) {
  nlohmann::ordered_json json{{"stop_reason", run.stop_reason.empty() ? "completed" : run.stop_reason}};
  if (run.usage)
    json["usage"] = {{"prompt_tokens", run.usage->prompt_tokens},
                     {"completion_tokens", run.usage->completion_tokens},
                     {"model_calls", run.usage->model_calls},
                     {"tool_calls", run.usage->tool_calls}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

wire::SpanT span_of(const Context& c, const state::RunT& run) {
  wire::SpanT span;
  span.trace_hi = run.trace.hi();
  span.trace_lo = run.trace.lo();
  span.id = run.trace.span();
  span.name = run.plan.empty() ? "run chat" : "run task";
  span.service = "groupchat";
  span.start_us = run.started_ms * 1000;
  span.end_us = c.now_ms() * 1000;
  span.session = c.state.session;
  span.run = run.id;
  span.attributes = render({{"convoke.stop_reason", run.stop_reason.empty() ? "completed" : run.stop_reason}});
  return span;
}

bool has_open_request(const State& state, std::string_view run) {
  return std::ranges::any_of(state.requests, [&](const auto& request) { return request.run == run; });
}

}  // namespace

state::RunT& start_run(Context& c, std::string_view conversation, std::uint32_t team_version, std::string_view user,
                       const wire::Trace& trace) {
  state::RunT run;
  run.id = c.new_id('r');
  run.conversation = conversation;
  if (user != c.state.user) run.user = user;
  run.team_version = team_version;
  run.started_ms = c.now_ms();
  if (const auto* team = c.team(team_version)) run.deadline_ms = c.now_ms() + team->limits.run_timeout_ms;
  const auto own = c.draft.ids->next(c.draft.now.unix);
  run.trace = trace.hi() == 0 && trace.lo() == 0 ? wire::Trace(own.hi, own.lo, own.lo, 1)
                                                 : wire::Trace(trace.hi(), trace.lo(), own.lo, trace.flags());
  return c.state.runs.emplace_back(std::move(run));
}

void end_as(state::RunT& run, std::string_view reason) {
  if (run.stop_reason.empty()) run.stop_reason = reason;
}

void settle_runs(Context& c) {
  for (std::size_t i = 0; i < c.state.runs.size();) {
    if (is_owing(c.state, c.state.runs[i])) {
      ++i;
      continue;
    }
    const state::RunT run = c.state.runs[i];
    auto ended = c.event(wire::EventKind::run_ended, run.conversation, std::string(system_author));
    ended.run = run.id;
    ended.plan = run.plan;
    ended.data = ending(run);
    c.draft.spans.push_back(span_of(c, run));
    if (!CONVOKE_MUTATED(run_ends_silently)) c.post(std::move(ended));
    c.state.runs.erase(c.state.runs.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void check_budgets(Context& c) {
  for (std::size_t i = 0; i < c.state.runs.size(); ++i) {
    auto& run = c.state.runs[i];
    const auto* team = c.team(run.team_version);
    if (!run.stop_reason.empty() || team == nullptr) continue;
    const bool late = run.deadline_ms != 0 && c.now_ms() >= run.deadline_ms && !has_open_request(c.state, run.id);
    const auto tokens = run.usage ? run.usage->prompt_tokens + run.usage->completion_tokens : 0;
    const auto cost = run.usage ? static_cast<double>(run.usage->cost_micros) / 1e6 : 0;
    const bool costly = (team->limits.max_run_tokens != 0 && tokens > team->limits.max_run_tokens) ||
                        (team->limits.max_run_cost_usd > 0 && cost > team->limits.max_run_cost_usd);
    if (!late && !costly) continue;
    c.touch();
    const std::string id = run.id, plan = run.plan;
    const std::string_view reason = late ? "timed_out" : "over_budget";
    if (plan.empty())
      stop_run(c, id, reason);
    else
      end_as(run, reason), plan_event(c, plan, late ? wire::PlanEventKind::timed_out : wire::PlanEventKind::over_budget);
  }
}

}  // namespace convoke::groupchat::session
