#include "client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/hash.hpp"
#include "gateway_process.hpp"
#include "world.hpp"

namespace convoke::sim {
namespace {

constexpr const char* goals[] = {"A idem",
                                 "A once",
                                 "A idem|B once",
                                 "A idem|>B once",
                                 "A ask:B",
                                 "A ask:B:once|C idem",
                                 "A person",
                                 "unclear A once",
                                 "A both|>B idem|>C tell",
                                 "A once once|B both",
                                 "A broken|B idem",
                                 "C once|>A ask:B:person",
                                 "A idem|B idem|C idem",
                                 "P idem|A once",
                                 "A four|>P idem",
                                 "A doomed|B idem",
                                 "A gone|B once",
                                 "nonsense",
                                 "C greedy|>A idem",
                                 "A broken|B once|>C idem",
                                 "A idle|B idem",
                                 "A idle",
                                 "A spent|B once",
                                 "spent",
                                 "nothing",
                                 "A slow|>B idem"};
constexpr const char* texts[] = {"hello",
                                 "idem",
                                 "once",
                                 "both",
                                 "ask:B",
                                 "ask:B:once",
                                 "person",
                                 "tell idem",
                                 "once ask:B:idem",
                                 "idem once idem",
                                 "four",
                                 "four once four",
                                 "ask:Z ask:A ask:C",
                                 "ask:B:ask:A:ask:B:ask:A:ask:B:ask:A:ask:B:ask:A:ask:B:once",
                                 "doomed",
                                 "gone",
                                 "greedy once",
                                 "ask:A",
                                 "ask:B:person",
                                 "spent",
                                 "broken once",
                                 "slow"};

// What is applied for another command under the same key is seen.
void make_another(wire::CommandT& command) {
  command.hash.assign(16, 0xee);
  auto& body = command.body;
  const auto other = [](std::string& text) { text = text == "four" ? "once" : "four"; };
  if (auto* chat = body.AsOpenChat()) other(chat->text);
  if (auto* post = body.AsPost()) other(post->text);
  if (auto* task = body.AsCreateTask()) task->description = task->description == "B once" ? "A idem" : "B once";
  if (auto* clarify = body.AsClarify()) clarify->text += ", or like that";
  if (auto* decision = body.AsDecide()) decision->approved = !decision->approved;
  if (auto* answer = body.AsAnswerRequest()) {
    answer->approved = !answer->approved;
    answer->text += " or no";
  }
  if (auto* letter = body.AsSettleLetter())
    letter->action = letter->action == wire::LetterAction::retry ? wire::LetterAction::drop : wire::LetterAction::retry;
}

bool is_shared(const wire::CommandT& command) {
  const auto* chat = command.body.AsOpenChat();
  const auto* task = command.body.AsCreateTask();
  return (chat != nullptr && chat->shared) || (task != nullptr && task->shared);
}

}  // namespace

Client::Client(World& world, std::string user)
    : world_(world), user_(std::move(user)), sharing_((world.seed() << 8) ^ static_cast<std::uint64_t>(user_.back())) {}

// Of that seed alone: sessions of other seeds have other ids, and lie in other partitions.
std::string Client::new_key(std::string_view kind) { return fmt::format("{}{}.{}", kind, ++keys_, world_.seed()); }

void Client::command_to(const std::string& scope, wire::CommandBodyUnion body, std::string key) {
  wire::CommandT made;
  made.scope = scope;
  made.user = user_;
  made.key = key.empty() ? new_key("k") : std::move(key);
  made.hash.assign(16, static_cast<std::uint8_t>(1 + keys_ % 200));
  made.body = std::move(body);
  auto& queue = pending_[scope];
  queue.emplace_back();
  queue.back().command = std::move(made);
}

template <class T> void Client::command(const std::string& session, T body, std::string key) {
  wire::CommandBodyUnion any;
  any.Set(std::move(body));
  command_to("s:" + session, std::move(any), std::move(key));
}

void Client::operate() {
  if (world_.profile.sharing && share()) return;
  const auto what = world_.random.below(20);
  const bool tasks = world_.profile.tasks;
  if (what < 6 || sessions_.empty()) return tasks && what % 2 == 0 ? begin_task() : begin_chat();
  if (what < 9) return begin_chat();
  if (what < 14) return post();
  if (what < 16) return cancel();
  if (what < 17) return decide_all();
  if (what < 18) return look_around();
  if (what < 19) return world_.random.chance(60) ? remove() : make_a_mistake();
  tasks ? begin_task() : post();
}

// In a session of somebody else: joins, posts, looks where they may not. Not: there is none, or they do something of their own.
bool Client::share() {
  std::vector<std::string> others;
  for (const auto& [session, user] : world_.shared)
    if (user != user_) others.push_back(session);
  if (others.empty() || !sharing_.chance(60)) return false;
  const auto& session = others[sharing_.below(others.size())];
  if (sharing_.chance(15)) {
    static constexpr const char* places[] = {"~d1", "~t1", "~d2", "~q9", "~d99"};
    const auto conversation = session + places[sharing_.below(std::size(places))];
    if (watched_.try_emplace(conversation).second) prying_.insert(conversation);
    return true;
  }
  if (joined_.contains(session) && sharing_.chance(60)) return post(), true;
  wire::OpenChatT chat;
  chat.team = "t";
  chat.agent = sharing_.chance(80) ? "t.A" : sharing_.chance(60) ? "t.B" : "t.C";
  if (sharing_.chance(60)) chat.text = texts[sharing_.below(std::size(texts) - 1)];
  command(session, std::move(chat));
  return true;
}

// The last of each list takes half a minute of simulated time: not for small worlds.
std::size_t Client::pick(std::size_t size) { return world_.random.below(world_.profile.slow_words ? size : size - 1); }

void Client::begin_task() {
  wire::CreateTaskT task;
  task.team = "t";
  task.description = goals[pick(std::size(goals))];
  task.policy = static_cast<wire::ApprovalPolicy>(world_.random.below(5));
  const std::string key = new_key("task");
  const bool joins = !sessions_.empty() && world_.random.chance(30);
  const std::string session = joins ? *sessions_.rbegin() : to_string(session_for_key(user_, key));
  world_.say([&] { return fmt::format("{} wants: {}", user_, task.description); });
  task.shared = world_.profile.sharing && sharing_.chance(70);
  sessions_.insert(session);
  command(session, std::move(task), key);
}

void Client::begin_chat() {
  wire::OpenChatT chat;
  chat.team = "t";
  chat.agent = world_.random.chance(70) ? "t.A" : "t.B";
  chat.text = texts[pick(std::size(texts))];
  if (world_.random.chance(10)) chat.text.clear();
  const std::string key = new_key("chat");
  const bool joins = !sessions_.empty() && world_.random.chance(50);
  const std::string session = joins ? *sessions_.rbegin() : to_string(session_for_key(user_, key));
  chat.shared = world_.profile.sharing && sharing_.chance(80);
  sessions_.insert(session);
  command(session, std::move(chat), key);
}

void Client::post() {
  if (directs_.empty()) return begin_chat();
  wire::PostT post;
  post.conversation = directs_[world_.random.below(directs_.size())];
  post.text = texts[pick(std::size(texts))];
  const std::string session(session_of(post.conversation));
  command(session, std::move(post));
}

void Client::cancel() {
  const auto& from = plans_.empty() || world_.random.chance(30) ? runs_ : plans_;
  if (from.empty()) return;
  wire::CancelT cancel;
  const std::string id = from[world_.random.below(from.size())];
  (&from == &plans_ ? cancel.plan : cancel.run) = id;
  command(std::string(session_of(id)), std::move(cancel));
}

// The whole plan at once, in a revision that may be an old one.
void Client::decide_all() {
  if (plans_.empty()) return;
  wire::DecideT decision;
  decision.plan = plans_[world_.random.below(plans_.size())];
  decision.revision = static_cast<std::uint32_t>(world_.random.below(3));
  decision.approved = world_.random.chance(85);
  const std::string session(session_of(decision.plan));
  command(session, std::move(decision));
}

// What people also read: plans that have ended, spans, their list; and what is not theirs.
void Client::look_around() {
  if (gateway_ == nullptr || sessions_.empty()) return;
  const std::string session = *sessions_.begin();
  const auto ask = [&](std::string scope, auto body, std::string user) {
    wire::QueryT query;
    query.scope = std::move(scope);
    query.user = std::move(user);
    query.body.Set(std::move(body));
    gateway_->post(Millis{1}, [gateway = gateway_, query] { gateway->query(query, [](const Result<wire::AnswerT>&) {}); });
  };
  wire::ReadSessionT plan;
  if (!plans_.empty()) plan.plan = plans_[world_.random.below(plans_.size())];
  ask("s:" + session, plan, user_);
  ask("s:" + session, wire::ReadSessionT{}, "somebody");
  ask("s:" + session, wire::ReadSpansT{}, user_);
  wire::ReadUserT list;
  list.max = 10;
  ask("u:" + user_, list, user_);
  ask("u:" + user_, list, "somebody");
  ask("u:" + user_, wire::ReadSessionsT{}, user_);
  gateway_->post(Millis{1}, [gateway = gateway_] { gateway->look_up("agent"); });
  gateway_->post(Millis{2}, [gateway = gateway_] { gateway->ask_service("worker"); });
}

void Client::settle_letter(const std::string& session, const wire::DeadLetterT& letter) {
  if (!answering_.insert(letter.id).second || world_.random.chance(30)) return;
  wire::SettleLetterT settle;
  settle.id = letter.id;
  settle.action = world_.random.chance(50) ? wire::LetterAction::retry : wire::LetterAction::drop;
  command(session, std::move(settle));
}

void Client::remove() {
  const std::string session = *sessions_.begin();
  if (!removed_.insert(session).second) return;
  command(session, wire::DeleteSessionT{});
}

void Client::connect() {
  auto* gateway = world_.some_gateway();
  if (gateway == nullptr) return;
  gateway_ = gateway;
  gateway_life_ = gateway->incarnation();
  connection_ = ++world_.connections;
  for (auto& [conversation, watched] : watched_) watched.opened = false;
  for (auto& [scope, queue] : pending_)
    for (auto& pending : queue) pending.under_way = false;
}

void Client::disconnect() {
  if (gateway_ == nullptr) return;
  if (gateway_->alive() && gateway_->incarnation() == gateway_life_)
    gateway_->post(Millis{1}, [gateway = gateway_, at = connection_] { gateway->close(at); });
  gateway_ = nullptr;
  ++connection_;
}

void Client::tick() {
  if (gateway_ != nullptr && (!gateway_->alive() || gateway_->incarnation() != gateway_life_)) disconnect();
  if (world_.silent()) return disconnect();
  if (gateway_ == nullptr) connect();
  if (gateway_ == nullptr) return;
  for (auto& [scope, queue] : pending_)
    if (!queue.empty() && world_.clock.now() >= queue.front().next) transmit(queue.front());
  for (auto& [conversation, watched] : watched_)
    if (!watched.opened && !watched.over) open(conversation, watched);
  if (world_.clock.now() < look_at_) return;
  look_at_ = world_.clock.now() + Millis{2'000};
  for (const auto& session : sessions_)
    if (!removed_.contains(session)) look_at_session(session);
  for (const auto& session : joined_) look_at_session(session);
}

void Client::transmit(Pending& pending) {
  if (pending.under_way) return;
  pending.under_way = true;
  pending.sending = ++sendings_;
  pending.next = world_.clock.now() + Millis{10'000};  // the connection seems dead then
  ++pending.tries;
  pending.was_recorded = world_.checks.is_recorded(pending.command);
  const auto command = pending.command;
  world_.say(
      [&] { return fmt::format("{} sends {} {} to {}", user_, wire::EnumNameCommandBody(command.body.type), command.key, command.scope); });
  if (world_.has(clients_rude) && world_.random.chance(25)) send_copy(command, false);
  if (world_.has(clients_rude) && world_.random.chance(15)) send_copy(command, true);
  auto* gateway = gateway_;
  gateway->post(world_.random.millis(0, 5), [this, gateway, command, sending = pending.sending] {
    gateway->command(command, [this, command, sending](Result<wire::AnswerT> answer) {
      world_.clock.after(world_.random.millis(0, 5), [this, command, sending, told = std::move(answer)]() mutable {
        answered(command.scope, command.key, sending, std::move(told));
      });
    });
  });
  world_.clock.after(Millis{10'000}, [this, scope = command.scope, key = command.key, sending = pending.sending] {
    answered(scope, key, sending, convoke::fail(Fault::deadline, "the gateway does not answer"));
  });
}

// The same command by another way, or another one under its key: never may both be accepted.
void Client::send_copy(const wire::CommandT& original, bool other_body) {
  auto* gateway = world_.some_gateway();
  if (gateway == nullptr) return;
  wire::CommandT copy = original;
  if (other_body) make_another(copy);
  gateway->post(world_.random.millis(0, 300), [this, gateway, copy] {
    gateway->command(copy, [this, copy](Result<wire::AnswerT> answer) {
      if (const auto* accepted = answer ? answer->body.AsAccepted() : nullptr) world_.checks.accepted(copy, *accepted);
    });
  });
}

void Client::answered(const std::string& scope, const std::string& key, std::uint64_t sending, Result<wire::AnswerT> answer) {
  auto& queue = pending_[scope];
  if (queue.empty() || queue.front().command.key != key || queue.front().sending != sending) return;
  auto& pending = queue.front();
  const auto* accepted = answer ? answer->body.AsAccepted() : nullptr;
  if (accepted == nullptr && !answer && (retryable(answer.error().code) || answer.error().code == Fault::cancelled)) {
    pending.under_way = false;
    pending.next = world_.clock.now() + Millis{200};
    return;
  }
  world_.say([&] {
    return fmt::format("{} hears of {}: {}", user_, key, accepted != nullptr ? "accepted" : answer ? "?" : answer.error().message);
  });
  const auto command = pending.command;
  const bool was_recorded = pending.was_recorded;
  queue.pop_front();
  if (accepted == nullptr) {
    const Error error = answer ? Error(Fault::malformed, "no answer to a command") : answer.error();
    return world_.checks.refused(command, error, was_recorded);
  }
  world_.checks.accepted(command, *accepted);
  accepted_.push_back({command, *accepted});
  if (!accepted->plan.empty() && command.body.AsCreateTask() != nullptr) plans_.push_back(accepted->plan);
  if (!accepted->run.empty()) runs_.push_back(accepted->run);
  if (const auto* chat = command.body.AsOpenChat()) {
    directs_.push_back(accepted->conversation);
    entered(*accepted, chat->agent);
  }
  if (is_shared(command)) world_.shared.emplace_back(accepted->session, user_);
  if (!accepted->conversation.empty()) watch(accepted->conversation);
}

// A session of their own, or one of somebody else that lets them in.
void Client::entered(const wire::AcceptedT& accepted, const std::string& agent) {
  if (sessions_.contains(accepted.session)) return;
  joined_.insert(accepted.session);
  world_.checks.joined(user_, agent);
}

void Client::watch(const std::string& conversation) { watched_.try_emplace(conversation); }

void Client::open(const std::string& conversation, Watched& watched) {
  watched.opened = true;
  auto* gateway = gateway_;
  const api::Position at{watched.next, watched.last};
  gateway->post(world_.random.millis(0, 5), [this, gateway, conversation, at, number = connection_] {
    if (number != connection_) return;
    gateway->open(number, user_, conversation, at, [this, number](const std::string& where, api::ReadAction action) {
      last_delivery_ = std::max(last_delivery_, world_.clock.now() + world_.random.millis(0, 3));
      world_.clock.at(last_delivery_,
                      [this, number, where, what = std::move(action)]() mutable { delivered(number, where, std::move(what)); });
    });
  });
}

void Client::delivered(std::uint64_t connection, const std::string& conversation, api::ReadAction action) {
  if (connection != connection_) return;
  auto& watched = watched_[conversation];
  if (const auto* event = std::get_if<api::read::Event>(&action)) {
    world_.checks.delivered(user_, event->event, watched.next);
    prying_.erase(conversation);  // they are in
    watched.next = event->event.seq + 1;
    watched.last = wire::from_wire(event->event.id);
    look_soon(event->event.kind);
  } else if (std::holds_alternative<api::read::Reset>(action)) {
    world_.checks.reset(user_, conversation);
    watched.next = 1;
    watched.last = {};
  } else if (std::holds_alternative<api::read::Failed>(action) && prying_.erase(conversation) > 0) {
    watched_.erase(conversation);
    if (std::ranges::find(directs_, conversation) != directs_.end()) watch(conversation);  // joined meanwhile
  } else if (const auto* failed = std::get_if<api::read::Failed>(&action)) {
    watched.over = true;
    world_.checks.reading_failed(user_, conversation, failed->error);
  }
}

// There is something new to see in the session: a question, a conversation, a dead letter.
void Client::look_soon(wire::EventKind kind) {
  const bool tells = kind == wire::EventKind::request_opened || kind == wire::EventKind::tool_called ||
                     kind == wire::EventKind::dead_letter || kind == wire::EventKind::run_started;
  if (tells) look_at_ = std::min(look_at_, world_.clock.now() + Millis{150});
}

void Client::look_at_session(const std::string& session) {
  wire::QueryT query;
  query.scope = "s:" + session;
  query.user = user_;
  query.body.Set(wire::ReadSessionT{});
  auto* gateway = gateway_;
  gateway->post(Millis{1}, [this, gateway, query, session] {
    gateway->query(query, [this, session](Result<wire::AnswerT> answer) {
      const auto* view = answer ? answer->body.AsSessionView() : nullptr;
      if (view == nullptr) return;
      for (const auto& conversation : view->conversations) watch(conversation.id);
      for (const auto& request : view->requests) answer_request(session, request);
      for (const auto& letter : view->dead_letters) settle_letter(session, letter);
    });
  });
}

void Client::answer_request(const std::string& session, const wire::HumanRequestT& request) {
  if (!answering_.insert(request.id).second) return;
  auto& random = world_.random;
  if (request.kind == wire::RequestKind::approval && !request.step.empty() && random.chance(20)) {
    wire::DecideT decision;
    decision.plan = request.plan;
    decision.steps.push_back(request.step);
    decision.approved = random.chance(80);
    if (decision.approved) decision.updated_action = "idem";
    return command(session, std::move(decision));
  }
  if (request.kind == wire::RequestKind::clarification && random.chance(40)) {
    for (int times = 0; times < 2; ++times) {
      wire::ClarifyT clarify;
      clarify.plan = request.plan;
      clarify.text = "like this";
      command(session, std::move(clarify));
    }
    return;
  }
  wire::AnswerRequestT answer;
  answer.request = request.id;
  answer.approved = random.chance(85);
  answer.text = request.kind == wire::RequestKind::unknown_outcome && random.chance(40) ? "again"
                : world_.profile.slow_words && random.chance(8)                         ? ""
                                                                                        : "yes";
  command(session, std::move(answer));
}

bool Client::has_finished() const {
  for (const auto& [scope, queue] : pending_)
    if (!queue.empty()) return false;
  return std::ranges::all_of(
      watched_, [this](const auto& entry) { return entry.second.over || entry.second.next == world_.checks.head(entry.first) + 1; });
}

std::string Client::unfinished() const {
  for (const auto& [scope, queue] : pending_)
    if (!queue.empty()) return fmt::format("{} waits for the answer to {} of {}", user_, queue.front().command.key, scope);
  for (const auto& [conversation, watched] : watched_) {
    const auto head = world_.checks.head(conversation);
    if (!watched.over && watched.next != head + 1)
      return fmt::format("{} has read {} up to {} of {}", user_, conversation, watched.next - 1, head);
  }
  return {};
}

}  // namespace convoke::sim
