#include "cli/show.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace convoke::cli {
namespace {

constexpr std::size_t most_held = 64;            // lines
constexpr std::int64_t held_at_most_ms = 1'000;  // of silence

std::string short_agent(const std::string& agent) { return safe(agent.substr(agent.rfind('.') + 1)); }

Tone tone_of(std::string_view status) {
  if (status == "completed" || status == "approved") return Tone::good;
  return status == "failed" || status == "rejected" || status == "cancelled" ? Tone::bad : Tone::dim;
}

/// Of a step in its plan; nothing where an older groupchat did not say it.
std::optional<std::size_t> number_of(const Json& data) {
  const auto text = text_of(data, "number");
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && number > 0 ? std::optional(number) : std::nullopt;
}

std::string_view sign_of(std::string_view status) {
  if (status == "completed") return "✓";
  if (status == "failed" || status == "rejected" || status == "cancelled") return "✗";
  return status == "action_requested" ? "▶" : "·";
}

}  // namespace

std::string speaker(std::string_view author) {
  if (author.starts_with("user/")) return safe(author.substr(5));
  if (author == "agent/system.planner") return "planner";
  if (author == "agent/system.executor" || author == "system") return "convoke";
  return short_agent(std::string(author));
}

std::string Show::step_label(const std::string& step) const {
  const auto found = steps_.find(step);
  return found == steps_.end() ? safe(step) : std::to_string(found->second.number);
}

bool Show::working() const {
  const auto is_held_up = [this](const std::string& step) {
    return std::ranges::any_of(questions_, [&](const auto& entry) { return entry.second.step == step; });
  };
  return std::ranges::any_of(steps_,
                             [&](const auto& entry) { return entry.second.status == "action_requested" && !is_held_up(entry.first); });
}

std::set<std::string> teams_in(const Json& directory) {
  std::set<std::string> teams;
  for (const auto& replica : list_of(directory, "replicas"))
    for (const auto& each : list_of(replica, "teams")) teams.insert(text_of(each, "team"));
  for (const auto& queue : list_of(directory, "queues")) {
    const auto agent = text_of(queue, "agent");
    teams.insert(agent.substr(0, agent.find('.')));
  }
  teams.erase("system");
  return teams;
}

void add_absent_agents(Json& directory, const Json& team) {
  auto queues = list_of(directory, "queues");
  for (const auto& agent : list_of(object_of(team, "definition"), "agents")) {
    const auto name = text_of(team, "team") + "." + text_of(agent, "name");
    const bool is_there = std::ranges::any_of(queues, [&](const Json& queue) { return text_of(queue, "agent") == name; });
    if (is_there || text_of(agent, "kind") == "human") continue;
    queues.push_back({{"agent", name}, {"backlog", 0}, {"oldest_ms", 0}, {"credit", 0}, {"in_flight", 0}, {"replicas", 0}});
  }
  std::ranges::sort(queues.get_ref<Json::array_t&>(), {}, [](const Json& queue) { return text_of(queue, "agent"); });
  directory["queues"] = std::move(queues);
}

std::vector<std::string> agent_lines(const Json& directory) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& queue : directory.value("queues", Json::array()))
    rows.push_back({safe(text_of(queue, "agent")), std::to_string(count_of(queue, "replicas")),
                    std::to_string(count_of(queue, "in_flight")), std::to_string(count_of(queue, "backlog")),
                    duration_text(static_cast<std::int64_t>(count_of(queue, "oldest_ms")))});
  return table({"AGENT", "WORKERS", "BUSY", "WAITING", "OLDEST"}, rows);
}

bool is_whole(const Json& directory) { return count_of(directory, "partitions_held") >= count_of(directory, "partitions", 256); }

void Show::frame(const Json& frame) {
  ++frames_;
  const auto type = text_of(frame, "type");
  if (out_->json()) {
    if (type == "event" || type == "delta" || type == "history_reset") out_->value(frame);
  }
  if (type == "event" && frame.contains("event")) event(frame["event"]);
  if (type == "delta" && frame.contains("delta")) delta(frame["delta"]);
  if (type == "subscribed") head_ = count_of(frame, "head");
  if (type == "history_reset" && !out_->json())
    out_->line(out_->paint(Tone::warn, "The conversation's history was lost in part; it follows from its beginning."));
}

void Show::recall(const Json& event) {
  std::ostream nowhere(nullptr);
  Output unseen(nowhere, nowhere, false, false, false);
  auto* const seen = std::exchange(out_, &unseen);
  this->event(event);
  out_ = seen;
}

bool Show::at_rest(std::uint64_t next) const { return is_task_ && ended() && ended_run_ == last_run_ && head_ && next > *head_; }

void Show::event(const Json& event) {
  const auto kind = text_of(event, "kind");
  if (const auto run = text_of(event, "run"); !run.empty()) last_run_ = run;
  is_task_ = is_task_ || !text_of(event, "plan").empty();
  const auto data = object_of(event, "data");
  if (kind == "message") return said(event);
  if (kind == "plan_proposed") return plan(event);
  if (kind == "step_changed") return step(event);
  if (kind == "request_opened") {
    const auto id = text_of(data, "request");
    questions_[id] = {
        id, text_of(data, "kind"), text_of(event, "plan"), text_of(event, "step"), text_of(event, "text"), count_of(event, "seq")};
    if (text_of(data, "kind") != "approval" && !out_->json())
      tell(out_->paint(Tone::warn, "? ") + safe(text_of(event, "text")) + out_->paint(Tone::dim, "  [" + safe(id) + "]"));
  } else if (kind == "request_closed") {
    questions_.erase(text_of(data, "request"));
  } else if (kind == "run_ended") {
    ended_run_ = text_of(event, "run");
    release();
    stop_reason_ = text_of(data, "stop_reason");
  }
  if (out_->json()) return;
  if (kind == "tool_called")
    tell(out_->paint(Tone::dim, fmt::format("  {} calls {} {}", speaker(text_of(event, "author")), safe(text_of(data, "tool")),
                                            brief(text_of(data, "arguments"), 100))));
  const auto author = text_of(event, "author");
  if (kind == "cancelling" && author.starts_with("user/"))
    tell(out_->paint(Tone::warn, fmt::format("  {} cancels this{}", speaker(author),
                                             text_of(event, "text").empty() ? "" : ": " + brief(text_of(event, "text"), 160))));
  if (kind == "turn_failed" && text_of(data, "fault") == "CANCELLED")
    tell(out_->paint(Tone::dim, fmt::format("  {}: {}", speaker(text_of(event, "author")), brief(text_of(event, "text"), 160))));
  else if (kind == "turn_failed")
    tell(out_->paint(Tone::bad, fmt::format("  {} failed: {}", speaker(text_of(event, "author")), brief(text_of(event, "text"), 160))));
  if (kind == "dead_letter")
    tell(out_->paint(Tone::bad, fmt::format("  a turn failed three times: convoke dead-letters show {}", safe(text_of(data, "id")))));
  if (kind == "letter_dropped")
    tell(out_->paint(Tone::dim,
                     fmt::format("  the dead letter {} was dropped. {}", safe(text_of(data, "id")), brief(text_of(event, "text"), 160))));
  if (kind == "outcome_unknown")
    tell(out_->paint(Tone::warn, fmt::format("  whether {} happened is not known; a person decides",
                                             text_of(data, "tool").empty() ? "a call" : safe(text_of(data, "tool")))));
}

std::string Show::head_of(const std::string& author) const { return out_->paint(Tone::name, speaker(author) + ": "); }
void Show::head(const std::string& author) { out_->piece(head_of(author)); }

void Show::tell(std::string line) {
  const auto found = messages_.find(streaming_);
  const bool is_mid_message = !streaming_.empty() && found != messages_.end() && found->second.shown > 0;
  if (is_mid_message && held_.size() < most_held) return held_.push_back(std::move(line));
  release();
  out_->line(line);
}

void Show::release() {
  stands_since_.reset();
  for (const auto& line : std::exchange(held_, {})) out_->line(line);
}

void Show::said(const Json& event) {
  const auto id = text_of(event, "message");
  const auto text = safe(text_of(event, "text"));
  const auto found = messages_.find(id);
  const bool was_streaming = !id.empty() && streaming_ == id;
  if (!out_->json() && was_streaming && found != messages_.end() && text.starts_with(found->second.text.substr(0, found->second.shown))) {
    out_->piece(text.substr(found->second.shown));
    out_->end_pieces();
  } else if (!out_->json() && was_streaming) {
    out_->end_pieces();
    head(text_of(event, "author"));
    out_->line_rest(text);
  } else if (!out_->json()) {
    tell(head_of(text_of(event, "author")) + text);
  }
  if (found != messages_.end()) messages_.erase(found);
  if (!was_streaming) return;
  streaming_.clear();
  release();
  // Another one that is being written comes to the front.
  if (!messages_.empty()) {
    streaming_ = messages_.begin()->first;
    if (!out_->json()) stream(messages_.begin()->second);
  }
}

void Show::delta(const Json& delta) {
  stands_since_.reset();
  const auto id = text_of(delta, "message");
  auto& message = messages_[id];
  const auto attempt = static_cast<std::uint32_t>(count_of(delta, "attempt"));
  const bool again = message.attempt != 0 && attempt > message.attempt;
  if (attempt != message.attempt) message = {text_of(delta, "author"), {}, attempt, 0, 0};
  // After a lost connection all that was said so far comes again, in one piece.
  const auto text = text_of(delta, "text");
  const auto offset = count_of(delta, "offset", message.received);
  const auto known = offset < message.received ? message.received - offset : 0;
  if (known < text.size()) message.text += safe(text.substr(known));
  message.received = std::max(message.received, offset + text.size());
  working_ = speaker(message.author);
  if (streaming_.empty()) streaming_ = id;
  if (streaming_ != id || out_->json()) return;
  if (again) {
    out_->end_pieces();
    out_->line(out_->paint(Tone::dim, "(begun anew)"));
  }
  stream(message);
}

void Show::stream(Message& message) {
  if (message.shown == 0) head(message.author);
  out_->piece(message.text.substr(message.shown));
  message.shown = message.text.size();
}

void Show::plan(const Json& event) {
  const auto data = object_of(event, "data");
  revision_ = static_cast<std::uint32_t>(count_of(data, "revision"));
  steps_.clear();
  const auto steps = data.contains("steps") && data["steps"].is_array() ? data["steps"] : Json::array();
  if (!out_->json()) tell(out_->paint(Tone::bold, "Plan: ") + safe(text_of(event, "text")));
  for (const auto& each : steps) {
    const auto number = steps_.size() + 1;
    const auto edited = text_of(each, "updated_action");
    Step made{number, edited.empty() ? text_of(each, "action") : edited, short_agent(text_of(each, "agent")), text_of(each, "status")};
    if (!out_->json()) tell(fmt::format("  {}. {} {}", number, out_->paint(Tone::name, made.agent), safe(made.action)));
    steps_[text_of(each, "id")] = std::move(made);
  }
}

void Show::step(const Json& event) {
  const auto data = object_of(event, "data");
  const auto id = text_of(event, "step");
  auto& known = steps_[id];
  // The plan itself may not have been seen.
  if (known.number == 0) known.number = number_of(data).value_or(steps_.size());
  known.action = text_of(data, "action");
  known.agent = short_agent(text_of(data, "agent"));
  const auto status = text_of(data, "status");
  if (std::exchange(known.status, status) == status || out_->json()) return;
  if (status == "planned" || status == "awaiting_feedback") return;
  working_ = status == "action_requested" ? known.agent : working_;
  auto line = fmt::format("  {} step {} {} · {}", sign_of(status), known.number, safe(status), known.agent);
  const auto why = status == "failed" || status == "cancelled" ? brief(text_of(event, "text"), 120) : std::string();
  if (!why.empty()) line += ": " + why;
  tell(out_->paint(tone_of(status), line));
}

void Show::progress(std::int64_t elapsed, const std::string& trouble) {
  constexpr std::array<std::string_view, 8> spinner{"⣾", "⣽", "⣻", "⢿", "⡿", "⣟", "⣯", "⣷"};
  const auto sign = spinner.at(static_cast<std::size_t>(elapsed / 100) % spinner.size());
  if (!held_.empty()) {
    if (!stands_since_) stands_since_ = elapsed;
    if (elapsed - *stands_since_ >= held_at_most_ms || !trouble.empty()) release();
  }
  if (!trouble.empty() && out_->terminal()) out_->end_pieces();  // what was being said stands still
  if (!trouble.empty()) return out_->progress(fmt::format("{} {}; trying again · {}", sign, trouble, duration_text(elapsed)));
  const auto done = std::ranges::count_if(steps_, [](const auto& each) {
    return each.second.status == "completed" || each.second.status == "failed" || each.second.status == "rejected" ||
           each.second.status == "cancelled";
  });
  const auto begun = is_task_ ? "planning" : "waiting for an answer";
  const auto what = steps_.empty() ? std::string(begun) : fmt::format("{} of {} steps", done, steps_.size());
  const auto who = working_.empty() || steps_.empty() ? std::string() : " · " + working_;
  out_->progress(fmt::format("{} {}{} · {}", sign, what, who, duration_text(elapsed)));
}

}  // namespace convoke::cli
