#include "api/common/access.hpp"

#include <catch2/catch.hpp>

#include "core/hash.hpp"

using namespace convoke;
using namespace convoke::api;

namespace {

Claims local(std::string_view method = "GET") {
  Claims claims;
  claims.method = method;
  claims.host = "localhost:8080";
  claims.loopback = true;
  return claims;
}

AccessRules with_keys() {
  AccessRules rules;
  rules.keys.push_back({to_hex(sha256("secret-1")), {"ann", false}});
  rules.keys.push_back({to_hex(sha256("secret-2")), {"root", true}});
  return rules;
}

}  // namespace

TEST_CASE("access: without keys this host alone is served, as local or as the principal it names") {
  auto claims = local();
  CHECK(identify({}, claims)->user == "local");
  CHECK(identify({}, claims)->admin);
  claims.principal = "bob@example.com";
  CHECK(identify({}, claims)->user == "bob@example.com");
  claims.principal = "bob/../x";
  CHECK(identify({}, claims).error().code == Fault::invalid);
  claims.loopback = false;
  CHECK(identify({}, claims).error().code == Fault::unauthenticated);
}

TEST_CASE("access: with keys only a key says who it is") {
  auto claims = local();
  claims.principal = "root";
  CHECK(identify(with_keys(), claims).error().code == Fault::unauthenticated);
  claims.authorization = "bearer secret-1";
  CHECK(identify(with_keys(), claims)->user == "ann");
  claims.authorization = {};
  claims.api_key = "secret-2";
  CHECK(identify(with_keys(), claims)->admin);
  claims.api_key = "secret-3";
  CHECK(identify(with_keys(), claims).error().code == Fault::unauthenticated);
}

TEST_CASE("access: a host that is not ours is refused, so a rebound name reads nothing") {
  auto claims = local();
  claims.host = "evil.example:8080";
  CHECK(check_page({}, claims).error().code == Fault::forbidden);
  for (const auto* host : {"[::1].evil.example", "[::1]evil:80", "[::1", "[::1]:80]"}) {
    claims.host = host;
    CHECK(check_page({}, claims).error().code == Fault::forbidden);
  }
  for (const auto* host : {"LOCALHOST", "127.0.0.1:1", "[::1]:8080", "[::1]"}) {
    claims.host = host;
    CHECK(check_page({}, claims));
  }
  AccessRules rules;
  rules.hosts = {"convoke.example"};
  claims.host = "Convoke.Example:443";
  CHECK(check_page(rules, claims));
  claims.host = "any.example";
  CHECK(check_page(with_keys(), claims));
}

TEST_CASE("access: foreign pages are refused, whatever they ask") {
  auto claims = local("POST");
  CHECK(check_page({}, claims));  // no page
  claims.origin = "http://localhost:8080";
  CHECK(check_page({}, claims));
  for (const auto* origin : {"http://evil.example", "null", "http://localhost:9999"}) {
    claims.origin = origin;
    claims.method = "POST";
    CHECK(check_page({}, claims).error().code == Fault::forbidden);
    claims.method = "GET";
    CHECK(check_page({}, claims).error().code == Fault::forbidden);
    claims.websocket = true;
    CHECK(check_page({}, claims).error().code == Fault::forbidden);
    CHECK(check_origin({}, claims).error().code == Fault::forbidden);
    claims.websocket = false;
  }
  AccessRules rules;
  rules.origins = {"http://evil.example"};
  claims.origin = "http://evil.example";
  claims.method = "POST";
  CHECK(check_page(rules, claims));
}

TEST_CASE("access: what a foreign page asks without an Origin is refused too, a link to us is followed") {
  auto claims = local();
  for (const auto* site : {"cross-site", "same-site"}) {
    claims.fetch_site = site;
    for (const auto* mode : {"no-cors", "cors", "websocket", ""}) {
      claims.fetch_mode = mode;
      CHECK(check_page({}, claims).error().code == Fault::forbidden);
      CHECK(check_origin({}, claims).error().code == Fault::forbidden);
    }
    claims.fetch_mode = "navigate";
    claims.fetch_dest = "iframe";
    CHECK(check_page({}, claims).error().code == Fault::forbidden);
    claims.fetch_dest = "document";
    CHECK(check_page({}, claims));
    claims.method = "POST";
    CHECK(check_page({}, claims).error().code == Fault::forbidden);
    claims.method = "GET";
  }
  claims.fetch_mode = "cors";
  for (const auto* site : {"same-origin", "none"}) {
    claims.fetch_site = site;
    CHECK(check_page({}, claims));
  }
  AccessRules rules;
  rules.origins = {"http://app.example"};
  claims.fetch_site = "cross-site";
  claims.origin = "http://app.example";
  CHECK(check_page(rules, claims));
}

TEST_CASE("access: a key file is read line by line, and the wrong line is named") {
  const auto hash = to_hex(sha256("k"));
  const auto keys = parse_keys("# people\n\n" + hash + " ann\n" + hash + "\troot admin\n");
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK((*keys)[1].identity.admin);
  CHECK(parse_keys(hash + " ann\nsecret bob").error().message.starts_with("line 2"));
  CHECK_FALSE(parse_keys(hash));
  CHECK_FALSE(parse_keys(hash + " ann boss"));
}

TEST_CASE("access: a request that names no host is a mistake, not a host that is not served") {
  auto claims = local();
  claims.host = {};
  CHECK(check_page({}, claims).error().code == Fault::malformed);
}
