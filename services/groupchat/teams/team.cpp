// The scope of a team: its versions, immutable and numbered. Applying one is answered when every registered replica that serves the team
// has it, or after two seconds with the names of those that have not.
#include <fmt/format.h>

#include <algorithm>

#include "agents/team/load.hpp"
#include "core/hash.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat {
namespace {

constexpr Millis wait_for_replicas{2'000};
constexpr std::uint32_t kept_versions = 100;  // runs that pin an older one fail when it has to be read again

std::string part_name(std::uint32_t version) { return fmt::format("v{}", version); }

class TeamScope final : public ScopeLogic {
 public:
  explicit TeamScope(std::string team) { state_.team = std::move(team); }

  Status load(std::string_view bytes, std::uint64_t) override {
    auto state = wire::unpack<state::TeamStateT>(bytes);
    if (!state) return std::unexpected(state.error());
    state_ = std::move(*state);
    announce_ = state_.head > 0;  // the push of an owner that died may be lost
    return {};
  }
  std::string save() const override { return wire::pack(state_); }

  Applied apply(Draft& draft, const wire::Message& message) override {
    const auto* command = message.as<wire::CommandT>();
    const auto* change = command != nullptr ? command->body.AsApplyTeam() : nullptr;
    const auto* query = message.as<wire::QueryT>();
    const auto* read = query != nullptr ? query->body.AsReadTeam() : nullptr;
    if (change != nullptr) {
      change_to(draft, message.header, *command, change->definition);
    } else if (command != nullptr) {
      refuse(draft, message.header, *command, Error(Fault::invalid, "a team's scope takes no such command"));
    } else if (read != nullptr) {
      read_version(draft, message.header, read->version == 0 ? state_.head : read->version);
    } else {
      respond(draft, wire::fault_reply(message.header, Fault::invalid, "a team's scope answers no such query"));
    }
    return Applied::done;
  }

  void tick(Draft&) override {}
  std::optional<UnixTime> due() const override { return std::nullopt; }

  void note(const wire::Message& message, Now) override {
    if (const auto* view = message.as<wire::ViewT>()) replicas_ = view->replicas;
  }
  void link_restored(Now) override { announce_ = state_.head > 0; }

  std::vector<wire::Message> owed(Now now) override {
    std::vector<wire::Message> messages;
    if (std::exchange(announce_, false)) messages.push_back(announcement());
    std::erase_if(waiting_, [&](Applying& one) {
      if (one.until == SteadyTime{}) one.until = now.steady + wait_for_replicas;
      one.accepted.lagging = lagging(one.accepted.team_version);
      if (!one.accepted.lagging.empty() && now.steady < one.until) return false;
      messages.push_back(wire::reply(one.request, one.accepted));
      return true;
    });
    return messages;
  }

  std::optional<SteadyTime> wake() const override {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front().until;
  }
  bool evictable() const override { return waiting_.empty(); }

 private:
  struct Applying {
    wire::HeaderT request;
    wire::AcceptedT accepted;
    SteadyTime until;  // from the commit on
  };

  void change_to(Draft& draft, const wire::HeaderT& request, const wire::CommandT& command, const std::string& definition) {
    const auto parsed = agents::team_from_json(definition);
    if (!parsed) return refuse(draft, request, command, parsed.error());
    const auto& team = **parsed;
    if (team.name != state_.team) {
      return refuse(draft, request, command,
                    Error(Fault::invalid, fmt::format("the definition is of team '{}', not '{}'", team.name, state_.team)));
    }
    const std::string canonical = agents::to_json(team);
    const std::string digest = to_hex(sha256(canonical));
    wire::AcceptedT accepted;
    if (digest == state_.digest) {
      accepted.team_version = state_.head;
      accepted.lagging = lagging(state_.head);
      return respond(draft, wire::reply(request, std::move(accepted)));
    }
    ++state_.head;
    state_.digest = digest;
    announce_ = true;
    accepted.team_version = state_.head;
    draft.parts.push_back({part_name(state_.head), canonical});
    if (state_.head > kept_versions) draft.deletes.push_back("part:" + part_name(state_.head - kept_versions));
    record(draft, command, accepted);
    waiting_.push_back({request, std::move(accepted), {}});
  }

  void read_version(Draft& draft, const wire::HeaderT& request, std::uint32_t version) {
    const std::string team = state_.team;
    const auto missing = [team, version](const wire::HeaderT& asker) {
      const auto what =
          version == 0 ? fmt::format("there is no team '{}'", team) : fmt::format("team '{}' has no version {}", team, version);
      return wire::fault_reply(asker, Fault::not_found, what + "; see convoke team apply");
    };
    if (version == 0 || version > state_.head) return respond(draft, missing(request));
    Read read;
    read.request = request;
    read.what = Read::What::part;
    read.name = part_name(version);
    read.subject = team;
    read.compose = [team, version, missing](const wire::HeaderT& asker, std::string bytes) {
      if (bytes.empty()) return missing(asker);
      wire::TeamViewT view;
      view.team = team;
      view.version = version;
      view.definition = std::move(bytes);
      return wire::reply(asker, std::move(view));
    };
    draft.reads.push_back(std::move(read));
  }

  /// Names of those that serve the team, but not yet this version.
  std::vector<std::string> lagging(std::uint32_t version) const {
    std::vector<std::string> names;
    for (const auto& replica : replicas_) {
      std::uint32_t newest = 0;
      for (const auto& entry : replica.teams) {
        if (entry.team == state_.team) newest = std::max(newest, entry.version);
      }
      if (newest != 0 && newest < version && !replica.draining) names.push_back(replica.name);
    }
    return names;
  }

  wire::Message announcement() const {
    wire::TeamChangedT changed;
    changed.team = state_.team;
    changed.version = state_.head;
    wire::PushT push;
    push.body.Set(std::move(changed));
    auto message = wire::message(std::move(push));
    message.header.dest_kind = wire::DestKind::stream;
    message.header.dest = "team/" + state_.team;
    return message;
  }

  state::TeamStateT state_;
  bool announce_ = false;
  std::vector<Applying> waiting_;
  std::vector<wire::ReplicaInfoT> replicas_;
};

}  // namespace

std::unique_ptr<ScopeLogic> make_team(std::string team) { return std::make_unique<TeamScope>(std::move(team)); }

}  // namespace convoke::groupchat
