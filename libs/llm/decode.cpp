#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "core/text.hpp"
#include "llm/provider.hpp"

namespace convoke::llm {
namespace {

namespace od = simdjson::ondemand;
constexpr std::size_t depth_limit = 128;

Error unreadable(std::string_view why) { return {Fault::model_invalid, "the model's stream cannot be read: " + std::string(why)}; }

/// Text of a field that may be missing, null or of another type.
std::string_view text(simdjson::simdjson_result<od::value> value) {
  std::string_view out;
  return value.get_string().get(out) == simdjson::SUCCESS ? out : std::string_view{};
}

std::uint64_t number(simdjson::simdjson_result<od::value> value) {
  std::uint64_t out = 0;
  return value.get_uint64().get(out) == simdjson::SUCCESS ? out : 0;
}

void read_tool_calls(od::array calls, std::vector<StreamEvent>& events) {
  std::size_t position = 0;
  for (auto entry : calls) {
    od::object call;
    if (entry.get_object().get(call) != simdjson::SUCCESS) continue;
    ToolCallDelta delta;
    delta.index = position++;
    for (auto field : call) {
      const std::string_view key = field.unescaped_key().value_unsafe();
      if (key == "index") {
        delta.index = number(field.value());
      } else if (key == "id") {
        delta.id = text(field.value());
      } else if (key == "function") {
        od::object function;
        if (field.value().get_object().get(function) != simdjson::SUCCESS) continue;
        for (auto part : function) {
          const std::string_view name = part.unescaped_key().value_unsafe();
          if (name == "name") delta.name = text(part.value());
          if (name == "arguments") delta.arguments = text(part.value());
        }
      }
    }
    events.emplace_back(std::move(delta));
  }
}

void read_delta(od::object delta, std::vector<StreamEvent>& events) {
  for (auto field : delta) {
    const std::string_view key = field.unescaped_key().value_unsafe();
    if (key == "content" || key == "refusal") {
      if (const auto said = text(field.value()); !said.empty()) events.emplace_back(Delta{std::string(said)});
    } else if (key == "tool_calls") {
      od::array calls;
      if (field.value().get_array().get(calls) == simdjson::SUCCESS) read_tool_calls(calls, events);
    }
  }
}

void read_choice(od::object choice, std::vector<StreamEvent>& events) {
  for (auto field : choice) {
    const std::string_view key = field.unescaped_key().value_unsafe();
    if (key == "delta") {
      od::object delta;
      if (field.value().get_object().get(delta) == simdjson::SUCCESS) read_delta(delta, events);
    } else if (key == "finish_reason") {
      if (const auto reason = text(field.value()); !reason.empty()) events.emplace_back(Finished{parse_finish(reason)});
    }
  }
}

void read_usage(od::object usage, std::vector<StreamEvent>& events) {
  UsageReport report;
  for (auto field : usage) {
    const std::string_view key = field.unescaped_key().value_unsafe();
    if (key == "prompt_tokens") report.usage.prompt_tokens = number(field.value());
    if (key == "completion_tokens") report.usage.completion_tokens = number(field.value());
  }
  events.emplace_back(report);
}

/// Errors inside a stream: `{"error": {"message": …, "code" or "type": …}}`.
Error read_error(od::value value) {
  od::object error;
  if (value.get_object().get(error) != simdjson::SUCCESS) return {Fault::model_overloaded, "the model stopped with an error"};
  std::string message;
  std::string kind;
  for (auto field : error) {
    const std::string_view key = field.unescaped_key().value_unsafe();
    if (key == "message") message = text(field.value());
    if (key == "type" || key == "code") kind.append(text(field.value())).append(" ");
  }
  Fault fault = Fault::model_overloaded;
  if (kind.find("rate_limit") != std::string::npos) fault = Fault::model_rate_limited;
  if (kind.find("invalid") != std::string::npos) fault = Fault::model_invalid;
  if (kind.find("auth") != std::string::npos) fault = Fault::model_unauthorised;
  return {fault, "the model stopped with an error: " + std::string(truncate_utf8(message, 300))};
}

/// Reads the fields of a chunk in whatever order they come. Returns whether it was a chunk at all.
bool read_chunk(od::object chunk, bool& model_known, std::vector<StreamEvent>& events) {
  bool known = false;
  for (auto field : chunk) {
    const std::string_view key = field.unescaped_key().value_unsafe();
    if (key == "choices") {
      known = true;
      od::array choices;
      if (field.value().get_array().get(choices) != simdjson::SUCCESS) continue;
      for (auto entry : choices) {
        od::object choice;
        if (entry.get_object().get(choice) == simdjson::SUCCESS) read_choice(choice, events);
      }
    } else if (key == "usage") {
      od::object usage;
      if (field.value().get_object().get(usage) == simdjson::SUCCESS) read_usage(usage, events);
    } else if (key == "model" && !model_known) {
      model_known = true;
      events.emplace_back(ModelName{std::string(text(field.value()))});
    } else if (key == "error") {
      known = true;
      od::value error;
      if (field.value().get(error) == simdjson::SUCCESS && !error.is_null()) events.emplace_back(Failed{read_error(error)});
    }
  }
  return known;
}

/// On-Demand looks only where it is asked to; skipped parts are checked by nobody. So the nesting is counted first, outside of strings.
bool too_deep(std::string_view data) {
  if (static_cast<std::size_t>(std::ranges::count_if(data, [](char c) { return c == '{' || c == '['; })) <= depth_limit) return false;
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const char c = data[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if ((c == '{' || c == '[') && ++depth > depth_limit) {
      return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

struct ChatDecoder::State {
  od::parser parser;
  std::string buffer;
  bool model_known = false;
};

ChatDecoder::ChatDecoder() : state_(std::make_unique<State>()) {}
ChatDecoder::~ChatDecoder() = default;
ChatDecoder::ChatDecoder(ChatDecoder&&) noexcept = default;
ChatDecoder& ChatDecoder::operator=(ChatDecoder&&) noexcept = default;

Status ChatDecoder::decode(std::string_view data, std::vector<StreamEvent>& events) {
  if (data == "[DONE]") {
    events.emplace_back(Done{});
    return {};
  }
  if (too_deep(data)) return std::unexpected(unreadable("an event is nested too deeply"));
  // The parser reads up to SIMDJSON_PADDING bytes beyond the end.
  auto& buffer = state_->buffer;
  buffer.assign(data);
  buffer.append(simdjson::SIMDJSON_PADDING, '\0');
  const auto before = events.size();
  try {
    auto parsed = state_->parser.iterate(buffer.data(), data.size(), buffer.size());
    od::document document;
    if (const auto error = std::move(parsed).get(document)) return std::unexpected(unreadable(simdjson::error_message(error)));
    od::object chunk;
    if (document.get_object().get(chunk) != simdjson::SUCCESS) return std::unexpected(unreadable("an event is not a JSON object"));
    if (!read_chunk(chunk, state_->model_known, events)) {
      events.resize(before, Done{});
      return std::unexpected(unreadable("an event has neither choices nor an error"));
    }
    // After the object, only the end is left.
    if (const char* rest = nullptr; document.current_location().get(rest) == simdjson::SUCCESS) {
      return std::unexpected(unreadable("an event has text after its JSON"));
    }
  } catch (const simdjson::simdjson_error& error) {
    events.resize(before, Done{});
    return std::unexpected(unreadable(error.what()));
  }
  return {};
}

}  // namespace convoke::llm
