#include "tools/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "journal_support.hpp"
#include "tools/journal_file.hpp"

using namespace convoke;
using namespace convoke::tools;
using namespace convoke::tools::test;

TEST_CASE("journal: a call is recorded with all that is needed to count it") {
  const Folder folder;
  auto journal = Journal::open(folder.file()).value();
  const std::string key = call_key("s1", "company.BakerAgent", 4, 2, 0);
  CHECK(key == "s1/company.BakerAgent/4/2/0");
  const auto first = journal.apply(bake(), call(key), today).value();
  CHECK(first.text == "Baked 12 oat cookies on 2026-11-20.");
  CHECK_FALSE(first.repeat);
  CHECK_FALSE(first.failed);
  const auto lines = lines_of(folder.file());
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == nlohmann::json::parse(R"({"key": "s1/company.BakerAgent/4/2/0", "session": "s1", "agent": "company.BakerAgent",
    "tool": "bake_cookies", "arguments": {"cookie_type": "oat", "quantity": 12}, "time": "2026-11-20T09:00:00.000Z",
    "result": "Baked 12 oat cookies on 2026-11-20."})"));
}

TEST_CASE("journal: a repeat answers from the record, on another day, from another process's view, and is counted") {
  const Folder folder;
  auto one = Journal::open(folder.file()).value();
  auto two = Journal::open(folder.file()).value();
  const auto first = one.apply(bake(), call("k1"), today).value();
  Call again = call("k1");
  again.arguments = R"({"quantity": 12, "cookie_type": "oat"})";
  const auto repeat = two.apply(bake(), again, tomorrow).value();
  CHECK(repeat.repeat);
  CHECK(repeat.text == first.text);
  CHECK(one.apply(bake(), call("k1"), tomorrow).value().repeat);
  CHECK_FALSE(one.apply(bake(), call("k2"), tomorrow).value().repeat);
  const auto lines = lines_of(folder.file());
  REQUIRE(lines.size() == 4);
  CHECK(lines[1]["repeat"] == true);
  CHECK(lines[1]["tool"] == "bake_cookies");
  CHECK(lines[2]["repeat"] == true);
  CHECK_FALSE(lines[3].contains("repeat"));
}

TEST_CASE("journal: what is not kept for ever is forgotten after its time, by who was there and by who opens the file later") {
  const Folder folder;
  constexpr Millis minute{60'000};
  auto forgetful = Journal::open(folder.file(), minute, today).value();
  Call odd = call("odd");
  odd.arguments = R"({"cookie_type": "x\", \"time\": \"2031-01-01T00:00:00.000Z", "quantity": 1})";
  REQUIRE_FALSE(forgetful.apply(bake(), call("k"), today).value().repeat);
  REQUIRE_FALSE(forgetful.apply(bake(), odd, today).value().repeat);
  CHECK(forgetful.apply(bake(), call("k"), today + minute).value().repeat);
  auto late = Journal::open(folder.file(), minute, today + minute + Millis{1}).value();
  CHECK_FALSE(late.apply(bake(), odd, today + minute + Millis{1}).value().repeat);
  CHECK_FALSE(forgetful.apply(bake(), call("k"), today + minute + Millis{1}).value().repeat);
  CHECK(late.apply(bake(), call("k"), today + 2 * minute).value().repeat);
  auto faithful = Journal::open(folder.file()).value();
  CHECK(faithful.apply(bake(), call("k"), tomorrow).value().repeat);
}

TEST_CASE("journal: a key that comes back with something else is refused, and nothing is written") {
  const Folder folder;
  auto journal = Journal::open(folder.file()).value();
  REQUIRE(journal.apply(bake(), call("k"), today));
  Call other = call("k");
  other.arguments = R"({"cookie_type": "oat", "quantity": 13})";
  CHECK(journal.apply(bake(), other, today).error().code == Fault::conflict);
  Tool renamed = bake();
  renamed.name = "prepare_dough";
  CHECK(journal.apply(renamed, call("k"), today).error().code == Fault::conflict);
  CHECK(lines_of(folder.file()).size() == 1);
}

TEST_CASE("journal: bad arguments and keys are refused before anything is applied") {
  const Folder folder;
  auto journal = Journal::open(folder.file()).value();
  Call wrong = call("k");
  wrong.arguments = R"({"cookie_type": "oat"})";
  CHECK(journal.apply(bake(), wrong, today).error().code == Fault::tool_invalid_arguments);
  for (const std::string key : {"", "a b", "a\"b", "a\nb", "a\\b", "\xc3\xa9"})
    CHECK(journal.apply(bake(), call(key), today).error().code == Fault::invalid);
  CHECK(lines_of(folder.file()).empty());
}

TEST_CASE("journal: what is not journalled leaves no line") {
  const Folder folder;
  auto journal = Journal::open(folder.file()).value();
  Tool tool = bake();
  tool.journal = false;
  CHECK(journal.apply(tool, call("k"), today).value().text == "Baked 12 oat cookies on 2026-11-20.");
  CHECK_FALSE(journal.apply(tool, call("k"), today).value().repeat);
  CHECK(lines_of(folder.file()).empty());
}

TEST_CASE("journal: ordered failures come first in each session, and stay what they were") {
  const Folder folder;
  Tool tool = bake();
  tool.fail = {.first = 2, .message = "The oven is cold."};
  {
    auto journal = Journal::open(folder.file()).value();
    const auto first = journal.apply(tool, call("a1"), today).value();
    CHECK(first.failed);
    CHECK(first.text == "The oven is cold.");
  }
  auto journal = Journal::open(folder.file()).value();
  CHECK(journal.apply(tool, call("a1"), today).value().repeat);
  CHECK(journal.apply(tool, call("a2"), today).value().failed);
  const auto third = journal.apply(tool, call("a3"), today).value();
  CHECK_FALSE(third.failed);
  CHECK(third.text == "Baked 12 oat cookies on 2026-11-20.");
  const auto first_again = journal.apply(tool, call("a1"), today).value();
  CHECK((first_again.repeat && first_again.failed && first_again.text == "The oven is cold."));
  CHECK(journal.apply(tool, call("b1", "s2"), today).value().failed);
}

TEST_CASE("journal: half a line is cut off and its call applied anew") {
  const Folder folder;
  {
    auto journal = Journal::open(folder.file()).value();
    REQUIRE(journal.apply(bake(), call("k1"), today));
  }
  auto before = Journal::open(folder.file()).value();
  std::ofstream(folder.file(), std::ios::app) << R"({"key": "k2", "session": "s1", "agent": ")" << std::string(70'000, 'x');
  CHECK_FALSE(before.apply(bake(), call("k2"), today).value().repeat);
  std::ofstream(folder.file(), std::ios::app) << R"({"key": "k3", "session": "s1"})";  // whole, but for its newline
  auto after = Journal::open(folder.file()).value();
  CHECK_FALSE(after.apply(bake(), call("k3"), today).value().repeat);
  CHECK(after.apply(bake(), call("k1"), today).value().repeat);
  CHECK(before.apply(bake(), call("k3"), today).value().repeat);
  CHECK(applied(folder.file()) == std::map<std::string, int>{{"k1", 1}, {"k2", 1}, {"k3", 1}});
}

TEST_CASE("journal: a foreign line disturbs nobody") {
  const Folder folder;
  std::ofstream(folder.file()) << "{\"key\": \"k1\", \"failed\": true, rubbish}\n\n{\"key\": \"unfinished}\n"
                               << "{\"key\": \"k2\", \"failed\": true, \"session\": 7, \"agent\": [], \"tool\": null}\n";
  auto journal = Journal::open(folder.file()).value();
  CHECK_FALSE(journal.apply(bake(), call("k1"), today).value().repeat);
  CHECK(journal.apply(bake(), call("k1"), today).value().repeat);
}

TEST_CASE("journal: results of any size and content come back as they were") {
  const Folder folder;
  Tool tool = bake();
  tool.response = "Line\n\t\"quoted\" ü " + std::string(200'000, 'x') + " {cookie_type}";
  auto journal = Journal::open(folder.file()).value();
  const auto first = journal.apply(tool, call("k"), today).value();
  auto reader = Journal::open(folder.file()).value();
  CHECK(reader.apply(tool, call("k"), today).value().text == first.text);
}

TEST_CASE("journal: a file that was taken away is begun anew") {
  const Folder folder;
  auto journal = Journal::open(folder.file()).value();
  REQUIRE(journal.apply(bake(), call("k1"), today));
  std::filesystem::remove(folder.file());
  CHECK_FALSE(journal.apply(bake(), call("k1"), today).value().repeat);
  CHECK(journal.apply(bake(), call("k1"), today).value().repeat);
  CHECK(applied(folder.file()) == std::map<std::string, int>{{"k1", 1}});
}

TEST_CASE("journal: a folder that is not there is said at the start") {
  CHECK(Journal::open("/nonexistent/effects.jsonl").error().code == Fault::unavailable);
}

TEST_CASE("journal: of a long past only what may still count is read") {
  const Folder folder;
  constexpr int past = 20'000;
  {
    std::ofstream file(folder.file());
    for (int i = 0; i < past; ++i) file << "old " << std::string(static_cast<std::size_t>(i % 200), 'x') << '\n';
    for (int i = 0; i < 10; ++i) file << "new " << i << '\n';
    file << "half a li";
  }
  std::vector<std::string> read;
  std::size_t looked_at = 0;
  const auto keep = [&](std::uint64_t, std::string_view line) { read.emplace_back(line); };
  const auto is_old = [&](std::string_view line) {
    ++looked_at;
    return line.starts_with("old");
  };
  JournalFile journal(folder.file());
  const auto lock = journal.lock([] {});
  REQUIRE(journal.catch_up(keep, is_old));
  CHECK(looked_at < 20);
  CHECK(read.size() < 2'000);
  REQUIRE(read.size() >= 10);
  CHECK(read[read.size() - 10] == "new 0");
  CHECK(read.back() == "new 9");
  const auto offset = journal.append("next").value();
  CHECK(journal.read_line(offset).value() == "next");
  CHECK(std::filesystem::file_size(folder.file()) == offset + 5);
}

TEST_CASE("journal: a lock that somebody keeps is answered, not waited for") {
  const Folder folder;
  auto journal = Journal::open(folder.file()).value();
  const int holder = ::open(folder.file().c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(holder, LOCK_EX) == 0);
  const auto begin = std::chrono::steady_clock::now();
  const auto refused = journal.apply(bake(), call("k"), today);
  CHECK(refused.error().code == Fault::unavailable);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
  ::close(holder);
  CHECK_FALSE(journal.apply(bake(), call("k"), today).value().repeat);
}

TEST_CASE("journal: a damaged line of the same call refuses it, or is passed over, and ends nobody") {
  const std::string begin = R"({"key": "k", "session": "s1", "agent": )", end = R"(, "time": "2026-11-20T09:00:00.000Z", "result": 7})";
  for (const std::string agent : {"7", "null", R"("company.BakerAgent", "tool": [])", R"("company.BakerAgent", "tool": "bake_cookies")"}) {
    const Folder folder;
    std::ofstream(folder.file()) << begin + agent + end + "\n";
    auto journal = Journal::open(folder.file()).value();
    CHECK(journal.apply(bake(), call("k"), today).error().code == Fault::conflict);
  }
  const Folder folder;
  const std::string deep(200'000, '[');
  std::ofstream(folder.file()) << begin + "\"a\", \"arguments\": " + deep + std::string(deep.size(), ']') + end + "\n";
  auto journal = Journal::open(folder.file()).value();
  CHECK_FALSE(journal.apply(bake(), call("k"), today).value().repeat);
  CHECK(journal.apply(bake(), call("k"), today).value().repeat);
}
