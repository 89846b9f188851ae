// What a turn does: the scripted stand-in for a model and its tools.
#include <fmt/format.h>

#include <sstream>
#include <utility>

#include "executor/decide.hpp"
#include "team.hpp"
#include "turn_process.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

constexpr Millis tool_timeout{1'000};
constexpr Millis start_within{2'000};

bool is_word(const std::string& word) {
  static constexpr std::string_view words[] = {"idem",   "once",   "both", "four",   "person", "tell",
                                               "broken", "doomed", "gone", "greedy", "slow",   "spent"};
  return std::ranges::find(words, word) != std::end(words) || word.starts_with("ask:");
}

// Of words that order no call: the model itself fails, for the moment or for good.
std::optional<Fault> failure_of(const std::string& word) {
  if (word == "doomed") return Fault::model_overloaded;
  if (word == "gone") return Fault::model_unauthorised;
  if (word == "spent") return Fault::budget;
  return std::nullopt;
}

std::vector<Call> calls_of(const std::string& word, std::uint64_t turn, std::uint64_t round) {
  const auto id = [&](int index) { return fmt::format("c{}-{}-{}", turn, round, index); };
  if (word == "both") return {{id(0), "idem", {}}, {id(1), "once", {}}};
  if (word == "four") return {{id(0), "idem", {}}, {id(1), "idem", {}}, {id(2), "idem", {}}, {id(3), "idem", {}}};
  if (word == "greedy") return {{id(0), "idem", {}}};
  if (word == "person") return {{id(0), "ask_human", {}}};
  if (word == "tell") return {{id(0), "contact_human", {}}};
  if (word.starts_with("ask:")) return {{id(0), "chat_with_agent", word.substr(4)}};
  return {{id(0), word, {}}};
}

// As worker and owner read it (OpenAI's form).
std::string json_of(const std::vector<Call>& calls) {
  std::string text = R"({"content":"","tool_calls":[)";
  for (const auto& call : calls)
    text += fmt::format(R"({}{{"id":"{}","type":"function","function":{{"name":"{}","arguments":"{}"}}}})",
                        &call == calls.data() ? "" : ",", call.id, call.tool, call.text);
  return text + "]}";
}

wire::TurnResultT outcome(wire::Outcome kind, Fault fault, std::string text) {
  wire::TurnResultT result;
  result.outcome = kind;
  result.fault = static_cast<std::uint16_t>(fault);
  result.text = std::move(text);
  return result;
}

}  // namespace

std::vector<std::string> TurnProcess::script_of(const wire::WorkT& work) const {
  std::vector<std::string> script;
  for (const auto& input : work.input) {
    if (input.kind == wire::InputKind::pending) continue;
    // A person who is asked about an unknown outcome may want it done again.
    if (input.kind == wire::InputKind::answer && input.text != "again") continue;
    if (input.kind == wire::InputKind::answer) {
      script.push_back("once");
      continue;
    }
    std::istringstream words(input.text);
    for (std::string word; words >> word;)
      if (is_word(word)) script.push_back(word);
  }
  return script;
}

// What earlier attempts did is not done again.
void TurnProcess::take_over(Job& job) {
  for (const auto& item : job.items) {
    if (item.kind == wire::ItemKind::response) {
      job.calls.clear();
      if (job.rounds < job.script.size()) job.calls = calls_of(job.script[job.rounds], job.key.turn, job.rounds);
      job.response = item.n;
      ++job.rounds;
      job.recorded = true;
      continue;
    }
    for (auto& call : job.calls)
      if (call.id == item.call) call.done = true;
  }
}

void TurnProcess::advance(const JobPtr& job) {
  if (!current(job) || job->reading || job->thinking || job->asked_unknown) return;
  if (const auto refused = book_->refusal(job->key, job->attempt))
    return conclude(job, outcome(wire::Outcome::failed, refused->code, refused->message));
  const auto& work = *job->work;
  const bool working = std::ranges::any_of(job->calls, &Call::running);
  if (job->cancelled) {
    if (!working && book_->acknowledged(job->key, job->attempt)) conclude(job, outcome(wire::Outcome::cancelled, Fault::cancelled, {}));
    return;
  }
  if (work.kind == wire::TurnKind::deciding) {
    const bool fails = world_.has(tool_trouble) && world_.random.chance(5);
    return conclude(job, fails ? outcome(wire::Outcome::failed, Fault::unavailable, "later") : decide(*job));
  }
  if (!job->calls.empty()) {
    if (!carry_out_calls(job)) return;
    job->calls.clear();
  }
  if (!job->thought) return think(job);
  job->thought = false;
  respond(job);
}

void TurnProcess::think(const JobPtr& job) {
  job->thinking = true;
  const bool fails = world_.has(tool_trouble) && world_.random.chance(8);
  post(world_.random.millis(1, 120), [this, job, fails] {
    job->thinking = false;
    if (fails) return conclude(job, outcome(wire::Outcome::failed, Fault::model_overloaded, "the model is overloaded"));
    job->thought = true;
    advance(job);
  });
}

std::uint64_t TurnProcess::add_item(const JobPtr& job, wire::ItemT item) {
  const auto number = book_->item(job->key, job->attempt, item, now().steady);
  if (number) {
    item.n = *number;
    job->items.push_back(std::move(item));
  }
  perform();
  return number.value_or(0);
}

// The model has answered: more calls, or the end.
void TurnProcess::respond(const JobPtr& job) {
  const auto& work = *job->work;
  if (job->rounds < job->script.size()) {
    const auto& word = job->script[job->rounds];
    if (const auto failure = failure_of(word)) return conclude(job, outcome(wire::Outcome::failed, *failure, word == "gone" ? "" : word));
    if (!book_->has_room(job->key, job->attempt)) {
      job->thought = true;
      return;
    }
    auto calls = calls_of(job->script[job->rounds], job->key.turn, job->rounds);
    wire::ItemT item;
    item.kind = wire::ItemKind::response;
    item.text = json_of(calls);
    item.usage = std::make_unique<wire::UsageT>();
    item.usage->model_calls = 1;
    item.usage->prompt_tokens = word == "greedy" ? 3'000'000 : 10;
    item.usage->cost_micros = 4'000;
    const auto number = add_item(job, std::move(item));
    if (number == 0 || !current(job)) return;
    job->response = number;
    job->calls = std::move(calls);
    job->recorded = false;
    ++job->rounds;
    return advance(job);
  }
  if (work.kind == wire::TurnKind::planning) return conclude(job, plan(*job));
  delta(job, "do");
  if (!current(job)) return;
  delta(job, "ne");
  if (!current(job)) return;
  conclude(job, outcome(wire::Outcome::answer, Fault::none, "done"));
}

// True when all of them have their results.
bool TurnProcess::carry_out_calls(const JobPtr& job) {
  note_unknown(job);
  wire::TurnResultT asks = outcome(wire::Outcome::awaiting, Fault::none, {});
  bool waiting = false;
  for (std::size_t index = 0; index < job->calls.size(); ++index) {
    auto& call = job->calls[index];
    if (call.done) continue;
    if (call.unknown) {
      wire::AskT ask;
      ask.call = call.id;
      ask.kind = wire::RequestKind::unknown_outcome;
      ask.text = "was it done?";
      asks.asks.push_back(std::move(ask));
      continue;
    }
    if (call.tool == "chat_with_agent" || call.tool == "ask_human") {
      wire::AskT ask;
      ask.call = call.id;
      const auto colon = call.text.find(':');
      if (call.tool == "chat_with_agent") ask.agent = "t." + call.text.substr(0, colon);
      ask.text = colon == std::string::npos ? "how is it?" : call.text.substr(colon + 1);
      ask.timeout_ms = call.tool == "chat_with_agent" ? 15'000 : job->key.turn % 2 == 0 ? 3'000 : 0;
      ask.kind = wire::RequestKind::input;
      asks.asks.push_back(std::move(ask));
      continue;
    }
    waiting = true;
    if (call.running) continue;
    if (call.tool == "contact_human") {
      wire::ItemT item;
      item.kind = wire::ItemKind::act;
      item.act = call.tool;
      item.call = call.id;
      item.tool = call.tool;
      item.text = "by the way";
      call.done = true;
      (void)add_item(job, std::move(item));
      return false;
    }
    run_tool(job, index);
    if (!current(job)) return false;
  }
  if (waiting) return false;
  if (!asks.asks.empty()) {
    job->asked_unknown = job->settled_at > now().steady;
    if (!job->asked_unknown) {
      conclude(job, std::move(asks));
      return false;
    }
    post(std::chrono::ceil<Millis>(job->settled_at - now().steady), [this, job, asked = std::move(asks)]() mutable {
      if (!current(job)) return;
      const auto refused = book_->refusal(job->key, job->attempt);  // of another call's result, meanwhile
      conclude(job, refused ? outcome(wire::Outcome::failed, refused->code, refused->message) : std::move(asked));
    });
    return false;
  }
  // The acknowledgement of an act is the tool's answer.
  return book_->acknowledged(job->key, job->attempt);
}

// Recorded calls without a result that must not be made twice: a person is asked, once nobody can still be at them.
void TurnProcess::note_unknown(const JobPtr& job) {
  if (!std::exchange(job->recorded, false)) return;
  for (auto& call : job->calls) {
    call.unknown = !call.done && (call.tool == "once" || call.tool == "broken" || call.tool == "slow");
    if (call.unknown) job->settled_at = now().steady + start_within + tool_timeout;
  }
}

void TurnProcess::run_tool(const JobPtr& job, std::size_t index) {
  const auto may = book_->may_begin(job->key, job->attempt, now().steady);
  if (may == agents::TurnBook::May::refresh) book_->refresh(job->key, job->attempt, now().steady);
  if (may != agents::TurnBook::May::begin) return perform();
  if (boundary("before a call begins")) return;
  auto& call = job->calls[index];
  call.running = true;
  const bool idempotent = call.tool == "idem";
  const std::string key = fmt::format("{}/{}/{}/{}/{}", job->key.session, job->key.agent, job->key.turn, job->response, index);
  world_.say([&] { return fmt::format("{} calls {} under {}", name(), call.tool, key); });
  world_.checks.tool_starts(job->key, job->response, call.id);
  world_.ledger.start(key, idempotent, job->key.session, job->key.agent, call.id);
  if (boundary("after a call began")) return;
  const Millis takes = call.tool == "slow" ? Millis{25'000} : world_.random.millis(1, world_.has(tool_trouble) ? 800 : 60);
  // It happens out there whether or not the worker lives.
  world_.clock.after(takes / 2, [this, key] { world_.ledger.apply(key); });
  const bool fails = call.tool == "broken" || (world_.has(tool_trouble) && world_.random.chance(15));
  post(takes, [this, job, index, fails] {
    if (!current(job)) return;
    report(job, index, fails ? Fault::tool_failed : Fault::none, fails ? "Error: it broke" : "done");
  });
}

void TurnProcess::report(const JobPtr& job, std::size_t index, Fault fault, std::string text) {
  auto& call = job->calls[index];
  if (!book_->has_room(job->key, job->attempt)) {
    post(Millis{20}, [this, job, index, fault, again = std::move(text)] {
      if (current(job)) report(job, index, fault, again);
    });
    return;
  }
  call.running = false;
  call.done = true;
  wire::ItemT item;
  item.kind = wire::ItemKind::result;
  item.call = call.id;
  item.tool = call.tool;
  item.fault = static_cast<std::uint16_t>(fault);
  item.text = std::move(text);
  (void)add_item(job, std::move(item));
  advance(job);
}

void TurnProcess::conclude(const JobPtr& job, wire::TurnResultT result) {
  if (!current(job)) return;
  jobs_.erase(job->key);
  if (world_.random.chance(10)) tell_span(*job);
  if (!alive()) return;
  book_->finish(job->key, job->attempt, std::move(result), now().steady);
  perform();
}

// What was done, for `convoke trace`.
void TurnProcess::tell_span(const Job& job) {
  wire::SpanBatchT batch;
  wire::SpanT span;
  span.session = job.key.session;
  span.run = job.work->run;
  span.name = "turn";
  batch.spans.push_back(std::move(span));
  wire::PushT push;
  push.body.Set(std::move(batch));
  auto message = wire::message(std::move(push));
  const auto owner = agents::to_owner(job.key.session, job.key.agent);
  message.header.dest_kind = owner.dest_kind;
  message.header.partition = owner.partition;
  message.header.source = owner.source;
  send(std::move(message));
}

void TurnProcess::delta(const JobPtr& job, std::string text) {
  const auto& work = *job->work;
  wire::DeltaT delta;
  delta.conversation = work.conversation;
  delta.message = work.message;
  delta.author = "agent/" + work.agent;
  delta.turn = work.turn;
  delta.attempt = work.attempt;
  delta.offset = job->text_offset;
  delta.after_seq = work.after_seq;
  job->text_offset += text.size();
  delta.text = std::move(text);
  wire::PushT push;
  push.body.Set(std::move(delta));
  auto message = wire::message(std::move(push));
  message.header.dest_kind = wire::DestKind::stream;
  message.header.dest = work.conversation;
  const auto owner = agents::to_owner(work.session, work.agent);
  message.header.partition = owner.partition;
  message.header.source = owner.source;
  send(std::move(message));
}

// The goal spells the plan out: steps separated by `|`, each `<agent> <words>`; `>` in front of one: after the one before it.
wire::TurnResultT TurnProcess::plan(const Job& job) {
  wire::TurnResultT result = outcome(wire::Outcome::draft, Fault::none, {});
  const auto& work = *job.work;
  result.draft = std::make_unique<wire::PlanDraftT>();
  const bool unclear = work.goal.starts_with("unclear ");
  if (unclear && (!work.plan || work.plan->clarification_response.empty())) {
    result.draft->clarification_request = "what exactly?";
    result.draft->summary = "not clear";
    return result;
  }
  if (work.goal == "nonsense") return outcome(wire::Outcome::failed, Fault::invalid, "no plan fits");
  if (work.goal == "spent") return outcome(wire::Outcome::failed, Fault::budget, "no tokens are left");
  if (work.goal == "nothing") return result;
  // Where the first plan has failed, what is left is tried in another way; or in the same again, which leads nowhere.
  const bool other_way = work.plan && !work.plan->steps.empty() && job.key.turn % 2 == 0;
  std::istringstream parts(other_way ? "B idem|C once" : unclear ? work.goal.substr(8) : work.goal);
  for (std::string part; std::getline(parts, part, '|');) {
    wire::DraftStepT step;
    const bool dependent = part.starts_with('>');
    if (dependent) part.erase(0, 1);
    step.agent = "t." + part.substr(0, 1);
    step.action = part.substr(2);
    // Who is idle only talks, although there is something to call.
    if (step.action.find("idem") != std::string::npos || step.action.find("idle") != std::string::npos) step.function = "idem";
    if (dependent && !result.draft->steps.empty()) step.depends_on.push_back(static_cast<std::uint32_t>(result.draft->steps.size() - 1));
    result.draft->steps.push_back(std::move(step));
  }
  result.draft->summary = "as you said";
  return result;
}

wire::TurnResultT TurnProcess::decide(const Job& job) {
  const auto& work = *job.work;
  if (!work.plan) return outcome(wire::Outcome::failed, Fault::invalid, "no plan");
  wire::TurnResultT result = outcome(wire::Outcome::decision, Fault::none, {});
  Now at = now();
  if (work.now_ms != 0) at.unix = from_unix_ms(work.now_ms);
  const auto& rules = team_of(world_.profile.terms).rules;
  result.decision = std::make_unique<wire::PlanDecisionT>(executor::decide(*work.plan, work.inbox, at, rules));
  return result;
}

}  // namespace convoke::sim
