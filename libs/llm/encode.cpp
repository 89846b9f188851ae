// Written as text: a conversation's history is most of a request, and a tree of JSON values of it costs ten times its copy.
#include <fmt/format.h>

#include "core/text.hpp"
#include "llm/json_check.hpp"
#include "llm/provider.hpp"

namespace convoke::llm {
namespace {

void add(std::string& out, std::string_view name, std::string_view text) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  append_json_string(out, text);
}

void add_raw(std::string& out, std::string_view name, std::string_view json) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":").append(json);
}

void add_message(std::string& out, const Message& message) {
  out += '{';
  add(out, "role", to_string(message.role));
  // An assistant message that only calls tools has null content; some servers refuse an empty text there.
  if (message.content.empty() && !message.tool_calls.empty()) {
    add_raw(out, "content", "null");
  } else {
    add(out, "content", message.content);
  }
  if (!message.name.empty()) add(out, "name", message.name);
  if (!message.tool_call_id.empty()) add(out, "tool_call_id", message.tool_call_id);
  if (!message.tool_calls.empty()) {
    add_raw(out, "tool_calls", "[");
    for (const auto& call : message.tool_calls) {
      out += out.back() == '[' ? "{" : ",{";
      add(out, "id", call.id);
      add(out, "type", "function");
      add_raw(out, "function", "{");
      add(out, "name", call.name);
      add(out, "arguments", call.arguments);
      out += "}}";
    }
    out += ']';
  }
  out += '}';
}

Status add_tools(std::string& out, const std::vector<Tool>& tools) {
  add_raw(out, "tools", "[");
  for (const auto& tool : tools) {
    const std::string_view schema = tool.parameters.empty() ? R"({"type":"object","properties":{}})" : std::string_view(tool.parameters);
    if (auto is_json = check_object(schema, "the parameter schema of tool " + tool.name); !is_json) return is_json;
    out += out.back() == '[' ? "{" : ",{";
    add(out, "type", "function");
    add_raw(out, "function", "{");
    add(out, "name", tool.name);
    add(out, "description", tool.description);
    add_raw(out, "parameters", schema);
    out += "}}";
  }
  out += ']';
  return {};
}

void add_choice(std::string& out, const std::string& choice) {
  if (choice == "auto" || choice == "none" || choice == "required") return add(out, "tool_choice", choice);
  add_raw(out, "tool_choice", R"({"type":"function","function":{)");
  add(out, "name", choice);
  out += "}}";
}

Status add_schema(std::string& out, const ResponseSchema& wanted) {
  if (auto is_json = check_object(wanted.schema, "the response schema " + wanted.name); !is_json) return is_json;
  add_raw(out, "response_format", R"({"type":"json_schema","json_schema":{)");
  add(out, "name", wanted.name);
  add_raw(out, "strict", wanted.strict ? "true" : "false");
  add_raw(out, "schema", wanted.schema);
  out += "}}";
  return {};
}

void add_limits(std::string& out, const Request& request) {
  if (request.temperature) add_raw(out, "temperature", fmt::format("{}", *request.temperature));
  if (request.max_tokens) add_raw(out, "max_tokens", fmt::format("{}", *request.max_tokens));
  if (!request.stop.empty()) {
    add_raw(out, "stop", "[");
    for (const auto& text : request.stop) {
      if (out.back() != '[') out += ',';
      append_json_string(out, text);
    }
    out += ']';
  }
  if (request.seed) add_raw(out, "seed", fmt::format("{}", *request.seed));
}

std::string opening(std::string_view model) {
  std::string out = "{";
  add(out, "model", model);
  return out;
}

std::size_t size_of(const Request& request) {
  std::size_t bytes = 512;
  for (const auto& message : request.messages) bytes += message.content.size() + 64;
  for (const auto& tool : request.tools) bytes += tool.description.size() + tool.parameters.size() + 128;
  return bytes + bytes / 16;
}

}  // namespace

Result<HttpCall> encode_chat(const Request& request) {
  std::string body;
  body.reserve(size_of(request));
  body += opening(request.model);
  add_raw(body, "messages", "[");
  for (const auto& message : request.messages) {
    if (body.back() != '[') body += ',';
    add_message(body, message);
  }
  body += ']';
  add_raw(body, "stream", "true");
  add_raw(body, "stream_options", R"({"include_usage":true})");
  if (!request.tools.empty()) {
    if (auto added = add_tools(body, request.tools); !added) return std::unexpected(std::move(added.error()));
    if (!request.tool_choice.empty()) add_choice(body, request.tool_choice);
  }
  if (request.response_schema) {
    if (auto added = add_schema(body, *request.response_schema); !added) return std::unexpected(std::move(added.error()));
  }
  add_limits(body, request);
  body += '}';
  return HttpCall{"/chat/completions", {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}}, std::move(body)};
}

void name_model(HttpCall& call, std::string_view from, std::string_view to) { call.body.replace(0, opening(from).size(), opening(to)); }

}  // namespace convoke::llm
