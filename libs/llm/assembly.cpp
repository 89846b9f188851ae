#include <nlohmann/json.hpp>

#include "llm/json_text.hpp"
#include "llm/provider.hpp"

namespace convoke::llm {
namespace {

constexpr std::size_t calls_limit = 128;

template <class... Cases> struct Overload : Cases... {
  using Cases::operator()...;
};

}  // namespace

Status Assembly::grow(std::size_t bytes) {
  size_ += bytes;
  if (size_ > limit_) return fail(Fault::model_invalid, "the model's answer is larger than " + std::to_string(limit_) + " bytes");
  return {};
}

Status Assembly::apply(const StreamEvent& event) {
  return std::visit(Overload{
                        [&](const Delta& delta) {
                          response_.content += delta.text;
                          return grow(delta.text.size());
                        },
                        [&](const ToolCallDelta& delta) -> Status {
                          if (delta.index >= calls_limit)
                            return fail(Fault::model_invalid, "the model asks for more than 128 tool calls at once");
                          if (response_.tool_calls.size() <= delta.index) response_.tool_calls.resize(delta.index + 1);
                          auto& call = response_.tool_calls[delta.index];
                          if (!delta.id.empty()) call.id = delta.id;
                          call.name += delta.name;
                          call.arguments += delta.arguments;
                          return grow(delta.name.size() + delta.arguments.size());
                        },
                        [&](const Finished& finished) -> Status {
                          response_.finish_reason = finished.reason;
                          finished_ = true;
                          return {};
                        },
                        [&](const UsageReport& report) -> Status {
                          response_.usage = report.usage;
                          return {};
                        },
                        [&](const ModelName& name) -> Status {
                          response_.model = name.model;
                          return {};
                        },
                        [](const Failed& failed) -> Status { return std::unexpected(failed.error); },
                        [](const Done&) -> Status { return {}; },
                    },
                    event);
}

Result<Response> Assembly::take() {
  if (!finished_) return fail(Fault::model_overloaded, "the model's stream was cut before the answer was finished");
  for (std::size_t i = 0; i < response_.tool_calls.size(); ++i) {
    auto& call = response_.tool_calls[i];
    if (call.name.empty()) return fail(Fault::model_invalid, "the model asks for a tool call without a name");
    if (call.id.empty()) call.id = "call_" + std::to_string(i);
    if (call.arguments.empty()) call.arguments = "{}";
  }
  // Some servers say "stop" although they ask for calls.
  if (!response_.tool_calls.empty() && response_.finish_reason != Finish::length) response_.finish_reason = Finish::tool_calls;
  return std::move(response_);
}

Result<Response> decode_complete(std::string_view body) {
  auto json = parse_object(body, Fault::model_invalid, "the model's answer");
  if (!json) return std::unexpected(std::move(json.error()));
  const auto choices = json->find("choices");
  if (choices == json->end() || !choices->is_array() || choices->empty() || !choices->front().contains("message")) {
    return fail(Fault::model_invalid, "the model's answer has no choices");
  }
  // The message object is what `response_from_json` reads; only where finish reason, usage and model stand differs.
  auto flat = choices->front()["message"];
  if (!flat.is_object()) return fail(Fault::model_invalid, "the model's answer has no message");
  for (const char* key : {"usage", "model"}) {
    if (json->contains(key)) flat[key] = (*json)[key];
  }
  if (choices->front().contains("finish_reason")) flat["finish_reason"] = choices->front()["finish_reason"];
  auto response = response_from_json(dump(flat));
  if (!response) return fail(Fault::model_invalid, "the model's answer cannot be used: " + response.error().message);
  return response;
}

}  // namespace convoke::llm
