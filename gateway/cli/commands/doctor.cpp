// doctor: what is wrong with this installation, and how to mend it.
#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "agents/team/load.hpp"
#include "cli/commands/context.hpp"
#include "cli/supervisor/process.hpp"
#include "cli/surroundings.hpp"

namespace convoke::cli {
namespace {

class Findings {
 public:
  explicit Findings(Output& out) : out_(out) {}
  void good(const std::string& what, const std::string& detail) { add(what, true, detail, {}); }
  void bad(const std::string& what, const std::string& detail, const std::string& mend) { add(what, false, detail, mend); }
  bool all_good() const { return bad_ == 0; }

 private:
  void add(const std::string& what, bool fine, const std::string& detail, const std::string& mend) {
    if (!fine) ++bad_;
    if (out_.json()) return out_.value({{"check", what}, {"ok", fine}, {"detail", detail}, {"mend", mend}});
    out_.line(fmt::format("{} {}: {}", fine ? out_.paint(Tone::good, "✓") : out_.paint(Tone::bad, "✗"), what, safe(detail)));
    if (!mend.empty()) out_.line("    " + mend);
  }
  Output& out_;
  int bad_ = 0;
};

void check_programs(Findings& findings) {
  const auto folder = program_folder();
  std::string missing;
  for (const auto& name : service_programs())
    if (access((folder + "/" + name).c_str(), X_OK) != 0) missing += " " + name;
  if (missing.empty())
    findings.good("programs", folder);
  else
    findings.bad("programs", "not in " + folder + ":" + missing, "build them: scripts/build release");
  if (const auto redis = find_in_path("redis-server"))
    findings.good("redis-server", *redis);
  else
    findings.bad("redis-server", "not installed", "apt-get install redis-server (scripts/setup does it)");
}

void check_data(Findings& findings, const Paths& paths) {
  if (const auto prepared = prepare(paths); !prepared) {
    findings.bad("data folder", prepared.error().message, "choose another with --data, or give this user the right to write there");
    return;
  }
  findings.good("data folder", paths.data);
  constexpr std::uint64_t enough = 512u << 20;
  const auto space = free_bytes(paths.data);
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

void check_team(Findings& findings, const Invocation& args) {
  const auto file = args.text("team");
  if (file.empty()) return findings.good("team file", "the company that ships with the product");
  const auto mistakes = agents::check_team(read_file(file), file);
  if (mistakes.empty())
    findings.good("team file", file);
  else
    findings.bad("team file", fmt::format("{} mistakes; the first: {}", mistakes.size(), agents::to_string(mistakes.front())),
                 "convoke team check " + file);
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

}  // namespace

asio::awaitable<int> run_doctor(Context& context) {
  Findings findings(context.out);
  const Paths paths(context.args.data);
  check_programs(findings);
  check_data(findings, paths);
  check_team(findings, context.args);
  const auto instance = find_instance(paths);
  if (!instance) {
    if (const auto port = check_port(8080))
      findings.good("port 8080", "free");
    else
      findings.bad("port 8080", port.error().message, "convoke up --port N");
    findings.good("installation", "nothing runs in " + paths.data);
    co_return findings.all_good() ? ok : failed;
  }
  ApiClient api(context.io, *context.control());
  auto status = co_await api.get("/status");
  if (!status) {
    findings.bad("supervisor", status.error().message,
                 fmt::format("process {} holds the folder but does not answer: kill it, then convoke up", instance->pid));
    co_return failed;
  }
  findings.good("supervisor", fmt::format("process {}, {}", instance->pid, status->value("url", "")));
  if (status->contains("trouble")) findings.bad("installation", status->value("trouble", ""), "it goes on by itself once this is mended");
  for (const auto& process : (*status)["processes"]) check_process(findings, paths, process);
  co_return findings.all_good() ? ok : failed;
}

}  // namespace convoke::cli
