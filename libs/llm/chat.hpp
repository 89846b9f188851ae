// What is said to a model and what it says back, in the shape that every chat provider shares. Requests, messages and responses have a
// JSON text form (OpenAI's chat message object), because transcripts keep them verbatim. JSON values (schemas, arguments) stay text here,
// so that no JSON library reaches whoever includes this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace convoke::llm {

enum class Role : std::uint8_t { system, user, assistant, tool };

std::string_view to_string(Role role) noexcept;
std::optional<Role> parse_role(std::string_view text) noexcept;

/// A call that the model asks for. `arguments` is the JSON text exactly as the model wrote it: it may be invalid, and is checked by
/// whoever carries the call out.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
  bool operator==(const ToolCall&) const = default;
};

struct Message {
  Role role = Role::user;
  std::string content = {};
  std::vector<ToolCall> tool_calls = {};  // assistant only
  std::string tool_call_id = {};          // tool only: which call this answers
  std::string name = {};                  // who spoke, where several people or agents share a role
  bool operator==(const Message&) const = default;
};

struct Tool {
  std::string name;
  std::string description;
  std::string parameters;  // JSON Schema of an object, as text; empty means no parameters
};

/// The answer must be JSON of this schema.
struct ResponseSchema {
  std::string name;
  std::string schema;  // JSON Schema, as text
  bool strict = true;
};

struct Request {
  std::string model;
  std::vector<Message> messages;
  std::vector<Tool> tools = {};
  std::string tool_choice = {};  // empty: the provider's default; auto, none, required, or the name of a tool
  std::optional<ResponseSchema> response_schema = {};
  std::optional<double> temperature = {};
  std::optional<std::uint32_t> max_tokens = {};
  std::vector<std::string> stop = {};
  std::optional<std::uint64_t> seed = {};
};

enum class Finish : std::uint8_t { stop, length, tool_calls, content_filter, unknown };

std::string_view to_string(Finish finish) noexcept;
Finish parse_finish(std::string_view text) noexcept;

struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  bool operator==(const Usage&) const = default;
};

struct Response {
  std::string content = {};
  std::vector<ToolCall> tool_calls = {};
  Finish finish_reason = Finish::unknown;
  Usage usage = {};
  std::string model = {};  // as the provider names it
  bool operator==(const Response&) const = default;
};

/// The assistant's message that a response becomes in the next request.
Message as_message(const Response& response);

/// One line of JSON. Text that is not UTF-8 has its bad bytes replaced, so that this never fails.
std::string to_json(const Message& message);
std::string to_json(const Response& response);

/// MALFORMED where the text is not JSON of the right shape; unknown members are ignored.
Result<Message> message_from_json(std::string_view text);
Result<Response> response_from_json(std::string_view text);

}  // namespace convoke::llm
