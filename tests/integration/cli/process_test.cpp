#include "cli/supervisor/process.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "cli/instance.hpp"
#include "support/process.hpp"

using namespace convoke;
using namespace convoke::cli;
using convoke::test::eventually;
using convoke::test::TempDir;

namespace {

std::string ended(pid_t pid) {
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return how_it_ended(status);
}

}  // namespace

TEST_CASE("process: a child has its own environment, folder and log, and nothing else of ours") {
  const TempDir folder;
  ::setenv("CONVOKE_TEST_SECRET", "leaked", 1);
  const auto log = folder.file("child.log");
  const auto pid = launch({"/bin/sh", {"-c", "pwd; env; ls /proc/self/fd | wc -l; exit 3"}, {"ONLY=this"}, log, folder.path()});
  REQUIRE(pid);
  CHECK(ended(*pid) == "exit code 3");
  const auto text = text_of_file(log);
  CHECK(text.find(folder.path().string()) != std::string::npos);
  CHECK(text.find("ONLY=this") != std::string::npos);
  CHECK(text.find("leaked") == std::string::npos);
  CHECK(last_lines(log, 1) == std::vector<std::string>{"4"});  // three, and the one that ls reads with
}

TEST_CASE("process: a program that is not there is refused with its path; a killed one says by what") {
  const TempDir folder;
  const auto none = launch({"/nonexistent/program", {}, {}, folder.file("log"), folder.path()});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Fault::not_found);
  CHECK(none.error().message.find("/nonexistent/program") != std::string::npos);
  const auto pid = launch({"/bin/sleep", {"60"}, {}, folder.file("log"), folder.path()});
  REQUIRE(pid);
  CHECK(resident_bytes(*pid) > 0);
  ::kill(*pid, SIGKILL);
  CHECK(ended(*pid).starts_with("signal 9"));
  CHECK(resident_bytes(*pid) == 0);
}

TEST_CASE("process: a log that grows too large is emptied, and its last part kept") {
  const TempDir folder;
  const auto log = folder.file("log");
  const auto pid = launch({"/bin/sh", {"-c", "while :; do echo a line of the log; done"}, {}, log, folder.path()});
  REQUIRE(pid);
  CHECK(eventually(std::chrono::seconds(10), [&] {
    bound_log(log, 100'000);
    return std::filesystem::exists(log + ".1");
  }));
  ::kill(*pid, SIGKILL);
  ended(*pid);
  CHECK(std::filesystem::file_size(log + ".1") > 100'000);
  CHECK(last_lines(log + ".1", 3).size() == 3);
}

TEST_CASE("instance: a folder has one holder, who is found and named") {
  const TempDir folder;
  const Paths paths(folder.file("data"));
  REQUIRE(prepare(paths));
  REQUIRE(prepare_run(paths));
  for (const auto& part : {paths.data, paths.logs(), paths.run(), paths.redis()})
    CHECK((std::filesystem::status(part).permissions() & std::filesystem::perms::others_all) == std::filesystem::perms::none);
  CHECK(find_instance(paths).error().code == Fault::unavailable);
  {
    const auto lock = InstanceLock::take(paths);
    REQUIRE(lock);
    REQUIRE(write_instance(paths, {"http://127.0.0.1:1", getpid()}));
    const auto found = find_instance(paths);
    REQUIRE(found);
    CHECK(found->pid == getpid());
    CHECK(found->url == "http://127.0.0.1:1");
    const auto second = InstanceLock::take(paths);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Fault::conflict);
    CHECK(second.error().message.find(std::to_string(getpid())) != std::string::npos);
  }
  CHECK_FALSE(find_instance(paths));
  CHECK_FALSE(prepare(Paths("/tmp/" + std::string(120, 'x'))));
}

TEST_CASE("instance: of a folder that is closed to this user nobody says that nothing runs there") {
  if (geteuid() != 0) {
    WARN("skipped: only root can become another user");
    return;
  }
  const TempDir folder;
  const Paths paths(folder.file("data"));
  REQUIRE(prepare(paths));
  const auto lock = InstanceLock::take(paths);
  REQUIRE(lock);
  REQUIRE(seteuid(65'534) == 0);
  const auto found = find_instance(paths);
  REQUIRE(seteuid(0) == 0);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Fault::forbidden);
  CHECK(found.error().message.starts_with(paths.data + " is closed to this user (Permission denied)"));
}
