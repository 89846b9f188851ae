#include "cli/follow.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <set>
#include <utility>

#include "cli/answers.hpp"
#include "cli/commands/context.hpp"

namespace convoke::cli {
namespace {

// Without a word for so long, what was approved has begun: what still does nothing waits.
constexpr Millis settled{1'000};

SteadyTime now() { return std::chrono::time_point_cast<Millis>(std::chrono::steady_clock::now()); }

/// What is sent for an answer: the frame's type and fields.
struct Reply {
  std::string type;
  Json fields;
};

Reply decision(const Question& question, const Show& show, bool approved, const std::string& edited = {}, const std::string& comment = {}) {
  Json fields{{"plan", question.plan}, {"approved", approved}};
  if (question.step.empty())
    fields["revision"] = show.revision();
  else
    fields["steps"] = Json::array({question.step});
  if (!edited.empty()) fields["updated_action"] = edited;
  if (!comment.empty()) fields["comment"] = comment;
  return {"decide", std::move(fields)};
}

/// What asking a person led to.
struct Asked {
  enum class What : std::uint8_t { reply, later, input_ended };
  What what = What::later;
  Reply reply;
};
Asked input_ended() { return {Asked::What::input_ended, {}}; }
Asked replied(Reply reply) { return {Asked::What::reply, std::move(reply)}; }

// Until one of the choices is typed; nothing at the end of input.
asio::awaitable<std::optional<Choice>> choose(asio::io_context& io, std::string prompt, bool may_edit, Output& out) {
  while (true) {
    auto typed = co_await read_line(io, prompt, out);
    if (!typed) co_return std::nullopt;
    const auto choice = choice_of(*typed, may_edit);
    if (choice != Choice::unclear) co_return choice;
  }
}

asio::awaitable<Asked> ask_approval(asio::io_context& io, const Question& question, const Show& show, Output& out) {
  const bool may_edit = !question.step.empty();
  const auto what = may_edit ? "step " + show.step_label(question.step) : std::string("the whole plan");
  auto prompt = fmt::format("Approve {} ({})? [y]es, [n]o, {}[l]ater: ", what, brief(question.text, 80), may_edit ? "[e]dit, " : "");
  const auto choice = co_await choose(io, std::move(prompt), may_edit, out);
  if (!choice) co_return input_ended();
  if (*choice == Choice::later) co_return Asked{};
  if (*choice == Choice::edit) {
    std::string ask = "Do instead (empty: later): ";
    auto edited = co_await read_line(io, std::move(ask), out);
    if (!edited) co_return input_ended();
    co_return edited->empty() ? Asked{} : replied(decision(question, show, true, *edited));
  }
  if (*choice == Choice::yes) co_return replied(decision(question, show, true));
  std::string ask = "Why (may be empty): ";
  auto comment = co_await read_line(io, std::move(ask), out);
  co_return replied(decision(question, show, false, {}, comment.value_or("")));
}

asio::awaitable<Asked> ask_outcome(asio::io_context& io, const Question& question, Output& out) {
  std::string prompt = "Was it carried out? [y]es, [n]o: do it again, [l]ater: ";
  const auto choice = co_await choose(io, std::move(prompt), false, out);
  if (!choice) co_return input_ended();
  if (*choice == Choice::later) co_return Asked{};
  const bool happened = *choice == Choice::yes;
  Json fields{{"request", question.request}, {"approved", happened}};
  if (happened) {
    std::string ask = "With what result (may be empty): ";
    auto result = co_await read_line(io, std::move(ask), out);
    if (result && !result->empty()) fields["text"] = *result;
  }
  co_return replied({"answer", std::move(fields)});
}

asio::awaitable<Asked> ask_person(asio::io_context& io, const Question& question, const Show& show, Output& out) {
  if (question.kind == "approval") co_return co_await ask_approval(io, question, show, out);
  if (question.kind == "unknown_outcome") co_return co_await ask_outcome(io, question, out);
  std::string prompt = "Your answer (empty: later): ";
  auto answer = co_await read_line(io, std::move(prompt), out);
  if (!answer) co_return input_ended();
  if (answer->empty()) co_return Asked{};
  if (question.kind == "clarification" && !question.plan.empty())
    co_return replied({"clarify", {{"plan", question.plan}, {"text", *answer}}});
  co_return replied({"answer", {{"request", question.request}, {"text", *answer}}});
}

// Of the questions that can be answered from here and were not yet, the one that was put first.
std::optional<Question> answerable(const Show& show, const std::set<std::string>& done, const FollowOptions& options) {
  std::optional<Question> first;
  if (options.approve == Approve::none) return first;
  for (const auto& [id, question] : show.questions()) {
    if (done.contains(id)) continue;
    if (options.approve == Approve::automatic && question.kind != "approval" && options.otherwise.empty()) continue;
    // Nobody but a person can know.
    if (options.approve == Approve::automatic && question.kind == "unknown_outcome") continue;
    if (!first || question.seq < first->seq) first = question;
  }
  return first;
}

Reply automatic(const Question& question, const Show& show, const std::string& otherwise) {
  if (question.kind == "approval") return decision(question, show, true);
  if (question.kind == "clarification" && !question.plan.empty()) return {"clarify", {{"plan", question.plan}, {"text", otherwise}}};
  return {"answer", {{"request", question.request}, {"text", otherwise}, {"approved", true}}};
}

asio::awaitable<Result<Asked::What>> answer(asio::io_context& io, Conversation& conversation, const Show& show, Output& out,
                                            const FollowOptions& options, Question question) {
  Asked asked;
  if (options.approve == Approve::automatic) {
    asked = replied(automatic(question, show, options.otherwise));
    const auto what = question.step.empty() ? std::string("the plan") : "step " + show.step_label(question.step);
    if (!out.json())
      out.line(out.paint(Tone::dim, question.kind == "approval" ? "  approving " + what : "  answering: " + options.otherwise));
  } else {
    asked = co_await ask_person(io, question, show, out);
  }
  if (asked.what != Asked::What::reply) co_return asked.what;
  auto accepted = co_await conversation.perform(asked.reply.type, asked.reply.fields, Context::new_key());
  if (accepted || accepted.error().code == Fault::conflict) co_return asked.what;  // somebody else was first: their word counts
  co_return std::unexpected(std::move(accepted.error()));
}

// A question is open that was not replied to from here.
bool is_waited_for(const Show& show, const std::set<std::string>& replied_to) {
  return std::ranges::any_of(show.questions(), [&](const auto& entry) { return !replied_to.contains(entry.first); });
}

}  // namespace

asio::awaitable<std::optional<std::string>> read_line(asio::io_context& io, std::string prompt, Output& out) {
  out.prompt(prompt);
  asio::posix::stream_descriptor input(io, dup(STDIN_FILENO));
  static std::string buffer;  // what was read beyond the line belongs to the next one
  const auto [error, size] = co_await asio::async_read_until(input, asio::dynamic_buffer(buffer, std::size_t{64} * 1024), '\n',
                                                             asio::as_tuple(asio::use_awaitable));
  if (error && buffer.empty()) co_return std::nullopt;
  const auto end = std::min(buffer.find('\n'), buffer.size());
  auto line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  out.reset_line();
  co_return line;
}

asio::awaitable<Status> follow(asio::io_context& io, Conversation& conversation, Show& show, Output& out, FollowOptions options) {
  const auto began = now();
  auto last_frame = began;
  std::set<std::string> done;  // replied to, or left for later
  std::set<std::string> replied_to;
  bool told_waiting = false;
  while (options.run.empty() || show.ended_run() != options.run) {
    if (options.stop && options.stop()) co_return fail(Fault::cancelled, "stopped");
    auto frame = co_await conversation.next(Millis{100});
    if (!frame) co_return std::unexpected(std::move(frame.error()));
    if (*frame) {
      last_frame = now();
      show.frame(**frame);
      continue;
    }
    if (options.run.empty() && !options.stay && show.at_rest(conversation.position())) break;
    show.progress((now() - began).count(), conversation.trouble());
    // Only once nothing more comes, so that a question already answered is not put again.
    if (const auto question = answerable(show, done, options)) {
      done.insert(question->request);
      const auto asked = co_await answer(io, conversation, show, out, options, *question);
      if (!asked) co_return std::unexpected(asked.error());
      if (*asked == Asked::What::reply) replied_to.insert(question->request);
      // Nobody is here any more: what waits then waits for somebody elsewhere.
      if (*asked == Asked::What::input_ended) {
        options.approve = Approve::none;
        options.leave_waiting = true;
      }
      last_frame = now();
    } else if (!is_waited_for(show, replied_to)) {
      told_waiting = false;
    } else if (options.leave_waiting) {
      if (!show.working() && now() - last_frame >= settled) co_return Status{};
    } else if (!std::exchange(told_waiting, true) && !out.json()) {
      out.line(out.paint(Tone::warn, "It waits for a person:"));
      for (const auto& line : waiting_lines(show, options.self)) out.line(line);
    }
  }
  out.clear_progress();
  co_return Status{};
}

}  // namespace convoke::cli
