#include "api/task/task_door.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "api/common/render.hpp"
#include "core/async.hpp"

namespace convoke::api {
namespace {

constexpr std::size_t latest = 5;
constexpr std::size_t max_ended = 50;

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

bool ends_planning(const ReadAction& action) {
  if (const auto* read = std::get_if<read::Event>(&action)) {
    const auto kind = read->event.kind;
    return kind == wire::EventKind::plan_proposed || kind == wire::EventKind::request_opened || kind == wire::EventKind::run_ended ||
           kind == wire::EventKind::dead_letter;
  }
  return std::holds_alternative<read::Failed>(action);
}

// How the task API tells what became of a task.
std::string told(const wire::PlanT& plan) {
  if (!plan.summary.empty() || !plan.steps.empty()) return "Plan created:\n " + plan.summary;
  if (!plan.clarification_request.empty()) return "Clarification needed:\n " + plan.clarification_request;
  if (plan.ended_ms) return "Plan not created:\n " + plan.stop_reason;
  return "Planning";
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
  auto fields = body(call);
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

asio::awaitable<Result<wire::AcceptedT>> TaskDoor::decide(const Call& call, Fields& fields) {
  const auto plan_id = fields.id("plan_id", Need::required);
  const auto step = fields.id("step_id", Need::optional);
  const bool approved = fields.boolean("approved", Need::required);
  const auto comment = fields.text("human_feedback", Need::optional);
  const auto edited = fields.text("updated_action", Need::optional);
  const auto revision = fields.number("revision", Need::optional);
  if (auto status = same_session(fields, plan_id); !status) co_return std::unexpected(std::move(status.error()));
  Json decision{{"plan", plan_id}, {"approved", approved}, {"comment", comment}};
  if (!edited.empty()) decision["updated_action"] = edited;
  if (!step.empty()) decision["steps"] = Json::array({step});
  if (!step.empty() || revision) {
    if (revision) decision["revision"] = revision;
    if (step.empty()) co_return co_await act(call, "decide", std::move(decision));
  }
  const std::string session(session_of(plan_id));
  auto view = co_await backend_.session(session, caller(call), plan_id);
  if (!view) co_return std::unexpected(of_plan(std::move(view.error())));
  // A step that a person carries out is answered, not approved.
  for (const auto& request : view->requests) {
    if (step.empty() || request.step != step || request.kind == wire::RequestKind::approval) continue;
    Json answer{{"request", request.id}, {"approved", approved}, {"text", comment}};
    co_return co_await act(call, "answer", std::move(answer));
  }
  const auto found = std::ranges::find(view->plans, plan_id, &wire::PlanT::id);
  if (found == view->plans.end()) co_return fail(Fault::not_found, "Plan not found");
  if (!revision) decision["revision"] = found->revision;
  co_return co_await act(call, "decide", std::move(decision));
}

asio::awaitable<TaskDoor::Answer> TaskDoor::human_feedback(Call call) {
  auto fields = body(call);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  auto accepted = co_await decide(call, *fields);
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  const auto step = fields->id("step_id", Need::optional);
  const Json json{{"status", "Feedback received"},
                  {"session_id", session_of(fields->id("plan_id", Need::required))},
                  {"step_id", step.empty() ? Json(nullptr) : Json(step)}};
  co_return json_answer(json);
}

asio::awaitable<TaskDoor::Answer> TaskDoor::approve(Call call) {
  auto fields = body(call);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  auto accepted = co_await decide(call, *fields);
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  const auto step = fields->id("step_id", Need::optional);
  const bool approved = fields->boolean("approved", Need::required);
  const auto all = approved ? "All steps approved" : "All steps rejected";
  const auto status = step.empty() ? std::string(all) : fmt::format("Step {} - Approval:{}.", step, approved ? "True" : "False");
  co_return json_answer({{"status", status}});
}

asio::awaitable<TaskDoor::Answer> TaskDoor::clarification(Call call) {
  auto fields = body(call);
  if (!fields) co_return std::unexpected(std::move(fields.error()));
  const auto plan_id = fields->id("plan_id", Need::required);
  const auto text = fields->text("human_clarification", Need::required);
  if (auto status = same_session(*fields, plan_id); !status) co_return std::unexpected(std::move(status.error()));
  Json clarify{{"plan", plan_id}, {"text", text}};
  auto accepted = co_await act(call, "clarify", std::move(clarify));
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  co_return json_answer({{"status", "Clarification received"}, {"session_id", session_of(plan_id)}});
}

asio::awaitable<TaskDoor::Answer> TaskDoor::plans(Call call) {
  const auto session = parameter(call, "session_id");
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
  const auto first = session.ended.size() - std::min(session.ended.size(), max_ended);
  for (auto at = first; at < session.ended.size(); ++at) {
    auto ended = co_await plan(session.ended[at].id, who);
    if (!ended && ended.error().code != Fault::not_found) co_return std::unexpected(std::move(ended.error()));
    if (ended) found.push_back(std::move(*ended));
  }
  for (auto& each : session.plans) found.push_back(std::move(each));
  co_return found;
}

asio::awaitable<TaskDoor::Answer> TaskDoor::latest_plans(Caller who, std::size_t count) {
  auto view = co_await backend_.user(who, 50);
  if (!view) co_return std::unexpected(std::move(view.error()));
  std::vector<wire::PlanSummaryT> newest;
  for (const auto& session : view->sessions)
    if (!session.deleted) newest.insert(newest.end(), session.plans.begin(), session.plans.end());
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

asio::awaitable<Result<Json>> TaskDoor::said(wire::SessionViewT session, Caller who) {
  using Said = std::tuple<std::int64_t, std::size_t, Json>;  // when, and in the order read
  std::vector<Said> found;
  const auto member = "user/" + who.user;
  for (const auto& conversation : session.conversations) {
    const bool inside = std::ranges::any_of(conversation.members, [&](const auto& name) { return name == member || name == who.user; });
    for (std::uint64_t next = 1; inside && next <= conversation.head && found.size() < options_.max_items;) {
      auto page = co_await backend_.page(conversation.id, next, Uuid{}, who);
      if (!page) co_return std::unexpected(std::move(page.error()));
      if (page->events.empty()) break;
      for (const auto& event : page->events)
        if (auto json = agent_message_json(event, who.user)) found.emplace_back(event.at_ms, found.size(), std::move(*json));
      next = page->events.back().seq + 1;
    }
  }
  std::ranges::sort(found, {}, [](const Said& each) { return std::pair(std::get<0>(each), std::get<1>(each)); });
  Json list = Json::array();
  for (auto& [at, index, json] : found) list.push_back(std::move(json));
  co_return list;
}

asio::awaitable<TaskDoor::Answer> TaskDoor::agent_messages(Call call) {
  auto view = co_await backend_.session(parameter(call, "session_id"), caller(call));
  if (!view) co_return std::unexpected(std::move(view.error()));
  auto list = co_await said(std::move(*view), caller(call));
  if (!list) co_return std::unexpected(std::move(list.error()));
  co_return json_answer(*list);
}

asio::awaitable<TaskDoor::Answer> TaskDoor::messages(Call call) {
  const auto who = caller(call);
  auto view = co_await backend_.user(who, 50);
  if (!view) co_return std::unexpected(std::move(view.error()));
  Json list = Json::array();
  for (const auto& summary : view->sessions) {
    if (summary.deleted || list.size() >= options_.max_items) continue;
    auto session = co_await backend_.session(summary.session, who, {}, true);
    if (!session && (session.error().code == Fault::not_found || session.error().code == Fault::gone)) continue;
    if (!session) co_return std::unexpected(std::move(session.error()));
    list.push_back(session_item_json(summary, who.user));
    auto plans = co_await all_plans(*session, who);
    if (!plans) co_return std::unexpected(std::move(plans.error()));
    for (const auto& each : *plans) {
      list.push_back(plan_json(each));
      for (const auto& step : each.steps) list.push_back(step_json(step, each));
    }
    auto spoken = co_await said(std::move(*session), who);
    if (!spoken) co_return std::unexpected(std::move(spoken.error()));
    for (auto& message : *spoken) list.push_back(std::move(message));
  }
  co_return json_answer(list);
}

asio::awaitable<TaskDoor::Answer> TaskDoor::delete_messages(Call call) {
  auto view = co_await backend_.user(caller(call), 1'000);
  if (!view) co_return std::unexpected(std::move(view.error()));
  for (const auto& summary : view->sessions) {
    // Sessions of others that the user joined are not the user's to delete.
    if (summary.deleted || (!summary.user.empty() && summary.user != call.identity.user)) continue;
    Json fields{{"session_id", summary.session}};
    auto accepted = co_await act(call, "delete", std::move(fields), summary.session);
    const bool gone = !accepted && (accepted.error().code == Fault::not_found || accepted.error().code == Fault::gone);
    if (!accepted && !gone) co_return std::unexpected(std::move(accepted.error()));
  }
  co_return json_answer({{"status", "All messages deleted"}});
}

}  // namespace convoke::api
