#include "api/native/conversation_spans.hpp"

#include <catch2/catch.hpp>

using namespace convoke;
using namespace convoke::api;

namespace {

wire::SpanT span(std::string name, std::uint64_t trace, const std::string& about = {}) {
  wire::SpanT made;
  made.name = std::move(name);
  made.trace_lo = trace;
  if (!about.empty()) made.attributes = dump({{"convoke.about", about}});
  return made;
}

std::vector<std::string> names(const Json& spans) {
  std::vector<std::string> found;
  for (const auto& each : spans) found.push_back(each["name"]);
  return found;
}

}  // namespace

TEST_CASE("trace: a conversation has the spans of its runs, and of what people decided in it, door and all") {
  ConversationSpans its("s1~t1");
  wire::EventT event;
  event.trace = wire::Trace(0, 1, 5, 1);
  event.run = "s1~r1";
  event.plan = "s1~p1";
  its.see(event);
  event.kind = wire::EventKind::request_opened;
  event.data = R"({"request":"s1~h1"})";
  its.see(event);
  event.kind = wire::EventKind::dead_letter;
  event.data = R"({"id":"s1~x1"})";
  its.see(event);
  event.data = "{broken";
  its.see(event);
  auto of_the_run = span("turn", 9);
  of_the_run.run = "s1~r1";
  const std::vector<wire::SpanT> spans{span("command CreateTask", 1),
                                       of_the_run,
                                       span("POST /plans/{id}/decide", 2),
                                       span("command Decide", 2, "s1~p1"),
                                       span("commit", 2),
                                       span("command AnswerRequest", 3, "s1~h1"),
                                       span("command SettleLetter", 4, "s1~x1"),
                                       span("command Cancel", 6, "s1~r1"),
                                       span("command Post", 7, "s1~d1"),
                                       span("commit", 7),
                                       span("command Decide", 8, "s1~p2"),
                                       span("command DeleteSession", 10)};
  CHECK(names(its.among(spans)) == std::vector<std::string>{"command CreateTask", "turn", "POST /plans/{id}/decide", "command Decide",
                                                            "commit", "command AnswerRequest", "command SettleLetter", "command Cancel"});
}
