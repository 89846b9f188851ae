#include "model/arguments.hpp"

#include <catch2/catch.hpp>

#include "catalogues.hpp"

using namespace convoke::model;
using Json = nlohmann::ordered_json;
using Plain = nlohmann::json;  // compares without regard to order

namespace {

struct Result {
  Plain arguments;
  std::vector<std::string> missing;
  std::vector<std::string> vague;
};

Result fill_in(const Json& description, const std::string& text) {
  const auto catalogue = catalogue_of_tools(Json::array({{{"type", "function"}, {"function", description}}}));
  const auto reading = read_text(text, *parse_iso("2026-11-20"), [](std::string_view) { return false; });
  const auto filled = fill(catalogue.tools.front(), reading, 0, reading.tokens.size());
  Result result{Plain::parse(filled.arguments.dump()), {}, {}};
  for (const auto* parameter : filled.missing) result.missing.push_back(parameter->name);
  for (const auto* parameter : filled.vague) result.vague.push_back(parameter->name);
  return result;
}

const Json list_parameter = {{"type", "array"}, {"items", {{"type", "string"}}}};

}  // namespace

TEST_CASE("model arguments: by type and name") {
  const auto leave =
      tool("grant_leave", "", {{"employee_name", text_parameter}, {"start_date", text_parameter}, {"end_date", text_parameter}});
  CHECK(fill_in(leave, "Grant leave to Omar Haddad from 7 December until 11 December").arguments ==
        Plain({{"employee_name", "Omar Haddad"}, {"start_date", "2026-12-07"}, {"end_date", "2026-12-11"}}));
  const auto pay =
      tool("pay_bill", "", {{"vendor_name", text_parameter}, {"amount", number_parameter}, {"invoice_number", text_parameter}});
  const auto paid = fill_in(pay, "Pay invoice INV-77 of Globex Ltd, $1,250.50").arguments;
  CHECK(paid["invoice_number"] == "INV-77");
  CHECK(paid["vendor_name"] == "Globex Ltd");
  CHECK(paid["amount"] == 1250.5);
}

TEST_CASE("model arguments: counts, kinds and items") {
  const auto bake = tool("bake_cake", "", {{"cake_type", text_parameter}, {"quantity", integer_parameter}});
  CHECK(fill_in(bake, "Bake a dozen lemon cakes").arguments == Plain({{"cake_type", "lemon"}, {"quantity", 12}}));
  const auto order = tool("order_goods", "", {{"item_name", text_parameter}, {"quantity", integer_parameter}});
  CHECK(fill_in(order, "Please order 5 ergonomic chairs by Friday").arguments ==
        Plain({{"item_name", "ergonomic chairs"}, {"quantity", 5}}));
  CHECK(fill_in(order, "Order a projector").arguments == Plain({{"item_name", "projector"}, {"quantity", 1}}));
}

TEST_CASE("model arguments: quotations, lists, booleans and choices") {
  const auto post = tool("publish_posts", "", {{"campaign_name", text_parameter}, {"platforms", list_parameter}});
  CHECK(fill_in(post, "Publish posts for \"Spring Sale\" on Facebook, Instagram and TikTok").arguments ==
        Plain({{"platforms", {"Facebook", "Instagram", "TikTok"}}, {"campaign_name", "Spring Sale"}}));
  const auto light = tool("switch_light", "", {{"on", {{"type", "boolean"}}}});
  CHECK(fill_in(light, "Switch the light off").arguments["on"] == false);
  const auto seat = tool("choose_seat", "", {{"seat_class", {{"type", "string"}, {"enum", {"economy", "business", "first_class"}}}}});
  CHECK(fill_in(seat, "Choose a seat in business, please").arguments["seat_class"] == "business");
}

TEST_CASE("model arguments: what is said by the parameter's own name wins") {
  const auto record = tool("update_record", "", {{"employee_name", text_parameter}, {"field", text_parameter}, {"value", text_parameter}});
  CHECK(fill_in(record, "Update the record (employee_name: Dan Brown, field: address, value: 5 Park Lane)").arguments ==
        Plain({{"employee_name", "Dan Brown"}, {"field", "address"}, {"value", "5 Park Lane"}}));
}

TEST_CASE("model arguments: free text is what is told about the matter") {
  const auto complain = tool("log_complaint", "", {{"product_name", text_parameter}, {"complaint_details", text_parameter}});
  CHECK(fill_in(complain, "Log a complaint about \"Nova\": the battery is empty after an hour").arguments["complaint_details"] ==
        "the battery is empty after an hour");
  const auto back = tool("take_back", "", {{"item_name", text_parameter}, {"quantity", integer_parameter}, {"reason", text_parameter}});
  CHECK(fill_in(back, "Take back 4 headsets because they crackle").arguments["reason"] == "they crackle");
}

TEST_CASE("model arguments: nothing is invented") {
  const auto book =
      tool("book_visit", "", {{"employee_name", text_parameter}, {"date", text_parameter}, {"email_address", text_parameter}});
  const auto result = fill_in(book, "Book a visit for Zoe Adams");
  CHECK(result.arguments == Plain({{"employee_name", "Zoe Adams"}}));
  CHECK(result.missing == std::vector<std::string>{"date", "email_address"});
  CHECK(fill_in(book, "Book a visit next week").vague == std::vector<std::string>{"date"});
  CHECK(fill_in(book, "").missing.size() == 3);
}

TEST_CASE("model arguments: labels in the request's own words") {
  const auto send =
      tool("send_note", "", {{"subject", text_parameter}, {"content", {{"type", "string"}, {"x-synonyms", {"text", "message"}}}}});
  const auto said = fill_in(send, "A note to everybody. Subject: Car park closed. Text: It is being resurfaced, please use the street.");
  CHECK(said.arguments["subject"] == "Car park closed");
  CHECK(said.arguments["content"] == "It is being resurfaced, please use the street");
}

TEST_CASE("model arguments: a piece that nothing announces says less than the whole") {
  const auto rules = tool("set_rules", "", {{"rules_description", text_parameter}});
  CHECK(fill_in(rules, "Nothing should get in through the back door, please lock it")
            .arguments["rules_description"]
            .get<std::string>()
            .find("back door") != std::string::npos);
  const auto close = tool("handle_tickets", "", {{"ticket_details", text_parameter}});
  CHECK(fill_in(close, "Ticket 20931 can be closed").arguments["ticket_details"].get<std::string>().find("20931") != std::string::npos);
  const auto risk = tool("weigh_risks", "", {{"item_name", text_parameter}});
  CHECK(fill_in(risk, "What could go wrong if we buy paper lanterns?").arguments["item_name"] == "paper lanterns");
}
