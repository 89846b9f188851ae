#include "cli/follow.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <set>

#include "cli/commands/context.hpp"

namespace convoke::cli {
namespace {

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

asio::awaitable<std::optional<Reply>> ask_approval(asio::io_context& io, const Question& question, const Show& show, Output& out) {
  const auto what = question.step.empty() ? std::string("the whole plan") : "step " + show.step_label(question.step);
  auto prompt = fmt::format("Approve {} ({})? [y]es, [n]o, [e]dit, [l]ater: ", what, brief(question.text, 80));
  auto answer = co_await read_line(io, std::move(prompt), out);
  if (!answer || answer->starts_with('l')) co_return std::nullopt;
  if (answer->starts_with('e') && !question.step.empty()) {
    std::string ask = "Do instead: ";
    auto edited = co_await read_line(io, std::move(ask), out);
    if (!edited || edited->empty()) co_return std::nullopt;
    co_return decision(question, show, true, *edited);
  }
  if (answer->starts_with('n')) {
    std::string ask = "Why (may be empty): ";
    auto comment = co_await read_line(io, std::move(ask), out);
    co_return decision(question, show, false, {}, comment.value_or(""));
  }
  co_return decision(question, show, answer->empty() || answer->starts_with('y'));
}

asio::awaitable<std::optional<Reply>> ask_outcome(asio::io_context& io, const Question& question, Output& out) {
  std::string prompt = "Was it carried out? [y]es, [n]o: do it again, [l]ater: ";
  auto answer = co_await read_line(io, std::move(prompt), out);
  const bool happened = answer && answer->starts_with('y');
  if (!happened && !(answer && answer->starts_with('n'))) co_return std::nullopt;
  Json fields{{"request", question.request}, {"approved", happened}};
  if (happened) {
    std::string ask = "With what result (may be empty): ";
    auto result = co_await read_line(io, std::move(ask), out);
    if (result && !result->empty()) fields["text"] = *result;
  }
  co_return Reply{"answer", std::move(fields)};
}

asio::awaitable<std::optional<Reply>> ask_person(asio::io_context& io, const Question& question, const Show& show, Output& out) {
  if (question.kind == "approval") co_return co_await ask_approval(io, question, show, out);
  if (question.kind == "unknown_outcome") co_return co_await ask_outcome(io, question, out);
  std::string prompt = "Your answer: ";
  auto answer = co_await read_line(io, std::move(prompt), out);
  if (!answer || answer->empty()) co_return std::nullopt;
  if (question.kind == "clarification" && !question.plan.empty()) co_return Reply{"clarify", {{"plan", question.plan}, {"text", *answer}}};
  co_return Reply{"answer", {{"request", question.request}, {"text", *answer}}};
}

// Of the questions that were not answered from here yet, the one that was put first.
std::optional<Question> unanswered(const Show& show, const std::set<std::string>& answered, const FollowOptions& options) {
  std::optional<Question> first;
  for (const auto& [id, question] : show.questions()) {
    if (answered.contains(id)) continue;
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

asio::awaitable<Status> answer(asio::io_context& io, Conversation& conversation, const Show& show, Output& out,
                               const FollowOptions& options, Question question) {
  std::optional<Reply> reply;
  if (options.approve == Approve::automatic) {
    reply = automatic(question, show, options.otherwise);
    const auto what = question.step.empty() ? std::string("the plan") : "step " + show.step_label(question.step);
    if (!out.json())
      out.line(out.paint(Tone::dim, question.kind == "approval" ? "  approving " + what : "  answering: " + options.otherwise));
  } else {
    reply = co_await ask_person(io, question, show, out);
  }
  if (!reply) co_return Status{};
  auto accepted = co_await conversation.perform(reply->type, reply->fields, Context::new_key());
  if (accepted || accepted.error().code == Fault::conflict) co_return Status{};  // somebody else was first: their word counts
  co_return std::unexpected(std::move(accepted.error()));
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
  std::set<std::string> answered;
  bool told_waiting = false;
  while (options.run.empty() || show.ended_run() != options.run) {
    if (options.stop && options.stop()) co_return fail(Fault::cancelled, "stopped");
    auto frame = co_await conversation.next(Millis{100});
    if (frame) {
      show.frame(*frame);
      continue;
    }
    if (frame.error().code != Fault::deadline) co_return std::unexpected(std::move(frame.error()));
    show.progress((now() - began).count());
    // Only once nothing more comes, so that a question already answered is not put again.
    if (const auto question = unanswered(show, answered, options); question && options.approve != Approve::none) {
      answered.insert(question->request);
      auto status = co_await answer(io, conversation, show, out, options, *question);
      if (!status) co_return status;
    } else if (!show.questions().empty() && options.approve != Approve::ask && options.until_question) {
      co_return Status{};
    } else if (!show.questions().empty() && !std::exchange(told_waiting, true) && !out.json()) {
      out.line(out.paint(
          Tone::warn, fmt::format("{} question(s) wait for a person: convoke approve, reject, clarify, answer", show.questions().size())));
    }
  }
  out.clear_progress();
  co_return Status{};
}

}  // namespace convoke::cli
