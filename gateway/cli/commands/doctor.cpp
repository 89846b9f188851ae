// doctor: what is wrong with this installation, and how to mend it.
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "agents/team/load.hpp"
#include "cli/aof_check.hpp"
#include "cli/commands/context.hpp"
#include "cli/show.hpp"
#include "cli/supervisor/process.hpp"
#include "cli/surroundings.hpp"

namespace convoke::cli {
namespace {

class Findings {
 public:
  explicit Findings(Output& out) : out_(out) {}
  void good(const std::string& what, const std::string& detail) { add(what, Grade::good, detail, {}); }
  /// Something to know that need not stand in the way.
  void warn(const std::string& what, const std::string& detail, const std::string& mend) { add(what, Grade::warning, detail, mend); }
  void bad(const std::string& what, const std::string& detail, const std::string& mend) { add(what, Grade::bad, detail, mend); }
  bool all_good() const { return bad_ == 0; }

 private:
  enum class Grade : std::uint8_t { good, warning, bad };
  void add(const std::string& what, Grade grade, const std::string& detail, const std::string& mend) {
    const bool fine = grade != Grade::bad;
    if (!fine) ++bad_;
    if (out_.json())
      return out_.value({{"check", what}, {"ok", fine}, {"warning", grade == Grade::warning}, {"detail", detail}, {"mend", mend}});
    const auto sign = grade == Grade::good      ? out_.paint(Tone::good, "✓")
                      : grade == Grade::warning ? out_.paint(Tone::warn, "!")
                                                : out_.paint(Tone::bad, "✗");
    out_.line(fmt::format("{} {}: {}", sign, what, safe(detail)));
    if (!mend.empty()) out_.line("    " + mend);
  }
  Output& out_;
  int bad_ = 0;
};

void check_programs(Findings& findings) {
  const auto folder = program_folder();
  std::string missing;
  for (const auto& name : service_programs())
    if (access(fmt::format("{}/{}", folder, name).c_str(), X_OK) != 0) missing.append(" ").append(name);
  if (missing.empty())
    findings.good("programs", folder);
  else
    findings.bad("programs", "not in " + folder + ":" + missing, "build them: scripts/build release");
  if (const auto redis = find_in_path("redis-server"))
    findings.good("redis-server", *redis);
  else
    findings.bad("redis-server", "not installed", "apt-get install redis-server (scripts/setup does it)");
}

// Looks and makes nothing: a folder that is not there yet is one for `up` to make.
void check_folder(Findings& findings, const Paths& paths, const std::string& present) {
  constexpr auto mend = "choose another with --data, or give this user the right to write there";
  std::error_code ignored;
  const bool is_there = present == paths.data;
  if (const auto length = check_length(paths); !length)
    findings.bad("data folder", length.error().message, "choose another with --data");
  else if (!std::filesystem::is_directory(present, ignored))
    findings.bad("data folder", present + " is no folder", mend);
  else if (const auto place = check_place(paths); !place)
    findings.bad("data folder", place.error().message, "choose another with --data");
  else if (access(present.c_str(), W_OK | X_OK) != 0)
    findings.bad("data folder", fmt::format("{} may not be written to", present), mend);
  else
    findings.good("data folder", is_there ? paths.data : paths.data + " is not there yet; convoke up makes it");
}

void check_data(Findings& findings, const Paths& paths) {
  auto present = std::filesystem::path(paths.data);
  std::error_code ignored;
  while (present.has_relative_path() && !std::filesystem::exists(present, ignored)) present = present.parent_path();
  check_folder(findings, paths, present.string());
  constexpr std::uint64_t enough = 512u << 20;
  const auto space = free_bytes(present.string());
  if (space >= enough)
    findings.good("disk space", size_text(space) + " free");
  else
    findings.bad("disk space", size_text(space) + " free",
                 "free at least 512 MiB: a full disk stops everything, though nothing stored is lost");
  struct rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur >= 1024)
    findings.good("open files", std::to_string(files.rlim_cur));
  else
    findings.bad("open files", fmt::format("at most {}", files.rlim_cur), "ulimit -n 4096");
}

// The file that is named, else the one that `up` was last told to use. What runs has read its own already.
void check_team(Findings& findings, const Paths& paths, const Invocation& args, bool runs) {
  const auto named = args.text("team");
  const auto file = named.empty() ? text_of_file(paths.team()) : named;
  if (file.empty()) return findings.good("team file", "the company that ships with the product");
  const auto text = text_of_file(file);
  if (text.empty() && runs && named.empty())
    return findings.warn("team file", file + " cannot be read any more", "the next start needs it, or another: convoke up --team FILE");
  if (text.empty()) return findings.bad("team file", file + " cannot be read", "name another: convoke up --team FILE");
  const auto mistakes = agents::check_team(text, file);
  if (mistakes.empty())
    findings.good("team file", file);
  else
    findings.bad("team file", fmt::format("{} mistakes; the first: {}", mistakes.size(), agents::to_string(mistakes.front())),
                 "convoke team check " + shell_word(file));
}

// Those that have workers too only where all are to be named. An agent that somebody scaled to none waits for nobody until work does.
void check_queues(Findings& findings, const Json& directory, const std::string& self, bool all) {
  for (const auto& queue : directory["queues"]) {
    const auto agent = text_of(queue, "agent");
    const bool is_system = agent.starts_with("system.");
    const auto waiting = queue.value("backlog", 0);
    const auto detail = fmt::format("{} workers, {} waiting", queue.value("replicas", 0), waiting);
    const auto mend = is_system ? fmt::format("its process is missing: see {} on its host", self + " doctor")
                                : fmt::format("on its host: {} scale {} 1", self, shell_word(agent));
    if (queue.value("replicas", 0) > 0) {
      if (all) findings.good(agent, detail);
    } else if (waiting > 0 || is_system) {
      findings.bad(agent, detail, mend);
    } else {
      findings.warn(agent, detail, mend);
    }
  }
}

void check_process(Findings& findings, const Paths& paths, const Json& process) {
  const auto name = process.value("name", "");
  if (process.value("ready", false)) {
    return findings.good(name, fmt::format("pid {}, {}, {} restarts", process.value("pid", 0),
                                           size_text(process.value("memory", std::uint64_t{0})), process.value("restarts", 0)));
  }
  const auto lines = last_lines(paths.log(name), 1);
  findings.bad(name, fmt::format("{} ({} restarts)", process.value("reason", "not ready"), process.value("restarts", 0)),
               fmt::format("see {}{}", paths.log(name), lines.empty() ? "" : "; its last line: " + brief(lines.front(), 200)));
}

// What is stored, as Redis's own tool sees it. Only while no Redis writes there.
void check_stored(Findings& findings, const Paths& paths) {
  const auto file = paths.append_only();
  if (access(file.c_str(), F_OK) != 0) return findings.good("stored data", "none yet");
  const auto tool = find_in_path("redis-check-aof");
  if (!tool) return findings.bad("stored data", "cannot be checked: redis-check-aof is not installed", "apt-get install redis-tools");
  const auto log = paths.log("redis-check-aof");
  std::error_code ignored;
  std::filesystem::remove(log, ignored);
  const auto pid = launch({*tool, {file}, {"PATH=/usr/bin:/bin"}, log, paths.data});
  int status = 0;
  if (!pid || waitpid(*pid, &status, 0) != *pid)
    return findings.bad("stored data", "cannot be checked: " + (pid ? std::string("no result") : pid.error().message), *tool + " " + file);
  const auto verdict = verdict_of(WIFEXITED(status) && WEXITSTATUS(status) == 0, text_of_file(log));
  if (verdict.kind == AofVerdict::Kind::whole) return findings.good("stored data", "whole");
  if (verdict.kind == AofVerdict::Kind::cut) return findings.good("stored data", "its last write is not whole; the next start drops it");
  const auto folder = shell_word(paths.redis());
  findings.bad(
      "stored data", "damaged: " + verdict.reason,
      fmt::format("cp -a {0} {0}.damaged && redis-check-aof --fix {1}    then convoke up. What comes after the damaged place is lost "
                  "(all is in {0}.damaged); {2} has the whole report",
                  folder, shell_word(file), log));
}

// Only a port that this folder is to use can be in its way.
void check_its_port(Findings& findings, const Paths& paths) {
  const auto noted = text_of_file(paths.port());
  if (noted == "0") return findings.good("port", "one that is free, as in the last start");
  std::uint16_t port = default_port;
  std::from_chars(noted.data(), noted.data() + noted.size(), port);
  const auto what = fmt::format("port {}", port);
  const auto usable = check_port(port);
  const auto mend = "convoke up --port N, or --port 0 for one that is free";
  if (usable) return findings.good(what, "free");
  if (std::filesystem::exists(paths.port()))
    findings.bad(what, usable.error().message, mend);
  else
    findings.warn(what, usable.error().message, mend);
}

void check_last_start(Findings& findings, const Paths& paths) {
  const auto reason = text_of_file(paths.last_failure());
  if (reason.empty()) return;
  findings.bad("last start", reason.substr(0, reason.find_last_not_of('\n') + 1),
               fmt::format("mend what is named here, then convoke up; each process has its log in {}", paths.logs()));
}

// A gateway elsewhere: what can be seen through it.
asio::awaitable<int> examine_gateway(Context& context) {
  Findings findings(context.out);
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  const auto ready = co_await api.get("/readyz");
  const auto directory = co_await api.get("/api/directory");
  if (!directory) {
    const bool key = directory.error().code == Fault::unauthenticated || directory.error().code == Fault::forbidden;
    findings.bad(key ? "API key" : "gateway", fmt::format("{}: {}", target->url, directory.error().message),
                 key ? "set CONVOKE_API_KEY to a key that it knows" : "start it on its host with convoke up; is the address right?");
    co_return code_of(directory.error());
  }
  if (ready)
    findings.good("gateway", target->url);
  else
    findings.bad("gateway", target->url + " is not ready", "it has no connection to its intercom: convoke doctor on its host");
  const auto held = fmt::format("{} of {} held", directory->value("partitions_held", 0), directory->value("partitions", 0));
  if (is_whole(*directory))
    findings.good("partitions", held);
  else
    findings.bad("partitions", held, "a groupchat is missing or starting: convoke doctor on its host");
  check_queues(findings, *directory, "convoke", true);
  if (!context.out.json()) context.out.line("Programs, data and processes are examined on its own host: convoke doctor --data FOLDER");
  co_return findings.all_good() ? ok : failed;
}

// What runs here: its processes, its team, and whether anybody waits for a worker.
asio::awaitable<void> examine_installation(Context& context, Findings& findings, const Instance& instance) {
  const Paths paths(context.args.data);
  ApiClient supervisor(context.io, *context.control());
  auto status = co_await supervisor.get("/status");
  if (!status) {
    findings.bad("supervisor", status.error().message,
                 fmt::format("process {} holds the folder but does not answer: kill it, then convoke up", instance.pid));
    co_return;
  }
  findings.good("supervisor", fmt::format("process {}, {}", instance.pid, status->value("url", "")));
  findings.good("team", fmt::format("{} version {}", text_of(*status, "team"), status->value("team_version", 0)));
  if (status->contains("trouble")) findings.bad("installation", status->value("trouble", ""), "it goes on by itself once this is mended");
  for (const auto& process : (*status)["processes"]) check_process(findings, paths, process);
  const auto target = context.gateway();
  if (!target || status->contains("trouble")) co_return;
  ApiClient api(context.io, *target);
  const auto directory = co_await api.get("/api/directory");
  if (directory) co_return check_queues(findings, *directory, context.args.self, false);
  const bool is_key = directory.error().code == Fault::unauthenticated || directory.error().code == Fault::forbidden;
  if (is_key)
    findings.warn("queues", "not examined: " + directory.error().message, "set CONVOKE_API_KEY to a key that the gateway knows");
  else
    findings.bad("gateway", directory.error().message, "see " + paths.log("gateway"));
}

}  // namespace

asio::awaitable<int> run_doctor(Context& context) {
  if (!context.args.url.empty()) co_return co_await examine_gateway(context);
  Findings findings(context.out);
  const Paths paths(context.args.data);
  const auto instance = find_instance(paths);
  check_programs(findings);
  check_data(findings, paths);
  if (!instance && instance.error().code == Fault::forbidden) {  // nothing in there can be seen, so nothing is said of it
    findings.bad("installation", instance.error().message, fmt::format("{} doctor, as the user who runs it", context.args.self));
    co_return not_allowed;
  }
  check_team(findings, paths, context.args, instance.has_value());
  if (instance) {
    co_await examine_installation(context, findings, *instance);
  } else {
    check_its_port(findings, paths);
    check_stored(findings, paths);
    check_last_start(findings, paths);
    findings.good("installation", instance.error().message);
  }
  co_return findings.all_good() ? ok : failed;
}

}  // namespace convoke::cli
