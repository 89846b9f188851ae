#include "api/native/native_door.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "agents/team/load.hpp"
#include "api/common/json_text.hpp"
#include "api/common/render.hpp"
#include "api/native/conversation_spans.hpp"
#include "api/side_by_side.hpp"

namespace convoke::api {
namespace {

bool is_gone(const Error& error) { return error.code == Fault::not_found || error.code == Fault::gone; }

}  // namespace

void NativeDoor::routes(Router& router) {
  router.add("POST", "/tasks", verb("task"));
  router.add("POST", "/chat", verb("chat"));
  router.add("GET", "/sessions", [this](Call call) { return sessions(std::move(call)); });
  router.add("GET", "/sessions/{id}", [this](Call call) { return session(std::move(call)); });
  router.add("DELETE", "/sessions/{id}", verb("delete", "session_id"));
  router.add("GET", "/conversations/{id}/events", [this](Call call) { return events(std::move(call)); });
  router.add("POST", "/conversations/{id}/messages", verb("post", "conversation"));
  router.add("GET", "/plans/{id}", [this](Call call) { return plan(std::move(call)); });
  router.add("POST", "/plans/{id}/decide", verb("decide", "plan"));
  router.add("POST", "/plans/{id}/clarify", verb("clarify", "plan"));
  router.add("POST", "/plans/{id}/cancel", verb("cancel", "plan"));
  router.add("POST", "/runs/{id}/cancel", verb("cancel", "run"));
  router.add("POST", "/requests/{id}", verb("answer", "request"));
  router.add("GET", "/dead-letters", [this](Call call) { return dead_letters(std::move(call)); });
  router.add("GET", "/dead-letters/{id}", [this](Call call) { return dead_letter(std::move(call)); });
  router.add("POST", "/dead-letters/{id}/{action}", [this](Call call) { return settle(std::move(call)); });
  router.add("POST", "/teams", [this](Call call) { return apply_team(std::move(call)); });
  router.add("GET", "/teams/{team}", [this](Call call) { return team(std::move(call)); });
  router.add("GET", "/directory", [this](Call call) { return directory(std::move(call)); });
  router.add("GET", "/trace/{id}", [this](Call call) { return trace(std::move(call)); });
}

Handler NativeDoor::verb(std::string name, std::string field, std::string from) {
  return [this, name = std::move(name), field = std::move(field), from = std::move(from)](Call call) {
    return do_verb(std::move(call), name, field, from);
  };
}

asio::awaitable<NativeDoor::Answer> NativeDoor::do_verb(Call call, std::string name, std::string field, std::string from) {
  auto fields = body(call);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  if (auto status = fields->status(); !status) co_return std::unexpected(std::move(status.error()));
  auto json = fields->json();
  if (!field.empty()) json[field] = parameter(call, from);
  auto accepted = co_await act(call, std::move(name), std::move(json));
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  co_return json_answer(accepted_json(*accepted));
}

asio::awaitable<NativeDoor::Answer> NativeDoor::sessions(Call call) {
  const auto limit = number(call, "limit", 50, 1'000, 1);
  if (!limit) co_return std::unexpected(limit.error());
  auto found = co_await backend_.sessions(caller(call));
  if (!found) co_return std::unexpected(std::move(found.error()));
  const auto total = found->size();
  found->resize(std::min<std::size_t>(total, *limit));
  Json list = Json::array();
  for (const auto& each : *found) list.push_back(summary_json(each));
  co_return json_answer({{"sessions", std::move(list)}, {"total", total}});
}

asio::awaitable<NativeDoor::Answer> NativeDoor::session(Call call) {
  const auto all = query(call, "all_plans");
  if (!all) co_return std::unexpected(all.error());
  auto view = co_await backend_.session(parameter(call, "id"), caller(call), {}, all->value_or("true") != "false");
  if (!view) co_return std::unexpected(std::move(view.error()));
  co_return json_answer(session_json(*view));
}

asio::awaitable<NativeDoor::Answer> NativeDoor::events(Call call) {
  const auto from = number(call, "from", 1);
  if (!from) co_return std::unexpected(from.error());
  const auto after = query(call, "after_id");
  if (!after) co_return std::unexpected(after.error());
  const auto after_id = *after ? parse_uuid(**after) : Uuid{};
  if (!after_id) co_return fail(Fault::invalid, "after_id: expected a UUID");
  auto page = co_await backend_.page(parameter(call, "id"), std::max<std::uint64_t>(*from, 1), *after_id, caller(call));
  if (!page) co_return std::unexpected(std::move(page.error()));
  std::string events = "[";
  for (const auto& event : page->events) events += (events.size() > 1 ? "," : "") + event_text(event);
  JsonText json(events.size() + 128);
  json.text("conversation", page->conversation).number("head", page->head).json("events", events + "]");
  co_return http::json_response(200, std::move(json).end());
}

asio::awaitable<NativeDoor::Answer> NativeDoor::plan(Call call) {
  const auto id = parameter(call, "id");
  const std::string owner(session_of(id));
  auto view = co_await backend_.session(owner, caller(call), id);
  if (!view) co_return std::unexpected(std::move(view.error()));
  const auto found = std::ranges::find(view->plans, id, &wire::PlanT::id);
  if (found == view->plans.end()) co_return fail(Fault::not_found, fmt::format("there is no plan '{}'", id));
  auto json = plan_with_steps_json(*found);
  json["requests"] = Json::array();
  for (const auto& request : view->requests)
    if (request.plan == id) json["requests"].push_back(request_json(request));
  co_return json_answer(json);
}

asio::awaitable<bool> NativeDoor::letters_of(std::string session, Caller who, Letters& found) {
  auto view = co_await backend_.session(std::move(session), std::move(who));
  if (view)
    for (const auto& letter : view->dead_letters) found.letters.push_back(letter_json(letter));
  else
    found.status = std::unexpected(std::move(view.error()));
  co_return view || is_gone(found.status.error());
}

asio::awaitable<NativeDoor::Answer> NativeDoor::dead_letters(Call call) {
  const auto who = caller(call);
  std::vector<std::string> wanted;
  const auto one = query(call, "session_id");
  if (!one) co_return std::unexpected(one.error());
  if (*one) {
    wanted.push_back(**one);
  } else {
    auto sessions = co_await backend_.sessions(who);
    if (!sessions) co_return std::unexpected(std::move(sessions.error()));
    for (auto& each : *sessions) wanted.push_back(std::move(each.session));
  }
  std::vector<Letters> found(wanted.size());
  const auto read = [&](std::size_t at) { return letters_of(wanted[at], who, found[at]); };
  co_await side_by_side(wanted.size(), options_.sessions_at_once, read);
  Json list = Json::array();
  for (auto& [letters, status] : found) {
    if (!status && (*one || !is_gone(status.error()))) co_return std::unexpected(std::move(status.error()));
    for (auto& letter : letters) list.push_back(std::move(letter));
  }
  co_return json_answer({{"dead_letters", std::move(list)}});
}

asio::awaitable<NativeDoor::Answer> NativeDoor::dead_letter(Call call) {
  const auto id = parameter(call, "id");
  const std::string owner(session_of(id));
  auto view = co_await backend_.session(owner, caller(call));
  if (!view) co_return std::unexpected(std::move(view.error()));
  const auto found = std::ranges::find(view->dead_letters, id, &wire::DeadLetterT::id);
  if (found == view->dead_letters.end()) co_return fail(Fault::not_found, fmt::format("there is no dead letter '{}'", id));
  co_return json_answer(letter_json(*found));
}

asio::awaitable<NativeDoor::Answer> NativeDoor::settle(Call call) {
  Json fields{{"letter", parameter(call, "id")}, {"action", parameter(call, "action")}};
  auto accepted = co_await act(call, "letter", std::move(fields));
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  co_return json_answer(accepted_json(*accepted));
}

asio::awaitable<NativeDoor::Answer> NativeDoor::apply_team(Call call) {
  if (!call.identity.admin) co_return fail(Fault::forbidden, "applying a team needs a key marked `admin`");
  auto json = parse_json(call.request.body, options_.limits.max_depth);
  if (!json) co_return std::unexpected(std::move(json.error()));
  auto parsed = agents::team_from_json(call.request.body);
  if (!parsed) co_return std::unexpected(std::move(parsed.error()));
  wire::ApplyTeamT body;
  body.definition = agents::to_json(**parsed);
  Action action;
  action.scope = "t:" + (*parsed)->name;
  action.body.Set(std::move(body));
  auto hash = hash_of("team", *json);
  auto accepted = co_await backend_.perform(std::move(action), caller(call), call.key, std::move(hash));
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  auto answer = accepted_json(*accepted);
  answer["team"] = (*parsed)->name;
  co_return json_answer(answer);
}

asio::awaitable<NativeDoor::Answer> NativeDoor::team(Call call) {
  const auto version = number(call, "version", 0, std::numeric_limits<std::uint32_t>::max());
  if (!version) co_return std::unexpected(version.error());
  auto view = co_await backend_.team(parameter(call, "team"), static_cast<std::uint32_t>(*version), caller(call));
  if (!view) co_return std::unexpected(std::move(view.error()));
  auto definition = Json::parse(view->definition, nullptr, false);
  if (definition.is_discarded())
    co_return fail(Fault::malformed, fmt::format("what is stored of team '{}', version {}, is damaged (no JSON, {} bytes)", view->team,
                                                 view->version, view->definition.size()));
  co_return json_answer({{"team", view->team}, {"version", view->version}, {"definition", std::move(definition)}});
}

asio::awaitable<NativeDoor::Answer> NativeDoor::directory(Call call) {
  auto found = co_await backend_.directory(caller(call));
  if (!found) co_return std::unexpected(std::move(found.error()));
  co_return json_answer(directory_json(*found));
}

asio::awaitable<NativeDoor::Answer> NativeDoor::trace(Call call) {
  const auto conversation = parameter(call, "id");
  const auto who = caller(call);
  ConversationSpans its(conversation);
  for (std::uint64_t next = 1; next != 0;) {
    auto page = co_await backend_.page(conversation, next, Uuid{}, who);
    if (!page) co_return std::unexpected(std::move(page.error()));
    for (const auto& event : page->events) its.see(event);
    next = page->events.empty() || page->events.back().seq >= page->head ? 0 : page->events.back().seq + 1;
  }
  const auto scope = "s:" + std::string(session_of(conversation));
  auto spans = co_await backend_.ask<wire::SpanPageT>(scope, who, wire::ReadSpansT{});
  if (!spans) co_return std::unexpected(std::move(spans.error()));
  co_return json_answer({{"conversation", conversation}, {"spans", its.among(spans->spans)}});
}

}  // namespace convoke::api
