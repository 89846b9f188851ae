// task, chat, watch: what is watched as it happens.
#include <fmt/core.h>

#include <charconv>
#include <functional>

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

asio::awaitable<int> watch_run(Context& context, Conversation& conversation, Show& show, FollowOptions options, std::string name) {
  auto status = co_await follow(context.io, conversation, show, context.out, std::move(options));
  if (!status) co_return context.refuse(status.error());
  if (!show.ended()) co_return tell_waiting(context, show, name);
  tell_end(context, show);
  co_return show.completed() ? ok : failed;
}

}  // namespace

asio::awaitable<int> run_task(Context& context) {
  const auto& args = context.args;
  auto target = context.gateway();
  if (!target) co_return context.refuse(target.error());
  Conversation conversation(context.io, *target);
  Json fields{{"description", args.text("description")}};
  if (!args.text("session").empty()) fields["session_id"] = args.text("session");
  if (!args.text("team").empty()) fields["team"] = args.text("team");
  auto key = args.text("key").empty() ? Context::new_key() : args.text("key");
  auto accepted = co_await conversation.perform("task", std::move(fields), std::move(key));
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
  Conversation conversation(context.io, *target);
  Json fields{{"agent", args.text("agent")}, {"text", args.text("text")}};
  if (!args.text("session").empty()) fields["session_id"] = args.text("session");
  if (args.flag("shared")) fields["shared"] = true;
  auto accepted = co_await conversation.perform("chat", std::move(fields), Context::new_key());
  if (!accepted) co_return context.refuse(accepted.error());
  if (context.out.json())
    context.out.value(*accepted);
  else
    context.out.line(context.out.paint(
        Tone::dim, fmt::format("session {} · conversation {}", accepted->value("session_id", ""), accepted->value("conversation", ""))));
  conversation.follow(accepted->value("conversation", ""), std::max<std::uint64_t>(1, accepted->value("seq", std::uint64_t{1})));
  FollowOptions options;
  options.approve = is_unattended(context) ? Approve::none : Approve::ask;
  options.run = accepted->value("run", "");
  options.leave_waiting = is_unattended(context);
  options.self = args.self;
  Show show(context.out);
  auto status = co_await follow(context.io, conversation, show, context.out, std::move(options));
  if (!status) co_return context.refuse(status.error());
  if (!show.ended()) co_return tell_waiting(context, show, accepted->value("conversation", ""));
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
  Conversation conversation(context.io, *target);
  conversation.follow(id, from);
  FollowOptions options;
  options.stay = args.flag("stay");
  options.self = args.self;
  co_return co_await watch_run(context, conversation, show, std::move(options), id);
}

}  // namespace convoke::cli
