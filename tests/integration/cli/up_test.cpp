#include <signal.h>

#include <catch2/catch.hpp>

#include "integration/cli/installation.hpp"

using namespace convoke::test;
using std::chrono::seconds;

namespace {

bool runs(int pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("up: an installation starts, does a task, stops, and has it still at the next start") {
  Installation installation;
  installation.up();
  const auto status = installation.status();
  CHECK(status["ready"] == true);
  CHECK(status["team_version"] == 1);
  for (const auto& process : status["processes"]) {
    INFO(process.dump());
    CHECK(process["ready"] == true);
    CHECK(process["restarts"] == 0);
    CHECK(process["memory"].get<int>() > 0);
  }
  const auto task = installation.convoke({"task", "Onboard a new employee, Jessica Smith.", "--approve", "auto"});
  INFO(task.out << task.err);
  CHECK(task.code == 0);
  CHECK(task.out.find("Plan:") != std::string::npos);
  CHECK(task.out.find("completed") != std::string::npos);
  const auto before = installation.convoke({"plans", "--json"}).json();
  REQUIRE(before.size() == 1);
  CHECK(before[0]["overall_status"] == "completed");
  const auto trace = installation.convoke({"trace", before[0]["conversation"].get<std::string>(), "--width", "100"});
  CHECK(trace.code == 0);
  CHECK(trace.out.find("worker") != std::string::npos);
  CHECK(installation.convoke({"doctor"}).code == 0);
  CHECK(installation.convoke({"agents"}).out.find("company.HrAgent") != std::string::npos);

  CHECK(installation.convoke({"down"}).code == 0);
  CHECK(installation.convoke({"status"}).code == 3);
  for (const auto& process : status["processes"]) CHECK_FALSE(runs(process["pid"].get<int>()));
  installation.up();
  CHECK(installation.convoke({"plans", "--json"}).json() == before);
}

TEST_CASE("up: a second one on the same folder is refused with the reason") {
  Installation installation;
  installation.up();
  const auto second = installation.convoke({"up", "--port", "0"});
  CHECK(second.code == 5);
  CHECK(second.err.find("is in use by the installation of process") != std::string::npos);
  CHECK(installation.ready());
}

TEST_CASE("up: who interrupts a start leaves nothing running") {
  Installation installation;
  auto starting = installation.start({"up", "--detach", "--port", "0"});
  REQUIRE(eventually(seconds(20), [&] { return !installation.file("logs/redis.log").empty(); }));
  starting.signal(SIGINT);
  const auto exit = starting.wait(seconds(30));
  INFO(starting.out() << starting.err());
  REQUIRE(exit);
  CHECK(exit->code == 130);
  CHECK(starting.err().find("is stopped") != std::string::npos);
  CHECK(installation.convoke({"status"}).code == 3);
}

TEST_CASE("up: whatever is killed runs and is ready again within seconds") {
  Installation installation;
  installation.up();
  const auto before = installation.status();
  for (const auto& process : before["processes"]) {
    const auto name = process["name"].get<std::string>();
    const auto pid = installation.process(name)["pid"].get<int>();
    INFO(name);
    ::kill(pid, SIGKILL);
    CHECK(eventually(seconds(2), [&] {
      const auto now = installation.process(name);
      return now["pid"] != pid && now["pid"] != 0;
    }));
    CHECK(eventually(seconds(15), [&] { return installation.ready(); }));
    CHECK(installation.process(name)["restarts"] == 1);
  }
}

TEST_CASE("up: when the supervisor is killed nothing is left behind, and the next start works") {
  Installation installation;
  installation.up();
  const auto status = installation.status();
  ::kill(status["pid"].get<int>(), SIGKILL);
  for (const auto& process : status["processes"]) CHECK(eventually(seconds(5), [&] { return !runs(process["pid"].get<int>()); }));
  installation.up();
  CHECK(installation.ready());
}

TEST_CASE("up: workers are scaled up and down") {
  Installation installation;
  installation.up();
  CHECK(installation.convoke({"scale", "HrAgent", "2"}).code == 0);
  CHECK(eventually(seconds(10), [&] { return installation.process("worker-HrAgent-2")["ready"] == true; }));
  CHECK(installation.convoke({"scale", "HrAgent", "1"}).code == 0);
  CHECK(eventually(seconds(20), [&] { return installation.process("worker-HrAgent-2")["pid"] == 0; }));
  CHECK(installation.process("worker-HrAgent-1")["ready"] == true);
  CHECK(installation.convoke({"scale", "NobodyAgent", "1"}).code == 4);
  // What was chosen is still so after a restart of all.
  CHECK(installation.convoke({"scale", "HrAgent", "2"}).code == 0);
  CHECK(installation.convoke({"down"}).code == 0);
  installation.up();
  CHECK(installation.process("worker-HrAgent-2")["ready"] == true);
  CHECK(installation.process("worker-ProductAgent-2")["pid"] == 0);
}

TEST_CASE("cli: without an installation every command says what to do") {
  Installation installation;
  for (const auto& words : std::vector<std::vector<std::string>>{{"status"}, {"plans"}, {"task", "x"}, {"agents"}, {"down"}}) {
    const auto ran = installation.convoke(words);
    CHECK(ran.code == 3);
    CHECK(ran.err.find("nothing runs in") != std::string::npos);
  }
  const auto json = installation.convoke({"--json", "plans"});
  CHECK(Json::parse(json.err)["error"]["code"] == "UNAVAILABLE");
  CHECK(installation.convoke({"--url", "http://127.0.0.1:1", "plans"}).code == 3);
  CHECK(installation.convoke({"team", "check", "/nonexistent.yaml"}).code == 4);
}
