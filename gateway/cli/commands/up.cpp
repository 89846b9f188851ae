// up: the supervisor in the foreground, detached, or for a demonstration.
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstdlib>

#include "agents/team/load.hpp"
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

constexpr std::uint16_t default_port = 8080;
constexpr auto demo_task = "Onboard a new employee, Jessica Smith.";

Result<std::uint16_t> choose_port(const Invocation& args) {
  const auto typed = args.text("port");
  if (typed == "0" || (typed.empty() && args.flag("demo"))) return free_port();
  unsigned port = default_port;
  std::from_chars(typed.data(), typed.data() + typed.size(), port);
  if (port > 65'535) return fail(Fault::invalid, "--port: expected 0 to 65535");
  if (auto status = check_port(static_cast<std::uint16_t>(port)); !status) return std::unexpected(status.error());
  return static_cast<std::uint16_t>(port);
}

Result<UpOptions> plan_installation(const Invocation& args) {
  UpOptions options;
  auto& plan = options.installation;
  plan.paths = Paths(args.data);
  plan.bin = program_folder();
  const auto file = args.text("team");
  const auto text = file.empty() ? std::string(embedded_company) : read_file(file);
  if (text.empty()) return fail(Fault::not_found, "cannot read the team file " + file);
  const auto team = agents::parse_team(text, file.empty() ? "company.yaml" : file);
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
  for (char** variable = environ; *variable; ++variable) plan.environment.emplace_back(*variable);
  return options;
}

void tell_ready(Context& context, const Supervisor& supervisor, const std::string& url) {
  auto& out = context.out;
  if (out.json()) return out.value(supervisor.status());
  const auto folder = context.args.data;
  out.line(out.paint(Tone::good, "ready") + " at " + out.paint(Tone::bold, url));
  const bool keys = !Context::environment("CONVOKE_GATEWAY_KEYS").empty();
  const bool models = !Context::environment("CONVOKE_MODEL_URL").empty();
  out.line(fmt::format("Data in {}. {} {}", folder, keys ? "API keys are needed." : "No API keys: this host alone is served.",
                       models ? "Models are asked at $CONVOKE_MODEL_URL." : "The offline model answers."));
  out.line("Next, in another terminal:");
  out.line(R"(  convoke task "Onboard a new employee, Jessica Smith.")");
  out.line("  convoke status      convoke plans      convoke down");
}

asio::awaitable<void> watch_signals(asio::signal_set& signals, Supervisor& supervisor) {
  boost::system::error_code error;
  co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  supervisor.end_wanted().set();
  co_await signals.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (!error) _exit(interrupted);  // asked twice: the children end with us
}

asio::awaitable<int> demonstrate(Context& context, const std::string& url, Supervisor& supervisor) {
  auto& out = context.out;
  out.line(out.paint(Tone::bold, std::string("Task: ") + demo_task));
  Conversation conversation(context.io, {url, {}, Context::environment("CONVOKE_API_KEY")});
  Json fields{{"description", demo_task}, {"policy", "each_step"}};
  auto accepted = co_await conversation.perform("task", std::move(fields), Context::new_key());
  if (!accepted) co_return context.refuse(accepted.error());
  conversation.follow(accepted->value("conversation", ""));
  FollowOptions options;
  options.approve = Approve::automatic;
  options.run = accepted->value("run", "");
  options.otherwise = "Please choose what is usual; she starts next Monday.";
  options.stop = [&supervisor] { return supervisor.end_wanted().is_set(); };
  Show show(out);
  auto status = co_await follow(context.io, conversation, show, out, std::move(options));
  if (!status) co_return context.refuse(status.error());
  out.line(out.paint(show.completed() ? Tone::good : Tone::bad, "The run ended: " + show.stop_reason()));
  co_return show.completed() ? ok : failed;
}

asio::awaitable<int> supervise(Context& context, UpOptions options, Report report) {
  const auto paths = options.installation.paths;
  const auto url = fmt::format("http://127.0.0.1:{}", options.installation.gateway_port);
  Supervisor supervisor(context.io, std::move(options));
  asio::signal_set signals(context.io, SIGINT, SIGTERM, SIGHUP);
  asio::co_spawn(context.io, watch_signals(signals, supervisor), [](std::exception_ptr) {});
  auto started = co_await supervisor.start([&context](const std::string& what) { context.out.progress("starting: " + what); });
  int code = ok;
  if (started) started = write_instance(paths, {url, getpid()});
  if (!started) {
    context.out.error(started.error());
    report.failed(started.error());
    code = started.error().code == Fault::cancelled ? interrupted : failed;
  } else if (context.args.flag("demo")) {
    code = co_await demonstrate(context, url, supervisor);
  } else {
    tell_ready(context, supervisor, url);
    report.ready(url);
    co_await supervisor.end_wanted().wait();
  }
  context.out.progress("stopping …");
  co_await supervisor.stop();
  forget_instance(paths);
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
  auto options = plan_installation(context.args);
  if (!options) {
    report.failed(options.error());
    co_return context.refuse(options.error());
  }
  co_return co_await supervise(context, std::move(*options), std::move(report));
}

}  // namespace convoke::cli
