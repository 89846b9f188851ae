// The journal between processes: several write at once, one is killed in the middle, the disk is full.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "journal_support.hpp"
#include "tools/journal.hpp"

using namespace convoke;
using namespace convoke::tools;
using namespace convoke::tools::test;

namespace {

// A real process that runs `body` and ends with its answer. Killed and collected when the test lets go of it.
class Child {
 public:
  explicit Child(const std::function<bool()>& body) : pid_(::fork()) {
    if (pid_ == 0) ::_exit(body() ? 0 : 1);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(SIGKILL); }

  int end(int signal = 0) {
    if (pid_ <= 0) return -1;
    if (signal) ::kill(pid_, signal);
    int status = -1;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return status;
  }

 private:
  pid_t pid_;
};

bool apply_all(const std::string& file, int count) {
  auto journal = Journal::open(file);
  if (!journal) return false;
  for (int i = 0; i < count; ++i) {
    auto result = journal->apply(bake(), call("k" + std::to_string(i)), today);
    while (!result && result.error().code == Fault::unavailable) result = journal->apply(bake(), call("k" + std::to_string(i)), today);
    if (!result || result->text != "Baked 12 oat cookies on 2026-11-20.") return false;
  }
  return true;
}

// Applies one key after another and tells each that was reported as applied, until it is killed.
bool apply_and_tell(const std::string& file, int round, int pipe) {
  auto journal = Journal::open(file);
  for (std::uint32_t i = 0; journal; ++i) {
    const auto result = journal->apply(bake(), call(std::to_string(round) + "." + std::to_string(i)), today);
    if (!result || ::write(pipe, &i, sizeof i) != sizeof i) return false;
  }
  return false;
}

}  // namespace

TEST_CASE("journal: processes with the same keys apply each once") {
  const Folder folder;
  constexpr int processes = 3, keys = 100;
  {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < processes; ++i) children.push_back(std::make_unique<Child>([&] { return apply_all(folder.file(), keys); }));
    for (auto& child : children) CHECK(child->end() == 0);
  }
  const auto counts = applied(folder.file());
  CHECK(counts.size() == keys);
  for (const auto& [key, count] : counts) CHECK(count == 1);
  CHECK(lines_of(folder.file()).size() == processes * keys);
}

TEST_CASE("journal: kill -9 loses nothing that was reported and doubles nothing") {
  const Folder folder;
  auto survivor = Journal::open(folder.file()).value();
  for (int round = 0; round < 15; ++round) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    Child child([&] { return apply_and_tell(folder.file(), round, pipe[1]); });
    ::close(pipe[1]);
    std::uint32_t last = 0;
    for (int told = 0; told <= round; ++told) REQUIRE(::read(pipe[0], &last, sizeof last) == sizeof last);
    child.end(SIGKILL);
    while (::read(pipe[0], &last, sizeof last) == sizeof last) continue;
    ::close(pipe[0]);
    if (round % 3 == 0) std::ofstream(folder.file(), std::ios::app) << R"({"key": "torn)";
    for (std::uint32_t i = 0; i <= last; ++i)
      CHECK(survivor.apply(bake(), call(std::to_string(round) + "." + std::to_string(i)), today).value().repeat);
    REQUIRE(survivor.apply(bake(), call(std::to_string(round) + "." + std::to_string(last + 1)), today));
  }
  for (const auto& [key, count] : applied(folder.file())) CHECK(count == 1);
}

TEST_CASE("journal: a full disk is said, half a line is not left, and work goes on when there is room") {
  const Folder folder;
  Child child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto journal = Journal::open(folder.file());
    if (!journal || !journal->apply(bake(), call("k1"), today)) return false;
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit full{.rlim_cur = std::filesystem::file_size(folder.file()) + 50, .rlim_max = limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &full);
    const auto refused = journal->apply(bake(), call("k2"), today);
    if (refused || refused.error().code != Fault::unavailable) return false;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto second = journal->apply(bake(), call("k2"), today);
    return second && !second->repeat;
  });
  CHECK(child.end() == 0);
  CHECK(applied(folder.file()) == std::map<std::string, int>{{"k1", 1}, {"k2", 1}});
}
