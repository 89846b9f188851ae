#include "worker/offer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace convoke::worker {

namespace {

constexpr std::string_view chat_schema =
    R"({"type":"object","properties":{"agent_name":{"type":"string","description":"Name of the agent."},)"
    R"("question":{"type":"string","description":"The question, with everything the agent has to know."}},)"
    R"("required":["agent_name","question"],"additionalProperties":false})";
constexpr std::string_view question_schema =
    R"({"type":"object","properties":{"question":{"type":"string","description":"The question."}},)"
    R"("required":["question"],"additionalProperties":false})";
constexpr std::string_view message_schema = R"({"type":"object","properties":{"message":{"type":"string","description":"The message."}},)"
                                            R"("required":["message"],"additionalProperties":false})";

constexpr std::string_view end_schema =
    R"({"type":"object","properties":{"reason":{"type":"string","description":"What people are told."},)"
    R"("called_off":{"type":"boolean","description":"Whether a person called it off."}},)"
    R"("required":["reason","called_off"],"additionalProperties":false})";

std::string date_of(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{unix_ms}};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace

std::string_view short_name(std::string_view agent) {
  const auto dot = agent.find('.');
  return dot == std::string_view::npos ? agent : agent.substr(dot + 1);
}

bool is_direct(const wire::WorkT& work) {
  return work.kind == wire::TurnKind::chat &&
         std::ranges::all_of(work.input, [](const wire::InputT& input) { return input.kind == wire::InputKind::message; });
}

std::vector<const agents::Agent*> peers_of(const agents::Team& team, const agents::Agent& agent) {
  std::vector<const agents::Agent*> peers;
  for (const auto& other : team.agents) {
    if (other.name != agent.name && agents::may_contact(agent, other.name)) peers.push_back(&other);
  }
  return peers;
}

std::string instructions_for(const agents::Team& team, const agents::Agent& agent, std::int64_t now_unix_ms) {
  auto text =
      fmt::format("{}\n\nYou are {} of the team {}.\nToday is {}.", agent.instructions, agent.name, team.name, date_of(now_unix_ms));
  const auto peers = peers_of(team, agent);
  if (peers.empty()) return text;
  text += fmt::format("\nThese agents can be asked with {}:", chat_with_agent);
  for (const auto* peer : peers) text += fmt::format("\n- {}: {}", peer->name, peer->description);
  return text;
}

std::vector<llm::Tool> own_tools(const agents::Agent& agent) {
  std::vector<llm::Tool> own;
  own.reserve(agent.tools.size());
  for (const auto& tool : agent.tools) own.push_back({tool.name, tools::full_description(tool), tools::schema_of(tool)});
  return own;
}

std::vector<llm::Tool> tools_for(const agents::Team& team, const agents::Agent& agent, const wire::WorkT& work,
                                 const std::vector<llm::Tool>& own) {
  auto offered = own;
  if (!peers_of(team, agent).empty()) {
    offered.push_back({std::string(chat_with_agent), "Asks another agent of the team and waits for its answer.", std::string(chat_schema)});
  }
  if (is_direct(work)) return offered;
  offered.push_back({std::string(ask_human), "Asks a person for what only a person can say or decide, and waits for the answer.",
                     std::string(question_schema)});
  offered.push_back({std::string(contact_human), "Tells a person something without waiting for an answer.", std::string(message_schema)});
  if (work.kind == wire::TurnKind::step)
    offered.push_back({std::string(end_step), "Ends this step undone: a person called it off, or nothing offered here does it.",
                       std::string(end_schema)});
  return offered;
}

}  // namespace convoke::worker
