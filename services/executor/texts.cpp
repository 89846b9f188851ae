#include "executor/texts.hpp"

#include <fmt/format.h>

#include "core/fault.hpp"
#include "core/text.hpp"

namespace convoke::executor {

namespace {

constexpr std::size_t longest_reply = 8 * 1024;  // of one step, in another step's input
constexpr std::string_view function_mark = "Function:";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string shortened(const std::string& text) {
  if (text.size() <= longest_reply) return text;
  return std::string(truncate_utf8(text, longest_reply)) + "\n(shortened)";
}

/// The action without its `Function: …`, for people.
std::string_view plain_action(const wire::StepT& step) {
  const std::string_view action = action_of(step);
  return trimmed(action.substr(0, action.rfind(function_mark)));
}

std::string_view words(wire::StepStatus status) {
  switch (status) {
    case wire::StepStatus::planned: return "planned";
    case wire::StepStatus::awaiting_feedback: return "waiting for approval";
    case wire::StepStatus::approved: return "approved, not begun";
    case wire::StepStatus::rejected: return "rejected";
    case wire::StepStatus::action_requested: return "in progress";
    case wire::StepStatus::completed: return "completed";
    case wire::StepStatus::failed: return "failed";
    case wire::StepStatus::cancelled: return "cancelled";
  }
  return "unknown";
}

}  // namespace

const std::string& action_of(const wire::StepT& step) { return step.updated_action.empty() ? step.action : step.updated_action; }

std::string function_in(std::string_view action) {
  const auto mark = action.rfind(function_mark);
  if (mark == std::string_view::npos) return {};
  const auto rest = trimmed(action.substr(mark + function_mark.size()));
  std::size_t end = 0;
  while (end < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[end])) != 0 || rest[end] == '_' || rest[end] == '-')) ++end;
  return std::string(rest.substr(0, end));
}

std::string input_of(const wire::PlanT& plan, const wire::StepT& step) {
  std::string history;
  if (!plan.clarification_response.empty()) {
    history += fmt::format("The person was asked: {}\nThe person answered: {}\n", plan.clarification_request, plan.clarification_response);
  }
  for (const auto& other : plan.steps) {
    if (other.status != wire::StepStatus::completed) continue;
    history += fmt::format("{}: {}\n{} replied: {}\n", other.id, plain_action(other), other.agent, shortened(other.agent_reply));
  }
  std::string text;
  if (!history.empty()) text += fmt::format("<conversation_history>\n{}</conversation_history>\n", history);
  if (!step.human_feedback.empty()) text += fmt::format("Comment of the person who approved this step: {}\n", step.human_feedback);
  if (step.failures > 0) {
    text += "An earlier try at this step failed. What it did is in your transcript: do not do again what a tool result says is done.\n";
  }
  text += fmt::format("Goal: {}\n", plan.goal);
  text += action_of(step);
  if (!step.function.empty() && function_in(action_of(step)).empty()) text += fmt::format(" {} {}", function_mark, step.function);
  return text;
}

std::string replan_text(const wire::PlanT& plan) {
  std::string text = "The plan cannot go on as it is.\n";
  for (const auto& step : plan.steps) {
    if (step.status == wire::StepStatus::failed) {
      text += fmt::format("Failed: {} ({}): {} [{}]\n", plain_action(step), step.agent, shortened(step.agent_reply),
                          name_of(static_cast<Fault>(step.fault)));
    }
  }
  for (const auto& step : plan.steps) {
    if (step.status == wire::StepStatus::completed) {
      text += fmt::format("Done: {} ({}): {}\n", plain_action(step), step.agent, shortened(step.agent_reply));
    } else if (step.status == wire::StepStatus::rejected) {
      text += fmt::format("Rejected by the person: {} ({}) {}\n", plain_action(step), step.agent, step.human_feedback);
    } else if (step.status == wire::StepStatus::action_requested) {
      text += fmt::format("In progress: {} ({})\n", plain_action(step), step.agent);
    }
  }
  return text + "Plan only what is still to be done, and in another way than what failed.";
}

std::string outcome_of(const wire::PlanT& plan, std::string_view why) {
  if (why.empty() && plan.steps.size() == 1 && plan.steps[0].status == wire::StepStatus::completed) return plan.steps[0].agent_reply;
  std::string text(why);
  std::size_t number = 0;
  for (const auto& step : plan.steps) {
    if (!text.empty()) text += "\n\n";
    text += fmt::format("{}. {} ({}): {}", ++number, plain_action(step), step.agent, words(step.status));
    if (!step.agent_reply.empty()) text += "\n" + step.agent_reply;
    if (step.status == wire::StepStatus::rejected && !step.human_feedback.empty()) text += "\n" + step.human_feedback;
  }
  return text;
}

}  // namespace convoke::executor
