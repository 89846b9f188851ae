// What Redis says of its own history, from the bytes of a reply.
#include "store/codec.hpp"

#include <hiredis/hiredis.h>

#include <catch2/catch.hpp>
#include <string>

namespace convoke::test {
namespace {

Result<store::History> history_of(const std::string& reply) {
  const auto reader = store::make_reader();
  void* raw = nullptr;
  redisReaderFeed(reader.get(), reply.data(), reply.size());
  REQUIRE(redisReaderGetReply(reader.get(), &raw) == REDIS_OK);
  REQUIRE(raw != nullptr);
  auto history = store::decode_history(*static_cast<const redisReply*>(raw));
  freeReplyObject(raw);
  return history;
}

std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }

const std::string zeros(40, '0');
const std::string first(40, 'a');
const std::string other(40, 'b');

std::string told(const std::string& id, const std::string& id2) {
  return bulk("# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_replid:" + id + "\r\nmaster_replid2:" + id2 +
              "\r\nmaster_repl_offset:0\r\n");
}

}  // namespace

TEST_CASE("codec: a server's history has an id, and may go on with another server's") {
  const auto plain = history_of(told(first, zeros));
  REQUIRE(plain);
  CHECK(plain->id == first);
  CHECK_FALSE(plain->is_continued);
  const auto promoted = history_of(told(first, other));
  REQUIRE(promoted);
  CHECK(promoted->id == first);
  CHECK(promoted->is_continued);
}

TEST_CASE("codec: a history that is not told has no id, wherever its words stand") {
  for (const auto* text : {"", "master_replid", "master_replid:", "\r\n\r\n", "role:master_replid:abc", "xmaster_replid:abc\r\n", ":"}) {
    INFO(text);
    const auto history = history_of(bulk(text));
    REQUIRE(history);
    CHECK(history->id.empty());
    CHECK_FALSE(history->is_continued);
  }
  CHECK_FALSE(history_of(":7\r\n"));
  CHECK_FALSE(history_of("-NOAUTH Authentication required.\r\n"));
}

}  // namespace convoke::test
