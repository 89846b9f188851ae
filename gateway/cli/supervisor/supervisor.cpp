#include "cli/supervisor/supervisor.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "agents/team/load.hpp"
#include "cli/arguments.hpp"
#include "cli/show.hpp"
#include "cli/supervisor/process.hpp"
#include "cli/supervisor/redis_ping.hpp"
#include "core/hash.hpp"
#include "core/name.hpp"

namespace convoke::cli {
namespace {

constexpr Millis tick{50};
constexpr Millis health_every{1'000};
constexpr Millis starting_health_every{100};
constexpr Millis health_deadline{1'500};
constexpr Millis team_every{1'000};
constexpr std::size_t most_teams = 256;            // as many as a groupchat knows
constexpr std::uint64_t little_space = 64u << 20;  // so little is why something is not ready
constexpr std::uint64_t no_space = 64u << 10;      // so little ends what is ready with its next write

SteadyTime steady_now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }

http::ServerOptions control_options(const Paths& paths) {
  http::ServerOptions options;
  options.listen = "unix:" + paths.control();
  options.max_connections = 64;
  return options;
}

/// `intercom: no intercom at …`, out of what /readyz answers.
std::string reasons_of(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  std::string all;
  if (answer.is_object() && answer.contains("reasons"))
    for (const auto& [component, reason] : answer["reasons"].items())
      all += (all.empty() ? "" : "; ") + component + ": " + (reason.is_string() ? reason.get<std::string>() : reason.dump());
  return all.empty() ? "starting" : all;
}

std::string tail_of(const std::string& log) {
  const auto lines = last_lines(log, 5);
  return lines.empty() ? std::string("(it wrote nothing)") : fmt::format("{}", fmt::join(lines, "\n  "));
}

}  // namespace

Supervisor::Supervisor(asio::io_context& io, UpOptions options)
    : io_(io),
      options_(std::move(options)),
      gateway_(io, {fmt::format("http://127.0.0.1:{}", options_.installation.gateway_port), {}, options_.api_key}),
      http_(io, {}),
      control_(io, control_options(options_.installation.paths), [this](http::Request request) { return control(std::move(request)); }),
      children_signal_(io, SIGCHLD),
      changed_(io.get_executor()),
      finished_(io.get_executor()),
      end_wanted_(io.get_executor()) {
  scaled_ = read_workers(options_.installation.paths);
  teams_.emplace(options_.installation.team, 0);
}

// The supervisor's tasks live as long as its process; a failure of one is a bug that ends it, and with it all children.
void Supervisor::spawn(std::string name, asio::awaitable<void> task) {
  asio::co_spawn(io_, std::move(task), [name = std::move(name)](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

asio::awaitable<Status> Supervisor::start(std::function<void(const std::string&)> progress) {
  if (auto status = control_.listen(); !status) co_return status;
  for (auto& program : base_programs(options_.installation)) add(std::move(program));
  for (const auto& agent : options_.agents) add_agent(agent);
  spawn("control", control_.run());
  spawn("children", watch_children());
  spawn("health", watch_health());
  const auto until = steady_now() + options_.ready_within;
  bool applied = false;
  while (steady_now() < until && !end_wanted_.is_set()) {
    if (progress) progress(trouble());
    if (const auto why = hopeless(); !why.empty()) co_return fail(Fault::invalid, why);
    if (!applied && core_.children().contains("gateway") && core_.children().at("gateway").ready &&
        core_.children().at("groupchat").ready) {
      auto status = co_await apply_team(std::chrono::duration_cast<Millis>(until - steady_now()));
      applied = status.has_value();
      if (!status && !retryable(status.error().code)) co_return status;
    }
    const auto& team = options_.installation.team;
    if (applied && teams_.at(team) == 0) co_await refresh_agents(team);
    if (applied && teams_.at(team) != 0 && core_.all_ready()) {
      const auto held = co_await partitions_held();
      if (held.value_or(false)) {
        up_ = true;
        spawn("teams", follow_teams());
        co_return Status{};
      }
    }
    co_await sleep_for(tick);
  }
  if (end_wanted_.is_set()) co_return fail(Fault::cancelled, "stopped before it was ready");
  co_return fail(Fault::deadline, fmt::format("not ready after {} s: {}", options_.ready_within.count() / 1000, culprit()));
}

asio::awaitable<void> Supervisor::stop() {
  feed(happened::Stop{});
  co_await finished_.wait();
  co_await control_.stop(Millis{500});
}

void Supervisor::feed(const Happened& event) {
  for (const auto& order : core_.on(event, steady_now())) perform(order);
  changed_.set();
}

void Supervisor::perform(const Order& order) {
  switch (order.what) {
    case Order::What::start: return launch_child(order.name);
    case Order::What::terminate: ::kill(order.pid, SIGTERM); return;
    case Order::What::kill: ::kill(order.pid, SIGKILL); return;
    case Order::What::forget: programs_.erase(order.name); return;
    case Order::What::finished: finished_.set(); return;
  }
}

void Supervisor::launch_child(const std::string& name) {
  const auto& program = programs_.at(name).program;
  const auto& paths = options_.installation.paths;
  bound_log(paths.log(name), options_.max_log_bytes);
  const auto pid = launch({program.path, program.arguments, program.environment, paths.log(name), paths.data});
  if (pid)
    feed(happened::Spawned{name, *pid});
  else
    feed(happened::SpawnFailed{name, pid.error().message, !retryable(pid.error().code)});
}

void Supervisor::reap() {
  std::vector<std::pair<pid_t, int>> ended;
  for (const auto& [name, child] : core_.children()) {
    int status = 0;
    if (child.pid > 0 && waitpid(child.pid, &status, WNOHANG) == child.pid) ended.emplace_back(child.pid, status);
  }
  for (const auto& [pid, status] : ended) feed(happened::Exited{pid, how_it_ended(status), cannot_begin(status)});
}

asio::awaitable<void> Supervisor::watch_children() {
  while (true) {
    boost::system::error_code ignored;
    co_await children_signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    reap();
  }
}

asio::awaitable<void> Supervisor::watch_health() {
  std::map<std::string, SteadyTime> asked;
  for (std::uint64_t round = 0;; ++round) {
    co_await sleep_for(tick);
    reap();
    feed(happened::Tick{});
    std::vector<std::pair<std::string, int>> due;
    for (const auto& [name, child] : core_.children()) {
      const auto every = child.ready ? health_every : starting_health_every;
      if (child.phase != Phase::running || child.pid == 0 || steady_now() < asked[name] + every || programs_.at(name).asking) continue;
      asked[name] = steady_now();
      programs_.at(name).asking = true;
      due.emplace_back(name, child.pid);
    }
    for (auto& [name, pid] : due) {
      feed(happened::Asked{name, pid});
      spawn("check", check(std::move(name), pid));
    }
    if (round % 20 == 0)
      for (const auto& [name, running] : programs_) bound_log(options_.installation.paths.log(name), options_.max_log_bytes);
  }
}

asio::awaitable<void> Supervisor::check(std::string name, int pid) {
  happened::Health health{name, pid, false, false, {}};
  const auto found = programs_.find(name);
  if (found != programs_.end() && found->second.program.redis) {
    const auto socket = options_.installation.paths.redis_socket();
    const auto redis = co_await ping_redis(socket);
    health.healthy = redis.answers;
    health.ready = redis.answers && redis.trouble.empty();
    health.reason = redis.trouble;
  } else {
    const auto ready = co_await ask_ready(name);
    health.healthy = ready.has_value();
    health.ready = ready && ready->empty();
    if (!health.ready) health.reason = ready ? *ready : ready.error().message;
  }
  if (const auto still = programs_.find(name); still != programs_.end()) still->second.asking = false;
  feed(health);
}

// The value: why it is not ready, empty when it is. An error: it is not even alive.
asio::awaitable<Result<std::string>> Supervisor::ask_ready(std::string name) {
  http::ClientRequest request;
  request.url = "http://localhost/healthz";
  request.unix_socket = options_.installation.paths.health(name);
  request.connect_deadline = request.total_deadline = health_deadline;
  auto alive = co_await http_.send(request);
  if (!alive) co_return std::unexpected(std::move(alive.error()));
  if (alive->status != 200) co_return fail(Fault::unavailable, fmt::format("/healthz answers {}", alive->status));
  request.url = "http://localhost/readyz";
  auto ready = co_await http_.send(std::move(request));
  if (!ready) co_return std::unexpected(std::move(ready.error()));
  if (ready->status == 200) co_return std::string();
  co_return reasons_of(ready->body);
}

void Supervisor::add(Program program) {
  const auto name = program.name;
  const happened::Added event{name, program.stage, program.stop_order};
  programs_.insert_or_assign(name, Running{std::move(program), false});
  feed(event);
}

void Supervisor::add_agent(const std::string& agent) {
  const auto scaled = scaled_.find(agent);
  const int count = scaled == scaled_.end() ? 1 : scaled->second;
  if (!workers_.try_emplace(agent, count).second) return;
  for (int number = 1; number <= count; ++number) add(worker_program(options_.installation, agent, number));
}

Status Supervisor::scale(const std::string& agent, int count) {
  auto found = workers_.find(agent);
  if (found == workers_.end()) found = workers_.find(options_.installation.team + "." + agent);
  if (found == workers_.end() && agent.starts_with("system."))
    return fail(
        Fault::invalid,
        fmt::format(
            "{0} is one process, `{1}`, which `up` keeps running by itself: `convoke doctor` says what keeps it, and its log is {2}", agent,
            agent.substr(7), options_.installation.paths.log(agent.substr(7))));
  if (found == workers_.end()) return fail(Fault::not_found, fmt::format("there is no agent `{}` here", agent));
  if (count < 0 || count > static_cast<int>(most_workers))
    return fail(Fault::invalid, fmt::format("expected 0 to {} processes", most_workers));
  auto scaled = scaled_;
  scaled[found->first] = count;
  if (auto kept = write_workers(options_.installation.paths, scaled); !kept)
    return fail(Fault::limit, "nothing was changed, because it would be forgotten: " + kept.error().message);
  scaled_ = std::move(scaled);
  const int before = found->second;
  found->second = count;
  for (int number = before + 1; number <= count; ++number) add(worker_program(options_.installation, found->first, number));
  for (int number = before; number > count; --number) feed(happened::Removed{worker_name(options_.installation, found->first, number)});
  return {};
}

// The file's hash is remembered beside the data: the same file is not applied again over what was applied since.
asio::awaitable<Status> Supervisor::apply_team(Millis deadline) {
  const auto& paths = options_.installation.paths;
  if (text_of_file(paths.applied_team()) == options_.team_hash) {
    const auto known = co_await gateway_.get("/api/teams/" + options_.installation.team);
    if (known) co_return Status{};
    auto error = known.error();
    if (error.code == Fault::malformed)  // the same definition is the same version
      error.message +=
          ": to go on, change something in the team file (its `version`, for one) and name it with --team, so that it becomes a new one";
    if (error.code != Fault::not_found) co_return std::unexpected(std::move(error));
  }
  auto body = Json::parse(options_.team_json);
  auto answer = co_await gateway_.post("/api/teams", std::move(body), options_.team_hash, std::max(Millis{100}, deadline));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return write_file(paths.applied_team(), options_.team_hash);
}

asio::awaitable<Result<bool>> Supervisor::partitions_held() {
  auto directory = co_await gateway_.get("/api/directory");
  if (!directory) co_return std::unexpected(std::move(directory.error()));
  co_return is_whole(*directory);
}

asio::awaitable<void> Supervisor::follow_teams() {
  while (!core_.stopping()) {
    if (const auto directory = co_await gateway_.get("/api/directory")) {
      for (const auto& name : changed_teams(*directory)) co_await refresh_agents(name);
      add_awaited(*directory);
    }
    co_await sleep_for(team_every);
  }
}

// A team may have been applied by anybody, and runs of an earlier one may go on: the owners of sessions say which teams they follow.
std::vector<std::string> Supervisor::changed_teams(const Json& directory) {
  std::map<std::string, std::uint32_t> announced;
  for (const auto& replica : list_of(directory, "replicas"))
    for (const auto& each : list_of(replica, "teams")) {
      const auto team = text_of(each, "team");
      if (!is_name(team) || (teams_.size() >= most_teams && !teams_.contains(team))) continue;
      teams_.try_emplace(team, 0);
      announced[team] = std::max(announced[team], static_cast<std::uint32_t>(count_of(each, "version")));
    }
  std::vector<std::string> changed;
  for (const auto& [team, version] : teams_) {
    const auto found = announced.find(team);
    const bool is_announced = found != announced.end();
    const bool may_be_newer = is_announced ? found->second > version : team == options_.installation.team;
    if (version == 0 || may_be_newer) changed.push_back(team);
  }
  return changed;
}

// A run goes on with the version that it began with, also after a restart: whom it waits for need not be in the newest one. The owner has
// looked the name up in the run's version.
void Supervisor::add_awaited(const Json& directory) {
  for (const auto& queue : list_of(directory, "queues")) {
    const auto agent = text_of(queue, "agent");
    const auto team = agent.substr(0, agent.find('.'));
    const bool is_awaited = count_of(queue, "backlog") > 0 && count_of(queue, "replicas") == 0;
    if (is_awaited && teams_.contains(team) && agent.size() > team.size() && is_name(agent.substr(team.size() + 1))) add_agent(agent);
  }
}

// Starts a worker for every agent of the team's newest version. Agents that are gone keep theirs: runs may have pinned them.
asio::awaitable<void> Supervisor::refresh_agents(std::string team) {
  auto view = co_await gateway_.get("/api/teams/" + team);
  if (!view || !view->is_object() || core_.stopping()) co_return;
  const auto version = static_cast<std::uint32_t>(count_of(*view, "version"));
  if (version == teams_[team]) co_return;
  const auto definition = agents::team_from_json(api::dump((*view)["definition"]));
  if (!definition) co_return;
  teams_[team] = version;
  for (const auto& agent : (*definition)->agents)
    if (agent.kind != agents::AgentKind::human) add_agent(team + "." + agent.name);
}

// Told by who applied it; nothing: the team of this installation.
asio::awaitable<http::Response> Supervisor::look_at_team(std::string team) {
  if (team.empty()) team = options_.installation.team;
  if (!is_name(team)) co_return http::error_response(Error(Fault::invalid, "expected the name of a team"));
  if (!teams_.contains(team) && teams_.size() >= most_teams)
    co_return http::error_response(Error(Fault::limit, fmt::format("workers are started for {} teams at most", most_teams)));
  teams_.try_emplace(team, 0);
  co_await refresh_agents(team);
  co_return http::json_response(200, api::dump(status()));
}

asio::awaitable<http::Response> Supervisor::control(http::Request request) {
  const auto body = Json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
  if (!body.is_object()) co_return http::error_response(Error(Fault::malformed, "expected a JSON object"));
  if (request.path == "/status") co_return http::json_response(200, api::dump(status()));
  if (request.method != "POST") co_return http::error_response(Error(Fault::not_found, "no such path"));
  if (request.path == "/down") {
    end_wanted_.set();
    co_return http::json_response(200, R"({"stopping":true})");
  }
  if (request.path == "/team") {
    if (body.contains("team") && !body["team"].is_string()) co_return http::error_response(Error(Fault::invalid, "expected `team` (text)"));
    co_return co_await look_at_team(text_of(body, "team"));
  }
  if (request.path == "/scale") {
    const bool fits = body.contains("agent") && body["agent"].is_string() && body.contains("count") && body["count"].is_number_integer();
    if (!fits) co_return http::error_response(Error(Fault::invalid, "expected `agent` (text) and `count` (a number)"));
    const auto count = std::clamp<std::int64_t>(body["count"].get<std::int64_t>(), -1, most_workers + 1);
    auto scaled = scale(body["agent"].get<std::string>(), static_cast<int>(count));
    if (!scaled) co_return http::error_response(scaled.error());
    co_return http::json_response(200, api::dump(status()));
  }
  co_return http::error_response(Error(Fault::not_found, "no such path"));
}

Json Supervisor::status() const {
  Json processes = Json::array();
  for (const auto& [name, child] : core_.children()) {
    Json each{{"name", name},
              {"pid", child.pid},
              {"ready", child.ready},
              {"state", name_of(child.phase)},
              {"restarts", child.restarts},
              {"memory", resident_bytes(child.pid)}};
    if (!child.ready && !child.reason.empty()) each["reason"] = child.reason;
    if (!child.last_end.empty()) each["last_end"] = child.last_end;
    const auto lines =
        child.ready || child.last_end.empty() ? std::vector<std::string>{} : last_lines(options_.installation.paths.log(name), 1);
    if (!lines.empty()) each["last_line"] = lines.front();
    processes.push_back(std::move(each));
  }
  Json json{{"ready", up_ && core_.all_ready()},        {"url", gateway_.target().url},
            {"data", options_.installation.paths.data}, {"pid", getpid()},
            {"team", options_.installation.team},       {"team_version", teams_.at(options_.installation.team)}};
  json["teams"] = teams_;
  if (const auto what = trouble(); !what.empty()) json["trouble"] = what;
  json["processes"] = std::move(processes);
  return json;
}

std::string Supervisor::disk_trouble(std::uint64_t needed) const {
  struct statvfs disk{};
  if (statvfs(options_.installation.paths.data.c_str(), &disk) != 0) return {};
  const auto available = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (available >= needed) return {};
  return fmt::format("the disk under {} is full ({} MiB left): nothing can be stored until there is space",
                     options_.installation.paths.data, available >> 20);
}

// What keeps it from being ready, for people; empty when nothing does. Redis, started anew on a full disk, is ready until it is to write.
std::string Supervisor::trouble() const {
  std::vector<std::string> waiting;
  std::string redis;
  for (const auto& [name, child] : core_.children()) {
    if (child.ready || child.removing) continue;
    waiting.push_back(name);
    if (name == "redis") redis = child.reason;
  }
  if (waiting.empty()) return disk_trouble(no_space);
  if (const auto disk = disk_trouble(little_space); !disk.empty()) return disk;
  if (redis.starts_with("MISCONF")) return "redis refuses writes: " + redis;
  // With every write synced, Redis ends when it cannot write; its log then says why.
  for (const auto& line : redis.empty() ? std::vector<std::string>{} : last_lines(options_.installation.paths.log("redis"), 5))
    if (line.find("No space left") != std::string::npos) return "the disk is full: redis cannot store anything: " + line;
  return fmt::format("waiting for {}", fmt::join(waiting, ", "));
}

// What no new start of it would mend: a program that is not there, a mistake in its configuration.
std::string Supervisor::hopeless() const {
  for (const auto& [name, child] : core_.children())
    if (child.hopeless)
      return fmt::format("{} cannot start ({}). Its last lines:\n  {}", name, child.reason, tail_of(options_.installation.paths.log(name)));
  return {};
}

// The process that most likely keeps the rest from being ready: the lowest stage first.
std::string Supervisor::culprit() const {
  const Child* worst = nullptr;
  for (const auto& [name, child] : core_.children())
    if (!child.ready && (!worst || child.stage < worst->stage || (child.stage == worst->stage && child.restarts > worst->restarts)))
      worst = &child;
  if (const auto disk = disk_trouble(little_space); !disk.empty()) return disk;
  if (!worst) return "not every partition is held, or the team could not be applied";
  return fmt::format("{} is not ready ({}; {} restarts). Its last lines:\n  {}", worst->name, worst->reason, worst->restarts,
                     tail_of(options_.installation.paths.log(worst->name)));
}

}  // namespace convoke::cli
