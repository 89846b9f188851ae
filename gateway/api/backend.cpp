#include "api/backend.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>

#include "core/hash.hpp"
#include "core/text.hpp"

namespace convoke::api {
namespace {

wire::Trace to_trace(const telemetry::TraceContext& context) {
  return context ? wire::Trace(context.trace.hi, context.trace.lo, context.span, 1) : wire::Trace();
}

constexpr std::uint32_t list_page_bytes = 1'024 * 1'024;
constexpr std::size_t longest_told = 64;
constexpr std::size_t longest_scope = 300;  // as owners have it

// A scope that cannot exist is answered like one that does not: whoever calls knows sessions and teams, not scopes.
Status check_scope(std::string_view scope) {
  const auto is_printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (scope.size() > 2 && scope.size() <= longest_scope && std::ranges::all_of(scope, is_printable)) return {};
  auto name = std::string(truncate_utf8(scope.substr(2), longest_told));
  std::ranges::replace_if(name, std::not_fn(is_printable), '?');
  return fail(Fault::not_found,
              fmt::format("no {} '{}{}'", scope.starts_with("t:") ? "team" : "session", name, name.size() + 2 < scope.size() ? "…" : ""));
}

telemetry::SpanStatus status_of(bool good) { return good ? telemetry::SpanStatus::ok : telemetry::SpanStatus::error; }

}  // namespace

asio::awaitable<Result<wire::AcceptedT>> Backend::perform(Action action, Caller caller, std::string key, std::vector<std::uint8_t> hash) {
  if (auto status = check_scope(action.scope); !status) co_return std::unexpected(std::move(status.error()));
  wire::CommandT command;
  command.scope = action.scope;
  command.user = caller.user;
  command.key = key;
  command.hash = std::move(hash);
  command.body = std::move(action.body);
  auto span = tracer_.start(fmt::format("command {}", wire::EnumNameCommandBody(command.body.type)), telemetry::SpanKind::client,
                            caller.trace, action.session);
  if (!action.about.empty()) span.set(about_attribute, action.about);
  auto message = wire::message(std::move(command));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of(action.scope);
  message.header.trace = to_trace(span.context);
  auto answer = co_await bus_.command(std::move(message), options_.command_deadline);
  auto accepted = member<wire::AcceptedT>(std::move(answer));
  if (!accepted && accepted.error().code == Fault::deadline)
    accepted = fail(Fault::deadline, fmt::format("no answer within {} ms, so the outcome is unknown: repeat with this key: {}",
                                                 options_.command_deadline.count(), key));
  tracer_.end(std::move(span), status_of(accepted.has_value()), accepted ? std::string() : std::string(name_of(accepted.error().code)));
  co_return accepted;
}

asio::awaitable<Result<wire::AnswerT>> Backend::ask_owner(std::string scope, Caller caller, wire::QueryBodyUnion query) {
  if (auto status = check_scope(scope); !status) co_return std::unexpected(std::move(status.error()));
  wire::QueryT body;
  body.scope = scope;
  body.user = caller.user;
  body.body = std::move(query);
  auto message = wire::message(std::move(body));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of(scope);
  message.header.trace = to_trace(caller.trace);
  co_return co_await bus_.request(std::move(message), options_.query_deadline);
}

asio::awaitable<Result<wire::DirectoryT>> Backend::directory(Caller caller) {
  wire::QueryT body;
  body.user = caller.user;
  body.body.Set(wire::ReadDirectoryT{});
  auto message = wire::message(std::move(body));
  message.header.dest_kind = wire::DestKind::intercom;
  message.header.trace = to_trace(caller.trace);
  auto answer = co_await bus_.request(std::move(message), options_.query_deadline);
  co_return member<wire::DirectoryT>(std::move(answer));
}

asio::awaitable<Result<wire::SessionViewT>> Backend::session(std::string id, Caller caller, std::string plan, bool all_plans) {
  wire::ReadSessionT query;
  query.plan = std::move(plan);
  query.all_plans = all_plans;
  co_return co_await ask<wire::SessionViewT>("s:" + id, std::move(caller), std::move(query));
}

asio::awaitable<Result<std::vector<wire::SessionSummaryT>>> Backend::sessions(Caller caller) {
  std::vector<wire::SessionSummaryT> found;
  const auto scope = "u:" + caller.user;
  for (std::string last;;) {
    wire::ReadSessionsT query;
    query.after = last;
    query.max_bytes = list_page_bytes;
    auto page = co_await ask<wire::UserViewT>(scope, caller, std::move(query));
    if (!page) co_return std::unexpected(std::move(page.error()));
    if (page->sessions.empty()) break;
    last = page->sessions.back().session;
    std::ranges::move(page->sessions, std::back_inserter(found));
  }
  std::ranges::sort(found, std::greater{}, [](const auto& each) { return std::tie(each.last_ms, each.session); });
  co_return found;
}

asio::awaitable<Result<wire::LogPageT>> Backend::page(std::string conversation, std::uint64_t from, Uuid after, Caller caller,
                                                      std::uint32_t max_bytes) {
  wire::ReadLogT query;
  query.from = from;
  query.after_id = wire::to_wire(after);
  query.max_bytes = max_bytes;
  const auto scope = "s:" + std::string(session_of(conversation));
  query.conversation = std::move(conversation);
  co_return co_await ask<wire::LogPageT>(scope, std::move(caller), std::move(query));
}

asio::awaitable<Result<wire::TeamViewT>> Backend::team(std::string name, std::uint32_t version, Caller caller) {
  wire::ReadTeamT query;
  query.version = version;
  co_return co_await ask<wire::TeamViewT>("t:" + name, std::move(caller), std::move(query));
}

}  // namespace convoke::api
