#include "cli/answers.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "cli/aof_check.hpp"
#include "cli/arguments.hpp"

using namespace convoke::cli;

namespace {

struct Watching {
  std::ostringstream text;
  Output out{text, text, false, false, true};
  Show show{out};

  void event(Json event) {
    event["seq"] = ++seq;
    show.frame({{"type", "event"}, {"event", std::move(event)}});
  }
  void plan() {
    event({{"kind", "plan_proposed"},
           {"data",
            {{"revision", 1},
             {"steps",
              {{{"id", "p1s1"}, {"action", "A"}, {"status", "action_requested"}},
               {{"id", "p1s2"}, {"action", "B"}, {"status", "planned"}}}}}}});
  }
  void ask(const std::string& request, const std::string& kind, const std::string& step) {
    event({{"kind", "request_opened"},
           {"plan", "s~p1"},
           {"step", step},
           {"text", "Well?"},
           {"data", {{"request", request}, {"kind", kind}}}});
  }
  std::vector<std::string> commands(const std::string& request) {
    return commands_for(show.questions().at(request), show, "convoke --data /x");
  }
  int seq = 0;
};

}  // namespace

TEST_CASE("answers: only a choice's word or letter is that choice, and an empty line is none") {
  for (const auto* yes : {"y", "Y", "yes", " Yes \r"}) CHECK(choice_of(yes, true) == Choice::yes);
  CHECK(choice_of("n", true) == Choice::no);
  CHECK(choice_of("NO", true) == Choice::no);
  CHECK(choice_of("l", true) == Choice::later);
  CHECK(choice_of("edit", true) == Choice::edit);
  CHECK(choice_of("e", false) == Choice::unclear);
  for (const auto* none : {"", " ", "yep", "nope", "x", "yn", "1"}) CHECK(choice_of(none, true) == Choice::unclear);
}

TEST_CASE("answers: every kind of question has the commands that answer it") {
  Watching watching;
  watching.plan();
  watching.ask("h9", "approval", "p1s2");
  watching.ask("h2", "approval", "");
  watching.ask("h3", "clarification", "");
  watching.ask("h4", "input", "p1s1");
  watching.ask("h5", "unknown_outcome", "p1s1");
  CHECK(watching.commands("h9") == std::vector<std::string>{"convoke --data /x approve s~p1 2", "convoke --data /x reject s~p1 2"});
  CHECK(watching.commands("h2").front() == "convoke --data /x approve s~p1");
  CHECK(watching.commands("h3") == std::vector<std::string>{"convoke --data /x clarify s~p1 \"…\""});
  CHECK(watching.commands("h4") == std::vector<std::string>{"convoke --data /x answer h4 \"…\""});
  CHECK(watching.commands("h5") == std::vector<std::string>{"convoke --data /x answer h5 --yes", "convoke --data /x answer h5 --no"});
  const auto json = waiting_json(watching.show, "convoke");
  CHECK(json["questions"].size() == 5);
  const auto lines = waiting_lines(watching.show, "convoke");
  CHECK(lines.front() == "? approval: step 2: Well?");
  CHECK(json["questions"][2]["commands"][0] == "convoke clarify s~p1 \"…\"");
}

TEST_CASE("answers: work goes on as long as a step is carried out that no question holds up") {
  Watching watching;
  CHECK_FALSE(watching.show.working());
  watching.plan();
  watching.ask("h1", "approval", "p1s2");
  CHECK(watching.show.working());
  watching.ask("h2", "input", "p1s1");
  CHECK_FALSE(watching.show.working());
  watching.event({{"kind", "request_closed"}, {"data", {{"request", "h2"}}}});
  CHECK(watching.show.working());
}

TEST_CASE("answers: words are quoted for the shell where they need it") {
  CHECK(shell_word("s~p1") == "s~p1");
  CHECK(shell_word("/a b") == "'/a b'");
  CHECK(shell_word("it's") == "'it'\\''s'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("append-only file: damage is told from a last write that was cut off") {
  using Kind = AofVerdict::Kind;
  CHECK(verdict_of(true, "All AOF files and manifest are valid\n").kind == Kind::whole);
  const auto damaged = verdict_of(false, "Start to check INCR files.\nAOF appendonly.aof.1.incr.aof format error\nAOF … is not valid.\n");
  CHECK(damaged.kind == Kind::damaged);
  CHECK(damaged.reason == "AOF appendonly.aof.1.incr.aof format error");
  const std::string end = "AOF appendonly.aof.1.incr.aof is not valid. Use the --fix option to try fixing it.\n";
  CHECK(verdict_of(false, "0x 14: Expected \\r\\n, got: 2433\n" + end).kind == Kind::damaged);
  CHECK(verdict_of(false, "0x 32: Expected \\r\\n, got: 0d00\n" + end).kind == Kind::cut);
  CHECK(verdict_of(false, "0x 4a: Expected to read 3 bytes, got 0 bytes\n" + end).kind == Kind::cut);
  CHECK(verdict_of(false, end).kind == Kind::cut);
  CHECK(verdict_of(false, "[offset 89] Checksum OK\n[offset 89] \\o/ RDB looks OK! \\o/\n" + end).kind == Kind::cut);
  CHECK(verdict_of(false, "[offset 22] Unexpected EOF reading RDB file\n").kind == Kind::damaged);
  CHECK(verdict_of(false, "").kind == Kind::damaged);
}
