#include "tools/http_request.hpp"

#include <catch2/catch.hpp>

using namespace convoke;
using namespace convoke::tools;

namespace {

Tool charge(std::string method = "POST") {
  return {.name = "charge",
          .description = "Charges a customer.",
          .kind = Kind::http,
          .parameters = {{.name = "customer", .description = "Whom"},
                         {.name = "amount", .type = Type::number, .description = "How much"},
                         {.name = "currency", .description = "In", .required = false, .default_json = R"("EUR")"},
                         {.name = "tags", .type = Type::list, .description = "Tags", .required = false}},
          .idempotent = false,
          .http = {.method = std::move(method), .url = "https://pay.example.org/v1/{customer}/charges?in={currency}"}};
}

std::optional<std::string> environment(std::string_view name) {
  if (name == "TOOL_KEY") return "s3cret-value";
  if (name == "TOOL_BROKEN") return "a\r\nX-Other: b";
  return name == "HOME" ? std::optional<std::string>("/root") : std::nullopt;
}

HttpRequest made(const Tool& tool, std::string_view arguments) { return http_request(tool, arguments, "s/a/1/1/0", environment).value(); }

std::string header(const HttpRequest& request, std::string_view name) {
  for (const auto& [each, value] : request.headers)
    if (each == name) return value;
  return {};
}

std::string mistakes(HttpCall http) {
  Tool tool = charge();
  tool.http = std::move(http);
  std::string text;
  for (const auto& mistake : check_http(tool)) text += (text.empty() ? "" : "\n") + mistake.where + ": " + mistake.expected;
  return text;
}

}  // namespace

TEST_CASE("http tool: what the URL names goes there, encoded, and the rest into the body") {
  const auto request = made(charge(), R"({"customer": "Zoë / & Co", "amount": 12.5, "tags": ["a"]})");
  CHECK(request.method == "POST");
  CHECK(request.url == "https://pay.example.org/v1/Zo%C3%AB%20%2F%20%26%20Co/charges?in=EUR");
  CHECK(request.body == R"({"amount":12.5,"tags":["a"]})");
  CHECK(header(request, "Content-Type") == "application/json");
}

TEST_CASE("http tool: without a body the rest goes into the query") {
  for (const std::string method : {"GET", "DELETE"}) {
    const auto request = made(charge(method), R"({"customer": "x", "amount": 3, "tags": ["a b", "c"]})");
    CHECK(request.url == "https://pay.example.org/v1/x/charges?in=EUR&amount=3&tags=a%20b&tags=c");
    CHECK(request.body.empty());
  }
}

TEST_CASE("http tool: the call's key goes out with a tool that is idempotent, and with no other") {
  Tool tool = charge();
  CHECK(header(made(tool, R"({"customer": "x", "amount": 3})"), "Idempotency-Key").empty());
  tool.idempotent = true;
  CHECK(header(made(tool, R"({"customer": "x", "amount": 3})"), "Idempotency-Key") == "s/a/1/1/0");
}

TEST_CASE("http tool: an argument cannot lead out of the URL's path") {
  for (const std::string customer : {"", ".", ".."}) {
    const auto refused = http_request(charge(), R"({"amount": 3, "customer": ")" + customer + "\"}", "k", environment);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Fault::tool_invalid_arguments);
  }
  CHECK(made(charge(), R"({"amount": 3, "customer": "../admin?x=1#y"})").url ==
        "https://pay.example.org/v1/..%2Fadmin%3Fx%3D1%23y/charges?in=EUR");
  CHECK(http_request(charge(), R"({"amount": "3", "customer": "x"})", "k", environment).error().code == Fault::tool_invalid_arguments);
}

TEST_CASE("http tool: headers take variables whose names begin with TOOL_, and say which one is missing without a value") {
  Tool tool = charge();
  tool.http.headers = {{"Authorization", "Bearer ${TOOL_KEY}"}, {"accept", "text/csv"}};
  const auto request = made(tool, R"({"customer": "x", "amount": 3})");
  CHECK(header(request, "Authorization") == "Bearer s3cret-value");
  CHECK(header(request, "accept") == "text/csv");
  CHECK(header(request, "Accept").empty());
  CHECK(request.secrets == std::vector<std::string>{"s3cret-value"});
  tool.http.headers = {{"Authorization", "Bearer ${TOOL_NONE}"}};
  const auto missing = http_request(tool, R"({"customer": "x", "amount": 3})", "k", environment);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Fault::invalid);
  CHECK(missing.error().message == "header Authorization: the variable TOOL_NONE is not set in the worker's environment");
  tool.http.headers = {{"X-Home", "${HOME}"}};
  CHECK_FALSE(http_request(tool, R"({"customer": "x", "amount": 3})", "k", environment));
}

TEST_CASE("http tool: what a server says back is shown without the secrets in it") {
  CHECK(hide("key s3cret-value, again s3cret-value!", {"s3cret-value"}) == "key ***, again ***!");
  CHECK(hide("a b", {"", "a"}) == "a b");
}

TEST_CASE("http tool: mistakes in URLs and headers are found before anything is called") {
  const std::string url = "https://pay.example.org/{customer}";
  CHECK(mistakes({.url = url}).empty());
  CHECK(mistakes({.url = "http://127.0.0.1:8080"}).empty());
  const std::string no_url = ": a URL: http:// or https://, a host, and a path without spaces or #";
  for (const std::string bad : {"ftp://x/y", "pay.example.org", "https://", "https:///x", "https://x/a b", "https://x/#a"})
    CHECK(mistakes({.url = bad}) == bad + no_url);
  CHECK(mistakes({.url = "https://{customer}.example.org/"}) ==
        "https://{customer}.example.org/: no placeholder in the host: a model must not choose whom the tool calls");
  CHECK(mistakes({.url = "https://x?a={customer}"}).empty());
  CHECK(mistakes({.url = "{host}/{nobody}"}) == "{host}/{nobody}" + no_url +
                                                    "\n{host}/{nobody}: no placeholder in the host: a model must not " +
                                                    "choose whom the tool calls\n{nobody}: a parameter of the tool");
  CHECK_THAT(mistakes({.url = "https://ann:pw@x/"}), Catch::Contains("no user or password"));
  CHECK(mistakes({.url = "https://x/{nobody}/{tags}/{customer"}) ==
        "{nobody}: a parameter of the tool\n{tags}: a parameter that is a text, a number or true or false\n"
        "{customer: a closing '}' of each placeholder");
  CHECK(mistakes({.url = "https://x/{nobody}/{tags}"}) ==
        "{nobody}: a parameter of the tool\n{tags}: a parameter that is a text, a number or true or false");
  CHECK(mistakes({.url = url, .headers = {{"Authorization", "Bearer abc"}}}) ==
        "Authorization: a variable of the worker's environment for a secret: ${TOOL_…}");
  CHECK(mistakes({.url = url, .headers = {{"X-Api-Key", "${TOOL_KEY}"}}}).empty());
  CHECK_THAT(mistakes({.url = url, .headers = {{"X-Api-Key", "${HOME}"}}}), Catch::Contains("begins with TOOL_"));
  CHECK(mistakes({.url = url, .headers = {{"X-Api-Key", "${HOME} ${TOOL_KEY"}}}) ==
        "${HOME}: a variable of the environment whose name begins with TOOL_: ${TOOL_…}\n${TOOL_KEY: a closing '}' after ${");
  CHECK_THAT(mistakes({.url = url, .headers = {{"X y", "1"}}}), Catch::Contains("the name of a header"));
  CHECK_THAT(mistakes({.url = url, .headers = {{"X-A", "a\nb"}}}), Catch::Contains("on one line"));
  for (const std::string own : {"Host", "content-length", "Idempotency-Key"})
    CHECK_THAT(mistakes({.url = url, .headers = {{own, "1"}}}), Catch::Contains("not set by Convoke itself"));
}
