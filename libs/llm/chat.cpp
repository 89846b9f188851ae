#include "llm/chat.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "llm/json_text.hpp"

namespace convoke::llm {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> roles{"system", "user", "assistant", "tool"};
constexpr std::array<std::string_view, 5> finishes{"stop", "length", "tool_calls", "content_filter", "unknown"};

Json calls_json(const std::vector<ToolCall>& calls) {
  auto list = Json::array();
  for (const auto& call : calls) {
    list.push_back({{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  }
  return list;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

Result<std::vector<ToolCall>> read_calls(const Json& object) {
  std::vector<ToolCall> calls;
  const auto found = object.find("tool_calls");
  if (found == object.end() || found->is_null()) return calls;
  if (!found->is_array()) return fail(Fault::malformed, "tool_calls is not a list");
  for (const auto& entry : *found) {
    const auto function = entry.is_object() ? entry.find("function") : entry.end();
    if (!entry.is_object() || function == entry.end() || !function->is_object())
      return fail(Fault::malformed, "a tool call has no function");
    calls.push_back({text_of(entry, "id"), text_of(*function, "name"), text_of(*function, "arguments")});
    if (calls.back().name.empty()) return fail(Fault::malformed, "a tool call has no name");
  }
  return calls;
}

}  // namespace

std::string_view to_string(Role role) noexcept { return roles[std::to_underlying(role)]; }

std::optional<Role> parse_role(std::string_view text) noexcept {
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (roles[i] == text) return static_cast<Role>(i);
  }
  return text == "developer" ? std::optional(Role::system) : std::nullopt;
}

std::string_view to_string(Finish finish) noexcept { return finishes[std::to_underlying(finish)]; }

Finish parse_finish(std::string_view text) noexcept {
  for (std::size_t i = 0; i < finishes.size(); ++i) {
    if (finishes[i] == text) return static_cast<Finish>(i);
  }
  return text == "function_call" ? Finish::tool_calls : Finish::unknown;
}

Message as_message(const Response& response) {
  return {.role = Role::assistant, .content = response.content, .tool_calls = response.tool_calls};
}

std::string to_json(const Message& message) {
  Json json{{"role", to_string(message.role)}, {"content", message.content}};
  if (!message.name.empty()) json["name"] = message.name;
  if (!message.tool_calls.empty()) json["tool_calls"] = calls_json(message.tool_calls);
  if (!message.tool_call_id.empty()) json["tool_call_id"] = message.tool_call_id;
  return dump(json);
}

std::string to_json(const Response& response) {
  Json json{{"role", "assistant"}, {"content", response.content}};
  if (!response.tool_calls.empty()) json["tool_calls"] = calls_json(response.tool_calls);
  json["finish_reason"] = to_string(response.finish_reason);
  json["usage"] = {{"prompt_tokens", response.usage.prompt_tokens}, {"completion_tokens", response.usage.completion_tokens}};
  if (!response.model.empty()) json["model"] = response.model;
  return dump(json);
}

Result<Message> message_from_json(std::string_view text) {
  auto json = parse_object(text, Fault::malformed, "the message");
  if (!json) return std::unexpected(std::move(json.error()));
  const auto role = parse_role(text_of(*json, "role"));
  if (!role) return fail(Fault::malformed, "the message has no known role");
  auto calls = read_calls(*json);
  if (!calls) return std::unexpected(std::move(calls.error()));
  return Message{*role, text_of(*json, "content"), std::move(*calls), text_of(*json, "tool_call_id"), text_of(*json, "name")};
}

Result<Response> response_from_json(std::string_view text) {
  auto json = parse_object(text, Fault::malformed, "the response");
  if (!json) return std::unexpected(std::move(json.error()));
  auto calls = read_calls(*json);
  if (!calls) return std::unexpected(std::move(calls.error()));
  Response response{
      text_of(*json, "content"), std::move(*calls), parse_finish(text_of(*json, "finish_reason")), {}, text_of(*json, "model")};
  if (const auto usage = json->find("usage"); usage != json->end() && usage->is_object()) {
    const auto number = [&](const char* key) {
      return usage->contains(key) && (*usage)[key].is_number_unsigned() ? (*usage)[key].get<std::uint64_t>() : 0;
    };
    response.usage = {number("prompt_tokens"), number("completion_tokens")};
  }
  return response;
}

}  // namespace convoke::llm
