#include "planner/prompt.hpp"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "planner/validate.hpp"

namespace convoke::planner {

using Json = nlohmann::ordered_json;

std::string catalogue_of(const agents::Team& team) {
  Json list = Json::array();
  for (const auto& agent : team.agents) {
    Json tools = Json::array();
    for (const auto& tool : agent.tools) {
      Json entry = {{"name", tool.name}, {"description", tool.description}, {"parameters", Json::parse(tools::schema_of(tool))}};
      if (!tool.synonyms.empty()) entry["synonyms"] = tool.synonyms;
      tools.push_back(std::move(entry));
    }
    list.push_back({{"name", agent.name}, {"description", agent.description}, {"kind", name_of(agent.kind)}, {"tools", std::move(tools)}});
  }
  return list.dump();
}

namespace {

const agents::Agent* agent_of_kind(const agents::Team& team, agents::AgentKind kind) {
  for (const auto& agent : team.agents) {
    if (agent.kind == kind) return &agent;
  }
  return nullptr;
}

std::string rules(const agents::Team& team) {
  std::string text = fmt::format(
      "You are the planner of a team of agents. You are given a goal. Answer with a plan: the steps that reach it, each carried out by one "
      "agent "
      "with one of its functions. You plan and do nothing else.\n\n"
      "Rules:\n"
      "- Use as few steps as the goal needs, at most {}. What one function can do is a plan of one step.\n"
      "- Only agents and functions of the catalogue exist. A step names the agent whose function it is.\n"
      "- The action is one short sentence that holds everything the agent has to know, and ends with `Function: <name>`.\n"
      "- `depends_on` lists the steps, counted from 0, whose results a step needs. Steps that do not need each other are left independent; "
      "they run at the same time.\n"
      "- If information is missing that a function needs, look first whether a step can find it out. Otherwise ask the person for all of "
      "it "
      "at once in `human_clarification_request`, with no steps. Do not put questions into actions, and do not invent values. If nothing is "
      "missing it is null.\n"
      "- If the person calls the goal off when asked, answer without steps and without a question, and say so in the summary.\n"
      "- `summary_plan_and_steps` tells the person in less than 50 words what will be done.\n",
      team.limits.max_plan_steps);
  if (const auto* generic = agent_of_kind(team, agents::AgentKind::generic)) {
    text += fmt::format(
        "- What no function does, but a language model can do by itself, is a step of {}, without a function, and its action ends with "
        "`{}`\n",
        generic->name, generic_exception);
  }
  if (const auto* human = agent_of_kind(team, agents::AgentKind::human)) {
    text += fmt::format("- What only a person can do is a step of {}, without a function, and its action ends with `{}`\n", human->name,
                        human_exception);
  }
  return text;
}

}  // namespace

std::vector<llm::Message> messages_for(const agents::Team& team, const std::string& catalogue, const wire::WorkT& work,
                                       const std::string& today) {
  std::vector<llm::Message> messages;
  llm::Message system;
  system.role = llm::Role::system;
  system.content = fmt::format("{}\nThe catalogue:\n```json\n{{\"agents\": {}, \"max_plan_steps\": {}, \"today\": \"{}\"}}\n```\n",
                               rules(team), catalogue, team.limits.max_plan_steps, today);
  messages.push_back(std::move(system));
  const auto* plan = work.plan.get();
  llm::Message goal;
  goal.content = "Goal: " + (work.goal.empty() && plan != nullptr ? plan->goal : work.goal);
  if (plan != nullptr && !plan->steps.empty()) goal.content += "\nEarlier results:\n" + plan->replan_reason;
  messages.push_back(std::move(goal));
  if (plan == nullptr || plan->clarification_response.empty()) return messages;
  llm::Message question;
  question.role = llm::Role::assistant;
  question.content = plan->clarification_request;
  messages.push_back(std::move(question));
  llm::Message answer;
  std::string_view rest = plan->clarification_response;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    if (!line.empty()) answer.content += fmt::format("{}Clarification: {}", answer.content.empty() ? "" : "\n", line);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  messages.push_back(std::move(answer));
  return messages;
}

llm::ResponseSchema plan_schema() {
  static const std::string schema =
      Json{{"type", "object"},
           {"additionalProperties", false},
           {"required", {"initial_goal", "steps", "summary_plan_and_steps", "human_clarification_request"}},
           {"properties",
            {{"initial_goal", {{"type", "string"}, {"description", "The goal in your own words."}}},
             {"steps",
              {{"type", "array"},
               {"items",
                {{"type", "object"},
                 {"additionalProperties", false},
                 {"required", {"action", "agent", "function", "depends_on"}},
                 {"properties",
                  {{"action", {{"type", "string"}, {"description", "One sentence, ending with Function: <name>."}}},
                   {"agent", {{"type", "string"}}},
                   {"function", {{"type", "string"}, {"description", "Empty for agents without functions."}}},
                   {"depends_on", {{"type", "array"}, {"items", {{"type", "integer"}}}}}}}}}}},
             {"summary_plan_and_steps", {{"type", "string"}}},
             {"human_clarification_request", {{"type", {"string", "null"}}}}}}}
          .dump();
  return {"plan", schema, true};
}

llm::Message correction(const std::string& reason) {
  llm::Message message;
  message.content = fmt::format("This plan cannot be used: {}\nAnswer with a plan that can.", reason);
  return message;
}

std::string date_of(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{unix_ms}};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace convoke::planner
