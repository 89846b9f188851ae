// Who is calling, and may this browser page do so? Pure: decided from the request's headers and the settings. Three questions, in this
// order: is the Host one of ours (DNS rebinding), is the Origin (foreign pages), and whose key is it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace convoke::api {

/// Who a request speaks for.
struct Identity {
  std::string user;
  bool admin = false;  // may apply teams
};

struct ApiKey {
  std::string sha256;  // hexadecimal
  Identity identity;
};

/// The lines of a key file: `<sha256 of the key, hexadecimal> <user> [admin]`; empty lines and `#` comments are skipped. INVALID with the
/// number of the wrong line.
Result<std::vector<ApiKey>> parse_keys(std::string_view text);

struct AccessRules {
  std::vector<ApiKey> keys;          // empty: everybody on this host is the user `local`
  std::vector<std::string> hosts;    // Host names served besides localhost and loopback addresses; with keys and none listed: any
  std::vector<std::string> origins;  // foreign pages that may call: `https://app.example`
};

/// The headers that matter; empty when absent.
struct Claims {
  std::string_view method;
  std::string_view host;
  std::string_view origin;
  std::string_view fetch_site;  // Sec-Fetch-Site, -Mode and -Dest: what a browser says of a request that carries no Origin
  std::string_view fetch_mode;
  std::string_view fetch_dest;
  std::string_view authorization;
  std::string_view api_key;
  std::string_view principal;  // x-ms-client-principal-id, believed only without keys
  bool websocket = false;
  bool loopback = false;
};

/// FORBIDDEN for a page of a foreign origin, whatever it asks. Following a link is nothing that a page asks: it does not see the answer.
Status check_origin(const AccessRules& rules, const Claims& claims);
/// The same, and FORBIDDEN when the Host is not ours, MALFORMED without one.
Status check_page(const AccessRules& rules, const Claims& claims);
/// UNAUTHENTICATED without a valid key (or, where no keys are configured, from another host); INVALID for an unusable principal.
Result<Identity> identify(const AccessRules& rules, const Claims& claims);

}  // namespace convoke::api
