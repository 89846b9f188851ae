#include "groupchat/session/commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "core/name.hpp"
#include "core/text.hpp"
#include "groupchat/session/letters.hpp"
#include "groupchat/session/people.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/requests.hpp"
#include "groupchat/session/runs.hpp"
#include "groupchat/session/turns.hpp"

namespace convoke::groupchat::session {
namespace {

using Answered = Result<wire::AcceptedT>;

Status check_text(std::string_view text, std::string_view what) {
  if (text.empty()) return fail(Fault::invalid, fmt::format("{} is empty", what));
  if (text.size() > max_text)
    return fail(Fault::too_large, fmt::format("{} has {} bytes, at most {} are taken", what, text.size(), max_text));
  if (const auto at = first_invalid_utf8(text); at != std::string_view::npos)
    return fail(Fault::invalid, fmt::format("{} is not UTF-8 at byte {}", what, at));
  return {};
}

Status has_room(const Context& c, std::string_view agent) {
  const auto* instance = find_instance(c.state, agent);
  if (instance == nullptr || instance->inbox.size() < max_inbox) return {};
  return fail(Fault::overloaded, fmt::format("{} messages wait for {} already", max_inbox, agent));
}

wire::ApprovalPolicy policy_of(agents::Approval approval) {
  switch (approval) {
    case agents::Approval::each_step: return wire::ApprovalPolicy::each_step;
    case agents::Approval::whole_plan: return wire::ApprovalPolicy::whole_plan;
    case agents::Approval::sensitive: return wire::ApprovalPolicy::sensitive;
    case agents::Approval::none: return wire::ApprovalPolicy::none;
  }
  return wire::ApprovalPolicy::each_step;
}

// The first command of a session makes it. True when this one did.
Result<bool> open_session(Context& c, const wire::CommandT& command, std::string_view team, std::string_view title, bool shared) {
  if (!c.state.session.empty()) {
    if (!team.empty() && team != c.state.team) return fail(Fault::invalid, fmt::format("the session belongs to team '{}'", c.state.team));
    return false;
  }
  if (!is_user(command.user)) return fail(Fault::invalid, fmt::format("'{}' is not a user name", command.user));
  if (c.draft.teams->head(team) == 0) return fail(Fault::not_found, fmt::format("no team '{}' is applied", team));
  c.touch();
  c.draft.create = true;
  c.state.session = command.scope.substr(2);
  c.state.user = command.user;
  c.state.team = team;
  c.state.shared = shared;
  c.state.title = truncate_utf8(title, 120);
  c.state.created_ms = c.now_ms();
  c.summary_changed = true;
  return true;
}

wire::PlanT new_plan(Context& c, const wire::CommandT& command, const wire::CreateTaskT& task, const state::RunT& run,
                     const agents::Team& team) {
  wire::PlanT plan;
  plan.id = c.new_id('p');
  plan.conversation = run.conversation;
  plan.run = run.id;
  plan.team = c.state.team;
  plan.team_version = run.team_version;
  plan.user = command.user;
  plan.goal = task.description;
  plan.policy = task.policy == wire::ApprovalPolicy::team ? policy_of(team.approval) : task.policy;
  plan.created_ms = c.now_ms();
  plan.max_replans = team.limits.max_replans;
  plan.max_stalls = team.limits.max_stalls;
  plan.max_step_failures = team.limits.max_step_retries;
  plan.step_timeout_ms = team.limits.step_timeout_ms;
  return plan;
}

Answered create_task(Context& c, const wire::HeaderT& request, const wire::CommandT& command, const wire::CreateTaskT& task) {
  if (auto text = check_text(task.description, "the description"); !text) return std::unexpected(text.error());
  const auto opened = open_session(c, command, task.team, task.description, task.shared);
  if (!opened) return std::unexpected(opened.error());
  if (c.state.conversations.size() >= max_conversations)
    return fail(Fault::limit, "the session has too many conversations; begin a new one");
  const auto version = c.draft.teams->head(c.state.team);
  const auto* team = c.team(version);
  if (team == nullptr) return fail(Fault::unavailable, fmt::format("version {} of team '{}' is not at hand", version, c.state.team));
  const std::string conversation =
      c.conversation(wire::ConversationKind::task, {user_author(c.state.user), agent_author(planner_agent), agent_author(executor_agent)},
                     {})
          .id;
  auto& run = start_run(c, conversation, version, command.user, request.trace);
  state::PlanStateT held;
  held.plan = std::make_unique<wire::PlanT>(new_plan(c, command, task, run, *team));
  held.planning = true;
  run.plan = held.plan->id;
  wire::AcceptedT accepted;
  accepted.session = c.state.session;
  accepted.conversation = conversation;
  accepted.plan = run.plan;
  accepted.run = run.id;
  accepted.seq = 1;
  c.state.plans.push_back(std::move(held));
  auto said = c.event(wire::EventKind::message, conversation, user_author(command.user));
  said.run = accepted.run;
  said.plan = accepted.plan;
  said.message = c.new_id('m');
  said.text = task.description;
  c.post(std::move(said));
  auto started = c.event(wire::EventKind::run_started, conversation, std::string(system_author));
  started.run = accepted.run;
  started.plan = accepted.plan;
  c.post(std::move(started));
  (void)c.instance(planner_agent);
  c.summary_changed = true;
  return accepted;
}

Answered post_message(Context& c, const wire::HeaderT& request, const wire::CommandT& command, std::string_view conversation_id,
                      std::string_view text) {
  if (auto good = check_text(text, "the message"); !good) return std::unexpected(good.error());
  const auto* conversation = find_conversation(c.state, conversation_id);
  if (conversation == nullptr || !is_member(*conversation, user_author(command.user)))
    return fail(Fault::not_found, fmt::format("no conversation '{}'", conversation_id));
  if (conversation->kind != wire::ConversationKind::direct)
    return fail(Fault::invalid, fmt::format("nobody would answer in '{}': post into a direct conversation", conversation_id));
  const std::string agent = conversation->agents.front();
  if (auto room = has_room(c, agent); !room) return std::unexpected(room.error());
  const auto& run = start_run(c, conversation_id, c.draft.teams->head(c.state.team), command.user, request.trace);
  auto said = c.event(wire::EventKind::message, conversation_id, user_author(command.user));
  said.run = run.id;
  said.message = c.new_id('m');
  said.text = text;
  wire::InputT input;
  input.author = said.author;
  input.text = text;
  input.message = said.message;
  input.conversation = conversation_id;
  input.run = run.id;
  input.trace = run.trace;
  wire::AcceptedT accepted;
  accepted.session = c.state.session;
  accepted.conversation = conversation_id;
  accepted.run = run.id;
  c.post(std::move(said));
  accepted.seq = find_conversation(c.state, conversation_id)->head;
  enqueue(c, agent, std::move(input));
  return accepted;
}

Answered open_chat(Context& c, const wire::HeaderT& request, const wire::CommandT& command, const wire::OpenChatT& chat) {
  if (!chat.text.empty())
    if (auto text = check_text(chat.text, "the message"); !text) return std::unexpected(text.error());
  const std::string team_name = c.state.session.empty() ? chat.team : c.state.team;
  const auto* team = c.draft.teams->find(team_name, c.draft.teams->head(team_name));
  if (team == nullptr) return fail(Fault::not_found, fmt::format("no team '{}' is applied", team_name));
  const auto* agent = agents::find_agent(*team, short_name(chat.agent));
  if (agent == nullptr || !agents::may_talk(*team, command.user, agent->name))
    return fail(Fault::not_found, fmt::format("no agent '{}' in team '{}'", chat.agent, team_name));
  if (agent->kind == agents::AgentKind::human)
    return fail(Fault::invalid, fmt::format("{} stands for people; nobody would answer", agent->name));
  const auto opened = open_session(c, command, chat.team, chat.text.empty() ? agent->name : chat.text, chat.shared);
  if (!opened) return std::unexpected(opened.error());
  const auto full_name = team_name + "." + agent->name;
  if (auto room = has_room(c, full_name); !room && !chat.text.empty()) return std::unexpected(room.error());
  const auto entered = enter(c, *team, command.user, full_name);
  if (!entered) return std::unexpected(entered.error());
  if (!chat.text.empty()) return post_message(c, request, command, entered->conversation, chat.text);
  wire::AcceptedT accepted;
  accepted.session = c.state.session;
  accepted.conversation = entered->conversation;
  accepted.seq = entered->seq;
  return accepted;
}

Answered accepted_in(const Context& c, std::string_view plan) {
  wire::AcceptedT accepted;
  accepted.session = c.state.session;
  accepted.plan = plan;
  return accepted;
}

Answered cancel(Context& c, const wire::CommandT& command, const wire::CancelT& cancel) {
  if (CONVOKE_MUTATED(cancel_forgotten)) return accepted_in(c, cancel.plan);
  if (!cancel.reason.empty())
    if (auto text = check_text(cancel.reason, "the reason"); !text) return std::unexpected(text.error());
  std::string plan = cancel.plan;
  if (plan.empty()) {
    const auto* run = find_run(c.state, cancel.run);
    if (run == nullptr) return fail(Fault::not_found, fmt::format("no open run '{}'", cancel.run));
    plan = run->plan;
  }
  if (!plan.empty()) {
    if (auto done = cancel_plan(c, user_author(command.user), plan, cancel.reason); !done) return std::unexpected(done.error());
  } else {
    cancel_run(c, cancel.run, user_author(command.user), cancel.reason);
  }
  return accepted_in(c, plan);
}

// A dead letter repeated is new work of a new run; the old run keeps its stop reason. A plan's step is repeated within its plan.
Answered repeat_letter(Context& c, const wire::HeaderT& request, std::string_view by, const state::StoredLetterT& stored) {
  const auto& letter = *stored.letter;
  if (!letter.plan.empty()) {
    if (auto done = repeat_step(c, by, stored); !done) return std::unexpected(done.error());
    auto accepted = accepted_in(c, letter.plan);
    accepted->run = letter.run;
    accepted->step = letter.step;
    accepted->conversation = letter.conversation;
    return accepted;
  }
  const auto& run = start_run(c, letter.conversation, c.draft.teams->head(c.state.team), c.state.user, request.trace);
  const std::string id = run.id;
  for (auto input : stored.input) {
    if (input.kind != wire::InputKind::message) continue;
    input.run = id;
    enqueue(c, letter.agent, std::move(input));
  }
  auto accepted = accepted_in(c, {});
  accepted->run = id;
  accepted->conversation = letter.conversation;
  return accepted;
}

Answered settle_letter(Context& c, const wire::HeaderT& request, std::string_view by, const wire::SettleLetterT& settle) {
  const auto* stored = find_letter(c.state, settle.id);
  if (stored == nullptr) return fail(Fault::not_found, fmt::format("no dead letter '{}'", settle.id));
  if (settle.action == wire::LetterAction::drop) {
    drop_letter(c, settle.id, std::string(by), {});
    return accepted_in(c, {});
  }
  auto accepted = repeat_letter(c, request, by, *stored);
  if (accepted) remove_letter(c, settle.id);
  return accepted;
}

Answered delete_session(Context& c) {
  c.touch();
  c.summary_changed = true;
  for (std::size_t i = 0; i < c.state.instances.size(); ++i) {
    auto& instance = c.state.instances[i];
    if (instance.open) c.stopped.push_back({instance.agent, instance.open->number, instance.open->attempt});
    instance.open.reset();
    instance.inbox.clear();
    instance.awaiting.clear();
  }
  c.state.runs.clear();
  c.state.plans.clear();
  c.state.requests.clear();
  c.state.deleting = true;
  return accepted_in(c, {});
}

Answered apply_body(Context& c, const wire::HeaderT& request, const wire::CommandT& command) {
  const auto by = user_author(command.user);
  switch (command.body.type) {
    case wire::CommandBody::CreateTask: return create_task(c, request, command, *command.body.AsCreateTask());
    case wire::CommandBody::OpenChat: return open_chat(c, request, command, *command.body.AsOpenChat());
    case wire::CommandBody::Post: {
      const auto& post = *command.body.AsPost();
      return post_message(c, request, command, post.conversation, post.text);
    }
    case wire::CommandBody::Decide: {
      const auto& wanted = *command.body.AsDecide();
      if (auto done = decide(c, by, wanted); !done) return std::unexpected(done.error());
      return accepted_in(c, wanted.plan);
    }
    case wire::CommandBody::Clarify: {
      const auto& wanted = *command.body.AsClarify();
      if (auto text = check_text(wanted.text, "the clarification"); !text) return std::unexpected(text.error());
      if (auto done = clarify(c, by, wanted.plan, wanted.text); !done) return std::unexpected(done.error());
      return accepted_in(c, wanted.plan);
    }
    case wire::CommandBody::AnswerRequest: {
      const auto& answer = *command.body.AsAnswerRequest();
      if (!answer.text.empty())
        if (auto text = check_text(answer.text, "the answer"); !text) return std::unexpected(text.error());
      if (auto done = answer_request(c, by, answer); !done) return std::unexpected(done.error());
      return accepted_in(c, {});
    }
    case wire::CommandBody::Cancel: return cancel(c, command, *command.body.AsCancel());
    case wire::CommandBody::SettleLetter: return settle_letter(c, request, by, *command.body.AsSettleLetter());
    case wire::CommandBody::DeleteSession: return delete_session(c);
    default: return fail(Fault::unknown_kind, fmt::format("a session takes no {}", wire::EnumNameCommandBody(command.body.type)));
  }
}

bool creates(const wire::CommandT& command) {
  return command.body.type == wire::CommandBody::CreateTask || command.body.type == wire::CommandBody::OpenChat;
}

}  // namespace

void apply_command(Context& c, const wire::HeaderT& request, const wire::CommandT& command) {
  const bool exists = !c.state.session.empty();
  if (c.state.deleting) return refuse(c.draft, request, command, Error(Fault::gone, "the session is deleted"));
  if (!exists && !creates(command))
    return refuse(c.draft, request, command, Error(Fault::not_found, fmt::format("no session '{}'", command.scope.substr(2))));
  if (exists && !owns(c.state, command.user))
    if (const auto admitted = admit(c, command); !admitted) return refuse(c.draft, request, command, admitted.error());
  const auto accepted = apply_body(c, request, command);
  if (!accepted) return refuse(c.draft, request, command, accepted.error());
  c.touch();
  c.state.last_ms = c.now_ms();
  const bool is_told_later = creates(command) || command.body.type == wire::CommandBody::DeleteSession;
  const bool has_list_to_wait_for = c.summary_changed && is_told_later;
  const auto keep = is_told_later ? Keep::as_long_as_scope : Keep::day;
  if (!has_list_to_wait_for) return accept(c.draft, request, command, *accepted, keep);
  record(c.draft, command, *accepted, keep);
  c.created.push_back({request, *accepted, command.user, c.draft.now.steady + Millis{500}});
}

}  // namespace convoke::groupchat::session
