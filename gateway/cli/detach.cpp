#include "cli/detach.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <string.h>  // NOLINT: strerror
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace convoke::cli {
namespace {

std::vector<std::string> own_arguments(const Invocation& args, int report) {
  std::vector<std::string> words{"convoke", "--data", args.data, "up", "--report", std::to_string(report)};
  for (const auto* name : {"team", "port"})
    if (const auto value = args.text(name); !value.empty()) words.insert(words.end(), {std::string("--") + name, value});
  return words;
}

[[noreturn]] void become(const std::vector<char*>& arguments, int log) {
  setsid();
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(log, 1);
  dup2(log, 2);
  execv("/proc/self/exe", arguments.data());
  _exit(126);
}

/// As long as it lives, a signal that asks for the end is read instead of ending this process.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&asked_);
    for (const int each : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&asked_, each);
    pthread_sigmask(SIG_BLOCK, &asked_, &before_);
    descriptor_ = signalfd(-1, &asked_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~EndSignals() {
    close(descriptor_);
    unblock();
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  /// What a child inherits it has to undo.
  void unblock() const { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  /// Until something can be read from `other` (-1: nothing), or a signal came, or the time is over. True for a signal, once for each.
  bool came(int other, int milliseconds) const {
    pollfd both[2] = {{descriptor_, POLLIN, 0}, {other, POLLIN, 0}};
    poll(both, 2, milliseconds);
    signalfd_siginfo signal{};
    return read(descriptor_, &signal, sizeof signal) > 0;
  }

 private:
  sigset_t asked_{};
  sigset_t before_{};
  int descriptor_ = -1;
};

/// All that is said there; nothing when a signal came first.
std::optional<std::string> read_all(int descriptor, const EndSignals& signals) {
  std::string text;
  char bytes[4096];
  while (true) {
    if (signals.came(descriptor, -1)) return std::nullopt;
    const auto size = read(descriptor, bytes, sizeof bytes);
    if (size == 0 || (size < 0 && errno != EINTR)) return text;
    if (size > 0) text.append(bytes, static_cast<std::size_t>(size));
  }
}

/// A text as a person would type it: between double quotes, unless a shell would find something to do in it.
std::string quoted(const std::string& text) {
  return text.find_first_of("\"$`\\!\n") == std::string::npos ? fmt::format("\"{}\"", text) : shell_word(text);
}

/// Who interrupts a start wants no installation: what was begun is ended, in order. A second signal leaves it to that.
int stop_again(Context& context, pid_t pid, const EndSignals& signals) {
  kill(pid, SIGTERM);
  context.out.progress("stopping …");
  while (waitpid(pid, nullptr, WNOHANG) == 0)
    if (signals.came(-1, 50)) {
      context.out.error(Error(Fault::cancelled,
                              fmt::format("interrupted: it is still stopping, and `{} status` says whether it runs", context.args.self)));
      return interrupted;
    }
  context.out.error(Error(Fault::cancelled, "interrupted before it was ready: what had been started is stopped"));
  return interrupted;
}

}  // namespace

Report::Report(const std::string& descriptor) {
  if (descriptor.empty()) return;
  std::from_chars(descriptor.data(), descriptor.data() + descriptor.size(), descriptor_);
  fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
}

Report::~Report() {
  if (descriptor_ >= 0) close(descriptor_);
}

void Report::ready(const std::string& url, const std::string& task) { say({{"ready", true}, {"url", url}, {"task", task}}); }
void Report::failed(const Error& error) { say({{"error", {{"code", convoke::name_of(error.code)}, {"message", error.message}}}}); }

void Report::say(const Json& json) {
  if (descriptor_ < 0) return;
  const auto text = api::dump(json);
  [[maybe_unused]] const auto written = write(descriptor_, text.data(), text.size());
  close(std::exchange(descriptor_, -1));
}

int code_of_start(const Error& error) {
  switch (error.code) {
    case Fault::conflict:
    case Fault::not_found:
    case Fault::unauthenticated:
    case Fault::forbidden:
    case Fault::cancelled: return code_of(error);
    default: return failed;
  }
}

void tell_ready(Context& context, const std::string& url, const std::string& task) {
  auto& out = context.out;
  const auto& self = context.args.self;
  out.line(out.paint(Tone::good, "ready") + " at " + out.paint(Tone::bold, url));
  const bool keys = !Context::environment("CONVOKE_GATEWAY_KEYS").empty();
  const bool models = !Context::environment("CONVOKE_MODEL_URL").empty();
  out.line(fmt::format("Data in {}. {} {}", context.args.data, keys ? "API keys are needed." : "No API keys: this host alone is served.",
                       models ? "Models are asked at $CONVOKE_MODEL_URL." : "The offline model answers."));
  out.line(context.args.flag("detach") ? "Next:" : "Next, in another terminal:");
  if (keys && !context.args.flag("detach")) out.line("  export CONVOKE_API_KEY=…");
  out.line(fmt::format("  {} task {}", self, safe(quoted(task))));
  out.line(fmt::format("  {0} status      {0} plans      {0} down", self));
}

int run_detached(Context& context) {
  const Paths paths(context.args.data);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return context.refuse(Error(Fault::unavailable, fmt::format("no pipe: {}", strerror(errno))));
  const int log = open(paths.log("supervisor").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return context.refuse(Error(Fault::forbidden, fmt::format("{}: {}", paths.log("supervisor"), strerror(errno))));
  auto words = own_arguments(context.args, ends[1]);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  fcntl(ends[1], F_SETFD, 0);
  const EndSignals signals;
  const auto pid = fork();
  if (pid == 0) {
    signals.unblock();
    become(arguments, log);
  }
  close(ends[1]);
  close(log);
  context.out.progress("starting …");
  const auto text = pid > 0 ? read_all(ends[0], signals) : std::string();
  close(ends[0]);
  if (!text) return stop_again(context, pid, signals);
  const auto told = Json::parse(*text, nullptr, false);
  if (told.is_object() && told.value("ready", false)) {
    if (context.out.json())
      context.out.value(told);
    else
      tell_ready(context, told.value("url", ""), told.value("task", ""));
    return ok;
  }
  const bool spoke = told.is_object() && told.contains("error");
  const auto error = spoke ? error_in(told, Fault::unavailable)
                           : Error(Fault::unavailable, "the supervisor ended without a word: see " + paths.log("supervisor"));
  context.out.error(error);
  return code_of_start(error);
}

}  // namespace convoke::cli
