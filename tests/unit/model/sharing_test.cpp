#include <catch2/catch.hpp>

#include "catalogues.hpp"
#include "model/planning.hpp"

using namespace convoke;
using namespace convoke::model;
using Json = nlohmann::ordered_json;

namespace {

const std::vector<std::string> guests{"Anna Smith", "Bob Jones", "Carol White", "Dan Brown",  "Eve Black", "Fay Green", "Greg Hill",
                                      "Hana Sato",  "Ian Moss",  "Jane Doe",    "Kim Lee",    "Leo Stone", "Mia Fox",   "Ned Low",
                                      "Paul King",  "Rita Bell", "Sam Cole",    "Tina Hart",  "Uma Rao",   "Vic Dunn",  "Yuri Popov",
                                      "Zoe Lamb",   "Omar Aziz", "Lena Vogt",   "Igor Panin", "Elsa Berg", "Hugo Blanc"};

std::string for_guests(std::size_t count) {
  std::string text = "Carry the luggage of ";
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : i + 1 == count ? " and " : ", ") + guests[i];
  return text + ".";
}

Plan plan(const std::string& goal, const std::vector<std::string>& replies = {}) {
  return make_plan(hotel().catalogue, hotel().index, goal, replies, *parse_iso("2026-11-20"));
}

/// "carry_luggage Tom Brown", in the order of the steps.
std::vector<std::string> steps_of(const Plan& made) {
  std::vector<std::string> list;
  for (const auto& step : made.steps) list.push_back(step.function + " " + step.arguments.value("guest_name", std::string()));
  return list;
}

std::vector<std::string> calls_of(const llm::Response& response) {
  std::vector<std::string> list;
  for (const auto& call : response.tool_calls)
    list.push_back(call.name + " " + Json::parse(call.arguments).value("guest_name", std::string()));
  return list;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("model sharing: a plan serves as many as it has steps, and names all others") {
  for (const std::size_t count : {7UL, 13UL, 20UL}) {
    INFO(count);
    const auto made = plan(for_guests(count));
    REQUIRE(made.steps.size() == 6);
    std::string rest = "Left out: ";
    for (std::size_t i = 0; i < count; ++i) {
      if (i < 6) CHECK(made.steps[i].action == "Carry luggage for " + guests[i] + ". Function: carry_luggage");
      if (i >= 6) rest += (i == 6 ? "" : ", ") + guests[i];
    }
    CHECK(made.summary.ends_with(". " + rest + "."));
  }
}

TEST_CASE("model sharing: an agent serves all, or none and says so") {
  const auto all = told(hotel_json(), {for_guests(13)});
  REQUIRE(all.tool_calls.size() == 13);
  CHECK(calls_of(all).back() == "carry_luggage " + guests[12]);
  CHECK(told(hotel_json(), {for_guests(24)}).tool_calls.size() == 24);
  const auto none = told(hotel_json(), {for_guests(27)});
  CHECK(none.tool_calls.empty());
  CHECK(none.content.find("27 at once") != std::string::npos);
}

TEST_CASE("model sharing: a reply may name several") {
  const List both{"carry_luggage Bob Jones", "carry_luggage Carol White"};
  CHECK(steps_of(plan("Carry the luggage", {"Bob Jones and Carol White"})) == both);
  CHECK(calls_of(told(hotel_json(), {"Carry the luggage", "Bob Jones and Carol White"})) == both);
  // What is then missing for each of them is asked once.
  const auto asked = plan("Charge a fee", {"Bob Jones and Carol White"});
  CHECK(asked.clarification == "To charge fee, please tell me the amount.");
  CHECK(plan("Charge a fee", {"Bob Jones and Carol White", "40"}).steps.at(1).arguments["amount"] == 40);
}

TEST_CASE("model sharing: both, them and their are the persons named before") {
  for (const std::string end : {"issue a key card for both", "issue a key card for each of them", "issue their key cards"}) {
    INFO(end);
    const List wanted{"carry_luggage Bob Jones", "carry_luggage Carol White", "issue_key_card Bob Jones", "issue_key_card Carol White"};
    CHECK(steps_of(plan("Carry the luggage of Bob Jones and Carol White and " + end)) == wanted);
    CHECK(calls_of(told(hotel_json(), {"Carry the luggage of Bob Jones and Carol White and " + end})) == wanted);
  }
  CHECK(steps_of(plan("Carry the luggage of Bob Jones and Carol White and issue a key card for Ada Byron")).size() == 3);
}

TEST_CASE("model sharing: what is counted goes with the verb before it") {
  const auto made = plan("Bake two plum cakes and 3 lemon cakes for Ada Byron, and issue a key card for her.");
  REQUIRE(made.steps.size() == 3);
  CHECK(made.steps[0].arguments["quantity"] == 2);
  CHECK(made.steps[1].arguments["quantity"] == 3);
  CHECK(made.steps[2].arguments["guest_name"] == "Ada Byron");
}
