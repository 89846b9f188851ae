// The frames of /api/ws as the README of this folder fixes them: what came in, checked, and what goes out, as text. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "api/common/actions.hpp"
#include "api/reader.hpp"

namespace convoke::api::ws {

/// What a frame says of itself, as it was sent: `of` (its type), `conversation`, `key`. An error that answers the frame repeats it.
using About = Json;

struct Perform {  // any verb of common/actions.hpp
  std::string id;
  std::string verb;
  std::string key;  // empty: none given
  std::string traceparent;
  Json fields;
  About about = About::object();
};
struct Subscribe {
  std::string id;
  std::string conversation;
  Position from;
  About about = About::object();
};
struct Unsubscribe {
  std::string id;
  std::string conversation;
};
struct Ping {
  std::string id;
};
struct Refused {  // the frame cannot be understood
  std::string id;
  Error error;
  About about = About::object();
};
using Frame = std::variant<Perform, Subscribe, Unsubscribe, Ping, Refused>;

Frame parse(std::string_view text, InputLimits limits);

std::string hello(std::string_view user);
std::string accepted(std::string_view id, std::string_view key, const wire::AcceptedT& accepted);
std::string error(std::string_view id, const Error& error, const About& about);
std::string pong(std::string_view id);
std::string unsubscribed(std::string_view id, std::string_view conversation);
/// What a subscription delivers; `id` is that of its `subscribe`. Empty for actions that are not for clients.
std::string delivery(std::string_view id, std::string_view conversation, const ReadAction& action);

}  // namespace convoke::api::ws
