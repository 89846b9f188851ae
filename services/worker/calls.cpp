// The calls of one response: tools, messages to people, questions to others.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <nlohmann/json.hpp>

#include "core/async.hpp"
#include "core/backoff.hpp"
#include "core/failpoint.hpp"
#include "core/text.hpp"
#include "telemetry/log.hpp"
#include "tools/arguments.hpp"
#include "worker/conversation.hpp"
#include "worker/offer.hpp"

namespace convoke::worker {

namespace {

/// A text argument, or empty.
std::string argument(const std::string& arguments, const char* name) {
  const auto json = nlohmann::json::parse(arguments, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

constexpr std::size_t max_shown_arguments = 1'000;

/// Calling it again with the same key does nothing twice.
bool may_be_repeated(const tools::Tool& tool) { return tool.idempotent || tool.kind == tools::Kind::template_text; }

}  // namespace

bool Conversation::is_question(const llm::ToolCall& call) const { return call.name == chat_with_agent || call.name == ask_human; }

asio::awaitable<Conversation::Ended> Conversation::carry_out_calls() {
  const auto settled_at = turn_.now().steady + note_unknown();
  const auto executor = co_await asio::this_coro::executor;
  using Operation = decltype(asio::co_spawn(executor, carry_out(0), asio::deferred));
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < round_->response.tool_calls.size(); ++i) {
    // A question that can be put is put at the end, all together; one that cannot is answered at once.
    const auto& call = round_->response.tool_calls[i];
    if (!round_->done[i] && round_->unknown[i].empty() && !(is_question(call) && ask_for(call))) waiting.push_back(i);
  }
  Status status;
  if (waiting.size() == 1) {
    status = co_await carry_out(waiting.front());
  } else if (!waiting.empty()) {
    std::vector<Operation> operations;
    operations.reserve(waiting.size());
    for (const auto index : waiting) operations.push_back(asio::co_spawn(executor, carry_out(index), asio::deferred));
    auto group = asio::experimental::make_parallel_group(std::move(operations));
    auto [order, failures, results] = co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (failures[i]) std::rethrow_exception(failures[i]);
      if (status && !results[i]) status = std::move(results[i]);
    }
  }
  if (turn_.cancelled()) co_return cancelled();
  if (!status) co_return failed(status.error().code, std::move(status.error().message));
  // A predecessor that is only frozen may still begin or be at it: only after this time is the question one for a person.
  const auto left = settled_at - turn_.now().steady;
  if (left > Millis{0}) co_await sleep_for(left);
  co_return ask();
}

/// Marks the calls that a predecessor may have begun and that must not be begun again; how long it may still be at them.
Millis Conversation::note_unknown() {
  Millis longest{0};
  if (!round_->recorded) return longest;
  for (std::size_t i = 0; i < round_->response.tool_calls.size(); ++i) {
    const auto& call = round_->response.tool_calls[i];
    const auto* tool = round_->done[i] || is_question(call) ? nullptr : agents::find_tool(agent_, call.name);
    if (tool == nullptr || may_be_repeated(*tool)) continue;
    longest = std::max(longest, tooling_.options.start_within + Millis{tool->timeout_ms});
    round_->unknown[i] = "the process that was about to call it died";
  }
  return longest;
}

wire::AskT Conversation::ask_about(std::size_t index) const {
  const auto& call = round_->response.tool_calls[index];
  wire::AskT ask;
  ask.call = call.id;
  ask.kind = wire::RequestKind::unknown_outcome;
  ask.text = fmt::format(
      "Outcome unknown: {} called {} with {}, and {}. Was it carried out, and with what result? If you say that it was not, it is called "
      "again.",
      agent_.name, call.name, truncate_utf8(call.arguments, max_shown_arguments), round_->unknown[index]);
  return ask;
}

asio::awaitable<Status> Conversation::report(std::size_t index, Fault fault, std::string text) {
  const auto& call = round_->response.tool_calls[index];
  const auto most = tooling_.options.max_result_bytes;
  if (text.size() > most) {
    const auto whole = text.size();
    text = fmt::format("{}\n(cut: the first {} of {} bytes)", truncate_utf8(text, most), most, whole);
  }
  wire::ItemT item;
  item.kind = wire::ItemKind::result;
  item.call = call.id;
  item.tool = call.name;
  item.arguments = call.arguments;
  item.fault = static_cast<std::uint16_t>(fault);
  item.text = text;
  item.usage = std::make_unique<wire::UsageT>();
  item.usage->tool_calls = 1;
  ++(fault == Fault::none ? done_ : failed_);
  if (fault == Fault::tool_refused) ++refused_;
  if (fault != Fault::none) last_failure_ = text;
  round_->done[index] = true;
  llm::Message message;
  message.role = llm::Role::tool;
  message.tool_call_id = call.id;
  message.content = std::move(text);
  request_.messages.push_back(std::move(message));
  auto number = co_await turn_.item(std::move(item));
  if (!number) co_return std::unexpected(std::move(number.error()));
  co_return Status{};
}

asio::awaitable<Status> Conversation::carry_out(std::size_t index) {
  const auto& call = round_->response.tool_calls[index];
  if (tool_calls_++ >= agent_.limits.max_tool_calls) {
    co_return co_await report(index, Fault::limit, "Error: no more calls are allowed in this turn.");
  }
  if (call.name == contact_human) co_return co_await tell_person(index);
  if (is_question(call)) {
    const auto ask = ask_for(call);
    co_return co_await report(index, ask ? Fault::none : ask.error().code, ask ? std::string() : "Error: " + ask.error().message);
  }
  const auto* tool = agents::find_tool(agent_, call.name);
  if (tool == nullptr) {
    co_return co_await report(index, Fault::tool_unknown, fmt::format("Error: {} has no function {}.", agent_.name, call.name));
  }
  if (tool->kind != tools::Kind::template_text && tool->kind != tools::Kind::http) {
    co_return co_await report(index, Fault::tool_unknown,
                              fmt::format("Error: functions of kind {} do not run in this version.", name_of(tool->kind)));
  }
  auto checked = tools::check_arguments(*tool, call.arguments);
  if (!checked) co_return co_await report(index, Fault::tool_invalid_arguments, "Error: " + checked.error().message);
  co_return co_await run_tool(index, *tool);
}

asio::awaitable<Status> Conversation::run_tool(std::size_t index, const tools::Tool& tool) {
  auto begins = co_await turn_.may_begin();
  if (!begins) co_return begins;
  if (tool.kind == tools::Kind::http) co_return co_await run_http(index, tool);
  auto traced = span("execute_tool " + tool.name, "execute_tool");
  traced.set("gen_ai.tool.name", tool.name);
  CONVOKE_FAILPOINT("call", name_of(tool.kind), "before");
  auto applied = co_await apply(index, tool);
  CONVOKE_FAILPOINT("call", name_of(tool.kind), "after");
  const auto fault = !applied ? applied.error().code : applied->failed ? Fault::tool_failed : Fault::none;
  auto text = applied ? std::move(applied->text) : "Error: " + applied.error().message;
  tooling_.tracer.end(std::move(traced), fault == Fault::none ? telemetry::SpanStatus::ok : telemetry::SpanStatus::error,
                      std::string(fault == Fault::none ? "" : describe(fault).name));
  co_return co_await report(index, fault, std::move(text));
}

asio::awaitable<Status> Conversation::run_http(std::size_t index, const tools::Tool& tool) {
  const auto& work = turn_.work();
  auto traced = span("execute_tool " + tool.name, "execute_tool");
  traced.set("gen_ai.tool.name", tool.name);
  auto key = tools::call_key(work.session, work.agent, work.turn, round_->item, index);
  auto calling =
      tools::call_http(tooling_.http, tool, round_->response.tool_calls[index].arguments, std::move(key), tools::process_environment);
  CONVOKE_FAILPOINT("call", name_of(tool.kind), "before");
  auto ended = co_await std::move(calling);
  CONVOKE_FAILPOINT("call", name_of(tool.kind), "after");
  const bool is_done = ended && ended->end == tools::HttpEnd::done;
  tooling_.tracer.end(std::move(traced), is_done ? telemetry::SpanStatus::ok : telemetry::SpanStatus::error,
                      !ended    ? ended.error().message
                      : is_done ? std::string()
                                : ended->text);
  if (!ended) co_return co_await report(index, ended.error().code, "Error: " + ended.error().message);
  if (ended->end == tools::HttpEnd::unknown) {
    round_->unknown[index] = ended->text;
    co_return Status{};
  }
  if (is_done) co_return co_await report(index, Fault::none, std::move(ended->text));
  const bool was_called = ended->end == tools::HttpEnd::refused && !tool.idempotent;
  co_return co_await report(index, was_called ? Fault::tool_refused : Fault::tool_failed, "Error: " + ended->text);
}

asio::awaitable<Result<tools::Applied>> Conversation::apply(std::size_t index, const tools::Tool& tool) {
  const auto& work = turn_.work();
  const auto& call = round_->response.tool_calls[index];
  const auto deadline = turn_.now().steady + Millis{tool.timeout_ms};
  if (tool.delay_ms >= tool.timeout_ms) {
    co_await sleep_for(Millis{tool.timeout_ms});
    co_return fail(Fault::timeout, fmt::format("{} took longer than {} ms", tool.name, tool.timeout_ms));
  }
  if (tool.delay_ms > 0) co_await sleep_for(Millis{tool.delay_ms});
  const tools::Call applied{tools::call_key(work.session, work.agent, work.turn, round_->item, index), work.session, work.agent,
                            call.arguments};
  Backoff backoff(Millis{20}, Millis{1'000});
  for (bool told = false;; told = true) {
    auto result = tooling_.journal.apply(tool, applied, turn_.now().unix);
    if (result || result.error().code != Fault::unavailable) co_return result;
    tooling_.refused.add();
    if (!told) telemetry::log::warn("{} waits: {}", tool.name, result.error().message);
    if (turn_.now().steady >= deadline) co_return result;
    co_await sleep_for(backoff.next(work.turn));
  }
}

asio::awaitable<Status> Conversation::tell_person(std::size_t index) {
  const auto& call = round_->response.tool_calls[index];
  auto text = argument(call.arguments, "message");
  if (text.empty()) co_return co_await report(index, Fault::tool_invalid_arguments, "Error: message has to be a text.");
  wire::ItemT item;
  item.kind = wire::ItemKind::act;
  item.act = contact_human;
  item.call = call.id;
  item.tool = call.name;
  item.arguments = call.arguments;
  item.text = std::move(text);
  auto number = co_await turn_.item(std::move(item));
  if (!number) co_return std::unexpected(std::move(number.error()));
  // The acknowledgement is the tool's answer.
  auto delivered = co_await turn_.acknowledged();
  if (!delivered) co_return delivered;
  round_->done[index] = true;
  llm::Message message;
  message.role = llm::Role::tool;
  message.tool_call_id = call.id;
  message.content = "Delivered.";
  request_.messages.push_back(std::move(message));
  co_return Status{};
}

Result<wire::AskT> Conversation::ask_for(const llm::ToolCall& call) const {
  wire::AskT ask;
  ask.call = call.id;
  ask.kind = wire::RequestKind::input;
  ask.text = argument(call.arguments, "question");
  if (ask.text.empty()) return fail(Fault::tool_invalid_arguments, "question has to be a text.");
  if (call.name == ask_human) return ask;
  const auto name = argument(call.arguments, "agent_name");
  for (const auto* peer : peers_of(*team_->team, agent_)) {
    if (peer->name != short_name(name)) continue;
    if (peer->kind == agents::AgentKind::human) return ask;
    ask.agent = team_->name + "." + peer->name;
    ask.timeout_ms = team_->team->limits.step_timeout_ms;
    return ask;
  }
  return fail(Fault::forbidden, fmt::format("{} may not ask '{}'.", agent_.name, name));
}

/// What only others can say, all together; nothing when every call has its result.
Conversation::Ended Conversation::ask() {
  wire::TurnResultT result;
  result.outcome = wire::Outcome::awaiting;
  for (std::size_t i = 0; i < round_->response.tool_calls.size(); ++i) {
    if (round_->done[i]) continue;
    auto ask = round_->unknown[i].empty() ? ask_for(round_->response.tool_calls[i]) : ask_about(i);
    if (ask) result.asks.push_back(std::move(*ask));
  }
  if (result.asks.empty()) return std::nullopt;
  result.usage = std::make_unique<wire::UsageT>(usage_);
  return result;
}

}  // namespace convoke::worker
