#include "support/installation.hpp"

#include <signal.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/coroutine.hpp"

namespace convoke::test {
namespace {

constexpr std::chrono::seconds patience{60};

Json parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

bool starts_with_option(const std::string& argument, const std::string& option) { return argument.starts_with(option + "="); }

template <class Ask> RestAnswer answered(Ask ask) {
  RestAnswer answer;
  eventually(patience, [&] {
    answer = ask();
    return answer.status != 0 && answer.status != 502 && answer.status != 503 && answer.status != 504;
  });
  return answer;
}

std::vector<std::string> command_line(pid_t pid) {
  std::vector<std::string> arguments;
  std::istringstream text(text_of("/proc/" + std::to_string(pid) + "/cmdline"));
  for (std::string one; std::getline(text, one, '\0');) arguments.push_back(one);
  return arguments;
}

}  // namespace

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Installation::Installation(InstallationOptions options)
    : options_(std::move(options)), data_(options_.data.empty() ? folder_.path() : options_.data) {
  Command command;
  command.arguments = {program("convoke"), "--data", data_.string(), "up", "--port", "0"};
  if (!options_.team.empty()) command.arguments.insert(command.arguments.end(), {"--team", options_.team});
  command.arguments.insert(command.arguments.end(), options_.arguments.begin(), options_.arguments.end());
  command.environment = options_.environment;
  up_.emplace(command);
  const bool up = eventually(patience, [this] { return !up_->running() || ready(); });
  if (!up || !up_->running()) throw std::runtime_error("convoke up is not ready: " + up_->out() + up_->err() + status().dump());
  address_ = status().value("url", "").substr(std::string("http://").size());
}

RestAnswer Installation::request(http::ClientRequest asked) {
  const auto limit = asked.total_deadline + std::chrono::seconds(10);
  const auto answer = run(io_, http_.send(std::move(asked)), limit);
  if (!answer) return {};
  return {static_cast<int>(answer->status), parsed(answer->body)};
}

RestAnswer Installation::send(const std::string& method, const std::string& path, std::string body, http::Headers headers) {
  http::ClientRequest asked;
  asked.method = method;
  asked.url = "http://" + address_ + path;
  asked.headers = std::move(headers);
  asked.body = std::move(body);
  asked.total_deadline = std::chrono::seconds(20);
  return request(std::move(asked));
}

RestAnswer Installation::get(const std::string& path, const std::string& user) {
  http::Headers headers;
  if (!user.empty()) headers.add("x-ms-client-principal-id", user);
  return send("GET", path, {}, std::move(headers));
}

RestAnswer Installation::post(const std::string& path, const Json& fields, const std::string& key, const std::string& user) {
  http::Headers headers;
  headers.add("Content-Type", "application/json");
  if (!key.empty()) headers.add("Idempotency-Key", key);
  if (!user.empty()) headers.add("x-ms-client-principal-id", user);
  return send("POST", path, fields.dump(), std::move(headers));
}

RestAnswer Installation::surely(const std::string& path, const Json& fields, const std::string& key) {
  return answered([&] { return post(path, fields, key); });
}

RestAnswer Installation::surely_get(const std::string& path) {
  return answered([&] { return get(path); });
}

Json Installation::task(const std::string& session, const std::string& description, const std::string& policy) {
  const Json fields{{"session_id", session}, {"description", description}, {"policy", policy}};
  const auto accepted = surely("/api/tasks", fields, "task-" + session);
  if (accepted.status != 200) throw std::runtime_error("a task was not accepted: " + accepted.body.dump());
  return accepted.body;
}

Json Installation::plan(const std::string& id) {
  const auto answer = get("/api/plans/" + id);
  return answer.status == 200 ? answer.body : Json();
}

Json Installation::plan_when(const std::string& id, const std::function<bool(const Json&)>& predicate) {
  Json seen;
  eventually(patience, [&] {
    auto now = plan(id);
    if (!now.is_null()) seen = std::move(now);
    return !seen.is_null() && predicate(seen);
  });
  return seen;
}

Json Installation::ended_plan(const std::string& id) {
  return plan_when(id, [](const Json& plan) { return plan.value("overall_status", "") != "in_progress"; });
}

std::vector<Json> Installation::events(const std::string& conversation) {
  std::vector<Json> all;
  for (std::size_t head = 1; all.size() < head;) {
    const auto page = surely_get("/api/conversations/" + conversation + "/events?from=" + std::to_string(all.size() + 1));
    if (page.status != 200 || page.body["events"].empty()) break;
    head = page.body["head"];
    for (const auto& event : page.body["events"]) all.push_back(event);
  }
  return all;
}

std::vector<Json> Installation::effects() const {
  std::vector<Json> all;
  std::istringstream lines(text_of(data() / "effects.jsonl"));
  for (std::string line; std::getline(lines, line);)
    if (auto effect = parsed(line); effect.is_object() && !effect.value("repeat", false)) all.push_back(std::move(effect));
  return all;
}

Json Installation::status() {
  http::ClientRequest asked;
  asked.url = "http://localhost/status";
  asked.unix_socket = run_folder() + "/control";
  asked.total_deadline = std::chrono::seconds(10);
  auto answer = request(std::move(asked));
  return answer.status == 200 ? std::move(answer.body) : Json();
}

Json Installation::process(const std::string& name) {
  const auto now = status();
  if (now.is_null()) return {};
  for (const auto& one : now["processes"])
    if (one.value("name", "") == name) return one;
  return {};
}

pid_t Installation::pid(const std::string& name) {
  const auto found = process(name);
  if (found.is_null()) throw std::runtime_error("no process is called " + name);
  const pid_t pid = found["pid"];
  if (pid <= 0) throw std::runtime_error(name + " does not run");
  return pid;
}

int Installation::restarts(const std::string& name) {
  const auto found = process(name);
  return found.is_null() ? 0 : found.value("restarts", 0);
}

bool Installation::ready() {
  const auto now = status();
  return !now.is_null() && now.value("ready", false);
}

bool Installation::wait_ready(std::chrono::milliseconds limit) {
  return eventually(limit, [this] { return ready(); });
}

double Installation::metric(const std::string& process, const std::string& series) {
  http::ClientRequest asked;
  asked.url = "http://localhost/metrics";
  asked.unix_socket = run_folder() + "/" + process + ".health";
  const auto answer = run(io_, http_.send(std::move(asked)));
  if (!answer) return 0;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  return 0;
}

Process Installation::cli_process(std::vector<std::string> arguments) {
  Command command;
  command.arguments = {program("convoke"), "--data", data().string(), "--json"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return Process(command);
}

CliAnswer Installation::cli(std::vector<std::string> arguments, std::chrono::milliseconds limit) {
  auto process = cli_process(std::move(arguments));
  const auto exit = process.wait(limit);
  return {exit ? exit->code : -1, process.out(), process.err()};
}

Process Installation::another(const std::string& name, const std::string& as, const std::map<std::string, std::string>& other) {
  return Process(like(name, as, other));
}

Command Installation::like(const std::string& name, const std::string& as, const std::map<std::string, std::string>& other) {
  Command command;
  command.environment = options_.environment;
  for (const auto& argument : command_line(pid(name))) {
    std::string mine = argument;
    if (starts_with_option(argument, "--process.name")) mine = "--process.name=" + as;
    if (starts_with_option(argument, "--process.health")) mine = "--process.health=unix:" + run_folder() + "/" + as + ".health";
    for (const auto& [option, value] : other)
      if (starts_with_option(argument, option)) mine = option + "=" + value;
    command.arguments.push_back(mine);
  }
  return command;
}

std::vector<std::string> Installation::errors() const {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(data() / "logs")) {
    std::istringstream lines(text_of(entry.path()));
    for (std::string line; std::getline(lines, line);) {
      const bool wrong = line.find(R"("level":"error")") != std::string::npos || line.find("Sanitizer") != std::string::npos ||
                         line.find("runtime error:") != std::string::npos;
      if (wrong) found.push_back(entry.path().filename().string() + ": " + line);
    }
  }
  return found;
}

std::optional<Exit> Installation::stop() {
  up_->signal(SIGTERM);
  return up_->wait(patience);
}

void Installation::kill() {
  up_->signal(SIGKILL);
  up_->wait(patience);
}

}  // namespace convoke::test
