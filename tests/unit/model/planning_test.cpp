#include "model/planning.hpp"

#include <catch2/catch.hpp>

#include "catalogues.hpp"

using namespace convoke::model;

namespace {

const Day today = *parse_iso("2026-11-20");

Plan plan(const std::string& goal, const std::vector<std::string>& clarifications = {}) {
  return make_plan(hotel().catalogue, hotel().index, goal, clarifications, today);
}

std::vector<std::string> functions(const Plan& made) {
  std::vector<std::string> names;
  for (const auto& step : made.steps) names.push_back(step.agent + "." + step.function);
  return names;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("model planning: one request is one step that ends with its function") {
  const auto made = plan("Could you please park the car with licence number B-AB 1234, thanks");
  REQUIRE(functions(made) == List{"Garage.park_car"});
  CHECK(made.steps[0].action.ends_with("Function: park_car"));
  CHECK(made.clarification.empty());
}

TEST_CASE("model planning: every clause gets its step, arguments are shared") {
  const auto made = plan("Reserve a room for Ada Byron on 3 December, and bake 2 lemon cakes. Then charge her a fee of $40");
  CHECK(functions(made) == List{"Reception.reserve_room", "Kitchen.bake_cake", "Garage.charge_fee"});
  CHECK(made.steps[0].arguments["date"] == "2026-12-03");
  CHECK(made.steps[1].arguments["quantity"] == 2);
  CHECK(made.steps[2].arguments["guest_name"] == "Ada Byron");
  CHECK(made.steps[2].action.find("Ada Byron") != std::string::npos);
  CHECK(made.steps[1].depends_on.empty());
  CHECK(made.steps[2].depends_on == std::vector<std::size_t>{1});
}

TEST_CASE("model planning: what is only told says what the request is about") {
  CHECK(functions(plan("The car with licence number B-AB 1234 is still in front of the door. Could you park it?")) ==
        List{"Garage.park_car"});
  CHECK(functions(plan("The suitcases of Ada Byron are in the hall, please bring them up")) == List{"Reception.carry_luggage"});
}

TEST_CASE("model planning: what only goes on with a request is no step of its own") {
  CHECK(functions(plan("Charge Ada Byron a fee of $40, that is ok, please put it through")) == List{"Garage.charge_fee"});
  CHECK(functions(plan("The suitcases of Ada Byron must be brought up to her. What's wrong there?")) == List{"Reception.carry_luggage"});
  CHECK(functions(plan("Ada Byron arrived an hour ago. Could one of you reserve a room for her on 3 December?")) ==
        List{"Reception.reserve_room"});
}

TEST_CASE("model planning: of several sentences the plainest says what is to be done") {
  CHECK(functions(plan("We want to celebrate a birthday. Could you bake 2 lemon cakes?")) == List{"Kitchen.bake_cake"});
  CHECK(functions(plan("Hello, Ada Byron arrived this morning and cannot find her bed. Please reserve a room for her on 3 December.")) ==
        List{"Reception.reserve_room"});
  CHECK(functions(plan("Please bake 2 lemon cakes: bake them slowly.")) == List{"Kitchen.bake_cake"});
}

TEST_CASE("model planning: a step said in a roundabout way names its function plainly") {
  const auto made = plan("No suitcases of Ada Byron should stay in the hall, please carry the luggage up");
  REQUIRE(functions(made) == List{"Reception.carry_luggage"});
  CHECK(made.steps[0].action.starts_with("Carry luggage"));
}

TEST_CASE("model planning: a broad goal takes the tools that say they belong to it") {
  const auto made = plan("Check in a guest, Ada Byron.");
  CHECK(functions(made) == List{"Reception.issue_key_card", "Reception.carry_luggage", "Kitchen.serve_welcome_drink"});
  for (const auto& step : made.steps) CHECK(step.arguments["guest_name"] == "Ada Byron");
}

TEST_CASE("model planning: what writes about something is given what looks it up") {
  const auto made = plan("Write a menu about our hotel");
  REQUIRE(functions(made) == List{"Reception.get_hotel_info", "Kitchen.write_menu"});
  CHECK(made.steps[1].depends_on == std::vector<std::size_t>{0});
}

TEST_CASE("model planning: what is missing or vague is asked for, and the answer is used") {
  CHECK(plan("Reserve a room for Ada Byron").clarification.find("date") != std::string::npos);
  CHECK(plan("Reserve a room for Ada Byron next week").clarification.find("day") != std::string::npos);
  const auto made = plan("Reserve a room for Ada Byron next week", {"Wednesday, 25 November"});
  CHECK(made.clarification.empty());
  CHECK(made.steps.at(0).arguments["date"] == "2026-11-25");
  CHECK(plan("Park the car", {"It is KA-1234"}).steps.at(0).arguments["licence_number"] == "KA-1234");
}

TEST_CASE("model planning: a pronoun that stands for nothing is asked about, and the answer takes its place") {
  const auto asked = plan("Reserve it, please.");
  CHECK(asked.steps.empty());
  CHECK(asked.clarification == "What does \"it\" in \"Reserve it, please.\" stand for?");
  const auto made = plan("Reserve it, please.", {"a room for Ada Byron on 25 November."});
  CHECK(made.goal == "Reserve it, please.");
  CHECK(made.clarification.empty());
  REQUIRE(made.steps.size() == 1);
  CHECK(made.steps[0].function == plan("Reserve a room for Ada Byron on 25 November").steps.at(0).function);
  CHECK(made.steps[0].arguments["date"] == "2026-11-25");
  CHECK_FALSE(plan("Paint it blue").steps.empty());
}

TEST_CASE("model planning: no tool fits: texts go to the generic agent, the rest to a person") {
  const auto text = plan("Translate this poem into French: roses are red");
  REQUIRE(functions(text) == List{"Scribe."});
  CHECK(text.steps[0].action.ends_with("EXCEPTION: No suitable function found. A generic LLM model is being used for this step."));
  const auto deed = plan("Paint the fence behind the stables");
  REQUIRE(functions(deed) == List{"Somebody."});
  CHECK(deed.steps[0].action.ends_with("EXCEPTION: Human support required to do this step, no suitable function found."));
}

TEST_CASE("model planning: a word in common with a tool is not enough") {
  // Writing says nothing of what is written, and one thing in common nothing of a deed that the tool does not do.
  for (const std::string text : {"Write a poem", "Write a limerick about a programmer", "Plan a route from A to B", "Tell me a joke"}) {
    INFO(text);
    CHECK(functions(plan(text)) == List{"Scribe."});
  }
  CHECK(functions(plan("Fix my car")) == List{"Somebody."});
}

TEST_CASE("model planning: never more steps than allowed, and a short summary") {
  std::string goal;
  for (int i = 1; i <= 12; ++i) goal += "Bake " + std::to_string(i + 1) + " lemon cakes. ";
  const auto made = plan(goal);
  CHECK(made.steps.size() == 6);
  CHECK(std::ranges::count(made.summary, ' ') < 50);
}

TEST_CASE("model planning: any text gives a plan, the same each time") {
  for (const std::string& goal : {std::string("Hello"), std::string("?!"), std::string(), std::string("\xff\xfe"), std::string(3000, 'a'),
                                  std::string("and and and , , ; then"), std::string("\"unfinished"), std::string("Heading: ")}) {
    INFO(goal.substr(0, 40));
    const auto first = plan(goal);
    CHECK(functions(first) == functions(plan(goal)));
  }
}

TEST_CASE("model planning: what answers a question is an answer, calls it off, or is another goal") {
  CHECK(plan("Carry the luggage", {"Ada Byron"}).steps.at(0).arguments["guest_name"] == "Ada Byron");
  const auto off = plan("Carry the luggage", {"never mind"});
  CHECK(off.steps.empty());
  CHECK(off.clarification.empty());
  CHECK_FALSE(off.summary.empty());
  for (const std::string reply : {"I don't know", "who is asking?", "20"})
    CHECK(plan("Carry the luggage", {reply}).clarification.ends_with("please tell me the guest name."));
  CHECK(functions(plan("Carry the luggage", {"I'd rather bake 3 plum cakes"})) == List{"Kitchen.bake_cake"});
  const auto late = plan("Carry the luggage", {"I don't know", "Ada Byron"});
  CHECK(late.clarification.empty());
  CHECK(late.steps.at(0).arguments["guest_name"] == "Ada Byron");
}

TEST_CASE("model planning: each of several persons and things gets a step, with its own amount") {
  const auto fees = plan("Charge a fee of 500 to Ada Byron and 700 to Tom Brown");
  REQUIRE(functions(fees) == List{"Garage.charge_fee", "Garage.charge_fee"});
  CHECK(fees.steps[0].arguments["guest_name"] == "Ada Byron");
  CHECK(fees.steps[0].arguments["amount"] == 500);
  CHECK(fees.steps[1].arguments["guest_name"] == "Tom Brown");
  CHECK(fees.steps[1].arguments["amount"] == 700);
  const auto luggage = plan("Carry the luggage of Tom, Dick and Harry");
  REQUIRE(luggage.steps.size() == 3);
  CHECK(luggage.steps[2].arguments["guest_name"] == "Harry");
  CHECK(luggage.steps[2].action == "Carry luggage for Harry. Function: carry_luggage");
  const auto cakes = plan("Bake 3 plum cakes, 2 lemon cakes and a carrot cake");
  REQUIRE(cakes.steps.size() == 3);
  CHECK(cakes.steps[1].arguments["quantity"] == 2);
  CHECK(cakes.steps[2].arguments["quantity"] == 1);
}

TEST_CASE("model planning: what is asked for in so many words is not dropped for what a broad goal takes along") {
  auto json = hotel_json();
  json["max_plan_steps"] = 2U;
  const Known small(read_catalogue(json).value());
  const auto made =
      make_plan(small.catalogue, small.index, "Check in a guest, Ada Byron, and bake 2 lemon cakes", {}, *parse_iso("2026-11-20"));
  REQUIRE(made.steps.size() == 2);
  CHECK(made.steps[1].function == "bake_cake");
  CHECK(made.summary.find("Left out: ") != std::string::npos);
}

TEST_CASE("model planning: another deed with the same thing is a step of its own") {
  const auto made = plan("Reserve a room for Ada Byron on 3 December and carry it");
  CHECK(made.steps.size() == 1);
  auto json = hotel_json();
  json["agents"][0]["tools"].push_back(tool("clean_room", "Cleans a room.", {{"guest_name", text_parameter}}));
  const Known cleaning(read_catalogue(json).value());
  const auto both = make_plan(cleaning.catalogue, cleaning.index, "Reserve a room for Ada Byron on 3 December and clean it", {},
                              *parse_iso("2026-11-20"));
  REQUIRE(both.steps.size() == 2);
  CHECK(both.steps[1].function == "clean_room");
  CHECK(both.steps[1].depends_on == std::vector<std::size_t>{0});
}

TEST_CASE("model planning: nothing is taken for a value that it cannot be") {
  for (const std::string goal : {"Bake -5 lemon cakes", "Bake 2.5 lemon cakes", "Charge Ada Byron a fee of minus 40 dollars"}) {
    INFO(goal);
    CHECK_FALSE(plan(goal).clarification.empty());
  }
  // What a person gets is no part of the name.
  const auto made = plan("Issue Anna VPN a key card");
  REQUIRE(made.steps.size() == 1);
  CHECK(made.steps[0].arguments["guest_name"] == "Anna");
}
