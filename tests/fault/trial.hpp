// One task that passes through everything: a plan that is approved, a question from one agent to another, a tool that is not idempotent, a
// second step that needs the first; with people who watch and answer whatever they are asked. Whatever happens to the processes meanwhile,
// what is left must be the same: the plan, all logs, the agents' transcripts, the session as it is read and as the user's list has it, how
// many keys of which kind it takes in Redis, all effects and the till. The outcome tells it without what may differ (ids, times, attempts,
// spans, and what was asked about an unknown outcome).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fault/person.hpp"
#include "fault/till.hpp"
#include "fault/wire.hpp"
#include "support/installation.hpp"

namespace convoke::test {

struct Outcome {
  Json state;                         // normalised
  int unknown = 0;                    // how often a person was asked what had become of a call
  std::vector<std::string> mistakes;  // what must never be, whatever happened
  Json without_call;                  // `state` without the call that a person was asked about, the question, and what they change
  int strikes = 0;                    // commands that are held for what killed their owners
  bool asked = false;                 // whether a log has such a question
  int resumed = 0;                    // how often who reads over a WebSocket went on after being cut off

  /// What differs from an outcome without faults, as a JSON patch; empty when nothing does. If a person was asked what had become of the
  /// call that is not idempotent, the log does not tell that call as it would have.
  std::string unlike(const Outcome& faultless) const;
};

/// Where the people of a trial connect, each host:port; empty: at the installation's gateway.
struct Doors {
  std::string asker = {};     // gives the task and answers
  std::string onlooker = {};  // reads pages
  std::string watcher = {};   // `convoke watch`
  std::string reader = {};    // reads over a WebSocket
};

class Trial {
 public:
  /// `history`: where what people did and saw in all trials is appended, for tests/linear; empty: nowhere.
  explicit Trial(std::filesystem::path history = {});

  /// For an installation on which trials run: its team, its model's script, time-outs below two seconds. `folder`: of failpoints.
  InstallationOptions options() const;
  std::string failpoints() const { return folder_.file("failpoints"); }

  /// Gives the task to `session` and sees it through; `meanwhile` is called again and again. Throws std::runtime_error when it does not
  /// end.
  Outcome run(
      Installation& installation, const std::string& session, const std::function<void()>& meanwhile = [] {}, const Doors& doors = {});

  /// What a new task is given to: whoever applies a team says here which version it is.
  int team_version = 1;

  /// What processes are to do from now on (libs/core/failpoint.hpp); empty: nothing.
  void order(const std::string& orders) const;
  bool obeyed(const std::string& name) const;
  /// What was passed since the last call, and how often by the process that passed it most.
  std::map<std::string, int> passed() const;

  /// Between the workers and the till.
  Wire& line() { return *line_; }

 private:
  Json task(Person& person, const std::string& session) const;
  void see_through(Installation& installation, const std::string& session, Person& person, int charges_before,
                   const std::function<void()>& meanwhile, Outcome& outcome);
  bool settle(Installation& installation, const std::string& session, Person& person, int charges_before, Outcome& outcome);
  static void judge(Installation& installation, const std::string& session, const Json& task, Outcome& outcome);

  std::filesystem::path history_;
  TempDir folder_;
  Till till_;
  std::unique_ptr<Wire> line_;
};

}  // namespace convoke::test
