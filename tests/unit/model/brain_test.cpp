#include "model/brain.hpp"

#include <catch2/catch.hpp>

#include "catalogues.hpp"
#include "model/task.hpp"

using namespace convoke;
using namespace convoke::model;
using Json = nlohmann::ordered_json;
using Plain = nlohmann::json;  // compares without regard to order

namespace {

const Day today = *parse_iso("2026-11-20");

ChatRequest request_of(std::vector<llm::Message> messages) {
  ChatRequest request;
  request.messages = std::move(messages);
  return request;
}

Json openai_tools() {
  auto list = Json::array();
  for (const auto& agent : hotel_json()["agents"]) {
    for (const auto& entry : agent["tools"]) list.push_back({{"type", "function"}, {"function", entry}});
  }
  list.push_back({{"type", "function"},
                  {"function",
                   {{"name", "ask_human"},
                    {"description", "Asks a person and waits."},
                    {"parameters", {{"type", "object"}, {"properties", {{"question", text_parameter}}}, {"required", {"question"}}}}}}});
  return list;
}

llm::Message user(const std::string& text) { return {.role = llm::Role::user, .content = text}; }

}  // namespace

TEST_CASE("model brain: plans in the schema that is asked for") {
  Brain brain;
  auto request = request_of(
      {{.role = llm::Role::system, .content = "Plan.\n```json\n" + hotel_json().dump() + "\n```\n"}, user("Goal: Bake 3 plum cakes")});
  request.format = Format::json_schema;
  request.schema = Json::parse(
      R"({"type":"object","properties":{"steps":{"type":"array","items":{"type":"object","properties":{"action":{},"agent":{},"arguments":{"type":"string"}}}},
                                   "human_clarification_request":{"type":["string","null"]}}})");
  const auto plan = Json::parse(brain.answer(request, today).content);
  REQUIRE(plan["steps"].size() == 1);
  CHECK(plan["steps"][0]["agent"] == "Kitchen");
  CHECK_FALSE(plan["steps"][0].contains("depends_on"));
  CHECK(Json::parse(plan["steps"][0]["arguments"].get<std::string>())["cake_type"] == "plum");
  CHECK(plan["human_clarification_request"].is_null());
  CHECK_FALSE(plan.contains("initial_goal"));
}

TEST_CASE("model brain: calls the function that the action names, with the goal's help") {
  Brain brain;
  auto request =
      request_of({user("<conversation_history>\ns~1: Look.\nReception replied: Nothing.\n</conversation_history>\nGoal: Check in Ada "
                       "Byron\nCharge a fee of 12 euros. Function: charge_fee")});
  request.tools = openai_tools();
  const auto response = brain.answer(request, today);
  REQUIRE(response.tool_calls.size() == 1);
  CHECK(response.tool_calls[0].name == "charge_fee");
  CHECK(Plain::parse(response.tool_calls[0].arguments) == Plain({{"amount", 12.0}, {"guest_name", "Ada Byron"}}));
  CHECK(brain.answer(request, today) == response);
}

TEST_CASE("model brain: asks a person for what is missing, and goes on with the answer") {
  Brain brain;
  auto request = request_of({user("Reserve a room for Ada Byron. Function: reserve_room")});
  request.tools = openai_tools();
  const auto question = brain.answer(request, today);
  REQUIRE(question.tool_calls.size() == 1);
  CHECK(question.tool_calls[0].name == "ask_human");
  request.messages.push_back(llm::as_message(question));
  request.messages.push_back({.role = llm::Role::tool, .content = "On 5 December", .tool_call_id = question.tool_calls[0].id});
  const auto call = brain.answer(request, today);
  REQUIRE(call.tool_calls.size() == 1);
  CHECK(Json::parse(call.tool_calls[0].arguments)["date"] == "2026-12-05");
}

TEST_CASE("model brain: without a way to ask, the question is the answer") {
  Brain brain;
  auto request = request_of({user("Reserve a room for Ada Byron")});
  request.tools = openai_tools();
  request.tools.erase(request.tools.size() - 1);
  const auto question = brain.answer(request, today);
  CHECK(question.tool_calls.empty());
  CHECK(question.content.find("date") != std::string::npos);
  request.messages.push_back(llm::as_message(question));
  request.messages.push_back(user("tomorrow"));
  const auto call = brain.answer(request, today);
  REQUIRE(call.tool_calls.size() == 1);
  CHECK(Plain::parse(call.tool_calls[0].arguments) == Plain({{"guest_name", "Ada Byron"}, {"date", "2026-11-21"}}));
}

TEST_CASE("model brain: answers from results, verbatim, with a summary") {
  Brain brain;
  const auto request = request_of({user("Bake"),
                                   {.role = llm::Role::assistant, .tool_calls = {{"c1", "bake_cake", "{}"}}},
                                   {.role = llm::Role::tool, .content = "##### Baked\n\n**3** cakes", .tool_call_id = "c1"}});
  const auto content = brain.answer(request, today).content;
  CHECK(content.starts_with("##### Baked\n\n**3** cakes\n\n"));
  CHECK(content.find("AGENT SUMMARY: Bake cake: Baked.") != std::string::npos);
}

TEST_CASE("model brain: a failed tool is not reported as done") {
  Brain brain;
  const auto request = request_of({user("Bake"),
                                   {.role = llm::Role::assistant, .tool_calls = {{"c1", "bake_cake", "{}"}}},
                                   {.role = llm::Role::tool, .content = "Error: the oven is cold", .tool_call_id = "c1"}});
  CHECK(brain.answer(request, today).content.find("This did not work") != std::string::npos);
}

TEST_CASE("model brain: what wants information is given the earlier results") {
  Brain brain;
  auto request =
      request_of({user("<conversation_history>\ns~1: Get hotel info\nReception replied: The pool is open.\nAGENT SUMMARY: "
                       "told.\n</conversation_history>\nWrite the menu about it. Function: write_menu")});
  request.tools = openai_tools();
  const auto response = brain.answer(request, today);
  REQUIRE(response.tool_calls.size() == 1);
  CHECK(Json::parse(response.tool_calls[0].arguments)["key_information"] == "The pool is open.");
}

TEST_CASE("model brain: earlier results take the place of nothing that was said") {
  Brain brain;
  const auto information = [&](const std::string& action) {
    auto request =
        request_of({user("<conversation_history>\ns~1: Park the car\nGarage replied: The car of the pool is parked.\n"
                         "</conversation_history>\n" +
                         action + " Function: write_menu")});
    request.tools = openai_tools();
    const auto response = brain.answer(request, today);
    REQUIRE(response.tool_calls.size() == 1);
    return Json::parse(response.tool_calls[0].arguments)["key_information"].get<std::string>();
  };
  CHECK(information("Write the menu saying that breakfast is at 7.").starts_with("breakfast is at 7"));
  CHECK(information("Write the menu. Key information: breakfast is at 7") == "breakfast is at 7");
  CHECK(information("Write the menu about the results.").contains("is parked"));
  // A topic stays, and has behind it what was found out about it.
  CHECK(information("Write the menu about our pool.") == "pool\n\nThe car of the pool is parked.");
  CHECK(information("Write the menu about our breakfast.") == "breakfast");
}

TEST_CASE("model brain: fills other schemas from the text") {
  Brain brain;
  auto request = request_of({user("The invoice is wrong, please do not pay 40 euros to Ada Byron")});
  request.format = Format::json_schema;
  request.schema = Json::parse(
      R"({"type":"object","properties":{"topic":{"enum":["greeting","billing","weather"]},"allowed":{"type":"boolean"},"amount":{"type":"integer","maximum":30},
                                   "person":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}}})");
  const auto json = Json::parse(brain.answer(request, today).content);
  CHECK(json["topic"] == "billing");
  CHECK(json["allowed"] == false);
  CHECK(json["amount"] == 30);
  CHECK(json["person"] == "Ada Byron");
  CHECK(json["tags"].is_array());
}

TEST_CASE("model brain: says what it is when it cannot help") {
  Brain brain;
  CHECK(brain.answer(request_of({user("Compose a symphony")}), today).content.find("not a language model") != std::string::npos);
  CHECK_FALSE(brain.answer(request_of({}), today).content.empty());
}

TEST_CASE("model task: a reply that quotes a question asks nothing") {
  Brain brain;
  auto request = request_of({user("ann says: What can you do?")});
  request.tools = openai_tools();
  const auto reply = brain.answer(request, today).content;
  REQUIRE(reply.find("What can you do?") != std::string::npos);
  const auto task =
      task_of({user("ann says: What can you do?"), {.role = llm::Role::assistant, .content = reply}, user("bob says: Bake 3 plum cakes")});
  CHECK(task.action == "Bake 3 plum cakes");
  CHECK(task.answers.empty());
}

TEST_CASE("model brain: today is what the system message says") {
  Brain brain;
  auto request = request_of(
      {{.role = llm::Role::system, .content = "You are Reception.\nToday is 2030-01-01."}, user("Reserve a room for Ada Byron tomorrow")});
  request.tools = openai_tools();
  CHECK(Json::parse(brain.answer(request, today).tool_calls.at(0).arguments)["date"] == "2030-01-02");
}

TEST_CASE("model task: comment, goal of several lines and action are told apart") {
  const auto task =
      task_of({user("<conversation_history>\nThe person was asked: When?\nThe person answered: on Monday\n</conversation_history>\nComment "
                    "of the person who approved this step: quickly\nGoal: one\ntwo\nDo it. Function: go")});
  CHECK(task.action == "Do it.");
  CHECK(task.function == "go");
  CHECK(task.goal == "one\ntwo");
  CHECK(task.answers == std::vector<std::string>{"on Monday", "quickly"});
}

TEST_CASE("model brain: a plan for a very long goal stays within the tokens that it may have") {
  Brain brain;
  std::string goal;
  for (int i = 0; i < 2300; ++i) goal += "lorem ipsum dolor sit amet ";
  for (const std::string end : {"Please park the car with licence number B-AB 1234.", ""}) {
    INFO(end);
    auto request = request_of(
        {{.role = llm::Role::system, .content = "Plan.\n```json\n" + hotel_json().dump() + "\n```\n"}, user("Goal: " + goal + end)});
    request.format = Format::json_schema;
    request.schema = Json::parse(
        R"({"type":"object","properties":{"initial_goal":{"type":"string"},"steps":{"type":"array","items":{"type":"object","properties":{"action":{},"agent":{},"function":{}}}}}})");
    request.max_tokens = 400;
    auto response = brain.answer(request, today);
    CHECK(cut(response, request).finish == llm::Finish::stop);
    const auto plan = Json::parse(response.content);
    REQUIRE(plan["steps"].size() == 1);
    CHECK(plan["steps"][0]["function"] == (end.empty() ? "" : "park_car"));
    if (!end.empty()) CHECK(plan["steps"][0]["action"].get<std::string>().ends_with("Function: park_car"));
  }
}

TEST_CASE("model brain: a reply that is no answer is not taken for one") {
  Brain brain;
  const auto told = [&](std::vector<std::string> replies) {
    auto request = request_of({});
    request.tools = openai_tools();
    request.tools.erase(request.tools.size() - 1);
    llm::Response response;
    for (const auto& text : replies) {
      request.messages.push_back(user(text));
      response = brain.answer(request, today);
      request.messages.push_back(llm::as_message(response));
    }
    return response;
  };
  for (const std::string off :
       {"never mind", "Actually, forget it", "Cancel that, please", "Never mind, forget it.", "No, drop it, leave it."}) {
    INFO(off);
    const auto response = told({"Carry the luggage", off});
    CHECK(response.tool_calls.empty());
    CHECK(response.content.find('?') == std::string::npos);
  }
  for (const std::string no_value : {"I don't know", "who is asking?", "20"}) {
    INFO(no_value);
    const auto response = told({"Carry the luggage", no_value});
    CHECK(response.tool_calls.empty());
    CHECK(response.content.ends_with("please tell me the guest name."));
  }
  CHECK(told({"Carry the luggage", "I don't know", "no idea"}).content.find("nothing was done") != std::string::npos);
  const auto other = told({"Carry the luggage", "I'd rather bake 3 plum cakes"});
  REQUIRE(other.tool_calls.size() == 1);
  CHECK(other.tool_calls[0].name == "bake_cake");
  const auto answered = told({"Carry the luggage", "I don't know", "xiomara field"});
  REQUIRE(answered.tool_calls.size() == 1);
  CHECK(answered.tool_calls[0].name == "carry_luggage");
}

TEST_CASE("model brain: what is called off or fits no tool is ended by the tool for that") {
  Brain brain;
  auto request = request_of({user("Carry the luggage. Function: carry_luggage")});
  request.tools = openai_tools();
  request.tools.erase(request.tools.size() - 1);
  request.tools.push_back({{"type", "function"},
                           {"function",
                            {{"name", "give_up"},
                             {"description", "Ends it undone."},
                             {"parameters",
                              {{"type", "object"},
                               {"properties", {{"reason", text_parameter}, {"called_off", {{"type", "boolean"}}}}},
                               {"required", {"reason", "called_off"}}}}}}});
  const auto question = brain.answer(request, today);
  REQUIRE(question.tool_calls.empty());
  request.messages.push_back(llm::as_message(question));
  request.messages.push_back(user("Never mind"));
  const auto off = brain.answer(request, today);
  REQUIRE(off.tool_calls.size() == 1);
  CHECK(off.content.empty());
  CHECK(off.tool_calls[0].name == "give_up");
  CHECK(Json::parse(off.tool_calls[0].arguments)["called_off"] == true);
  // Another request that no tool does takes the step's place: that is not done either.
  request.messages.back() = user("Forget it, paint the fence");
  const auto other = brain.answer(request, today);
  REQUIRE(other.tool_calls.size() == 1);
  CHECK(other.tool_calls[0].name == "give_up");
  request.messages = {user("Sing a song. Function: carry_luggage")};
  const auto unfit = brain.answer(request, today);
  REQUIRE(unfit.tool_calls.size() == 1);
  CHECK(Json::parse(unfit.tool_calls[0].arguments)["called_off"] == false);
}

TEST_CASE("model brain: calls once for each of several") {
  Brain brain;
  auto request = request_of({user("Carry the luggage of Tom and Jerry")});
  request.tools = openai_tools();
  const auto response = brain.answer(request, today);
  REQUIRE(response.tool_calls.size() == 2);
  CHECK(Json::parse(response.tool_calls[0].arguments)["guest_name"] == "Tom");
  CHECK(Json::parse(response.tool_calls[1].arguments)["guest_name"] == "Jerry");
}
