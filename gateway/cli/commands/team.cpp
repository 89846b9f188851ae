// agents, tools, team, dead-letters, trace.
#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agents/team/load.hpp"
#include "cli/commands/context.hpp"
#include "cli/commands/directory.hpp"
#include "cli/show.hpp"
#include "cli/waterfall.hpp"
#include "core/file.hpp"
#include "core/hash.hpp"

namespace convoke::cli {
namespace {

std::size_t terminal_width(const Context& context) {
  if (const auto typed = context.args.text("width"); !typed.empty()) return std::stoul(typed);
  struct winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 120;
}

// Asks and prints: JSON as it came, else through `show`.
asio::awaitable<int> print(Context& context, std::string path, void (*show)(Context&, const Json&)) {
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  auto answer = co_await api.get(std::move(path));
  if (!answer) co_return context.refuse(answer.error());
  if (context.out.json())
    context.out.value(*answer);
  else
    show(context, *answer);
  co_return ok;
}

void show_tools(Context& context, const Json& tools) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& tool : tools)
    rows.push_back({text_of(tool, "agent"), text_of(tool, "function"), brief(text_of(tool, "description"), 90)});
  context.out.rows(table({"AGENT", "TOOL", "DESCRIPTION"}, rows));
}

void show_letters(Context& context, const Json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& letter : answer["dead_letters"])
    rows.push_back({text_of(letter, "id"), text_of(letter, "agent"), text_of(letter, "fault"), brief(text_of(letter, "text"), 80)});
  if (rows.empty()) return context.out.line("none");
  context.out.rows(table({"ID", "AGENT", "FAULT", "WHAT"}, rows));
}

void show_letter(Context& context, const Json& letter) {
  for (const auto& [name, value] : letter.items())
    context.out.line(fmt::format("{:14}{}", name, safe(value.is_string() ? value.get<std::string>() : value.dump())));
}

void show_trace(Context& context, const Json& answer) {
  const auto lines = waterfall(answer["spans"], terminal_width(context));
  if (lines.empty()) return context.out.line("no spans are kept of that conversation");
  for (const auto& line : lines) context.out.line(line);
}

void show_mistakes(Context& context, const std::vector<agents::Diagnostic>& mistakes) {
  for (const auto& mistake : mistakes) {
    if (context.out.json())
      context.out.value({{"file", mistake.file}, {"line", mistake.line}, {"column", mistake.column}, {"message", mistake.message}});
    else
      context.out.line(safe(agents::to_string(mistake)));
  }
}

// The team in the file that is named, or with which code to end: its mistakes have been shown then.
std::expected<agents::Team, int> team_of_file(Context& context) {
  const auto file = context.args.text("file");
  const auto text = read_file("the team file", file, agents::max_team_bytes);
  if (!text && text.error().code != Fault::too_large) return std::unexpected(context.refuse(text.error()));
  if (!text) {
    show_mistakes(context, {{file, 1, 1, fmt::format("expected at most {} bytes", agents::max_team_bytes)}});
    return std::unexpected(failed);
  }
  auto team = agents::parse_team(*text, file);
  if (team) return std::move(*team);
  show_mistakes(context, agents::check_team(*text, file));
  return std::unexpected(failed);
}

}  // namespace

asio::awaitable<int> run_agents(Context& context) {
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  ApiClient api(context.io, *target);
  auto team = context.args.text("team");
  auto reading = team.empty() ? read_directory(context, api) : read_directory_of(api, std::move(team));
  const auto directory = co_await std::move(reading);
  if (!directory) co_return context.refuse(directory.error());
  if (context.out.json())
    context.out.value(*directory);
  else
    context.out.rows(agent_lines(*directory));
  co_return ok;
}

asio::awaitable<int> run_tools(Context& context) {
  auto path = std::string("/api/agent-tools");
  if (const auto team = context.args.text("team"); !team.empty()) path += "?team=" + http::encode_percent(team);
  co_return co_await print(context, std::move(path), show_tools);
}

asio::awaitable<int> run_team_check(Context& context) {
  const auto team = team_of_file(context);
  if (!team) co_return team.error();
  if (context.out.json())
    context.out.value({{"team", team->name}, {"agents", team->agents.size()}});
  else
    context.out.line(fmt::format("{}: team {}, {} agents", context.args.text("file"), team->name, team->agents.size()));
  co_return ok;
}

asio::awaitable<int> run_team_apply(Context& context) {
  const auto team = team_of_file(context);
  if (!team) co_return team.error();
  auto body = Json::parse(agents::to_json(*team));
  auto applied = co_await context.change("/api/teams", std::move(body));
  if (!applied) co_return context.refuse(applied.error());
  // The supervisor looks every second; this makes it look now.
  if (const auto control = context.control(); control && context.args.url.empty()) {
    ApiClient supervisor(context.io, *control);
    [[maybe_unused]] const auto told = co_await supervisor.post("/team", {{"team", team->name}});
  }
  if (context.out.json())
    context.out.value(*applied);
  else
    context.out.line(fmt::format("team {} is at version {}", team->name, applied->value("team_version", 0)));
  if (!context.out.json() && applied->contains("lagging"))
    for (const auto& replica : (*applied)["lagging"])
      context.out.line(context.out.paint(Tone::warn, "does not have it yet: " + replica.get<std::string>()));
  co_return ok;
}

asio::awaitable<int> run_dead_letters(Context& context) { co_return co_await print(context, "/api/dead-letters", show_letters); }

asio::awaitable<int> run_dead_letter(Context& context) {
  const auto& args = context.args;
  const auto verb = args.command.substr(args.command.find(' ') + 1);
  auto path = "/api/dead-letters/" + http::encode_percent(args.text("id"));
  if (verb == "show") co_return co_await print(context, std::move(path), show_letter);
  path += "/" + verb;
  auto accepted = co_await context.change(std::move(path), Json::object());
  if (!accepted) co_return context.refuse(accepted.error());
  if (context.out.json())
    context.out.value(*accepted);
  else
    context.out.line(verb == "retry" ? "it is given out again" : "dropped");
  co_return ok;
}

asio::awaitable<int> run_trace(Context& context) {
  co_return co_await print(context, "/api/trace/" + http::encode_percent(context.args.text("conversation")), show_trace);
}

}  // namespace convoke::cli
