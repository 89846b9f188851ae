// What a tool is: the entry of a team file that an agent may call. Two kinds run in this version: `template` tools answer from a Markdown
// text with {placeholders} and record what they apply (tools/journal.hpp); `http` tools call a server (tools/http_request.hpp). A tool is
// addressed as (agent, tool), names repeat across agents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace convoke::tools {

enum class Kind { template_text, http, mcp, builtin, agent, code };
enum class Type { string, number, integer, boolean, list, object };

std::string_view name_of(Kind kind);  // as in a team file: "template", "http" …
std::string_view name_of(Type type);  // "string", "number" …

struct Parameter {
  std::string name;
  Type type = Type::string;
  Type items = Type::string;  // of the elements, for a list
  std::string description;
  bool required = true;               // false when a default is given
  std::string default_json;           // JSON text; empty: none
  std::vector<std::string> one_of;    // JSON texts of the only values allowed; empty: any
  std::vector<std::string> synonyms;  // other words people use for it; they help a model find it in a request
};

struct Failure {
  std::uint32_t first = 0;  // this many calls of the tool in each session fail, then it works: for tests and demonstrations
  std::string message;
};

/// What a tool of kind `http` sends. Arguments that the URL does not name go into the query (GET, DELETE) or into a JSON body.
struct HttpCall {
  std::string method = "POST";                               // GET, POST, PUT, PATCH, DELETE
  std::string url;                                           // {parameter} in its path or query
  std::vector<std::pair<std::string, std::string>> headers;  // values with ${TOOL_…}: variables of the worker's environment
};

struct Tool {
  std::string name;
  std::string description;
  Kind kind = Kind::template_text;
  std::vector<Parameter> parameters;
  std::vector<std::string> synonyms;  // words and phrases by which people ask for it
  std::string response;               // Markdown with {parameter}, {data.key}, {clock.today}, {clock.first_of_next_month}; {{ is a brace
  std::string data_json = "{}";       // canned values that the response may use: a JSON object
  Failure fail;
  std::uint32_t delay_ms = 0;         // the worker waits this long before it applies the tool
  std::uint32_t timeout_ms = 30'000;  // of one call
  bool idempotent = true;             // after a death it may be called again with the same call key
  bool journal = true;                // what it applies is recorded, and repeats of a call key are suppressed
  HttpCall http = {};
  std::string schema_json = {};  // of the arguments, where somebody else defines them: used instead of `parameters`
  bool sensitive = false;        // under the approval policy `sensitive` a person approves each use
};

/// What a model is told about the tool: its description, then "Also: …" with the synonyms.
std::string full_description(const Tool& tool);

/// JSON Schema (an object, additionalProperties false) of the tool's arguments, as JSON text.
std::string schema_of(const Tool& tool);

}  // namespace convoke::tools
