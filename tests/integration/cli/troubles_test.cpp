// What people meet when something is missing or broken, and whether they are told what to do.
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "integration/cli/installation.hpp"

using namespace convoke::test;
using std::chrono::seconds;

namespace {

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("task: without a terminal it ends when only a person can go on, and says what to type") {
  Installation installation;
  installation.up();
  // No --approve: nobody is there to be asked.
  const auto approval = installation.convoke({"task", "Onboard a new employee, Jessica Smith."});
  INFO(approval.out << approval.err);
  CHECK(approval.code == 8);
  CHECK(says(approval.out, " approve "));
  CHECK(says(approval.out, "convoke --data " + installation.data() + " watch "));

  // Who cancels, and why, can be read by all who watch.
  const auto plan = installation.convoke({"plans", "--json"}).json()[0];
  CHECK(installation.convoke({"cancel", plan["id"], "--reason", "changed my mind", "--key", "c-1"}).code == 0);
  CHECK(installation.convoke({"cancel", plan["id"], "--reason", "changed my mind", "--key", "c-1"}).code == 0);
  const auto cancelled = installation.convoke({"watch", plan["conversation"]});
  INFO(cancelled.out);
  CHECK(says(cancelled.out, "local cancels this: changed my mind"));
  CHECK(says(installation.convoke({"plan", plan["id"]}).out, "step 1: Cancelled by local: changed my mind"));
  CHECK(says(cancelled.out, "Cancelled: by local: changed my mind"));

  // The input ends: as if all were left for later. What is typed before that and is no answer approves nothing.
  const auto asked = installation.convoke({"task", "Onboard a new employee, Jessica Smith.", "--approve", "ask"});
  INFO(asked.out << asked.err);
  CHECK(asked.code == 8);
  CHECK_FALSE(says(asked.out, "step 1 action_requested"));

  // The same on a terminal: Ctrl-D at the prompt ends the command, not the run.
  std::string typed = program("convoke") + " --data " + installation.data() + " task 'Onboard a new employee, Jessica Smith.'";
  Process terminal(Command{.arguments = {"/usr/bin/script", "-qec", typed, "/dev/null"}, .environment = {}, .folder = {}});
  const auto left = terminal.wait(seconds(40));
  INFO(terminal.out());
  REQUIRE(left);
  CHECK(left->code == 8);
  CHECK(says(terminal.out(), "Approve step 1"));
  CHECK(says(terminal.out(), " watch "));

  // Nobody stays to approve, and nobody is to be asked.
  const auto alone =
      installation.convoke({"--json", "task", "Please assign a mentor to Jessica Smith.", "--no-watch", "--approve", "auto"});
  INFO(alone.out << alone.err);
  const auto watched = installation.convoke({"watch", alone.json()["conversation"]});
  INFO(watched.out);
  CHECK(watched.code == 0);

  const auto unclear = installation.convoke({"--json", "task", "Schedule it.", "--approve", "auto"});
  INFO(unclear.out << unclear.err);
  CHECK(unclear.code == 8);
  const auto last = Json::parse(unclear.out.substr(unclear.out.rfind('\n', unclear.out.size() - 2) + 1));
  REQUIRE(last["type"] == "waits_for_person");
  CHECK(last["questions"][0]["kind"] == "clarification");
  CHECK(says(last["questions"][0]["commands"][0], " clarify "));
}

TEST_CASE("chat, task, watch: they end when the installation does, and say how to go on") {
  Installation installation;
  installation.environment = {{"CONVOKE_OFFLINE_FAULTS", R"({"tokens_per_second": 2})"}};
  installation.up();
  const auto accepted = installation.convoke({"--json", "task", "Onboard a new employee, Jessica Smith.", "--no-watch"}).json();
  const auto conversation = accepted["conversation"].get<std::string>();
  auto chat = installation.start({"--json", "chat", "HrAgent", "What does onboarding take?"});
  auto task = installation.start({"task", "Onboard a new employee, John Doe."});
  auto watch = installation.start({"watch", conversation});
  REQUIRE(eventually(seconds(20), [&] { return says(chat.out(), "delta") && says(task.out(), "conversation") && says(watch.out(), ":"); }));
  REQUIRE(installation.convoke({"down"}).code == 0);
  for (auto* each : {&chat, &task, &watch}) {
    const auto exit = each->wait(seconds(10));
    INFO(each->out() << each->err());
    REQUIRE(exit);
    CHECK(exit->code == 3);
    CHECK(says(each->err(), "runs no longer"));
    CHECK(says(each->err(), "convoke --data " + installation.data() + " watch "));
    CHECK(says(each->err(), " --from "));
  }
  CHECK(says(watch.err(), conversation));
}

TEST_CASE("task: a gateway that is away or silent is waited for as long as the patience lasts") {
  Installation installation;
  const auto nobody = installation.convoke({"--url", "http://127.0.0.1:1", "task", "x", "--no-watch", "--patience", "1"}, seconds(8));
  INFO(nobody.err);
  CHECK(nobody.code == 3);
  CHECK(says(nobody.err, "could not be reached for 1 s"));

  installation.up();
  const auto url = installation.status()["url"].get<std::string>();
  // Nobody left to answer for a session; only the gateway does, that it cannot.
  kill(installation.process("redis")["pid"].get<int>(), SIGSTOP);
  const auto silent = installation.convoke({"--url", url, "task", "x", "--no-watch", "--patience", "4"}, seconds(12));
  INFO(silent.err);
  CHECK(silent.code == 7);
  CHECK(says(silent.err, "the outcome is unknown: repeat with the key "));
  CHECK(says(silent.err, "owners"));
}

TEST_CASE("doctor: names a damaged append-only file and how to mend it") {
  Installation installation;
  installation.up();
  REQUIRE(installation.convoke({"down"}).code == 0);
  const auto before = installation.convoke({"doctor"});
  CHECK(says(before.out, "stored data: whole"));
  CHECK(says(before.out, "port: one that is free"));  // as `up` was told
  std::ofstream(installation.data() + "/redis/appendonlydir/appendonly.aof.1.incr.aof", std::ios::app) << "corrupt\n";
  CHECK(installation.convoke({"up", "--detach", "--port", "0"}).code == 1);
  const auto doctor = installation.convoke({"doctor"});
  INFO(doctor.out);
  CHECK(doctor.code == 1);
  CHECK(says(doctor.out, "stored data: damaged"));
  CHECK(says(doctor.out, "redis-check-aof --fix"));
  CHECK(says(doctor.out, "last start: not ready after"));
}

TEST_CASE("doctor: makes nothing in a folder that is not there") {
  Installation installation;
  const auto doctor = installation.convoke({"doctor"});
  INFO(doctor.out);
  CHECK(doctor.code == 0);
  CHECK(says(doctor.out, "is not there yet"));
  CHECK_FALSE(std::filesystem::exists(installation.data()));
}

TEST_CASE("up: a demonstration with --json prints JSON alone, and pieces of what is said can be seen") {
  Installation installation;
  const auto demo = installation.convoke({"--json", "up", "--demo"});
  INFO(demo.err);
  CHECK(demo.code == 0);
  std::istringstream lines(demo.out);
  int deltas = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto json = Json::parse(line, nullptr, false);
    INFO(line);
    REQUIRE(json.is_object());
    deltas += json.value("type", "") == "delta" ? 1 : 0;
  }
  CHECK(deltas > 10);
}

TEST_CASE("status and doctor: with --url they tell what the gateway knows") {
  Installation installation;
  installation.up();
  const auto url = installation.status()["url"].get<std::string>();
  const auto status = installation.convoke({"--url", url, "status", "--json"});
  INFO(status.out << status.err);
  CHECK(status.code == 0);
  CHECK(status.json()["ready"] == true);
  CHECK(status.json()["url"] == url);
  CHECK_FALSE(status.json()["directory"]["queues"].empty());
  CHECK(installation.convoke({"--url", url, "doctor"}).code == 0);
  CHECK(installation.convoke({"--url", "http://127.0.0.1:1", "doctor"}).code == 3);
  CHECK(installation.convoke({"--url", "http://127.0.0.1:1", "status"}).code == 3);
}

TEST_CASE("up: with API keys it names the variable that is missing; variables of the offline model and of keys disturb nobody") {
  Installation installation;
  const auto keys = installation.data() + ".keys";
  // sha256 of `sesame`
  std::ofstream(keys) << "d0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5afff5d272 ann admin\n";
  installation.environment = {
      {"CONVOKE_GATEWAY_KEYS", keys}, {"CONVOKE_OFFLINE_FAULTS", R"({"delay_ms": 1})"}, {"CONVOKE_MODEL_API_KEY", "x"}};
  const auto refused = installation.convoke({"up", "--detach", "--port", "0"});
  CHECK(refused.code == 6);
  CHECK(says(refused.err, "CONVOKE_API_KEY"));
  installation.environment["CONVOKE_API_KEY"] = "sesame";
  // What no second try would mend is not tried for half a minute.
  const auto misspelt = installation.data() + ".misspelt";
  std::ofstream(misspelt) << "d0c04f4b ann admin\n";
  installation.environment["CONVOKE_GATEWAY_KEYS"] = misspelt;
  const auto began = std::chrono::steady_clock::now();
  const auto mistaken = installation.convoke({"up", "--detach", "--port", "0"});
  INFO(mistaken.err);
  CHECK(mistaken.code == 1);
  CHECK(says(mistaken.err, misspelt + ": line 1"));
  CHECK(says(mistaken.err, "gateway cannot start (exit code 2)"));
  CHECK(std::chrono::steady_clock::now() - began < seconds(20));
  installation.environment["CONVOKE_GATEWAY_KEYS"] = keys;
  const auto up = installation.convoke({"up", "--detach", "--port", "0"});
  INFO(up.out << up.err);
  REQUIRE(up.code == 0);
  CHECK(says(up.out, "API keys are needed."));
  CHECK(says(up.out, "Next:"));
  CHECK(installation.convoke({"agents"}).code == 0);
  installation.environment["CONVOKE_API_KEY"] = "wrong";
  CHECK(installation.convoke({"agents"}).code == 6);
}
