#include "cli/arguments.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <deque>
#include <memory>
#include <span>
#include <sstream>

#include "api/common/fields.hpp"
#include "cli/gateway_url.hpp"
#include "core/arguments.hpp"
#include "core/name.hpp"
#include "core/text.hpp"

namespace convoke::cli {
namespace {

constexpr auto purpose =
    "Teams of AI agents and people on a message bus that loses nothing.\n\n"
    "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not running or unreachable, 4 not found,\n"
    "5 conflict (decided already, stale revision, running already), 6 not allowed, 7 outcome unknown: repeat,\n"
    "8 waits for a person (and this command has nobody to ask), 130 interrupted,\n"
    "141 nobody reads what it prints any more.";

constexpr std::size_t longest_id = 256;
constexpr std::size_t longest_session = 128;
constexpr std::uint64_t largest_json_number = (std::uint64_t{1} << 53) - 1;

/// A whole number within bounds, and otherwise a sentence that says so.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const auto check = [least, most](const std::string& typed) -> std::string {
    std::uint64_t value = 0;
    const auto* end = typed.data() + typed.size();
    const auto read = std::from_chars(typed.data(), end, value);
    if (read.ec == std::errc{} && read.ptr == end && value >= least && value <= most) return {};
    return fmt::format("expected a whole number from {} to {}, found {}", least, most, typed.empty() ? "nothing" : typed);
  };
  return {check, fmt::format("{} to {}", least, most), "whole_number"};
}

CLI::Validator validator(std::string (*check)(const std::string& typed), const std::string& name) { return {check, "", name}; }

bool is_blank(const std::string& typed) { return typed.find_first_not_of(" \t\r\n") == std::string::npos; }

std::string check_length(const std::string& typed) {
  constexpr auto most = api::InputLimits{}.max_text;
  return typed.size() <= most ? std::string() : fmt::format("expected at most {} bytes, found {}", most, typed.size());
}

/// What is added to something else; may be left empty.
CLI::Validator any_text() { return validator(check_length, "any_text"); }

/// What is said, asked or wanted: blanks are none of it.
CLI::Validator some_text() {
  return validator([](const std::string& typed) { return is_blank(typed) ? "expected text, found nothing" : check_length(typed); },
                   "some_text");
}

std::string instead_of(const std::string& typed) {
  return typed.empty() ? std::string("nothing") : fmt::format("`{}`", truncate_utf8(typed, 80));
}

bool is_id(const std::string& typed) {
  return !typed.empty() && typed.size() <= longest_id && std::ranges::all_of(typed, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string expected_id(std::string_view what, const std::string& typed) {
  return fmt::format("expected {} (1 to {} letters, digits and signs, no blanks), found {}", what, longest_id, instead_of(typed));
}

/// What a gateway can take for the id of anything.
CLI::Validator an_id() {
  return validator([](const std::string& typed) { return is_id(typed) ? std::string() : expected_id("an id", typed); }, "an_id");
}

/// What a gateway can take for a key; nothing: one is made.
CLI::Validator a_key() {
  return validator([](const std::string& typed) { return typed.empty() || is_id(typed) ? std::string() : expected_id("a key", typed); },
                   "a_key");
}

/// What a gateway can take for a session.
CLI::Validator a_session() {
  const auto check = [](const std::string& typed) {
    const bool fits = !typed.empty() && typed.size() <= longest_session && std::ranges::all_of(typed, [](unsigned char c) {
      return std::isalnum(c) != 0 || std::string_view("._:-").contains(static_cast<char>(c));
    });
    return fits ? std::string()
                : fmt::format("expected a session (1 to {} letters, digits, `.`, `_`, `:` or `-`), found {}", longest_session,
                              instead_of(typed));
  };
  return validator(check, "a_session");
}

CLI::Validator a_team() {
  return validator(
      [](const std::string& typed) {
        return is_name(typed) ? std::string() : fmt::format("expected the name of a team, found {}", instead_of(typed));
      },
      "a_team");
}

CLI::Validator an_agent() {
  const auto check = [](const std::string& typed) {
    return is_name(typed) || split_agent(typed) ? std::string()
                                                : fmt::format("expected an agent, as Name or team.Name, found {}", instead_of(typed));
  };
  return validator(check, "an_agent");
}

std::string check_url(const std::string& typed) {
  const auto url = read_gateway_url(typed);
  return url ? std::string() : url.error().message;
}

// Binds CLI11's options to the invocation's maps. The values live here until the callback of the command that was typed copies them.
class Builder {
 public:
  Builder(CLI::App& app, Invocation& invocation) : app_(app), invocation_(invocation) {}

  CLI::App* command(const std::string& name, const std::string& help, CLI::App* parent = nullptr) {
    auto* sub = (parent ? parent : &app_)->add_subcommand(name, help);
    const auto full = parent ? parent->get_name() + " " + name : name;
    sub->final_callback([this, full] { invocation_.command = full; });
    sub->fallthrough();
    return sub;
  }
  CLI::Option* text(CLI::App* sub, const std::string& flags, const std::string& name, const std::string& help) {
    const auto* slot = &names_.emplace_back(name);
    auto* texts = &invocation_.texts;
    return sub->add_option_function<std::string>(flags, [slot, texts](const std::string& value) { (*texts)[*slot] = value; }, help);
  }
  CLI::Option* list(CLI::App* sub, const std::string& flags, const std::string& name, const std::string& help) {
    const auto* slot = &names_.emplace_back(name);
    auto* lists = &invocation_.lists;
    return sub->add_option_function<std::vector<std::string>>(
        flags, [slot, lists](const std::vector<std::string>& value) { (*lists)[*slot] = value; }, help);
  }
  CLI::Option* flag(CLI::App* sub, const std::string& flags, const std::string& name, const std::string& help) {
    const auto* slot = &names_.emplace_back(name);
    auto* set = &invocation_.flags;
    return sub->add_flag_callback(flags, [slot, set] { set->insert(*slot); }, help);
  }
  CLI::Option* number(CLI::App* sub, const std::string& flags, const std::string& name, const std::string& help, std::uint64_t least,
                      std::uint64_t most) {
    return text(sub, flags, name, help)->check(whole_number(least, most));
  }

 private:
  CLI::App& app_;
  Invocation& invocation_;
  std::deque<std::string> names_;  // where they are: callbacks refer to them
};

void instance_commands(Builder& build) {
  auto* up = build.command("up", "start an installation and supervise it");
  build.text(up, "--team", "team", "team file (default: the company that ships with the product)")->check(some_text());
  build.number(up, "--port", "port", "port of the gateway on loopback (default 8080; 0: the system chooses)", 0, 65'535);
  build.flag(up, "--detach", "detach", "return when it is ready, and leave it running");
  build.flag(up, "--demo", "demo", "run a task, show it, stop everything");
  build.text(up, "--report", "report", "")->group("");  // the end of a pipe, from --detach
  build.command("down", "stop the installation");
  build.command("status", "what runs: name, pid, ready, restarts, memory");
  auto* doctor = build.command("doctor", "say what is wrong with this installation and how to mend it");
  build.text(doctor, "--team", "team", "team file to check (default: the one that `up` was last started with)")->check(some_text());
  auto* scale = build.command("scale", "change how many worker processes an agent has");
  build.text(scale, "agent", "agent", "agent")->required()->check(an_agent());
  build.number(scale, "count", "count", "processes", 0, most_workers)->required();
}

void patience(Builder& build, CLI::App* sub) {
  build.number(sub, "--patience", "patience", fmt::format("seconds that the gateway may be away (default {})", default_patience), 1,
               86'400);
}

/// Of everything that a gateway changes: who was left without an answer asks again without doing it twice.
void key(Builder& build, CLI::App* sub, const std::string& help = "idempotency key: the same key and request is done once") {
  build.text(sub, "--key", "key", help)->check(a_key());
}

void task_commands(Builder& build) {
  auto* task = build.command("task", "give the team a task and watch it being done");
  build.text(task, "description", "description", "what is wanted")->required()->check(some_text());
  build
      .text(task, "--approve", "approve",
            "who approves steps: ask (you, here), auto (nobody is asked: all of them), none (somebody elsewhere)\n"
            "(default: ask on a terminal, else none)")
      ->check(CLI::IsMember({"ask", "auto", "none"}));
  build.flag(task, "--no-watch", "no-watch", "return when the task is accepted");
  build.text(task, "--session", "session", "session to do it in (default: a new one)")->check(a_session());
  build.text(task, "--team-name", "team", "team (default: the gateway's)")->check(a_team());
  key(build, task, "idempotency key: the same key and task is the same task");
  patience(build, task);
  auto* chat = build.command("chat", "say something to an agent and see its answer");
  build.text(chat, "agent", "agent", "agent")->required()->check(an_agent());
  build.text(chat, "text", "text", "what to say")->required()->check(some_text());
  build.text(chat, "--session", "session", "session (default: a new one); of somebody else's shared one, joins the conversation")
      ->check(a_session());
  key(build, chat, "idempotency key: the same key and words are said once");
  patience(build, chat);
  build.flag(chat, "--shared", "shared", "let other people join the new session's direct conversations");
  auto* watch = build.command("watch", "show a conversation, from its beginning and as it goes on; a task until it has ended");
  build.text(watch, "conversation", "conversation", "conversation")->required()->check(an_id());
  build.number(watch, "--from", "from", "first event", 0, largest_json_number);
  build.flag(watch, "--stay", "stay", "go on when a task has ended: what came too late is told afterwards");
  build.flag(watch, "--no-follow", "no-follow", "return at its present end");
  patience(build, watch);
}

void plan_commands(Builder& build) {
  auto* plans = build.command("plans", "the latest plans");
  build.text(plans, "--session", "session", "all plans of a session")->check(a_session());
  auto* plan = build.command("plan", "one plan with its steps");
  build.text(plan, "plan", "plan", "plan")->required()->check(an_id());
  for (const auto* verb : {"approve", "reject"}) {
    auto* sub = build.command(verb, std::string(verb) + " steps of a plan: those named, else all that are planned");
    build.text(sub, "plan", "plan", "plan")->required()->check(an_id());
    build.list(sub, "steps", "steps", "steps")->check(an_id());
    auto* edit = build.text(sub, "--edit", "edit", "do this instead (one step)")->check(some_text());
    if (verb == std::string_view("reject")) edit->group("");  // known, to be refused in words
    build.text(sub, "--comment", "comment", "comment")->check(any_text());
    key(build, sub);
  }
  auto* clarify = build.command("clarify", "answer what the planner asked");
  build.text(clarify, "plan", "plan", "plan")->required()->check(an_id());
  build.text(clarify, "text", "text", "answer")->required()->check(some_text());
  key(build, clarify);
  auto* cancel = build.command("cancel", "cancel a plan");
  build.text(cancel, "plan", "plan", "plan")->required()->check(an_id());
  build.text(cancel, "--reason", "reason", "why")->check(any_text());
  key(build, cancel);
  auto* answer = build.command("answer", "answer a question put to people");
  build.text(answer, "request", "request", "request")->required()->check(an_id());
  build.text(answer, "text", "text", "answer; where yes or no decides: a comment, or what came of it")->check(any_text());
  auto* yes = build.flag(answer, "--yes", "yes", "approve, or: it did happen");
  build.flag(answer, "--no", "no", "reject, or: it did not happen")->excludes(yes);
  key(build, answer);
}

void team_commands(Builder& build) {
  build.text(build.command("agents", "agents, their workers and their queues"), "--team-name", "team", "team")->check(a_team());
  build.text(build.command("tools", "tools of all agents"), "--team-name", "team", "team")->check(a_team());
  auto* team = build.command("team", "check and apply team files");
  team->require_subcommand(1);
  build.text(build.command("check", "name every mistake in a team file", team), "file", "file", "team file")
      ->required()
      ->check(some_text());
  auto* apply = build.command("apply", "make it the team's newest version", team);
  build.text(apply, "file", "file", "team file")->required()->check(some_text());
  key(build, apply);
  auto* letters = build.command("dead-letters", "turns that failed three times");
  letters->require_subcommand(0, 1);
  for (const auto* verb : {"show", "retry", "drop"}) {
    auto* one = build.command(verb, std::string(verb) + " one of them", letters);
    build.text(one, "id", "id", "dead letter")->required()->check(an_id());
    if (verb != std::string_view("show")) key(build, one);
  }
  auto* trace = build.command("trace", "draw the waterfall of a conversation over all processes");
  build.text(trace, "conversation", "conversation", "conversation")->required()->check(an_id());
  build.number(trace, "--width", "width", "columns (default: the terminal's)", 20, 10'000);
}

bool wants_json(std::span<const char* const> typed) {
  return std::ranges::any_of(typed, [](const char* each) { return std::string_view(each) == "--json"; });
}

void refuse(Parsed& parsed, const std::string& sentence) {
  parsed.exit = usage;
  parsed.message = parsed.invocation.json ? sentence : sentence + "\nRun with --help for more information.\n";
}

// The words up to one that stands where a command is expected and is none; empty: the mistake is another one.
std::string stray_command(const CLI::App& app) {
  std::string path;
  const auto* at = &app;
  for (auto typed = app.get_subcommands(); !typed.empty(); typed = at->get_subcommands()) {
    at = typed.front();
    path += at->get_name() + " ";
  }
  const auto rest = app.remaining(true);
  const bool has_commands = !at->get_subcommands([](const CLI::App*) { return true; }).empty();
  if (!has_commands || rest.empty() || rest.front().starts_with('-')) return {};
  return path + rest.front();
}

void read(CLI::App& app, int argc, const char* const* argv, Parsed& parsed) {
  auto& invocation = parsed.invocation;
  try {
    app.parse(arguments_for_cli11(argc, argv));
    // The innermost command's callback runs last only when it was typed; a parent's must not hide it.
    for (const auto* sub : app.get_subcommands())
      for (const auto* inner : sub->get_subcommands()) invocation.command = sub->get_name() + " " + inner->get_name();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      std::ostringstream out;
      app.exit(error, out, out);
      parsed.exit = ok;
      parsed.message = out.str();
      return;
    }
    // Whatever was read before the mistake: who asked for JSON gets it.
    invocation.json = wants_json({argv, static_cast<std::size_t>(argc)});
    const auto stray = stray_command(app);
    refuse(parsed, stray.empty() ? std::string(error.what()) : fmt::format("there is no command `{}`", stray));
  }
}

// Commands about processes: a gateway elsewhere does not start or stop any.
void check_place(Parsed& parsed) {
  const auto& command = parsed.invocation.command;
  if (parsed.invocation.url.empty() || (command != "up" && command != "down" && command != "scale")) return;
  refuse(parsed,
         fmt::format("`{}` needs the data folder of an installation on this host (--data): a gateway (--url) has no say over processes",
                     command));
}

// Mistakes that one argument alone does not show.
void check_together(Parsed& parsed) {
  const auto& typed = parsed.invocation;
  if (typed.command == "reject" && !typed.text("edit").empty())
    refuse(parsed, "--edit says what is done instead, and a rejected step is not done: approve it with --edit");
  if (typed.command == "approve" && !typed.text("edit").empty() && typed.list("steps").size() != 1)
    refuse(parsed, "--edit says what one step does instead: name that step");
  if (typed.command == "answer" && is_blank(typed.text("text")) && !typed.flag("yes") && !typed.flag("no"))
    refuse(parsed, "an answer is a text, --yes or --no: say one of them");
  if (typed.command == "task" && typed.flag("no-watch") && typed.text("approve") == "ask")
    refuse(parsed, "--approve ask asks whoever watches, and with --no-watch nobody does: leave one of them out");
}

// How a person names the same installation again.
std::string self_of(const Invocation& invocation, bool named_folder) {
  if (!invocation.url.empty()) return "convoke --url " + shell_word(invocation.url);
  return named_folder ? "convoke --data " + shell_word(invocation.data) : "convoke";
}

}  // namespace

std::string shell_word(const std::string& word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_/.:~@%+=,-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

Parsed parse_arguments(int argc, const char* const* argv, const std::string& state_home) {
  Parsed parsed;
  auto& invocation = parsed.invocation;
  const std::span<const char* const> typed(argv, static_cast<std::size_t>(argc));
  // What is sent and printed is UTF-8; another word would arrive as one that nobody typed.
  if (const auto bad = std::ranges::find_if(typed, [](const char* each) { return !is_utf8(each); }); bad != typed.end()) {
    invocation.json = wants_json(typed);
    refuse(parsed, fmt::format("argument {} is not UTF-8 (byte {} of it): is the terminal's character set another one?",
                               bad - typed.begin(), first_invalid_utf8(*bad) + 1));
    return parsed;
  }
  invocation.data = state_home + "/convoke";
  CLI::App app(purpose, "convoke");
  app.set_version_flag("--version", "convoke 0.1.0");
  app.require_subcommand(1);
  const auto* folder = app.add_option("--data", invocation.data, "folder of the installation")->capture_default_str()->check(some_text());
  app.add_option("--url", invocation.url, "gateway to speak to, instead of the installation's (API key: $CONVOKE_API_KEY)")
      ->check(CLI::Validator([](const std::string& typed) { return check_url(typed); }, "", "url"));
  app.add_flag("--json", invocation.json, "print JSON");
  app.add_option("--color", invocation.color, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}));
  Builder build(app, invocation);
  instance_commands(build);
  task_commands(build);
  plan_commands(build);
  team_commands(build);
  read(app, argc, argv, parsed);
  if (!parsed.exit) check_place(parsed);
  if (!parsed.exit) check_together(parsed);
  invocation.self = self_of(invocation, folder->count() > 0);
  return parsed;
}

}  // namespace convoke::cli
