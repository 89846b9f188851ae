// A conversation for eyes: frames of /api/ws in, lines out. One message streams at a time, the others are shown when they are complete;
// whatever was restarted says so. Knows what the plan's steps are, so that progress can be told.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/output.hpp"

namespace convoke::cli {

/// A question that a person has to answer.
struct Question {
  std::string request;
  std::string kind;  // approval, clarification, input, unknown_outcome
  std::string plan;
  std::string step;
  std::string text;
  std::uint64_t seq = 0;  // of the event that opened it
};

class Show {
 public:
  explicit Show(Output& out) : out_(&out) {}

  void frame(const Json& frame);
  /// The line of progress: how long this takes already, and what keeps it, if anything does.
  void progress(std::int64_t elapsed_ms, const std::string& trouble = {});
  /// An event from before what is shown: what it says is known then, nothing is printed.
  void recall(const Json& event);

  /// Questions opened and not closed yet, by request.
  const std::map<std::string, Question>& questions() const { return questions_; }
  bool ended() const { return !ended_run_.empty(); }
  const std::string& ended_run() const { return ended_run_; }  // the last one that ended
  const std::string& stop_reason() const { return stop_reason_; }
  /// Of what the run ended as, for an exit code.
  bool completed() const { return ended() && (stop_reason_ == "completed" || stop_reason_ == "completed_with_failures"); }
  /// `2` for the second step; the id when it is not known.
  std::string step_label(const std::string& step) const;
  std::uint32_t revision() const { return revision_; }
  /// Of a task all is said: its last run has ended, and `next` is behind everything that was there at the subscription.
  bool at_rest(std::uint64_t next) const;
  /// A step is being carried out that no question holds up.
  bool working() const;

 private:
  struct Message {
    std::string author;
    std::string text;
    std::uint32_t attempt = 0;
    std::size_t shown = 0;
    std::uint64_t received = 0;  // bytes as they came
  };
  struct Step {
    std::size_t number = 0;
    std::string action;
    std::string agent;
    std::string status;
  };

  void event(const Json& event);
  void delta(const Json& delta);
  void said(const Json& event);
  void plan(const Json& event);
  void step(const Json& event);
  void stream(Message& message);
  /// A line of its own: at once, or when the message that is being written has its end.
  void tell(std::string line);
  void release();
  std::string head_of(const std::string& author) const;
  void head(const std::string& author);

  Output* out_;
  std::map<std::string, Message> messages_;
  std::string streaming_;                     // message id
  std::vector<std::string> held_;             // lines that would have cut through it
  std::optional<std::int64_t> stands_since_;  // when nothing more came of it
  std::map<std::string, Step> steps_;
  std::map<std::string, Question> questions_;
  std::string working_;
  std::string stop_reason_;
  std::string ended_run_;
  std::string last_run_;
  std::optional<std::uint64_t> head_;  // of the log, when it was subscribed to
  bool is_task_ = false;
  std::uint32_t revision_ = 0;
  std::size_t frames_ = 0;
};

/// `HrAgent` of `agent/company.HrAgent`, `planner`, `you`, `convoke`.
std::string speaker(std::string_view author);
/// The teams of which the gateway's directory knows anything.
std::set<std::string> teams_in(const Json& directory);
/// Adds what a directory does not have: the agents of a team (as `/api/teams/TEAM` tells it) that have neither a worker nor work.
void add_absent_agents(Json& directory, const Json& team);
/// The table of agents in the gateway's directory.
std::vector<std::string> agent_lines(const Json& directory);
/// Every partition is held.
bool is_whole(const Json& directory);

}  // namespace convoke::cli
