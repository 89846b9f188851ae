// The scope of a user: the list of their sessions, as the sessions' owners tell it. Values are absolute and ordered by (epoch, version), so
// that notices may come late, twice or in any order.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/mutation.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat {
namespace {

constexpr std::size_t max_sessions = 500;  // the oldest leave the list; they themselves stay
constexpr std::size_t max_deleted = 100;   // remembered, so that a late notice does not bring them back

bool newest_last(const state::UserSessionT& left, const state::UserSessionT& right) {
  return left.summary->last_ms < right.summary->last_ms;
}

class User final : public ScopeLogic {
 public:
  explicit User(std::string user) { state_.user = std::move(user); }

  Status load(std::string_view bytes, std::uint64_t) override {
    auto state = wire::unpack<state::UserStateT>(bytes);
    if (!state) return std::unexpected(state.error());
    state_ = std::move(*state);
    std::erase_if(state_.sessions, [](const auto& session) { return !session.summary; });
    return {};
  }
  std::string save() const override { return wire::pack(state_); }

  Applied apply(Draft& draft, const wire::Message& message) override {
    const auto* command = message.as<wire::CommandT>();
    const auto* notify = command != nullptr ? command->body.AsNotify() : nullptr;
    const auto* query = message.as<wire::QueryT>();
    const auto* read = query != nullptr ? query->body.AsReadUser() : nullptr;
    if (notify != nullptr && message.header.source == "service/groupchat") {
      take(draft, message.header, *notify);
    } else if (notify != nullptr) {
      refuse(draft, message.header, *command, Error(Fault::forbidden, "only a session's owner tells of it"));
    } else if (command != nullptr) {
      refuse(draft, message.header, *command, Error(Fault::invalid, "a user's scope takes no such command"));
    } else if (read != nullptr && (query->user.empty() || query->user == state_.user)) {
      respond(draft, wire::reply(message.header, list(read->max)));
    } else {
      respond(draft, wire::fault_reply(message.header, Fault::not_found,
                                       fmt::format("no such user, or not for '{}'", query != nullptr ? query->user : "")));
    }
    return Applied::done;
  }

  void tick(Draft&) override {}
  std::optional<UnixTime> due() const override { return std::nullopt; }
  void note(const wire::Message&, Now) override {}
  void link_restored(Now) override {}
  std::vector<wire::Message> owed(Now) override { return {}; }
  std::optional<SteadyTime> wake() const override { return std::nullopt; }
  bool evictable() const override { return true; }

 private:
  void take(Draft& draft, const wire::HeaderT& request, const wire::NotifyT& notify) {
    wire::AcceptedT accepted;
    if (!notify.summary) return respond(draft, wire::fault_reply(request, Fault::malformed, "a notice without a summary"));
    accepted.session = notify.summary->session;
    accepted.seq = notify.version;
    const auto known = std::ranges::find_if(
        state_.sessions, [&](const state::UserSessionT& session) { return session.summary->session == notify.summary->session; });
    const bool is_known = known != state_.sessions.end();
    if (is_known && !CONVOKE_MUTATED(notice_goes_back) &&
        std::tie(known->epoch, known->version) >= std::tie(notify.epoch, notify.version)) {
      return respond(draft, wire::reply(request, std::move(accepted)));
    }
    if (is_known) state_.sessions.erase(known);
    state::UserSessionT session;
    session.epoch = notify.epoch;
    session.version = notify.version;
    session.summary = std::make_unique<wire::SessionSummaryT>(*notify.summary);
    if (session.summary->deleted) session.summary->plans.clear();
    const auto place = std::ranges::upper_bound(state_.sessions, session, newest_last);
    state_.sessions.insert(place, std::move(session));
    trim(false, max_sessions);
    trim(true, max_deleted);
    draft.changed = true;
    draft.answers.push_back(wire::reply(request, std::move(accepted)));
  }

  void trim(bool deleted, std::size_t most) {
    const auto same = [deleted](const state::UserSessionT& session) { return session.summary->deleted == deleted; };
    if (static_cast<std::size_t>(std::ranges::count_if(state_.sessions, same)) > most) {
      state_.sessions.erase(std::ranges::find_if(state_.sessions, same));
    }
  }

  wire::UserViewT list(std::uint32_t max) const {
    wire::UserViewT view;
    view.user = state_.user;
    for (auto at = state_.sessions.rbegin(); at != state_.sessions.rend() && view.sessions.size() < max; ++at) {
      if (!at->summary->deleted) view.sessions.push_back(*at->summary);
    }
    return view;
  }

  state::UserStateT state_;
};

}  // namespace

std::unique_ptr<ScopeLogic> make_user(std::string user) { return std::make_unique<User>(std::move(user)); }

}  // namespace convoke::groupchat
