// `convoke up --detach`: the supervisor as a process of its own session, which tells through a pipe how its start went.
#pragma once

#include <string>
#include <utility>

#include "cli/commands/context.hpp"

namespace convoke::cli {

/// The writing end, in the supervisor. Nothing is written when the number is empty. Says one thing, once.
class Report {
 public:
  explicit Report(const std::string& descriptor);
  Report(Report&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Report& operator=(Report&&) = delete;
  ~Report();
  void ready(const std::string& url, const std::string& task);
  void failed(const Error& error);

 private:
  void say(const Json& json);
  int descriptor_ = -1;
};

/// Once it is ready: where, whose calls are answered, which model, and what to type next; `task` is one that the team can do.
void tell_ready(Context& context, const std::string& url, const std::string& task);
/// Of a start that failed.
int code_of_start(const Error& error);

/// Starts this program again, detached, and waits for its word; the exit code.
int run_detached(Context& context);

}  // namespace convoke::cli
