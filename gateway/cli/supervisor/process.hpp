// Child processes as the supervisor needs them: output into a log file, an environment of its own, SIGKILL when the supervisor itself dies,
// and nothing inherited but the three standard descriptors.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/result.hpp"

namespace convoke::cli {

struct Launch {
  std::string program;                   // a path
  std::vector<std::string> arguments;    // without the program
  std::vector<std::string> environment;  // NAME=value, all of it
  std::string log;                       // output is appended there
  std::string folder;                    // working directory
};

/// The process id. NOT_FOUND or FORBIDDEN when the program or the log cannot be opened.
Result<pid_t> launch(const Launch& wanted);

/// `exit code 1`, `signal 9 (Killed)`.
std::string how_it_ended(int wait_status);
/// True for the end of a program that was started wrongly (a mistake in its configuration, or it cannot be executed): another start is
/// another such end.
bool cannot_begin(int wait_status);
/// Resident bytes; 0 when there is no such process.
std::uint64_t resident_bytes(pid_t pid);

/// Keeps a log within its bound: a larger one is copied to `<path>.1` and emptied. The process keeps its descriptor.
void bound_log(const std::string& path, std::uint64_t max_bytes);
/// The last lines of a file, at most `lines`.
std::vector<std::string> last_lines(const std::string& path, std::size_t lines);

}  // namespace convoke::cli
