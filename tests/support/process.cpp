#include "support/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace convoke::test {
namespace {

[[noreturn]] void fail_with_errno(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    if (!added.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [key, value] : added) all.push_back(key + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Between fork and exec: only what is safe after a fork.
[[noreturn]] void become(const Command& command, char* const* arguments, char** environment, int out, int err, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::close_range(3, ~0U, 0);
  if (!command.folder.empty() && ::chdir(command.folder.c_str()) != 0) ::_exit(126);
  environ = environment;
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return predicate();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

TempDir::TempDir() {
  auto pattern = (std::filesystem::temp_directory_path() / "convoke-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail_with_errno("mkdtemp " + pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::Process(const Command& command) : output_(std::make_unique<TempDir>()) {
  auto arguments = command.arguments;
  if (arguments.empty()) throw std::runtime_error("process: no program given");
  auto environment = environment_with(command.environment);
  const auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  const int out = ::open(output_->file("out").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const int err = ::open(output_->file("err").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0 || err < 0) fail_with_errno("output files of " + arguments[0]);
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(command, argument_pointers.data(), environment_pointers.data(), out, err, parent);
  ::close(out);
  ::close(err);
  if (pid_ < 0) fail_with_errno("fork for " + arguments[0]);
  ::setpgid(pid_, pid_);  // as the child does, so that it holds whoever is first
}

Process::~Process() {
  if (pid_ <= 0) return;
  kill();
  if (!exit_) ::waitpid(pid_, nullptr, 0);
}

Process::Process(Process&& other) noexcept
    : output_(std::move(other.output_)), pid_(std::exchange(other.pid_, -1)), exit_(std::exchange(other.exit_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(output_, other.output_);
  std::swap(pid_, other.pid_);
  std::swap(exit_, other.exit_);
  return *this;
}

std::string Process::read(const char* name) const {
  std::ifstream file(output_->file(name), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Process::out() const { return read("out"); }
std::string Process::err() const { return read("err"); }

void Process::signal(int number) const {
  if (pid_ > 0 && !exit_) ::kill(pid_, number);
}

void Process::kill() const {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

std::optional<Exit> Process::wait(std::chrono::milliseconds limit) {
  eventually(limit, [this] { return !running(); });
  return exit_;
}

bool Process::running() {
  if (exit_ || pid_ <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = WIFSIGNALED(status) ? Exit{-1, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  return false;
}

std::vector<std::string> Process::error_lines() const {
  std::vector<std::string> found;
  std::istringstream lines(err());
  for (std::string line; std::getline(lines, line);) {
    if (line.find(R"("level":"error")") != std::string::npos) found.push_back(line);
  }
  return found;
}

std::string program(const std::string& name) { return std::string(CONVOKE_BIN_DIR) + "/" + name; }

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (descriptor < 0 || ::bind(descriptor, generic, size) != 0 || ::getsockname(descriptor, generic, &size) != 0)
    fail_with_errno("free port");
  ::close(descriptor);
  return ntohs(address.sin_port);
}

}  // namespace convoke::test
