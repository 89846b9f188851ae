#include <catch2/catch.hpp>
#include <set>

#include "api/gateway.hpp"

using namespace convoke;
using namespace convoke::api;

namespace convoke {
extern const std::string_view embedded_openapi;
}

namespace {

asio::awaitable<Result<http::Response>> nothing(Call) { co_return http::Response{}; }

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(c));
  return text;
}

}  // namespace

TEST_CASE("router: a pattern is found with and without its prefix, and its parts are named") {
  Router router;
  router.add("GET", "/plans/{id}", nothing);
  router.add("POST", "/plans/{id}/cancel", nothing);
  const auto plain = router.match("GET", "/plans/s~p1");
  REQUIRE(plain.handler);
  CHECK(plain.parameters.at("id") == "s~p1");
  CHECK(router.match("GET", "/api/plans/s~p1").handler);
  CHECK_FALSE(router.match("GET", "/api/api/plans/s").handler);
  CHECK_FALSE(router.match("GET", "/plans/").handler);
  CHECK_FALSE(router.match("GET", "/plans/a/b").handler);
  CHECK_FALSE(router.match("GET", "plans").handler);
  CHECK_FALSE(router.match("GET", "").handler);
  const auto other = router.match("DELETE", "/plans/s");
  CHECK_FALSE(other.handler);
  CHECK(other.allowed == std::vector<std::string>{"GET"});
}

TEST_CASE("gateway: the description of the API names every path that is served, and no other") {
  runtime::ProcessOptions process;
  process.name = "gateway";
  process.health = "";
  runtime::Runtime runtime(process);
  bus::Client bus(runtime.io().get_executor(), {}, {runtime.replica(), "gateway", "gateway"});
  const Gateway gateway(runtime, bus, {}, {});
  std::set<std::string> served;
  for (const auto& [method, pattern] : gateway.router().routes()) {
    served.insert(lower(method) + " /api" + pattern);
    served.insert(lower(method) + " " + pattern);
  }
  for (const std::string path : {"/healthz", "/readyz", "/metrics", "/openapi.json", "/ws"}) {
    served.insert("get /api" + path);
    served.insert("get " + path);
  }
  std::set<std::string> described;
  const auto json = Json::parse(embedded_openapi);
  for (const auto& [path, item] : json["paths"].items())
    for (const auto& [method, operation] :
         (item.contains("$ref") ? json.at(Json::json_pointer(item["$ref"].get<std::string>().substr(1))) : item).items()) {
      described.insert(method + " " + path);
      CHECK(operation.contains("summary"));
      CHECK(operation["responses"].contains("default"));
    }
  CHECK(described == served);
}

TEST_CASE("gateway: without keys only loopback addresses are accepted") {
  runtime::ProcessOptions process;
  process.health = "";
  runtime::Runtime runtime(process);
  bus::Client bus(runtime.io().get_executor(), {}, {runtime.replica(), "gateway", "gateway"});
  http::ServerOptions open;
  open.listen = "0.0.0.0:8080";
  CHECK_THROWS_WITH(Gateway(runtime, bus, {}, open), Catch::Contains("only loopback"));
  GatewayOptions missing;
  missing.keys = "/nonexistent/keys";
  CHECK_THROWS_WITH(Gateway(runtime, bus, missing, {}), Catch::Contains("cannot read the API keys"));
}
