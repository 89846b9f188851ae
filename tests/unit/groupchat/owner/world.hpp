// Owner cores over one store in memory, one step at a time: what a core asks of the store waits until the test lets it be answered, or
// answers it otherwise.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/hash.hpp"
#include "groupchat/owner/core.hpp"
#include "store/memory.hpp"
#include "toy.hpp"

namespace convoke::groupchat::test {

namespace own = owner;

inline constexpr Uuid replica_a{0xa, 0xa};
inline constexpr Uuid replica_b{0xb, 0xb};
inline constexpr Uuid client_id{0xc, 0xc};

struct World {
  store::Memory memory;
  Now now{SteadyTime{Millis{1'000'000}}, UnixTime{Millis{1'700'000'000'000}}};
  std::uint64_t ids = 0;

  World() { memory.set_now(now.unix); }
  void pass(Millis time) {
    now.steady += time;
    now.unix += time;
    memory.set_now(now.unix);
  }
  std::vector<std::string> texts(const std::string& scope) const { return Toy::lines(memory.load(scope)->state); }
};

/// All partitions held by `owner` and assigned to `assigned`; both live, and those in `others`.
inline wire::ViewT view(std::uint64_t number, Uuid owner, Uuid assigned, std::vector<Uuid> others = {}) {
  wire::ViewT made;
  made.number = number;
  made.intercom = wire::Uuid(1, 1);
  made.owners.assign(256, wire::to_wire(owner));
  made.assigned.assign(256, wire::to_wire(assigned));
  others.push_back(owner);
  others.push_back(assigned);
  for (const auto& replica : others) {
    if (!replica) continue;
    made.replicas.emplace_back();
    made.replicas.back().replica = wire::to_wire(replica);
    made.replicas.back().service = "groupchat";
  }
  return made;
}

template <class T> T with_text(std::string text) {
  T body;
  body.text = std::move(text);
  return body;
}

class Node {
 public:
  Node(World& world, Uuid replica, own::Options options = {})
      : world_(world),
        replica_(replica),
        core(
            options, replica,
            [this](std::string_view scope) -> std::unique_ptr<ScopeLogic> { return std::make_unique<Toy>(std::string(scope), seen); },
            [n = std::uint64_t{7}]() mutable { return n += 0x9E3779B97F4A7C15ull; }) {}

  World& world_;
  Uuid replica_;
  Toy::Seen seen;
  own::Core core;
  std::deque<own::Action> asked;  // of the store, not answered yet
  std::vector<wire::Message> sent;
  std::vector<own::Announce> announced;
  std::vector<std::string> followed;
  std::vector<own::AppendSpans> spans;
  bool drained = false;
  std::uint64_t generation = 0;

  void event(own::Event event) {
    for (auto& action : core.on_event(std::move(event), world_.now)) take(std::move(action));
  }
  void tick(Millis time = Millis{50}) {
    world_.pass(time);
    event(own::Tick{});
  }
  void connect() { event(own::LinkChanged{true, ++generation, store::Reason::none, {}}); }
  void disconnect() { event(own::LinkChanged{false, generation, store::Reason::away, "connection refused"}); }
  void see(wire::ViewT view) { event(own::Viewed{std::move(view)}); }

  /// What the store says to an action now.
  own::Event answer(const own::Action& action) {
    store::Memory& memory = world_.memory;
    if (const auto* one = std::get_if<own::CommitScope>(&action)) return own::CommitDone{one->ticket, memory.commit(one->commit)};
    if (const auto* one = std::get_if<own::LoadScope>(&action)) return own::Loaded{one->ticket, memory.load(one->scope)};
    if (const auto* one = std::get_if<own::Check>(&action)) {
      own::CheckAnswer found;
      for (const auto number : one->partitions) found.epochs.push_back({number, memory.epoch(number)});
      for (const auto& look_up : one->look_ups) found.recorded.push_back(memory.keys(look_up.scope, look_up.keys));
      return own::Checked{one->ticket, std::move(found)};
    }
    if (const auto* one = std::get_if<own::ReadLog>(&action)) return own::LogRead{one->ticket, memory.read_log(one->query)};
    if (const auto* one = std::get_if<own::ReadPart>(&action)) {
      auto part = memory.read_part(one->scope, one->name);
      if (!part) return own::PartRead{one->ticket, fail(Fault::not_found, "no such part")};
      return own::PartRead{one->ticket, std::move(*part)};
    }
    if (const auto* one = std::get_if<own::ReadSpans>(&action)) return own::SpansRead{one->ticket, memory.spans_read(one->session)};
    if (const auto* one = std::get_if<own::Claim>(&action)) {
      std::vector<store::ClaimAnswer> answers;
      for (const auto& claim : one->claims) {
        const auto answer = memory.claim(claim);
        if (!answer) return own::Claimed{one->ticket, std::unexpected(answer.error())};
        answers.push_back(*answer);
      }
      return own::Claimed{one->ticket, std::move(answers)};
    }
    const auto& due = std::get<own::ReadDue>(action);
    std::vector<std::vector<store::Due>> pages;
    for (const auto& query : due.queries) pages.push_back(memory.due(query));
    return own::DueRead{due.ticket, std::move(pages)};
  }

  void step() {
    own::Action action = std::move(asked.front());
    asked.pop_front();
    event(answer(action));
  }
  void run() {
    for (int steps = 0; !asked.empty(); ++steps) {
      REQUIRE(steps < 100'000);
      step();
    }
  }
  /// Takes the oldest action of that kind out of what was asked; fails the test when there is none.
  template <class T> T pick() {
    const auto found = std::ranges::find_if(asked, [](const auto& action) { return std::holds_alternative<T>(action); });
    REQUIRE(found != asked.end());
    T action = std::move(std::get<T>(*found));
    asked.erase(found);
    return action;
  }
  template <class T> std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(asked, [](const auto& action) { return std::holds_alternative<T>(action); }));
  }
  void say(const own::CommitScope& commit, store::Outcome outcome, store::Reason reason = store::Reason::none) {
    store::CommitAnswer answer;
    answer.outcome = outcome;
    answer.reason = reason;
    answer.text = "said by the test";
    event(own::CommitDone{commit.ticket, std::move(answer)});
  }

  /// Claims everything.
  void start() {
    connect();
    see(view(1, {}, replica_));
    run();
    REQUIRE(core.held().size() == 256);
  }

  template <class T> wire::HeaderT prepare(wire::Message& message, const T&, const std::string& scope) {
    message.header.id = wire::Uuid(9, ++world_.ids);
    message.header.source_replica = wire::to_wire(client_id);
    message.header.partition = partition_of(scope);
    message.header.ttl_ms = 5'000;
    return message.header;
  }
  /// A command; the same key comes with the same hash unless another is given.
  template <class T> wire::Message command(T body, std::string key, std::string scope = "s:one", std::uint8_t hash = 1) {
    wire::CommandT made;
    made.scope = scope;
    made.user = "ann";
    made.key = std::move(key);
    made.hash.assign(16, hash);
    made.body.Set(std::move(body));
    auto message = wire::message(std::move(made));
    prepare(message, 0, scope);
    return message;
  }
  template <class T> wire::Message query(T body, std::string scope = "s:one") {
    wire::QueryT made;
    made.scope = scope;
    made.user = "ann";
    made.body.Set(std::move(body));
    auto message = wire::message(std::move(made));
    prepare(message, 0, scope);
    return message;
  }
  Uuid give(wire::Message message) {
    const Uuid id = wire::from_wire(message.header.id);
    event(own::Received{std::move(message)});
    return id;
  }
  Uuid post(std::string text, std::string key, std::string scope = "s:one") {
    return give(command(with_text<wire::PostT>(std::move(text)), std::move(key), std::move(scope)));
  }

  const wire::AnswerT* answer_to(const Uuid& id) const {
    for (const auto& message : sent) {
      const auto* answer = message.as<wire::AnswerT>();
      if (answer != nullptr && wire::from_wire(message.header.correlation) == id) return answer;
    }
    return nullptr;
  }
  bool accepted(const Uuid& id) const { return answer_to(id) != nullptr && answer_to(id)->body.AsAccepted() != nullptr; }
  Fault fault(const Uuid& id) const {
    const auto* answer = answer_to(id);
    const auto* refusal = answer != nullptr ? answer->body.AsFault() : nullptr;
    return refusal != nullptr ? static_cast<Fault>(refusal->code) : Fault::none;
  }
  template <class T> std::size_t sent_count() const {
    return static_cast<std::size_t>(std::ranges::count_if(sent, [](const auto& message) { return message.template as<T>() != nullptr; }));
  }

 private:
  void take(own::Action action) {
    if (auto* one = std::get_if<own::Send>(&action)) {
      sent.push_back(std::move(one->message));
    } else if (auto* registration = std::get_if<own::Announce>(&action)) {
      announced.push_back(std::move(*registration));
    } else if (auto* stream = std::get_if<own::Follow>(&action)) {
      followed.push_back(std::move(stream->stream));
    } else if (auto* batch = std::get_if<own::AppendSpans>(&action)) {
      spans.push_back(std::move(*batch));
    } else if (std::holds_alternative<own::Drained>(action)) {
      drained = true;
    } else {
      asked.push_back(std::move(action));
    }
  }
};

}  // namespace convoke::groupchat::test
