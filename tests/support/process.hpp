// What integration tests are made of: real child processes, temporary folders, and waiting for a condition instead of for a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace convoke::test {

/// True as soon as `predicate` is; false when it never was within `limit`. Looks every 5 ms.
bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& predicate);

/// A fresh folder that is gone, with all in it, at the end of the scope.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct Command {
  std::vector<std::string> arguments;              // [0] is the program: a path, or a name looked up in PATH
  std::map<std::string, std::string> environment;  // added to ours
  std::string folder;                              // working directory; empty: ours
};

struct Exit {
  int code = 0;    // exit code; -1 when ended by a signal
  int signal = 0;  // that signal, or 0
  bool operator==(const Exit&) const = default;
};

/// A child process. Its output goes to files in a temporary folder, so that it never blocks and can be read at any time. It is in a process
/// group of its own, which the destructor kills with SIGKILL; it also gets SIGKILL when the test itself dies.
class Process {
 public:
  /// Throws std::runtime_error when it cannot be started.
  explicit Process(const Command& command);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  std::string out() const;  // so far
  std::string err() const;
  void signal(int number) const;  // to the process; nothing when it has ended
  void kill() const;              // SIGKILL, to the group
  /// How it ended; nothing when it still runs after `limit`.
  std::optional<Exit> wait(std::chrono::milliseconds limit);
  bool running();
  /// Lines on standard error that contain `"level":"error"`: what a test must expect or fail on.
  std::vector<std::string> error_lines() const;

 private:
  std::string read(const char* name) const;
  std::unique_ptr<TempDir> output_;
  pid_t pid_ = -1;
  std::optional<Exit> exit_;
};

/// Path of a program of this build (`<build>/bin/<name>`).
std::string program(const std::string& name);

/// A TCP port on loopback that was free a moment ago; only for programs that cannot choose one themselves.
std::uint16_t free_port();

}  // namespace convoke::test
