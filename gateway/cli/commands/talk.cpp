// task, chat, watch: what is watched as it happens.
#include <fmt/core.h>

#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/answers.hpp"
#include "cli/commands/context.hpp"
#include "cli/follow.hpp"

namespace convoke::cli {
namespace {

Approve approval_of(const Invocation& args, const Output& out) {
  const auto wanted = args.text("approve");
  if (wanted == "auto") return Approve::automatic;
  if (wanted == "ask") return Approve::ask;
  return wanted.empty() && out.terminal() && !out.json() ? Approve::ask : Approve::none;
}

void tell_end(Context& context, const Show& show) {
  if (context.out.json()) return;
  const auto tone = show.completed() ? Tone::good : Tone::bad;
  context.out.line(context.out.paint(tone, fmt::format("{} {}", show.completed() ? "✓" : "✗", show.stop_reason())));
}

// The run goes on when a person has answered, without this command.
int tell_waiting(Context& context, const Show& show, const std::string& conversation) {
  auto& out = context.out;
  const auto& self = context.args.self;
  if (out.json()) {
    out.value(waiting_json(show, self));
    return waits;
  }
  out.line(out.paint(Tone::warn, "It waits for a person:"));
  for (const auto& line : waiting_lines(show, self)) out.line(line);
  out.line(fmt::format("and to watch it then: {} watch {}", self, shell_word(conversation)));
  return waits;
}

// Whom nobody sees is not asked.
bool is_unattended(const Context& context) { return !context.out.terminal() || context.out.json(); }

std::string watch_command(const Context& context, const std::string& conversation, std::uint64_t from) {
  return fmt::format("{} watch {} --from {}", context.args.self, shell_word(conversation), from);
}

// A run goes on without those who watch it: whoever stops, or has to, is told where to take it up.
std::vector<std::string> way_on(const Context& context, const Show& show, const std::string& name, std::uint64_t from) {
  if (show.ended()) return {};
  std::vector<std::string> lines;
  if (show.questions().empty()) {
    lines.emplace_back("It goes on without this command.");
  } else {
    lines.emplace_back("It waits for a person:");
    for (auto& line : waiting_lines(show, context.args.self)) lines.push_back(std::move(line));
  }
  lines.push_back("to watch it: " + watch_command(context, name, from));
  return lines;
}

int lost(Context& context, const Conversation& conversation, Error error, const std::string& name) {
  if (error.code == Fault::unavailable || error.code == Fault::deadline)
    error.message += fmt::format("; what was accepted is kept, and to go on: {}", watch_command(context, name, conversation.position()));
  return context.refuse(error);
}

/// Follows `name` until its run has ended or cannot be followed; nothing when it has ended, else the exit code.
asio::awaitable<std::optional<int>> until_end(Context& context, Conversation& conversation, Show& show, FollowOptions options,
                                              std::string name) {
  context.left_behind = [&context, &conversation, &show, name] { return way_on(context, show, name, conversation.position()); };
  auto status = co_await follow(context.io, conversation, show, context.out, std::move(options));
  context.left_behind = {};
  if (!status) co_return lost(context, conversation, std::move(status.error()), name);
  if (!show.ended()) co_return tell_waiting(context, show, name);
  co_return std::nullopt;
}

asio::awaitable<int> watch_run(Context& context, Conversation& conversation, Show& show, FollowOptions options, std::string name) {
  const auto early = co_await until_end(context, conversation, show, std::move(options), std::move(name));
  if (early) co_return *early;
  tell_end(context, show);
  co_return show.completed() ? ok : failed;
}

/// Sends a verb and waits until it is accepted. Meanwhile the line of progress says how it stands.
asio::awaitable<Result<Json>> accept(Context& context, Conversation& conversation, std::string verb, Json fields) {
  const auto key = context.begin_change();
  auto accepted = co_await conversation.perform(std::move(verb), std::move(fields), key, [&context](const std::string& trouble) {
    context.out.progress(trouble.empty() ? "waiting for the gateway's answer" : trouble + "; trying again");
  });
  context.left_behind = {};
  context.out.clear_progress();
  co_return accepted;
}

}  // namespace

asio::awaitable<int> run_task(Context& context) {
  const auto& args = context.args;
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  Conversation conversation(context.io, *target, context.patience());
  Json fields{{"description", args.text("description")}};
  if (!args.text("session").empty()) fields["session_id"] = args.text("session");
  if (!args.text("team").empty()) fields["team"] = args.text("team");
  // Nobody stays to approve: then nothing is to wait for it.
  if (args.flag("no-watch") && args.text("approve") == "auto") fields["policy"] = "none";
  auto accepted = co_await accept(context, conversation, "task", std::move(fields));
  if (!accepted) co_return context.refuse(accepted.error());
  const auto plan = accepted->value("plan", "");
  const auto task = accepted->value("conversation", "");
  if (context.out.json())
    context.out.value(*accepted);
  else
    context.out.line(context.out.paint(Tone::dim, fmt::format("plan {} · conversation {}", plan, task)));
  if (args.flag("no-watch")) co_return ok;
  conversation.follow(task);
  FollowOptions options;
  options.approve = approval_of(args, context.out);
  options.run = accepted->value("run", "");
  options.leave_waiting = is_unattended(context);
  options.self = args.self;
  Show show(context.out);
  co_return co_await watch_run(context, conversation, show, std::move(options), task);
}

asio::awaitable<int> run_chat(Context& context) {
  const auto& args = context.args;
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  Conversation conversation(context.io, *target, context.patience());
  Json fields{{"agent", args.text("agent")}, {"text", args.text("text")}};
  if (!args.text("session").empty()) fields["session_id"] = args.text("session");
  if (args.flag("shared")) fields["shared"] = true;
  auto accepted = co_await accept(context, conversation, "chat", std::move(fields));
  if (!accepted) co_return context.refuse(accepted.error());
  if (context.out.json())
    context.out.value(*accepted);
  else
    context.out.line(context.out.paint(
        Tone::dim, fmt::format("session {} · conversation {}", accepted->value("session_id", ""), accepted->value("conversation", ""))));
  const auto name = accepted->value("conversation", "");
  conversation.follow(name, std::max<std::uint64_t>(1, accepted->value("seq", std::uint64_t{1})));
  FollowOptions options;
  options.approve = is_unattended(context) ? Approve::none : Approve::ask;
  options.run = accepted->value("run", "");
  options.leave_waiting = is_unattended(context);
  options.self = args.self;
  Show show(context.out);
  const auto early = co_await until_end(context, conversation, show, std::move(options), name);
  if (early) co_return *early;
  if (!show.completed() && show.stop_reason() != "merged") tell_end(context, show);
  co_return show.completed() || show.stop_reason() == "merged" ? ok : failed;
}

namespace {

/// Gives `use` the events of a conversation from `from` on, as long as it returns true; returns the head of its log.
asio::awaitable<Result<std::uint64_t>> read_log(ApiClient& api, std::string id, std::uint64_t from, std::function<bool(const Json&)> use) {
  while (true) {
    auto page = co_await api.get(fmt::format("/api/conversations/{}/events?from={}", http::encode_percent(id), from));
    if (!page) co_return std::unexpected(std::move(page.error()));
    const auto& events = (*page)["events"];
    const auto head = page->value("head", std::uint64_t{0});
    for (const auto& event : events) {
      if (!use(event)) co_return head;
    }
    if (events.empty() || events.back().value("seq", std::uint64_t{0}) >= head) co_return head;
    from = events.back().value("seq", std::uint64_t{0}) + 1;
  }
}

}  // namespace

asio::awaitable<int> run_watch(Context& context) {
  const auto& args = context.args;
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  std::uint64_t from = 1;
  const auto typed = args.text("from");
  std::from_chars(typed.data(), typed.data() + typed.size(), from);
  from = std::max<std::uint64_t>(1, from);
  const auto id = args.text("conversation");
  ApiClient api(context.io, *target);
  Show show(context.out);
  if (args.flag("no-follow")) {
    auto head = co_await read_log(api, id, from, [&](const Json& event) {
      show.frame({{"type", "event"}, {"conversation", id}, {"event", event}});
      return true;
    });
    co_return head ? ok : context.refuse(head.error());
  }
  // What came before says what the steps are, what is still asked, and whether all has ended.
  if (from > 1) {
    auto head = co_await read_log(api, id, 1, [&](const Json& event) {
      if (event.value("seq", std::uint64_t{0}) < from) show.recall(event);
      return event.value("seq", std::uint64_t{0}) + 1 < from;
    });
    if (!head) co_return context.refuse(head.error());
    from = std::min(from, *head + 1);
  }
  Conversation conversation(context.io, *target, context.patience());
  conversation.follow(id, from);
  FollowOptions options;
  options.stay = args.flag("stay");
  options.self = args.self;
  co_return co_await watch_run(context, conversation, show, std::move(options), id);
}

}  // namespace convoke::cli
