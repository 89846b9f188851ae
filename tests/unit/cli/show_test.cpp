#include "cli/show.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <sstream>
#include <thread>

#include "cli/standard_output.hpp"

using namespace convoke::cli;

namespace {

struct Screen {
  std::ostringstream text;
  std::ostringstream errors;
  Output out{text, errors, false, false, false};
  Show show{out};

  void event(int seq, const std::string& kind, Json more) {
    Json event{{"seq", seq}, {"id", "e"}, {"kind", kind}, {"author", "agent/company.HrAgent"}};
    event.update(more);
    show.frame({{"type", "event"}, {"conversation", "s~t1"}, {"event", event}});
  }
  void delta(const std::string& message, int attempt, const std::string& piece, const std::string& author = "agent/company.HrAgent") {
    show.frame({{"type", "delta"}, {"delta", {{"message", message}, {"author", author}, {"attempt", attempt}, {"text", piece}}}});
  }
};

}  // namespace

TEST_CASE("show: a message streams once, whatever its pieces were") {
  Screen screen;
  screen.delta("m1", 1, "Hel");
  screen.delta("m1", 1, "lo");
  screen.event(1, "message", {{"message", "m1"}, {"text", "Hello there"}});
  CHECK(screen.text.str() == "HrAgent: Hello there\n");
}

TEST_CASE("show: what comes again after a lost connection is not said twice") {
  Screen screen;
  const auto piece = [&](int offset, const std::string& text) {
    screen.show.frame(
        {{"type", "delta"},
         {"delta", {{"message", "m1"}, {"author", "agent/company.HrAgent"}, {"attempt", 1}, {"offset", offset}, {"text", text}}}});
  };
  piece(0, "Grüß");
  piece(0, "Grüß Gott");
  piece(3, "ß G");
  piece(11, ", Jessica");
  screen.event(1, "message", {{"message", "m1"}, {"text", "Grüß Gott, Jessica."}});
  CHECK(screen.text.str() == "HrAgent: Grüß Gott, Jessica.\n");
}

TEST_CASE("show: what is said while another one streams comes after it, whole") {
  Screen screen;
  screen.delta("m1", 1, "One");
  screen.delta("m2", 1, "Two", "agent/company.TechSupportAgent");
  screen.event(1, "message", {{"message", "m1"}, {"text", "One."}});
  screen.event(2, "message", {{"message", "m2"}, {"text", "Two."}, {"author", "agent/company.TechSupportAgent"}});
  CHECK(screen.text.str() == "HrAgent: One.\nTechSupportAgent: Two.\n");
}

TEST_CASE("show: lines about other things wait for the end of what is being said, but not for long") {
  const auto step = [](Screen& screen) {
    screen.event(1, "step_changed",
                 {{"step", "p1s2"}, {"data", {{"number", "2"}, {"agent", "company.HrAgent"}, {"action", "b"}, {"status", "completed"}}}});
  };
  Screen screen;
  screen.delta("m1", 1, "Hel");
  step(screen);
  screen.event(2, "message", {{"message", "m2"}, {"text", "Aside."}, {"author", "agent/company.ProductAgent"}});
  screen.delta("m1", 1, "lo");
  screen.event(3, "message", {{"message", "m1"}, {"text", "Hello"}});
  CHECK(screen.text.str() == "HrAgent: Hello\n  ✓ step 2 completed · HrAgent\nProductAgent: Aside.\n");

  Screen silent;
  silent.delta("m1", 1, "Hel");
  step(silent);
  silent.show.progress(5'000);
  silent.show.progress(5'900);
  CHECK(silent.text.str() == "HrAgent: Hel");
  silent.show.progress(6'000);
  CHECK(silent.text.str() == "HrAgent: Hel\n  ✓ step 2 completed · HrAgent\n");

  Screen ended;
  ended.delta("m1", 1, "Hel");
  step(ended);
  ended.event(2, "run_ended", {{"run", "r1"}, {"data", {{"stop_reason", "cancelled"}}}});
  CHECK(ended.text.str().find("step 2 completed") != std::string::npos);
}

TEST_CASE("show: a message begun anew says so, and its final text is whole") {
  Screen screen;
  screen.delta("m1", 1, "wro");
  screen.delta("m1", 2, "rig");
  screen.event(1, "message", {{"message", "m1"}, {"text", "right"}});
  CHECK(screen.text.str() == "HrAgent: wro\n(begun anew)\nHrAgent: right\n");
}

TEST_CASE("show: the plan, its steps and the end of the run") {
  Screen screen;
  screen.event(1, "plan_proposed",
               {{"text", "Two steps"},
                {"data",
                 {{"revision", 3},
                  {"steps",
                   {{{"id", "p1s1"}, {"action", "Do A"}, {"agent", "company.HrAgent"}, {"status", "awaiting_feedback"}},
                    {{"id", "p1s2"}, {"action", "Do B"}, {"agent", "company.ProductAgent"}, {"status", "planned"}}}}}}});
  CHECK(screen.show.revision() == 3);
  CHECK(screen.show.step_label("p1s2") == "2");
  screen.event(2, "request_opened", {{"plan", "p1"}, {"step", "p1s1"}, {"data", {{"request", "h1"}, {"kind", "approval"}}}});
  CHECK(screen.show.questions().size() == 1);
  screen.event(3, "request_closed", {{"data", {{"request", "h1"}, {"outcome", "approved"}}}});
  CHECK(screen.show.questions().empty());
  screen.event(4, "step_changed",
               {{"step", "p1s1"}, {"data", {{"status", "completed"}, {"agent", "company.HrAgent"}, {"action", "Do A"}}}});
  screen.event(5, "run_ended", {{"run", "r1"}, {"data", {{"stop_reason", "completed"}}}});
  CHECK(screen.show.ended_run() == "r1");
  CHECK(screen.show.completed());
  const auto text = screen.text.str();
  CHECK(text.find("Plan: Two steps") != std::string::npos);
  CHECK(text.find("2. ProductAgent Do B") != std::string::npos);
  CHECK(text.find("step 1 completed") != std::string::npos);
}

TEST_CASE("show: a step has the number that it has in its plan, whether the plan was seen or not") {
  Screen screen;
  screen.event(7, "step_changed",
               {{"step", "p1s2"},
                {"plan", "p1"},
                {"data", {{"number", "2"}, {"status", "completed"}, {"agent", "company.HrAgent"}, {"action", "Do B"}}}});
  CHECK(screen.text.str().find("step 2 completed") != std::string::npos);
  CHECK(screen.show.step_label("p1s2") == "2");
}

TEST_CASE("show: what is recalled is known and not printed; a task is at rest once its log is read and its last run has ended") {
  Screen screen;
  const auto event = [](int seq, const std::string& kind, Json data) {
    return Json{{"seq", seq}, {"id", "e"}, {"kind", kind}, {"run", "r1"}, {"plan", "p1"}, {"step", "p1s1"}, {"data", std::move(data)}};
  };
  screen.show.recall(event(1, "plan_proposed", {{"revision", 1}, {"steps", {{{"id", "p1s1"}, {"action", "A"}, {"agent", "a.B"}}}}}));
  screen.show.recall(event(2, "request_opened", {{"request", "h1"}, {"kind", "approval"}}));
  CHECK(screen.text.str().empty());
  CHECK(screen.show.step_label("p1s1") == "1");
  CHECK(screen.show.questions().size() == 1);
  screen.show.frame({{"type", "subscribed"}, {"head", 3}});
  CHECK_FALSE(screen.show.at_rest(4));
  screen.show.recall(event(3, "run_ended", {{"stop_reason", "completed"}}));
  CHECK_FALSE(screen.show.at_rest(3));
  CHECK(screen.show.at_rest(4));
  screen.event(4, "message", {{"run", "r2"}, {"text", "Another run"}});
  CHECK_FALSE(screen.show.at_rest(5));
}

TEST_CASE("output: what came from outside cannot steer the terminal") {
  CHECK(safe("a\033[2Jb\rc\xC2\x9B"
             "d\ne") == "a?[2Jb?c?d\ne");
  // Nor make it show words in another order than they were said.
  CHECK(safe("a\u061C\u200E\u200F\u202A\u202Eb\u2066\u2069c\xC2") == "a?????b??c\xC2");
  CHECK(safe("\u0629 \u200D \u2029 \u202F \u2065 \u206A \u00A0") == "\u0629 \u200D \u2029 \u202F \u2065 \u206A \u00A0");
  Screen screen;
  screen.event(1, "message", {{"message", "m"}, {"text", "\033]0;x\007\u202E"}});
  CHECK(screen.text.str().find('\033') == std::string::npos);
  CHECK(screen.text.str().find("\u202E") == std::string::npos);
}

TEST_CASE("output: tables align by characters, long text is cut") {
  const auto lines = table({"A", "B"}, {{"ü", "x"}, {"long", "y"}});
  CHECK(lines[1] == "ü     x");
  CHECK(lines[2] == "long  y");
  CHECK(brief("one\ntwo", 20) == "one");
  CHECK(brief("übergross", 4) == "übe…");
  CHECK(duration_text(350) == "350 ms");
  CHECK(duration_text(125'000) == "2 min 5 s");
}

TEST_CASE("output: what is drawn on a terminal is cut to its width, and nothing elsewhere") {
  const std::string spoken(200, 'x');
  const auto longest = [](const std::string& text) {
    std::size_t most = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find_first_of("\r\n", at), text.size());
      auto line = text.substr(at, end - at);
      if (line.starts_with("\033[K")) line.erase(0, 3);
      most = std::max(most, width_of(line));
      at = end + 1;
    }
    return most;
  };
  for (const std::size_t columns : {20, 100}) {
    std::ostringstream text;
    Output out(text, text, true, false, false);
    out.fix_width(columns);
    out.progress("⣾ wärtet · " + spoken);
    CHECK(longest(text.str()) == columns - 1);
    CHECK(text.str().ends_with("…"));
    text.str({});
    out.rows(table({"A", "B"}, {{"ü", spoken}}));
    CHECK(longest(text.str()) == columns);
  }
  std::ostringstream dumb;
  Output teletype(dumb, dumb, true, false, false);
  teletype.leave_out_progress();
  teletype.progress("⣾ waits");
  teletype.line("said");
  CHECK(dumb.str() == "said\n");
  std::ostringstream text;
  Output pipe(text, text, false, false, false);
  pipe.fix_width(20);
  pipe.rows({spoken});
  CHECK(text.str() == spoken + "\n");
}

TEST_CASE("output: what cannot be written is noticed, and told once") {
  std::ostringstream errors;
  DescriptorStream full(::open("/dev/full", O_WRONLY));
  Output out(full, errors, false, false, true);
  std::vector<int> told;
  out.on_write_error([&](int error) { told.push_back(error); });
  CHECK(out.write_error() == 0);
  out.value({{"a", 1}});
  out.line("more");
  CHECK(out.write_error() == ENOSPC);
  CHECK(told == std::vector{ENOSPC});
}

TEST_CASE("output: a pipe without a reader is noticed; one that is full and does not block is waited for") {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe2(ends, O_NONBLOCK) == 0);
  CHECK_FALSE(is_reader_gone(ends[1]));
  DescriptorStream pipe(ends[1]);
  const std::string much(300'000, 'x');
  std::size_t read = 0;
  std::jthread reader([&] {
    std::string bytes(4096, ' ');
    while (read < much.size()) {
      const auto count = ::read(ends[0], bytes.data(), bytes.size());
      if (count > 0) read += static_cast<std::size_t>(count);
    }
  });
  pipe << much << std::flush;
  reader.join();
  CHECK(pipe.good());
  CHECK(read == much.size());
  ::close(ends[0]);
  CHECK(is_reader_gone(ends[1]));
  std::ostringstream errors;
  Output out(pipe, errors, false, false, false);
  out.line("x");
  CHECK(out.write_error() == EPIPE);
  ::close(ends[1]);
}

TEST_CASE("show: a cancelled step without a reason ends without a colon") {
  Screen screen;
  screen.event(1, "step_changed",
               {{"step", "p1s1"}, {"data", {{"number", "1"}, {"agent", "company.HrAgent"}, {"action", "a"}, {"status", "cancelled"}}}});
  CHECK(screen.text.str() == "  ✗ step 1 cancelled · HrAgent\n");
}

TEST_CASE("show: frames that are not what they should be are shown as far as they go, and write nothing but text") {
  Screen screen;
  for (const auto* text :
       {R"({"type":"event"})", R"({"type":"event","event":7})", R"({"type":"event","event":{"kind":"step_changed"}})",
        R"({"type":"event","event":{"kind":"step_changed","step":"\u001b[2J","data":{"agent":"a.\u001b[2J","status":"\u001b[2J"}}})",
        R"({"type":"event","event":{"kind":"plan_proposed","data":{"revision":"x","steps":[7,{"agent":"\u0007"}]}}})",
        R"({"type":"event","event":{"kind":"message","author":"user/\u001b[2J","text":"\u001b[2J"}})",
        R"({"type":"event","event":{"kind":"request_opened","seq":"x","data":{"request":"\u001b[2J","kind":"\u001b[2J"}}})",
        R"({"type":"delta","delta":{"attempt":"x","offset":-1,"text":"t"}})", R"({"type":"subscribed","head":-1})"})
    CHECK_NOTHROW(screen.show.frame(Json::parse(text)));
  for (const auto& line : agent_lines(Json::parse(R"({"queues":[7,{"agent":"\u001b[2J","replicas":"x"}]})"))) screen.out.line(line);
  CHECK(agent_lines(Json::object()).size() == 1);
  CHECK_FALSE(is_whole(Json::parse(R"({"partitions_held":"x"})")));
  CHECK(std::ranges::none_of(screen.text.str(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }));
}

TEST_CASE("show: agents of a team without a worker are in the directory too") {
  Json directory = Json::parse(R"({"replicas": [{"teams": [{"team": "bakery", "version": 2}]}],
                                   "queues": [{"agent": "office.Clerk", "replicas": 1}, {"agent": "system.planner", "replicas": 1}]})");
  CHECK(teams_in(directory) == std::set<std::string>{"bakery", "office"});
  add_absent_agents(directory, Json::parse(R"({"team": "office", "definition": {"agents": [{"name": "Clerk", "kind": "specialist"},
      {"name": "Porter", "kind": "generic"}, {"name": "Boss", "kind": "human"}]}})"));
  const auto lines = agent_lines(directory);
  REQUIRE(lines.size() == 4);
  CHECK(lines[1].starts_with("office.Clerk    1 "));
  CHECK(lines[2].starts_with("office.Porter   0 "));
  CHECK(lines[3].starts_with("system.planner"));
  Json nothing = Json::object();
  CHECK(teams_in(nothing).empty());
  add_absent_agents(nothing, Json::parse(R"({"team": "x"})"));
  CHECK(agent_lines(nothing).size() == 1);
  Json rubbish = Json::parse(R"({"replicas": [7, {"teams": 7}], "queues": {"agent": 7}})");
  CHECK(teams_in(rubbish).empty());
  add_absent_agents(rubbish, Json::parse(R"({"team": 7, "definition": {"agents": [7]}})"));
  CHECK(agent_lines(rubbish).size() == 2);
}
