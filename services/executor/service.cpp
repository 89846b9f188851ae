#include "executor/service.hpp"

#include "executor/decide.hpp"

namespace convoke::executor {

namespace {

wire::TurnResultT failed(Fault fault, std::string text) {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::failed;
  result.fault = static_cast<std::uint16_t>(fault);
  result.text = std::move(text);
  return result;
}

}  // namespace

Service::Service(runtime::Runtime& runtime, bus::ClientOptions bus, agents::HostOptions host)
    : turns_(runtime, std::move(bus), host, {"executor", {"system.executor"}, {}, {}},
             [this](agents::Turn& turn) { return carry_out(turn); }) {}

asio::awaitable<wire::TurnResultT> Service::carry_out(agents::Turn& turn) {
  const auto& work = turn.work();
  if (work.kind != wire::TurnKind::deciding || !work.plan)
    co_return failed(Fault::invalid, "The executor takes deciding turns with a plan.");
  auto team = co_await turns_.team_of(turn);
  if (!team) co_return failed(team.error().code, std::move(team.error().message));
  Now now = turn.now();
  if (work.now_ms != 0) now.unix = from_unix_ms(work.now_ms);  // the owner's clock: it arms the wake-ups
  wire::TurnResultT result;
  result.outcome = wire::Outcome::decision;
  result.decision = std::make_unique<wire::PlanDecisionT>(decide(*work.plan, work.inbox, now, rules_of(*(*team)->team)));
  co_return result;
}

}  // namespace convoke::executor
