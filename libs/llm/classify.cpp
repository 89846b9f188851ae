#include "core/text.hpp"
#include "llm/json_text.hpp"
#include "llm/provider.hpp"

namespace convoke::llm {
namespace {

/// The provider's sentence, out of `{"error": {"message": …}}` or `{"error": "…"}`, else the beginning of the body.
std::string words_of(std::string_view body) {
  const auto json = parse_object(body, Fault::malformed, "the error");
  if (json && json->contains("error")) {
    const auto& error = (*json)["error"];
    if (error.is_string()) return std::string(truncate_utf8(error.get_ref<const std::string&>(), 300));
    if (error.is_object() && error.contains("message") && error["message"].is_string()) {
      return std::string(truncate_utf8(error["message"].get_ref<const std::string&>(), 300));
    }
  }
  return std::string(truncate_utf8(is_utf8(body) ? body : "(not text)", 200));
}

Fault fault_of(int status, std::string_view body) {
  if (status == 401 || status == 403) return Fault::model_unauthorised;
  if (status == 429) {
    // A spent quota comes as 429 too, but waiting does not mend it.
    return body.find("insufficient_quota") != std::string_view::npos ? Fault::budget : Fault::model_rate_limited;
  }
  if (status == 408 || status == 409 || status >= 500) return Fault::model_overloaded;
  return Fault::model_invalid;
}

}  // namespace

Error classify_status(int status, std::string_view body) {
  const auto words = words_of(body);
  return {fault_of(status, body), "the model provider answered " + std::to_string(status) + (words.empty() ? "" : ": " + words)};
}

}  // namespace convoke::llm
