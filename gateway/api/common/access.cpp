#include "api/common/access.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "core/hash.hpp"
#include "core/name.hpp"

namespace convoke::api {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// `name:port`, `[::1]:port` or without port → the name in lower case, brackets kept; empty for anything else in brackets.
std::string host_name(std::string_view host) {
  const auto bracket = host.ends_with(']') ? host.size() : host.find("]:") + 1;
  const auto end = host.starts_with('[') ? bracket : host.find(':');
  return lower(host.substr(0, std::min(end, host.size())));
}

bool is_loopback_name(std::string_view name) { return name == "localhost" || name == "127.0.0.1" || name == "[::1]"; }

bool host_allowed(const AccessRules& rules, std::string_view host) {
  const auto name = host_name(host);
  if (is_loopback_name(name) || std::ranges::find(rules.hosts, name) != rules.hosts.end()) return true;
  // With keys no page can act for somebody, for a browser does not hold them: unless hosts are listed, any name is served.
  return !rules.keys.empty() && rules.hosts.empty();
}

bool origin_allowed(const AccessRules& rules, std::string_view origin, std::string_view host) {
  if (std::ranges::find(rules.origins, origin) != rules.origins.end()) return true;
  const auto scheme = origin.find("://");
  return scheme != std::string_view::npos && lower(origin.substr(scheme + 3)) == lower(host);
}

// A page's image, script or form of GET carries no Origin; browsers tell its site instead (Fetch Metadata). A link is followed by a person.
bool is_foreign_fetch(const Claims& claims) {
  if (claims.fetch_site != "cross-site" && claims.fetch_site != "same-site") return false;
  return claims.method != "GET" || claims.fetch_mode != "navigate" || claims.fetch_dest != "document";
}

std::string_view presented_key(const Claims& claims) {
  constexpr std::string_view scheme = "bearer ";
  if (claims.authorization.size() > scheme.size() && lower(claims.authorization.substr(0, scheme.size())) == scheme)
    return claims.authorization.substr(scheme.size());
  return claims.api_key;
}

std::optional<ApiKey> parse_key(const std::string& line) {
  std::istringstream words(line);
  std::string hash, user, role, rest;
  words >> hash >> user >> role >> rest;
  const bool hexadecimal = hash.size() == 64 && hash.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!hexadecimal || !is_user(user) || !(role.empty() || role == "admin") || !rest.empty()) return std::nullopt;
  return ApiKey{lower(hash), {user, role == "admin"}};
}

}  // namespace

Result<std::vector<ApiKey>> parse_keys(std::string_view text) {
  std::vector<ApiKey> keys;
  std::istringstream lines{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    auto key = parse_key(line);
    if (!key) return fail(Fault::invalid, fmt::format("line {}: expected `<sha256 of the key> <user> [admin]`", number));
    keys.push_back(std::move(*key));
  }
  return keys;
}

Status check_origin(const AccessRules& rules, const Claims& claims) {
  if (claims.origin.empty() && is_foreign_fetch(claims))
    return fail(
        Fault::forbidden,
        "pages of other sites may not call this gateway; those that gateway.origins lists may, with requests that carry their Origin");
  if (claims.origin.empty() || origin_allowed(rules, claims.origin, claims.host)) return {};
  return fail(Fault::forbidden, fmt::format("pages of {} may not call this gateway; gateway.origins lists those that may", claims.origin));
}

Status check_page(const AccessRules& rules, const Claims& claims) {
  if (claims.host.empty()) return fail(Fault::malformed, "the request names no Host");
  if (!host_allowed(rules, claims.host))
    return fail(Fault::forbidden,
                fmt::format("this gateway does not serve the host `{}`; gateway.hosts lists what it serves", claims.host));
  return check_origin(rules, claims);
}

Result<Identity> identify(const AccessRules& rules, const Claims& claims) {
  if (rules.keys.empty()) {
    if (!claims.loopback) return fail(Fault::unauthenticated, "no API keys are configured, so only this host is served");
    if (claims.principal.empty()) return Identity{"local", true};
    if (!is_user(claims.principal)) return fail(Fault::invalid, "x-ms-client-principal-id: expected a user name");
    return Identity{std::string(claims.principal), true};
  }
  const auto key = presented_key(claims);
  if (key.empty()) return fail(Fault::unauthenticated, "an API key is needed: `Authorization: Bearer <key>` or `X-API-Key: <key>`");
  const auto digest = to_hex(sha256(key));
  std::optional<Identity> found;  // all keys are compared, so that time tells nothing
  for (const auto& known : rules.keys)
    if (equal_in_constant_time(known.sha256, digest)) found = known.identity;
  if (!found) return fail(Fault::unauthenticated, "that API key is not known");
  return *found;
}

}  // namespace convoke::api
