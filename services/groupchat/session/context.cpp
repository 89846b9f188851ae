#include "groupchat/session/context.hpp"

#include <algorithm>

#include "core/mutation.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat::session {

std::string Context::new_id(char letter) {
  touch();
  return state.session + "~" + letter + std::to_string(state.next_id++);
}

wire::EventT Context::event(wire::EventKind kind, std::string_view conversation_id, std::string author) {
  wire::EventT event;
  event.kind = kind;
  event.conversation = conversation_id;
  event.author = std::move(author);
  return event;
}

void Context::post(wire::EventT event) {
  auto* log = find_conversation(state, event.conversation);
  if (log == nullptr) return;
  if (CONVOKE_MUTATED(event_number_skipped) && log->head == 2) ++log->head;
  event.seq = ++log->head;
  event.id = wire::to_wire(draft.ids->next(draft.now.unix));
  event.at_ms = now_ms();
  event.session_version = draft.version;
  if (const auto* run = find_run(state, event.run)) event.trace = run->trace;
  log->head_id = event.id;
  draft.append(log_of(event.conversation), event.seq, wire::pack(event));
  if (CONVOKE_MUTATED(event_changed_after_packing)) event.run.clear();
  draft.events.push_back(std::move(event));
}

void Context::transcribe(state::InstanceT& of, const state::TranscriptEntryT& entry) {
  draft.append(transcript_of(of.agent), ++of.transcript, wire::pack(entry));
}

state::InstanceT& Context::instance(std::string_view agent) {
  if (auto* found = find_instance(state, agent)) return *found;
  touch();
  state::InstanceT fresh;
  fresh.agent = agent;
  return state.instances.emplace_back(std::move(fresh));
}

state::ConversationT& Context::conversation(wire::ConversationKind kind, std::vector<std::string> members,
                                            std::vector<std::string> agents) {
  static constexpr char letters[] = {'d', 'q', 'r', 't'};
  state::ConversationT fresh;
  fresh.id = new_id(letters[static_cast<std::size_t>(kind)]);
  fresh.kind = kind;
  for (auto& name : members) {
    state::MemberT member;
    member.name = std::move(name);
    fresh.members.push_back(std::move(member));
  }
  fresh.agents = std::move(agents);
  return state.conversations.emplace_back(std::move(fresh));
}

state::ConversationT& Context::pair_of(std::string_view left, std::string_view right) {
  std::vector<std::string> both{std::string(left), std::string(right)};
  std::ranges::sort(both);
  for (auto& known : state.conversations)
    if (known.kind == wire::ConversationKind::pair && known.agents == both) return known;
  return conversation(wire::ConversationKind::pair, {agent_author(both[0]), agent_author(both[1])}, both);
}

state::ConversationT& Context::direct_with(std::string_view agent, std::string_view user) {
  for (auto& known : state.conversations)
    if (known.kind == wire::ConversationKind::direct && known.agents.front() == agent) return known;
  return conversation(wire::ConversationKind::direct, {user_author(user), agent_author(agent)}, {std::string(agent)});
}

}  // namespace convoke::groupchat::session
