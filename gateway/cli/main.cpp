// convoke: the command line.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "cli/commands/context.hpp"

using namespace convoke;
using namespace convoke::cli;

namespace {

std::string state_home() {
  if (auto folder = Context::environment("XDG_STATE_HOME"); !folder.empty()) return folder;
  return Context::environment("HOME") + "/.local/state";
}

bool wants_color(const Invocation& args) {
  if (args.color != "auto") return args.color == "always";
  return isatty(STDOUT_FILENO) == 1 && Context::environment("NO_COLOR").empty() && Context::environment("TERM") != "dumb";
}

// Nothing that was accepted ends with the command that watched it.
void tell_interrupted(const Context& context) {
  context.out.end_pieces();
  context.out.clear_progress();
  const auto lines = context.left_behind ? context.left_behind() : std::vector<std::string>();
  if (lines.empty()) return;
  if (context.out.json()) return context.out.error(fmt::format("{}", fmt::join(lines, "\n")), name_of(Fault::cancelled));
  for (const auto& line : lines) context.out.line(line);
}

int run(const Invocation& args) {
  Output out(std::cout, std::cerr, isatty(STDOUT_FILENO) == 1, wants_color(args), args.json);
  asio::io_context io(1);
  Context context{io, args, out};
  const auto command = args.command == "up" ? run_up : find_command(args.command);
  if (!command) return usage;
  int code = failed;
  asio::co_spawn(io, command(context), [&](std::exception_ptr failure, int result) {
    if (failure) std::rethrow_exception(failure);
    code = result;
    io.stop();
  });
  asio::signal_set signals(io);
  if (args.command != "up") {  // which ends in order
    signals.add(SIGINT);
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      tell_interrupted(context);
      code = interrupted;
      io.stop();
    });
  }
  io.run();
  return code;
}

}  // namespace

int main(int argc, char** argv) try {
  signal(SIGPIPE, SIG_IGN);  // NOLINT: a closed pipe is an error of the write
  auto parsed = parse_arguments(argc, argv, state_home());
  if (parsed.exit && *parsed.exit != ok && parsed.invocation.json) {
    Output(std::cout, std::cerr, false, false, true).error(parsed.message);
    return *parsed.exit;
  }
  if (parsed.exit) {
    (*parsed.exit == ok ? std::cout : std::cerr) << parsed.message << std::flush;
    return *parsed.exit;
  }
  parsed.invocation.data = std::filesystem::absolute(parsed.invocation.data).lexically_normal().string();
  return run(parsed.invocation);
} catch (const std::exception& error) {
  std::cerr << "convoke: " << error.what() << std::endl;
  return failed;
}
