#include <catch2/catch.hpp>

#include "catalogues.hpp"
#include "model/planning.hpp"

using namespace convoke;
using namespace convoke::model;
using Json = nlohmann::ordered_json;

namespace {

const Day today = *parse_iso("2026-11-20");

/// The hotel, with a tool whose name opens with a verb that says little.
Json bigger_hotel() {
  auto json = hotel_json();
  json["agents"][0]["tools"].push_back(tool("set_up_extra_bed", "Sets up an extra bed for a guest.", {{"guest_name", text_parameter}},
                                            {"extra bed", "give an extra bed", "second bed"}));
  return json;
}

Plan plan(const std::string& goal, const std::vector<std::string>& replies) {
  static const Known known(read_catalogue(bigger_hotel()).value());
  return make_plan(known.catalogue, known.index, goal, replies, today);
}

Json arguments_of(const llm::Response& response) {
  REQUIRE(response.tool_calls.size() == 1);
  return Json::parse(response.tool_calls[0].arguments);
}

double number_in(const std::string& text) {
  const auto reading = read_text(text, today, [](std::string_view) { return false; });
  for (const auto& entity : reading.entities) {
    if (entity.shape == Shape::number) return entity.number;
  }
  return 0;
}

}  // namespace

TEST_CASE("model replies: a number that cannot be is asked for, and none from the goal takes its place") {
  for (const std::string action :
       {"Bake -3 lemon cakes", "Bake -3 lemon cakes. Function: bake_cake", "Bake 0 lemon cakes", "Bake lemon cakes, quantity: -3"}) {
    INFO(action);
    const auto asked = "Goal: Bake 5 lemon cakes.\n" + action;
    CHECK(told(hotel_json(), {asked}).content.ends_with("please tell me the quantity."));
    for (const std::string reply : {"-3", "0", "zero", "minus 3"}) {
      INFO(reply);
      const auto again = told(hotel_json(), {asked, reply});
      CHECK(again.tool_calls.empty());
      CHECK(again.content.starts_with("\"" + reply + "\" cannot be the quantity."));
    }
    CHECK(arguments_of(told(hotel_json(), {asked, "-3", "7"}))["quantity"] == 7);
  }
  CHECK_FALSE(plan("Bake lemon cakes", {"-3"}).clarification.empty());
  CHECK(plan("Bake lemon cakes", {"one"}).steps.at(0).arguments["quantity"] == 1);
}

TEST_CASE("model replies: a hyphen before a number is its sign, unless it opens the lines of a list") {
  CHECK(number_in("-3") == -3);
  CHECK(number_in("quantity: -3") == -3);
  CHECK(number_in("- 3 cakes") == 3);
  CHECK(number_in("-3 cakes\n-4 drinks") == 3);
}

TEST_CASE("model replies: of what is counted there is at least one, unless it is a figure or the schema says otherwise") {
  auto json = hotel_json();
  const auto least = [&](const std::string& name, const Json& parameter) {
    json["agents"][0]["tools"] = Json::array({tool(name, "Does it.", {{"quantity", parameter}})});
    return read_catalogue(json).value().tools.at(0).parameters.at(0).least;
  };
  CHECK(least("bake_cake", integer_parameter) == 1);
  CHECK(least("update_stock", integer_parameter) == 0);
  CHECK(least("bake_cake", {{"type", "integer"}, {"minimum", 0}}) == 0);
}

TEST_CASE("model replies: another request is one, also where its verb says little") {
  for (const std::string reply : {"Actually, set up an extra bed for Tom Brown", "Forget it, set up an extra bed for Tom Brown",
                                  "Never mind that, give Tom Brown an extra bed", "Actually, get an extra bed for Tom Brown"}) {
    INFO(reply);
    CHECK(plan("Carry the luggage", {reply}).steps.at(0).function == "set_up_extra_bed");
    const auto call = told(bigger_hotel(), {"Carry the luggage. Function: carry_luggage", reply});
    CHECK(arguments_of(call)["guest_name"] == "Tom Brown");
    CHECK(call.tool_calls.at(0).name == "set_up_extra_bed");
  }
  for (const std::string reply : {"Actually, make it Tom Brown", "Take Tom Brown", "Never mind that, Tom Brown"}) {
    INFO(reply);
    const auto made = plan("Carry the luggage", {reply});
    CHECK(made.steps.at(0).function == "carry_luggage");
    CHECK(made.steps.at(0).arguments["guest_name"] == "Tom Brown");
  }
  // Of something that no tool here does: the person in it is no answer.
  CHECK(told(hotel_json(), {"Carry the luggage", "Actually, get a newspaper for Tom Brown"}).tool_calls.empty());
}

TEST_CASE("model replies: a name that looks like a verb is a name, and only a negation calls off") {
  for (const std::string name : {"Don", "Don Smith", "Skip Jones", "Mark Stone"}) {
    INFO(name);
    CHECK(plan("Carry the luggage", {name}).steps.at(0).arguments["guest_name"] == name);
  }
  CHECK(plan("Carry the luggage of Don", {}).steps.at(0).arguments["guest_name"] == "Don");
  for (const std::string off : {"don't", "Don't bother", "Don\u2019t do it", "dont"}) {
    INFO(off);
    CHECK(plan("Carry the luggage", {off}).steps.empty());
  }
  CHECK(plan("Carry the luggage", {"Don't know"}).clarification.starts_with("Without the guest name"));
}

TEST_CASE("model replies: how often nobody knows is counted anew for each question") {
  const std::vector<std::string> texts{"I don't know", "Ada Byron", "I don't know"};
  CHECK(plan("Charge a fee", texts).clarification.starts_with("Without the amount"));
  CHECK(told(hotel_json(), {"Charge a fee", texts[0], texts[1], texts[2]}).content.starts_with("Without the amount"));
  CHECK(told(hotel_json(), {"Charge a fee", texts[0], texts[1], texts[2], "no idea"}).content.ends_with("nothing was done."));
}
