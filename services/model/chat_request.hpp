// A request to /v1/chat/completions as this server understands it, and its answer as the bytes that OpenAI's API would send.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "llm/chat.hpp"

namespace convoke::model {

enum class Format : std::uint8_t { text, json_object, json_schema };

struct ChatRequest {
  std::string model;
  std::string user;
  std::vector<llm::Message> messages;
  nlohmann::ordered_json tools;  // as sent; null without any
  std::string tool_choice;       // auto, none, required or a tool's name
  Format format = Format::text;
  nlohmann::ordered_json schema;  // of json_schema
  bool stream = false;
  bool include_usage = false;
  std::size_t max_tokens = 0;  // 0: not limited
  std::vector<std::string> stop;
};

/// INVALID with a sentence for whoever wrote the request. Depth and types are checked; unknown members are ignored.
Result<ChatRequest> parse_chat(std::string_view body);

/// An answer in the pieces in which it is streamed: a word with the space before it is a token.
struct Pieces {
  std::vector<std::string_view> content;  // views into the response
  llm::Finish finish = llm::Finish::stop;
};
/// Applies `stop` and `max_tokens`, cuts into pieces, and counts the usage.
Pieces cut(llm::Response& response, const ChatRequest& request);

std::size_t count_tokens(std::string_view text);

/// What every chunk and answer of one request has in common.
struct Envelope {
  std::string id;
  std::int64_t created = 0;
  std::string model;
};

std::string completion_json(const Envelope& envelope, const llm::Response& response);
/// The `data:` texts of a stream, in order, without [DONE].
std::vector<std::string> chunks(const Envelope& envelope, const llm::Response& response, const Pieces& pieces, bool include_usage);
std::string error_json(std::string_view message, std::string_view type, std::string_view code);

}  // namespace convoke::model
