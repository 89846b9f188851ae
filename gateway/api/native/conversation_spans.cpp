#include "api/native/conversation_spans.hpp"

#include "api/common/actions.hpp"
#include "api/common/render.hpp"

namespace convoke::api {
namespace {

std::string text_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What an event's data names that people decide on: requests and dead letters.
const char* name_in_data(wire::EventKind kind) {
  switch (kind) {
    case wire::EventKind::request_opened: return "request";
    case wire::EventKind::dead_letter: return "id";
    default: return nullptr;
  }
}

}  // namespace

void ConversationSpans::see(const wire::EventT& event) {
  if (event.trace.hi() || event.trace.lo()) traces_.emplace(event.trace.hi(), event.trace.lo());
  named_.insert({event.run, event.plan});
  if (const auto* name = name_in_data(event.kind))
    if (const auto data = parse_json(event.data, 2)) named_.insert(text_in(*data, name));
}

Json ConversationSpans::among(const std::vector<wire::SpanT>& spans) const {
  auto traces = traces_;
  std::vector<Json> shown;
  shown.reserve(spans.size());
  for (const auto& span : spans) {
    const auto& json = shown.emplace_back(span_json(span));
    const auto about = text_in(json["attributes"], about_attribute);
    if (!about.empty() && named_.contains(about)) traces.emplace(span.trace_hi, span.trace_lo);
  }
  Json list = Json::array();
  for (std::size_t at = 0; at < spans.size(); ++at) {
    const auto& span = spans[at];
    const bool is_of_a_run = !span.run.empty() && named_.contains(span.run);
    if (is_of_a_run || traces.contains({span.trace_hi, span.trace_lo})) list.push_back(std::move(shown[at]));
  }
  return list;
}

}  // namespace convoke::api
