// A session's logic with the owner core replaced by the least that keeps its promises: batches of one message, commits into maps, sends
// after the commit. Whatever is appended must follow what is there.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/hash.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

namespace convoke::groupchat::test {

class OneTeam final : public Teams {
 public:
  agents::Team team;
  const agents::Team* find(std::string_view name, std::uint32_t version) const override {
    return name == team.name && version == 1 ? &team : nullptr;
  }
  std::uint32_t head(std::string_view name) const override { return name == team.name ? 1 : 0; }
};

inline agents::Agent agent(std::string name, std::vector<std::string> contacts = {},
                           agents::AgentKind kind = agents::AgentKind::specialist) {
  agents::Agent made;
  made.name = std::move(name);
  made.can_contact = std::move(contacts);
  made.kind = kind;
  return made;
}

class Driver {
 public:
  Driver() {
    teams.team.name = "t";
    teams.team.agents = {agent("A", {"B"}), agent("B", {"A"}), agent("C"), agent("H", {}, agents::AgentKind::human)};
  }

  OneTeam teams;
  Now now{SteadyTime{Millis{1'000'000}}, UnixTime{Millis{1'700'000'000'000}}};
  std::vector<wire::Message> sent;  // answers and what is owed, in their order
  std::vector<wire::EventT> events;
  std::map<std::string, std::vector<std::string>> logs;
  std::map<std::string, std::string> parts;
  std::uint64_t version = 0;
  bool removed = false;

  void advance(Millis time) {
    now.steady += time;
    now.unix += time;
    const auto wake = logic_->wake();
    const auto due = logic_->due();
    if ((wake && *wake <= now.steady) || (due && *due <= now.unix)) tick();
  }
  void tick() {
    auto draft = begin();
    logic_->tick(draft);
    finish(std::move(draft));
  }

  /// The owner dies; another one loads what is committed.
  void crash() {
    logic_ = make_session(session);
    if (version > 0) REQUIRE(logic_->load(committed_, version));
    owe();
  }

  /// The same, and what the next one loads is what `change` makes of it: a state that another version of the product would have left.
  void change_state(const std::function<void(state::SessionStateT&)>& change) {
    auto state = state_now();
    change(state);
    committed_ = wire::pack(state);
    crash();
  }
  state::SessionStateT state_now() const { return std::move(*wire::unpack<state::SessionStateT>(committed_)); }

  void deliver(wire::Message message) {
    message.header.id = wire::to_wire(ids_.next(now.unix));
    auto draft = begin();
    REQUIRE(logic_->apply(draft, message) == Applied::done);
    finish(std::move(draft));
  }
  void note(const wire::Message& message) {
    logic_->note(message, now);
    owe();
  }
  void link_restored() { logic_->link_restored(now); }

  template <class T> void command(T body, std::string user = "ann") {
    wire::CommandT command;
    command.scope = "s:" + session;
    command.user = std::move(user);
    command.key = "k" + std::to_string(++keys_);
    command.body.Set(std::move(body));
    deliver(wire::message(std::move(command)));
  }

  Uuid worker;  // that reports; zero: none that anybody vouches for
  std::uint8_t forwards = 0;
  template <class T> void report(const wire::WorkT& work, std::uint64_t n, T body) {
    wire::ReportT report;
    report.session = session;
    report.agent = work.agent;
    report.turn = work.turn;
    report.attempt = work.attempt;
    report.n = n;
    report.body.Set(std::move(body));
    auto message = wire::message(std::move(report));
    message.header.source = "agent/" + work.agent;
    message.header.source_replica = wire::to_wire(worker);
    message.header.forwards = forwards;
    deliver(std::move(message));
  }
  void answer(const wire::WorkT& work, std::string text, std::uint64_t items = 0) {
    wire::TurnResultT result;
    result.text = std::move(text);
    report(work, items, std::move(result));
  }
  void state(const wire::WorkT& work, wire::WorkStatus status) {
    wire::WorkStateT state;
    state.session = session;
    state.agent = work.agent;
    state.turn = work.turn;
    state.attempt = work.attempt;
    state.status = status;
    state.replica = wire::Uuid(7, 7);
    if (status == wire::WorkStatus::lost)
      deliver(wire::message(std::move(state)));
    else
      note(wire::message(std::move(state)));
  }

  /// The user's list answers every notice.
  void list_answers(const std::string& user = "ann") { list_answers(notice(user).version, user); }
  void list_answers(std::uint64_t notice_version, const std::string& user = "ann") {
    wire::AcceptedT accepted;
    accepted.seq = notice_version;
    list_says(std::move(accepted), user);
  }
  template <class T> void list_says(T body, const std::string& user) {
    wire::AnswerT answer;
    answer.body.Set(std::move(body));
    auto message = wire::message(std::move(answer));
    message.header.dest = "u:" + user;
    note(message);
  }
  /// The newest notice to the user's list.
  wire::NotifyT notice(const std::string& user = "ann") const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it)
      if (const auto* command = it->as<wire::CommandT>();
          command != nullptr && command->body.AsNotify() != nullptr && command->user == user)
        return *command->body.AsNotify();
    FAIL("no notice was sent");
    return {};
  }

  /// The newest Work for an agent; fails the test when there is none.
  wire::WorkT work(std::string_view agent) const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it)
      if (const auto* found = it->as<wire::WorkT>(); found != nullptr && found->agent == agent) return *found;
    FAIL("no work for " << agent);
    return {};
  }
  std::size_t works(std::string_view agent) const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [&](const auto& message) {
      const auto* work = message.template as<wire::WorkT>();
      return work != nullptr && work->agent == agent;
    }));
  }
  template <class T> std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [](const auto& message) { return message.template as<T>(); }));
  }
  /// What the last answer says; Fault::none when it is not a fault.
  /// What the last answer refused, in words; nothing when it refused nothing.
  std::string last_refusal() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it)
      if (const auto* answer = it->as<wire::AnswerT>()) return answer->body.AsFault() == nullptr ? "" : answer->body.AsFault()->text;
    return {};
  }
  Fault last_fault() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it)
      if (const auto* answer = it->as<wire::AnswerT>()) {
        const auto* fault = answer->body.AsFault();
        return fault == nullptr ? Fault::none : static_cast<Fault>(fault->code);
      }
    FAIL("nothing was answered");
    return Fault::none;
  }
  wire::AcceptedT accepted() const {
    for (auto it = sent.rbegin(); it != sent.rend(); ++it)
      if (const auto* answer = it->as<wire::AnswerT>(); answer != nullptr && answer->body.AsAccepted() != nullptr)
        return *answer->body.AsAccepted();
    FAIL("nothing was accepted");
    return {};
  }
  std::vector<wire::EventKind> kinds(std::string_view conversation) const {
    std::vector<wire::EventKind> found;
    for (const auto& event : events)
      if (event.conversation == conversation) found.push_back(event.kind);
    return found;
  }
  const wire::EventT& last(wire::EventKind kind) const {
    for (auto it = events.rbegin(); it != events.rend(); ++it)
      if (it->kind == kind) return *it;
    FAIL("no event " << wire::EnumNameEventKind(kind));
    return events.front();
  }
  ScopeLogic& logic() { return *logic_; }

  std::string session = "s1";

 private:
  Draft begin() {
    Draft draft{.now = now, .epoch = {1, {1, 1}}, .version = version + 1};
    draft.ids = &ids_;
    draft.teams = &teams;
    return draft;
  }

  void finish(Draft draft) {
    if (draft.changed) {
      ++version;
      for (const auto& append : draft.appends) {
        auto& log = logs[append.log];
        REQUIRE(append.first == log.size() + 1);
        log.insert(log.end(), append.entries.begin(), append.entries.end());
      }
      for (const auto& part : draft.parts) parts[part.name] = part.bytes;
      for (auto& event : draft.events) {
        events.push_back(event);
      }
      committed_ = logic_->save();
      removed = draft.remove;
    } else {
      REQUIRE(draft.appends.empty());
      REQUIRE(draft.keys.empty());
      REQUIRE(draft.answers.empty());
    }
    for (auto& answer : draft.answers) sent.push_back(std::move(answer));
    for (auto& reply : draft.replies) sent.push_back(std::move(reply.message));
    reads.insert(reads.end(), draft.reads.begin(), draft.reads.end());
    owe();
  }

  void owe() {
    for (auto& message : logic_->owed(now)) sent.push_back(std::move(message));
  }

 public:
  std::vector<Read> reads;

 private:
  IdMaker ids_{[n = std::uint64_t{0}]() mutable { return n += 0x9E3779B97F4A7C15ull; }};
  std::unique_ptr<ScopeLogic> logic_ = make_session(session);
  std::string committed_;
  int keys_ = 0;
};

/// A direct conversation of `ann` with agent A, and one message in it; the user's list knows the session.
inline std::string chat(Driver& driver, std::string text = "hello") {
  wire::OpenChatT open;
  open.team = "t";
  open.agent = "t.A";
  open.text = std::move(text);
  driver.command(std::move(open));
  driver.list_answers();
  return driver.accepted().conversation;
}

inline wire::ItemT response(std::string call, std::string tool, std::string arguments = "{}") {
  wire::ItemT item;
  item.kind = wire::ItemKind::response;
  item.text = R"({"content":"","tool_calls":[{"id":")" + call + R"(","type":"function","function":{"name":")" + tool +
              R"(","arguments":")" + arguments + R"("}}]})";
  return item;
}

inline wire::ItemT result_of(std::string call, std::string tool, std::string text) {
  wire::ItemT item;
  item.kind = wire::ItemKind::result;
  item.call = std::move(call);
  item.tool = std::move(tool);
  item.text = std::move(text);
  return item;
}

}  // namespace convoke::groupchat::test
