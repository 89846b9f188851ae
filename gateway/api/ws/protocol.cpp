#include "api/ws/protocol.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "api/common/json_text.hpp"
#include "api/common/render.hpp"

namespace convoke::api::ws {
namespace {

Json frame(std::string_view type, std::string_view id) {
  Json json{{"type", type}};
  if (!id.empty()) json["id"] = id;
  return json;
}

std::string pushed(std::string_view type, std::string_view conversation, std::string_view what) {
  JsonText json(what.size() + 128);
  json.text("type", type).text("conversation", conversation).json(type, what);
  return std::move(json).end();
}

std::string text_of(const Json& json, std::string_view name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

constexpr std::size_t longest_echo = 1024;

Refused refuse(std::string id, Error error) { return {.id = std::move(id), .error = std::move(error)}; }

// What is no id at all is told too, even when empty: whoever sent it knows it by that.
About about(const Json& frame) {
  About said = About::object();
  for (const auto& [name, from] : {std::pair("of", "type"), std::pair("conversation", "conversation"), std::pair("key", "key")})
    if (const auto found = frame.find(from);
        found != frame.end() && found->is_string() && found->get_ref<const std::string&>().size() <= longest_echo)
      said[name] = *found;
  return said;
}

Frame subscribe(std::string id, Fields& fields) {
  Subscribe wanted{.id = id, .conversation = fields.id("conversation", Need::required), .from = {}};
  wanted.from.from = std::max<std::uint64_t>(1, fields.number("from", Need::optional, 1));
  wanted.from.after_id = fields.uuid("after_id");
  if (auto status = fields.status(); !status) return refuse(std::move(id), std::move(status.error()));
  return wanted;
}

// Everything else is a verb; its fields are what is left of the frame.
Frame perform(std::string id, std::string type, Fields& fields) {
  Perform wanted{.id = id,
                 .verb = std::move(type),
                 .key = fields.text("key", Need::optional),
                 .traceparent = fields.text("traceparent", Need::optional),
                 .fields = fields.json()};
  if (fields.has("key") && fields.good() && !is_key(wanted.key))
    fields.wrong("key", "expected 1 to 256 printable ASCII characters without spaces");
  if (auto status = fields.status(); !status) return refuse(std::move(id), std::move(status.error()));
  for (const auto* name : {"type", "id", "key", "traceparent"}) wanted.fields.erase(name);
  return wanted;
}

}  // namespace

namespace {

Frame understand(Fields& fields) {
  auto id = text_of(fields.json(), "id");
  if (id.size() > 128 || (fields.has("id") && !fields.json().find("id")->is_string()))
    return refuse({}, Error(Fault::invalid, "id: expected text of at most 128 bytes"));
  const auto type = fields.text("type", Need::required);
  if (auto status = fields.status(); !status) return refuse(std::move(id), std::move(status.error()));
  if (type == "ping") return Ping{std::move(id)};
  if (type == "subscribe") return subscribe(std::move(id), fields);
  if (type == "unsubscribe") {
    auto conversation = fields.id("conversation", Need::required);
    if (auto status = fields.status(); !status) return refuse(std::move(id), std::move(status.error()));
    return Unsubscribe{std::move(id), std::move(conversation)};
  }
  return perform(std::move(id), type, fields);
}

}  // namespace

Frame parse(std::string_view text, InputLimits limits) {
  auto parsed = Fields::parse(text, limits);
  if (!parsed) return refuse({}, std::move(parsed.error()));
  if (auto status = parsed->status(); !status) return refuse({}, std::move(status.error()));
  auto frame = understand(*parsed);
  std::visit(
      [&](auto& each) {
        if constexpr (requires { each.about; }) each.about = about(parsed->json());
      },
      frame);
  return frame;
}

std::string hello(std::string_view user) {
  auto json = frame("hello", {});
  json["protocol"] = 1;
  json["user"] = user;
  return dump(json);
}

std::string accepted(std::string_view id, std::string_view key, const wire::AcceptedT& accepted) {
  auto json = frame("accepted", id);
  json["key"] = key;
  json.update(accepted_json(accepted));
  return dump(json);
}

std::string error(std::string_view id, const Error& error, const About& about) {
  auto json = frame("error", id);
  json.update(about);
  json["error"] = {{"code", convoke::name_of(error.code)}, {"message", error.message}, {"retryable", retryable(error.code)}};
  return dump(json);
}

std::string pong(std::string_view id) { return dump(frame("pong", id)); }

std::string unsubscribed(std::string_view id, std::string_view conversation) {
  auto json = frame("unsubscribed", id);
  json["conversation"] = conversation;
  return dump(json);
}

std::string delivery(std::string_view id, std::string_view conversation, const ReadAction& action) {
  if (const auto* failed = std::get_if<read::Failed>(&action)) {
    // An owner that has no such session can only say so.
    auto told = failed->error;
    if (told.code == Fault::not_found) told.message = fmt::format("there is no conversation '{}'", conversation);
    return error(id, told, {{"conversation", conversation}});
  }
  if (const auto* event = std::get_if<read::Event>(&action)) return pushed("event", conversation, event_text(event->event));
  if (const auto* delta = std::get_if<read::Delta>(&action)) return pushed("delta", conversation, delta_text(delta->delta));
  const auto* opened = std::get_if<read::Opened>(&action);
  if (!opened && !std::holds_alternative<read::Reset>(action)) return {};
  auto json = frame(opened ? "subscribed" : "history_reset", id);
  json["conversation"] = conversation;
  if (opened) {
    json["from"] = opened->from;
    json["head"] = opened->head;
  }
  return dump(json);
}

}  // namespace convoke::api::ws
