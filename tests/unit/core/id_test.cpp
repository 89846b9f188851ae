#include "core/id.hpp"

#include <catch2/catch.hpp>

using namespace convoke;

namespace {
IdMaker counting() {
  return IdMaker([n = std::uint64_t{0}]() mutable { return n += 0x9E3779B97F4A7C15ull; });
}
}  // namespace

TEST_CASE("id: version 7 and variant bits stand where RFC 9562 wants them") {
  auto maker = counting();
  const auto text = to_string(maker.next(from_unix_ms(0x0123456789AB)));
  CHECK(text.substr(0, 14) == "01234567-89ab-");
  CHECK(text[14] == '7');
  CHECK((text[19] == '8' || text[19] == '9' || text[19] == 'a' || text[19] == 'b'));
}

TEST_CASE("id: ids of one maker rise, within a millisecond and when the clock goes back") {
  auto maker = counting();
  Uuid last;
  for (int i = 0; i < 10000; ++i) {
    const auto id = maker.next(from_unix_ms(1000 - i % 3));
    CHECK(last < id);
    last = id;
  }
}

TEST_CASE("id: text and back; anything else is not an id") {
  auto maker = counting();
  const auto id = maker.next(from_unix_ms(77));
  CHECK(parse_uuid(to_string(id)) == id);
  CHECK_FALSE(parse_uuid("01234567-89ab-7000-8000-00000000000"));
  CHECK_FALSE(parse_uuid("01234567x89ab-7000-8000-000000000000"));
  CHECK_FALSE(parse_uuid("0123456g-89ab-7000-8000-000000000000"));
}

TEST_CASE("id: the same user and key find the same session, and the boundary between them counts") {
  CHECK(session_for_key("ann", "k") == session_for_key("ann", "k"));
  CHECK(session_for_key("ann", "k") != session_for_key("an", "nk"));
  CHECK(to_string(session_for_key("ann", "k"))[14] == '8');
}

TEST_CASE("id: the session of an inner id") {
  CHECK(session_of("abc~task") == "abc");
  CHECK(session_of("abc") == "abc");
}
