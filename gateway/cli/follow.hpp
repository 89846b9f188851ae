// A task or a chat from the first word to the end of its run: shows what happens and, where asked for, answers what people are asked. Used
// by `task`, `chat`, `watch` and the demonstration of `up`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>

#include "cli/conversation.hpp"
#include "cli/output.hpp"
#include "cli/show.hpp"

namespace convoke::cli {

enum class Approve { ask, automatic, none };

struct FollowOptions {
  Approve approve = Approve::none;
  std::string run;               // return when that run has ended; empty: a task's last one, and otherwise never
  bool stay = false;             // without a run: go on when a task's last one has ended
  bool leave_waiting = false;    // return when the run waits for a person whom nobody asks here; else it is told, and watched on
  std::string otherwise;         // automatic: the answer to questions that are no approvals; empty: they wait
  std::function<bool()> stop;    // looked at often: true ends it with CANCELLED
  std::string self = "convoke";  // what commands that are told begin with
};

/// Reads a line from standard input; nothing at its end.
asio::awaitable<std::optional<std::string>> read_line(asio::io_context& io, std::string prompt, Output& out);

/// Returns when the run has ended (its show then says how), when leave_waiting is set and it has not ended but waits, or with the error
/// that ended it. Approve::ask asks until standard input ends, and leaves what waits from then on.
asio::awaitable<Status> follow(asio::io_context& io, Conversation& conversation, Show& show, Output& out, FollowOptions options);

}  // namespace convoke::cli
