#include "planner/service.hpp"

#include <fmt/format.h>

#include "agents/team/discovered.hpp"
#include "planner/prompt.hpp"
#include "planner/validate.hpp"

namespace convoke::planner {

namespace {

constexpr std::size_t max_catalogues = 16;

wire::TurnResultT failed(Fault fault, std::string text) {
  wire::TurnResultT result;
  result.outcome = fault == Fault::cancelled ? wire::Outcome::cancelled : wire::Outcome::failed;
  result.fault = static_cast<std::uint16_t>(fault);
  result.text = std::move(text);
  return result;
}

}  // namespace

Service::Service(runtime::Runtime& runtime, ServiceOptions options)
    : runtime_(runtime),
      options_(std::move(options)),
      http_(runtime.io(), options_.http),
      model_(http_, options_.model.options()),
      turns_(runtime, options_.bus, options_.turns, {"planner", {"system.planner"}, {}, {}},
             [this](agents::Turn& turn) { return carry_out(turn); }) {}

const std::string& Service::catalogue(const agents::TeamVersion& team) {
  const std::pair key{team.name, team.version};
  if (const auto found = catalogues_.find(key); found != catalogues_.end()) return found->second;
  if (catalogues_.size() >= max_catalogues) catalogues_.clear();
  return catalogues_.emplace(key, catalogue_of(*team.team)).first->second;
}

asio::awaitable<wire::TurnResultT> Service::carry_out(agents::Turn& turn) {
  const auto& work = turn.work();
  if (work.kind != wire::TurnKind::planning) co_return failed(Fault::invalid, "The planner takes planning turns.");
  auto team = co_await turns_.team_of(turn);
  if (!team) co_return failed(team.error().code, std::move(team.error().message));
  // What workers have found meanwhile is no part of the version; it is planned with while they are there.
  const auto found = agents::discoveries_of(turns_.bus().view());
  agents::Team plannable = found.empty() ? agents::Team() : *(*team)->team;
  agents::add_discovered(plannable, (*team)->name, found);
  const auto& planned_for = found.empty() ? *(*team)->team : plannable;
  llm::Request request;
  request.model = agents::model_for(planned_for, "planner");
  request.messages = messages_for(planned_for, found.empty() ? catalogue(**team) : catalogue_of(planned_for), work, date_of(work.now_ms));
  request.response_schema = plan_schema();
  request.max_tokens = options_.planner.max_output_tokens;
  std::uint64_t used = 0;
  Error reason(Fault::model_invalid, "no attempt was made");
  for (std::size_t attempt = 0; attempt < options_.planner.attempts; ++attempt) {
    Result<std::string> content;
    if (attempt < turn.items().size()) {  // an earlier attempt at the turn has asked already
      auto recorded = llm::response_from_json(turn.items()[attempt].text);
      if (!recorded) co_return failed(recorded.error().code, std::move(recorded.error().message));
      content = std::move(recorded->content);
    } else if (work.tokens_left != 0 && used >= work.tokens_left) {
      co_return failed(Fault::budget, "The tokens of the run are used up.");
    } else {
      content = co_await answer(turn, request, used);
    }
    if (!content) co_return failed(content.error().code, std::move(content.error().message));
    // Only who was asked something can call it off.
    const bool answered = work.plan != nullptr && !work.plan->clarification_response.empty();
    if (auto why = answered ? called_off(*content) : std::string(); !why.empty()) {
      wire::TurnResultT result;
      result.outcome = wire::Outcome::failed;
      result.fault = static_cast<std::uint16_t>(Fault::cancelled);
      result.text = std::move(why);
      co_return result;
    }
    auto draft = draft_from(planned_for, *content);
    if (draft) {
      wire::TurnResultT result;
      result.outcome = wire::Outcome::draft;
      result.draft = std::make_unique<wire::PlanDraftT>(std::move(*draft));
      co_return result;
    }
    reason = std::move(draft.error());
    llm::Message said;
    said.role = llm::Role::assistant;
    said.content = std::move(*content);
    request.messages.push_back(std::move(said));
    request.messages.push_back(correction(reason.message));
  }
  co_return failed(Fault::model_invalid,
                   fmt::format("After {} attempts there is no plan that can be used: {}", options_.planner.attempts, reason.message));
}

asio::awaitable<Result<std::string>> Service::answer(agents::Turn& turn, llm::Request request, std::uint64_t& used) {
  const auto& trace = turn.header().trace;
  auto span = runtime_.tracer().start("chat " + request.model, telemetry::SpanKind::client, {{trace.hi(), trace.lo()}, trace.span()},
                                      turn.work().session);
  span.set("gen_ai.operation.name", "chat");
  span.set("gen_ai.request.model", request.model);
  span.set("gen_ai.agent.name", "system.planner");
  span.set("convoke.run", turn.work().run);
  auto call = model_.complete(request, {});
  auto response = co_await turn.until_cancelled(std::move(call));
  if (!response) {
    runtime_.tracer().end(std::move(span), telemetry::SpanStatus::error, response.error().message);
    co_return std::unexpected(std::move(response.error()));
  }
  span.set("gen_ai.usage.input_tokens", std::to_string(response->usage.prompt_tokens));
  span.set("gen_ai.usage.output_tokens", std::to_string(response->usage.completion_tokens));
  runtime_.tracer().end(std::move(span), telemetry::SpanStatus::ok);
  used += response->usage.prompt_tokens + response->usage.completion_tokens;
  wire::ItemT item;
  item.kind = wire::ItemKind::response;
  item.text = llm::to_json(*response);
  item.usage = std::make_unique<wire::UsageT>();
  item.usage->prompt_tokens = response->usage.prompt_tokens;
  item.usage->completion_tokens = response->usage.completion_tokens;
  item.usage->model_calls = 1;
  auto number = co_await turn.item(std::move(item));
  if (!number) co_return std::unexpected(std::move(number.error()));
  co_return std::move(response->content);
}

}  // namespace convoke::planner
