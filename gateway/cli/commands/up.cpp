// up: the supervisor in the foreground, detached, or for a demonstration.
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "agents/team/load.hpp"
#include "cli/answers.hpp"
#include "cli/commands/context.hpp"
#include "cli/detach.hpp"
#include "cli/follow.hpp"
#include "cli/supervisor/supervisor.hpp"
#include "cli/surroundings.hpp"
#include "core/hash.hpp"

extern char** environ;  // NOLINT: POSIX

namespace convoke {
extern const std::string_view embedded_company;  // the team file that ships with the product
}

namespace convoke::cli {
namespace {

constexpr int demo_tokens_per_second = 100;
// Of the team that ships with the product: all its departments have a part in it.
constexpr auto company_task = "Onboard a new employee, Jessica Smith.";

Result<std::uint16_t> choose_port(const Invocation& args) {
  const auto typed = args.text("port");
  if (typed == "0" || (typed.empty() && args.flag("demo"))) return free_port();
  std::uint16_t port = default_port;
  std::from_chars(typed.data(), typed.data() + typed.size(), port);
  if (auto status = check_port(port); !status) return std::unexpected(status.error());
  return port;
}

// Processes run in the data folder: files that were named from here are named whole.
std::vector<std::string> own_environment() {
  std::vector<std::string> result;
  for (char** each = environ; *each; ++each) {
    std::string variable(*each);
    for (const std::string_view name : {"CONVOKE_GATEWAY_KEYS=", "CONVOKE_CONFIG="}) {
      const auto file = variable.starts_with(name) ? variable.substr(name.size()) : std::string();
      if (!file.empty()) variable = std::string(name) + std::filesystem::absolute(file).string();
    }
    result.push_back(std::move(variable));
  }
  return result;
}

Status check_key() {
  const auto keys = Context::environment("CONVOKE_GATEWAY_KEYS");
  if (keys.empty() || !Context::environment("CONVOKE_API_KEY").empty()) return {};
  return fail(
      Fault::unauthenticated,
      fmt::format("the gateway asks for API keys ({}), and `up` speaks to it too: set CONVOKE_API_KEY to the key of an admin", keys));
}

// The offline model answers at once; for a demonstration it speaks at the pace of a quick real one, so that streaming can be seen.
void slow_down(std::vector<std::string>& environment) {
  constexpr std::string_view faults = "CONVOKE_OFFLINE_FAULTS=";
  if (std::ranges::none_of(environment, [&](const auto& each) { return each.starts_with(faults); }))
    environment.push_back(fmt::format(R"({}{{"tokens_per_second":{}}})", faults, demo_tokens_per_second));
}

struct Start {
  UpOptions options;
  std::string task;  // one that the team can do
};

Result<Start> plan_installation(const Invocation& args) {
  if (auto key = check_key(); !key) return std::unexpected(key.error());
  UpOptions options;
  auto& plan = options.installation;
  plan.paths = Paths(args.data);
  plan.bin = program_folder();
  const auto file = args.text("team");
  const auto team = file.empty() ? agents::parse_team(embedded_company, "company.yaml") : agents::load_team(file);
  if (!team) return std::unexpected(team.error());
  plan.team = team->name;
  options.team_json = agents::to_json(*team);
  options.api_key = Context::environment("CONVOKE_API_KEY");
  options.team_hash = to_hex(sha256(options.team_json));
  for (const auto& agent : team->agents)
    if (agent.kind != agents::AgentKind::human) options.agents.push_back(team->name + "." + agent.name);
  const auto redis = find_in_path("redis-server");
  if (!redis) return std::unexpected(redis.error());
  plan.redis_server = *redis;
  const auto port = choose_port(args);
  if (!port) return std::unexpected(port.error());
  plan.gateway_port = *port;
  plan.environment = own_environment();
  if (args.flag("demo")) slow_down(plan.environment);
  return Start{std::move(options), file.empty() ? company_task : team->starting_tasks.front().prompt};
}

asio::awaitable<void> watch_signals(asio::signal_set& signals, Supervisor& supervisor) {
  boost::system::error_code error;
  co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  supervisor.end_wanted().set();
  co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (!error) _exit(interrupted);  // asked twice: the children end with us
}

asio::awaitable<int> demonstrate(Context& context, const std::string& url, const std::string& task, Supervisor& supervisor) {
  auto& out = context.out;
  if (out.json()) {
    out.value({{"ready", true}, {"url", url}});
  } else {
    out.line(out.paint(Tone::good, "ready") + " at " + out.paint(Tone::bold, url) + " for as long as this takes.");
    out.line(out.paint(Tone::bold, "Task: " + safe(task)));
  }
  Conversation conversation(context.io, ApiTarget{url, {}, Context::environment("CONVOKE_API_KEY")});
  Json fields{{"description", task}, {"policy", "each_step"}};
  auto accepted = co_await conversation.perform("task", std::move(fields), Context::new_key());
  if (!accepted) co_return context.refuse(accepted.error());
  if (out.json()) out.value(*accepted);
  conversation.follow(accepted->value("conversation", ""));
  FollowOptions options;
  options.approve = Approve::automatic;
  options.run = accepted->value("run", "");
  options.otherwise = task == company_task ? "Please choose what is usual; she starts next Monday." : "Please choose what is usual.";
  options.leave_waiting = true;
  options.stop = [&supervisor] { return supervisor.end_wanted().is_set(); };
  Show show(out);
  auto status = co_await follow(context.io, conversation, show, out, std::move(options));
  if (!status) co_return context.refuse(status.error());
  if (!show.ended() && out.json()) out.value(waiting_json(show, context.args.self));
  if (!show.ended() && !out.json()) out.line(out.paint(Tone::bad, "The run waits for a person."));
  if (!show.ended()) co_return waits;
  if (!out.json()) out.line(out.paint(show.completed() ? Tone::good : Tone::bad, "The run ended: " + show.stop_reason()));
  co_return show.completed() ? ok : failed;
}

// With what to do about it, where the gateway's own sentence cannot know.
Error explained(Error error, const std::string& self) {
  if (error.code == Fault::deadline) error.message += fmt::format("\n`{} doctor` says more", self);
  if (error.code == Fault::unauthenticated || error.code == Fault::forbidden)
    error.message += ": `up` applies the team, so set CONVOKE_API_KEY to the key of an admin";
  return error;
}

// What this start is told to use, before anything can fail: `doctor` looks at that.
void note_wishes(const Paths& paths, const Invocation& args) {
  if (args.flag("demo")) return;
  const auto file = args.text("team");
  [[maybe_unused]] const auto port = write_file(paths.port(), args.text("port"));
  [[maybe_unused]] const auto team =
      write_file(paths.team(), file.empty() ? file : std::filesystem::absolute(file).lexically_normal().string());
}

// For `doctor`, until a start succeeds.
void note_failure(const Paths& paths, const Error& error) {
  if (error.code != Fault::cancelled) std::ofstream(paths.last_failure()) << error.message << '\n';
}

asio::awaitable<int> supervise(Context& context, Start start, Report report) {
  const auto paths = start.options.installation.paths;
  const auto url = fmt::format("http://127.0.0.1:{}", start.options.installation.gateway_port);
  Supervisor supervisor(context.io, std::move(start.options));
  asio::signal_set signals(context.io, SIGINT, SIGTERM, SIGHUP);
  asio::co_spawn(context.io, watch_signals(signals, supervisor), [](std::exception_ptr) {});
  auto started = co_await supervisor.start([&context](const std::string& what) { context.out.progress("starting: " + what); });
  int code = ok;
  std::optional<Error> failure;
  std::error_code ignored;
  if (started) std::filesystem::remove(paths.last_failure(), ignored);
  if (started) started = write_instance(paths, {url, getpid()});
  if (!started) {
    failure = explained(started.error(), context.args.self);
    note_failure(paths, *failure);
    context.out.error(*failure);
    code = code_of_start(*failure);
  } else if (context.args.flag("demo")) {
    code = co_await demonstrate(context, url, start.task, supervisor);
  } else {
    if (context.out.json())
      context.out.value(supervisor.status());
    else
      tell_ready(context, url, start.task);
    report.ready(url, start.task);
    co_await supervisor.end_wanted().wait();
  }
  context.out.progress("stopping …");
  co_await supervisor.stop();
  forget_instance(paths);
  if (failure) report.failed(*failure);  // whoever waits for it may start the next one at once
  signals.cancel();
  if (!context.out.json()) context.out.line("stopped");
  co_return code;
}

}  // namespace

asio::awaitable<int> run_up(Context& context) {
  Report report(context.args.text("report"));
  const Paths paths(context.args.data);
  if (auto status = prepare(paths); !status) co_return context.refuse(status.error());
  if (context.args.flag("detach")) co_return run_detached(context);
  auto lock = InstanceLock::take(paths);
  if (!lock) {
    report.failed(lock.error());
    co_return context.refuse(lock.error());
  }
  forget_instance(paths);
  note_wishes(paths, context.args);
  auto start = plan_installation(context.args);
  auto status = start ? prepare_run(paths) : Status(std::unexpected(start.error()));
  if (!status) {
    note_failure(paths, status.error());
    report.failed(status.error());
    context.out.error(status.error());
    co_return code_of_start(status.error());
  }
  co_return co_await supervise(context, std::move(*start), std::move(report));
}

}  // namespace convoke::cli
