// A session as a scope: commands, reports and timers change it, queries read it, and what it owes to others follows from its state.
#include <algorithm>

#include "core/hash.hpp"
#include "core/mutation.hpp"
#include "groupchat/logic.hpp"
#include "groupchat/session/commands.hpp"
#include "groupchat/session/handouts.hpp"
#include "groupchat/session/notices.hpp"
#include "groupchat/session/plans.hpp"
#include "groupchat/session/queries.hpp"
#include "groupchat/session/questions.hpp"
#include "groupchat/session/requests.hpp"
#include "groupchat/session/runs.hpp"
#include "groupchat/session/turns.hpp"
#include "wire/blob.hpp"

namespace convoke::groupchat {
namespace {

using namespace session;

constexpr std::size_t max_live_bytes = std::size_t{256} * 1024;  // text so far kept of one message

class Session final : public ScopeLogic {
 public:
  Session(std::string id, const HandoutTimes& times) : id_(std::move(id)), handouts_(times) {}

  Status load(std::string_view bytes, std::uint64_t version) override {
    auto loaded = wire::unpack<State>(bytes);
    if (!loaded) return std::unexpected(loaded.error());
    state_ = std::move(*loaded);
    notices_.loaded(version);
    is_fresh_load_ = true;
    return {};
  }

  std::string save() const override { return wire::pack(state_); }

  Applied apply(Draft& draft, const wire::Message& message) override {
    if (!knows_teams(draft, message)) return Applied::need_team;
    notices_.see(draft.epoch, draft.version);
    if (const auto* query = message.as<wire::QueryT>()) {
      apply_query(state_, draft, live_, message.header, *query, draft.version - 1);
      unsee(draft);
      return Applied::done;
    }
    Context c = begin(draft);
    if (const auto* command = message.as<wire::CommandT>()) {
      apply_command(c, message.header, *command);
    } else if (const auto* report = message.as<wire::ReportT>()) {
      if (report->body.type != wire::ReportBody::Returned)  // who gives it back no longer is at it
        handouts_.on_heard(report->agent, report->turn, report->attempt, draft.now);
      if (state_.session.empty() || state_.deleting)
        respond(draft, wire::fault_reply(message.header, Fault::gone, "the session is deleted"));
      else
        apply_report(c, message.header, *report);
    } else if (const auto* where = message.as<wire::WorkStateT>()) {
      apply_work_state(c, *where);
    } else {
      respond(draft, wire::fault_reply(message.header, Fault::unknown_kind, "a session takes no such message"));
    }
    settle(c);
    note_budgets(draft);
    unsee(draft);
    return Applied::done;
  }

  TeamWanted missing_team() const override { return missing_; }

  void tick(Draft& draft) override {
    notices_.see(draft.epoch, draft.version);
    for (const auto& run : state_.runs)
      if (draft.teams->find(state_.team, run.team_version) == nullptr) {
        missing_ = {state_.team, run.team_version};
        return unsee(draft);
      }
    Context c = begin(draft);
    for (const auto& verdict : handouts_.verdicts(state_, draft.now)) apply_verdict(c, verdict);
    for (std::size_t i = 0; i < state_.instances.size(); ++i) {
      auto& instance = state_.instances[i];
      if (instance.open && instance.open->state == state::TurnState::cancelling && instance.open->close_ms <= c.now_ms())
        close_cancelled(c, instance);
    }
    expire_requests(c);
    expire_questions(c);
    tick_plans(c);
    check_budgets(c);
    if (notices_.has_told(state_)) c.touch();
    settle(c);
    note_budgets(draft);
    if (state_.deleting && notices_.is_told(state_)) draft.remove = draft.changed = true;
    unsee(draft);
  }

  std::optional<UnixTime> due() const override {
    std::int64_t due = std::min({plans_due(state_), questions_due(state_), notices_.due(state_)});
    for (const auto& request : state_.requests)
      if (request.expires_ms != 0 && !CONVOKE_MUTATED(due_without_requests)) due = std::min(due, request.expires_ms);
    for (const auto& instance : state_.instances) {
      if (!instance.open || CONVOKE_MUTATED(due_without_turns)) continue;
      // An open turn is always in the index, so that a takeover finds it; what it waits for while we live is in wake().
      due = std::min(due, instance.open->state == state::TurnState::cancelling ? instance.open->close_ms
                                                                               : instance.open->opened_ms + instance.open->timeout_ms);
    }
    for (const auto& run : state_.runs)
      if (run.deadline_ms != 0 && run.stop_reason.empty() && state_.requests.empty()) due = std::min(due, run.deadline_ms);
    if (due == INT64_MAX) return std::nullopt;
    return from_unix_ms(due);
  }

  void note(const wire::Message& message, Now now) override {
    if (const auto* where = message.as<wire::WorkStateT>()) return handouts_.on_state(*where, now);
    if (const auto* report = message.as<wire::ReportT>()) return handouts_.on_heard(report->agent, report->turn, report->attempt, now);
    if (const auto* push = message.as<wire::PushT>(); push != nullptr && push->body.AsDelta() != nullptr)
      return hear(*push->body.AsDelta());
    if (const auto* answer = message.as<wire::AnswerT>(); answer != nullptr && message.header.dest.starts_with("u:"))
      notices_.on_answer(std::string_view(message.header.dest).substr(2), *answer);
  }

  void link_restored(Now now) override { handouts_.link_restored(now); }

  std::vector<wire::Message> owed(Now now) override {
    std::vector<wire::Message> sends;
    if (is_fresh_load_) handouts_.loaded(state_, now);
    is_fresh_load_ = false;
    handouts_.stop(stopped_);
    stopped_.clear();
    handouts_.owed(state_, budgets_, now, sends);
    notices_.owed(state_, created_, now, sends);
    forget_finished();
    return sends;
  }

  std::optional<SteadyTime> wake() const override {
    auto earliest = handouts_.wake(state_);
    const auto notice = notices_.wake(state_, created_);
    if (notice && (!earliest || *notice < *earliest)) earliest = notice;
    return earliest;
  }

  bool evictable() const override {
    const bool has_open_turn = std::ranges::any_of(state_.instances, [](const auto& instance) { return instance.open != nullptr; });
    return !has_open_turn && created_.empty() && stopped_.empty() && notices_.due(state_) == INT64_MAX;
  }

 private:
  Context begin(Draft& draft) { return Context{state_, draft, stopped_, created_}; }

  bool knows_teams(const Draft& draft, const wire::Message& message) {
    missing_ = {};
    for (const auto& run : state_.runs)
      if (draft.teams->find(state_.team, run.team_version) == nullptr) {
        missing_ = {state_.team, run.team_version};
        return false;
      }
    const auto* command = message.as<wire::CommandT>();
    if (command == nullptr) return true;
    std::string wanted = state_.team;
    if (wanted.empty() && command->body.AsCreateTask() != nullptr) wanted = command->body.AsCreateTask()->team;
    if (wanted.empty() && command->body.AsOpenChat() != nullptr) wanted = command->body.AsOpenChat()->team;
    const auto head = wanted.empty() ? 0 : draft.teams->head(wanted);
    if (wanted.empty() || (head != 0 && draft.teams->find(wanted, head) != nullptr)) return true;
    missing_ = {wanted, 0};
    return false;
  }

  void apply_work_state(Context& c, const wire::WorkStateT& where) {
    if (where.status == wire::WorkStatus::lost)
      apply_lost(c, where.agent, where.turn, where.attempt, handouts_.has_begun(where.agent, where.turn, where.attempt));
    else
      handouts_.on_state(where, c.draft.now);
  }

  void apply_verdict(Context& c, const Verdict& verdict) {
    auto* instance = find_instance(state_, verdict.agent);
    if (instance == nullptr || !instance->open || instance->open->number != verdict.turn || instance->open->attempt != verdict.attempt)
      return;
    switch (verdict.kind) {
      case Verdict::Kind::raise: return apply_lost(c, verdict.agent, verdict.turn, verdict.attempt, false);
      case Verdict::Kind::lost: return apply_lost(c, verdict.agent, verdict.turn, verdict.attempt, verdict.begun);
      case Verdict::Kind::timed_out: return time_out(c, *instance);
    }
  }

  // Nothing is committed: what is told now is the state of the version before, or a notice would pass for that of a change yet to come.
  void unsee(const Draft& draft) {
    if (!draft.changed) notices_.see(draft.epoch, draft.version - 1);
  }

  // Whatever happened: free instances get what waits for them, runs that owe nothing end, and the user's list hears of it.
  void settle(Context& c) {
    if (!c.draft.changed) return;
    check_budgets(c);
    open_turns(c);
    settle_runs(c);
    notices_.settle(c);
  }

  // For work that is sent when no team is at hand.
  void note_budgets(const Draft& draft) {
    budgets_.clear();
    for (const auto& run : state_.runs)
      if (const auto* team = draft.teams->find(state_.team, run.team_version)) budgets_[run.id] = team->limits.max_run_tokens;
  }

  void hear(const wire::DeltaT& delta) {
    auto& text = live_[delta.message];
    const bool begins = delta.offset == 0 && delta.attempt == text.attempt;  // anew, or it is all of it so far
    if (begins || delta.attempt > text.attempt || text.message.empty()) {
      text = delta;
      if (delta.offset != 0) text.attempt = 0;  // its beginning was missed: nothing to show until the worker tells it
      return;
    }
    if (delta.attempt == text.attempt && delta.offset == text.offset + text.text.size() && text.text.size() < max_live_bytes)
      text.text += delta.text;
  }

  void forget_finished() {
    std::erase_if(live_, [&](const auto& entry) {
      return std::ranges::none_of(state_.instances,
                                  [&](const auto& instance) { return instance.open && instance.open->message == entry.first; });
    });
  }

  std::string id_;
  State state_;
  TeamWanted missing_;
  Handouts handouts_;
  Budgets budgets_;
  Notices notices_;
  Live live_;
  std::vector<Stopped> stopped_;
  std::vector<Created> created_;
  bool is_fresh_load_ = false;
};

}  // namespace

std::unique_ptr<ScopeLogic> make_session(std::string session, const HandoutTimes& times) {
  return std::make_unique<Session>(std::move(session), times);
}

}  // namespace convoke::groupchat
