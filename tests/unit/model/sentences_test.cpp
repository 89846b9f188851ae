// How requests are built: lists, appositions, questions in one sentence, what is said besides, slips of the pen.
#include <catch2/catch.hpp>

#include "catalogues.hpp"
#include "model/arguments.hpp"
#include "model/joints.hpp"
#include "model/planning.hpp"

using namespace convoke::model;
using Json = nlohmann::ordered_json;

namespace {

const Day today = *parse_iso("2026-11-20");
using List = std::vector<std::string>;

Reading read(const std::string& text) {
  return read_text(text, today, [](std::string_view) { return false; });
}

List of(const std::string& text, Shape shape) {
  List values;
  for (const auto& entity : read(text).entities) {
    if (entity.shape == shape) values.push_back(entity.value);
  }
  return values;
}

Json filled(const Json& description, const std::string& text) {
  const auto catalogue = catalogue_of_tools(Json::array({{{"type", "function"}, {"function", description}}}));
  const auto reading = read(text);
  return fill(catalogue.tools.front(), reading, 0, reading.tokens.size()).arguments;
}

/// A workshop, whose tools share names with one another.
Plan in_workshop(const std::string& goal) {
  static const Json json = [] {
    const auto tools = Json::array(
        {tool("count_parts", "Counts the parts in stock.", {{"part_name", text_parameter}},
              {"how many parts are in stock", "parts in stock"}),
         tool("order_parts", "Orders parts.", {{"part_name", text_parameter}, {"quantity", integer_parameter}}, {"buy parts"}),
         tool("return_parts", "Returns parts to the supplier.",
              {{"part_name", text_parameter}, {"quantity", integer_parameter}, {"reason", text_parameter}}, {"send parts back"}),
         tool("repair_engine", "Repairs an engine that leaks, rattles or smokes.", {{"issue_description", text_parameter}},
              {"engine leaks", "engine rattles"}),
         tool("process_payment", "Pays a supplier.", {{"supplier_name", text_parameter}, {"amount", number_parameter}}, {"pay a supplier"}),
         tool("get_wage_info", "Tells what people are paid: pay, wages.", {{"query", text_parameter}}, {"pay", "wages"}),
         tool("test_engine", "Tests how an engine performs.", {{"engine_name", text_parameter}}, {"performance of an engine"}),
         tool("build_engine", "Builds an engine.", {{"engine_name", text_parameter}}, {"make an engine"}),
         tool("grant_leave", "Puts an employee on leave.",
              {{"employee_name", text_parameter}, {"start_date", date_parameter}, {"end_date", date_parameter}},
              {"is on leave", "takes leave"})});
    return Json{
        {"agents", Json::array({{{"name", "Workshop"}, {"description", "Engines."}, {"tools", tools}},
                                {{"name", "Somebody"}, {"description", "A person."}, {"kind", "human"}, {"tools", Json::array()}}})}};
  }();
  static const Known known(read_catalogue(json).value());
  return make_plan(known.catalogue, known.index, goal, {}, today);
}

List functions_of(const Plan& made) {
  List names;
  for (const auto& step : made.steps) names.push_back(step.function);
  return names;
}

Json hotel_with_more() {
  auto json = hotel_json();
  auto& reception = json["agents"][0]["tools"];
  reception.push_back(tool("set_up_safe", "Sets up a safe for a guest.", {{"guest_name", text_parameter}}, {"safe", "safe access"}));
  reception.push_back(
      tool("provide_guest_guide", "Gives a guest the guide to the house.", {{"guest_name", text_parameter}}, {"guest guide"}));
  reception.push_back(
      tool("check_towels", "Tells how many towels are left.", {{"towel_type", text_parameter}}, {"towels", "how many towels"}));
  reception.push_back(tool("get_guest_feedback", "Tells what guests say about something.", {{"topic", text_parameter}},
                           {"what guests say", "what do guests think"}));
  reception.push_back(tool("schedule_concert", "Schedules a concert.", {{"title", text_parameter}, {"date", date_parameter}}, {"concert"}));
  auto& kitchen = json["agents"][1]["tools"];
  kitchen.push_back(tool("request_samples", "Asks for samples of something.",
                         {{"item_name", text_parameter}, {"quantity", integer_parameter}}, {"samples", "send samples"}));
  kitchen.push_back(
      tool("request_quote", "Asks for a quote.", {{"item_name", text_parameter}, {"quantity", integer_parameter}}, {"quote"}));
  return json;
}

const Known& house() {
  static const Known known(read_catalogue(hotel_with_more()).value());
  return known;
}

Plan plan(const std::string& goal) { return make_plan(house().catalogue, house().index, goal, {}, today); }

List functions(const Plan& made) {
  List names;
  for (const auto& step : made.steps) names.push_back(step.function);
  return names;
}

const Json order = tool("order_goods", "", {{"item_name", text_parameter}, {"quantity", integer_parameter}});

}  // namespace

TEST_CASE("model sentences: the numbers of a list say nothing") {
  CHECK(of("1. Order desks. 2. Book a room", Shape::number).empty());
  CHECK(of("1) Order 3 desks", Shape::number) == List{"3"});
  CHECK(read("Do this: 1. Order desks 2. Book a room").tokens[4].sentence_start);
  CHECK(of("Order desks. 3. No, 4.", Shape::number).size() == 2);
  CHECK(functions(plan("1) Bake 3 lemon cakes\n2) Park the car KA-1234")) == List{"bake_cake", "park_car"});
}

TEST_CASE("model sentences: a slip in a long word is read as what was meant") {
  CHECK(read("Shedule it").tokens[0].lower == "schedule");
  CHECK(read("please instal it and resett that").tokens[1].lower == "install");
  CHECK(read("please instal it and resett that").tokens[4].lower == "reset");
  CHECK(of("Come on 3 Decmber 2026", Shape::date) == List{"2026-12-03"});
  // Other words, and names, are not changed.
  CHECK(read("Ask the expert, please").tokens[2].lower == "expert");
  CHECK(read("Ask Mr Orderr, please").tokens[2].lower == "orderr");
}

TEST_CASE("model sentences: the day behind a week is the date") {
  CHECK(of("Start next week on Monday, 23 November", Shape::date) == List{"2026-11-23"});
  CHECK(of("Start next week, end on 3 December", Shape::date).size() == 2);
}

TEST_CASE("model sentences: a model's number belongs to its maker's name, a document's does not") {
  CHECK(of("Set up the Brother HL-L2350 printer", Shape::name) == List{"Brother HL-L2350"});
  CHECK(of("Set up a Canon MF655", Shape::name) == List{"Canon MF655"});
  CHECK(of("Pay Acme INV-2044", Shape::code) == List{"INV-2044"});
}

TEST_CASE("model sentences: names of everyday words") {
  CHECK(of("Start ads for Switch and Save now", Shape::name) == List{"Switch and Save"});
  CHECK(of("Research and Development should get it", Shape::name) == List{"Research and Development"});
  CHECK(of("Write to Anna and Bert", Shape::name) == List{"Anna", "Bert"});
  CHECK(of("Enrol her in the Six Sigma Basics course", Shape::name) == List{"Six Sigma Basics"});
}

TEST_CASE("model sentences: an apposition is no clause") {
  CHECK(functions(plan("The car, an old one with licence number B-AB 1234, has to be parked.")) == List{"park_car"});
  CHECK(behind_apposition(read("The printer, an old one from Berlin, is to be moved"), 0, 2) == 7);
  CHECK(behind_apposition(read("Order a printer, a desk, and a lamp"), 0, 3) == 3);
  CHECK(functions(plan("Summer Nights, our concert, is to take place on 3 December 2026. Please schedule it.")) ==
        List{"schedule_concert"});
}

TEST_CASE("model sentences: when it takes place is no request of its own") {
  auto json = hotel_with_more();
  json["agents"][2]["tools"].push_back(
      tool("take_place_cards", "Takes place cards to the tables.", {{"date", date_parameter}}, {"place cards"}));
  const Known known(read_catalogue(json).value());
  const auto set = make_plan(known.catalogue, known.index,
                             "Please schedule a concert called \"Summer Nights\". It should take place on 3 December 2026.", {}, today);
  CHECK(functions(set) == List{"schedule_concert"});
  const auto made = plan("Please schedule a concert called \"Summer Nights\". It should take place on 3 December 2026.");
  REQUIRE(functions(made) == List{"schedule_concert"});
  CHECK(made.steps[0].arguments["date"] == "2026-12-03");
}

TEST_CASE("model sentences: two questions in one sentence are two steps") {
  CHECK(functions(plan("What do guests say about the pool, and how many towels are left?")) == List{"get_guest_feedback", "check_towels"});
  CHECK(functions(plan("What do guests think of the pool, how are its towels, and could you bake 2 lemon cakes?")) ==
        List{"get_guest_feedback", "check_towels", "bake_cake"});
}

TEST_CASE("model sentences: each item of a list of what somebody needs") {
  CHECK(functions(plan("Ada Byron needs a key card, the guest guide and a safe.")) ==
        List{"issue_key_card", "provide_guest_guide", "set_up_safe"});
  // Also without an article.
  CHECK(functions(plan("Ada Byron needs a key card, safe access and the guest guide.")) ==
        List{"issue_key_card", "set_up_safe", "provide_guest_guide"});
}

TEST_CASE("model sentences: what is set before a request is what it is about") {
  const auto made = plan("Bake 2 lemon cakes, and as for the car B-AB 1234, have it parked.");
  CHECK(functions(made) == List{"bake_cake", "park_car"});
  const auto service = tool("schedule_service", "", {{"equipment_name", text_parameter}, {"date", date_parameter}});
  CHECK(filled(service, "As for the lift, have it serviced on 30 November")["equipment_name"] == "lift");
}

TEST_CASE("model sentences: who is asked and for whom are not the thing") {
  CHECK(filled(order, "Could suppliers send us 5 samples of felt panels?")["item_name"] == "felt panels");
  CHECK(filled(order, "The new sales office needs 6 desk phones. Order them, please.")["item_name"] == "desk phones");
  CHECK(filled(order, "Order 50 licences of Box instead.")["item_name"] == "Box");
}

TEST_CASE("model sentences: a light verb and a count ask for what is counted") {
  CHECK(functions(plan("Get a quote for 30 folding wooden garden pool chairs, and bake 2 lemon cakes")) ==
        List{"request_quote", "bake_cake"});
}

TEST_CASE("model sentences: what is to be said is not what is to be done") {
  const auto topic = topic_of(read("Send a note saying that the concert is off"), house().index);
  const auto weight = [&](std::string_view word) { return std::ranges::find(topic.terms, word, &Term::lower)->weight; };
  CHECK(weight("note") == 1);
  CHECK(weight("concert") < 0.5);
}

TEST_CASE("model sentences: what a thing is to keep to, and what it is said of") {
  const auto assess = tool("assess_goods", "", {{"item_name", text_parameter}, {"compliance_standards", text_parameter}});
  const auto made = filled(assess, "Someone has to check whether the power adapters we want to buy comply with RoHS.");
  CHECK(made["item_name"] == "power adapters");
  CHECK(made["compliance_standards"] == "RoHS");
  const auto complain = tool("log_complaint", "", {{"product_name", text_parameter}, {"complaint_details", text_parameter}});
  CHECK(filled(complain, "We got letters about the Baby Monitor Plus, people complain that it is loud.")["product_name"] ==
        "Baby Monitor Plus");
}

TEST_CASE("model sentences: a sponsor is who sponsors") {
  const auto sponsor = tool("manage_sponsorship", "", {{"event_name", text_parameter}, {"sponsor_name", text_parameter}});
  const auto made = filled(sponsor, "Please look after Kestrel Bank as sponsor of the City Marathon.");
  CHECK(made["sponsor_name"] == "Kestrel Bank");
  CHECK(made["event_name"] == "City Marathon");
}

TEST_CASE("model sentences: a compound is what its last part is") {
  auto json = hotel_with_more();
  json["agents"][1]["tools"].push_back(
      tool("prepare_dough", "Prepares dough.", {{"dough_type", text_parameter}}, {"dough", "prepare dough"}));
  const Known known(read_catalogue(json).value());
  CHECK(functions(make_plan(known.catalogue, known.index, "Prepare sourdough", {}, today)) == List{"prepare_dough"});
}

TEST_CASE("model sentences: \"that day\" is the day said before") {
  const auto made = plan("Reserve a room for Ada Byron on 3 December 2026, and schedule a concert called \"Summer Nights\" on that day.");
  REQUIRE(functions(made) == List{"reserve_room", "schedule_concert"});
  CHECK(made.steps[1].arguments["date"] == "2026-12-03");
}

TEST_CASE("model sentences: the way from one place to another is nothing that a tool for drives knows") {
  auto json = hotel_with_more();
  json["agents"][2]["tools"].push_back(
      tool("repair_drive", "Repairs a drive.", {{"issue", text_parameter}}, {"drive", "fast way to repair a drive", "quickest drive"}));
  const Known known(read_catalogue(json).value());
  for (const std::string goal : {"How do I get from Berlin to Munich?", "What's the quickest way to drive from Hamburg to Munich?"}) {
    INFO(goal);
    CHECK(functions(make_plan(known.catalogue, known.index, goal, {}, today)) == List{""});
  }
}

TEST_CASE("model sentences: so many of them is no other thing") {
  CHECK(apposes(read("Bake cakes, 12 of them, today"), 2));
  CHECK_FALSE(apposes(read("Bake cakes, 12 of lemon"), 2));
}

TEST_CASE("model sentences: a verb with its particle is one word in all its forms") {
  for (const std::string text : {"back up the data", "have the data backed up", "backing up the data"}) {
    const auto stems = content_stems(text);
    CHECK(std::ranges::find(stems, stem("backup")) != stems.end());
  }
}

TEST_CASE("model sentences: what an earlier step is about is what a later one points at") {
  const auto more = in_workshop("Count the parts called Flange in stock and order 30 more parts");
  REQUIRE(functions_of(more) == List{"count_parts", "order_parts"});
  CHECK(more.steps[1].arguments["part_name"] == "Flange");
  CHECK(more.steps[1].action.contains("part_name: Flange"));
  const auto tested = in_workshop("Build an engine called Zephyr and then test how it performs");
  REQUIRE(functions_of(tested) == List{"build_engine", "test_engine"});
  CHECK(tested.steps[1].arguments["engine_name"] == "Zephyr");
  CHECK(functions_of(in_workshop("Build an engine called Zephyr and test its performance")) == List{"build_engine", "test_engine"});
}

TEST_CASE("model sentences: why it is to be done is not what is to be done") {
  const auto made = in_workshop("Return 4 parts called Flange because the engine leaks and rattles");
  CHECK(functions_of(made) == List{"return_parts"});
}

TEST_CASE("model sentences: a value that is missing is asked for, and makes no other tool the better one") {
  const auto made = in_workshop("Please pay Globex Ltd");
  CHECK(functions_of(made) == List{"process_payment"});
  CHECK(made.clarification.contains("amount"));
}

TEST_CASE("model sentences: what is told with all that a tool needs is a request, too") {
  CHECK(functions_of(in_workshop("Ada Byron takes leave from 2027-02-01 to 2027-02-12. Build an engine called Zephyr.")) ==
        List{"grant_leave", "build_engine"});
  CHECK(functions_of(in_workshop("Ada Byron takes leave from 2027-02-01 to 2027-02-12, please grant it.")) == List{"grant_leave"});
}

TEST_CASE("model sentences: what is counted is no name") {
  const auto group = tool("hold_session", "", {{"topic", text_parameter}, {"participants", integer_parameter}});
  CHECK(filled(group, "Hold a session with 8 participants") == Json({{"participants", 8}}));
  CHECK(filled(order, "Order 30 pieces") == Json({{"quantity", 30}}));
  CHECK(filled(order, "Send 3 standing desks back")["item_name"] == "standing desks");
}

TEST_CASE("model sentences: names keep what belongs to them") {
  CHECK(of("Change the Family Max plan", Shape::name) == List{"Family Max"});
  CHECK(of("Refresh the About Us page", Shape::name) == List{"About Us"});
  CHECK(of("The Wi-Fi is slow", Shape::name).empty());
  const auto record = tool("change_record", "", {{"field", text_parameter}, {"value", text_parameter}});
  CHECK(filled(record, "Change the field phone to 555-0199")["value"] == "555-0199");
}

TEST_CASE("model sentences: a whole number is written as one") {
  const auto charge = tool("charge", "", {{"amount", number_parameter}});
  CHECK(filled(charge, "Charge 2500 dollars").dump() == R"({"amount":2500})");
  CHECK(filled(charge, "Charge 2500.50 dollars").dump() == R"({"amount":2500.5})");
}
