// What a client says around a body, a line each: method, target, Host, Origin, Authorization, X-API-Key, principal, Idempotency-Key,
// traceparent, Sec-Fetch-Site, -Mode and -Dest. The server's own parsing is `http`'s; this is what the gateway makes of it.
#include <algorithm>
#include <array>
#include <cctype>

#include "api/common/access.hpp"
#include "api/common/actions.hpp"
#include "api/router.hpp"
#include "core/hash.hpp"
#include "core/name.hpp"
#include "core/text.hpp"
#include "fuzz.hpp"
#include "http/address.hpp"
#include "http/message.hpp"
#include "telemetry/trace.hpp"

using namespace convoke;

namespace {

constexpr std::string_view own_key = "open-sesame";

boost::asio::awaitable<Result<http::Response>> nothing(api::Call) { co_return http::Response{}; }

api::Router make_router() {
  api::Router router;
  for (const auto* pattern : {"/plans", "/plans/{id}", "/plans/{id}/decide", "/dead-letters/{id}/{action}"})
    router.add("GET", pattern, nothing);
  router.add("POST", "/plans/{id}", nothing);
  return router;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

void check_route(std::string_view method, std::string_view target) {
  static const auto router = make_router();
  const auto path = http::decode_percent(target.substr(0, target.find('?')));
  if (!path) return;
  fuzz::require(http::decode_percent(http::encode_percent(*path)) == *path, "a path that changes when it is encoded");
  const auto match = router.match(method, *path);
  if (!match.handler) return;
  auto built = match.pattern;
  for (const auto& [name, value] : match.parameters) {
    fuzz::require(!value.empty() && !value.contains('/'), "a part of a path that is none");
    built.replace(built.find("{" + name + "}"), name.size() + 2, value);
  }
  fuzz::require(*path == built || *path == "/api" + built, "a handler of another path");
}

void check_query(std::string_view target) {
  const auto query = target.substr(std::min(target.find('?'), target.size()));
  const auto value = http::decode_percent(query.substr(std::min(query.find('=') + 1, query.size())), true);
  if (!value) return;
  const auto number = api::whole_number(*value, "from", 1'000);
  if (number)
    fuzz::require(*number <= 1'000 && !value->empty() && std::ranges::all_of(*value, [](char c) { return c >= '0' && c <= '9'; }),
                  "a number out of something else");
  if (const auto id = parse_uuid(*value)) fuzz::require(parse_uuid(to_string(*id)) == *id, "an id that changes");
  if (const auto agent = split_agent(*value)) fuzz::require(agent->first + "." + agent->second == *value, "an agent that changes");
  fuzz::require(value->starts_with(session_of(*value)), "a session that is no part of its id");
  if (is_utf8(*value)) fuzz::require(is_utf8(truncate_utf8(*value, 7)), "a text that is cut inside a character");
}

void check_host(const api::AccessRules& rules, const api::Claims& claims) {
  if (!api::check_page(rules, claims)) return;
  const auto host = lower(claims.host);
  const auto named = [&](std::string_view name) { return host == name || (host.starts_with(name) && host[name.size()] == ':'); };
  const bool ours = named("localhost") || named("127.0.0.1") || named("[::1]") || named("gateway.example");
  fuzz::require(ours, "a host that is not ours");
  const bool foreign = claims.fetch_site == "cross-site" && claims.method != "GET";
  fuzz::require(!foreign || !claims.origin.empty(), "what a foreign page sends without saying so");
  const bool own_page = claims.origin.empty() || claims.origin == "https://app.example" || lower(claims.origin).ends_with("://" + host);
  fuzz::require(own_page, "a page that is not ours");
}

void check_identity(const api::AccessRules& rules, const api::Claims& claims) {
  const auto identity = api::identify(rules, claims);
  fuzz::require(identity || !identity.error().message.empty(), "a refusal without a reason");
  if (!identity) return;
  fuzz::require(is_user(identity->user), "somebody who is no user");
  if (rules.keys.empty()) return;
  fuzz::require(claims.authorization.ends_with(own_key) || claims.api_key == own_key, "somebody without the key");
  fuzz::require(identity->user == "ann" && !identity->admin, "somebody else than whose key it is");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::text(data, size);
  std::array<std::string_view, 12> lines;
  for (auto& line : lines) {
    line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  const auto [method, target, host, origin, authorization, api_key, principal, key, traceparent, site, mode, dest] = lines;
  const api::AccessRules open{{}, {"gateway.example"}, {"https://app.example"}};
  const api::AccessRules keyed{{{to_hex(sha256(own_key)), {"ann", false}}}, {"gateway.example"}, {"https://app.example"}};
  const api::Claims claims{.method = method,
                           .host = host,
                           .origin = origin,
                           .fetch_site = site,
                           .fetch_mode = mode,
                           .fetch_dest = dest,
                           .authorization = authorization,
                           .api_key = api_key,
                           .principal = principal,
                           .websocket = false,
                           .loopback = true};
  check_route(method, target);
  check_query(target);
  for (const auto* rules : {&open, &keyed}) {
    check_host(*rules, claims);
    check_identity(*rules, claims);
  }
  if (api::is_key(key)) fuzz::require(key.size() <= 256 && !key.empty() && is_utf8(key), "a key that cannot be stored");
  if (const auto parent = telemetry::parse_traceparent(traceparent)) {
    fuzz::require(static_cast<bool>(*parent), "a trace without an id");
    fuzz::require(telemetry::parse_traceparent(telemetry::format_traceparent(*parent)) == *parent, "a trace that changes");
  }
  if (const auto address = http::parse_address(host)) {
    fuzz::require(!address->host.empty(), "an address without a host");
    (void)http::endpoint_of(*address);
  }
  return 0;
}
