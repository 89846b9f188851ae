#include "api/common/fields.hpp"

#include <catch2/catch.hpp>

#include "api/common/actions.hpp"
#include "core/id.hpp"

using namespace convoke;
using namespace convoke::api;

namespace {

Fields fields(std::string_view body) {
  auto parsed = Fields::parse(body, {});
  REQUIRE(parsed);
  return std::move(*parsed);
}

const ActionContext context{"ann", "k1", "company"};

std::string mistake(std::string_view verb, std::string_view body) {
  auto input = fields(body);
  const auto action = parse_action(verb, input, context);
  REQUIRE_FALSE(action);
  CHECK(action.error().code == Fault::invalid);
  return action.error().message;
}

Action good(std::string_view verb, std::string_view body) {
  auto input = fields(body);
  auto action = parse_action(verb, input, context);
  if (!action) FAIL(action.error().message);
  return std::move(*action);
}

}  // namespace

TEST_CASE("fields: what is no JSON, too deep or not UTF-8 is refused before it is read") {
  CHECK(Fields::parse("{\"a\":", {}).error().code == Fault::malformed);
  CHECK(Fields::parse("{\"a\":\"\xFF\"}", {}).error().message.find("byte 6") != std::string::npos);
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(Fields::parse(deep, {}).error().code == Fault::invalid);
  CHECK(Fields::parse("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[\"}", {}).has_value());
  CHECK_FALSE(fields("[1]").status());
  const auto large = Fields::parse(R"({"a": "1e99999", "b": [1e99999, 2]})", {}).error();
  CHECK(large.code == Fault::invalid);
  CHECK(large.message == "the body has a number that is too large: it ends at byte 30");
  CHECK(Fields::parse("-1e99999", {}).error().message == "the body has a number that is too large: it ends at byte 8");
  CHECK(Fields::parse(R"({"a": 1e-99999})", {}).has_value());
}

TEST_CASE("fields: every wrong field is named, with what was expected and found") {
  auto input = fields(R"({"a": 1, "b": "x", "c": -1, "d": "1", "e": ["ok", 2], "f": null, "g": "zz", "h": "bad id", "i": ""})");
  input.text("a", Need::required);
  input.boolean("b", Need::required);
  input.number("c", Need::optional);
  input.number("d", Need::optional);
  input.ids("e");
  CHECK(input.text("f", Need::optional).empty());
  input.text("f", Need::required);
  input.uuid("g");
  input.id("h", Need::required);
  input.id("i", Need::optional);
  CHECK(input.id("f", Need::optional).empty());
  const auto text = input.status().error().message;
  for (const auto* part : {"a: expected text, found number", "b: expected true or false, found string", "c: expected a whole number from 0",
                           "d: expected a whole number from 0, found string", "e: element 1: expected an id", "f: missing",
                           "g: expected a UUID", "h: expected an id", "i: expected text, found nothing"})
    CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("fields: text has a bound and blank text is no text") {
  const InputLimits limits{8, 32, 4};
  auto input = *Fields::parse(R"({"long": "123456789", "blank": "  ", "fits": "12345678"})", limits);
  input.text("long", Need::required);
  input.text("blank", Need::required);
  CHECK(input.text("fits", Need::required) == "12345678");
  CHECK(input.status().error().message.find("long: longer than 8 bytes (9)") != std::string::npos);
  CHECK(input.status().error().message.find("blank: expected text, found nothing") != std::string::npos);
}

TEST_CASE("actions: a task goes to the session named, else to the one that its key makes") {
  CHECK(good("task", R"({"description": "x", "session_id": "sid_1"})").scope == "s:sid_1");
  const auto first = good("task", R"({"description": "x"})");
  CHECK(first.session == to_string(session_for_key("ann", "k1")));
  CHECK(first.body.AsCreateTask()->team == "company");
  CHECK(first.body.AsCreateTask()->policy == wire::ApprovalPolicy::team);
  CHECK(good("task", R"({"description": "x", "policy": "none"})").body.AsCreateTask()->policy == wire::ApprovalPolicy::none);
  CHECK(mistake("task", "{}") == "description: missing");
  CHECK(mistake("task", R"({"description": "x", "session_id": "a~b"})").starts_with("session_id: "));
  CHECK(mistake("task", R"({"description": "x", "policy": "never"})").starts_with("policy: expected one of team, each_step"));
}

TEST_CASE("actions: an agent is named with or without its team") {
  const auto plain = good("chat", R"({"agent": "HrAgent", "text": "hi"})");
  CHECK(plain.body.AsOpenChat()->agent == "company.HrAgent");
  const auto full = good("chat", R"({"agent": "bakery.Baker"})");
  CHECK(full.body.AsOpenChat()->team == "bakery");
  CHECK(mistake("chat", R"({"agent": "a.b.c/d"})").starts_with("agent: "));
}

TEST_CASE("actions: a chat may be opened without a text, but nobody says nothing") {
  CHECK(good("chat", R"({"agent": "HrAgent"})").body.AsOpenChat()->text.empty());
  CHECK(mistake("chat", R"({"agent": "HrAgent", "text": ""})") == "text: expected text, found nothing");
  CHECK(mistake("chat", R"({"agent": "HrAgent", "text": " \n"})") == "text: expected text, found nothing");
  CHECK(mistake("post", R"({"conversation": "s~d1", "text": ""})") == "text: expected text, found nothing");
}

TEST_CASE("actions: what names a plan, request or letter goes to its session") {
  const auto decide = good("decide", R"({"plan": "s1~p1", "approved": true, "revision": 3, "comment": "go"})");
  CHECK(decide.scope == "s:s1");
  CHECK(decide.about == "s1~p1");
  CHECK(decide.body.AsDecide()->revision == 3);
  CHECK(mistake("decide", R"({"plan": "s1~p1", "approved": true})") == "revision: missing");
  CHECK(mistake("decide", R"({"plan": "s1~p1", "approved": true, "revision": 4294967299})") == "revision: expected at most 4294967295");
  CHECK(mistake("decide", R"({"plan": "s1~p1", "approved": true, "steps": ["a", "b"], "updated_action": "x"})") ==
        "updated_action: goes with exactly one step");
  CHECK(mistake("decide", R"({"plan": "s1~p1", "approved": false, "steps": ["a"], "updated_action": "x"})")
            .starts_with("updated_action: goes with `approved`: true"));
  CHECK(mistake("decide", R"({"plan": "s1~p1", "steps": ["a"], "updated_action": "x"})") == "approved: missing");
  CHECK(good("post", R"({"conversation": "s1~d1", "text": "hi"})").scope == "s:s1");
  CHECK(good("clarify", R"({"plan": "s1~p1", "text": "Monday"})").session == "s1");
  CHECK(good("answer", R"({"request": "s1~q1", "approved": false})").body.AsAnswerRequest()->approved == false);
  CHECK(good("answer", R"({"request": "s1~q1", "approved": false})").about == "s1~q1");
  CHECK_FALSE(good("answer", R"({"request": "s1~q1", "approved": false})").body.AsAnswerRequest()->undecided);
  CHECK(good("answer", R"({"request": "s1~q1", "text": "no"})").body.AsAnswerRequest()->undecided);
  CHECK(mistake("answer", R"({"request": "s1~q1"})").starts_with("text: "));
  CHECK(mistake("cancel", R"({})") == "plan: name either a plan or a run");
  CHECK(good("letter", R"({"letter": "s1~l1", "action": "drop"})").body.AsSettleLetter()->action == wire::LetterAction::drop);
  CHECK(mistake("letter", R"({"letter": "s1~l1"})").starts_with("action: "));
  auto input = fields("{}");
  CHECK(parse_action("dance", input, context).error().code == Fault::not_found);
}

TEST_CASE("actions: what is there and empty is refused; only its absence means the usual, or all") {
  CHECK(mistake("task", R"({"description": "x", "session_id": ""})") == "session_id: expected text, found nothing");
  CHECK(mistake("task", R"({"description": "x", "team": ""})") == "team: expected text, found nothing");
  CHECK(mistake("decide", R"({"plan": "s1~p1", "approved": true, "revision": 1, "steps": []})") ==
        "steps: expected at least one id, found none");
  auto input = fields(R"({"session_id": "", "after_id": "", "none": null})");
  input.session("session_id", Need::optional);
  input.uuid("after_id");
  input.session("none", Need::optional);
  CHECK(input.status().error().message == "session_id: expected text, found nothing; after_id: expected text, found nothing");
}

TEST_CASE("actions: the hash depends on the request, not on how it is written") {
  const auto one = hash_of("task", *parse_json(R"({"a": 1, "b": {"c": 2, "d": 3}})", 9));
  CHECK(one.size() == 16);
  CHECK(one == hash_of("task", *parse_json(R"({"b": {"d": 3, "c": 2},   "a": 1})", 9)));
  CHECK(one != hash_of("task", *parse_json(R"({"a": 2, "b": {"c": 2, "d": 3}})", 9)));
  CHECK(one != hash_of("chat", *parse_json(R"({"a": 1, "b": {"c": 2, "d": 3}})", 9)));
  CHECK(is_key("abc-1"));
  CHECK_FALSE(is_key("a b"));
  CHECK_FALSE(is_key(""));
}

TEST_CASE("fields: a whole number is digits alone, up to what is allowed") {
  CHECK(whole_number("0", "from") == 0u);
  CHECK(whole_number("18446744073709551615", "from") == 18446744073709551615u);
  CHECK(whole_number("4294967295", "version", 4294967295) == 4294967295u);
  for (const auto* text : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"}) CHECK_FALSE(whole_number(text, "from"));
  for (const auto* text : {"0", "1001"})
    CHECK(whole_number(text, "limit", 1'000, 1).error().message ==
          "limit: expected a whole number from 1 to 1000, found `" + std::string(text) + "`");
  CHECK(whole_number("4294967297", "version", 4294967295).error().message ==
        "version: expected a whole number from 0 to 4294967295, found `4294967297`");
}
