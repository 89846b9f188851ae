#include "planner/validate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/text.hpp"
#include "llm/json_text.hpp"

namespace convoke::planner {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view function_mark = "Function:";
constexpr std::size_t max_shown = 60;  // bytes of what is wrong

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// Models without structured output put JSON between fences or into prose.
std::string_view json_part(std::string_view answer) {
  const auto begin = answer.find('{');
  const auto end = answer.rfind('}');
  return begin == std::string_view::npos || end == std::string_view::npos || end < begin ? answer : answer.substr(begin, end - begin + 1);
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? std::string(trimmed(found->get_ref<const std::string&>())) : std::string();
}

std::string function_in(std::string_view action) {
  const auto mark = action.rfind(function_mark);
  if (mark == std::string_view::npos) return {};
  const auto rest = trimmed(action.substr(mark + function_mark.size()));
  return std::string(rest.substr(0, rest.find_first_of(" .,;`\"'()\n")));
}

std::string names_of_agents(const agents::Team& team) {
  std::vector<std::string_view> names;
  names.reserve(team.agents.size());
  for (const auto& agent : team.agents) names.emplace_back(agent.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string others_with(const agents::Team& team, std::string_view function) {
  std::vector<std::string_view> names;
  for (const auto& agent : team.agents) {
    if (agents::find_tool(agent, function) != nullptr) names.emplace_back(agent.name);
  }
  return names.empty() ? "no agent has it" : fmt::format("it belongs to {}", fmt::join(names, ", "));
}

class StepReader {
 public:
  StepReader(const agents::Team& team, std::size_t index) : team_(team), index_(index) {}

  Result<wire::DraftStepT> read(const Json& json) {
    if (!json.is_object()) return refuse("it is not an object");
    wire::DraftStepT step;
    step.action = text_of(json, "action");
    if (step.action.empty()) return refuse("its action is empty");
    const auto named = text_of(json, "agent");
    const auto* agent = agents::find_agent(team_, short_name(named));
    if (agent == nullptr) return refuse(fmt::format("there is no agent '{}'; the agents are {}", named, names_of_agents(team_)));
    step.agent = agent->name;
    step.function = text_of(json, "function");
    if (step.function.empty()) step.function = function_in(step.action);
    if (auto fits = check_function(*agent, step); !fits) return std::unexpected(std::move(fits.error()));
    if (auto fits = read_dependencies(json, step); !fits) return std::unexpected(std::move(fits.error()));
    return step;
  }

 private:
  std::unexpected<Error> refuse(const std::string& why) const {
    return fail(Fault::model_invalid, fmt::format("steps[{}]: {}.", index_, why));
  }

  std::string_view short_name(std::string_view name) const {
    return name.starts_with(team_.name + ".") ? name.substr(team_.name.size() + 1) : name;
  }

  Status check_function(const agents::Agent& agent, wire::DraftStepT& step) const {
    const auto* tool = agents::find_tool(agent, step.function);
    if (tool != nullptr) {
      step.sensitive = tool->sensitive;
      if (function_in(step.action) != step.function) step.action += fmt::format(" {} {}", function_mark, step.function);
      return {};
    }
    if (agent.kind == agents::AgentKind::specialist) {
      if (step.function.empty()) return refuse(fmt::format("its action names no function of {}", agent.name));
      return refuse(fmt::format("{} has no function '{}'; {}", agent.name, step.function, others_with(team_, step.function)));
    }
    // These two take what no function does; a function named all the same would promise something that nobody carries out.
    const auto mark = step.action.rfind(function_mark);
    if (mark != std::string::npos) step.action = std::string(trimmed(std::string_view(step.action).substr(0, mark)));
    if (step.action.empty()) return refuse("its action says nothing but a function, which its agent does not have");
    step.function.clear();
    const auto exception = agent.kind == agents::AgentKind::generic ? generic_exception : human_exception;
    if (step.action.find("EXCEPTION:") == std::string::npos) step.action += fmt::format(" {}", exception);
    return {};
  }

  Status read_dependencies(const Json& json, wire::DraftStepT& step) const {
    const auto found = json.find("depends_on");
    if (found == json.end() || found->is_null()) return {};
    if (!found->is_array()) return refuse("depends_on is not a list");
    for (const auto& entry : *found) {
      if (!entry.is_number_integer() || entry.get<std::int64_t>() < 0 || entry.get<std::int64_t>() >= static_cast<std::int64_t>(index_)) {
        return refuse(
            fmt::format("depends_on may only name earlier steps, counted from 0, and has {}", truncate_utf8(llm::dump(entry), max_shown)));
      }
      const auto earlier = entry.get<std::uint32_t>();
      if (std::ranges::find(step.depends_on, earlier) == step.depends_on.end()) step.depends_on.push_back(earlier);
    }
    return {};
  }

  const agents::Team& team_;
  std::size_t index_;
};

}  // namespace

Result<wire::PlanDraftT> draft_from(const agents::Team& team, std::string_view answer) {
  const auto read = llm::parse_object(json_part(answer), Fault::model_invalid, "The answer");
  if (!read) return fail(Fault::model_invalid, read.error().message + ".");
  const auto& json = *read;
  wire::PlanDraftT draft;
  draft.summary = text_of(json, "summary_plan_and_steps");
  draft.clarification_request = text_of(json, "human_clarification_request");
  if (!draft.clarification_request.empty()) return draft;
  const auto steps = json.find("steps");
  if (steps == json.end() || !steps->is_array() || steps->empty()) {
    return fail(Fault::model_invalid, "It has no steps and asks for nothing.");
  }
  if (steps->size() > team.limits.max_plan_steps) {
    return fail(Fault::model_invalid, fmt::format("It has {} steps; at most {} are allowed.", steps->size(), team.limits.max_plan_steps));
  }
  for (const auto& entry : *steps) {
    auto step = StepReader(team, draft.steps.size()).read(entry);
    if (!step) return std::unexpected(std::move(step.error()));
    draft.steps.push_back(std::move(*step));
  }
  return draft;
}

std::string called_off(std::string_view answer) {
  const auto read = llm::parse_object(json_part(answer), Fault::model_invalid, "The answer");
  if (!read || !text_of(*read, "human_clarification_request").empty()) return {};
  const auto steps = read->find("steps");
  if (steps == read->end() || !steps->is_array() || !steps->empty()) return {};
  return text_of(*read, "summary_plan_and_steps");
}

}  // namespace convoke::planner
