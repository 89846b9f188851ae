#include "api/common/actions.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/hash.hpp"
#include "core/id.hpp"
#include "core/name.hpp"

namespace convoke::api {
namespace {

using Context = ActionContext;

template <class T> Action in_session(std::string session, T body) {
  Action action;
  action.scope = "s:" + session;
  action.session = std::move(session);
  action.body.Set(std::move(body));
  return action;
}
template <class T> Action by_id(const std::string& id, T body) {
  auto action = in_session(std::string(session_of(id)), std::move(body));
  action.about = id;
  return action;
}

std::string session_for(Fields& fields, const Context& context) {
  if (fields.has("session_id")) return fields.session("session_id", Need::required);
  return to_string(session_for_key(context.user, context.key));
}

std::string team_for(Fields& fields, const Context& context) {
  const auto named = fields.text("team", fields.has("team") ? Need::required : Need::optional);
  if (!named.empty() && !is_name(named)) fields.wrong("team", "expected the name of a team");
  return named.empty() ? context.team : named;
}

Action task(Fields& fields, const Context& context) {
  wire::CreateTaskT body;
  body.description = fields.text("description", Need::required);
  body.team = team_for(fields, context);
  body.shared = fields.boolean("shared", Need::optional);
  body.policy = static_cast<wire::ApprovalPolicy>(fields.one_of("policy", {"team", "each_step", "whole_plan", "sensitive", "none"}));
  return in_session(session_for(fields, context), std::move(body));
}

Action chat(Fields& fields, const Context& context) {
  wire::OpenChatT body;
  body.team = team_for(fields, context);
  body.agent = fields.id("agent", Need::required);
  // Without a text it only opens the conversation; whoever says something says more than nothing.
  body.text = fields.text("text", fields.has("text") ? Need::required : Need::optional);
  body.shared = fields.boolean("shared", Need::optional);
  if (body.agent.find('.') == std::string::npos) body.agent = body.team + "." + body.agent;
  const auto parts = split_agent(body.agent);
  if (fields.has("agent") && !parts) fields.wrong("agent", "expected `Name` or `<team>.Name`");
  if (parts) body.team = parts->first;
  return in_session(session_for(fields, context), std::move(body));
}

Action post(Fields& fields, const Context&) {
  wire::PostT body;
  body.conversation = fields.id("conversation", Need::required);
  body.text = fields.text("text", Need::required);
  return by_id(fields.good() ? body.conversation : "", std::move(body));
}

Action decide(Fields& fields, const Context&) {
  wire::DecideT body;
  body.plan = fields.id("plan", Need::required);
  body.steps = fields.ids("steps");
  body.approved = fields.boolean("approved", Need::required);
  const auto need = body.steps.empty() ? Need::required : Need::optional;
  body.revision = static_cast<std::uint32_t>(fields.number("revision", need, 0, std::numeric_limits<std::uint32_t>::max()));
  body.comment = fields.text("comment", Need::optional);
  body.updated_action = fields.text("updated_action", Need::optional);
  if (!body.updated_action.empty() && body.steps.size() != 1) fields.wrong("updated_action", "goes with exactly one step");
  if (!body.updated_action.empty() && fields.has("approved") && !body.approved)
    fields.wrong("updated_action", "goes with `approved`: true; what is rejected is not carried out, edited or not");
  const auto plan = body.plan;
  return by_id(plan, std::move(body));
}

Action clarify(Fields& fields, const Context&) {
  wire::ClarifyT body;
  body.plan = fields.id("plan", Need::required);
  body.text = fields.text("text", Need::required);
  const auto plan = body.plan;
  return by_id(plan, std::move(body));
}

Action answer(Fields& fields, const Context&) {
  wire::AnswerRequestT body;
  body.request = fields.id("request", Need::required);
  body.approved = fields.boolean("approved", Need::optional, true);
  body.text = fields.text("text", Need::optional);
  if (!fields.has("approved") && !fields.has("text")) fields.wrong("text", "an answer needs `text`, `approved`, or both");
  body.undecided = !fields.has("approved");
  const auto request = body.request;
  return by_id(request, std::move(body));
}

Action cancel(Fields& fields, const Context&) {
  wire::CancelT body;
  body.plan = fields.id("plan", Need::optional);
  body.run = fields.id("run", Need::optional);
  body.reason = fields.text("reason", Need::optional);
  if (body.plan.empty() == body.run.empty()) fields.wrong("plan", "name either a plan or a run");
  const auto id = body.plan.empty() ? body.run : body.plan;
  return by_id(id, std::move(body));
}

Action letter(Fields& fields, const Context&) {
  wire::SettleLetterT body;
  body.id = fields.id("letter", Need::required);
  if (!fields.has("action")) fields.wrong("action", "expected one of retry, drop");
  body.action = static_cast<wire::LetterAction>(fields.one_of("action", {"retry", "drop"}));
  const auto id = body.id;
  return by_id(id, std::move(body));
}

Action remove(Fields& fields, const Context&) {
  wire::DeleteSessionT body;
  body.reason = fields.text("reason", Need::optional);
  return in_session(fields.session("session_id", Need::required), std::move(body));
}

using Parser = Action (*)(Fields&, const Context&);
constexpr std::array<std::pair<std::string_view, Parser>, 9> verbs{{{"task", task},
                                                                    {"chat", chat},
                                                                    {"post", post},
                                                                    {"decide", decide},
                                                                    {"clarify", clarify},
                                                                    {"answer", answer},
                                                                    {"cancel", cancel},
                                                                    {"letter", letter},
                                                                    {"delete", remove}}};

}  // namespace

Result<Action> parse_action(std::string_view verb, Fields& fields, const ActionContext& context) {
  const auto* found = std::ranges::find(verbs, verb, &std::pair<std::string_view, Parser>::first);
  if (found == verbs.end()) return fail(Fault::not_found, fmt::format("there is no `{}`", verb));
  auto action = found->second(fields, context);
  if (auto status = fields.status(); !status) return std::unexpected(status.error());
  return action;
}

bool is_key(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::vector<std::uint8_t> hash_of(std::string_view verb, const Json& fields) {
  const nlohmann::json sorted = fields;  // keys in order
  const auto digest = sha256(fmt::format("{}\n{}", verb, sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  return {digest.begin(), digest.begin() + 16};
}

}  // namespace convoke::api
