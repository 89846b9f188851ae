// Catalogues of made-up teams, for tests of ranking and planning.
#pragma once

#include <nlohmann/json.hpp>

#include "model/brain.hpp"

namespace convoke::model {

inline nlohmann::ordered_json tool(const std::string& name, const std::string& description, nlohmann::ordered_json properties,
                                   std::vector<std::string> synonyms = {}) {
  auto required = nlohmann::ordered_json::array();
  for (const auto& [key, value] : properties.items()) {
    if (!value.contains("default")) required.push_back(key);
  }
  return {{"name", name},
          {"description", description},
          {"synonyms", synonyms},
          {"parameters", {{"type", "object"}, {"properties", properties}, {"required", required}}}};
}

inline const nlohmann::ordered_json text_parameter = {{"type", "string"}};
inline const nlohmann::ordered_json date_parameter = {{"type", "string"}, {"format", "date"}};
inline const nlohmann::ordered_json integer_parameter = {{"type", "integer"}};
inline const nlohmann::ordered_json number_parameter = {{"type", "number"}};

/// A hotel: reception, kitchen, garage; somebody for texts and somebody human.
inline nlohmann::ordered_json hotel_json() {
  using Json = nlohmann::ordered_json;
  const auto reception = Json::array(
      {tool("reserve_room", "Reserves a room for a guest.", {{"guest_name", text_parameter}, {"date", date_parameter}}),
       tool("issue_key_card", "Issues a key card. Part of checking in a guest.", {{"guest_name", text_parameter}}, {"check in a guest"}),
       tool("carry_luggage", "Has the luggage brought up. Part of checking in a guest.", {{"guest_name", text_parameter}},
            {"check in a guest", "suitcases"}),
       tool("get_hotel_info", "Tells what the hotel offers: rooms, pool, opening hours.", Json::object())});
  const auto kitchen = Json::array(
      {tool("bake_cake", "Bakes a cake.", {{"cake_type", text_parameter}, {"quantity", integer_parameter}}),
       tool("serve_welcome_drink", "Serves a drink. Part of checking in a guest.", {{"guest_name", text_parameter}}, {"check in a guest"}),
       tool("write_menu", "Writes the menu from what is known about the hotel.", {{"key_information", text_parameter}}, {"menu card"})});
  const auto garage = Json::array({tool("park_car", "Parks a car in the garage.", {{"licence_number", text_parameter}}),
                                   tool("charge_fee", "Charges a fee.", {{"guest_name", text_parameter}, {"amount", number_parameter}})});
  return {{"agents", Json::array({{{"name", "Reception"}, {"description", "The front desk."}, {"tools", reception}},
                                  {{"name", "Kitchen"}, {"description", "Food and drink."}, {"tools", kitchen}},
                                  {{"name", "Garage"}, {"description", "Cars."}, {"tools", garage}},
                                  {{"name", "Scribe"}, {"description", "Texts."}, {"kind", "generic"}, {"tools", Json::array()}},
                                  {{"name", "Somebody"}, {"description", "A person."}, {"kind", "human"}, {"tools", Json::array()}}})},
          {"max_plan_steps", 6},
          {"today", "2026-11-20"}};
}

inline const Known& hotel() {
  static const Known known(read_catalogue(hotel_json()).value());
  return known;
}

/// All tools of the agents, as a request to one agent has them.
inline nlohmann::ordered_json tools_of(const nlohmann::ordered_json& catalogue) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& agent : catalogue["agents"]) {
    for (const auto& entry : agent["tools"]) list.push_back({{"type", "function"}, {"function", entry}});
  }
  return list;
}

/// What is answered in the end to the first text and the replies that follow.
inline llm::Response told(const nlohmann::ordered_json& catalogue, const std::vector<std::string>& texts) {
  Brain brain;
  ChatRequest request;
  request.tools = tools_of(catalogue);
  llm::Response response;
  for (const auto& text : texts) {
    request.messages.push_back({.role = llm::Role::user, .content = text});
    response = brain.answer(request, *parse_iso("2026-11-20"));
    request.messages.push_back(llm::as_message(response));
  }
  return response;
}

}  // namespace convoke::model
