// What is seen: answers, acknowledgements, work, events, pages; nothing of it before the commit that causes it.
#include <fmt/format.h>

#include <algorithm>

#include "checks.hpp"
#include "checks_read.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "world.hpp"

namespace convoke::sim {

void Checks::received(const OwnerProcess&, const wire::Message& message) {
  Asked asked;
  if (const auto* command = message.as<wire::CommandT>()) {
    asked.scope = command->scope;
    asked.key = groupchat::record_key(*command);
    asked.was_recorded = is_recorded(*command);
    if (const auto version = truth_.versions.find(command->scope); version != truth_.versions.end()) asked.version = version->second;
    asked.creates = command->body.AsCreateTask() != nullptr || command->body.AsOpenChat() != nullptr;
    if (const auto* notice = command->body.AsNotify(); notice != nullptr && notice->summary) {
      asked.about = notice->summary->session;
      asked.as_of = {notice->epoch, notice->version};
    }
    if (command->scope.starts_with("s:")) commands_.try_emplace({command->scope, asked.key, groupchat::hash_text(*command)}, *command);
  } else if (const auto* report = message.as<wire::ReportT>()) {
    asked.scope = "s:" + report->session;
    asked.agent = report->agent;
    asked.turn = report->turn;
    asked.attempt = report->attempt;
    asked.n = report->n;
    asked.report = report->body.type;
    asked.sender = wire::from_wire(message.header.source_replica);
  } else if (const auto* query = message.as<wire::QueryT>()) {
    const auto* items = query->body.AsReadItems();
    const auto* transcript = query->body.AsReadTranscript();
    if (items == nullptr && transcript == nullptr) return;
    asked.scope = query->scope;
    asked.agent = items != nullptr ? items->agent : transcript->agent;
    asked.turn = items != nullptr ? items->turn : 0;
  } else {
    return;
  }
  asked.moment = ++moment_;
  auto& known = asked_[wire::from_wire(message.header.id)];
  if (known.moment != 0 && !known.answered) {  // what leaves next may be the answer to the first of them
    asked.was_recorded = asked.was_recorded && known.was_recorded;
    asked.moment = known.moment;
  }
  asked.answer = known.answer;
  known = std::move(asked);
}

void Checks::looked_up(const std::string& scope, const std::vector<std::string>& keys) {
  for (const auto& key : keys) looked_up_[{scope, key}] = ++moment_;
}

bool Checks::is_recorded(const wire::CommandT& command) const {
  const auto found = world_.memory.keys(command.scope, {groupchat::record_key(command)});
  return !found.empty() && found.front().body_hash == groupchat::hash_text(command);
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
  } else if (const auto* control = message.as<wire::ControlT>()) {
    stop_told(by, *control);
  } else if (const auto* answer = message.as<wire::AnswerT>()) {
    answered(message, *answer);
    heads_told(*answer);
    if (const auto* view = answer->body.AsSessionView()) session_shown(*view);
  } else if (const auto* command = message.as<wire::CommandT>()) {
    const auto* notice = command->body.AsNotify();
    if (notice != nullptr && notice->summary && notice->version > truth_.versions["s:" + notice->summary->session])
      fail(6, fmt::format("{} tells {} of version {} of {}, which is not committed", by.name(), command->scope, notice->version,
                          notice->summary->session));
  }
}

// How far conversations are: never farther than what is committed.
void Checks::heads_told(const wire::AnswerT& answer) {
  const auto told = [&](const std::string& conversation, std::uint64_t number) {
    if (number > head(conversation))
      fail(6, fmt::format("{} is said to be at event {}, {} are committed", conversation, number, head(conversation)));
  };
  if (const auto* heads = answer.body.AsHeads())
    for (const auto& one : heads->heads) told(one.conversation, one.head);
  if (const auto* view = answer.body.AsSessionView())
    for (const auto& one : view->conversations) told(one.id, one.head);
}

void Checks::pushed(const wire::EventT& event) {
  const auto found = truth_.logs.find(event.conversation);
  const bool there = found != truth_.logs.end() && event.seq >= 1 && event.seq <= found->second.size();
  if (!there) return fail(6, fmt::format("event {} of {} is pushed and not committed", event.seq, event.conversation));
  if (!is_logged(event)) fail(3, fmt::format("event {} of {} is pushed, another one is committed", event.seq, event.conversation));
}

/// Word for word.
bool Checks::is_logged(const wire::EventT& event) const {
  const auto log = truth_.logs.find(event.conversation);
  if (log == truth_.logs.end() || event.seq == 0 || event.seq > log->second.size()) return false;
  const auto& entry = log->second[event.seq - 1];
  return entry.id == wire::from_wire(event.id) && entry.fingerprint == fingerprint(event);
}

const Checks::Turn* Checks::turn_of(const Asked& asked) const {
  const auto session = truth_.sessions.find(asked.scope);
  if (session == truth_.sessions.end()) return nullptr;
  const auto agent = session->second.turns.find(asked.agent);
  if (agent == session->second.turns.end()) return nullptr;
  const auto turn = agent->second.find(asked.turn);
  return turn == agent->second.end() ? nullptr : &turn->second;
}

void Checks::answered(const wire::Message& message, const wire::AnswerT& answer) {
  const auto found = asked_.find(wire::from_wire(message.header.correlation));
  if (found == asked_.end() || found->second.answer == wire::from_wire(message.header.id)) return;
  found->second.answer = wire::from_wire(message.header.id);
  found->second.answered = true;
  const Asked& asked = found->second;
  if (const auto* fault = answer.body.AsFault()) return refusal_told(asked, *fault);
  if (const auto* accepted = answer.body.AsAccepted(); accepted != nullptr && !asked.key.empty()) return acceptance_told(asked, *accepted);
  if (const auto* page = answer.body.AsItemPage()) return items_shown(asked, *page);
  if (const auto* page = answer.body.AsTranscriptPage()) return transcript_shown(asked, *page);
  if (answer.body.AsAcknowledged() == nullptr || asked.agent.empty()) return;
  const Turn* turn = turn_of(asked);
  if (turn == nullptr)
    return fail(6, fmt::format("a report on turn {} of {} is acknowledged, which was never open", asked.turn, asked.agent));
  if (asked.report == wire::ReportBody::Item && turn->items < asked.n)
    fail(6, fmt::format("item {} of turn {} of {} is acknowledged and not committed", asked.n, asked.turn, asked.agent));
  const bool is_old =
      asked.report == wire::ReportBody::Item && asked.n >= 1 && asked.n <= turn->by.size() && asked.attempt < turn->by[asked.n - 1];
  // A result that failed ended its attempt alone: who committed that may say so later than another has closed the turn.
  const bool is_old_result = asked.report == wire::ReportBody::TurnResult && turn->closed && asked.attempt < turn->attempt &&
                             !turn->failed.contains(asked.attempt);
  if (is_old || is_old_result)
    fail(8,
         fmt::format("attempt {} of turn {} of {} is acknowledged, {} is the one", asked.attempt, asked.turn, asked.agent, turn->attempt));
  if (asked.report == wire::ReportBody::TurnResult && !turn->closed && turn->attempt == asked.attempt)
    fail(6, fmt::format("the result of turn {} of {} is acknowledged and the turn is open", asked.turn, asked.agent));
}

// A refusal says what is so, and leaves no earlier than what it rests on.
void Checks::refusal_told(const Asked& asked, const wire::FaultT& fault) {
  const auto code = static_cast<Fault>(fault.code);
  if (!asked.key.empty() && !retryable(code)) {
    if (asked.was_recorded)
      fail(1, fmt::format("{} of {} is refused ({}), and its answer was recorded before", asked.key, asked.scope, fault.text));
    const bool is_logics =
        (code == Fault::not_found && !asked.creates) || code == Fault::forbidden || code == Fault::limit || code == Fault::gone;
    const auto looked = looked_up_.find({asked.scope, asked.key});
    if (is_logics && asked.scope.starts_with("s:") && (looked == looked_up_.end() || looked->second < asked.moment))
      fail(6, fmt::format("{} of {} is refused ({}), and nobody has looked whether it is recorded", asked.key, asked.scope, fault.text));
  }
  if (asked.agent.empty()) return;
  const Turn* turn = turn_of(asked);
  if (turn == nullptr) return;
  if (code == Fault::expected && fault.expected > turn->items + 1)
    fail(6, fmt::format("item {} of turn {} of {} is expected, {} are committed", fault.expected, asked.turn, asked.agent, turn->items));
  const bool has_another = turn->worker && turn->worker != asked.sender;
  if (code == Fault::turn_closed && !turn->closed && turn->attempt == asked.attempt && !turn->cancelling && !has_another)
    fail(6, fmt::format("turn {} of {} is said to be closed, and is open in attempt {}", asked.turn, asked.agent, turn->attempt));
}

void Checks::tool_starts(const agents::TurnKey& key, std::uint64_t response, const std::string& call) {
  if (lossy_) return;
  auto& session = truth_.sessions["s:" + key.session];
  if (session.turns[key.agent][key.turn].items < response || !session.recorded.contains(call_of("agent/" + key.agent, call)))
    fail(6, fmt::format("{} begins before the response that orders it is committed", call));
}

void Checks::page(const wire::LogPageT& page) {
  if (lossy_) return;
  std::uint64_t last = 0;
  for (const auto& event : page.events) {
    if (last != 0 && event.seq != last + 1) fail(3, fmt::format("a page of {} has event {} after {}", page.conversation, event.seq, last));
    last = event.seq;
    if (!is_logged(event)) fail(3, fmt::format("a page of {} shows event {} that is not committed there", page.conversation, event.seq));
  }
}

void Checks::delivered(const std::string& user, const wire::EventT& event, std::uint64_t expected) {
  if (event.seq != expected)
    return fail(4, fmt::format("{} gets event {} of {}, expected {}", user, event.seq, event.conversation, expected));
  if (lossy_) return;
  if (!may_read(user, event.conversation))
    fail(4, fmt::format("{} gets event {} of {}, and is no member", user, event.seq, event.conversation));
  if (!is_logged(event))
    fail(4, fmt::format("{} gets event {} of {}, which is not the one in the log", user, event.seq, event.conversation));
}

void Checks::reset(const std::string& user, const std::string& conversation) {
  if (!lossy_) fail(3, fmt::format("{} is told that the history of {} is another, and nothing was lost", user, conversation));
}

void Checks::reading_failed(const std::string& user, const std::string& conversation, const Error& error) {
  const auto& session = truth_.sessions["s:" + std::string(session_of(conversation))];
  if (lossy_ || session.deleted) return;
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

void Checks::accepted(const wire::CommandT& command, const wire::AcceptedT& answer) {
  if (lossy_) return;
  const auto [entry, fresh] = accepted_.try_emplace({command.scope, groupchat::record_key(command)}, Answered{command.hash, answer});
  if (!fresh && entry->second.hash != command.hash)
    fail(1, fmt::format("two bodies are accepted under the key {} of {}", command.key, command.scope));
  if (!fresh) same_answer(command, entry->second.answer, answer);
  if (!is_recorded(command)) fail(1, fmt::format("{} of {} was accepted and is not recorded", command.key, command.scope));
}

void Checks::refused(const wire::CommandT& command, const Error& error, bool was_recorded) {
  if (lossy_ || !was_recorded) return;
  fail(1, fmt::format("{} of {} was accepted, and its repetition is refused: {}", command.key, command.scope, error.message));
}

void Checks::same_answer(const wire::CommandT& command, const wire::AcceptedT& first, const wire::AcceptedT& answer) {
  const auto ids = [](const wire::AcceptedT& one) {
    return std::tie(one.session, one.conversation, one.plan, one.run, one.request, one.seq, one.step, one.team_version);
  };
  if (ids(first) != ids(answer)) fail(1, fmt::format("{} of {} has two answers", command.key, command.scope));
}

}  // namespace convoke::sim
