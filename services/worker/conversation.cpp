#include "worker/conversation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "worker/offer.hpp"

namespace convoke::worker {

Conversation::Conversation(Tooling& tooling, agents::Turn& turn, std::shared_ptr<const agents::TeamVersion> team,
                           const agents::Agent& agent)
    : tooling_(tooling), turn_(turn), team_(std::move(team)), agent_(agent) {}

namespace {

constexpr std::size_t max_offers = 256;  // agents times team versions in use

}  // namespace

const std::vector<llm::Tool>& Offers::of(const agents::TeamVersion& team, const agents::Agent& agent) {
  std::tuple key{team.name, team.version, agent.name};
  if (const auto found = kept_.find(key); found != kept_.end()) return found->second;
  if (kept_.size() >= max_offers) kept_.clear();
  return kept_.emplace(std::move(key), own_tools(agent)).first->second;
}

wire::TurnResultT Conversation::failed(Fault fault, std::string text) const {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::failed;
  // A failed step is given out again as a new turn, with new call keys. What a tool has done would then be done twice, and what was refused
  // asked for twice, so such a failure is not one that is repeated by itself; and a step that was given up after a tool had done something
  // is not told as one that never began.
  const bool has_effects = history_.done + done_ > 0;
  const bool was_refused = history_.refused + refused_ > 0;
  const bool is_unknown = fault == Fault::unknown_outcome;  // which nobody repeats either
  const bool is_given_up = fault == Fault::cancelled || fault == Fault::invalid;
  const bool is_step = turn_.work().kind == wire::TurnKind::step;
  if (is_step && has_effects && (retryable(fault) || is_given_up) && !is_unknown) {
    text += " Some of it was done before that.";
    fault = Fault::limit;
  }
  if (is_step && was_refused && retryable(fault) && !is_unknown) fault = Fault::tool_refused;
  result.fault = static_cast<std::uint16_t>(fault);
  result.text = std::move(text);
  result.usage = std::make_unique<wire::UsageT>(usage_);
  return result;
}

wire::TurnResultT Conversation::cancelled() const {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::cancelled;
  result.fault = static_cast<std::uint16_t>(Fault::cancelled);
  result.usage = std::make_unique<wire::UsageT>(usage_);
  return result;
}

telemetry::Span Conversation::span(std::string name, std::string operation) const {
  const auto& trace = turn_.header().trace;
  const telemetry::TraceContext parent{{trace.hi(), trace.lo()}, trace.span()};
  auto span = tooling_.tracer.start(std::move(name), telemetry::SpanKind::client, parent, turn_.work().session);
  span.set("gen_ai.operation.name", std::move(operation));
  span.set("gen_ai.agent.name", turn_.work().agent);
  span.set("convoke.run", turn_.work().run);
  return span;
}

Status Conversation::take_over() {
  for (const auto& item : turn_.items()) {
    if (item.kind == wire::ItemKind::response) {
      auto response = llm::response_from_json(item.text);
      if (!response) return std::unexpected(std::move(response.error()));
      ++model_calls_;
      begin_round(item.n, std::move(*response), true);
      continue;
    }
    if (!round_) continue;
    const auto& calls = round_->response.tool_calls;
    for (std::size_t i = 0; i < calls.size(); ++i) {
      if (round_->done[i] || calls[i].id != item.call) continue;
      round_->done[i] = true;
      ++tool_calls_;
      if (item.kind == wire::ItemKind::result) ++(item.fault == 0 ? done_ : failed_);
      if (is_refusal(item)) ++refused_;
      if (item.fault != 0) last_failure_ = item.text;
      llm::Message message;
      message.role = llm::Role::tool;
      message.tool_call_id = item.call;
      message.content = item.kind == wire::ItemKind::act ? "Delivered." : item.text;
      request_.messages.push_back(std::move(message));
      break;
    }
  }
  return {};
}

void Conversation::begin_round(std::uint64_t item, llm::Response response, bool recorded) {
  request_.messages.push_back(llm::as_message(response));
  const auto calls = response.tool_calls.size();
  round_ = Round{item, std::move(response), std::vector<bool>(calls, false), std::vector<std::string>(calls), recorded};
}

asio::awaitable<Result<std::uint64_t>> Conversation::record(const llm::Response& response) {
  wire::ItemT item;
  item.kind = wire::ItemKind::response;
  item.text = llm::to_json(response);
  item.usage = std::make_unique<wire::UsageT>(std::exchange(usage_, {}));
  return turn_.item(std::move(item));
}

asio::awaitable<wire::TurnResultT> Conversation::run() {
  auto transcript = co_await turn_.transcript();
  if (!transcript) co_return failed(transcript.error().code, std::move(transcript.error().message));
  llm::Message system;
  system.role = llm::Role::system;
  system.content = instructions_for(*team_->team, agent_, turn_.work().now_ms);
  history_ = history_of(transcript->entries, turn_.work(), tooling_.options.history_bytes, std::move(system));
  request_.messages = std::move(history_.messages);
  request_.tools = tools_for(*team_->team, agent_, turn_.work(), tooling_.offers.of(*team_, agent_));
  auto taken = take_over();
  if (!taken) co_return failed(taken.error().code, std::move(taken.error().message));
  if (!round_ && !history_.again.empty()) {
    // What a person wants done again is recorded like a response of the model, so that it is begun once however often this turn is given
    // out.
    llm::Response ordered;
    for (auto call : history_.again) {
      call.id += fmt::format("-{}", turn_.work().turn);
      ordered.tool_calls.push_back(std::move(call));
    }
    auto number = co_await record(ordered);
    if (!number) co_return failed(number.error().code, std::move(number.error().message));
    begin_round(*number, std::move(ordered), false);
  }

  while (true) {
    if (round_) {
      if (round_->response.tool_calls.empty()) {
        auto last = std::move(round_->response);
        co_return co_await conclude(std::move(last), true);
      }
      auto ended = co_await carry_out_calls();
      if (ended) co_return std::move(*ended);
      round_.reset();
    }
    auto response = co_await ask_model();
    if (!response && response.error().code == Fault::cancelled) co_return cancelled();
    if (!response) co_return failed(response.error().code, std::move(response.error().message));
    if (response->tool_calls.empty()) co_return co_await conclude(std::move(*response), false);
    if (auto ended = given_up(*response)) co_return std::move(*ended);
    auto number = co_await record(*response);
    if (!number) co_return failed(number.error().code, std::move(number.error().message));
    begin_round(*number, std::move(*response), false);
  }
}

void Conversation::show(const llm::TextDelta& delta) {
  if (delta.attempt != shown_attempt_ || delta.offset == 0) turn_.restart_text();
  shown_attempt_ = delta.attempt;
  turn_.delta(delta.text);
}

asio::awaitable<Result<llm::Response>> Conversation::ask_model() {
  const auto& limits = agent_.limits;
  if (model_calls_ >= limits.max_model_calls) {
    co_return fail(Fault::limit,
                   fmt::format("{} asked its model {} times in one turn without coming to an end.", agent_.name, model_calls_));
  }
  const auto left = turn_.work().tokens_left;
  if (left != 0 && tokens_ >= left) co_return fail(Fault::budget, "The tokens of the run are used up.");
  ++model_calls_;
  for (auto& text : turn_.take_steering()) {
    llm::Message steering;
    steering.content = std::move(text);
    request_.messages.push_back(std::move(steering));
  }
  request_.model = agents::model_of(*team_->team, agent_);
  request_.max_tokens = limits.max_output_tokens;
  auto traced = span("chat " + request_.model, "chat");
  traced.set("gen_ai.request.model", request_.model);
  auto call = tooling_.model.complete(request_, [this](const llm::TextDelta& delta) { show(delta); });
  auto response = co_await turn_.until_cancelled(std::move(call));
  if (!response) {
    tooling_.tracer.end(std::move(traced), telemetry::SpanStatus::error, response.error().message);
    // A model has no effect whose outcome could be unknown: it took too long, and may be asked again.
    if (response.error().code == Fault::deadline) response.error().code = Fault::model_overloaded;
    co_return response;
  }
  traced.set("gen_ai.usage.input_tokens", std::to_string(response->usage.prompt_tokens));
  traced.set("gen_ai.usage.output_tokens", std::to_string(response->usage.completion_tokens));
  tooling_.tracer.end(std::move(traced), telemetry::SpanStatus::ok);
  usage_.prompt_tokens += response->usage.prompt_tokens;
  usage_.completion_tokens += response->usage.completion_tokens;
  ++usage_.model_calls;
  tokens_ += response->usage.prompt_tokens + response->usage.completion_tokens;
  co_return response;
}

const tools::Tool* Conversation::named_function() const {
  const std::string_view matter = history_.matter;
  constexpr std::string_view mark = "Function:";
  const auto found = matter.rfind(mark);
  if (found == std::string_view::npos) return nullptr;
  auto rest = matter.substr(found + mark.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return agents::find_tool(agent_, rest.substr(0, rest.find_first_of(" .,;`\"'()\n")));
}

/// The end of a step that its agent gives up; the other calls of such a response are not begun.
Conversation::Ended Conversation::given_up(const llm::Response& response) const {
  const auto call = std::ranges::find(response.tool_calls, end_step, &llm::ToolCall::name);
  if (turn_.work().kind != wire::TurnKind::step || call == response.tool_calls.end()) return std::nullopt;
  const auto said = nlohmann::json::parse(call->arguments, nullptr, false);
  const bool is_object = said.is_object();
  const bool called_off = is_object && said.contains("called_off") && said["called_off"] == true;
  std::string reason =
      is_object && said.contains("reason") && said["reason"].is_string() ? said["reason"].get<std::string>() : std::string();
  if (reason.empty()) reason = response.content.empty() ? fmt::format("{} gave no reason.", agent_.name) : response.content;
  return failed(called_off ? Fault::cancelled : Fault::invalid, std::move(reason));
}

asio::awaitable<wire::TurnResultT> Conversation::conclude(llm::Response response, bool recorded) {
  const auto& work = turn_.work();
  if (response.content.empty()) co_return failed(Fault::model_invalid, fmt::format("The model of {} gave an empty answer.", agent_.name));
  const bool is_promise = work.kind == wire::TurnKind::step && named_function() != nullptr && history_.done + done_ == 0;
  if (is_promise && history_.unknown > 0) {
    co_return failed(Fault::unknown_outcome, "Nobody knows whether it was carried out, and nobody answered in time. " + response.content);
  }
  if (is_promise && history_.failed + failed_ > 0) {
    // No tool result says that it was done, whatever the model says.
    co_return failed(Fault::tool_failed, last_failure_.empty() ? response.content : last_failure_);
  }
  wire::TurnResultT result;
  if (is_promise) {
    // The function was not called: the model asks for what it needs.
    if (!recorded) {
      auto number = co_await record(response);
      if (!number) co_return failed(number.error().code, std::move(number.error().message));
    }
    result.outcome = wire::Outcome::awaiting;
    wire::AskT ask;
    ask.call = question_id(work.turn);
    ask.text = response.content;
    ask.kind = wire::RequestKind::input;
    result.asks.push_back(std::move(ask));
  } else {
    result.outcome = wire::Outcome::answer;
    result.text = std::move(response.content);
  }
  result.usage = std::make_unique<wire::UsageT>(usage_);
  co_return result;
}

}  // namespace convoke::worker
