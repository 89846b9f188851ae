#include <csignal>

#include "installation.hpp"

namespace convoke::groupchat::test {
namespace {

constexpr auto session_commits = "convoke_commits_total{scope=\"session\"}";

void apply_team(Peer& door, std::string description = "a team") {
  wire::ApplyTeamT body;
  body.definition = agents::to_json(chat_team(std::move(description)));
  const auto applied = door.command(std::move(body), "t:company", "team");
  INFO((applied ? "" : applied.error().message));
  REQUIRE(applied);
  REQUIRE(applied->body.AsAccepted() != nullptr);
}

Result<wire::AnswerT> open_chat(Peer& door, const std::string& session, const std::string& text, const std::string& key) {
  wire::OpenChatT body;
  body.team = "company";
  body.agent = "A";
  body.text = text;
  return door.command(std::move(body), "s:" + session, key);
}

std::vector<std::string> messages(Peer& door, const std::string& session, const std::string& conversation) {
  wire::ReadLogT body;
  body.conversation = conversation;
  body.from = 1;
  const auto answer = door.query(std::move(body), "s:" + session);
  INFO((answer ? "" : answer.error().message));
  REQUIRE(answer);
  const auto* page = answer->body.AsLogPage();
  REQUIRE(page != nullptr);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < page->events.size(); ++i) {
    CHECK(page->events[i].seq == i + 1);
    if (page->events[i].kind == wire::EventKind::message) texts.push_back(page->events[i].text);
  }
  return texts;
}

// How many replicas the partitions' epochs in Redis name; a claim that is over counts as one.
int owners(const RedisServer& redis) {
  return std::stoi(redis.command({"EVAL", R"(
local names, count = {}, 0
for i = 0, 255 do
  local name = redis.call('GET', string.format('{p%03d}:epoch', i)):match(' (.*)$')
  if not names[name] then count = count + 1 end
  names[name] = true
end
return tostring(count))",
                                  "0"}));
}

void check_log(const Process& process) {
  for (const auto& line : process.error_lines()) UNSCOPED_INFO(line);
  CHECK(process.error_lines().empty());
}

}  // namespace

TEST_CASE("groupchat: a chat turn costs two commits, and can be read, listed and repeated") {
  Installation all;
  const auto groupchat = all.groupchat("gc");
  REQUIRE(all.ready("gc"));
  CHECK(all.metric("gc", "convoke_partitions") == 256);
  Peer door(all.io, all.endpoint(), "gateway");
  Peer worker(all.io, all.endpoint(), "worker", {"company.A"});
  apply_team(door);

  // The first message opens the session; its notice to the user's list is told from the same state.
  const auto opened = open_chat(door, "s1", "hello", "k1");
  INFO((opened ? "" : opened.error().message));
  REQUIRE(opened);
  const std::string conversation = opened->body.AsAccepted()->conversation;
  worker.answer(*worker.await<wire::WorkT>().as<wire::WorkT>(), "hello yourself");
  REQUIRE(run_until(all.io, 5s, [&] { return messages(door, "s1", conversation).size() == 2; }));

  const double before = all.metric("gc", session_commits);
  constexpr int turns = 5;
  for (int turn = 0; turn < turns; ++turn) {
    wire::PostT post;
    post.conversation = conversation;
    post.text = "again " + std::to_string(turn);
    const auto posted = door.command(std::move(post), "s:s1", "p" + std::to_string(turn));
    REQUIRE(posted);
    worker.answer(*worker.await<wire::WorkT>().as<wire::WorkT>(), "answer " + std::to_string(turn));
  }
  CHECK(all.metric("gc", session_commits) - before == 2 * turns);
  CHECK(messages(door, "s1", conversation).size() == 2 + 2 * turns);

  const auto repeated = open_chat(door, "s1", "hello", "k1");
  REQUIRE(repeated);
  CHECK(repeated->body.AsAccepted()->repeated);
  CHECK(repeated->body.AsAccepted()->conversation == conversation);
  CHECK(run_until(all.io, 5s, [&] {
    const auto list = door.query(wire::ReadUserT{}, "u:ann");
    return list && list->body.AsUserView()->sessions.size() == 1;
  }));

  groupchat->signal(SIGTERM);
  const auto exit = groupchat->wait(15s);
  INFO(groupchat->err());
  REQUIRE(exit);
  CHECK(exit->code == 0);
  check_log(*groupchat);
}

TEST_CASE("groupchat: what was accepted survives kill -9 of groupchat and of Redis") {
  Installation all;
  auto groupchat = all.groupchat("gc");
  REQUIRE(all.ready("gc"));
  Peer door(all.io, all.endpoint(), "gateway");
  auto worker = std::make_unique<Peer>(all.io, all.endpoint(), "worker", std::vector<std::string>{"company.A"});
  apply_team(door);
  const auto opened = open_chat(door, "s1", "hello", "k1");
  REQUIRE(opened);
  const std::string conversation = opened->body.AsAccepted()->conversation;
  const auto work = worker->await<wire::WorkT>();

  groupchat->kill();
  groupchat = all.groupchat("gc2");
  REQUIRE(all.ready("gc2"));
  const auto repeated = open_chat(door, "s1", "hello", "k1");
  REQUIRE(repeated);
  CHECK(repeated->body.AsAccepted()->repeated);
  // The turn is taken up: the worker that still holds it reports to the new owner.
  worker->answer(*work.as<wire::WorkT>(), "here");
  CHECK(messages(door, "s1", conversation) == std::vector<std::string>{"hello", "here"});

  all.redis.kill();
  CHECK(all.not_ready("gc2", "Redis cannot be used"));
  all.redis.start();
  REQUIRE(all.ready("gc2"));
  wire::PostT post;
  post.conversation = conversation;
  post.text = "still there?";
  REQUIRE(door.command(std::move(post), "s:s1", "k2"));
  worker->answer(*worker->await<wire::WorkT>().as<wire::WorkT>(), "yes");
  CHECK(messages(door, "s1", conversation) == std::vector<std::string>{"hello", "here", "still there?", "yes"});
  check_log(*groupchat);
}

TEST_CASE("groupchat: a command given while Redis is away is carried out once when it is back") {
  Installation all;
  const auto groupchat = all.groupchat("gc");
  REQUIRE(all.ready("gc"));
  Peer door(all.io, all.endpoint(), "gateway");
  apply_team(door);
  all.redis.kill();
  REQUIRE(all.not_ready("gc", "Redis cannot be used"));
  std::optional<Result<wire::AnswerT>> answer;
  wire::OpenChatT body;
  body.team = "company";
  body.agent = "A";
  body.text = "hello";
  wire::CommandT command;
  command.scope = "s:s1";
  command.user = "ann";
  command.key = "k1";
  command.hash.assign(16, 1);
  command.body.Set(std::move(body));
  auto message = wire::message(std::move(command));
  message.header.dest_kind = wire::DestKind::owner;
  message.header.partition = partition_of("s:s1");
  boost::asio::co_spawn(all.io, door.client().command(std::move(message), 20s),
                        [&answer](std::exception_ptr, Result<wire::AnswerT> result) { answer = std::move(result); });
  CHECK_FALSE(run_until(all.io, 300ms, [&] { return answer.has_value(); }));
  all.redis.start();
  REQUIRE(run_until(all.io, 20s, [&] { return answer.has_value(); }));
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->body.AsAccepted() != nullptr);
  CHECK(messages(door, "s1", (*answer)->body.AsAccepted()->conversation) == std::vector<std::string>{"hello"});
}

TEST_CASE(
    "groupchat: two replicas share the partitions; one takes over within three seconds when the other is killed, at once when it drains") {
  Installation all;
  auto first = all.groupchat("gc1");
  REQUIRE(all.ready("gc1"));
  auto second = all.groupchat("gc2");
  REQUIRE(all.ready("gc2"));
  REQUIRE(run_until(all.io, 10s, [&] { return all.metric("gc2", "convoke_partitions") > 64; }));
  CHECK(run_until(all.io, 5s, [&] { return all.metric("gc1", "convoke_partitions") + all.metric("gc2", "convoke_partitions") == 256; }));
  Peer door(all.io, all.endpoint(), "gateway");
  apply_team(door);
  std::vector<std::string> conversations;
  for (int i = 0; i < 10; ++i) {
    const auto opened = open_chat(door, "s" + std::to_string(i), "hello", "k");
    INFO((opened ? "" : opened.error().message));
    REQUIRE(opened);
    conversations.push_back(opened->body.AsAccepted()->conversation);
  }
  CHECK(owners(all.redis) == 2);
  first->kill();
  const auto killed = std::chrono::steady_clock::now();
  REQUIRE(run_until(all.io, 10s, [&] { return owners(all.redis) == 1; }));
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - killed);
  INFO("taken over after " << took.count() << " ms");
  CHECK(took < 3s);
  REQUIRE(run_until(all.io, 10s, [&] { return all.metric("gc2", "convoke_partitions") == 256; }));
  for (int i = 0; i < 10; ++i) CHECK(messages(door, "s" + std::to_string(i), conversations[static_cast<std::size_t>(i)]).size() == 1);

  auto third = all.groupchat("gc3");
  REQUIRE(run_until(all.io, 15s, [&] { return all.metric("gc3", "convoke_partitions") > 64; }));
  second->signal(SIGTERM);
  const auto exit = second->wait(15s);
  INFO(second->err());
  REQUIRE(exit);
  CHECK(exit->code == 0);
  REQUIRE(run_until(all.io, 5s, [&] { return all.metric("gc3", "convoke_partitions") == 256; }));
  for (int i = 0; i < 10; ++i) CHECK(messages(door, "s" + std::to_string(i), conversations[static_cast<std::size_t>(i)]).size() == 1);
  check_log(*second);
  check_log(*third);
}

TEST_CASE("groupchat: a full disk under Redis is named, and work goes on afterwards") {
  Installation all(RedisServerOptions{.appendfsync = "everysec"});
  const auto groupchat = all.groupchat("gc");
  REQUIRE(all.ready("gc"));
  Peer door(all.io, all.endpoint(), "gateway");
  apply_team(door);
  all.redis.limit_disk(0);
  // Synced every second, Redis answers before it writes while a sync is under way: it may take a few more.
  bool refused = false;
  for (int i = 0; i < 50 && !refused; ++i) {
    wire::OpenChatT body;
    body.team = "company";
    body.agent = "A";
    body.text = "hello";
    refused = !door.command(std::move(body), "s:full-" + std::to_string(i), "k", 2s);
  }
  CHECK(refused);
  const auto answer = all.get("gc", "/readyz");
  INFO(answer.body);
  CHECK(all.not_ready("gc", "its disk is full"));
  all.redis.kill();
  all.redis.start();
  REQUIRE(all.ready("gc"));
  REQUIRE(open_chat(door, "s1", "hello", "k1"));
}

}  // namespace convoke::groupchat::test
