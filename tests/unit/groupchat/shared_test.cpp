// Sessions that several people share: who gets in, what they see and may do, and what their lists say.
#include "session_driver.hpp"

using namespace convoke;
using namespace convoke::groupchat;
using namespace convoke::groupchat::test;
using wire::EventKind;

namespace {

/// A team in which bob may talk to A and B, cat to A, and ann to all.
class Shared : public Driver {
 public:
  Shared() { teams.team.people = {{{"ann"}, {"*"}}, {{"bob"}, {"A", "B", "H"}}, {{"cat"}, {"A"}}}; }

  void open(const std::string& user, std::string agent, std::string text = {}, bool shared = false, std::string team = "t") {
    wire::OpenChatT open;
    open.team = std::move(team);
    open.agent = std::move(agent);
    open.text = std::move(text);
    open.shared = shared;
    command(std::move(open), user);
  }
  /// Ann's conversation with A, with one message.
  std::string begin(bool shared = true) {
    open("ann", "t.A", "hello", shared);
    list_answers();
    return accepted().conversation;
  }
  std::string join(const std::string& user, const std::string& agent = "t.A") {
    open(user, agent);
    list_answers(user);
    return accepted().conversation;
  }
  void post(const std::string& user, const std::string& conversation, std::string text) {
    wire::PostT post;
    post.conversation = conversation;
    post.text = std::move(text);
    command(std::move(post), user);
  }
  /// The turn of A asks people, and waits.
  std::string ask() {
    wire::TurnResultT result;
    result.outcome = wire::Outcome::awaiting;
    result.asks.emplace_back();
    result.asks.back().call = "q1";
    result.asks.back().text = "which day?";
    report(work("t.A"), 0, std::move(result));
    const auto& data = last(EventKind::request_opened).data;
    const auto at = data.find("\"request\":\"") + 11;
    return data.substr(at, data.find('"', at) - at);
  }
  void answer_request(const std::string& user, const std::string& request, std::string text) {
    wire::AnswerRequestT answer;
    answer.request = request;
    answer.approved = true;
    answer.text = std::move(text);
    command(std::move(answer), user);
  }
  void cancel(const std::string& user, const std::string& run) {
    wire::CancelT cancel;
    cancel.run = run;
    command(std::move(cancel), user);
  }
  template <class T> void query(T body, const std::string& user) {
    wire::QueryT query;
    query.scope = "s:" + session;
    query.user = user;
    query.body.Set(std::move(body));
    reads.clear();
    deliver(wire::message(std::move(query)));
  }
  bool reads_log(const std::string& user, const std::string& conversation) {
    wire::ReadLogT log;
    log.conversation = conversation;
    query(std::move(log), user);
    return reads.size() == 1 && reads[0].name == "log:" + conversation && reads[0].from == 1;
  }
  bool sees_head(const std::string& user, const std::string& conversation) {
    wire::ReadHeadsT wanted;
    wanted.conversations.push_back(conversation);
    query(std::move(wanted), user);
    const auto* heads = sent.back().as<wire::AnswerT>()->body.AsHeads();
    return heads != nullptr && !heads->heads.at(0).missing && heads->heads.at(0).head > 0;
  }
  wire::SessionViewT view(const std::string& user) {
    query(wire::ReadSessionT{}, user);
    const auto* found = sent.back().as<wire::AnswerT>()->body.AsSessionView();
    REQUIRE(found != nullptr);
    return *found;
  }
  /// The last answer: a fault's code and text.
  std::string refusal() {
    const auto* fault = sent.back().as<wire::AnswerT>()->body.AsFault();
    return fault == nullptr ? "" : std::string(name_of(static_cast<Fault>(fault->code))) + ": " + fault->text;
  }
};

}  // namespace

TEST_CASE("shared: somebody else joins by opening the conversation, reads all of it and is heard") {
  Shared driver;
  const auto conversation = driver.begin();
  driver.answer(driver.work("t.A"), "hi ann");
  CHECK(driver.join("bob") == conversation);
  CHECK(driver.accepted().seq == 4);
  const auto& joined = driver.last(EventKind::member_joined);
  CHECK(joined.author == "user/bob");
  CHECK(joined.data == R"({"member":"user/bob"})");
  CHECK(joined.seq == 4);
  CHECK(driver.reads_log("bob", conversation));
  CHECK(driver.sees_head("bob", conversation));
  driver.open("bob", "t.A", "me too");
  driver.list_answers("bob");
  CHECK(driver.count<wire::AnswerT>() > 0);
  CHECK(driver.kinds(conversation) ==
        std::vector{EventKind::message, EventKind::message, EventKind::run_ended, EventKind::member_joined, EventKind::message});
  const auto work = driver.work("t.A");
  CHECK(work.people == std::vector<std::string>{"ann", "bob"});
  CHECK(work.input.at(0).author == "user/bob");
  driver.crash();
  driver.post("ann", conversation, "and me");
  CHECK(driver.last(EventKind::message).author == "user/ann");
  CHECK(driver.view("bob").conversations.at(0).members == std::vector<std::string>{"user/ann", "agent/t.A", "user/bob"});
}

TEST_CASE("shared: whoever is not let in learns nothing, not even why") {
  Shared other;
  other.session = "s2";
  other.post("cat", "s2~d1", "hello");
  const std::string unknown = "NOT_FOUND: no session 's2'";
  REQUIRE(other.refusal() == unknown);

  Shared closed;
  closed.session = "s2";
  const auto private_conversation = closed.begin(false);
  closed.open("bob", "t.A", "hello", true);
  CHECK(closed.refusal() == unknown);

  Shared driver;
  driver.session = "s2";
  const auto conversation = driver.begin();
  const auto request = driver.ask();
  const auto version = driver.version;
  const auto refused = [&](auto command) {
    command();
    CHECK(driver.refusal() == unknown);
  };
  refused([&] { driver.open("cat", "t.B", "hello"); });              // not by the rule
  refused([&] { driver.open("bob", "t.Nobody", "hello"); });         // no such agent
  refused([&] { driver.open("bob", "t.H", "hello"); });              // who stands for people
  refused([&] { driver.open("bob", "x.A", "hello", false, "x"); });  // another team
  refused([&] { driver.open("dan", "t.A", "hello"); });
  refused([&] { driver.post("cat", conversation, "hello"); });
  refused([&] { driver.answer_request("cat", request, "monday"); });
  refused([&] { driver.cancel("cat", driver.work("t.A").run); });
  refused([&] { driver.command(wire::DeleteSessionT{}, "cat"); });
  refused([&] { driver.command(wire::CreateTaskT{.team = "t", .description = "do it"}, "cat"); });
  refused([&] { driver.query(wire::ReadSessionT{}, "cat"); });
  refused([&] { driver.query(wire::ReadSpansT{}, "cat"); });
  CHECK_FALSE(driver.reads_log("cat", conversation));
  CHECK(driver.refusal() == unknown);
  CHECK(driver.version == version);
  CHECK(driver.view("ann").conversations.at(0).members.size() == 2);
}

TEST_CASE("shared: a member sees their conversations and nothing else of the session") {
  Shared driver;
  wire::CreateTaskT task;
  task.team = "t";
  task.description = "something secret";
  task.shared = true;
  driver.command(std::move(task));
  driver.list_answers();
  const auto planned = driver.accepted();
  driver.open("ann", "t.C", "between us");
  const auto of_ann = driver.accepted().conversation;
  driver.join("bob");
  const auto of_bob = driver.accepted().conversation;
  CHECK(driver.kinds(of_bob) == std::vector{EventKind::member_joined});
  CHECK(driver.reads_log("bob", of_bob));
  for (const auto& hidden : {planned.conversation, of_ann, driver.session + "~d99"}) {
    CHECK_FALSE(driver.reads_log("bob", hidden));
    CHECK(driver.refusal() == "NOT_FOUND: no conversation '" + hidden + "'");
    CHECK_FALSE(driver.sees_head("bob", hidden));
    driver.post("bob", hidden, "hello");
    CHECK(driver.refusal() == "NOT_FOUND: no conversation '" + hidden + "'");
  }
  const auto view = driver.view("bob");
  CHECK(view.conversations.size() == 1);
  CHECK((view.plans.empty() && view.turns.empty() && view.requests.empty() && view.shared && view.user == "ann"));
  CHECK(view.title == "A");
  CHECK(driver.view("ann").conversations.size() == 3);
  for (const auto& plan : {planned.plan, driver.session + "~p99"}) {
    wire::ReadSessionT one;
    one.plan = plan;
    driver.query(std::move(one), "bob");
    CHECK(driver.refusal() == "NOT_FOUND: no plan '" + plan + "'");
    wire::DecideT decision;
    decision.plan = plan;
    decision.steps = {"x"};
    driver.command(std::move(decision), "bob");
    CHECK(driver.refusal() == "NOT_FOUND: no plan '" + plan + "'");
    wire::CancelT cancel;
    cancel.plan = plan;
    driver.command(std::move(cancel), "bob");
    CHECK(driver.refusal() == "NOT_FOUND: no plan '" + plan + "'");
  }
  driver.command(wire::DeleteSessionT{}, "bob");
  CHECK(driver.last_fault() == Fault::forbidden);
  driver.command(wire::CreateTaskT{.team = "t", .description = "do it"}, "bob");
  CHECK(driver.last_fault() == Fault::forbidden);
  CHECK(driver.notice("bob").summary->plans.empty());
  CHECK(driver.notice("bob").summary->title == "A");
  CHECK(driver.notice("ann").summary->plans.size() == 1);
  // Ann is no member of what bob opened before she opens it too, and reads it nevertheless: the session is hers.
  CHECK(driver.reads_log("ann", of_bob));
  driver.post("ann", of_bob, "hello");
  CHECK(driver.last_fault() == Fault::not_found);
  driver.open("ann", "t.A");
  driver.post("ann", of_bob, "hello");
  CHECK(driver.kinds(of_bob) == std::vector{EventKind::member_joined, EventKind::member_joined, EventKind::message});
}

TEST_CASE("shared: what is asked may be answered by each member, the first answer wins and names who gave it") {
  Shared driver;
  const auto conversation = driver.begin();
  driver.join("bob");
  const auto request = driver.ask();
  CHECK(driver.view("bob").requests.size() == 1);
  driver.crash();
  driver.answer_request("bob", request, "monday");
  CHECK(driver.last(EventKind::request_closed).data == R"({"request":")" + request + R"(","outcome":"answered","by":"user/bob"})");
  const auto work = driver.work("t.A");
  REQUIRE(work.input.size() == 1);
  CHECK(work.input[0].author == "user/bob");
  CHECK(work.input[0].text == "monday");
  const auto version = driver.version;
  driver.answer_request("ann", request, "tuesday");
  CHECK(driver.last_fault() == Fault::conflict);
  CHECK(driver.version == version);
  // Both read it: who answered and what.
  CHECK(driver.reads_log("ann", conversation));
  CHECK(driver.reads_log("bob", conversation));
}

TEST_CASE("shared: what is asked elsewhere is as if it were not there") {
  Shared driver;
  driver.begin();
  const auto request = driver.ask();
  driver.join("bob", "t.B");
  CHECK(driver.view("bob").requests.empty());
  driver.advance(Millis{1'100});
  CHECK(driver.notice("bob").summary->open_requests == 0);
  CHECK(driver.notice("ann").summary->open_requests == 1);
  driver.answer_request("bob", request, "monday");
  const auto hidden = driver.refusal();
  driver.answer_request("bob", "nothing", "monday");
  CHECK(driver.refusal() == "NOT_FOUND: no request 'nothing'");
  CHECK(hidden == "CONFLICT: request '" + request + "' is not open to you: it was answered, withdrawn, has expired or is somebody else's");
  driver.answer_request("ann", request, "monday");
  CHECK(driver.last_fault() == Fault::none);
  driver.answer_request("bob", request, "monday");
  CHECK(driver.refusal() == hidden);  // what is there is not told apart from what was
}

TEST_CASE("shared: people cancel what they started, the session's user cancels all") {
  Shared driver;
  const auto conversation = driver.begin();
  const auto of_ann = driver.accepted().run;
  driver.join("bob");
  driver.cancel("bob", of_ann);
  CHECK(driver.refusal() == "NOT_FOUND: no open run '" + of_ann + "'");
  driver.answer(driver.work("t.A"), "hi");
  driver.post("bob", conversation, "do something");
  const auto of_bob = driver.accepted().run;
  driver.crash();
  driver.cancel("bob", of_bob);
  CHECK(driver.last_fault() == Fault::none);
  CHECK(driver.last(EventKind::run_ended).run == of_bob);
  driver.post("bob", conversation, "and again");
  driver.cancel("ann", driver.accepted().run);
  CHECK(driver.last_fault() == Fault::none);
}

TEST_CASE("shared: each member's list has the session, and each is told until it answers") {
  Shared driver;
  driver.begin();
  driver.open("bob", "t.A");
  // The joining is answered when bob's list has it.
  const auto answers = driver.count<wire::AnswerT>();
  CHECK(driver.notice("bob").summary->session == "s1");
  CHECK(driver.notice("bob").summary->user == "ann");
  CHECK(driver.notice("bob").summary->title == "hello");
  driver.list_answers("ann");
  CHECK(driver.count<wire::AnswerT>() == answers);
  driver.list_answers("bob");
  CHECK(driver.count<wire::AnswerT>() == answers + 1);
  driver.tick();
  CHECK_FALSE(driver.logic().due() < std::optional(driver.now.unix));

  // A question is told to both, each by its own channel.
  driver.ask();
  driver.advance(Millis{1'100});
  CHECK(driver.notice("ann").summary->open_requests == 1);
  CHECK(driver.notice("bob").summary->open_requests == 1);
  driver.list_answers("bob");
  driver.tick();
  REQUIRE(driver.logic().due());
  CHECK(*driver.logic().due() <= driver.now.unix);  // ann's is owed still
  driver.crash();
  driver.advance(Millis{1'100});
  driver.tick();
  CHECK(driver.notice("ann").version == driver.version);
  CHECK(driver.notice("bob").version < driver.version);
}

TEST_CASE("shared: a deleted session leaves all lists before it goes, whoever dies meanwhile") {
  Shared driver;
  driver.begin();
  driver.join("bob");
  driver.join("cat");
  driver.tick();
  driver.command(wire::DeleteSessionT{});
  driver.advance(Millis{1'100});
  for (const auto* user : {"ann", "bob", "cat"}) CHECK(driver.notice(user).summary->deleted);
  driver.list_answers("ann");
  driver.tick();
  CHECK_FALSE(driver.removed);
  driver.list_says(wire::make_fault(Fault::gone, "no such list"), "cat");
  driver.tick();
  CHECK_FALSE(driver.removed);
  driver.crash();
  driver.advance(Millis{1'100});
  driver.tick();
  CHECK_FALSE(driver.removed);
  driver.list_answers("bob");
  driver.advance(Millis{1'100});
  driver.tick();
  CHECK(driver.removed);
}

TEST_CASE("shared: a conversation takes as many people as the team says") {
  Shared driver;
  driver.teams.team.people.clear();
  driver.teams.team.limits.max_people = 3;
  driver.begin();
  driver.join("bob");
  driver.join("cat");
  driver.open("dan", "t.A", "me too");
  CHECK(driver.last_fault() == Fault::limit);
  CHECK_FALSE(driver.reads_log("dan", driver.session + "~d1"));
  driver.open("cat", "t.A", "still here");
  CHECK(driver.last_fault() == Fault::none);
  driver.join("dan", "t.B");
  CHECK(driver.last_fault() == Fault::none);
}
