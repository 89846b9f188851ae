#include "api/task/task_door.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "api/common/render.hpp"
#include "api/side_by_side.hpp"
#include "core/async.hpp"

namespace convoke::api {
namespace {

constexpr std::size_t latest = 5;
constexpr std::size_t steps_of_a_plan = 8;  // usually fewer; only how much is read at a time depends on it

using Shown = std::shared_ptr<Event>;

asio::awaitable<Result<bool>> shown(Shown event) {
  co_await event->wait();
  co_return true;
}

/// An owner that has no such session can only say so.
Error of_plan(Error error) {
  if (error.code == Fault::not_found) error.message = "Plan not found";
  return error;
}

/// Who names a step by the id of before hears by which one it is known now; who names none, where they are.
Error of_step(Error error, std::string_view step, std::string_view now) {
  if (now != step) error.message = fmt::format("step '{}' was replaced by '{}': {}", step, now, error.message);
  if (!step.empty() && error.code == Fault::not_found) error.message += "; GET /steps lists the plan's steps as they are now";
  return error;
}

bool is_gone(const Error& error) { return error.code == Fault::not_found || error.code == Fault::gone; }

bool ends_planning(const ReadAction& action) {
  if (const auto* read = std::get_if<read::Event>(&action)) {
    const auto kind = read->event.kind;
    return kind == wire::EventKind::plan_proposed || kind == wire::EventKind::request_opened || kind == wire::EventKind::run_ended ||
           kind == wire::EventKind::dead_letter;
  }
  return std::holds_alternative<read::Failed>(action);
}

// How the task API tells what became of a task. A plan that asks back first is one too: its question has a field of its own.
std::string told(const wire::PlanT& plan) {
  const auto& summary = plan.summary.empty() ? plan.clarification_request : plan.summary;
  if (!summary.empty() || !plan.steps.empty()) return "Plan created:\n " + summary;
  if (plan.ended_ms) return "Plan not created:\n " + plan.stop_reason;
  return "Planning";
}

// Clients of this API say "" for no session: to them it only says where, so nothing is done to more than was meant.
Result<Fields> without_empty_session(Result<Fields> fields, InputLimits limits) {
  if (!fields) return fields;
  const auto& sent = fields->json();
  const auto* session = sent.is_object() && sent.contains("session_id") ? sent["session_id"].get_ptr<const std::string*>() : nullptr;
  if (session == nullptr || !session->empty()) return fields;
  auto rest = sent;
  rest.erase("session_id");
  return Fields(std::move(rest), limits);
}

Status same_session(Fields& fields, std::string_view id) {
  const auto session = fields.session("session_id", Need::optional);
  if (!session.empty() && session != session_of(id)) fields.wrong("session_id", "not the session of that plan");
  return fields.status();
}

}  // namespace

void TaskDoor::routes(Router& router) {
  router.add("POST", "/input_task", [this](Call call) { return input_task(std::move(call)); });
  router.add("POST", "/human_feedback", [this](Call call) { return human_feedback(std::move(call)); });
  router.add("POST", "/human_clarification_on_plan", [this](Call call) { return clarification(std::move(call)); });
  router.add("POST", "/approve_step_or_steps", [this](Call call) { return approve(std::move(call)); });
  router.add("GET", "/plans", [this](Call call) { return plans(std::move(call)); });
  router.add("GET", "/steps/{plan_id}", [this](Call call) { return steps(std::move(call)); });
  router.add("GET", "/agent_messages/{session_id}", [this](Call call) { return agent_messages(std::move(call)); });
  router.add("GET", "/messages", [this](Call call) { return messages(std::move(call)); });
  router.add("DELETE", "/messages", [this](Call call) { return delete_messages(std::move(call)); });
  router.add("GET", "/agent-tools", [this](Call call) { return agent_tools(std::move(call)); });
}

asio::awaitable<TaskDoor::Answer> TaskDoor::input_task(Call call) {
  auto fields = without_empty_session(body(call), options_.limits);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  auto accepted = co_await act(call, "task", fields->json());
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  co_await wait_for_plan(accepted->conversation, call.identity.user);
  auto planned = co_await plan(accepted->plan, caller(call));
  const auto status = planned ? told(*planned) : "Planning";
  Json json{{"status", status},
            {"session_id", accepted->session},
            {"plan_id", accepted->plan},
            {"description", fields->text("description", Need::required)}};
  if (planned && !planned->clarification_request.empty()) json["human_clarification_request"] = planned->clarification_request;
  json["conversation"] = accepted->conversation;
  co_return json_answer(json, status == "Planning" ? 202 : 200);
}

asio::awaitable<void> TaskDoor::wait_for_plan(std::string conversation, std::string user) {
  auto event = std::make_shared<Event>(co_await asio::this_coro::executor);
  const auto reader = streams_.open(std::move(conversation), std::move(user), Position{}, [event](const ReadAction& action) {
    if (ends_planning(action)) event->set();
  });
  auto waiting = shown(event);
  [[maybe_unused]] const auto in_time = co_await within(options_.plan_wait, std::move(waiting), "the plan");
}

asio::awaitable<Result<wire::PlanT>> TaskDoor::plan(std::string id, Caller who) {
  const std::string session(session_of(id));
  auto view = co_await backend_.session(session, std::move(who), id);
  if (!view) co_return std::unexpected(of_plan(std::move(view.error())));
  for (auto& each : view->plans)
    if (each.id == id) co_return std::move(each);
  co_return fail(Fault::not_found, "Plan not found");
}

// Which command it becomes, and what is added, depends on the plan as it is now. The key stands for what the client sent, so that a
// repetition, which may find the request closed, the plan changed or gone, is answered from the owner's record of the first.
asio::awaitable<Result<wire::AcceptedT>> TaskDoor::decide(const Call& call, Fields& fields, std::string route) {
  const auto plan_id = fields.id("plan_id", Need::required);
  const auto step = fields.id("step_id", Need::optional);
  const bool approved = fields.boolean("approved", Need::required);
  const auto comment = fields.text("human_feedback", Need::optional);
  const auto edited = fields.text("updated_action", Need::optional);
  const auto revision = fields.number("revision", Need::optional, 0, std::numeric_limits<std::uint32_t>::max());
  if (auto status = same_session(fields, plan_id); !status) co_return std::unexpected(std::move(status.error()));
  const Under under{hash_of(route, fields.json()), {}};
  Json decision{{"plan", plan_id}, {"approved", approved}, {"comment", comment}};
  if (!edited.empty()) decision["updated_action"] = edited;
  if (revision) decision["revision"] = revision;
  if (step.empty() && revision) co_return co_await act(call, "decide", std::move(decision), under);
  const std::string session(session_of(plan_id));
  auto view = co_await backend_.session(session, caller(call), plan_id);
  if (!view && !is_gone(view.error())) co_return std::unexpected(std::move(view.error()));
  if (!view) view = wire::SessionViewT{};  // the owner refuses it, unless it has answered this key before
  const auto found = std::ranges::find(view->plans, plan_id, &wire::PlanT::id);
  const bool is_there = found != view->plans.end();
  const std::string now(is_there ? present_step(*found, step) : step);
  // A step that a person carries out is answered, not approved; an edit is no answer.
  for (const auto& request : view->requests) {
    if (step.empty() || request.step != now || request.kind == wire::RequestKind::approval || !edited.empty()) continue;
    Json answer{{"request", request.id}, {"approved", approved}, {"text", comment}};
    co_return co_await act(call, "answer", std::move(answer), under);
  }
  if (!step.empty()) decision["steps"] = Json::array({now});
  if (!revision) decision["revision"] = is_there ? found->revision : 0;
  auto decided = co_await act(call, "decide", std::move(decision), under);
  if (!decided && !is_there) co_return std::unexpected(of_plan(std::move(decided.error())));
  if (!decided) co_return std::unexpected(of_step(std::move(decided.error()), step, now));
  co_return decided;
}

asio::awaitable<TaskDoor::Answer> TaskDoor::human_feedback(Call call) {
  auto fields = without_empty_session(body(call), options_.limits);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  auto accepted = co_await decide(call, *fields, "human_feedback");
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  const auto step = fields->id("step_id", Need::optional);
  const Json json{{"status", "Feedback received"},
                  {"session_id", session_of(fields->id("plan_id", Need::required))},
                  {"step_id", step.empty() ? Json(nullptr) : Json(step)}};
  co_return json_answer(json);
}

asio::awaitable<TaskDoor::Answer> TaskDoor::approve(Call call) {
  auto fields = without_empty_session(body(call), options_.limits);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  auto accepted = co_await decide(call, *fields, "approve_step_or_steps");
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  const auto step = fields->id("step_id", Need::optional);
  const bool approved = fields->boolean("approved", Need::required);
  const auto all = approved ? "All steps approved" : "All steps rejected";
  const auto status = step.empty() ? std::string(all) : fmt::format("Step {} - Approval:{}.", step, approved ? "True" : "False");
  co_return json_answer({{"status", status}});
}

asio::awaitable<TaskDoor::Answer> TaskDoor::clarification(Call call) {
  auto fields = without_empty_session(body(call), options_.limits);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  const auto plan_id = fields->id("plan_id", Need::required);
  const auto text = fields->text("human_clarification", Need::required);
  if (auto status = same_session(*fields, plan_id); !status) co_return std::unexpected(std::move(status.error()));
  Json clarify{{"plan", plan_id}, {"text", text}};
  Under under{hash_of("human_clarification_on_plan", fields->json()), {}};
  auto accepted = co_await act(call, "clarify", std::move(clarify), std::move(under));
  if (!accepted) co_return std::unexpected(of_plan(std::move(accepted.error())));
  co_return json_answer({{"status", "Clarification received"}, {"session_id", session_of(plan_id)}});
}

asio::awaitable<TaskDoor::Answer> TaskDoor::plans(Call call) {
  const std::string session(call.request.parameter("session_id").value_or(""));
  if (session.empty()) co_return co_await latest_plans(caller(call), latest);
  auto view = co_await backend_.session(session, caller(call), {}, true);
  const bool unknown = view ? view->plans.empty() && view->ended.empty() : view.error().code == Fault::not_found;
  if (unknown) co_return fail(Fault::not_found, "Plan not found");
  if (!view) co_return std::unexpected(std::move(view.error()));
  auto found = co_await all_plans(std::move(*view), caller(call));
  if (!found) co_return std::unexpected(std::move(found.error()));
  Json list = Json::array();
  for (const auto& each : *found) list.push_back(plan_with_steps_json(each));
  co_return json_answer(list);
}

asio::awaitable<Result<std::vector<wire::PlanT>>> TaskDoor::all_plans(wire::SessionViewT session, Caller who) {
  std::vector<wire::PlanT> found;
  for (const auto& each : session.ended) {
    auto ended = co_await plan(each.id, who);
    if (!ended && ended.error().code != Fault::not_found) co_return std::unexpected(std::move(ended.error()));
    if (ended) found.push_back(std::move(*ended));
  }
  for (auto& each : session.plans) found.push_back(std::move(each));
  co_return found;
}

asio::awaitable<TaskDoor::Answer> TaskDoor::latest_plans(Caller who, std::size_t count) {
  auto sessions = co_await backend_.sessions(who);
  if (!sessions) co_return std::unexpected(std::move(sessions.error()));
  std::vector<wire::PlanSummaryT> newest;
  for (const auto& session : *sessions) newest.insert(newest.end(), session.plans.begin(), session.plans.end());
  std::ranges::sort(newest, std::greater{}, [](const auto& each) { return std::pair(each.created_ms, each.id); });
  newest.resize(std::min(count, newest.size()));
  Json list = Json::array();
  for (const auto& each : newest) {
    auto found = co_await plan(each.id, who);
    if (found) list.push_back(plan_with_steps_json(*found));
    if (!found && found.error().code != Fault::not_found && found.error().code != Fault::gone)
      co_return std::unexpected(std::move(found.error()));
  }
  co_return json_answer(list);
}

asio::awaitable<TaskDoor::Answer> TaskDoor::steps(Call call) {
  auto found = co_await plan(parameter(call, "plan_id"), caller(call));
  if (!found) co_return std::unexpected(std::move(found.error()));
  Json list = Json::array();
  for (const auto& step : found->steps) list.push_back(step_json(step, *found));
  co_return json_answer(list);
}

asio::awaitable<Result<TaskDoor::List>> TaskDoor::said(wire::SessionViewT session, Caller who) {
  using Said = std::tuple<std::int64_t, std::size_t, Json>;  // when, and in the order read
  std::vector<Said> found;
  List list;
  const auto member = "user/" + who.user;
  for (const auto& conversation : session.conversations) {
    const bool inside = std::ranges::any_of(conversation.members, [&](const auto& name) { return name == member || name == who.user; });
    for (std::uint64_t next = 1; inside && next <= conversation.head && !list.is_cut;) {
      auto page = co_await backend_.page(conversation.id, next, Uuid{}, who);
      if (!page) co_return std::unexpected(std::move(page.error()));
      if (page->events.empty()) break;
      for (const auto& event : page->events)
        if (auto json = agent_message_json(event, who.user)) found.emplace_back(event.at_ms, found.size(), std::move(*json));
      next = page->events.back().seq + 1;
      list.is_cut = found.size() > options_.max_items;
    }
  }
  std::ranges::sort(found, {}, [](const Said& each) { return std::pair(std::get<0>(each), std::get<1>(each)); });
  for (auto& [at, index, json] : found) list.add(std::move(json), options_.max_items);
  co_return list;
}

asio::awaitable<TaskDoor::Answer> TaskDoor::agent_messages(Call call) {
  auto view = co_await backend_.session(parameter(call, "session_id"), caller(call));
  if (!view) co_return std::unexpected(std::move(view.error()));
  auto list = co_await said(std::move(*view), caller(call));
  if (!list) co_return std::unexpected(std::move(list.error()));
  co_return list_answer(*list);
}

asio::awaitable<Status> TaskDoor::read_all(wire::SessionSummaryT summary, wire::SessionViewT session, Caller who, List& list) {
  list.add(session_item_json(summary, who.user), options_.max_items);
  auto plans = co_await all_plans(session, who);
  if (!plans) co_return std::unexpected(std::move(plans.error()));
  for (const auto& each : *plans) {
    list.add(plan_json(each), options_.max_items);
    for (const auto& step : each.steps) list.add(step_json(step, each), options_.max_items);
  }
  auto spoken = co_await said(std::move(session), who);
  if (!spoken) co_return std::unexpected(std::move(spoken.error()));
  for (auto& message : spoken->items) list.add(std::move(message), options_.max_items);
  list.is_cut = list.is_cut || spoken->is_cut;
  co_return Status{};
}

asio::awaitable<bool> TaskDoor::read_one(Held& held, Caller who) {
  held.status = co_await read_all(std::move(held.summary), std::move(*held.view), std::move(who), held.list);
  co_return held.status.has_value();
}

asio::awaitable<bool> TaskDoor::look_up(Held& held, Caller who) {
  auto view = co_await backend_.session(held.summary.session, std::move(who), {}, true);
  if (view)
    held.view = std::move(*view);
  else if (!is_gone(view.error()))
    held.status = std::unexpected(std::move(view.error()));
  co_return held.status.has_value();
}

// Several sessions are looked up at a time; of these so many are read at a time as may all find room in the answer.
asio::awaitable<Status> TaskDoor::read_some(std::vector<Held> some, Caller who, List& list) {
  const auto look = [&](std::size_t at) { return look_up(some[at], who); };
  co_await side_by_side(some.size(), some.size(), look);
  for (const auto& each : some)
    if (!each.status) co_return each.status;
  std::erase_if(some, [](const Held& each) { return !each.view; });
  for (std::size_t first = 0, last = 0; first < some.size() && !list.is_cut; first = last) {
    const auto room = options_.max_items - list.items.size();
    for (std::size_t items = 0; last < some.size() && (last == first || items + some[last].most_items() <= room); ++last)
      items += some[last].most_items();
    const auto read = [&, first](std::size_t at) { return read_one(some[first + at], who); };
    co_await side_by_side(last - first, last - first, read);
    for (; first < last; ++first) {
      if (!some[first].status) co_return some[first].status;
      list.take(std::move(some[first].list), options_.max_items);
    }
  }
  co_return Status{};
}

asio::awaitable<TaskDoor::Answer> TaskDoor::messages(Call call) {
  const auto who = caller(call);
  auto sessions = co_await backend_.sessions(who);
  if (!sessions) co_return std::unexpected(std::move(sessions.error()));
  List list;
  for (std::size_t next = 0; next < sessions->size() && !list.is_cut;) {
    std::vector<Held> some;
    for (; next < sessions->size() && some.size() < options_.sessions_at_once; ++next)
      some.push_back({.summary = std::move((*sessions)[next]), .view = {}, .list = {}, .status = {}});
    const auto status = co_await read_some(std::move(some), who, list);
    if (!status) co_return std::unexpected(status.error());
  }
  co_return list_answer(list);
}

// How many steps an ended plan has is not known before it is read.
std::size_t TaskDoor::Held::most_items() const {
  std::size_t items = 1 + view->ended.size() * steps_of_a_plan;
  for (const auto& each : view->plans) items += 1 + each.steps.size();
  for (const auto& each : view->conversations) items += each.head;
  return items;
}

void TaskDoor::List::take(List other, std::size_t most) {
  for (auto& each : other.items) add(std::move(each), most);
  is_cut = is_cut || other.is_cut;
}

void TaskDoor::List::add(Json item, std::size_t most) {
  if (items.size() >= most)
    is_cut = true;
  else
    items.push_back(std::move(item));
}

http::Response TaskDoor::list_answer(const List& list) const {
  auto response = json_answer(list.items);
  if (list.is_cut) response.headers.set("Convoke-Truncated", fmt::format("gateway.max_items={}", options_.max_items));
  return response;
}

// The user's list says which sessions these are, and remembers it under the call's key: a repetition goes on with the same ones.
asio::awaitable<Result<wire::AcceptedT>> TaskDoor::name_sessions(const Call& call, std::size_t part) {
  Action action;
  action.scope = "u:" + call.identity.user;
  action.body.Set(wire::NameSessionsT{});
  auto key = part == 1 ? call.key : fmt::format("{}/{}", call.key, part);
  auto hash = hash_of("delete all", Json::object());
  co_return co_await backend_.perform(std::move(action), caller(call), std::move(key), std::move(hash));
}

// The user's list may lag behind what has been deleted.
asio::awaitable<bool> TaskDoor::delete_one(const Call& call, std::string session, Deleted& deleted) {
  Json fields{{"session_id", std::move(session)}};
  Under under{{}, "all"};
  auto accepted = co_await act(call, "delete", std::move(fields), std::move(under));
  if (accepted)
    ++deleted.count;
  else if (!is_gone(accepted.error()) && deleted.status)
    deleted.status = std::unexpected(std::move(accepted.error()));
  co_return deleted.status.has_value();
}

asio::awaitable<TaskDoor::Answer> TaskDoor::delete_messages(Call call) {
  Deleted deleted;
  std::set<std::string> seen;
  bool is_full = false;  // sessions may have left the list
  for (std::size_t part = 1, before = 0; part == 1 || seen.size() > before; ++part) {
    before = seen.size();
    auto named = co_await name_sessions(call, part);
    if (!named) co_return std::unexpected(std::move(named.error()));
    if (part == 1) is_full = named->is_full;
    std::vector<std::string> fresh;
    for (const auto& session : named->sessions)
      if (seen.insert(session).second) fresh.push_back(session);
    const auto remove = [&](std::size_t at) { return delete_one(call, fresh[at], deleted); };
    co_await side_by_side(fresh.size(), options_.sessions_at_once, remove);
    if (!deleted.status) co_return std::unexpected(std::move(deleted.status.error()));
  }
  const auto* status =
      is_full ? "The messages of all listed sessions deleted; the list was full, so older sessions may be left" : "All messages deleted";
  co_return json_answer({{"status", status}, {"deleted", deleted.count}, {"complete", !is_full}});
}

}  // namespace convoke::api
