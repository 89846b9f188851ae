// plans, plan, approve, reject, clarify, cancel, answer.
#include <fmt/core.h>

#include "cli/commands/context.hpp"

namespace convoke::cli {
namespace {

void show_plan(Context& context, const Json& plan) {
  auto& out = context.out;
  out.line(out.paint(Tone::bold, safe(text_of(plan, "initial_goal"))));
  out.line(fmt::format("{} · {} · revision {}", text_of(plan, "id"), text_of(plan, "status"), plan.value("revision", 0)));
  if (!text_of(plan, "summary").empty()) out.line(safe(text_of(plan, "summary")));
  if (!text_of(plan, "human_clarification_request").empty() && text_of(plan, "human_clarification_response").empty())
    out.line(out.paint(Tone::warn, "? " + safe(text_of(plan, "human_clarification_request"))));
  std::vector<std::vector<std::string>> rows;
  for (const auto& step : plan["steps"]) {
    const auto edited = text_of(step, "updated_action");
    rows.push_back({std::to_string(rows.size() + 1), text_of(step, "id"), text_of(step, "status"), text_of(step, "agent"),
                    brief(edited.empty() ? text_of(step, "action") : edited, 80)});
  }
  out.rows(table({"", "STEP", "STATUS", "AGENT", "ACTION"}, rows));
  std::size_t number = 0;
  for (const auto& step : plan["steps"]) {
    ++number;
    if (const auto said = text_of(step, "human_feedback"); !said.empty()) out.line(fmt::format("step {}: {}", number, safe(said)));
  }
  if (!plan.contains("requests")) return;
  for (const auto& request : plan["requests"])
    out.line(out.paint(
        Tone::warn, fmt::format("? {} ({}): {}", text_of(request, "id"), text_of(request, "kind"), brief(text_of(request, "text"), 100))));
}

int tell(Context& context, const Result<Json>& accepted, std::string_view done) {
  if (!accepted) return context.refuse(accepted.error());
  if (context.out.json())
    context.out.value(*accepted);
  else
    context.out.line(done);
  return ok;
}

asio::awaitable<int> change(Context& context, std::string path, Json fields, std::string done) {
  const auto accepted = co_await context.change(std::move(path), std::move(fields));
  co_return tell(context, accepted, done);
}

std::string plan_path(const Context& context, std::string_view verb = {}) {
  return fmt::format("/api/plans/{}{}", http::encode_percent(context.args.text("plan")), verb);
}

// Steps may be named by their number in the plan.
std::string step_id(const Json& plan, const std::string& named) {
  const bool number = !named.empty() && named.size() < 4 && named.find_first_not_of("0123456789") == std::string::npos;
  const auto at = number ? std::stoul(named) : 0;
  return at >= 1 && at <= plan["steps"].size() ? text_of(plan["steps"][at - 1], "id") : named;
}

}  // namespace

asio::awaitable<int> run_plans(Context& context) {
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  const auto session = context.args.text("session");
  auto plans = co_await api.get(session.empty() ? std::string("/api/plans") : "/api/plans?session_id=" + http::encode_percent(session));
  if (!plans) co_return context.refuse(plans.error());
  if (context.out.json()) {
    context.out.value(*plans);
    co_return ok;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& plan : *plans)
    rows.push_back({text_of(plan, "id"), text_of(plan, "status"),
                    fmt::format("{}/{}", plan.value("completed_steps", 0), plan.value("total_steps", 0)),
                    brief(text_of(plan, "initial_goal"), 80)});
  context.out.rows(table({"PLAN", "STATUS", "DONE", "TASK"}, rows));
  co_return ok;
}

asio::awaitable<int> run_plan(Context& context) {
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  auto plan = co_await api.get(plan_path(context));
  if (!plan) co_return context.refuse(plan.error());
  if (context.out.json())
    context.out.value(*plan);
  else
    show_plan(context, *plan);
  co_return ok;
}

asio::awaitable<int> run_decide(Context& context) {
  const auto& args = context.args;
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  auto plan = co_await api.get(plan_path(context));
  if (!plan) co_return context.refuse(plan.error());
  const bool approved = args.command == "approve";
  Json fields{{"approved", approved}};
  Json steps = Json::array();
  for (const auto& named : args.list("steps")) steps.push_back(step_id(*plan, named));
  if (steps.empty())
    fields["revision"] = plan->value("revision", 0u);
  else
    fields["steps"] = std::move(steps);
  if (!args.text("comment").empty()) fields["comment"] = args.text("comment");
  if (!args.text("edit").empty()) fields["updated_action"] = args.text("edit");
  auto path = plan_path(context, "/decide");
  co_return co_await change(context, std::move(path), std::move(fields), approved ? "approved" : "rejected");
}

asio::awaitable<int> run_clarify(Context& context) {
  Json fields{{"text", context.args.text("text")}};
  auto path = plan_path(context, "/clarify");
  co_return co_await change(context, std::move(path), std::move(fields), "answered; the plan is made anew");
}

asio::awaitable<int> run_cancel(Context& context) {
  Json fields{{"reason", context.args.text("reason")}};
  auto path = plan_path(context, "/cancel");
  co_return co_await change(context, std::move(path), std::move(fields), "cancelling");
}

asio::awaitable<int> run_answer(Context& context) {
  const auto& args = context.args;
  Json fields = Json::object();
  if (!args.text("text").empty()) fields["text"] = args.text("text");
  if (args.flag("yes") || args.flag("no")) fields["approved"] = args.flag("yes");
  const auto id = args.text("request");
  auto path = "/api/requests/" + http::encode_percent(id);
  auto accepted = co_await context.change(std::move(path), std::move(fields));
  const bool is_undecided = !args.flag("yes") && !args.flag("no");
  if (!accepted && accepted.error().code == Fault::invalid && is_undecided && accepted.error().message.contains("yes or no"))
    accepted =
        fail(Fault::invalid, fmt::format("{}: {} answer {} with --yes, or --no", accepted.error().message, args.self, shell_word(id)));
  co_return tell(context, accepted, "answered");
}

}  // namespace convoke::cli
