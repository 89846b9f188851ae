#include "cli/supervisor/process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <signal.h>
#include <string.h>  // NOLINT: strsignal, strerror
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <fstream>

namespace convoke::cli {
namespace {

constexpr int not_executable = 126;  // as shells have it

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));  // execve's signature predates const
  result.push_back(nullptr);
  return result;
}

// Between fork and exec: system calls only.
[[noreturn]] void become(const Launch& wanted, char* const* arguments, char* const* environment, int log, pid_t parent) {
  setpgid(0, 0);  // Ctrl-C reaches the supervisor alone, which stops its children in their order
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const sched_param no_priority{};
  sched_setscheduler(0, SCHED_BATCH, &no_priority);  // Redis too answers in one go; libs/runtime says why
  if (getppid() != parent) _exit(127);               // it died in between
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGCHLD, SIGTERM, SIGINT, SIGHUP}) signal(number, SIG_DFL);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  close_range(3, ~0u, 0);
  if (chdir(wanted.folder.c_str()) == 0) execve(wanted.program.c_str(), arguments, environment);
  const auto message = "cannot be executed\n";
  [[maybe_unused]] const auto written = write(2, message, 19);
  _exit(not_executable);
}

}  // namespace

Result<pid_t> launch(const Launch& wanted) {
  if (access(wanted.program.c_str(), X_OK) != 0) return fail(Fault::not_found, fmt::format("{}: {}", wanted.program, strerror(errno)));
  const int log = open(wanted.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return fail(Fault::forbidden, fmt::format("{}: {}", wanted.log, strerror(errno)));
  std::vector<std::string> words{wanted.program};
  words.insert(words.end(), wanted.arguments.begin(), wanted.arguments.end());
  const auto arguments = pointers(words);
  const auto environment = pointers(wanted.environment);
  const auto parent = getpid();
  const auto pid = fork();
  if (pid == 0) become(wanted, arguments.data(), environment.data(), log, parent);
  const int failure = errno;
  close(log);
  if (pid < 0) return fail(Fault::unavailable, fmt::format("cannot start another process: {}", strerror(failure)));
  return pid;
}

std::string how_it_ended(int status) {
  if (WIFEXITED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  return fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

bool cannot_begin(int status) {
  constexpr int misconfigured = 2;  // runtime::Config::load's, and that of those who check more than it does
  return WIFEXITED(status) && (WEXITSTATUS(status) == misconfigured || WEXITSTATUS(status) == not_executable);
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  std::uint64_t total = 0, resident = 0;
  if (!(file >> total >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void bound_log(const std::string& path, std::uint64_t max_bytes) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size <= max_bytes) return;
  std::filesystem::copy_file(path, path + ".1", std::filesystem::copy_options::overwrite_existing, error);
  if (!error) std::filesystem::resize_file(path, 0, error);
}

std::vector<std::string> last_lines(const std::string& path, std::size_t count) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::int64_t>(file.tellg());
  if (size <= 0) return {};
  file.seekg(std::max<std::int64_t>(0, size - std::int64_t{64} * 1024));
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(std::move(line));
    if (lines.size() > count) lines.pop_front();
  }
  return {lines.begin(), lines.end()};
}

}  // namespace convoke::cli
