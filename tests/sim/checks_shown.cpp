// What readers and workers are shown or told beside events: nothing of it before the commit that causes it. What was so when it was looked
// at may have changed since, by another commit or by what came behind the question in the same batch: it has to have been so at some time.
#include <fmt/format.h>

#include <algorithm>

#include "checks.hpp"
#include "checks_read.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

/// `<session>~<letter><number>`.
std::uint64_t number_in(std::string_view id) {
  const auto at = id.rfind('~');
  std::uint64_t number = UINT64_MAX;
  if (at != std::string_view::npos && at + 2 < id.size()) std::from_chars(id.data() + at + 2, id.data() + id.size(), number);
  return number;
}

}  // namespace

// A worker is told to stop because its turn is being cancelled, is over, or is somebody else's by now.
void Checks::stop_told(const OwnerProcess& by, const wire::ControlT& control) {
  if (control.kind == wire::ControlKind::holding) return;
  const auto& session = truth_.sessions["s:" + control.session];
  if (session.deleted) return;
  const auto agent = session.turns.find(control.agent);
  const auto turn = agent == session.turns.end() ? std::map<std::uint64_t, Turn>::const_iterator{} : agent->second.find(control.turn);
  const bool is_known = agent != session.turns.end() && turn != agent->second.end();
  if (!is_known || (!turn->second.cancelling && !turn->second.closed && turn->second.attempt <= control.attempt))
    fail(6, fmt::format("{} stops turn {} of {} in attempt {}, and no such thing is committed", by.name(), control.turn, control.agent,
                        control.attempt));
}

void Checks::session_shown(const wire::SessionViewT& view) {
  const auto found = truth_.sessions.find("s:" + view.session);
  if (found == truth_.sessions.end()) return fail(6, fmt::format("session {} is shown, and was never committed", view.session));
  const auto& session = found->second;
  const auto wrong = [&](const std::string& what) { fail(6, fmt::format("{} is shown in {}, and is not committed", what, view.session)); };
  if (view.version > truth_.versions[found->first]) wrong(fmt::format("version {}", view.version));
  for (const auto& request : view.requests)
    if (!session.requests.contains(request.id) && !session.requests_ended.contains(request.id) && number_in(request.id) >= session.next_id)
      wrong("request " + request.id);
  for (const auto& plan : view.plans) plan_shown(session, plan);
  for (const auto& ended : view.ended) {
    const auto known = session.plans_ended.find(ended.id);
    if (known == session.plans_ended.end() || known->second != ended.status) wrong("the end of plan " + ended.id);
  }
  for (const auto& turn : view.turns) {
    const auto last = session.last_opened.find(turn.agent);
    const auto agent = session.turns.find(turn.agent);
    const bool was_open = last != session.last_opened.end() && turn.turn <= last->second;
    const auto known = was_open ? agent->second.find(turn.turn) : decltype(agent->second.end()){};
    const bool is_ahead = was_open && known != agent->second.end() && !known->second.closed && known->second.attempt < turn.attempt;
    if (!was_open || is_ahead) wrong(fmt::format("turn {} of {} in attempt {}", turn.turn, turn.agent, turn.attempt));
  }
}

void Checks::plan_shown(const Session& session, const wire::PlanT& plan) {
  const auto wrong = [&](const std::string& what) { fail(6, fmt::format("plan {} is shown with {}, not committed", plan.id, what)); };
  const auto ended = session.plans_ended.find(plan.id);
  const auto open = session.revisions.find(plan.id);
  if (open == session.revisions.end() && ended == session.plans_ended.end()) return wrong("everything");
  if (open != session.revisions.end() && plan.revision > open->second && ended == session.plans_ended.end())
    wrong(fmt::format("revision {}", plan.revision));
  if (plan.status >= wire::PlanStatus::completed && (ended == session.plans_ended.end() || ended->second != plan.status))
    wrong(wire::EnumNamePlanStatus(plan.status));
  for (const auto& step : plan.steps) {
    const auto known = session.ended_steps.find(step.id);
    if (is_over(step.status) && (known == session.ended_steps.end() || known->second != step.status))
      wrong(fmt::format("step {} {}", step.id, wire::EnumNameStepStatus(step.status)));
  }
}

void Checks::items_shown(const Asked& asked, const wire::ItemPageT& page) {
  const Turn* turn = turn_of(asked);
  const auto committed = turn == nullptr ? 0 : turn->items;
  const bool is_ahead = std::ranges::any_of(page.items, [&](const auto& item) { return item.n > committed; });
  if (is_ahead || page.total > committed)
    fail(6, fmt::format("more items of turn {} of {} are shown than the {} committed", asked.turn, asked.agent, committed));
}

void Checks::transcript_shown(const Asked& asked, const wire::TranscriptPageT& page) {
  const auto& transcript = truth_.sessions[asked.scope].transcripts[asked.agent];
  if (page.length > transcript.size() || page.from + page.entries.size() > transcript.size() + 1)
    return fail(6, fmt::format("the transcript of {} is shown up to {}, {} are committed", asked.agent, page.length, transcript.size()));
  auto number = page.from;
  for (const auto& entry : page.entries) {
    const std::string_view bytes(reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size());
    if (std::hash<std::string_view>{}(bytes) != transcript[number - 1])
      fail(3, fmt::format("entry {} of the transcript of {} is not the one that was committed", number, asked.agent));
    ++number;
  }
}

// A command of a session: its recorded answer. A notice: it is in the list, or a later one. A team: that version is there.
void Checks::acceptance_told(const Asked& asked, const wire::AcceptedT& accepted) {
  const auto wrong = [&] { fail(6, fmt::format("{} of {} is accepted and not committed", asked.key, asked.scope)); };
  if (!asked.about.empty()) {
    const auto known = truth_.channels.find(fmt::format("{}/{}", asked.scope, asked.about));
    if (known == truth_.channels.end() || known->second < asked.as_of) wrong();
    return;
  }
  const auto recorded = world_.memory.keys(asked.scope, {asked.key});
  const bool is_as_before = asked.scope.starts_with("t:") && asked.version > 0 && truth_.versions[asked.scope] == asked.version;
  if (recorded.empty() && is_as_before) return;  // a definition that was there already
  if (recorded.empty()) return wrong();
  const auto first = wire::unpack<wire::AcceptedT>(recorded.front().answer);
  wire::CommandT command;
  command.scope = asked.scope;
  command.key = asked.key;
  if (first) same_answer(command, *first, accepted);
}

}  // namespace convoke::sim
