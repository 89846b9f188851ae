// Random sequences of events, fitting and stale ones: what must hold after each decision.
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "plans.hpp"

using namespace plans;
using wire::ApprovalPolicy;

namespace {

const std::set<std::string> stop_reasons{
    "completed", "completed_with_failures", "failed",    "rejected",        "cancelled", "no_plan", "over_budget",
    "stalled",   "clarification_expired",   "timed_out", "approval_expired"};

bool terminal(StepStatus status) {
  return status == StepStatus::completed || status == StepStatus::failed || status == StepStatus::rejected ||
         status == StepStatus::cancelled;
}

class Sequence {
 public:
  Sequence(std::uint32_t seed, ApprovalPolicy policy) : random_(seed), run_(policy) {
    run_.plan.max_replans = below(3);
    run_.plan.max_stalls = 1 + below(3);
  }

  void step() {
    std::vector<wire::PlanEventT> inbox;
    const auto count = 1 + below(3);
    for (std::uint32_t i = 0; i < count; ++i) inbox.push_back(any());
    take(std::move(inbox));
  }

  /// Answers everything that is open; a run ends within a bounded number of decisions.
  void drive_to_the_end() {
    for (int decisions = 0; run_.plan.stop_reason.empty(); ++decisions) {
      REQUIRE(decisions < 200);
      run_.pass(60'000);
      take({answer()});
    }
  }

  const Run& run() const { return run_; }
  int ends() const { return ends_; }

 private:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  wire::PlanEventT proposal_of_any() {
    static const std::vector<std::string> agents{"HrAgent", "ProductAgent", "HumanAgent"};
    std::vector<Proposal> steps;
    const auto count = below(5);
    for (std::uint32_t i = 0; i < count; ++i) {
      Proposal step{agents[below(3)], {}, below(2) == 0};
      if (i > 0 && below(2) == 0) step.depends_on.push_back(below(i));
      steps.push_back(step);
    }
    return proposal(std::move(steps), "Way " + std::to_string(below(4)));
  }

  std::string any_step() {
    if (run_.plan.steps.empty() || below(8) == 0) return below(2) == 0 ? "" : "s~p1s99";
    return run_.plan.steps[below(static_cast<std::uint32_t>(run_.plan.steps.size()))].id;
  }

  wire::PlanEventT any() {
    static const std::vector<Fault> faults{Fault::model_overloaded, Fault::forbidden, Fault::unknown_outcome, Fault::timeout};
    switch (below(14)) {
      case 0: return proposal_of_any();
      case 1: return below(3) == 0 ? question("Which?") : proposal_of_any();
      case 2: return event(PlanEventKind::clarified, {}, "that");
      case 3:
      case 4: return event(PlanEventKind::approved, any_step());
      case 5: return event(PlanEventKind::rejected, below(3) == 0 ? any_step() : "none");
      case 6: return edited(any_step(), "Changed " + std::to_string(below(100)));
      case 7:
      case 8:
      case 9: return event(PlanEventKind::step_done, any_step(), "done");
      case 10: return failure(any_step(), faults[below(4)]);
      case 11: run_.pass(below(90'000)); return event(PlanEventKind::wake);
      case 12: return event(below(10) == 0 ? PlanEventKind::cancel : PlanEventKind::none);
      default: return event(below(6) == 0 ? PlanEventKind::planning_failed : PlanEventKind::timed_out, below(3) == 0 ? any_step() : "x");
    }
  }

  wire::PlanEventT answer() {
    if (run_.plan.status == wire::PlanStatus::planning) return proposal_of_any();
    if (run_.plan.status == wire::PlanStatus::awaiting_clarification) return event(PlanEventKind::clarified, {}, "that");
    for (const auto& step : run_.plan.steps) {
      if (step.status == StepStatus::planned || step.status == StepStatus::awaiting_feedback)
        return event(PlanEventKind::approved, step.id);
      if (step.status != StepStatus::action_requested) continue;
      return below(4) == 0 ? failure(step.id, Fault::model_overloaded) : event(PlanEventKind::step_done, step.id, "done");
    }
    return event(PlanEventKind::wake);
  }

  void take(std::vector<wire::PlanEventT> inbox) {
    const auto before = run_.plan;
    const auto decision = run_.take(std::move(inbox));
    check(before, decision);
  }

  void check(const wire::PlanT& before, const wire::PlanDecisionT& decision) {
    const auto& plan = run_.plan;
    CHECK(plan.consumed >= before.consumed);
    CHECK(decision.consumed == plan.consumed);
    CHECK(plan.stop_reason.empty() == (plan.ended_ms == 0));
    if (!before.stop_reason.empty()) {
      auto same = before;
      same.consumed = plan.consumed;
      CHECK(plan == same);
      CHECK(decision.stop_reason.empty());
      CHECK(decision.assign.empty());
      CHECK(decision.ask.empty());
    }
    if (!decision.stop_reason.empty()) {
      ++ends_;
      CHECK(stop_reasons.contains(decision.stop_reason));
      CHECK(std::ranges::all_of(plan.steps, [](const auto& step) { return terminal(step.status); }));
      CHECK(decision.assign.empty());
      CHECK_FALSE(decision.text.empty());
    }
    std::set<std::string> ids;
    for (const auto& step : plan.steps) CHECK(ids.insert(step.id).second);
    for (const auto& old : before.steps) {
      const auto found = std::ranges::find(plan.steps, old.id, &wire::StepT::id);
      if (found == plan.steps.end()) {
        // Edited, or failed and wanted once more.
        CHECK((old.status == StepStatus::planned || old.status == StepStatus::awaiting_feedback || old.status == StepStatus::failed));
        CHECK(std::ranges::any_of(plan.steps, [&](const auto& step) { return step.replaces == old.id || !step.replaces.empty(); }));
      } else if (terminal(old.status)) {
        CHECK(found->status == old.status);
        CHECK(found->agent_reply == old.agent_reply);
      }
    }
    for (const auto& given : decision.assign) check_given(before, given.step);
    if (!decision.replan) CHECK((plan.replan_reason.empty() || plan.status == wire::PlanStatus::planning));
    CHECK(plan.replans <= std::max(before.replans + 1, plan.max_replans));
  }

  void check_given(const wire::PlanT& before, const std::string& id) {
    const auto step = *std::ranges::find(run_.plan.steps, id, &wire::StepT::id);
    CHECK(step.status == StepStatus::action_requested);
    CHECK(step.approval == wire::ApprovalStatus::accepted);
    for (const auto& needed : step.depends_on) {
      CHECK(std::ranges::find(run_.plan.steps, needed, &wire::StepT::id)->status == StepStatus::completed);
    }
    const auto old = std::ranges::find(before.steps, id, &wire::StepT::id);
    if (old != before.steps.end()) CHECK(old->status != StepStatus::action_requested);
    if (run_.plan.policy == ApprovalPolicy::each_step || run_.plan.policy == ApprovalPolicy::whole_plan) {
      // Somebody has seen it: it, or the step it replaces, was in the plan before this inbox.
      CHECK((old != before.steps.end() || std::ranges::find(before.steps, step.replaces, &wire::StepT::id) != before.steps.end()));
    }
  }

  std::mt19937 random_;
  Run run_;
  int ends_ = 0;
};

}  // namespace

TEST_CASE("executor: whatever happens, terminal states stay, nothing unapproved runs and a run stops once") {
  std::map<std::string, int> seen;
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    const auto policy = static_cast<ApprovalPolicy>(1 + seed % 4);
    Sequence sequence(seed, policy);
    for (int i = 0; i < 25; ++i) sequence.step();
    sequence.drive_to_the_end();
    for (int i = 0; i < 5; ++i) sequence.step();
    REQUIRE(sequence.ends() == 1);
    ++seen[sequence.run().plan.stop_reason];
  }
  // The sequences reach the different ends, or they would prove little.
  CHECK(seen.size() >= 6);
}
