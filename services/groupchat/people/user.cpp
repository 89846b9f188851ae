// The scope of a user: the list of their sessions, as the sessions' owners tell it. Values are absolute and ordered by (epoch, version), so
// that notices may come late, twice or in any order. Each session is a piece of the state: a notice writes its own and no other.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/mutation.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat {
namespace {

constexpr std::size_t max_deleted = 100;  // remembered, so that a late notice does not bring them back
constexpr std::size_t max_view_bytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t max_named_bytes = std::size_t{32} * 1024;  // of one recorded answer, which may have 64 KiB

struct Entry {
  state::UserSessionT session;  // always with its summary
  std::size_t bytes = 0;

  const wire::SessionSummaryT& summary() const { return *session.summary; }
};

// About what it takes in an answer.
std::size_t size_of(const wire::SessionSummaryT& summary) {
  std::size_t bytes = 128 + summary.session.size() + summary.title.size() + summary.user.size() + summary.team.size();
  for (const auto& plan : summary.plans) bytes += 64 + plan.id.size() + plan.goal.size();
  return bytes;
}

bool newest_last(const Entry& left, const Entry& right) { return left.summary().last_ms < right.summary().last_ms; }

class User final : public ScopeLogic {
 public:
  User(std::string user, std::size_t max_sessions) : user_(std::move(user)), max_sessions_(max_sessions) {}

  Status load(std::string_view bytes, std::uint64_t) override {
    auto state = wire::unpack<state::UserStateT>(bytes);
    if (!state) return std::unexpected(state.error());
    user_ = std::move(state->user);
    // Sessions that lie in the state itself were written before there were pieces.
    for (auto& session : state->sessions)
      if (session.summary) insert({std::move(session), 0});
    is_whole_ = !sessions_.empty();
    return {};
  }
  Status load_piece(std::string_view, std::string_view bytes) override {
    auto session = wire::unpack<state::UserSessionT>(bytes);
    if (!session) return std::unexpected(session.error());
    if (!session->summary) return fail(Fault::malformed, "a session of a user's list without a summary");
    insert({std::move(*session), bytes.size()});
    return {};
  }
  std::string save() const override {
    state::UserStateT state;
    state.user = user_;
    return wire::pack(state);
  }
  std::size_t piece_bytes() const override { return bytes_; }

  Applied apply(Draft& draft, const wire::Message& message) override {
    const auto* command = message.as<wire::CommandT>();
    const auto* notify = command != nullptr ? command->body.AsNotify() : nullptr;
    const auto* query = message.as<wire::QueryT>();
    const bool may_read = query != nullptr && (query->user.empty() || query->user == user_);
    const auto* read = may_read ? query->body.AsReadUser() : nullptr;
    const auto* page = may_read ? query->body.AsReadSessions() : nullptr;
    if (notify != nullptr && message.header.source == "service/groupchat") {
      take(draft, message.header, *notify);
    } else if (notify != nullptr) {
      refuse(draft, message.header, *command, Error(Fault::forbidden, "only a session's owner tells of it"));
    } else if (command != nullptr && command->body.AsNameSessions() != nullptr && command->user == user_) {
      name_sessions(draft, message.header, *command);
    } else if (command != nullptr) {
      refuse(draft, message.header, *command, Error(Fault::invalid, "a user's scope takes no such command"));
    } else if (read != nullptr) {
      respond(draft, wire::reply(message.header, list(read->max)));
    } else if (page != nullptr) {
      respond(draft, wire::reply(message.header, page_after(page->after, page->max_bytes)));
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
    const auto known =
        std::ranges::find_if(sessions_, [&](const Entry& entry) { return entry.summary().session == notify.summary->session; });
    const bool is_known = known != sessions_.end();
    if (is_known && !CONVOKE_MUTATED(notice_goes_back) &&
        std::tie(known->session.epoch, known->session.version) >= std::tie(notify.epoch, notify.version)) {
      return respond(draft, wire::reply(request, std::move(accepted)));
    }
    if (is_known) erase(known);
    Entry entry;
    entry.session.epoch = notify.epoch;
    entry.session.version = notify.version;
    entry.session.summary = std::make_unique<wire::SessionSummaryT>(*notify.summary);
    if (notify.summary->deleted) entry.session.summary->plans.clear();
    write(draft, entry);
    insert(std::move(entry));
    trim(draft, false, max_sessions_);
    trim(draft, true, max_deleted);
    if (std::exchange(is_whole_, false)) {
      for (auto& each : sessions_) {
        bytes_ -= each.bytes;
        write(draft, each);
        bytes_ += each.bytes;
      }
    }
    draft.answers.push_back(wire::reply(request, std::move(accepted)));
  }

  static void write(Draft& draft, Entry& entry) {
    auto bytes = wire::pack(entry.session);
    entry.bytes = bytes.size();
    draft.put_piece(entry.summary().session, std::move(bytes));
  }

  void insert(Entry entry) {
    bytes_ += entry.bytes;
    ++(entry.summary().deleted ? deleted_ : present_);
    const auto place = std::ranges::upper_bound(sessions_, entry, newest_last);
    sessions_.insert(place, std::move(entry));
  }

  void erase(std::vector<Entry>::iterator entry) {
    bytes_ -= entry->bytes;
    --(entry->summary().deleted ? deleted_ : present_);
    sessions_.erase(entry);
  }

  void trim(Draft& draft, bool deleted, std::size_t most) {
    if ((deleted ? deleted_ : present_) <= most) return;
    const auto oldest = std::ranges::find_if(sessions_, [deleted](const Entry& entry) { return entry.summary().deleted == deleted; });
    draft.put_piece(oldest->summary().session, {});
    erase(oldest);
  }

  wire::UserViewT list(std::uint32_t max) const {
    wire::UserViewT view;
    view.user = user_;
    std::size_t bytes = 0;
    for (auto at = sessions_.rbegin(); at != sessions_.rend() && view.sessions.size() < max && bytes < max_view_bytes; ++at) {
      if (at->summary().deleted) continue;
      bytes += size_of(at->summary());
      view.sessions.push_back(at->summary());
    }
    return view;
  }

  // In the order of their ids, which no activity changes: whoever reads page after page misses none that is there all the while.
  wire::UserViewT page_after(std::string_view session, std::size_t max_bytes) const {
    std::vector<const Entry*> rest;
    for (const auto& entry : sessions_)
      if (!entry.summary().deleted && entry.summary().session > session) rest.push_back(&entry);
    std::ranges::sort(rest, {}, [](const Entry* entry) -> const std::string& { return entry->summary().session; });
    wire::UserViewT view;
    view.user = user_;
    std::size_t bytes = 0;
    for (const auto* entry : rest) {
      bytes += size_of(entry->summary());
      if (!view.sessions.empty() && bytes > std::min(max_bytes, max_view_bytes)) break;
      view.sessions.push_back(entry->summary());
    }
    return view;
  }

  void name_sessions(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command) {
    wire::AcceptedT accepted;
    accepted.is_full = present_ >= max_sessions_;
    std::size_t bytes = 0;
    for (const auto& entry : sessions_) {
      const auto& summary = entry.summary();
      const bool is_theirs = summary.user.empty() || summary.user == user_;  // not one that they joined
      if (summary.deleted || !is_theirs) continue;
      bytes += summary.session.size() + 16;
      if (bytes > max_named_bytes) break;
      accepted.sessions.push_back(summary.session);
    }
    accept(draft, request, command, std::move(accepted));
  }

  std::string user_;
  std::size_t max_sessions_;
  std::vector<Entry> sessions_;  // newest activity last
  std::size_t present_ = 0;
  std::size_t deleted_ = 0;
  std::size_t bytes_ = 0;
  bool is_whole_ = false;  // loaded from a state that holds them all: the next change writes them as pieces
};

}  // namespace

std::unique_ptr<ScopeLogic> make_user(std::string user, std::size_t max_sessions) {
  return std::make_unique<User>(std::move(user), max_sessions);
}

}  // namespace convoke::groupchat
