// A disk that is full under a whole installation: an outage that `status` names, and nothing is lost by it.
#include <sched.h>
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "fault/work.hpp"

using namespace convoke::test;

namespace {

// A file system of 80 MiB in a mount namespace of our own, which ends with this process; false where that is not allowed.
bool small_disk(const std::filesystem::path& folder) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=80m") == 0;
}

void fill(const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  const std::string megabyte(1 << 20, 'x');
  while (file.write(megabyte.data(), static_cast<std::streamsize>(megabyte.size())).flush()) continue;
  // The rest, byte by byte: not even a small entry is to fit.
  std::ofstream rest(path + ".rest", std::ios::binary);
  while (rest.put('x').flush()) continue;
}

}  // namespace

TEST_CASE("disk: a full one is named before anything meets it, one that is getting full is not") {
  TempDir folder;
  if (!small_disk(folder.path())) {
    WARN("skipped: this user may not mount a small file system");
    return;
  }
  Installation installation(folder.path());
  const auto space = std::filesystem::space(folder.path()).available;
  std::ofstream(folder.file("most"), std::ios::binary) << std::string(space - (20u << 20), 'x');
  CHECK(installation.status().value("trouble", "") == "");
  fill(folder.file("filler"));
  const auto status = installation.status();
  INFO(status.dump(1));
  CHECK(status.value("ready", false));
  CHECK(status.value("trouble", "").find("full") != std::string::npos);
  std::filesystem::remove(folder.file("filler.rest"));
  std::filesystem::remove(folder.file("filler"));
  CHECK(installation.status().value("trouble", "") == "");
  CHECK(installation.stop() == Exit{0, 0});
}

TEST_CASE("disk: a full one is named in status, and work goes on when there is room") {
  TempDir folder;
  if (!small_disk(folder.path())) {
    WARN("skipped: this user may not mount a small file system");
    return;
  }
  Installation installation(folder.path());
  Work work(installation, "disk");
  work.run_through([&] {
    fill(folder.file("filler"));
    const bool named = eventually(std::chrono::seconds(30), [&] {
      const auto status = installation.status();
      return !status.is_null() && !status.value("ready", true) && status.value("trouble", "").find("full") != std::string::npos;
    });
    INFO(installation.status().dump(1));
    CHECK(named);
    const auto told = installation.cli({"status"});
    CHECK(told.out.find("full") != std::string::npos);
    // Nothing is accepted that could not be kept.
    CHECK(installation.post("/api/tasks", {{"session_id", "refused"}, {"description", "x"}}, "k").status >= 500);
    std::filesystem::remove(folder.file("filler.rest"));
    std::filesystem::remove(folder.file("filler"));
    CHECK(installation.wait_ready());
  });
  work.check();
  CHECK(installation.stop() == Exit{0, 0});
}
