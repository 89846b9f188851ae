// What is refused, or would go wrong in silence: folders of others, teams, ids, output that nobody reads, a supervisor that stood still.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "integration/cli/installation.hpp"
#include "support/redis_server.hpp"
#include "support/tls_relay.hpp"

using namespace convoke::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
namespace fs = std::filesystem;

namespace {

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

std::string write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
  return path;
}

int mode_of(const std::string& path) {
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 0777;
}

std::string team_file(const std::string& name, const std::string& agent) {
  return "name: " + name + R"(
description: One who answers.
models: {default: offline}
agents:
  - name: )" +
         agent + R"(
    description: Answers questions about everything.
    instructions: Answer in one sentence.
starting_tasks:
  - {id: first, name: First, prompt: Say what there is to do.}
)";
}

Process shell(const Installation& installation, const std::string& line) {
  Command command{{"bash", "-o", "pipefail", "-c", line}, installation.environment, {}};
  command.environment["CONVOKE"] = program("convoke") + " --data " + installation.data();
  return Process(command);
}

int code_of(Process process, milliseconds limit = seconds(20)) {
  const auto exit = process.wait(limit);
  INFO(process.out() << process.err());
  return exit ? exit->code : -1;
}

}  // namespace

TEST_CASE("up: a supervisor that stood still for long kills nobody") {
  Installation installation;
  installation.up();
  const auto before = installation.status();
  const auto supervisor = before["pid"].get<int>();
  REQUIRE(::kill(supervisor, SIGSTOP) == 0);
  const auto silent = installation.convoke({"status"});  // waits for ten seconds: the pause itself
  INFO(silent.err);
  CHECK(silent.code == 3);
  CHECK(says(silent.err, "kill -CONT " + std::to_string(supervisor)));
  REQUIRE(::kill(supervisor, SIGCONT) == 0);
  REQUIRE(eventually(seconds(15), [&] { return installation.ready(); }));
  // Longer than it takes to give anybody up.
  CHECK_FALSE(eventually(seconds(6), [&] { return !installation.ready(); }));
  for (const auto& process : before["processes"]) {
    const auto now = installation.process(process["name"]);
    INFO(now.dump());
    CHECK(now["pid"] == process["pid"]);
    CHECK(now["restarts"] == 0);
  }
  CHECK(installation.convoke({"task", "Onboard a new employee, Jessica Smith.", "--approve", "auto"}).code == 0);
}

TEST_CASE("up: a folder with anything else in it is left as it is") {
  Installation installation;
  fs::create_directory(installation.data());
  ::chmod(installation.data().c_str(), 0755);
  write(installation.data() + "/letters.txt", "of somebody");
  for (const auto& words : std::vector<std::vector<std::string>>{{"up", "--port", "0"}, {"up", "--detach", "--port", "0"}}) {
    const auto ran = installation.convoke(words);
    INFO(ran.err);
    CHECK(ran.code == 1);
    CHECK(says(ran.err, "holds other things (letters.txt)"));
    CHECK(mode_of(installation.data()) == 0755);
    CHECK(std::distance(fs::directory_iterator(installation.data()), {}) == 1);
  }
  const auto doctor = installation.convoke({"doctor"});
  CHECK(doctor.code == 1);
  CHECK(says(doctor.out, "holds other things"));
  // An empty one may be taken, and is closed.
  fs::remove(installation.data() + "/letters.txt");
  installation.up();
  CHECK(mode_of(installation.data()) == 0700);
  REQUIRE(installation.convoke({"down"}).code == 0);
  write(installation.data() + "/letters.txt", "an installation may be kept beside other things");
  installation.up();
}

TEST_CASE("status, down, plans, doctor: to another user nobody says that nothing runs") {
  const auto as_another = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    return Process(Command{words, {}, {}});
  };
  if (geteuid() != 0 || code_of(as_another({"test", "-x", program("convoke")})) != 0) {
    WARN("skipped: only root can become another user, who has to be able to run the programs");
    return;
  }
  Installation installation;
  installation.up();
  ::chmod(fs::path(installation.data()).parent_path().c_str(), 0755);
  for (const auto* command : {"status", "down", "plans", "doctor"}) {
    auto process = as_another({program("convoke"), "--data", installation.data(), command});
    const auto exit = process.wait(seconds(20));
    REQUIRE(exit);
    const auto said = process.out() + process.err();
    INFO(command << ": " << said);
    CHECK(exit->code == 6);
    CHECK(says(said, installation.data() + " is closed to this user (Permission denied)"));
    CHECK_FALSE(says(said, "nothing runs"));
    CHECK_FALSE(says(said, "stored data"));
  }
  CHECK(installation.ready());
}

TEST_CASE("doctor: tells the port, the team and the reason of the last start, however early that failed") {
  Installation installation;
  TempDir folder;
  Listener taken;
  const auto port = std::to_string(taken.port());
  CHECK(installation.convoke({"up", "--port", port}).code == 5);
  auto doctor = installation.convoke({"doctor"});
  INFO(doctor.out);
  CHECK(doctor.code == 1);
  CHECK(says(doctor.out, "✗ port " + port));
  CHECK(says(doctor.out, "last start: port " + port + " cannot be used"));
  CHECK_FALSE(fs::exists(installation.data() + "/run"));
  CHECK_FALSE(fs::exists(installation.data() + "/redis"));

  const auto broken = write(folder.file("broken.yaml"), "name: [\n");
  CHECK(installation.convoke({"up", "--port", "0", "--team", broken}).code == 1);
  doctor = installation.convoke({"doctor"});
  CHECK(says(doctor.out, "✗ team file: "));
  CHECK(says(doctor.out, "convoke team check " + broken));
  CHECK(says(doctor.out, "last start: " + broken));
  CHECK_FALSE(says(doctor.out, "port " + port));
  CHECK(installation.convoke({"up", "--detach", "--port", "0", "--team", folder.file("none.yaml")}).code == 4);
  CHECK(says(installation.convoke({"doctor"}).out, "last start: cannot read the team file"));

  const auto empty = write(folder.file("empty.yaml"), "");
  const auto nothing = installation.convoke({"up", "--port", "0", "--team", empty});
  CHECK(nothing.code == 1);
  CHECK(says(nothing.err, "found an empty file"));
  CHECK(says(installation.convoke({"team", "check", empty}).out, "found an empty file"));

  const auto other = write(folder.file("other.yaml"), team_file("other", "Clerk"));
  const auto up = installation.convoke({"up", "--detach", "--port", "0", "--team", other});
  INFO(up.err);
  REQUIRE(up.code == 0);
  CHECK(says(up.out, " task \"Say what there is to do.\"\n"));
  doctor = installation.convoke({"doctor"});
  INFO(doctor.out);
  CHECK(doctor.code == 0);
  CHECK(says(doctor.out, "team file: " + other));
  CHECK(says(doctor.out, "team: other version 1"));
  CHECK_FALSE(says(doctor.out, "last start"));
  CHECK(says(installation.convoke({"doctor", "--team", broken}).out, "✗ team file: "));
}

TEST_CASE("team apply: a second team has its workers, however long its names are, and can be scaled") {
  Installation installation;
  TempDir folder;
  const std::string agent(64, 'A');
  const auto file = write(folder.file("other.yaml"), team_file("other", agent));
  installation.up();
  CHECK(installation.convoke({"agents", "--team-name", "other"}).code == 4);
  REQUIRE(installation.convoke({"team", "apply", file}).code == 0);
  const auto name = "worker-other." + agent + "-1";
  CHECK(eventually(seconds(15), [&] { return installation.process(name)["ready"] == true; }));
  CHECK(installation.status()["teams"]["other"] == 1);
  const auto chat = installation.convoke({"chat", "other." + agent, "Who are you?"});
  INFO(chat.out << chat.err);
  CHECK(chat.code == 0);
  const auto scaled = installation.convoke({"scale", "other." + agent, "2"});
  INFO(scaled.err);
  CHECK(scaled.code == 0);
  CHECK(eventually(seconds(15), [&] { return installation.process("worker-other." + agent + "-2")["ready"] == true; }));
  const auto agents = installation.convoke({"agents", "--team-name", "other"});
  CHECK(agents.code == 0);
  CHECK(says(agents.out, "other." + agent));
  CHECK_FALSE(says(agents.out, "company."));
  CHECK(installation.convoke({"doctor"}).code == 0);
  // Whoever comes back to it after a restart finds workers too.
  REQUIRE(installation.convoke({"down"}).code == 0);
  installation.up();
  const auto again = installation.convoke({"chat", "other." + agent, "Still there?"});
  INFO(again.out << again.err);
  CHECK(again.code == 0);
}

TEST_CASE("scale: what cannot be kept is not done, and says why; agents of the system have one process each") {
  Installation installation;
  installation.up();
  fs::create_directory(installation.data() + "/workers.json.new");  // as good as a full disk
  const auto failed = installation.convoke({"scale", "HrAgent", "3"});
  INFO(failed.err);
  CHECK(failed.code == 1);
  CHECK(says(failed.err, "nothing was changed"));
  CHECK(says(failed.err, "workers.json"));
  fs::remove(installation.data() + "/workers.json.new");
  REQUIRE(installation.convoke({"scale", "ProductAgent", "2"}).code == 0);
  CHECK_FALSE(says(installation.file("workers.json"), "HrAgent"));
  CHECK(installation.process("worker-HrAgent-2")["pid"] == 0);
  const auto planner = installation.convoke({"scale", "system.planner", "2"});
  CHECK(planner.code == 1);
  CHECK(says(planner.err, "one process, `planner`"));
  // Somebody waits for an agent that has no worker: doctor says so, here as from elsewhere.
  REQUIRE(installation.convoke({"scale", "HrAgent", "0"}).code == 0);
  REQUIRE(eventually(seconds(20), [&] { return installation.process("worker-HrAgent-1")["pid"] == 0; }));
  const auto url = installation.status()["url"].get<std::string>();
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"agents"}, {"agents", "--team-name", "company"}, {"agents", "--url", url}, {"status", "--url", url}}) {
    const auto agents = installation.convoke(words);
    INFO(agents.out << agents.err);
    CHECK(says(agents.out, "\ncompany.HrAgent           0 "));
    CHECK(says(agents.out, "\ncompany.ProductAgent      2 "));
  }
  auto chat = installation.start({"--json", "chat", "HrAgent", "Are you there?"});
  CHECK(eventually(seconds(10), [&] { return says(installation.convoke({"doctor"}).out, "✗ company.HrAgent: 0 workers, 1 waiting"); }));
  CHECK(installation.convoke({"doctor"}).code == 1);
}

TEST_CASE("output: who reads no more ends a command quietly, and what cannot be written is told") {
  Installation installation;
  installation.up();
  const auto chat = installation.convoke({"--json", "chat", "HrAgent", "What does onboarding take?"});
  REQUIRE(chat.code == 0);
  const auto conversation = Json::parse(chat.out.substr(0, chat.out.find('\n')))["conversation"].get<std::string>();
  auto watch = shell(installation, "$CONVOKE watch '" + conversation + "' | head -1");
  const auto exit = watch.wait(seconds(10));
  REQUIRE(exit);
  CHECK(exit->code == 141);
  CHECK(watch.err().empty());
  CHECK(says(watch.out(), "onboarding"));
  for (const auto* command : {"plans", "tools", "agents", "task x --no-watch", "status"}) {
    auto full = shell(installation, std::string("$CONVOKE --json ") + command + " > /dev/full");
    INFO(command);
    const auto ended = full.wait(seconds(20));
    REQUIRE(ended);
    CHECK(ended->code == 1);
    CHECK(says(full.err(), "No space left on device"));
    CHECK(Json::parse(full.err(), nullptr, false).is_object());
  }
  CHECK(code_of(shell(installation, "$CONVOKE --help > /dev/full")) == 1);
}

TEST_CASE("up: a stored team that is damaged is named, with the way on") {
  Installation installation;
  TempDir folder;
  installation.up();
  const auto socket = installation.data() + "/run/redis";
  const auto key = redis_command(socket, {"EVAL", "return redis.call('KEYS', '*:t:company:part:v1')[1]", "0"});
  INFO(key);
  REQUIRE(redis_command(socket, {"SET", key, "{damaged"}) == "OK");
  REQUIRE(installation.convoke({"down"}).code == 0);
  const auto refused = installation.convoke({"up", "--detach", "--port", "0"});
  INFO(refused.err);
  CHECK(refused.code == 1);
  CHECK(says(refused.err, "what is stored of team 'company', version 1, is damaged"));
  CHECK(says(refused.err, "change something in the team file"));
  const auto changed = write(folder.file("company.yaml"), team_file("company", "Clerk"));
  const auto up = installation.convoke({"up", "--detach", "--port", "0", "--team", changed});
  INFO(up.err);
  REQUIRE(up.code == 0);
  CHECK(installation.convoke({"chat", "Clerk", "Who are you?"}).code == 0);
}

TEST_CASE("watch: what a gateway cannot take for an id ends, whoever asks") {
  Installation installation;
  installation.up();
  for (const auto& id : {std::string(), std::string("s1~t1 "), std::string("é"), std::string(300, 'x')}) {
    const auto ran = installation.convoke({"watch", id}, seconds(10));
    INFO(ran.err);
    CHECK(ran.code == 2);
    CHECK(says(ran.err, "conversation: expected an id"));
  }
  CHECK(installation.convoke({"watch", "s1~t1"}, seconds(10)).code == 4);
}

TEST_CASE("supervisor: a team whose name is no text is refused") {
  Installation installation;
  installation.up();
  const auto posted = [&](const std::string& body) {
    const std::string post =
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'POST /team HTTP/1.1\\r\\nHost: "
        "localhost\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(sys.argv[2]) + sys.argv[2].encode()); "
        "print(s.recv(99).split()[1].decode())";
    Process asked(Command{{"python3", "-c", post, installation.data() + "/run/control", body}, {}, {}});
    CHECK(asked.wait(seconds(20)));
    return asked.out();
  };
  for (const auto* body : {R"({"team":5})", R"({"team":null})", R"({"team":["company"]})", R"({"team":"no name"})"})
    CHECK(posted(body) == "422\n");
  CHECK(posted("{}") == "200\n");
  CHECK(posted(R"({"team":"company"})") == "200\n");
}

TEST_CASE("up: a demonstration of another team does what that team can") {
  Installation installation;
  TempDir folder;
  const auto demo = installation.convoke({"up", "--demo", "--team", write(folder.file("other.yaml"), team_file("other", "Clerk"))});
  INFO(demo.out << demo.err);
  CHECK(says(demo.out, "Task: Say what there is to do."));
  CHECK_FALSE(says(demo.out, "Jessica"));
}

TEST_CASE("up: a demonstration says where it can be reached") {
  Installation installation;
  const auto demo = installation.convoke({"up", "--demo"});
  INFO(demo.out << demo.err);
  CHECK(demo.code == 0);
  CHECK(says(demo.out.substr(0, demo.out.find('\n')), "ready at http://127.0.0.1:"));
  CHECK(says(demo.out, "Task: Onboard a new employee, Jessica Smith."));
}
