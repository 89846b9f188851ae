// What every command is given, and the table of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/api_client.hpp"
#include "cli/arguments.hpp"
#include "cli/instance.hpp"
#include "cli/output.hpp"

namespace convoke::cli {

struct Context {
  asio::io_context& io;
  const Invocation& args;
  Output& out;
  /// What a command that is interrupted leaves behind and how to go on with it, for people; nothing when it leaves nothing.
  std::function<std::vector<std::string>()> left_behind{};

  /// Where the gateway is: --url, else the running instance's. UNAVAILABLE, with what to do, when there is none; FORBIDDEN when this user
  /// may not look.
  Result<ApiTarget> gateway() const;
  /// The control socket of the running instance.
  Result<ApiTarget> control() const;
  /// How long a gateway may be away before the command ends (--patience).
  Millis patience() const;
  /// Prints the error; the exit code that belongs to it.
  int refuse(const Error& error) const;
  /// POSTs what changes something to the gateway, under the key that was given (--key) or a fresh one. Whoever is left without an answer is
  /// told the key.
  asio::awaitable<Result<Json>> change(std::string path, Json fields);
  /// The key that was given, else a fresh one; from now on who interrupts the command is told it.
  std::string begin_change();
  /// A fresh idempotency key.
  static std::string new_key();
  static std::string environment(const char* name);
};

int code_of(const Error& error);

using Command = asio::awaitable<int> (*)(Context&);
/// nullptr: no such command.
Command find_command(std::string_view name);

// By file.
asio::awaitable<int> run_up(Context& context);  // not in the table: it has a loop and signals of its own
asio::awaitable<int> run_down(Context& context);
asio::awaitable<int> run_status(Context& context);
asio::awaitable<int> run_scale(Context& context);
asio::awaitable<int> run_doctor(Context& context);
asio::awaitable<int> run_task(Context& context);
asio::awaitable<int> run_chat(Context& context);
asio::awaitable<int> run_watch(Context& context);
asio::awaitable<int> run_plans(Context& context);
asio::awaitable<int> run_plan(Context& context);
asio::awaitable<int> run_decide(Context& context);
asio::awaitable<int> run_clarify(Context& context);
asio::awaitable<int> run_cancel(Context& context);
asio::awaitable<int> run_answer(Context& context);
asio::awaitable<int> run_agents(Context& context);
asio::awaitable<int> run_tools(Context& context);
asio::awaitable<int> run_team_check(Context& context);
asio::awaitable<int> run_team_apply(Context& context);
asio::awaitable<int> run_dead_letters(Context& context);
asio::awaitable<int> run_dead_letter(Context& context);
asio::awaitable<int> run_trace(Context& context);

}  // namespace convoke::cli
