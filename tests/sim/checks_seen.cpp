// What is seen: answers, acknowledgements, work, events, pages; nothing of it before the commit that causes it.
#include <fmt/format.h>

#include <algorithm>

#include "checks.hpp"
#include "groupchat/logic.hpp"
#include "world.hpp"

namespace convoke::sim {

void Checks::received(const OwnerProcess&, const wire::Message& message) {
  Asked asked;
  if (const auto* command = message.as<wire::CommandT>()) {
    asked.scope = command->scope;
    asked.key = groupchat::record_key(*command);
  } else if (const auto* report = message.as<wire::ReportT>()) {
    asked.scope = "s:" + report->session;
    asked.agent = report->agent;
    asked.turn = report->turn;
    asked.attempt = report->attempt;
    asked.n = report->n;
    asked.report = report->body.type;
  } else {
    return;
  }
  asked_[wire::from_wire(message.header.id)] = std::move(asked);
}

void Checks::owner_sends(const OwnerProcess& by, const wire::Message& message) {
  if (lossy_) return;  // what was seen before the fail-over is gone
  if (const auto* push = message.as<wire::PushT>()) {
    const auto* batch = push->body.AsEventBatch();
    if (batch != nullptr)
      for (const auto& event : batch->events) pushed(event);
  } else if (const auto* work = message.as<wire::WorkT>()) {
    const auto& turns = truth_.sessions["s:" + work->session].turns[work->agent];
    const auto found = turns.find(work->turn);
    if (found == turns.end() || found->second.attempt < work->attempt)
      fail(6, fmt::format("{} hands out turn {} of {} in attempt {}, which is not committed", by.name(), work->turn, work->agent,
                          work->attempt));
    if (found != turns.end() && work->items_total > found->second.items)
      fail(6, fmt::format("{} hands out turn {} of {} with {} items, {} are committed", by.name(), work->turn, work->agent,
                          work->items_total, found->second.items));
  } else if (const auto* answer = message.as<wire::AnswerT>()) {
    answered(message, *answer);
  }
}

void Checks::pushed(const wire::EventT& event) {
  const auto found = truth_.logs.find(event.conversation);
  const bool there = found != truth_.logs.end() && event.seq >= 1 && event.seq <= found->second.size();
  if (!there) return fail(6, fmt::format("event {} of {} is pushed and not committed", event.seq, event.conversation));
  if (found->second[event.seq - 1] != wire::from_wire(event.id))
    fail(3, fmt::format("event {} of {} is pushed, another one is committed", event.seq, event.conversation));
}

void Checks::answered(const wire::Message& message, const wire::AnswerT& answer) {
  const auto found = asked_.find(wire::from_wire(message.header.correlation));
  if (found == asked_.end()) return;
  const Asked& asked = found->second;
  if (answer.body.AsAccepted() != nullptr && asked.scope.starts_with("s:") && !asked.key.empty()) {
    const bool recorded = !world_.memory.keys(asked.scope, {asked.key}).empty();
    if (!recorded) fail(6, fmt::format("{} of {} is accepted and not committed", asked.key, asked.scope));
  }
  if (answer.body.AsAcknowledged() == nullptr || asked.agent.empty()) return;
  const auto& session = truth_.sessions[asked.scope];
  const auto agent = session.turns.find(asked.agent);
  const Turn* turn = nullptr;
  if (agent != session.turns.end())
    if (const auto at = agent->second.find(asked.turn); at != agent->second.end()) turn = &at->second;
  if (turn == nullptr)
    return fail(6, fmt::format("a report on turn {} of {} is acknowledged, which was never open", asked.turn, asked.agent));
  if (asked.report == wire::ReportBody::Item && turn->items < asked.n)
    fail(6, fmt::format("item {} of turn {} of {} is acknowledged and not committed", asked.n, asked.turn, asked.agent));
  const bool is_old =
      asked.report == wire::ReportBody::Item && asked.n >= 1 && asked.n <= turn->by.size() && asked.attempt < turn->by[asked.n - 1];
  const bool is_old_result = asked.report == wire::ReportBody::TurnResult && turn->closed && asked.attempt < turn->attempt;
  if (is_old || is_old_result)
    fail(8,
         fmt::format("attempt {} of turn {} of {} is acknowledged, {} is the one", asked.attempt, asked.turn, asked.agent, turn->attempt));
  if (asked.report == wire::ReportBody::TurnResult && !turn->closed && turn->attempt == asked.attempt)
    fail(6, fmt::format("the result of turn {} of {} is acknowledged and the turn is open", asked.turn, asked.agent));
}

void Checks::tool_starts(const agents::TurnKey& key, std::uint64_t response, const std::string& call) {
  if (lossy_) return;
  auto& session = truth_.sessions["s:" + key.session];
  if (session.turns[key.agent][key.turn].items < response || !session.recorded.contains(call_of("agent/" + key.agent, call)))
    fail(6, fmt::format("{} begins before the response that orders it is committed", call));
}

void Checks::page(const wire::LogPageT& page) {
  if (lossy_) return;
  const auto& log = truth_.logs[page.conversation];
  std::uint64_t last = 0;
  for (const auto& event : page.events) {
    if (last != 0 && event.seq != last + 1) fail(3, fmt::format("a page of {} has event {} after {}", page.conversation, event.seq, last));
    last = event.seq;
    if (event.seq == 0 || event.seq > log.size() || log[event.seq - 1] != wire::from_wire(event.id))
      fail(3, fmt::format("a page of {} shows event {} that is not committed there", page.conversation, event.seq));
  }
}

void Checks::delivered(const std::string& user, const wire::EventT& event, std::uint64_t expected) {
  if (event.seq != expected)
    return fail(4, fmt::format("{} gets event {} of {}, expected {}", user, event.seq, event.conversation, expected));
  if (lossy_) return;
  if (!may_read(user, event.conversation))
    fail(4, fmt::format("{} gets event {} of {}, and is no member", user, event.seq, event.conversation));
  const auto& log = truth_.logs[event.conversation];
  if (event.seq > log.size() || log[event.seq - 1] != wire::from_wire(event.id))
    fail(4, fmt::format("{} gets event {} of {}, which is not the one in the log", user, event.seq, event.conversation));
}

void Checks::reset(const std::string& user, const std::string& conversation) {
  if (!lossy_) fail(3, fmt::format("{} is told that the history of {} is another, and nothing was lost", user, conversation));
}

void Checks::reading_failed(const std::string& user, const std::string& conversation, const Error& error) {
  const auto& session = truth_.sessions["s:" + std::string(session_of(conversation))];
  if (lossy_ || session.deleted || error.code == Fault::gone) return;
  fail(4, fmt::format("{} can read {} no more: {}", user, conversation, error.message));
}

bool Checks::may_read(const std::string& user, const std::string& conversation) const {
  const auto session = truth_.sessions.find("s:" + std::string(session_of(conversation)));
  if (session == truth_.sessions.end() || session->second.user == user) return true;
  const auto people = session->second.people.find(conversation);
  return people != session->second.people.end() && people->second.contains(user);
}

void Checks::joined(const std::string& user, const std::string& agent) {
  if (!lossy_ && agent == "t.C") fail(4, fmt::format("{} is let in to {}, whom the team keeps to itself", user, agent));
}

void Checks::accepted(const wire::CommandT& command, const wire::AcceptedT&) {
  if (lossy_) return;
  const auto [entry, fresh] = accepted_.try_emplace({command.scope, groupchat::record_key(command)}, command.hash);
  if (!fresh && entry->second != command.hash)
    fail(1, fmt::format("two bodies are accepted under the key {} of {}", command.key, command.scope));
  if (!world_.memory.keys(command.scope, {groupchat::record_key(command)}).empty()) return;
  fail(1, fmt::format("{} of {} was accepted and is not recorded", command.key, command.scope));
}

}  // namespace convoke::sim
