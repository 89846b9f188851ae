#include <catch2/catch.hpp>

#include "agents/turns/transcripts.hpp"

using namespace convoke::agents;

namespace {

Transcript transcript(std::uint64_t first, std::size_t count, std::size_t bytes = 10) {
  Transcript result{first, {}};
  for (std::size_t i = 0; i < count; ++i) {
    Entry entry;
    entry.turn = first + i;
    entry.text = std::string(bytes, 'x');
    result.entries.push_back(std::make_shared<const Entry>(std::move(entry)));
  }
  return result;
}

}  // namespace

TEST_CASE("transcripts: what is kept is found up to the version that is asked for") {
  TranscriptCache cache({});
  cache.keep("s", "t.A", transcript(1, 5));
  CHECK(cache.find("s", "t.A", 5).length() == 5);
  CHECK(cache.find("s", "t.A", 3).entries.size() == 3);
  CHECK(cache.find("s", "t.A", 9).length() == 5);
  CHECK(cache.wanted_from(cache.find("s", "t.A", 9), 9) == 6);
  CHECK(cache.find("s", "t.B", 5).length() == 0);
  CHECK(cache.find("s2", "t.A", 5).length() == 0);
}

TEST_CASE("transcripts: only the newest entries are kept and asked for") {
  TranscriptCache cache({1 << 20, 4});
  cache.keep("s", "t.A", transcript(1, 10));
  const auto found = cache.find("s", "t.A", 10);
  CHECK(found.first == 7);
  CHECK(found.length() == 10);
  CHECK(cache.find("s", "t.A", 5).entries.empty());
  CHECK(cache.wanted_from({}, 100) == 97);
  CHECK(cache.wanted_from(found, 11) == 11);
  CHECK(cache.wanted_from(found, 100) == 97);
}

TEST_CASE("transcripts: beyond the bound the instance used longest ago leaves") {
  TranscriptCache probe({});
  probe.keep("a", "t.A", transcript(1, 1, 1'000));
  const auto one = probe.bytes();
  TranscriptCache cache({2 * one + 10, 100});
  cache.keep("a", "t.A", transcript(1, 1, 1'000));
  cache.keep("b", "t.A", transcript(1, 1, 1'000));
  cache.find("a", "t.A", 1);
  cache.keep("c", "t.A", transcript(1, 1, 1'000));
  CHECK(cache.instances() == 2);
  CHECK(cache.find("b", "t.A", 1).entries.empty());
  CHECK(cache.find("a", "t.A", 1).entries.size() == 1);
  cache.forget("a", "t.A");
  cache.forget("c", "t.A");
  CHECK(cache.bytes() == 0);
  cache.keep("d", "t.A", transcript(1, 1, 100'000));
  CHECK(cache.instances() == 0);
}

TEST_CASE("transcripts: what no turn has used for a time is given back") {
  using convoke::Millis;
  using convoke::SteadyTime;
  TranscriptCache cache({1 << 20, 4, Millis{1'000}});
  const auto at = [](int ms) { return SteadyTime{Millis{ms}}; };
  cache.tick(at(5'000));
  for (const auto* session : {"kept", "found", "extended"}) cache.keep(session, "t.A", transcript(1, 1));
  cache.tick(at(5'600));
  cache.find("found", "t.A", 1);
  cache.append("extended", "t.A", 1, transcript(2, 1).entries);
  CHECK(cache.instances() == 3);
  cache.tick(at(6'000));
  CHECK(cache.instances() == 2);
  CHECK(cache.find("kept", "t.A", 1).entries.empty());
  CHECK(cache.find("found", "t.A", 1).length() == 1);
  cache.tick(at(6'999));
  CHECK(cache.instances() == 1);
  cache.tick(at(7'000));
  CHECK(cache.instances() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("transcripts: a turn's entries are added to what is kept of just that length") {
  TranscriptCache cache({1 << 20, 4});
  cache.append("s", "t.A", 0, transcript(1, 2).entries);
  CHECK(cache.find("s", "t.A", 2).length() == 2);
  cache.append("s", "t.A", 2, transcript(3, 3).entries);
  const auto found = cache.find("s", "t.A", 5);
  CHECK(found.first == 2);
  CHECK(found.length() == 5);
  CHECK(found.entries.back()->turn == 5);
  TranscriptCache same({1 << 20, 4});
  same.keep("s", "t.A", transcript(2, 4));
  CHECK(cache.bytes() == same.bytes());
  cache.append("s", "t.A", 7, transcript(8, 1).entries);  // 6 and 7 are missing
  CHECK(cache.instances() == 0);
  CHECK(cache.bytes() == 0);
  cache.append("s", "t.A", 7, transcript(8, 1).entries);
  CHECK(cache.instances() == 0);
}
