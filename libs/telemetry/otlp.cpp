#include <map>
#include <nlohmann/json.hpp>

#include "telemetry/trace.hpp"

namespace convoke::telemetry {
namespace {

using nlohmann::json;

json attribute(const std::string& key, const std::string& value) { return {{"key", key}, {"value", {{"stringValue", value}}}}; }

std::string nanoseconds(std::int64_t microseconds) { return std::to_string(microseconds * 1000); }

json encode(const Span& span) {
  json out = {{"traceId", trace_id_hex(span.context)},
              {"spanId", span_id_hex(span.context.span)},
              {"name", span.name},
              {"kind", static_cast<int>(span.kind)},
              {"startTimeUnixNano", nanoseconds(span.start_unix_us)},
              {"endTimeUnixNano", nanoseconds(span.end_unix_us)},
              {"status", {{"code", static_cast<int>(span.status)}}}};
  if (span.parent != 0) out["parentSpanId"] = span_id_hex(span.parent);
  if (!span.status_message.empty()) out["status"]["message"] = span.status_message;
  auto attributes = json::array();
  for (const auto& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
  if (!span.session.empty()) attributes.push_back(attribute("session.id", span.session));
  out["attributes"] = std::move(attributes);
  return out;
}

}  // namespace

std::string otlp_json(std::span<const Span> spans) {
  std::map<std::string, json> by_service;
  for (const auto& span : spans) by_service[span.service].push_back(encode(span));
  auto resources = json::array();
  for (auto& [service, encoded] : by_service) {
    const json resource = {{"attributes", json::array({attribute("service.name", service), attribute("service.namespace", "convoke")})}};
    const json scope = {{"scope", {{"name", "convoke"}}}, {"spans", std::move(encoded)}};
    resources.push_back({{"resource", resource}, {"scopeSpans", json::array({scope})}});
  }
  return json{{"resourceSpans", std::move(resources)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace convoke::telemetry
