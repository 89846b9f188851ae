// Streams, and the directory.
#include <catch2/catch.hpp>

#include "hub.hpp"
#include "intercom/directory.hpp"

using namespace convoke;
using namespace convoke::intercom::test;
using wire::DestKind;

namespace {

void subscribe(Hub& hub, intercom::Peer peer, std::vector<std::string> add, std::vector<std::string> remove = {}, bool full = false) {
  wire::SubscribeT statement;
  statement.add = std::move(add);
  statement.remove = std::move(remove);
  statement.full = full;
  hub.state(peer, std::move(statement));
}

void push(Hub& hub, intercom::Peer peer, const std::string& stream, std::uint8_t partition = 0) {
  auto message = hub.from(peer, wire::PushT{}, DestKind::stream, stream);
  message.header.partition = partition;
  hub.send(peer, std::move(message));
}

}  // namespace

TEST_CASE("streams: go to whoever subscribed, and to nobody else") {
  Hub hub;
  hub.join(1, 1, "groupchat");
  for (std::uint64_t n = 2; n <= 4; ++n) hub.join(static_cast<intercom::Peer>(n), n, "gateway");
  subscribe(hub, 2, {"a", "b"});
  subscribe(hub, 3, {"b"});
  hub.clear();
  push(hub, 1, "a");
  push(hub, 1, "b");
  CHECK(hub.take(2).size() == 2);
  CHECK(hub.take(3).size() == 1);
  CHECK(hub.take(4).empty());
  subscribe(hub, 2, {}, {"a"});
  push(hub, 1, "a");
  CHECK(hub.take(2).empty());
}

TEST_CASE("streams: a full statement replaces, a late one is ignored") {
  Hub hub;
  hub.join(1, 1, "groupchat");
  hub.join(2, 2, "gateway");
  subscribe(hub, 2, {"a", "b"});
  wire::SubscribeT late;
  late.number = 1;
  late.add = {"z"};
  subscribe(hub, 2, {"c"}, {}, true);
  hub.state(2, late);
  hub.clear();
  for (const auto* name : {"a", "b", "z"}) push(hub, 1, name);
  CHECK(hub.take(2).empty());
  push(hub, 1, "c");
  CHECK(hub.take(2).size() == 1);
}

TEST_CASE("streams: end with the connection") {
  Hub hub;
  hub.join(1, 1, "groupchat");
  hub.join(2, 2, "gateway");
  subscribe(hub, 2, {"a", "b"});
  CHECK(hub.core().streams() == 2);
  hub.state(2, wire::LeaveT{});
  CHECK(hub.core().streams() == 0);
}

TEST_CASE("streams: the owner follows what workers say in its conversations, once, and not what it says itself") {
  Hub hub;
  hub.join(1, 1, "groupchat", claiming(1, {7}));
  hub.join(2, 2, "worker", serving({"company.HrAgent"}, 1));
  hub.join(3, 3, "gateway");
  subscribe(hub, 3, {"c"});
  hub.clear();
  push(hub, 2, "c", 7);
  CHECK(hub.take(1).size() == 1);
  CHECK(hub.take(3).size() == 1);
  push(hub, 2, "c", 8);  // somebody else's
  CHECK(hub.take(1).empty());
  hub.take(3);
  subscribe(hub, 1, {"c"});
  push(hub, 2, "c", 7);
  CHECK(hub.take(1).size() == 1);
  hub.take(3);
  push(hub, 1, "c", 7);
  CHECK(hub.take(1).empty());
  CHECK(hub.take(3).size() == 1);
}

TEST_CASE("streams: events of one owner are not sent to another") {
  Hub hub;
  hub.join(1, 1, "groupchat", claiming(1, {7}));
  hub.join(2, 2, "groupchat", claiming(2, {7}));
  hub.clear();
  push(hub, 1, "c", 7);
  CHECK(hub.take(2).empty());
}

TEST_CASE("streams: what nobody hears is counted, not answered") {
  Hub hub;
  hub.join(1, 1, "groupchat");
  hub.clear();
  push(hub, 1, "c");
  CHECK(hub.take(1).empty());
  CHECK(hub.core().counters().undeliverable == 1);
}

TEST_CASE("streams: subscriptions are bounded") {
  auto settings = Hub::quick();
  settings.max_subscriptions = 3;
  Hub hub(settings);
  hub.join(1, 1, "gateway");
  hub.clear();
  subscribe(hub, 1, {"a", "b", "c", "d"});
  CHECK(hub.fault(1) == Fault::limit);
  CHECK(hub.core().streams() == 3);
}

TEST_CASE("directory: knows replicas, queues and partitions, and searches agents by the words of their names") {
  Hub hub;
  hub.join(1, 1, "groupchat", claiming(1, {7, 9}));
  hub.join(2, 2, "worker", serving({"company.HrAgent", "company.TechSupportAgent"}, 3));
  hub.join(3, 3, "gateway");
  const auto search = [&](const std::string& text) {
    hub.clear();
    wire::QueryT query;
    wire::ReadDirectoryT read;
    read.search = text;
    query.body.Set(std::move(read));
    hub.send(3, hub.from(3, std::move(query), DestKind::intercom));
    auto answers = hub.take<wire::AnswerT>(3);
    REQUIRE(answers.size() == 1);
    const auto* directory = answers[0].body.AsDirectory();
    REQUIRE(directory != nullptr);
    return *directory;
  };
  const auto all = search("");
  CHECK(all.replicas.size() == 3);
  CHECK(all.partitions_held == 2);
  REQUIRE(all.queues.size() == 2);
  CHECK(all.queues[0].credit == 3);
  CHECK(all.queues[0].replicas == 1);
  const auto tech = search("tech support");
  REQUIRE(tech.queues.size() == 1);
  CHECK(tech.queues[0].agent == "company.TechSupportAgent");
  CHECK(search("baker").queues.empty());
}

TEST_CASE("directory: matches the beginnings of words") {
  using intercom::match;
  CHECK(match("company.HrAgent", "hr") == 1);
  CHECK(match("company.HrAgent", "HR agent") == 2);
  CHECK(match("company.HrAgent", "gent") == 0);
  CHECK(match("company.HrAgent", "") == 1);
}
