#include <nlohmann/json.hpp>

#include "llm/json_text.hpp"
#include "llm/provider.hpp"

namespace convoke::llm {
namespace {

using Json = nlohmann::ordered_json;

Json message_json(const Message& message) {
  Json json{{"role", to_string(message.role)}};
  // An assistant message that only calls tools has null content; some servers refuse an empty text there.
  if (message.content.empty() && !message.tool_calls.empty()) {
    json["content"] = nullptr;
  } else {
    json["content"] = message.content;
  }
  if (!message.name.empty()) json["name"] = message.name;
  if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
  for (const auto& call : message.tool_calls) {
    json["tool_calls"].push_back(
        {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  }
  return json;
}

Result<Json> tools_json(const std::vector<Tool>& tools) {
  auto list = Json::array();
  for (const auto& tool : tools) {
    const std::string_view schema = tool.parameters.empty() ? R"({"type":"object","properties":{}})" : std::string_view(tool.parameters);
    auto parameters = parse_object(schema, Fault::invalid, "the parameter schema of tool " + tool.name);
    if (!parameters) return std::unexpected(std::move(parameters.error()));
    list.push_back({{"type", "function"},
                    {"function", {{"name", tool.name}, {"description", tool.description}, {"parameters", std::move(*parameters)}}}});
  }
  return list;
}

Json choice_json(const std::string& choice) {
  if (choice == "auto" || choice == "none" || choice == "required") return choice;
  return {{"type", "function"}, {"function", {{"name", choice}}}};
}

}  // namespace

Result<HttpCall> encode_chat(const Request& request) {
  Json body{{"model", request.model}, {"messages", Json::array()}, {"stream", true}, {"stream_options", {{"include_usage", true}}}};
  for (const auto& message : request.messages) body["messages"].push_back(message_json(message));
  if (!request.tools.empty()) {
    auto tools = tools_json(request.tools);
    if (!tools) return std::unexpected(std::move(tools.error()));
    body["tools"] = std::move(*tools);
    if (!request.tool_choice.empty()) body["tool_choice"] = choice_json(request.tool_choice);
  }
  if (request.response_schema) {
    const auto& wanted = *request.response_schema;
    auto schema = parse_object(wanted.schema, Fault::invalid, "the response schema " + wanted.name);
    if (!schema) return std::unexpected(std::move(schema.error()));
    body["response_format"] = {{"type", "json_schema"},
                               {"json_schema", {{"name", wanted.name}, {"strict", wanted.strict}, {"schema", std::move(*schema)}}}};
  }
  if (request.temperature) body["temperature"] = *request.temperature;
  if (request.max_tokens) body["max_tokens"] = *request.max_tokens;
  if (!request.stop.empty()) body["stop"] = request.stop;
  if (request.seed) body["seed"] = *request.seed;
  return HttpCall{"/chat/completions", {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}}, dump(body)};
}

}  // namespace convoke::llm
