#include "worker/service.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "core/name.hpp"
#include "worker/offer.hpp"

namespace convoke::worker {

namespace {

wire::TurnResultT failed(Fault fault, std::string text) {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::failed;
  result.fault = static_cast<std::uint16_t>(fault);
  result.text = std::move(text);
  return result;
}

std::pair<std::string, std::string> served_or_throw(const WorkerOptions& options) {
  auto served = served_by(options);
  if (!served) throw std::invalid_argument(served.error().message);
  return std::move(*served);
}

tools::Journal open_journal(const std::string& folder, Millis keep, UnixTime now) {
  auto journal = tools::Journal::open(folder + "/effects.jsonl", keep > Millis{0} ? std::optional(keep) : std::nullopt, now);
  if (!journal) throw std::invalid_argument(journal.error().message);
  return std::move(*journal);
}

/// Turns at once: what the agents that are served ask for together.
std::uint32_t credit_of(const agents::Team& team, const std::string& agent) {
  std::uint32_t credit = 0;
  for (const auto& entry : team.agents) {
    const bool is_served = agent == "*" || agent == entry.name;
    if (is_served && entry.kind != agents::AgentKind::human) credit += entry.concurrency;
  }
  return credit;
}

}  // namespace

Result<std::pair<std::string, std::string>> served_by(const WorkerOptions& options) {
  if (options.agent.empty() == options.team.empty()) {
    return fail(Fault::invalid, "give one of worker.agent (<team>.<name>) and worker.team");
  }
  if (options.agent.empty()) {
    if (!is_name(options.team)) return fail(Fault::invalid, "worker.team is no name: " + options.team);
    return std::pair{options.team, std::string("*")};
  }
  return split_agent(options.agent);
}

Service::Service(runtime::Runtime& runtime, ServiceOptions options)
    : options_(std::move(options)),
      served_(served_or_throw(options_.worker)),
      http_(runtime.io(), options_.http),
      model_(http_, options_.model.options()),
      journal_(open_journal(runtime.options().data, options_.worker.keep_effects, runtime.now().unix)),
      tooling_{model_, http_, journal_, runtime.tracer(), options_.conversation},
      turns_(runtime, options_.bus, options_.turns,
             {"worker",
              {served_.first + "." + served_.second},
              served_.first,
              [agent = served_.second](const agents::Team& team) { return credit_of(team, agent); }},
             [this](agents::Turn& turn) { return carry_out(turn); }) {
  tooling_.options.start_within = options_.turns.start_within;
  tooling_.refused =
      runtime.metrics().counter("convoke_effects_refused_total", "Times that the journal of effects could not be written, or was busy");
}

asio::awaitable<wire::TurnResultT> Service::carry_out(agents::Turn& turn) {
  const auto& work = turn.work();
  // The version that the run is pinned to, whatever is newest by now.
  auto team = co_await turns_.team_of(turn);
  if (!team) co_return failed(team.error().code, std::move(team.error().message));
  const auto* agent = agents::find_agent(*(*team)->team, short_name(work.agent));
  if (agent == nullptr) {
    co_return failed(Fault::not_found, fmt::format("Version {} of team {} has no agent {}.", work.team_version, work.team, work.agent));
  }
  if (agent->kind == agents::AgentKind::human) {
    co_return failed(Fault::invalid, fmt::format("{} stands for people and takes no turns.", agent->name));
  }
  Conversation conversation(tooling_, turn, *team, *agent);
  co_return co_await conversation.run();
}

}  // namespace convoke::worker
