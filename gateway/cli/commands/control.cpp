// down, status, scale: what the supervisor does on request.
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <chrono>

#include "cli/commands/context.hpp"
#include "cli/commands/directory.hpp"
#include "cli/show.hpp"
#include "core/async.hpp"

namespace convoke::cli {
namespace {

void show_status(Context& context, const Json& status) {
  auto& out = context.out;
  const bool ready = status.value("ready", false);
  out.line(fmt::format("{} · {} · team {} version {}", ready ? out.paint(Tone::good, "ready") : out.paint(Tone::warn, "not ready"),
                       text_of(status, "url"), text_of(status, "team"), status.value("team_version", 0)));
  if (const auto found = status.find("teams"); found != status.end() && found->size() > 1) {
    std::vector<std::string> others;
    for (const auto& [team, version] : found->items())
      if (team != text_of(status, "team")) others.push_back(fmt::format("{} version {}", team, version.dump()));
    out.line(fmt::format("also: {}", fmt::join(others, ", ")));
  }
  if (const auto trouble = text_of(status, "trouble"); !trouble.empty()) out.line(out.paint(Tone::bad, safe(trouble)));
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : status["processes"])
    rows.push_back({text_of(each, "name"), std::to_string(each.value("pid", 0)), each.value("ready", false) ? "yes" : "no",
                    std::to_string(each.value("restarts", 0)), size_text(each.value("memory", std::uint64_t{0})),
                    brief(text_of(each, "reason"), 60)});
  out.rows(table({"NAME", "PID", "READY", "RESTARTS", "MEMORY", ""}, rows));
}

constexpr Millis control_deadline{10'000};

// Who does not answer, and what can be done about it. What was asked lies in its socket: it is done once it goes on.
Error silent(const Context& context, Error error) {
  const auto instance = find_instance(Paths(context.args.data));
  if (error.code != Fault::deadline || !instance) return error;
  const auto pid = instance->pid;
  const auto stat = text_of_file(fmt::format("/proc/{}/stat", pid));
  if (stat.contains(") T ") || stat.contains(") t "))
    error.message =
        fmt::format("the supervisor of {} is stopped (process {}: SIGSTOP, or Ctrl-Z where it runs): `kill -CONT {}` lets it go on",
                    context.args.data, pid, pid);
  else
    error.message = fmt::format(
        "the supervisor of {} does not answer (process {}): look into its log, {}; `kill -9 {}` ends it with all that "
        "it started, and nothing accepted is lost",
        context.args.data, pid, Paths(context.args.data).log("supervisor"), pid);
  return error;
}

// What a gateway elsewhere knows: it sees agents and partitions, not processes.
asio::awaitable<int> status_of_gateway(Context& context) {
  auto& out = context.out;
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  const auto ready = co_await api.get("/readyz");
  auto directory = co_await read_directory(context, api);
  if (!directory) co_return context.refuse(directory.error());
  const bool fine = ready && is_whole(*directory);
  if (out.json()) {
    out.value({{"ready", fine}, {"url", target->url}, {"directory", std::move(*directory)}});
    co_return fine ? ok : failed;
  }
  out.line(fmt::format("{} · {} · {} of {} partitions held", fine ? out.paint(Tone::good, "ready") : out.paint(Tone::warn, "not ready"),
                       target->url, directory->value("partitions_held", 0), directory->value("partitions", 0)));
  out.rows(agent_lines(*directory));
  out.line(out.paint(Tone::dim, "Its processes are listed on its own host: convoke status --data FOLDER"));
  co_return fine ? ok : failed;
}

}  // namespace

asio::awaitable<int> run_status(Context& context) {
  if (!context.args.url.empty()) co_return co_await status_of_gateway(context);
  auto target = context.control();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  auto status = co_await api.get("/status", control_deadline);
  if (!status && status.error().code == Fault::deadline)  // nothing was to change: it is not the outcome that is unknown
    co_return context.refuse(Error(Fault::unavailable, silent(context, status.error()).message));
  if (!status) co_return context.refuse(status.error());
  if (context.out.json())
    context.out.value(*status);
  else
    show_status(context, *status);
  co_return status->value("ready", false) ? ok : failed;
}

asio::awaitable<int> run_down(Context& context) {
  auto target = context.control();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  auto stopping = co_await api.post("/down", Json::object(), {}, control_deadline);
  if (!stopping) co_return context.refuse(silent(context, stopping.error()));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  while (find_instance(Paths(context.args.data))) {
    if (std::chrono::steady_clock::now() >= until)
      co_return context.refuse(Error(Fault::deadline, "it is still stopping after 90 s: see `convoke status`"));
    context.out.progress("stopping …");
    co_await sleep_for(Millis{50});
  }
  if (context.out.json())
    context.out.value({{"stopped", true}});
  else
    context.out.line("stopped");
  co_return ok;
}

asio::awaitable<int> run_scale(Context& context) {
  auto target = context.control();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  int count = 0;
  const auto typed = context.args.text("count");
  std::from_chars(typed.data(), typed.data() + typed.size(), count);
  Json fields{{"agent", context.args.text("agent")}, {"count", count}};
  auto status = co_await api.post("/scale", std::move(fields), {}, control_deadline);
  if (!status) co_return context.refuse(silent(context, status.error()));
  if (context.out.json())
    context.out.value(*status);
  else
    context.out.line(fmt::format("{} has {} worker process(es) now", context.args.text("agent"), count));
  co_return ok;
}

}  // namespace convoke::cli
