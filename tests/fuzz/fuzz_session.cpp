// What doors and workers say to a session: one message after another, each a byte that says what it is, a byte that says whom it is about,
// the length of the body in two bytes, and the body as it came. A session has a chat and a task at work. Whatever is said, each report is
// answered, logs stay dense, the state can be read again, and no question waits for nobody.
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/hash.hpp"
#include "fuzz.hpp"
#include "groupchat/logic.hpp"
#include "wire/blob.hpp"
#include "wire/state_generated.h"

using namespace convoke;

namespace {

constexpr std::string_view session = "s1";

class Team final : public groupchat::Teams {
 public:
  Team() {
    team_.name = "t";
    for (const auto* name : {"A", "B"}) {
      auto& agent = team_.agents.emplace_back();
      agent.name = name;
      agent.can_contact = {"A", "B"};
    }
  }
  const agents::Team* find(std::string_view name, std::uint32_t version) const override {
    return name == team_.name && version == 1 ? &team_ : nullptr;
  }
  std::uint32_t head(std::string_view name) const override { return name == team_.name ? 1 : 0; }

 private:
  agents::Team team_;
};

/// Who is waited for is there: whoever has the question in front of it or is at it, or a request that a person can answer.
bool is_awaited(const state::SessionStateT& state, const state::InstanceT& asker, const state::AwaitedT& call) {
  if (!call.request.empty()) return std::ranges::find(state.requests, call.request, &wire::HumanRequestT::id) != state.requests.end();
  const auto is_it = [&](const wire::InputT& input) {
    return input.asker == asker.agent && input.asker_turn == call.turn && input.call == call.call;
  };
  return std::ranges::any_of(state.instances, [&](const state::InstanceT& instance) {
    return std::ranges::any_of(instance.inbox, is_it) || (instance.open && std::ranges::any_of(instance.open->owes, is_it)) ||
           std::ranges::any_of(instance.awaiting, [&](const auto& waiting) { return std::ranges::any_of(waiting.owes, is_it); });
  });
}

class Held {
 public:
  Held() {
    wire::OpenChatT chat;
    chat.team = "t";
    chat.agent = "t.A";
    chat.text = "hello";
    say("ann", std::move(chat));
    wire::CreateTaskT task;
    task.team = "t";
    task.description = "do it";
    say("ann", std::move(task));
  }

  void hear(wire::Message message) {
    message.header.id = wire::to_wire(ids_.next(now_.unix));
    const bool is_report = message.as<wire::ReportT>() != nullptr;
    auto draft = begin();
    fuzz::require(logic_->apply(draft, message) == groupchat::Applied::done, "a team that is missing");
    const auto answers = draft.answers.size() + draft.replies.size();
    fuzz::require(!is_report || answers == 1, "a report that nobody answers, or twice");
    finish(draft);
  }

  void pass(Millis time) {
    now_.steady += time;
    now_.unix += time;
    auto draft = begin();
    logic_->tick(draft);
    finish(draft);
  }

  void reload() {
    const auto saved = logic_->save();
    logic_ = groupchat::make_session(std::string(session));
    fuzz::require(logic_->load(saved, version_).has_value(), "a state that cannot be read");
    fuzz::require(logic_->save() == saved, "a state that changes when it is read");
    (void)logic_->owed(now_);
  }

  /// Said of what is there, where it would else be of nothing.
  void direct(wire::ReportT& report, std::uint8_t whom) const {
    const auto state = now_there();
    if (state.instances.empty()) return;
    const auto& instance = state.instances[whom % state.instances.size()];
    report.session = session;
    report.agent = instance.agent;
    if (!instance.open) return;
    report.turn = instance.open->number;
    report.attempt = instance.open->attempt;
    report.n = instance.open->items + (report.body.type == wire::ReportBody::Item ? 1 : 0);
    if (auto* result = report.body.AsTurnResult(); result != nullptr && result->decision && result->decision->plan)
      result->decision->plan->id = instance.open->plan;
  }
  void direct(wire::CommandBodyUnion& body, std::uint8_t whom) const {
    const auto state = now_there();
    const auto pick = [&](const auto& list, auto id) { return list.empty() ? std::string() : id(list[whom % list.size()]); };
    const auto plan = pick(state.plans, [](const auto& held) { return held.plan->id; });
    if (auto* decide = body.AsDecide()) decide->plan = plan;
    if (auto* clarify = body.AsClarify()) clarify->plan = plan;
    if (auto* cancel = body.AsCancel()) cancel->plan = plan;
    if (auto* answer = body.AsAnswerRequest()) answer->request = pick(state.requests, [](const auto& request) { return request.id; });
    if (auto* post = body.AsPost()) post->conversation = pick(state.conversations, [](const auto& each) { return each.id; });
    if (auto* letter = body.AsSettleLetter()) letter->id = pick(state.dead_letters, [](const auto& each) { return each.letter->id; });
  }

 private:
  template <class T> void say(std::string user, T body) {
    wire::CommandT command;
    command.scope = "s:" + std::string(session);
    command.user = std::move(user);
    command.key = "k";
    command.body.Set(std::move(body));
    hear(wire::message(std::move(command)));
  }

  state::SessionStateT now_there() const {
    auto state = wire::unpack<state::SessionStateT>(logic_->save());
    fuzz::require(state.has_value(), "a state that cannot be read");
    return std::move(*state);
  }

  groupchat::Draft begin() {
    groupchat::Draft draft{.now = now_, .epoch = {1, {1, 1}}, .version = version_ + 1};
    draft.ids = &ids_;
    draft.teams = &team_;
    return draft;
  }

  void finish(const groupchat::Draft& draft) {
    fuzz::require(draft.changed || (draft.appends.empty() && draft.answers.empty() && draft.keys.empty()),
                  "a change that is not committed");
    for (const auto& append : draft.appends) {
      auto& size = logs_[append.log];
      fuzz::require(append.first == size + 1, "a log with a gap");
      size += append.entries.size();
    }
    for (const auto& event : draft.events)
      fuzz::require(event.data.empty() || nlohmann::json::accept(event.data), "an event whose data is not JSON");
    if (draft.changed) ++version_;
    (void)logic_->owed(now_);
    const auto state = now_there();
    for (const auto& instance : state.instances)
      for (const auto& waiting : instance.awaiting)
        for (const auto& call : waiting.calls)
          fuzz::require(call.answered || is_awaited(state, instance, call), "a question that waits for nobody");
  }

  Team team_;
  Now now_{SteadyTime{Millis{1'000'000}}, UnixTime{Millis{1'700'000'000'000}}};
  IdMaker ids_{[n = std::uint64_t{0}]() mutable { return n += 0x9E3779B97F4A7C15ull; }};
  std::unique_ptr<groupchat::ScopeLogic> logic_ = groupchat::make_session(std::string(session));
  std::uint64_t version_ = 0;
  std::map<std::string, std::size_t> logs_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::text(data, size);
  Held held;
  while (rest.size() >= 4) {
    const auto what = static_cast<std::uint8_t>(rest[0]);
    const auto whom = static_cast<std::uint8_t>(rest[1]);
    const auto length = std::size_t{static_cast<std::uint8_t>(rest[2])} | std::size_t{static_cast<std::uint8_t>(rest[3])} << 8U;
    rest.remove_prefix(4);
    const auto bytes = rest.substr(0, length);
    rest.remove_prefix(bytes.size());
    if (what % 4 == 0) held.pass(Millis{whom * 1'000});
    if (what % 4 == 1) held.reload();
    if (what % 4 < 2) continue;
    wire::HeaderT header;
    header.protocol = wire::protocol_version;
    header.kind = static_cast<std::uint8_t>(what % 4 == 2 ? wire::Body::Report : wire::Body::Command);
    header.source_replica = wire::to_wire({3, 3});
    auto message = wire::decode(wire::encode_header(header), bytes, 1 << 20);
    if (!message) continue;
    if (auto* report = message->as<wire::ReportT>()) {
      if (what < 128) held.direct(*report, whom);
      message->header.source = "agent/" + report->agent;
    }
    if (auto* command = message->as<wire::CommandT>()) {
      command->scope = "s:" + std::string(session);
      if (what < 128) command->user = "ann";
      if (what < 128) held.direct(command->body, whom);
    }
    held.hear(std::move(*message));
  }
  held.reload();
  return 0;
}
