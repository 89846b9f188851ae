#include "agents/turns/book.hpp"

#include <algorithm>
#include <utility>

#include "core/hash.hpp"
#include "core/mutation.hpp"

namespace convoke::agents {

namespace {

constexpr Millis remember_sent{60'000};  // an answer that comes later finds the report repeated long since

TurnKey key_of(const wire::WorkT& work) { return {work.session, work.agent, work.turn}; }

wire::HeldTurnT held_turn(const TurnKey& key, std::uint32_t attempt) {
  wire::HeldTurnT turn;
  turn.session = key.session;
  turn.agent = key.agent;
  turn.turn = key.turn;
  turn.attempt = attempt;
  return turn;
}

bool is_result(const wire::ReportT& report) { return report.body.type != wire::ReportBody::Item; }

}  // namespace

wire::HeaderT to_owner(std::string_view session, std::string_view agent) {
  wire::HeaderT header;
  header.dest_kind = wire::DestKind::owner;
  header.partition = partition_of("s:" + std::string(session));
  header.source = "agent/" + std::string(agent);
  header.ttl_ms = wire::default_ttl_ms;
  return header;
}

TurnBook::TurnBook(BookOptions options, std::function<Uuid()> next_id) : options_(options), next_id_(std::move(next_id)) {}

TurnBook::Held* TurnBook::find(const TurnKey& key, std::uint32_t attempt) {
  const auto found = turns_.find(key);
  return found != turns_.end() && found->second.attempt == attempt ? &found->second : nullptr;
}

const TurnBook::Held* TurnBook::find(const TurnKey& key, std::uint32_t attempt) const {
  const auto found = turns_.find(key);
  return found != turns_.end() && found->second.attempt == attempt ? &found->second : nullptr;
}

std::uint32_t TurnBook::free() const {
  // Results that the owner has not answered yet hold memory, not a slot; beyond as many as there are slots they do.
  const auto waiting = reporting() > options_.credit ? reporting() - options_.credit : 0;
  const auto taken = running_ + waiting;
  return draining_ || taken >= options_.credit ? 0 : options_.credit - static_cast<std::uint32_t>(taken);
}

std::vector<wire::HeldTurnT> TurnBook::held() const {
  std::vector<wire::HeldTurnT> result;
  for (const auto& [key, held] : turns_) result.push_back(held_turn(key, held.attempt));
  return result;
}

std::vector<BookAction> TurnBook::take() { return std::exchange(actions_, {}); }

void TurnBook::drain() {
  draining_ = true;
  state_free();
}

void TurnBook::on_work(wire::HeaderT header, wire::WorkT work, SteadyTime now) {
  const auto key = key_of(work);
  if (const auto old = turns_.find(key); old != turns_.end()) {
    if (work.attempt <= old->second.attempt) return repeated(key, old->second, work, now);
    end(key, Halt::superseded);
  }
  if (draining_ || running_ >= options_.credit) {
    actions_.emplace_back(GiveBack{held_turn(key, work.attempt)});
    return;
  }
  Held held;
  held.attempt = work.attempt;
  held.items = held.committed = std::max<std::uint64_t>(work.items_total, work.items.size());
  held.begun = held.said = now;
  held.header = header;
  held.work = std::make_shared<const wire::WorkT>(std::move(work));
  const bool knows_last = !held.work->items.empty();
  BeginTurn begin{key, held.attempt, std::move(header), held.work};
  turns_.insert_or_assign(key, std::move(held));
  ++running_;
  if (knows_last) know_last(key, begin.attempt, begin.work->items.back());
  actions_.emplace_back(std::move(begin));
}

// Attempts are given once, unless Redis has lost some and they are opened again. The intercom counts this one as under way here: it has
// to see how it ends.
void TurnBook::repeated(const TurnKey& key, Held& held, const wire::WorkT& work, SteadyTime now) {
  if (work.attempt == held.attempt) {
    for (auto& waiting : held.unanswered) {
      if (!is_result(waiting.report)) continue;
      waiting.sent = now;
      send(key, held, waiting.report, now);
    }
    return;  // else its result is still to come
  }
  deny(key, work.attempt, held.header, "a later attempt is held", now);
}

void TurnBook::deny(const TurnKey& key, std::uint32_t attempt, const wire::HeaderT& header, std::string reason, SteadyTime now) {
  Held denied;
  denied.attempt = attempt;
  denied.header = header;
  auto report = report_of(key, denied);
  wire::ReturnedT returned;
  returned.reason = std::move(reason);
  report.body.Set(std::move(returned));
  send(key, denied, report, now);
}

void TurnBook::know_last(const TurnKey& key, std::uint32_t attempt, wire::ItemT item) {
  auto* held = find(key, attempt);
  if (held == nullptr) return;
  held->last_item = report_of(key, *held);
  held->last_item->n = item.n;
  held->last_item->body.Set(std::move(item));
}

wire::ReportT TurnBook::report_of(const TurnKey& key, const Held& held) const {
  wire::ReportT report;
  report.session = key.session;
  report.agent = key.agent;
  report.turn = key.turn;
  report.attempt = held.attempt;
  return report;
}

wire::Message TurnBook::message_of(const Held& held, const wire::ReportT& report) const {
  auto message = wire::message(wire::ReportT(report));
  const auto kind = message.header.kind;
  const auto class_of_report = message.header.class_;
  message.header = to_owner(report.session, report.agent);
  message.header.kind = kind;
  message.header.class_ = class_of_report;
  message.header.turn = report.turn;
  message.header.attempt = report.attempt;
  message.header.trace = held.header.trace;
  return message;
}

void TurnBook::send(const TurnKey& key, const Held& held, const wire::ReportT& report, SteadyTime now) {
  auto message = message_of(held, report);
  const auto id = next_id_();
  message.header.id = wire::to_wire(id);
  sent_.emplace(id, Sent{key, held.attempt, report.n, is_result(report), now});
  sent_order_.emplace_back(now, id);
  actions_.emplace_back(SendReport{std::move(message)});
}

std::optional<std::uint64_t> TurnBook::item(const TurnKey& key, std::uint32_t attempt, wire::ItemT item, SteadyTime now) {
  auto* held = find(key, attempt);
  if (held == nullptr || !held->running || held->unanswered.size() >= options_.max_unacknowledged) return std::nullopt;
  item.n = ++held->items;
  auto report = report_of(key, *held);
  report.n = item.n;
  report.body.Set(std::move(item));
  held->last_item = report;
  held->said = now;
  send(key, *held, report, now);
  held->unanswered.push_back({std::move(report), now});
  return held->items;
}

void TurnBook::stop_running(Held& held) {
  if (!held.running) return;
  held.running = false;
  --running_;
}

void TurnBook::finish(const TurnKey& key, std::uint32_t attempt, wire::TurnResultT result, SteadyTime now) {
  auto* held = find(key, attempt);
  if (held == nullptr || !held->running) return;
  auto report = report_of(key, *held);
  report.n = held->items;
  report.body.Set(std::move(result));
  send(key, *held, report, now);
  held->unanswered.push_back({std::move(report), now});
  stop_running(*held);
  state_free();
}

void TurnBook::hand_back(const TurnKey& key, std::uint32_t attempt, std::string reason, SteadyTime now) {
  auto* held = find(key, attempt);
  if (held == nullptr || !held->running) return;
  wire::ReturnedT returned;
  returned.reason = std::move(reason);
  auto report = report_of(key, *held);
  report.n = held->items;
  report.body.Set(std::move(returned));
  send(key, *held, report, now);
  held->unanswered.push_back({std::move(report), now});
  stop_running(*held);
  state_free();
}

void TurnBook::refresh(const TurnKey& key, std::uint32_t attempt, SteadyTime now) {
  auto* held = find(key, attempt);
  if (held == nullptr || !held->running || !held->last_item || !held->unanswered.empty()) return;
  send(key, *held, *held->last_item, now);
  held->unanswered.push_back({*held->last_item, now});
}

TurnBook::May TurnBook::may_begin(const TurnKey& key, std::uint32_t attempt, SteadyTime now) const {
  const auto* held = find(key, attempt);
  if (held == nullptr || !held->running || held->cancelled || held->refusal) return May::never;
  if (CONVOKE_MUTATED(effect_before_acknowledgement)) return May::begin;
  if (!held->unanswered.empty()) return May::wait;
  if (held->items == 0) return May::never;  // the item that orders an effect comes before the effect
  return now <= held->fresh_until ? May::begin : May::refresh;
}

bool TurnBook::acknowledged(const TurnKey& key, std::uint32_t attempt) const {
  const auto* held = find(key, attempt);
  return held != nullptr && held->unanswered.empty();
}

std::size_t TurnBook::unanswered() const {
  std::size_t most = 0;
  for (const auto& [key, held] : turns_) most = std::max(most, held.unanswered.size());
  return most;
}

bool TurnBook::has_room(const TurnKey& key, std::uint32_t attempt) const {
  const auto* held = find(key, attempt);
  return held != nullptr && held->unanswered.size() < options_.max_unacknowledged;
}

bool TurnBook::holds(const TurnKey& key, std::uint32_t attempt) const {
  const auto* held = find(key, attempt);
  return held != nullptr && held->running && !held->cancelled;
}

std::optional<Error> TurnBook::refusal(const TurnKey& key, std::uint32_t attempt) const {
  const auto* held = find(key, attempt);
  return held == nullptr ? std::nullopt : held->refusal;
}

bool TurnBook::on_answer(const wire::HeaderT& header, const wire::AnswerT& answer, SteadyTime now) {
  const auto found = sent_.find(wire::from_wire(header.correlation));
  if (found == sent_.end()) return false;
  const auto sent = std::move(found->second);
  sent_.erase(found);
  auto* held = find(sent.key, sent.attempt);
  if (held == nullptr) return true;
  if (const auto* done = answer.body.AsAcknowledged()) {
    acknowledge(sent.key, *held, sent, *done, now);
  } else if (const auto* fault = answer.body.AsFault()) {
    refuse(sent.key, *held, sent, *fault, now);
  }
  return true;
}

void TurnBook::acknowledge(const TurnKey& key, Held& held, const Sent& sent, const wire::AcknowledgedT& answer, SteadyTime now) {
  held.fresh_until = std::max(held.fresh_until, sent.at + options_.start_within);
  if (sent.is_result) {
    const auto before = free();
    actions_.emplace_back(TurnClosed{key, held.work, answer.transcript});
    turns_.erase(key);
    if (free() != before) state_free();  // more results waited for their answers than there are slots
    return;
  }
  // The owner commits items in order: what is before an acknowledged one is committed too.
  if (sent.n > held.committed) held.committed_at = now;
  held.committed = std::max(held.committed, sent.n);
  std::erase_if(held.unanswered, [&](const Unanswered& waiting) { return !is_result(waiting.report) && waiting.report.n <= sent.n; });
  actions_.emplace_back(TurnChanged{key});
}

void TurnBook::refuse(const TurnKey& key, Held& held, const Sent& sent, const wire::FaultT& fault, SteadyTime now) {
  const auto code = static_cast<Fault>(fault.code);
  if (code == Fault::turn_closed || code == Fault::gone || code == Fault::not_found || code == Fault::forbidden)
    return end(key, Halt::closed);
  if (code == Fault::expected) {
    if (fault.expected > held.items) return end(key, Halt::closed);  // the owner has items of this turn that are not ours
    if (fault.expected <= held.committed) {
      // What it acknowledged is lost, unless this answers an older sending: nobody can go on from here.
      if (sent.at > held.committed_at) end(key, Halt::closed);
      return;
    }
    return resend(key, held, fault.expected, sent.at, now);
  }
  if (retryable(code)) return;  // repeated by tick()
  const Error error(code, "a report was refused: " + fault.text);
  if (!sent.is_result) {
    // The handler learns of it and ends the turn with the fault; items from here on never count.
    held.refusal = error;
    held.items = sent.n - 1;
    std::erase_if(held.unanswered, [&](const Unanswered& waiting) { return !is_result(waiting.report) && waiting.report.n >= sent.n; });
    actions_.emplace_back(TurnChanged{key});
    return;
  }
  if (held.refused_result) return end(key, Halt::closed);  // not even the fault is accepted
  held.refused_result = true;
  wire::TurnResultT failed;
  failed.outcome = wire::Outcome::failed;
  failed.fault = fault.code;
  failed.text = error.message;
  std::erase_if(held.unanswered, [](const Unanswered& waiting) { return is_result(waiting.report); });
  auto report = report_of(key, held);
  report.n = held.items;
  report.body.Set(std::move(failed));
  send(key, held, report, now);
  held.unanswered.push_back({std::move(report), now});
}

void TurnBook::end(const TurnKey& key, Halt why) {
  const auto found = turns_.find(key);
  if (found == turns_.end()) return;
  stop_running(found->second);
  const auto attempt = found->second.attempt;
  turns_.erase(found);
  actions_.emplace_back(HaltTurn{key, attempt, why});
  // No result of it will pass the intercom, which would count it as under way for ever.
  actions_.emplace_back(GiveBack{held_turn(key, attempt)});
}

// Each report has its own refusal: what was sent again since the sending that is refused is not sent once more, or each answer would
// cause as many sendings as there are reports.
void TurnBook::resend(const TurnKey& key, Held& held, std::uint64_t from, SteadyTime since, SteadyTime now) {
  for (auto& waiting : held.unanswered) {
    if (waiting.sent > since) continue;
    if (!is_result(waiting.report) && waiting.report.n < from) continue;
    waiting.sent = now;
    send(key, held, waiting.report, now);
  }
}

void TurnBook::on_control(const wire::HeaderT& header, const wire::ControlT& control, SteadyTime now) {
  const TurnKey key{control.session, control.agent, control.turn};
  const auto found = turns_.find(key);
  if (control.kind == wire::ControlKind::holding) {
    if (found == turns_.end() || found->second.attempt != control.attempt)
      return deny(key, control.attempt, header, "that attempt is not held here", now);
    auto report = report_of(key, found->second);
    wire::ProgressT progress;
    report.body.Set(std::move(progress));
    auto message = message_of(found->second, report);
    message.header.id = wire::to_wire(next_id_());
    message.header.correlation = header.id;
    found->second.said = now;
    actions_.emplace_back(SendReport{std::move(message)});
    if (found->second.running) actions_.emplace_back(TellText{key});
    return;
  }
  if (found == turns_.end() || !found->second.running) return;
  if (control.attempt != 0 && control.attempt < found->second.attempt) return;
  if (control.kind == wire::ControlKind::steer) {
    actions_.emplace_back(SteerTurn{key, control.text});
    return;
  }
  if (found->second.cancelled) return;  // repeated until the turn ends
  found->second.cancelled = true;
  actions_.emplace_back(CancelTurn{key});
}

void TurnBook::on_link(SteadyTime now) {
  for (auto& [key, held] : turns_) resend(key, held, 0, now, now);
}

void TurnBook::tick(SteadyTime now) {
  std::vector<TurnKey> over;
  for (auto& [key, held] : turns_) {
    for (auto& waiting : held.unanswered) {
      if (now - waiting.sent < options_.repeat) continue;
      waiting.sent = now;
      send(key, held, waiting.report, now);
      held.said = now;
    }
    if (!held.running) continue;
    if (held.work->timeout_ms != 0 && now - held.begun >= Millis{held.work->timeout_ms}) {
      over.push_back(key);
      continue;
    }
    if (now - held.said < options_.progress) continue;
    held.said = now;
    auto report = report_of(key, held);
    report.n = held.items;
    report.body.Set(wire::ProgressT());
    auto message = message_of(held, report);
    message.header.id = wire::to_wire(next_id_());
    actions_.emplace_back(SendReport{std::move(message)});
  }
  for (const auto& key : over) {
    auto& held = turns_.at(key);
    wire::TurnResultT failed;
    failed.outcome = wire::Outcome::failed;
    failed.fault = static_cast<std::uint16_t>(Fault::timeout);
    failed.text = "The turn took longer than allowed.";
    actions_.emplace_back(HaltTurn{key, held.attempt, Halt::timeout});
    finish(key, held.attempt, std::move(failed), now);
  }
  forget_sent(now - remember_sent);
}

void TurnBook::forget_sent(SteadyTime before) {
  while (!sent_order_.empty() && sent_order_.front().first < before) {
    sent_.erase(sent_order_.front().second);
    sent_order_.pop_front();
  }
}

}  // namespace convoke::agents
