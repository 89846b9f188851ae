#include "llm/json_check.hpp"

#include <simdjson.h>

#include <string>

namespace convoke::llm {
namespace {

constexpr std::size_t depth_limit = 128;

}  // namespace

Status check_object(std::string_view text, std::string_view what) {
  static thread_local simdjson::dom::parser parser;
  if (parser.max_depth() != depth_limit && parser.allocate(text.size(), depth_limit) != simdjson::SUCCESS)
    return fail(Fault::internal, "no memory to read JSON");
  simdjson::dom::element json;
  const auto error = parser.parse(text.data(), text.size()).get(json);
  if (error == simdjson::DEPTH_ERROR) return fail(Fault::invalid, std::string(what) + " is nested more than 128 levels deep");
  if (error != simdjson::SUCCESS) return fail(Fault::invalid, std::string(what) + " is not valid JSON");
  if (!json.is_object()) return fail(Fault::invalid, std::string(what) + " is not a JSON object");
  return {};
}

}  // namespace convoke::llm
