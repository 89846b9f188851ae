#include "model/chat_request.hpp"

#include <algorithm>

#include "llm/json_text.hpp"

namespace convoke::model {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// A text, or a list of parts of which the texts count.
std::string content_of(const Json& message) {
  const auto content = message.find("content");
  if (content == message.end() || !content->is_array()) return text_of(message, "content");
  std::string text;
  for (const auto& part : *content) {
    if (part.is_object() && text_of(part, "type") == "text") text.append(text.empty() ? "" : "\n").append(text_of(part, "text"));
  }
  return text;
}

Result<llm::Message> message_of(Json json) {
  if (!json.is_object()) return fail(Fault::invalid, "messages: every message must be an object");
  json["content"] = content_of(json);
  auto message = llm::message_from_json(llm::dump(json));
  if (!message) return fail(Fault::invalid, "messages: " + message.error().message);
  return message;
}

Status read_messages(const Json& json, ChatRequest& request) {
  const auto list = json.find("messages");
  if (list == json.end() || !list->is_array() || list->empty())
    return fail(Fault::invalid, "messages must be a list with at least one message");
  for (const auto& entry : *list) {
    auto message = message_of(entry);
    if (!message) return std::unexpected(std::move(message.error()));
    request.messages.push_back(std::move(*message));
  }
  return {};
}

Status read_format(const Json& json, ChatRequest& request) {
  const auto format = json.find("response_format");
  if (format == json.end() || format->is_null()) return {};
  const auto type = format->is_object() ? text_of(*format, "type") : std::string{};
  if (type == "text") return {};
  if (type == "json_object") {
    request.format = Format::json_object;
    return {};
  }
  const auto wrapped = format->is_object() ? format->find("json_schema") : format->end();
  if (type != "json_schema" || wrapped == format->end() || !wrapped->is_object() || !wrapped->contains("schema") ||
      !(*wrapped)["schema"].is_object()) {
    return fail(Fault::invalid, "response_format must be text, json_object, or json_schema with json_schema.schema");
  }
  request.format = Format::json_schema;
  request.schema = (*wrapped)["schema"];
  return {};
}

void read_tools(const Json& json, ChatRequest& request) {
  if (const auto tools = json.find("tools"); tools != json.end() && tools->is_array() && !tools->empty()) request.tools = *tools;
  const auto choice = json.find("tool_choice");
  if (choice == json.end()) return;
  if (choice->is_string()) request.tool_choice = choice->get<std::string>();
  if (choice->is_object() && choice->contains("function") && (*choice)["function"].is_object())
    request.tool_choice = text_of((*choice)["function"], "name");
}

void read_limits(const Json& json, ChatRequest& request) {
  for (const char* key : {"max_tokens", "max_completion_tokens"}) {
    if (const auto most = json.find(key); most != json.end() && most->is_number_unsigned()) request.max_tokens = most->get<std::size_t>();
  }
  const auto stop = json.find("stop");
  if (stop == json.end()) return;
  if (stop->is_string()) request.stop.push_back(stop->get<std::string>());
  if (!stop->is_array()) return;
  for (const auto& entry : *stop) {
    if (entry.is_string()) request.stop.push_back(entry.get<std::string>());
  }
}

Json calls_json(const std::vector<llm::ToolCall>& calls, bool indexed) {
  auto list = Json::array();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Json call;
    if (indexed) call["index"] = i;
    call["id"] = calls[i].id;
    call["type"] = "function";
    call["function"] = {{"name", calls[i].name}, {"arguments", calls[i].arguments}};
    list.push_back(std::move(call));
  }
  return list;
}

Json usage_json(const llm::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

std::string chunk(const Envelope& envelope, Json delta, const Json& finish) {
  Json json{{"id", envelope.id}, {"object", "chat.completion.chunk"}, {"created", envelope.created}, {"model", envelope.model}};
  json["choices"] = Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", finish}}});
  return llm::dump(json);
}

}  // namespace

Result<ChatRequest> parse_chat(std::string_view body) {
  const auto json = llm::parse_object(body, Fault::invalid, "the request");
  if (!json) return std::unexpected(json.error());
  ChatRequest request;
  request.model = text_of(*json, "model");
  request.user = text_of(*json, "user");
  if (auto read = read_messages(*json, request); !read) return std::unexpected(std::move(read.error()));
  if (auto read = read_format(*json, request); !read) return std::unexpected(std::move(read.error()));
  read_tools(*json, request);
  read_limits(*json, request);
  request.stream = json->contains("stream") && (*json)["stream"] == true;
  const auto options = json->find("stream_options");
  request.include_usage =
      options != json->end() && options->is_object() && options->contains("include_usage") && (*options)["include_usage"] == true;
  return request;
}

std::size_t count_tokens(std::string_view text) {
  std::size_t count = 0;
  bool inside = false;
  for (const char c : text) {
    const bool word = c != ' ' && c != '\n' && c != '\t';
    count += word && !inside ? 1 : 0;
    inside = word;
  }
  return count;
}

Pieces cut(llm::Response& response, const ChatRequest& request) {
  Pieces pieces{.content = {}, .finish = response.tool_calls.empty() ? llm::Finish::stop : llm::Finish::tool_calls};
  auto& text = response.content;
  for (const auto& stop : request.stop) {
    if (const auto at = stop.empty() ? std::string::npos : text.find(stop); at != std::string::npos) text.resize(at);
  }
  const auto ends = [&] {
    std::vector<std::size_t> list;
    for (std::size_t i = 1; i < text.size(); ++i) {
      const bool blank = text[i] == ' ' || text[i] == '\n';
      if (blank && text[i - 1] != ' ' && text[i - 1] != '\n') list.push_back(i);
    }
    list.push_back(text.size());
    return list;
  }();
  if (request.max_tokens != 0 && ends.size() > request.max_tokens && !text.empty()) {
    text.resize(ends[request.max_tokens - 1]);
    pieces.finish = llm::Finish::length;
  }
  std::size_t begin = 0;
  for (const auto end : ends) {
    if (end > text.size() || end == begin) break;
    pieces.content.push_back(std::string_view(text).substr(begin, end - begin));
    begin = end;
  }
  response.finish_reason = pieces.finish;
  for (const auto& message : request.messages) response.usage.prompt_tokens += count_tokens(message.content) + 4;
  response.usage.completion_tokens = pieces.content.size();
  for (const auto& call : response.tool_calls) response.usage.completion_tokens += count_tokens(call.arguments) + 2;
  return pieces;
}

std::string completion_json(const Envelope& envelope, const llm::Response& response) {
  Json message{{"role", "assistant"}, {"content", response.content}};
  if (!response.tool_calls.empty()) {
    if (response.content.empty()) message["content"] = nullptr;
    message["tool_calls"] = calls_json(response.tool_calls, false);
  }
  Json json{{"id", envelope.id}, {"object", "chat.completion"}, {"created", envelope.created}, {"model", envelope.model}};
  json["choices"] = Json::array({{{"index", 0}, {"message", std::move(message)}, {"finish_reason", to_string(response.finish_reason)}}});
  json["usage"] = usage_json(response.usage);
  return llm::dump(json);
}

std::vector<std::string> chunks(const Envelope& envelope, const llm::Response& response, const Pieces& pieces, bool include_usage) {
  std::vector<std::string> list;
  list.push_back(chunk(envelope, {{"role", "assistant"}, {"content", ""}}, nullptr));
  for (const auto piece : pieces.content) list.push_back(chunk(envelope, {{"content", piece}}, nullptr));
  for (std::size_t i = 0; i < response.tool_calls.size(); ++i) {
    const auto& call = response.tool_calls[i];
    Json head{{"index", i}, {"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", ""}}}};
    list.push_back(chunk(envelope, {{"tool_calls", Json::array({std::move(head)})}}, nullptr));
    Json body{{"index", i}, {"function", {{"arguments", call.arguments}}}};
    list.push_back(chunk(envelope, {{"tool_calls", Json::array({std::move(body)})}}, nullptr));
  }
  list.push_back(chunk(envelope, Json::object(), to_string(pieces.finish)));
  if (include_usage) {
    Json json{{"id", envelope.id},
              {"object", "chat.completion.chunk"},
              {"created", envelope.created},
              {"model", envelope.model},
              {"choices", Json::array()}};
    json["usage"] = usage_json(response.usage);
    list.push_back(llm::dump(json));
  }
  return list;
}

std::string error_json(std::string_view message, std::string_view type, std::string_view code) {
  return llm::dump({{"error", {{"message", message}, {"type", type}, {"code", code}}}});
}

}  // namespace convoke::model
