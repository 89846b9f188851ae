#include <signal.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "http/client.hpp"
#include "integration/cli/installation.hpp"
#include "support/coroutine.hpp"

using namespace convoke::test;
using std::chrono::seconds;

namespace {

// What a task that was watched with --json printed: its events' numbers, in the order in which they were seen.
std::vector<std::uint64_t> seen(const std::string& out) {
  std::vector<std::uint64_t> numbers;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    const auto json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.value("type", "") == "event") numbers.push_back(json["event"]["seq"].get<std::uint64_t>());
  }
  return numbers;
}

std::vector<std::uint64_t> dense(std::size_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 1; number <= count; ++number) numbers.push_back(number);
  return numbers;
}

// Makes the offline model take its time, so that tasks are under way when something dies. It forgets with its process.
void slow_down(const Installation& installation) {
  boost::asio::io_context io;
  convoke::http::Client client(io, {});
  convoke::http::ClientRequest request;
  request.method = "POST";
  request.url = "http://localhost/control";
  request.unix_socket = installation.data() + "/run/model";
  request.body = R"({"delay_ms": 1500})";
  const auto answer = run(io, client.send(std::move(request)));
  REQUIRE(answer);
  REQUIRE(answer->status < 300);
}

}  // namespace

TEST_CASE("survive: while ten tasks run every process is killed in turn; all complete, nothing is seen or done twice") {
  Installation installation;
  installation.up();
  slow_down(installation);
  std::vector<Process> tasks;
  for (int number = 1; number <= 10; ++number)
    tasks.push_back(installation.start({"task", "Onboard a new employee, Jessica Smith.", "--approve", "auto", "--json"}));
  std::vector<std::string> names{"gateway", "intercom", "groupchat", "planner", "executor", "worker-HrAgent-1", "model", "redis"};
  for (const auto& name : names) {
    INFO(name);
    const auto pid = installation.process(name)["pid"].get<int>();
    REQUIRE(pid > 0);
    ::kill(pid, SIGKILL);
    CHECK(eventually(seconds(2), [&] {
      const auto now = installation.process(name);
      return now["pid"] != pid && now["pid"] != 0;
    }));
    CHECK(eventually(seconds(20), [&] { return installation.ready(); }));
    if (name == "model") slow_down(installation);
  }
  for (auto& task : tasks) {
    const auto exit = task.wait(seconds(120));
    INFO(task.out() << task.err());
    REQUIRE(exit);
    CHECK(exit->code == 0);
    const auto numbers = seen(task.out());
    CHECK(numbers.size() > 5);
    CHECK(numbers == dense(numbers.size()));
  }
  std::set<std::string> applied;
  std::istringstream effects(installation.file("effects.jsonl"));
  for (std::string line; std::getline(effects, line);) {
    const auto effect = Json::parse(line);
    if (effect.value("repeat", false)) continue;
    INFO(line);
    CHECK(applied.insert(effect["key"].get<std::string>()).second);
  }
  CHECK_FALSE(applied.empty());
}
