// Plans and events for the executor's tests: a plan that remembers its decisions, as the owner would.
#pragma once

#include <string>
#include <vector>

#include "core/fault.hpp"
#include "executor/decide.hpp"

namespace plans {

using namespace convoke;
using wire::PlanEventKind;
using wire::StepStatus;

wire::PlanEventT event(PlanEventKind kind, std::string step = {}, std::string text = {});
wire::PlanEventT failure(std::string step, Fault fault, std::string text = "it broke");
wire::PlanEventT edited(std::string step, std::string action);
/// `steps`: {agent, depends on…}; the function of step n is tool_n.
struct Proposal {
  std::string agent;
  std::vector<std::uint32_t> depends_on = {};
  bool sensitive = false;
};
wire::PlanEventT proposal(std::vector<Proposal> steps, const std::string& prefix = "Do part");
wire::PlanEventT question(std::string text);

/// Holds the plan between decisions and numbers events.
class Run {
 public:
  explicit Run(wire::ApprovalPolicy policy = wire::ApprovalPolicy::none);
  wire::PlanDecisionT take(std::vector<wire::PlanEventT> events);
  wire::PlanDecisionT take(wire::PlanEventT event);
  /// `n` counts from 1.
  const wire::StepT& step(std::size_t n) const { return plan.steps.at(n - 1); }
  std::string id(std::size_t n) const { return step(n).id; }
  void pass(std::int64_t ms) { now.unix += Millis{ms}; }

  wire::PlanT plan;
  Now now;
  executor::Rules rules;
  std::uint64_t next_event = 1;
};

std::vector<std::string> assigned(const wire::PlanDecisionT& decision);
std::vector<std::string> asked(const wire::PlanDecisionT& decision);

}  // namespace plans
