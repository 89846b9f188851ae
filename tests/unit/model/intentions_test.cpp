// What is wanted and what is not: refusals, opposites, one intention in two clauses, things that no firm is, references to earlier steps.
#include <algorithm>
#include <catch2/catch.hpp>

#include "catalogues.hpp"
#include "model/planning.hpp"

using namespace convoke::model;
using Json = nlohmann::ordered_json;

namespace {

const Day today = *parse_iso("2026-11-20");
using List = std::vector<std::string>;

Json theatre_json() {
  const Json list_parameter = {{"type", "array"}, {"items", {{"type", "string"}}}};
  const auto stage = Json::array(
      {tool("schedule_rehearsal", "Schedules a rehearsal of a play.", {{"play_title", text_parameter}, {"date", date_parameter}},
            {"rehearsal"}),
       tool("grant_stage_access", "Grants a person access to the stage.", {{"employee_name", text_parameter}}, {"stage access"}),
       tool("manage_costume_loan", "Lends costumes, and ends loans.", {{"costume_name", text_parameter}},
            {"costume loan", "cancel a costume loan"}),
       tool("repair_props", "Has props repaired.", {{"item_name", text_parameter}, {"quantity", integer_parameter}}, {"props", "repair"}),
       tool("order_props", "Orders props.", {{"item_name", text_parameter}, {"quantity", integer_parameter}}, {"buy props", "props"}),
       tool("return_props", "Gives props back.",
            {{"item_name", text_parameter}, {"quantity", integer_parameter}, {"reason", text_parameter}}, {"send props back"}),
       tool("paint_backdrop", "Paints a backdrop.", {{"backdrop_name", text_parameter}}, {"backdrop"}),
       tool("update_record", "Changes a field of an employee's record.",
            {{"employee_name", text_parameter}, {"field", text_parameter}, {"value", text_parameter}}, {"phone number", "home address"}),
       tool("assign_dressing_room", "Assigns a dressing room.", {{"employee_name", text_parameter}}, {"dressing room"})});
  const auto office = Json::array(
      {tool("get_repertoire", "Tells which plays there are and what tickets cost.", Json::object(), {"plays", "repertoire", "tickets"}),
       tool("calculate_profit", "Calculates the profit of a play from its costs and its ticket price.",
            {{"play_title", text_parameter}, {"cost_amount", number_parameter}, {"ticket_price", number_parameter}}, {"profit", "tickets"}),
       tool("negotiate_rebate", "Negotiates a discount with a supplier.",
            {{"supplier_name", text_parameter}, {"discount_percentage", number_parameter}}, {"discount", "rebate"}),
       tool("set_ticket_discount", "Sets a discount for a play.",
            {{"play_name", text_parameter}, {"discount_percentage", number_parameter}}, {"discount", "cheaper tickets"}),
       tool("study_rival", "Studies a rival theatre.", {{"competitor_name", text_parameter}}, {"study of a rival", "rival study"}),
       tool("draw_poster", "Draws a poster.", {{"poster_title", text_parameter}}, {"poster"}),
       tool("write_press_notice", "Writes a press notice.", {{"key_information", text_parameter}}, {"press notice"}),
       tool("send_circular", "Tells all members of the house something.", {{"subject", text_parameter}, {"content", text_parameter}},
            {"tell everyone", "circular", "inform all members"}),
       tool("ask_visitors", "Asks a group of visitors what they think.", {{"topic", text_parameter}, {"target_group", text_parameter}},
            {"poll", "survey"}),
       tool("promote_season", "Promotes a season on channels.", {{"season_name", text_parameter}, {"channels", list_parameter}},
            {"promote a season", "advertise a season"})});
  return {{"agents", Json::array({{{"name", "Stage"}, {"description", "All on stage."}, {"tools", stage}},
                                  {{"name", "Office"}, {"description", "All else."}, {"tools", office}},
                                  {{"name", "Somebody"}, {"description", "A person."}, {"kind", "human"}, {"tools", Json::array()}}})}};
}

Plan plan(const std::string& goal, const List& replies = {}) {
  static const Known known(read_catalogue(theatre_json()).value());
  return make_plan(known.catalogue, known.index, goal, replies, today);
}

List functions(const Plan& made) {
  List names;
  for (const auto& step : made.steps) names.push_back(step.function);
  return names;
}

Json arguments(const std::string& goal, std::size_t step = 0) {
  const auto made = plan(goal);
  return step < made.steps.size() ? made.steps[step].arguments : Json();
}

}  // namespace

TEST_CASE("model intentions: who only forbids something is asked what is to be done") {
  for (const auto* goal : {"Do not assign Ada Byron a dressing room.", "Never order any masks.",
                           "Please don't paint the backdrop. It is new.", "We must not send the circular, the text is wrong."}) {
    INFO(goal);
    const auto made = plan(goal);
    CHECK(made.steps.empty());
    CHECK(made.clarification.starts_with("Nothing is to be done so far."));
  }
  CHECK(functions(plan("Do not order any masks.", {"Repair 3 masks"})) == List{"repair_props"});
  CHECK(plan("Do not order any masks.", {"nothing"}).clarification.empty());
}

TEST_CASE("model intentions: what is to be done next to something forbidden is done") {
  CHECK(functions(plan("Do not order masks, repair 3 masks.")) == List{"repair_props"});
  CHECK(functions(plan("Don't forget to assign Ada Byron a dressing room.")) == List{"assign_dressing_room"});
}

TEST_CASE("model intentions: no tool does the opposite of what is asked") {
  for (const auto* goal : {"Revoke the stage access of Ada Byron.", "Cancel the rehearsal of \"Faust\" on 3 December.",
                           "Ada Byron's stage access should be withdrawn.", "Remove Ada Byron from her dressing room."}) {
    INFO(goal);
    CHECK(functions(plan(goal)) == List{""});
  }
  CHECK(functions(plan("Cancel the costume loan of the Red Gown.")) == List{"manage_costume_loan"});
}

TEST_CASE("model intentions: a name with an article is a thing, and no firm") {
  CHECK(functions(plan("Knock 15 percent off the Winter Ballet.")) == List{"set_ticket_discount"});
  CHECK(functions(plan("Try to get 5% off from Nordlicht Timber.")) == List{"negotiate_rebate"});
}

TEST_CASE("model intentions: a question is for a tool that tells, not for one that needs the answer") {
  CHECK(functions(plan("Which plays do you have and what do tickets cost?")) == List{"get_repertoire"});
  CHECK(functions(plan("Looking for tickets to something funny")) == List{"get_repertoire"});
  CHECK(functions(plan("Find out about our repertoire and write a press notice on it.")) == List{"get_repertoire", "write_press_notice"});
}

TEST_CASE("model intentions: a second one of the same kind gets its step") {
  const auto rivals = plan("We need a study of the rival Globus Theatre and one of Residenz Theatre.");
  CHECK(functions(rivals) == List{"study_rival", "study_rival"});
  CHECK(functions(plan("Paint a forest backdrop, and paint a castle backdrop.")) == List{"paint_backdrop", "paint_backdrop"});
  CHECK(functions(plan("Assign a dressing room to Ada Byron, and one to Grace Hopper.")) ==
        List{"assign_dressing_room", "assign_dressing_room"});
  CHECK(functions(plan("Assign Ada Byron a dressing room. Also, her phone number is now 555-0199.")) ==
        List{"assign_dressing_room", "update_record"});
}

TEST_CASE("model intentions: things that something is to be done to are not bought") {
  CHECK(functions(plan("We need 12 wooden swords repaired - please take care of the repair.")) == List{"repair_props"});
}

TEST_CASE("model intentions: the same thing again is that of the step before") {
  CHECK(arguments("Schedule a rehearsal of \"Faust\" on 3 December and draw a poster with the same title.", 1)["poster_title"] == "Faust");
  CHECK(arguments("For the Autumn season: paint the forest backdrop, and promote it on Radio.", 1)["season_name"] == "Autumn");
}

TEST_CASE("model intentions: where a value ends") {
  const auto moved =
      read_text("Her new address is 7 Mill Lane, York YO1 7HH. Please change it.", today, [](std::string_view) { return false; });
  CHECK(std::ranges::find(moved.entities, "7 Mill Lane, York YO1 7HH", &Entity::value) != moved.entities.end());
  const auto returned = arguments("Two of the paper masks leak, we'd like to send them back.");
  CHECK(returned["item_name"] == "paper masks");
  CHECK(returned["reason"].get<std::string>().contains("leak"));
  CHECK(arguments("Ask our regular visitors what they think about ticket prices.")["target_group"] == "regular visitors");
}

TEST_CASE("model intentions: what is to be told is found behind other words") {
  const auto told = arguments("Inform all members, subject \"Fire drill\", that the bell rings at noon and they should leave.");
  CHECK(told.value("subject", "") == "Fire drill");
  CHECK(told.value("content", std::string()).ends_with("they should leave"));
  CHECK(arguments("Promote the season for the Bright Nights season, Radio and Print.")["channels"] == Json::array({"Radio", "Print"}));
}

TEST_CASE("model intentions: what nobody in the team does is left out, or asked about") {
  auto json = hotel_json();
  auto& agents = json["agents"];
  std::erase_if(agents.get_ref<Json::array_t&>(), [](const Json& agent) { return agent.contains("kind"); });
  const Known specialists(read_catalogue(json).value());
  const auto planned = [&](const std::string& goal, const List& replies = {}) {
    return make_plan(specialists.catalogue, specialists.index, goal, replies, today);
  };
  const auto both = planned("Bake 2 cherry cakes and then translate the poem into Latin.");
  CHECK(functions(both) == List{"bake_cake"});
  CHECK(both.summary.contains("nobody here does that"));
  CHECK(both.clarification.empty());
  const auto none = planned("Translate the poem into Latin.");
  CHECK(none.steps.empty());
  CHECK(none.clarification.starts_with("Nobody in this team can do that: Translate the poem into Latin."));
  const auto other = planned("Translate the poem into Latin.", {"Bake 2 cherry cakes."});
  CHECK(functions(other) == List{"bake_cake"});
  CHECK(other.goal == "Translate the poem into Latin.");
  CHECK(planned("Translate the poem into Latin.", {"Sing a song."}).steps.empty());
  CHECK(planned("Translate the poem into Latin.", {"Forget it."}).clarification.empty());
}
