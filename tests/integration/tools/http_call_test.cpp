// Calls of http tools against a server of ours, and against peers that hang up.
#include "tools/http_call.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "integration/http/fixture.hpp"

using namespace convoke;
using namespace convoke::test;
using namespace convoke::tools;
namespace asio = boost::asio;

namespace {

constexpr std::string_view secret = "a-very-secret-key";

std::optional<std::string> environment(std::string_view name) {
  return name == "TOOL_KEY" ? std::optional<std::string>(secret) : std::nullopt;
}

/// Answers with the statuses that it was told, in turn; the last one stays.
struct Payments {
  ServerFixture fixture;
  http::Client client{fixture.io, {}};
  std::vector<http::Request> seen;
  std::vector<int> statuses{200};
  Millis delay{0};

  Payments() {
    fixture.serve([this](http::Request request) { return handle(std::move(request)); });
  }

  asio::awaitable<http::Response> handle(http::Request request) {
    seen.push_back(std::move(request));
    const auto status = statuses[std::min(seen.size(), statuses.size()) - 1];
    if (delay > Millis{0}) co_await sleep_for(delay);
    co_return http::text_response(status, "receipt for " + std::string(seen.back().headers.get("authorization")));
  }

  Tool tool(bool idempotent) const {
    return {.name = "pay",
            .description = "Pays.",
            .kind = Kind::http,
            .parameters = {{.name = "amount", .type = Type::integer, .description = "How much"}},
            .timeout_ms = 3'000,
            .idempotent = idempotent,
            .http = {.url = fixture.url("/pay"), .headers = {{"Authorization", "Bearer ${TOOL_KEY}"}}}};
  }

  Result<HttpResult> call(const Tool& tool) {
    return run(fixture.io, call_http(client, tool, R"({"amount": 7})", "s/a/1/1/0", environment));
  }
};

/// Answers requests, keeping its connections, but hangs up on the one with this number without an answer (0: on every one).
class Moody {
 public:
  Moody(asio::io_context& io, int silent_at) : acceptor_(io, {asio::ip::address_v4::loopback(), 0}), silent_at_(silent_at) {
    asio::co_spawn(io, listen(), [](const std::exception_ptr&) {});
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/pay"; }
  int requests = 0;

 private:
  asio::awaitable<void> listen() {
    while (true) {
      auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), [](const std::exception_ptr&) {});
    }
  }
  asio::awaitable<void> serve(asio::ip::tcp::socket socket) {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    std::string heard(65'536, '\0');
    while (true) {
      (void)co_await socket.async_read_some(asio::buffer(heard), asio::use_awaitable);
      ++requests;
      if (silent_at_ == 0 || requests == silent_at_) co_return;
      co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
    }
  }
  asio::ip::tcp::acceptor acceptor_;
  int silent_at_;
};

}  // namespace

TEST_CASE("http call: arguments go out, the answer comes back, the secret stays away") {
  Payments payments;
  const auto result = payments.call(payments.tool(false));
  REQUIRE(result);
  CHECK(result->end == HttpEnd::done);
  CHECK(result->text == "receipt for Bearer ***");
  REQUIRE(payments.seen.size() == 1);
  CHECK(payments.seen[0].method == "POST");
  CHECK(payments.seen[0].body == R"({"amount":7})");
  CHECK(payments.seen[0].headers.get("authorization") == "Bearer " + std::string(secret));
  CHECK_FALSE(payments.seen[0].headers.has("idempotency-key"));
}

TEST_CASE("http call: an idempotent tool is repeated under one key until it is carried out") {
  Payments payments;
  payments.statuses = {503, 500, 200};
  const auto result = payments.call(payments.tool(true));
  REQUIRE(result);
  CHECK(result->end == HttpEnd::done);
  REQUIRE(payments.seen.size() == 3);
  for (const auto& request : payments.seen) CHECK(request.headers.get("idempotency-key") == "s/a/1/1/0");
}

TEST_CASE("http call: another tool is called once, whatever comes back") {
  const std::vector<std::pair<int, HttpEnd>> cases{{200, HttpEnd::done},    {204, HttpEnd::done},    {303, HttpEnd::done},
                                                   {302, HttpEnd::unknown}, {307, HttpEnd::refused}, {404, HttpEnd::refused},
                                                   {429, HttpEnd::refused}, {503, HttpEnd::refused}, {501, HttpEnd::refused},
                                                   {500, HttpEnd::unknown}, {502, HttpEnd::unknown}, {504, HttpEnd::unknown}};
  for (const auto& [status, end] : cases) {
    INFO(status);
    Payments payments;
    payments.statuses = {status};
    const auto result = payments.call(payments.tool(false));
    REQUIRE(result);
    CHECK(result->end == end);
    CHECK(payments.seen.size() == 1);
  }
}

TEST_CASE("http call: without an answer nobody knows; without a connection nothing happened") {
  Payments payments;
  Moody deaf(payments.fixture.io, 0);
  auto tool = payments.tool(false);
  tool.http.url = deaf.url();
  auto result = payments.call(tool);
  REQUIRE(result);
  CHECK(result->end == HttpEnd::unknown);
  CHECK(deaf.requests == 1);

  tool.timeout_ms = 100;
  payments.delay = Millis{2'000};
  tool.http.url = payments.fixture.url("/slow");
  result = payments.call(tool);
  REQUIRE(result);
  CHECK(result->end == HttpEnd::unknown);
  CHECK(payments.seen.size() == 1);

  asio::ip::tcp::acceptor taken(payments.fixture.io, {asio::ip::address_v4::loopback(), 0});
  tool.http.url = "http://127.0.0.1:" + std::to_string(taken.local_endpoint().port()) + "/";
  taken.close();
  result = payments.call(tool);
  REQUIRE(result);
  CHECK(result->end == HttpEnd::failed);
}

TEST_CASE("http call: a refusal after an attempt that may have happened leaves it unknown") {
  Payments payments;
  payments.statuses = {500, 404};
  const auto result = payments.call(payments.tool(true));
  REQUIRE(result);
  CHECK(result->end == HttpEnd::unknown);
  CHECK(payments.seen.size() == 2);
}

TEST_CASE("http call: a kept connection that turns out to be dead does not make curl send twice") {
  // The peer answers the first request and hangs up on the second without an answer: on a kept connection curl would repeat that by itself.
  Payments payments;
  Moody peer(payments.fixture.io, 2);
  auto tool = payments.tool(false);
  tool.http.url = peer.url();
  CHECK(payments.call(tool)->end == HttpEnd::done);
  CHECK(payments.call(tool)->end == HttpEnd::unknown);
  CHECK(peer.requests == 2);
}

TEST_CASE("http call: what cannot be sent is refused before anything is") {
  Payments payments;
  auto tool = payments.tool(false);
  const auto wrong = run(payments.fixture.io, call_http(payments.client, tool, R"({"amount": "7"})", "k", environment));
  CHECK(wrong.error().code == Fault::tool_invalid_arguments);
  tool.http.headers = {{"Authorization", "${TOOL_OTHER}"}};
  CHECK(payments.call(tool).error().code == Fault::invalid);
  CHECK(payments.seen.empty());
}
