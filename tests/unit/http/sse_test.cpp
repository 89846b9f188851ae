#include "http/sse.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace convoke;
using namespace convoke::http;

namespace {

struct Got {
  std::string type, data, id;
  bool operator==(const Got&) const = default;
};

std::vector<Got> parse(const std::vector<std::string>& pieces) {
  std::vector<Got> got;
  sse::Parser parser;
  for (const auto& piece : pieces) {
    REQUIRE(parser.feed(
        piece, [&](const sse::Event& event) { got.push_back({std::string(event.type), std::string(event.data), std::string(event.id)}); }));
  }
  return got;
}

}  // namespace

TEST_CASE("sse: fields, comments, several lines of data, and ids that last") {
  const auto got = parse({": hello\n\ndata: a\ndata:  b\nid: 7\nevent: tick\n\ndata\n\ndata: c\n\n"});
  CHECK(got == std::vector<Got>{{"tick", "a\n b", "7"}, {"message", "", "7"}, {"message", "c", "7"}});
}

TEST_CASE("sse: an event without data is none, and neither is one cut off") {
  CHECK(parse({"event: x\n\nid: 4\n\n"}).empty());
  CHECK(parse({"data: a\n"}).empty());
}

TEST_CASE("sse: the same events however the bytes are cut, for all three line ends and a byte order mark") {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    const auto text =
        "\xEF\xBB\xBF"
        "event: a" +
        end + "data: one" + end + "data: two" + end + end + "data: x" + end + end;
    const std::vector<Got> expected{{"a", "one\ntwo", ""}, {"message", "x", ""}};
    CHECK(parse({text}) == expected);
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    // A byte order mark in pieces is not recognised before its line is whole, which is when it counts.
    CHECK(parse(bytes) == expected);
    for (std::size_t cut = 1; cut < text.size(); ++cut) CHECK(parse({text.substr(0, cut), text.substr(cut)}) == expected);
  }
}

TEST_CASE("sse: an id with a zero byte is ignored, a retry is remembered") {
  sse::Parser parser;
  std::string id = "unset";
  REQUIRE(
      parser.feed(std::string("id: a\nid: b\0c\nretry: 1500\nretry: x\ndata: d\n\n", 44), [&](const sse::Event& event) { id = event.id; }));
  CHECK(id == "a");
  CHECK(parser.retry_ms() == 1500);
}

TEST_CASE("sse: an event beyond the limit is refused, and everything after it") {
  sse::Parser parser(100);
  const auto ignore = [](const sse::Event&) {};
  CHECK(parser.feed("data: " + std::string(50, 'x') + "\n", ignore));
  CHECK(parser.feed("data: " + std::string(60, 'x') + "\n", ignore).error().code == Fault::too_large);
  CHECK_FALSE(parser.feed("data: y\n\n", ignore));
}

TEST_CASE("sse: what is encoded comes out again") {
  for (const std::string data : {"", "one", "one\ntwo", "one\n", "\n"}) {
    const auto got = parse({sse::encode(data, "kind", "9")});
    CHECK(got == std::vector<Got>{{"kind", data, "9"}});
  }
  CHECK(sse::encode("x") == "data: x\n\n");
}
