// What the offline model makes of a request: the first byte says whether the rest is what somebody says to an agent with tools, a goal for
// a planner, or a whole request. It answers alike each time, calls only what it was offered, with all that is needed, and plans only with
// whom it has.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "fuzz.hpp"
#include "model/brain.hpp"

using namespace convoke;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view reception = R"([
  {"name": "reserve_room", "description": "Reserves a room for a guest.", "synonyms": ["book"], "parameters": {"type": "object",
    "properties": {"guest_name": {"type": "string"}, "date": {"type": "string", "format": "date"}, "nights": {"type": "integer"},
                   "floor": {"enum": ["first", "top"]}, "quiet": {"type": "boolean"}}, "required": ["guest_name", "date"]}},
  {"name": "charge_fee", "description": "Charges a fee.", "parameters": {"type": "object",
    "properties": {"guest_name": {"type": "string"}, "amount": {"type": "number"}, "reasons": {"type": "array", "items": {"type": "string"}}},
    "required": ["amount"]}},
  {"name": "send_email", "description": "Sends an e-mail. Also: mail; write to.", "parameters": {"type": "object",
    "properties": {"address": {"type": "string", "description": "E-mail address."}, "subject": {"type": "string"}, "text": {"type": "string"}},
    "required": ["address", "text"]}},
  {"name": "get_hotel_info", "description": "Tells what the hotel offers.", "parameters": {"type": "object", "properties": {}}}])";

Json offered() {
  auto list = Json::array();
  for (const auto& tool : Json::parse(reception)) list.push_back({{"type", "function"}, {"function", tool}});
  return list;
}

Result<model::ChatRequest> to_agent(std::string text) {
  static const auto tools = offered();
  model::ChatRequest request;
  request.messages = {{.role = llm::Role::user, .content = std::move(text)}};
  request.tools = tools;
  return request;
}

Result<model::ChatRequest> to_planner(std::string text) {
  static const std::string catalogue =
      "Plan.\n```json\n" +
      Json({{"agents", Json::array({{{"name", "Reception"}, {"description", "The front desk."}, {"tools", Json::parse(reception)}},
                                    {{"name", "Scribe"}, {"description", "Texts."}, {"kind", "generic"}, {"tools", Json::array()}}})},
            {"max_plan_steps", 3},
            {"today", "2026-11-20"}})
          .dump() +
      "\n```\n";
  static const auto schema =
      Json::parse(R"({"type": "object", "properties": {"initial_goal": {"type": "string"}, "steps": {"type": "array", "items": {
      "type": "object", "properties": {"action": {}, "agent": {}, "function": {}, "arguments": {"type": "object"}, "depends_on": {}}}},
      "summary_plan_and_steps": {"type": "string"}, "human_clarification_request": {"type": ["string", "null"]}}})");
  model::ChatRequest request;
  request.messages = {{.role = llm::Role::system, .content = catalogue}, {.role = llm::Role::user, .content = "Goal: " + std::move(text)}};
  request.format = model::Format::json_schema;
  request.schema = schema;
  return request;
}

void check_calls(const llm::Response& response) {
  for (const auto& call : response.tool_calls) {
    static const auto tools = Json::parse(reception);
    const auto found = std::ranges::find_if(tools, [&](const Json& tool) { return tool["name"] == call.name; });
    fuzz::require(found != tools.end(), "a call of what was not offered");
    const auto arguments = Json::parse(call.arguments, nullptr, false);
    fuzz::require(arguments.is_object(), "a call without arguments");
    const auto& parameters = (*found)["parameters"];
    for (const auto& name : parameters.value("required", Json::array()))
      fuzz::require(arguments.contains(name.get<std::string>()), "a call without an argument that it needs");
    for (const auto& [name, value] : arguments.items())
      fuzz::require(parameters["properties"].contains(name), "an argument that was not asked for");
  }
}

void check_plan(const std::string& content) {
  const auto plan = Json::parse(content, nullptr, false);
  fuzz::require(plan.is_object() && plan.contains("steps") && plan["steps"].is_array() && plan["steps"].size() <= 3,
                "a plan that has no steps, or too many");
  for (std::size_t i = 0; i < plan["steps"].size(); ++i) {
    const auto& step = plan["steps"][i];
    fuzz::require(step["agent"] == "Reception" || step["agent"] == "Scribe", "a step of an agent that does not exist");
    for (const auto& before : step["depends_on"])
      fuzz::require(before.is_number_unsigned() && before.get<std::size_t>() < i, "a step that waits for a later one");
  }
}

void check_streamed(const model::ChatRequest& request, llm::Response response) {
  const auto pieces = model::cut(response, request);
  std::string whole;
  for (const auto piece : pieces.content) whole += piece;
  fuzz::require(whole == response.content, "pieces that are not the whole");
  const model::Envelope envelope{"id", 0, "offline"};
  fuzz::require(Json::parse(model::completion_json(envelope, response), nullptr, false).is_object(), "an answer that is no JSON");
  for (const auto& chunk : model::chunks(envelope, response, pieces, true))
    fuzz::require(Json::parse(chunk, nullptr, false).is_object(), "a piece that is no JSON");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static model::Brain brain;
  static const auto today = *model::parse_iso("2026-11-20");
  const std::string text(fuzz::text(data, size).substr(1));
  const int kind = data[0] % 3;
  if (kind != 2 && !is_utf8(text)) return 0;  // requests are JSON
  const auto read = kind == 0 ? to_agent(text) : kind == 1 ? to_planner(text) : model::parse_chat(text);
  if (!read) return 0;
  const auto& request = *read;
  const auto response = brain.answer(request, today);
  fuzz::require(brain.answer(request, today) == response, "the same request, answered differently");
  fuzz::require(is_utf8(response.content), "an answer that cuts a character");
  fuzz::require(!response.content.empty() || !response.tool_calls.empty() || kind == 2, "no answer");
  if (kind == 0) check_calls(response);
  if (kind == 1) check_plan(response.content);
  check_streamed(request, response);
  return 0;
}
