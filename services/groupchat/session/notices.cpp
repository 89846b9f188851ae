#include "groupchat/session/notices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash.hpp"
#include "groupchat/session/queries.hpp"

namespace convoke::groupchat::session {
namespace {

constexpr Millis between_notices{1000};
constexpr std::int64_t activity_every_ms = 60'000;

wire::Message make_notice(const State& state, std::uint64_t epoch, std::uint64_t version) {
  wire::NotifyT notify;
  notify.epoch = epoch;
  notify.version = version;
  notify.summary = std::make_unique<wire::SessionSummaryT>(summarise(state));
  wire::CommandT command;
  command.scope = "u:" + state.user;
  command.user = state.user;
  command.key = fmt::format("{}/{}/{}", state.session, epoch, version);
  command.body.Set(std::move(notify));
  auto message = wire::message(std::move(command));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of("u:" + state.user);
  message.header.ttl_ms = wire::default_ttl_ms;
  return message;
}

}  // namespace

void Notices::loaded(std::uint64_t version) { changed_ = version_ = version; }

void Notices::see(const store::Epoch& epoch, std::uint64_t version) {
  epoch_ = epoch.number;
  version_ = version;
}

void Notices::settle(Context& c) {
  if (!c.state.outbox) c.state.outbox = std::make_unique<state::OutboxT>();
  auto& outbox = *c.state.outbox;
  const bool is_active_again = c.state.last_ms - outbox.told_last_ms >= activity_every_ms;
  if (c.summary_changed || is_active_again) {
    outbox.owed = true;
    outbox.next_ms = c.now_ms();
    outbox.told_last_ms = c.state.last_ms;
    changed_ = version_;
  } else if (outbox.owed && is_told()) {
    outbox.owed = false;
  }
}

void Notices::on_answer(const wire::AnswerT& answer) {
  const auto* fault = answer.body.AsFault();
  if (fault != nullptr && static_cast<Fault>(fault->code) == Fault::gone) told_ = std::max(told_, sent_);
  // An answer may be to an earlier notice: it names the version that it is about.
  if (const auto* taken = answer.body.AsAccepted()) told_ = std::max(told_, taken->seq);
}

void Notices::owed(const State& state, std::vector<Created>& created, Now now, std::vector<wire::Message>& sends) {
  std::erase_if(created, [&](const Created& waiting) {
    const bool leaves = is_told() || now.steady >= waiting.by;
    if (leaves) sends.push_back(wire::reply(waiting.request, wire::AcceptedT(waiting.accepted)));
    return leaves;
  });
  // Without an epoch (just loaded) the values could not be ordered: the next tick or change brings it.
  if (epoch_ == 0 || !state.outbox || !state.outbox->owed || is_told() || now.steady < next_) return;
  sends.push_back(make_notice(state, epoch_, version_));
  sent_ = version_;
  next_ = now.steady + between_notices;
}

std::int64_t Notices::due(const State& state) const {
  return state.outbox && (state.outbox->owed || state.deleting) ? state.outbox->next_ms : INT64_MAX;
}

std::optional<SteadyTime> Notices::wake(const State& state, const std::vector<Created>& created) const {
  std::optional<SteadyTime> earliest;
  for (const auto& waiting : created) earliest = earliest ? std::min(*earliest, waiting.by) : waiting.by;
  if (epoch_ != 0 && state.outbox && state.outbox->owed && !is_told()) earliest = earliest ? std::min(*earliest, next_) : next_;
  return earliest;
}

}  // namespace convoke::groupchat::session
