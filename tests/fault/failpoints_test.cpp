// Each process dies once at every place where it commits, sends or hears something, in the middle of a trial; the outcome equals the one
// without faults. Two groupchats share the sessions: when one dies the other takes over. The places are found by a run that records what it
// passes. [full]: all of them. Otherwise fifteen, chosen anew by each
// CONVOKE_TEST_SEED (scripts/test: the commit), so that a few weeks of changes have tried all.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <set>

#include "fault/replica.hpp"
#include "fault/trial.hpp"

using namespace convoke::test;

namespace {

struct Point {
  std::string name;
  int pass = 1;       // the process dies at so manieth pass
  bool rare = false;  // passed only when processes start, come and go, or the team changes
  std::string order() const { return name + ":" + std::to_string(pass) + "=die"; }
};

enum class End { died, passed_by, failed };

// A place that is passed only when two things happen to meet, or when nothing happens for a while, gets another trial.
constexpr int tries_per_place = 5;

// Places that no trial can be made to pass, with the reason: the only ones that may be missed.
const std::set<std::string> exceptions = {};

std::string text_or(const char* variable, const std::string& otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : text;
}

class Killing {
 public:
  explicit Killing(const std::string& history) : trial_(histories() / (history + ".jsonl")) {
    trial_.order("record");
    begin();
    trial_.run(*installation_, "first");
    const auto first = trial_.passed();  // with the start, and what is looked up once
    expected_ = trial_.run(*installation_, "faultless");
    const auto run = trial_.passed();
    stir();
    auto rare = trial_.passed();
    rare.insert(first.begin(), first.end());
    trial_.order("");
    for (const auto& [name, count] : run) {
      // Commits differ from one another, whatever their name: each is tried.
      const int passes = name.find(".commit.s.") == std::string::npos ? 1 : count;
      for (int pass = 1; pass <= passes; ++pass) points_.push_back({name, pass, false});
    }
    for (const auto& [name, count] : rare)
      if (!run.contains(name)) points_.push_back({name, 1, true});
  }

  const Outcome& expected() const { return expected_; }
  std::size_t size() const { return points_.size(); }

  // The seed's order; the same processes are not hit again and again, for then the supervisor waits before it starts them.
  std::vector<Point> chosen(std::size_t most, const std::string& seed) const {
    auto all = points_;
    std::ranges::sort(all, {}, [&](const Point& point) { return std::hash<std::string>{}(seed + point.order()); });
    if (all.size() > most) all.resize(most);
    return all;
  }

  /// Whether it died there; everything else is checked. `again`: it did not the last time.
  End die_at(const Point& point, bool patient, bool again) {
    INFO(point.order());
    ++count_;
    try {
      if (!installation_) begin();
      trial_.order(point.order());
      const auto session = "trial-" + std::to_string(count_);
      const auto effects_before = installation_->effects().size();
      bool begun = !point.rare && !again;  // what was passed by chance is brought about as well
      const auto outcome = trial_.run(*installation_, session, [&] {
        // In the middle of the task, when tools have begun to be called.
        if (begun || installation_->effects().size() == effects_before) return;
        begun = true;
        bring_about(point, again);
      });
      if (!begun && (point.rare || again)) {  // the task was over before anybody had looked
        std::cout << point.order() << ": not met in the middle of the task" << std::endl;
        bring_about(point, again);
      }
      CHECK(outcome.mistakes == std::vector<std::string>{});
      CHECK(outcome.unlike(expected_) == "");
      if (!point.rare && !again) CHECK(outcome.strikes == 0);  // one death is nobody's fault
      // Some are passed only when nothing happens for a while (heartbeats, spans, the heads that readers ask for).
      if ((patient || again) && !trial_.obeyed(point.name)) {
        const auto reader = installation_->cli_process({"watch", session + "~t1", "--stay"});
        eventually(std::chrono::seconds(3), [&] { return trial_.obeyed(point.name); });
      }
      const bool died = trial_.obeyed(point.name);
      trial_.order("");
      CHECK(installation_->wait_ready());
      unknown_ += outcome.unknown;
      return died ? End::died : End::passed_by;
    } catch (const std::exception& error) {
      FAIL_CHECK(point.order() << ": " << error.what());
      keep_logs(point);
      second_.reset();
      installation_.reset();  // the next one begins afresh
      return End::failed;
    }
  }

  void end() {
    if (!installation_) return;
    CHECK(second_->leave() == Exit{0, 0});
    CHECK(installation_->stop() == Exit{0, 0});
    CHECK(installation_->errors() == std::vector<std::string>{});
  }
  int unknown() const { return unknown_; }

 private:
  void begin() {
    installation_.emplace(trial_.options());
    trial_.team_version = 1;
    second_.emplace(*installation_, "groupchat", "groupchat-2");
    CHECK(eventually(std::chrono::seconds(30), [&] { return installation_->metric("groupchat-2", "convoke_partitions") > 64; }));
  }
  // What is passed only at a start: the process starts again, and dies at that place.
  void bring_about(const Point& point, bool again) {
    const auto process = process_of(point.name);
    const int restarts = installation_->restarts(process);
    // As at the first start, when those who ask find no owner yet.
    if (again || process == "groupchat") {
      if (const auto other = second_->pid(); other > 0 && again) ::kill(other, SIGKILL);
      ::kill(installation_->pid("groupchat"), SIGKILL);
    }
    if (process != "groupchat") ::kill(installation_->pid(process), SIGKILL);
    // The supervisor may not have noticed yet: what it says of the dead one is not to be believed.
    const auto is_back = [&] { return installation_->restarts(process) > restarts && installation_->ready(); };
    CHECK(eventually(std::chrono::seconds(60), is_back));
    CHECK(eventually(std::chrono::seconds(30), [&] { return installation_->metric("groupchat", "convoke_partitions") > 64; }));
    if (!trial_.obeyed(point.name)) stir();
  }
  // What a trial does not bring about: a worker comes and goes, the team changes, somebody looks around, conversations begin with whichever
  // owner has them.
  void stir() {
    ::kill(installation_->pid("worker-Echo-1"), SIGKILL);
    auto team = installation_->surely_get("/api/teams/trial").body["definition"];
    team["description"] = "A shop, for the time " + std::to_string(++stirred_) + ".";
    const auto applied = installation_->surely("/api/teams", team, "stir-" + std::to_string(stirred_));
    CHECK(applied.status == 200);
    trial_.team_version = applied.body.value("team_version", 0);
    CHECK(installation_->surely_get("/api/directory").status == 200);
    for (int number = 1; number <= 4; ++number) {
      const auto session = "stir-" + std::to_string(stirred_) + "-" + std::to_string(number);
      CHECK(installation_->surely("/api/chat", {{"session_id", session}, {"agent", "Echo"}, {"text", "hello"}}, "stir").status == 200);
    }
    CHECK(eventually(std::chrono::seconds(30), [&] { return installation_->ready(); }));
  }
  static std::string process_of(const std::string& name) {
    const auto kind = name.substr(0, name.find('.'));
    return kind == "worker" ? "worker-Cashier-1" : kind;
  }
  void keep_logs(const Point& point) const {
    const auto folder = text_or("CONVOKE_TEST_KEEP", "");
    if (!folder.empty() && installation_)
      std::filesystem::copy(installation_->data() / "logs", folder + "/" + point.name, std::filesystem::copy_options::recursive);
  }

  Trial trial_;
  std::optional<Installation> installation_;
  std::optional<Replica> second_;
  Outcome expected_;
  std::vector<Point> points_;
  int count_ = 0;
  int stirred_ = 0;
  int unknown_ = 0;
};

void die_at(std::size_t most, const std::string& name) {
  Killing killing(name);
  INFO(killing.expected().state.dump(1));
  REQUIRE(killing.expected().mistakes == std::vector<std::string>{});
  REQUIRE(killing.size() > 100);
  const auto seed = text_or("CONVOKE_TEST_SEED", "0");
  const auto only = text_or("CONVOKE_TEST_POINT", "");
  std::size_t died = 0;
  std::size_t tried = 0;
  std::size_t again = 0;
  std::vector<std::string> missed;
  std::string excepted;
  for (const auto& point : killing.chosen(most, seed)) {
    if (!only.empty() && point.name.find(only) == std::string::npos) continue;
    ++tried;
    auto end = killing.die_at(point, most > 100, false);
    for (int tries = 1; end == End::passed_by && tries < tries_per_place; ++tries, ++again) end = killing.die_at(point, true, true);
    if (most > 100) std::cout << tried << " " << point.order() << (end == End::died ? "" : " MISSED") << std::endl;
    if (end == End::died)
      ++died;
    else if (end == End::passed_by && exceptions.contains(point.name))
      excepted += " " + point.order();
    else
      missed.push_back(point.order());
  }
  killing.end();
  std::cout << name << ": " << killing.size() << " places, " << tried << " tried (seed " << seed << "), died at " << died << ", " << again
            << " more tries, asked about " << killing.unknown() << " unknown outcomes; exceptions not passed:" << excepted << "\n";
  CHECK(died > 0);
  CHECK(missed == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("failpoints: fifteen places where a process dies") { die_at(15, "failpoints-fifteen"); }
TEST_CASE("failpoints: every place where a process dies", "[.full]") { die_at(100'000, "failpoints-all"); }
