#include "groupchat/session/queries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/session/people.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::session {
namespace {

void refuse_query(Draft& draft, const wire::HeaderT& request, Fault code, std::string text) {
  respond(draft, wire::fault_reply(request, code, std::move(text)));
}

// Without a user it is one of our own processes.
bool may_read(const State& state, std::string_view conversation, std::string_view user) {
  return user.empty() || sees(state, user, conversation);
}

void read_log(State& state, Draft& draft, const wire::HeaderT& request, const wire::QueryT& query) {
  if (CONVOKE_MUTATED(reader_told_gone) && draft.version % 8 == 0) return refuse_query(draft, request, Fault::gone, "deleted");
  const auto& wanted = *query.body.AsReadLog();
  const auto* conversation = find_conversation(state, wanted.conversation);
  if (conversation == nullptr || !may_read(state, conversation->id, query.user))
    return refuse_query(draft, request, Fault::not_found, fmt::format("no conversation '{}'", wanted.conversation));
  Read read;
  read.request = request;
  read.name = log_of(conversation->id);
  read.subject = conversation->id;
  read.from = std::max<std::uint64_t>(wanted.from, 1);
  read.head = conversation->head;
  read.max_bytes = wanted.max_bytes;
  read.after_id = wire::from_wire(wanted.after_id);
  draft.reads.push_back(std::move(read));
}

void read_heads(State& state, Draft& draft, const Live& live, const wire::HeaderT& request, const wire::QueryT& query) {
  wire::HeadsT heads;
  for (const auto& id : query.body.AsReadHeads()->conversations) {
    wire::HeadT head;
    head.conversation = id;
    const auto* conversation = find_conversation(state, id);
    head.missing = conversation == nullptr || !may_read(state, id, query.user);
    if (!head.missing) {
      head.head = conversation->head;
      for (const auto& [message, delta] : live)
        if (delta.conversation == id) head.live.push_back(delta);
    }
    heads.heads.push_back(std::move(head));
  }
  respond(draft, wire::reply(request, std::move(heads)));
}

// What the session was opened with is its title: nobody else's who is not in that conversation.
std::string title_for(const State& state, std::string_view user) {
  if (state.conversations.empty() || may_read(state, state.conversations.front().id, user)) return state.title;
  std::string title;
  for (const auto& conversation : state.conversations)
    if (may_read(state, conversation.id, user))
      title += fmt::format("{}{}", title.empty() ? "" : ", ", short_name(conversation.agents.front()));
  return title;
}

wire::SessionViewT view_of(const State& state, std::uint64_t version, std::string_view user) {
  const bool is_all = user.empty() || owns(state, user);
  wire::SessionViewT view;
  view.session = state.session;
  view.user = state.user;
  view.team = state.team;
  view.title = title_for(state, user);
  view.shared = state.shared;
  view.created_ms = state.created_ms;
  view.last_ms = state.last_ms;
  view.version = version;
  for (const auto& conversation : state.conversations) {
    if (!may_read(state, conversation.id, user)) continue;
    wire::ConversationInfoT info;
    info.id = conversation.id;
    info.kind = conversation.kind;
    for (const auto& member : conversation.members) info.members.push_back(member.name);
    info.head = conversation.head;
    view.conversations.push_back(std::move(info));
  }
  for (const auto& request : state.requests)
    if (may_read(state, request.conversation, user)) view.requests.push_back(request);
  for (const auto& instance : state.instances) {
    if (!instance.open || !may_read(state, instance.open->conversation, user)) continue;
    wire::OpenTurnT turn;
    turn.agent = instance.agent;
    turn.turn = instance.open->number;
    turn.attempt = instance.open->attempt;
    turn.conversation = instance.open->conversation;
    turn.opened_ms = instance.open->opened_ms;
    turn.failures = instance.open->failures;
    view.turns.push_back(std::move(turn));
  }
  for (const auto& stored : state.dead_letters)
    if (may_read(state, stored.letter->conversation, user)) view.dead_letters.push_back(*stored.letter);
  if (!is_all) return view;
  for (const auto& held : state.plans) view.plans.push_back(*held.plan);
  view.ended = state.ended_plans;
  return view;
}

wire::Message compose_plan(const wire::HeaderT& request, const std::string& bytes) {
  auto plan = wire::unpack<wire::PlanT>(bytes);
  if (!plan) return wire::fault_reply(request, Fault::not_found, "the plan is no longer kept");
  wire::SessionViewT view;
  view.session = session_of(plan->id);
  view.user = plan->user;
  view.plans.push_back(std::move(*plan));
  return wire::reply(request, std::move(view));
}

void read_session(State& state, Draft& draft, const wire::HeaderT& request, const wire::QueryT& query, std::uint64_t version) {
  const auto& wanted = *query.body.AsReadSession();
  if (wanted.plan.empty()) return respond(draft, wire::reply(request, view_of(state, version, query.user)));
  if (!query.user.empty() && !owns(state, query.user))
    return refuse_query(draft, request, Fault::not_found, fmt::format("no plan '{}'", wanted.plan));
  if (const auto* held = find_plan(state, wanted.plan)) {
    wire::SessionViewT view;
    view.session = state.session;
    view.user = state.user;
    view.plans.push_back(*held->plan);
    for (const auto& open : state.requests)
      if (open.plan == wanted.plan) view.requests.push_back(open);
    return respond(draft, wire::reply(request, std::move(view)));
  }
  if (std::ranges::find(state.ended_plans, wanted.plan, &wire::PlanSummaryT::id) == state.ended_plans.end())
    return refuse_query(draft, request, Fault::not_found, fmt::format("no plan '{}'", wanted.plan));
  Read read;
  read.request = request;
  read.what = Read::What::part;
  read.name = plan_part(wanted.plan);
  read.subject = state.session;
  read.compose = compose_plan;
  draft.reads.push_back(std::move(read));
}

// Workers read what they need to carry out a turn, each its own agent's alone.
void read_transcript(State& state, Draft& draft, const wire::HeaderT& request, std::string_view agent, std::uint64_t from,
                     std::uint64_t to) {
  const auto* instance = find_instance(state, agent);
  if (instance == nullptr || request.source != agent_author(agent))
    return refuse_query(draft, request, Fault::not_found, fmt::format("no instance of '{}'", agent));
  Read read;
  read.request = request;
  read.what = Read::What::transcript;
  read.name = transcript_of(agent);
  read.subject = agent;
  read.from = std::max<std::uint64_t>(from, 1);
  read.head = std::min(to == 0 ? instance->transcript : to, instance->transcript);
  draft.reads.push_back(std::move(read));
}

void read_items(State& state, Draft& draft, const wire::HeaderT& request, const wire::ReadItemsT& wanted) {
  const auto* instance = find_instance(state, wanted.agent);
  if (instance == nullptr || request.source != agent_author(wanted.agent))
    return refuse_query(draft, request, Fault::not_found, fmt::format("no instance of '{}'", wanted.agent));
  if (!instance->open || instance->open->number != wanted.turn)
    return refuse_query(draft, request, Fault::turn_closed, fmt::format("turn {} of {} is over", wanted.turn, wanted.agent));
  Read read;
  read.request = request;
  read.what = Read::What::items;
  read.name = transcript_of(wanted.agent);
  read.subject = wanted.agent;
  read.from = instance->transcript - instance->open->items + std::max<std::uint64_t>(wanted.from, 1);
  read.head = instance->transcript;
  read.turn = wanted.turn;
  read.total = instance->open->items;
  draft.reads.push_back(std::move(read));
}

}  // namespace

wire::SessionSummaryT summarise(const State& state, std::string_view user) {
  wire::SessionSummaryT summary;
  summary.session = state.session;
  summary.title = title_for(state, user);
  summary.user = state.user;
  summary.shared = state.shared;
  summary.team = state.team;
  summary.created_ms = state.created_ms;
  summary.last_ms = state.last_ms;
  summary.open_requests = static_cast<std::uint32_t>(
      std::ranges::count_if(state.requests, [&](const auto& request) { return sees(state, user, request.conversation); }));
  summary.deleted = state.deleting;
  if (CONVOKE_MUTATED(list_without_title)) summary.title.clear();
  if (!owns(state, user)) return summary;
  summary.plans = state.ended_plans;
  for (const auto& held : state.plans) {
    wire::PlanSummaryT plan;
    plan.id = held.plan->id;
    plan.goal = held.plan->goal;
    plan.status = held.plan->status;
    plan.created_ms = held.plan->created_ms;
    summary.plans.push_back(std::move(plan));
  }
  return summary;
}

void apply_query(State& state, Draft& draft, const Live& live, const wire::HeaderT& request, const wire::QueryT& query,
                 std::uint64_t version) {
  const bool is_theirs = query.user.empty() || takes_part(state, query.user);
  if (state.session.empty() || state.deleting || !is_theirs)
    return refuse_query(draft, request, Fault::not_found,
                        fmt::format("no session '{}'", query.scope.substr(std::min<std::size_t>(2, query.scope.size()))));
  switch (query.body.type) {
    case wire::QueryBody::ReadLog: return read_log(state, draft, request, query);
    case wire::QueryBody::ReadHeads: return read_heads(state, draft, live, request, query);
    case wire::QueryBody::ReadSession: return read_session(state, draft, request, query, version);
    case wire::QueryBody::ReadTranscript: {
      const auto& wanted = *query.body.AsReadTranscript();
      return read_transcript(state, draft, request, wanted.agent, wanted.from, wanted.to);
    }
    case wire::QueryBody::ReadItems: return read_items(state, draft, request, *query.body.AsReadItems());
    case wire::QueryBody::ReadSpans: {
      Read read;
      read.request = request;
      read.what = Read::What::spans;
      read.name = state.session;
      read.run = query.body.AsReadSpans()->run;
      draft.reads.push_back(std::move(read));
      return;
    }
    default: refuse_query(draft, request, Fault::unknown_kind, "a session answers no such query");
  }
}

}  // namespace convoke::groupchat::session
