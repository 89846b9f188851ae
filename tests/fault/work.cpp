#include "fault/work.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <sstream>
#include <utility>

namespace convoke::test {
namespace {

constexpr int half = 5;
const std::vector<std::string> goals = {"Get info about our products. Write a press release about our current products.",
                                        "Onboard a new employee, Jessica Smith."};

std::vector<Json> events_seen(const Process& watcher) {
  std::vector<Json> seen;
  std::istringstream lines(watcher.out());
  for (std::string line; std::getline(lines, line);) {
    auto frame = Json::parse(line, nullptr, false);
    if (frame.is_object() && frame.value("type", "") == "event") seen.push_back(std::move(frame["event"]));
  }
  return seen;
}

}  // namespace

Work::Work(Installation& installation, std::string name)
    : installation_(installation), name_(std::move(name)), effects_before_(installation.effects().size()) {}

void Work::give(int count) {
  for (int i = 0; i < count; ++i) {
    const auto number = tasks_.size();
    tasks_.push_back(installation_.task(name_ + "-" + std::to_string(number), goals[number % goals.size()], "none"));
  }
}

void Work::watch(const Json& task) {
  const std::string conversation = task["conversation"];
  watchers_.push_back({conversation, installation_.cli_process({"watch", conversation, "--stay"})});
}

void Work::run_through(const std::function<void()>& harm) {
  give(1);
  watch(tasks_.front());
  give(half - 1);
  watch(tasks_.back());
  REQUIRE(eventually(std::chrono::seconds(60), [this] { return installation_.effects().size() > effects_before_; }));
  harm();
  give(half);
}

void Work::check() {
  std::size_t steps = 0;
  for (const auto& task : tasks_) {
    const auto plan = installation_.ended_plan(task["plan"]);
    INFO(name_ << ": " << plan.dump());
    REQUIRE(plan["overall_status"] == "completed");
    for (const auto& step : plan["steps"]) CHECK(step["status"] == "completed");
    steps += plan["steps"].size();

    const auto events = installation_.events(task["conversation"]);
    std::uint64_t expected = 0;
    std::ptrdiff_t ends = 0;
    std::set<std::string> ids;
    for (const auto& event : events) {
      CHECK(event["seq"] == ++expected);
      ids.insert(event["id"].get<std::string>());
      if (event["kind"] == "run_ended") ++ends;
    }
    CHECK(ids.size() == events.size());
    CHECK(ends == 1);
  }
  // Each step called its tool once, whoever died.
  const auto effects = installation_.effects();
  CHECK(effects.size() - effects_before_ == steps);
  std::set<std::string> keys;
  for (const auto& effect : effects) keys.insert(effect["key"].get<std::string>());
  CHECK(keys.size() == effects.size());

  for (const auto& watcher : watchers_) {
    const auto all = installation_.events(watcher.conversation);
    const bool complete = eventually(std::chrono::seconds(30), [&] { return events_seen(watcher.process).size() >= all.size(); });
    INFO(name_ << ": " << watcher.process.out() << watcher.process.err());
    CHECK(complete);
    CHECK(events_seen(watcher.process) == all);
  }
  const auto letters = installation_.get("/api/dead-letters");
  REQUIRE(letters.status == 200);
  CHECK(letters.body["dead_letters"] == Json::array());
}

}  // namespace convoke::test
