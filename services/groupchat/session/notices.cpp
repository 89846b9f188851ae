#include "groupchat/session/notices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash.hpp"
#include "core/mutation.hpp"
#include "groupchat/session/queries.hpp"

namespace convoke::groupchat::session {
namespace {

constexpr Millis between_notices{1000};
constexpr std::int64_t activity_every_ms = 60'000;

wire::Message make_notice(const State& state, const std::string& user, std::uint64_t epoch, std::uint64_t version) {
  wire::NotifyT notify;
  notify.epoch = epoch;
  notify.version = CONVOKE_MUTATED(notice_ahead) ? version + 1 : version;
  notify.summary = std::make_unique<wire::SessionSummaryT>(summarise(state, user));
  wire::CommandT command;
  command.scope = "u:" + user;
  command.user = user;
  command.key = fmt::format("{}/{}/{}", state.session, epoch, version);
  command.body.Set(std::move(notify));
  auto message = wire::message(std::move(command));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of("u:" + user);
  message.header.ttl_ms = wire::default_ttl_ms;
  return message;
}

const std::string& user_of(const State& state, const state::OutboxT& outbox) { return outbox.user.empty() ? state.user : outbox.user; }

/// Each of the session's channels: its user's, and those of the people who joined.
template <class Visit> void each_outbox(const State& state, Visit visit) {
  if (state.outbox) visit(*state.outbox);
  for (const auto& outbox : state.outboxes) visit(outbox);
}

}  // namespace

void Notices::loaded(std::uint64_t version) {
  channels_.clear();
  loaded_ = version_ = version;
}

void Notices::see(const store::Epoch& epoch, std::uint64_t version) {
  epoch_ = epoch.number;
  version_ = version;
}

Notices::Channel& Notices::channel(std::string_view user) {
  const auto found = channels_.find(user);
  if (found != channels_.end()) return found->second;
  return channels_.emplace(user, Channel{.changed = loaded_}).first->second;
}

bool Notices::has(std::string_view user) const {
  const auto found = channels_.find(user);
  return found == channels_.end() ? loaded_ == 0 : found->second.told >= found->second.changed;
}

void Notices::settle(Context& c) {
  if (!c.state.outbox) c.state.outbox = std::make_unique<state::OutboxT>();
  settle(c, *c.state.outbox);
  for (auto& outbox : c.state.outboxes) settle(c, outbox);
}

void Notices::settle(Context& c, state::OutboxT& outbox) {
  const auto& user = user_of(c.state, outbox);
  const bool is_active_again = c.state.last_ms - outbox.told_last_ms >= activity_every_ms;
  if (c.summary_changed || is_active_again) {
    outbox.owed = true;
    outbox.next_ms = c.now_ms();
    outbox.told_last_ms = c.state.last_ms;
    channel(user).changed = version_;
  } else if (outbox.owed && has(user)) {
    outbox.owed = false;
  }
}

void Notices::on_answer(std::string_view user, const wire::AnswerT& answer) {
  auto& told = channel(user);
  const auto* fault = answer.body.AsFault();
  if (fault != nullptr && static_cast<Fault>(fault->code) == Fault::gone) told.told = std::max(told.told, told.sent);
  // An answer may be to an earlier notice: it names the version that it is about.
  if (const auto* taken = answer.body.AsAccepted()) told.told = std::max(told.told, taken->seq);
}

void Notices::owed(const State& state, std::vector<Created>& created, Now now, std::vector<wire::Message>& sends) {
  std::erase_if(created, [&](const Created& waiting) {
    const bool leaves = has(waiting.user) || now.steady >= waiting.by;
    if (leaves) sends.push_back(wire::reply(waiting.request, wire::AcceptedT(waiting.accepted)));
    return leaves;
  });
  // Without an epoch (just loaded) the values could not be ordered: the next tick or change brings it.
  if (epoch_ == 0) return;
  each_outbox(state, [&](const state::OutboxT& outbox) {
    const auto& user = user_of(state, outbox);
    auto& to = channel(user);
    if (!outbox.owed || has(user) || now.steady < to.next) return;
    sends.push_back(make_notice(state, user, epoch_, version_));
    to.sent = version_;
    to.next = now.steady + between_notices;
  });
}

bool Notices::is_told(const State& state) const {
  bool told = true;
  each_outbox(state, [&](const state::OutboxT& outbox) { told = told && (!outbox.owed || has(user_of(state, outbox))); });
  return told;
}

bool Notices::has_told(const State& state) const {
  bool told = false;
  each_outbox(state, [&](const state::OutboxT& outbox) { told = told || (outbox.owed && has(user_of(state, outbox))); });
  return told;
}

std::int64_t Notices::due(const State& state) const {
  std::int64_t due = INT64_MAX;
  each_outbox(state, [&](const state::OutboxT& outbox) {
    if (outbox.owed || state.deleting) due = std::min(due, outbox.next_ms);
  });
  return due;
}

std::optional<SteadyTime> Notices::wake(const State& state, const std::vector<Created>& created) const {
  std::optional<SteadyTime> earliest;
  const auto consider = [&](SteadyTime time) { earliest = earliest ? std::min(*earliest, time) : time; };
  for (const auto& waiting : created) consider(waiting.by);
  if (epoch_ == 0) return earliest;
  each_outbox(state, [&](const state::OutboxT& outbox) {
    const auto& user = user_of(state, outbox);
    const auto found = channels_.find(user);
    if (outbox.owed && !has(user)) consider(found == channels_.end() ? SteadyTime{} : found->second.next);
  });
  return earliest;
}

}  // namespace convoke::groupchat::session
