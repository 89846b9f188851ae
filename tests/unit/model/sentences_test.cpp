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
