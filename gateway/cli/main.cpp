// convoke: the command line.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "cli/commands/context.hpp"
#include "cli/standard_output.hpp"
#include "core/async.hpp"

using namespace convoke;
using namespace convoke::cli;

namespace {

constexpr Millis reader_asked_every{250};

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

// The code of a command whose words could not all be printed. Whoever reads no more, as `head` does, wants no word about it.
int code_of_write(int error, bool json) {
  if (error == EPIPE) return nobody_reads;
  Output(std::cout, std::cerr, false, false, json)
      .error(fmt::format("cannot write to the standard output: {}", std::generic_category().message(error)), name_of(Fault::unavailable));
  return failed;
}

// A conversation may be quiet for long: who watches it for somebody who has ended would wait for nothing.
asio::awaitable<void> reader_gone() {
  while (!is_reader_gone(STDOUT_FILENO)) co_await sleep_for(reader_asked_every);
}

int run(const Invocation& args) {
  DescriptorStream standard_output(STDOUT_FILENO);
  Output out(standard_output, std::cerr, isatty(STDOUT_FILENO) == 1, wants_color(args), args.json);
  if (Context::environment("TERM") == "dumb") out.leave_out_progress();
  asio::io_context io(1);
  Context context{io, args, out};
  const auto command = args.command == "up" ? run_up : find_command(args.command);
  if (!command) return usage;
  int code = failed;
  if (args.command == "watch")
    asio::co_spawn(io, reader_gone(), [&](std::exception_ptr) {
      code = nobody_reads;
      io.stop();
    });
  asio::co_spawn(io, command(context), [&](std::exception_ptr failure, int result) {
    if (failure) std::rethrow_exception(failure);
    code = result;
    io.stop();
  });
  asio::signal_set signals(io);
  if (args.command != "up") {  // which ends in order, and not for want of a reader
    out.on_write_error([&io](int) { io.stop(); });
    signals.add(SIGINT);
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      tell_interrupted(context);
      code = interrupted;
      io.stop();
    });
  }
  io.run();
  const bool is_cut = out.write_error() != 0 && (args.command != "up" || (code == ok && out.write_error() != EPIPE));
  return is_cut ? code_of_write(out.write_error(), args.json) : code;
}

}  // namespace

int main(int argc, char** argv) try {
  signal(SIGPIPE, SIG_IGN);  // NOLINT: a closed pipe is an error of the write
  auto parsed = parse_arguments(argc, argv, state_home());
  if (parsed.exit && *parsed.exit != ok && parsed.invocation.json) {
    Output(std::cout, std::cerr, false, false, true).error(parsed.message);
    return *parsed.exit;
  }
  if (parsed.exit && *parsed.exit == ok) {
    DescriptorStream standard_output(STDOUT_FILENO);
    Output out(standard_output, std::cerr, false, false, false);
    out.piece(parsed.message);
    return out.write_error() == 0 ? ok : code_of_write(out.write_error(), false);
  }
  if (parsed.exit) {
    std::cerr << parsed.message << std::flush;
    return *parsed.exit;
  }
  parsed.invocation.data = std::filesystem::absolute(parsed.invocation.data).lexically_normal().string();
  return run(parsed.invocation);
} catch (const std::exception& error) {
  std::cerr << "convoke: " << error.what() << std::endl;
  return failed;
}
