// Transcripts as a model is told them.
#include <catch2/catch.hpp>

#include "worker/history.hpp"

using namespace convoke;
using llm::Role;

namespace {

class Instance {
 public:
  Instance& said(std::uint64_t turn, std::string text, std::string author = "user/ann") {
    auto& input = entry(turn, state::EntryKind::input);
    input.input = std::make_unique<wire::InputT>(message(std::move(text), std::move(author)));
    return push();
  }
  Instance& step(std::uint64_t turn, std::string text) {
    auto& made = entry(turn, state::EntryKind::input);
    made.input = std::make_unique<wire::InputT>(message(std::move(text), "agent/system.executor"));
    made.input->kind = wire::InputKind::question;
    made.input->asker = "system.executor";
    return push();
  }
  Instance& response(std::uint64_t turn, std::string content, std::vector<std::string> calls) {
    llm::Response response;
    response.content = std::move(content);
    for (auto& id : calls) response.tool_calls.push_back({id, id.starts_with('q') ? "ask_human" : "tool", "{}"});
    auto& made = entry(turn, state::EntryKind::item);
    made.item = std::make_unique<wire::ItemT>();
    made.item->kind = wire::ItemKind::response;
    made.item->text = llm::to_json(response);
    return push();
  }
  Instance& result(std::uint64_t turn, std::string call, std::string text, Fault fault = Fault::none) {
    auto& made = entry(turn, state::EntryKind::item);
    made.item = std::make_unique<wire::ItemT>();
    made.item->kind = wire::ItemKind::result;
    made.item->call = std::move(call);
    made.item->text = std::move(text);
    made.item->fault = static_cast<std::uint16_t>(fault);
    return push();
  }
  Instance& got(std::uint64_t turn, std::string call, std::string text) {
    auto& made = entry(turn, state::EntryKind::input);
    made.input = std::make_unique<wire::InputT>(reply(std::move(call), std::move(text)));
    return push();
  }
  Instance& answered(std::uint64_t turn, std::string text) {
    entry(turn, state::EntryKind::answer).text = std::move(text);
    return push();
  }

  static wire::InputT message(std::string text, std::string author = "user/ann") {
    wire::InputT input;
    input.text = std::move(text);
    input.author = std::move(author);
    return input;
  }
  static wire::InputT reply(std::string call, std::string text) {
    wire::InputT input;
    input.kind = wire::InputKind::answer;
    input.call = std::move(call);
    input.text = std::move(text);
    return input;
  }

  agents::Entries entries;

 private:
  agents::Entry& entry(std::uint64_t turn, state::EntryKind kind) {
    made_ = {};
    made_.turn = turn;
    made_.kind = kind;
    return made_;
  }
  Instance& push() {
    entries.push_back(std::make_shared<const agents::Entry>(std::move(made_)));
    return *this;
  }
  agents::Entry made_;
};

wire::WorkT work(std::uint64_t turn, wire::InputT input) {
  wire::WorkT result;
  result.turn = turn;
  result.user = "ann";
  result.input.push_back(std::move(input));
  return result;
}

std::vector<std::string> told(const worker::History& history) {
  std::vector<std::string> lines;
  for (const auto& message : history.messages) {
    auto line = std::string(llm::to_string(message.role)) + ":" + message.content;
    if (!message.tool_call_id.empty()) line += "@" + message.tool_call_id;
    for (const auto& call : message.tool_calls) line += "!" + call.id;
    lines.push_back(std::move(line));
  }
  return lines;
}

worker::History history_of(const agents::Entries& entries, const wire::WorkT& work, std::size_t max_bytes) {
  auto history = worker::history_of(entries, work, max_bytes, {.role = llm::Role::system, .content = "rules"});
  REQUIRE_FALSE(history.messages.empty());
  CHECK(history.messages.front() == llm::Message{.role = llm::Role::system, .content = "rules"});
  history.messages.erase(history.messages.begin());
  return history;
}

using Lines = std::vector<std::string>;
constexpr std::size_t plenty = 1 << 20;

}  // namespace

TEST_CASE("worker: a plain conversation is told in its order") {
  Instance instance;
  instance.said(1, "hello").answered(1, "hi").said(2, "who?", "user/bob").answered(2, "me");
  const auto history = history_of(instance.entries, work(3, Instance::message("and now?")), plenty);
  CHECK(told(history) == Lines{"user:hello", "assistant:hi", "user:bob says: who?", "assistant:me", "user:and now?"});
  CHECK(history.matter == "and now?");
}

TEST_CASE("worker: calls are followed by their results, also where none is known") {
  Instance instance;
  instance.said(1, "do it").response(1, "", {"c1", "c2", "c3"}).result(1, "c2", "two").result(1, "c1", "one", Fault::tool_failed);
  instance.answered(1, "done");
  const auto history = history_of(instance.entries, work(2, Instance::message("thanks")), plenty);
  CHECK(told(history) == Lines{"user:do it", "assistant:!c1!c2!c3", "tool:one@c1", "tool:two@c2", "tool:No result is known.@c3",
                               "assistant:done", "user:thanks"});
  CHECK(history.done == 0);  // that was another matter
}

TEST_CASE("worker: the same call id in two turns means two calls") {
  Instance instance;
  instance.said(1, "a").response(1, "", {"call_1"}).result(1, "call_1", "first").answered(1, "x");
  instance.said(2, "b").response(2, "", {"call_1"}).result(2, "call_1", "second").answered(2, "y");
  const auto history = history_of(instance.entries, work(3, Instance::message("c")), plenty);
  const auto lines = told(history);
  CHECK(lines[2] == "tool:first@call_1");
  CHECK(lines[6] == "tool:second@call_1");
}

TEST_CASE("worker: an answer goes under its call, and the matter at hand comes last") {
  Instance instance;
  instance.step(1, "the step").response(1, "", {"c1", "q1"}).result(1, "c1", "made");
  instance.said(2, "another matter").answered(2, "fine");
  const auto history = history_of(instance.entries, work(3, Instance::reply("q1", "yes")), plenty);
  CHECK(told(history) ==
        Lines{"user:another matter", "assistant:fine", "user:the step", "assistant:!c1!q1", "tool:made@c1", "tool:yes@q1"});
  CHECK(history.matter == "the step");
  CHECK(history.done == 1);
}

TEST_CASE("worker: a turn in between is told that the call is still open") {
  Instance instance;
  instance.said(1, "ask her").response(1, "", {"q1"});
  auto current = work(2, Instance::message("and?"));
  current.pending = {"q1"};
  const auto history = history_of(instance.entries, current, plenty);
  CHECK(told(history)[2] == "tool:There is no answer yet.@q1");
}

TEST_CASE("worker: a continuation of a continuation finds where it began") {
  Instance instance;
  instance.step(1, "the step").response(1, "", {"q1"});
  instance.got(2, "q1", "yes").response(2, "", {"c1", "q2"}).result(2, "c1", "made");
  instance.said(3, "hello").answered(3, "hi");
  const auto history = history_of(instance.entries, work(4, Instance::reply("q2", "no")), plenty);
  CHECK(told(history) == Lines{"user:hello", "assistant:hi", "user:the step", "assistant:!q1", "tool:yes@q1", "assistant:!c1!q2",
                               "tool:made@c1", "tool:no@q2"});
  CHECK(history.matter == "the step");
  CHECK(history.done == 1);
}

TEST_CASE("worker: a question that no call put is answered in words") {
  Instance instance;
  instance.step(5, "the step").response(5, "Which date?", {});
  const auto history = history_of(instance.entries, work(6, Instance::reply(worker::question_id(5), "1 May")), plenty);
  CHECK(told(history) == Lines{"user:the step", "assistant:Which date?", "user:The person answered: 1 May"});
  CHECK(history.matter == "the step");
}

TEST_CASE("worker: questions of other agents say who asks") {
  auto question = Instance::message("ready?", "agent/office.HrAgent");
  question.kind = wire::InputKind::question;
  question.asker = "office.HrAgent";
  CHECK(told(history_of({}, work(1, std::move(question)), plenty)) == Lines{"user:HrAgent asks: ready?"});
}

TEST_CASE("worker: the oldest turns are left out whole when there is too much, the matter at hand never") {
  Instance instance;
  const std::string big(1'000, 'x');
  instance.step(1, "the step " + big).response(1, "", {"q1"});
  instance.said(2, "old " + big).answered(2, "old answer");
  instance.said(3, "new").answered(3, "new answer");
  const auto history = history_of(instance.entries, work(4, Instance::reply("q1", "yes")), 500);
  const auto lines = told(history);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "user:new");
  CHECK(lines[2].starts_with("user:the step"));
}

TEST_CASE("worker: a call of which a person says that it happened is done; one that did not is ordered anew; silence leaves it unknown") {
  Instance instance;
  instance.step(1, "the step").response(1, "", {"c1"});
  auto answer = Instance::reply("c1", "paid, receipt 7");
  auto history = history_of(instance.entries, work(2, std::move(answer)), plenty);
  CHECK(told(history) == Lines{"user:the step", "assistant:!c1", "tool:paid, receipt 7@c1"});
  CHECK((history.done == 1 && history.unknown == 0 && history.again.empty()));

  answer = Instance::reply("c1", "ann says that it was not carried out.");
  answer.fault = static_cast<std::uint16_t>(Fault::tool_failed);
  history = history_of(instance.entries, work(2, std::move(answer)), plenty);
  CHECK((history.done == 0 && history.failed == 0 && history.unknown == 0));
  REQUIRE(history.again.size() == 1);
  CHECK(history.again[0] == llm::ToolCall{"c1", "tool", "{}"});

  answer = Instance::reply("c1", "No answer in time.");
  answer.fault = static_cast<std::uint16_t>(Fault::timeout);
  history = history_of(instance.entries, work(2, std::move(answer)), plenty);
  CHECK((history.done == 0 && history.unknown == 1 && history.again.empty()));
}

TEST_CASE("worker: what a server refused of a tool that may be called once is known to the turn that goes on") {
  Instance instance;
  instance.step(1, "the step").response(1, "", {"c1", "c2", "q1"});
  instance.result(1, "c1", "HTTP 429", Fault::tool_refused).result(1, "c2", "no", Fault::tool_failed);
  const auto history = history_of(instance.entries, work(2, Instance::reply("q1", "yes")), plenty);
  CHECK((history.done == 0 && history.failed == 2 && history.refused == 1));
}

TEST_CASE("worker: what a person ordered anew in an earlier turn is not ordered again") {
  Instance instance;
  instance.step(1, "the step").response(1, "", {"c1"}).got(2, "c1", "It was not.");
  auto input = *instance.entries.back()->input;
  auto entry = std::make_shared<agents::Entry>();
  entry->turn = 2;
  entry->kind = state::EntryKind::input;
  entry->input = std::make_unique<wire::InputT>(input);
  entry->input->fault = static_cast<std::uint16_t>(Fault::tool_failed);
  instance.entries.back() = entry;
  instance.response(2, "", {"c1-2", "q1"}).result(2, "c1-2", "paid");
  const auto history = history_of(instance.entries, work(3, Instance::reply("q1", "yes")), plenty);
  CHECK(history.again.empty());
  CHECK(history.done == 1);
}

TEST_CASE("worker: entries that cannot be read are left out") {
  Instance instance;
  auto broken = std::make_shared<agents::Entry>();
  broken->turn = 1;
  broken->kind = state::EntryKind::item;
  broken->item = std::make_unique<wire::ItemT>();
  broken->item->text = "no json";
  instance.entries.push_back(broken);
  CHECK(told(history_of(instance.entries, work(2, Instance::message("x")), plenty)) == Lines{"user:x"});
}

TEST_CASE("worker: where several people talk, the model is told who says what") {
  Instance instance;
  instance.said(1, "hello").answered(1, "hi").said(2, "who?", "user/bob").response(2, "", {"q1", "c1"});
  auto answer = Instance::reply("q1", "monday");
  answer.author = "user/bob";
  auto call = Instance::reply("c1", "made");
  call.author = "user/ann";
  auto together = work(3, answer);
  together.input.push_back(call);
  together.input.push_back(Instance::message("and now?"));
  together.people = {"ann", "bob"};
  CHECK(told(history_of(instance.entries, together, plenty)) == Lines{"user:ann says: hello", "assistant:hi", "user:bob says: who?",
                                                                      "assistant:!q1!c1", "tool:bob answered: monday@q1", "tool:made@c1",
                                                                      "user:ann says: and now?"});
  // One who joined where nobody else is needs no name, whomever the session belongs to.
  auto alone = work(3, Instance::message("and now?", "user/bob"));
  alone.people = {"bob"};
  CHECK(told(history_of({}, alone, plenty)) == Lines{"user:and now?"});
}
