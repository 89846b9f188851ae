// One decision being made: the plan as it becomes, and what has been asked for so far. Internal to decide.cpp and its parts; events change
// step states (events.cpp), advance() does what follows from the states (advance.cpp), finish() compares before and after.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/fault.hpp"
#include "executor/decide.hpp"

namespace convoke::executor {

inline constexpr std::int64_t first_backoff_ms = 1'000;
inline constexpr std::int64_t longest_backoff_ms = 60'000;

class Deciding {
 public:
  Deciding(const wire::PlanT& plan, Now now, const Rules& rules);

  void on(const wire::PlanEventT& event);
  /// Gives out what is ready, cancels what cannot be done any more, plans anew, ends.
  void advance();
  wire::PlanDecisionT finish();

 private:
  // events.cpp
  void proposed(const wire::PlanDraftT& draft);
  void planning_failed(const wire::PlanEventT& event);
  void clarified(const wire::PlanEventT& event);
  void decided(const wire::PlanEventT& event, bool approved);
  void decide_step(wire::StepT& step, const wire::PlanEventT& event, bool approved);
  void edit(wire::StepT& step, const std::string& action);
  void repeat(wire::StepT& step);
  void replace(wire::StepT& step);
  void step_done(const wire::PlanEventT& event);
  void step_failed(const wire::PlanEventT& event);
  void timed_out(const wire::PlanEventT& event);
  bool retry(wire::StepT& step, Fault fault) const;

  // proposal.cpp
  bool stalls(const wire::PlanDraftT& draft) const;
  void take_over(const wire::PlanDraftT& draft);
  void ask_for_approval();

  // advance.cpp
  void cancel_dependents();
  bool wants_replan() const;
  void ask_planner(std::string reason);
  void give_out();
  void end_when_over();
  void end(std::string_view stop_reason, std::string_view why = {});

  bool ended() const { return plan_.ended_ms != 0; }
  wire::StepT* find(std::string_view id);
  bool is_one_of(const std::vector<std::string>& agents, const wire::StepT& step) const;
  bool is_person(const wire::StepT& step) const { return is_one_of(rules_.people, step); }
  bool is_talker(const wire::StepT& step) const { return is_one_of(rules_.talkers, step); }
  bool ready(const wire::StepT& step) const;
  wire::ApprovalPolicy policy() const;
  std::string next_id();

  const wire::PlanT& before_;
  Now now_;
  const Rules& rules_;
  wire::PlanT plan_;
  wire::PlanDecisionT decision_;
  std::set<std::string, std::less<>> reported_;  // steps whose own turn or request ended in this inbox
};

/// Pending: not decided, or approved and not begun.
bool is_pending(const wire::StepT& step);
/// Completed, failed, rejected or cancelled: never changes again.
bool is_terminal(const wire::StepT& step);

}  // namespace convoke::executor
