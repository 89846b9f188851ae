#include "groupchat/session/people.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mutation.hpp"
#include "groupchat/session/requests.hpp"

namespace convoke::groupchat::session {
namespace {

constexpr std::string_view person = "user/";

bool is_person(const state::MemberT& member) { return member.name.starts_with(person); }

std::size_t people_in(const state::ConversationT& conversation) {
  return static_cast<std::size_t>(std::ranges::count_if(conversation.members, is_person));
}

state::ConversationT* find_direct(State& state, std::string_view agent) {
  const auto found = std::ranges::find_if(state.conversations, [&](const auto& known) {
    return known.kind == wire::ConversationKind::direct && known.agents.front() == agent;
  });
  return found == state.conversations.end() ? nullptr : &*found;
}

Status unknown(const wire::CommandT& command) { return fail(Fault::not_found, fmt::format("no session '{}'", command.scope.substr(2))); }

// What a stranger needs to become a member.
bool may_join(const Context& c, const wire::CommandT& command, const wire::OpenChatT& chat) {
  const auto* team = c.team(c.draft.teams->head(c.state.team));
  if (!c.state.shared || team == nullptr || (!chat.team.empty() && chat.team != c.state.team)) return false;
  const auto* agent = agents::find_agent(*team, short_name(chat.agent));
  return agent != nullptr && agent->kind != agents::AgentKind::human && agents::may_talk(*team, command.user, agent->name);
}

// Work of their own alone. Plans are never a member's.
Status may_cancel(const Context& c, const wire::CommandT& command, const wire::CancelT& cancel) {
  if (!cancel.plan.empty()) return fail(Fault::not_found, fmt::format("no plan '{}'", cancel.plan));
  const auto* run = find_run(c.state, cancel.run);
  if (run != nullptr && run->plan.empty() && run->user == command.user) return {};
  return fail(Fault::not_found, fmt::format("no open run '{}'", cancel.run));
}

}  // namespace

bool takes_part(const State& state, std::string_view user) {
  if (owns(state, user)) return true;
  const auto name = user_author(user);
  return std::ranges::any_of(state.conversations, [&](const auto& conversation) { return is_member(conversation, name); });
}

bool sees(const State& state, std::string_view user, std::string_view conversation) {
  if (owns(state, user) || CONVOKE_MUTATED(members_see_all)) return true;
  const auto found = std::ranges::find(state.conversations, conversation, &state::ConversationT::id);
  return found != state.conversations.end() && is_member(*found, user_author(user));
}

std::vector<std::string> people_with(const State& state, std::string_view agent) {
  std::vector<std::string> people;
  for (const auto& known : state.conversations) {
    if (known.kind != wire::ConversationKind::direct || known.agents.front() != agent) continue;
    for (const auto& member : known.members)
      if (is_person(member)) people.push_back(member.name.substr(person.size()));
  }
  return people;
}

Status admit(const Context& c, const wire::CommandT& command) {
  const bool is_member = takes_part(c.state, command.user);
  if (const auto* chat = command.body.AsOpenChat()) return is_member || may_join(c, command, *chat) ? Status{} : unknown(command);
  if (!is_member) return unknown(command);
  switch (command.body.type) {
    case wire::CommandBody::Post: return {};  // into their conversations: it looks itself
    case wire::CommandBody::Cancel: return may_cancel(c, command, *command.body.AsCancel());
    case wire::CommandBody::AnswerRequest: {
      const auto& wanted = command.body.AsAnswerRequest()->request;
      const auto* request = find_request(c.state, wanted);
      if (request == nullptr || !sees(c.state, command.user, request->conversation)) return not_open_to_guest(c.state, wanted);
      return {};
    }
    case wire::CommandBody::Decide: return fail(Fault::not_found, fmt::format("no plan '{}'", command.body.AsDecide()->plan));
    case wire::CommandBody::Clarify: return fail(Fault::not_found, fmt::format("no plan '{}'", command.body.AsClarify()->plan));
    case wire::CommandBody::SettleLetter:
      return fail(Fault::not_found, fmt::format("no dead letter '{}'", command.body.AsSettleLetter()->id));
    default: return fail(Fault::forbidden, "the session belongs to somebody else");
  }
}

Result<Entered> enter(Context& c, const agents::Team& team, std::string_view user, std::string_view agent) {
  const auto name = user_author(user);
  auto* known = find_direct(c.state, agent);
  if (known != nullptr && is_member(*known, name)) return Entered{known->id};
  if (known != nullptr && people_in(*known) >= team.limits.max_people)
    return fail(Fault::limit, fmt::format("the conversation has {} people already; the team allows no more", team.limits.max_people));
  if (known == nullptr && c.state.conversations.size() >= max_conversations)
    return fail(Fault::limit, "the session has too many conversations; begin a new one");
  c.touch();
  if (known == nullptr && owns(c.state, user)) return Entered{c.direct_with(agent, user).id};
  auto& joined = c.direct_with(agent, user);
  if (known != nullptr) {
    state::MemberT member;
    member.name = name;
    joined.members.push_back(std::move(member));
  }
  Entered entered{joined.id, joined.head + 1};
  auto event = c.event(wire::EventKind::member_joined, entered.conversation, name);
  event.data = render({{"member", name}});
  c.post(std::move(event));
  c.summary_changed = true;
  const bool is_listed = owns(c.state, user) || std::ranges::find(c.state.outboxes, user, &state::OutboxT::user) != c.state.outboxes.end();
  if (is_listed || CONVOKE_MUTATED(member_untold)) return entered;
  state::OutboxT outbox;
  outbox.user = user;
  c.state.outboxes.push_back(std::move(outbox));
  return entered;
}

}  // namespace convoke::groupchat::session
