#include "http/client.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <catch2/catch.hpp>

#include "integration/http/fixture.hpp"
#include "support/process.hpp"

using namespace convoke;
using namespace convoke::test;
namespace asio = boost::asio;

namespace {

struct Service {
  std::uint64_t requests = 0;
  bool stream_ended = false;

  asio::awaitable<http::Response> handle(http::Request request) {
    ++requests;
    if (request.path == "/status") co_return http::text_response(429, "slow down");
    if (request.path == "/large") co_return http::text_response(200, std::string(100'000, 'x'));
    if (request.path == "/sleep") co_await sleep_for(Millis{10'000});
    if (request.path == "/drip") co_return http::event_stream([this](http::StreamWriter& writer) { return drip(writer, Millis{20}, 10); });
    if (request.path == "/long")
      co_return http::event_stream([this](http::StreamWriter& writer) { return drip(writer, Millis{10}, 2000); });
    if (request.path == "/stall")
      co_return http::event_stream([this](http::StreamWriter& writer) { return drip(writer, Millis{10'000}, 2); });
    auto response = http::text_response(200, request.method + " " + request.body);
    response.headers.add("X-Agent", request.headers.get("user-agent"));
    response.headers.add("X-Sent", request.headers.get("x-sent"));
    co_return response;
  }

  asio::awaitable<void> drip(http::StreamWriter& writer, Millis pause, int count) {
    for (int i = 0; i < count; ++i) {
      const auto written = co_await writer.write(std::to_string(i) + "\n");
      if (!written) break;
      co_await sleep_for(pause);
    }
    stream_ended = true;
  }

  http::Server::Handler handler() {
    return [this](http::Request request) { return handle(std::move(request)); };
  }
};

struct Pair {
  ServerFixture fixture;
  Service service;
  http::Client client{fixture.io, {}};
  Pair() { fixture.serve(service.handler()); }

  http::ClientRequest request(const std::string& path) const {
    http::ClientRequest asked;
    asked.url = fixture.url(path);
    return asked;
  }
  Result<http::Response> send(http::ClientRequest asked) { return run(fixture.io, client.send(std::move(asked))); }
};

}  // namespace

TEST_CASE("http client: methods, headers and bodies go there and back over one kept connection") {
  Pair pair;
  for (const std::string method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
    auto asked = pair.request("/");
    asked.method = method;
    asked.body = method == "GET" ? "" : std::string(3000, 'b');
    asked.headers.add("X-Sent", "value");
    const auto answer = pair.send(asked);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == method + " " + asked.body);
    CHECK(answer->headers.get("x-sent") == "value");
    CHECK(answer->headers.get("x-agent") == "convoke/0.1");
  }
  CHECK(pair.fixture.server->stats().connections == 1);
}

TEST_CASE("http client: a large body is sent without waiting for a 100") {
  Pair pair;
  auto asked = pair.request("/");
  asked.method = "POST";
  asked.body = std::string(900'000, 'q');
  const auto answer = pair.send(asked);
  REQUIRE(answer);
  CHECK(answer->body.size() == asked.body.size() + 5);
}

TEST_CASE("http client: an answer that refuses is an answer; a large one is an error") {
  Pair pair;
  const auto refused = pair.send(pair.request("/status"));
  REQUIRE(refused);
  CHECK(refused->status == 429);
  CHECK(refused->body == "slow down");
  auto asked = pair.request("/large");
  asked.max_response_bytes = 50'000;
  const auto large = pair.send(asked);
  REQUIRE_FALSE(large);
  CHECK(large.error().code == Fault::too_large);
}

TEST_CASE("http client: a stream arrives as it is produced, its head first; a refusal is collected") {
  Pair pair;
  std::vector<std::string> seen;
  const auto answer = run(pair.fixture.io, pair.client.stream(
                                               pair.request("/drip"), [&](std::string_view bytes) { seen.emplace_back(bytes); },
                                               [&](const http::Response& head) { seen.push_back(std::to_string(head.status)); }));
  REQUIRE(answer);
  CHECK(answer->body.empty());
  CHECK(seen.size() == 11);
  CHECK(seen.front() == "200");
  CHECK(seen.back() == "9\n");
  seen.clear();
  const auto refused =
      run(pair.fixture.io, pair.client.stream(pair.request("/status"), [&](std::string_view bytes) { seen.emplace_back(bytes); }));
  REQUIRE(refused);
  CHECK(refused->body == "slow down");
  CHECK(seen.empty());
}

TEST_CASE("http client: every deadline is kept, and says so") {
  Pair pair;
  auto total = pair.request("/sleep");
  total.total_deadline = Millis{200};
  const auto begin = std::chrono::steady_clock::now();
  CHECK(pair.send(total).error().code == Fault::deadline);
  auto idle = pair.request("/stall");
  idle.idle_deadline = Millis{300};
  const auto stalled = run(pair.fixture.io, pair.client.stream(idle, [](std::string_view) {}));
  REQUIRE_FALSE(stalled);
  CHECK(stalled.error().code == Fault::deadline);
  CHECK(stalled.error().message.find("nothing came") != std::string::npos);
  auto first = pair.request("/sleep");
  first.first_byte_deadline = Millis{100};
  const auto slow = pair.send(first);
  REQUIRE_FALSE(slow);
  CHECK(slow.error().message.find("nothing came") != std::string::npos);
  auto steady = pair.request("/drip");
  steady.first_byte_deadline = Millis{2'000};
  steady.idle_deadline = Millis{1'000};
  CHECK(pair.send(steady));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
}

TEST_CASE("http client: cancelling the waiting coroutine ends the transfer") {
  Pair pair;
  asio::cancellation_signal signal;
  bool done = false;
  asio::co_spawn(
      pair.fixture.io, pair.client.stream(pair.request("/long"), [](std::string_view) {}),
      asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr&, const Result<http::Response>&) { done = true; }));
  REQUIRE(run_until(pair.fixture.io, std::chrono::seconds(5), [&] { return pair.service.requests == 1; }));
  signal.emit(asio::cancellation_type::terminal);
  CHECK(run_until(pair.fixture.io, std::chrono::seconds(2), [&] { return done; }));
  CHECK(run_until(pair.fixture.io, std::chrono::seconds(5), [&] { return pair.service.stream_ended; }));  // the server noticed
  const auto limited = run(pair.fixture.io, within(Millis{100}, pair.client.send(pair.request("/sleep")), "asking"));
  REQUIRE_FALSE(limited);
  CHECK(limited.error().code == Fault::deadline);
  CHECK(pair.send(pair.request("/"))->status == 200);
}

TEST_CASE("http client: an exception of the receiver comes out where the answer is awaited") {
  Pair pair;
  const auto thrower = [](std::string_view) { throw std::logic_error("no"); };
  CHECK_THROWS_AS(run(pair.fixture.io, pair.client.stream(pair.request("/drip"), thrower)), std::logic_error);
  CHECK(pair.send(pair.request("/"))->status == 200);
}

TEST_CASE("http client: nobody listening, no HTTP, no URL: three different errors") {
  Pair pair;
  auto asked = pair.request("/");
  asked.url = "http://127.0.0.1:" + std::to_string(free_port()) + "/";
  CHECK(pair.send(asked).error().code == Fault::unavailable);
  asked.url = "ftp://127.0.0.1/";
  CHECK(pair.send(asked).error().code == Fault::invalid);
  asked.url = pair.fixture.url("/");
  asked.headers.add("X", "a\r\nY: b");
  CHECK(pair.send(asked).error().code == Fault::invalid);
  asked.headers = {{"X\r\nY: b", "a"}};
  CHECK(pair.send(asked).error().code == Fault::invalid);
}

TEST_CASE("http client: a server that went away and came back is found again on a new connection") {
  TempDir folder;
  http::ServerOptions options;
  options.listen = "unix:" + folder.file("s");
  ServerFixture fixture;
  Service service;
  fixture.serve(service.handler(), options);
  http::Client client(fixture.io, {});
  http::ClientRequest asked;
  asked.url = "http://localhost/";
  asked.unix_socket = folder.file("s");
  const auto status = [&] {
    const auto answer = run(fixture.io, client.send(asked));
    return answer ? answer->status : -static_cast<int>(answer.error().code);
  };
  CHECK(status() == 200);
  run(fixture.io, fixture.server->stop(Millis{1000}));
  CHECK(status() == -static_cast<int>(Fault::unavailable));
  fixture.serve(service.handler(), options);
  CHECK(status() == 200);
}

TEST_CASE("http client: many at once, with a bounded number of connections") {
  Pair pair;
  http::Client client(pair.fixture.io, {.max_connections = 8, .max_idle_connections = 4});
  int done = 0;
  for (int i = 0; i < 200; ++i) {
    asio::co_spawn(pair.fixture.io, client.send(pair.request("/")), [&](const std::exception_ptr&, const Result<http::Response>& answer) {
      done += answer && answer->status == 200 ? 1 : 0;
    });
  }
  std::size_t most = 0;
  CHECK(run_until(pair.fixture.io, std::chrono::seconds(20), [&] {
    most = std::max(most, pair.fixture.server->stats().connections);
    return done == 200;
  }));
  CHECK(most <= 8);
}

TEST_CASE("http client: closing it ends what is on its way") {
  Pair pair;
  auto client = std::make_unique<http::Client>(pair.fixture.io, http::ClientOptions{});
  std::optional<Fault> ended;
  asio::co_spawn(pair.fixture.io, client->send(pair.request("/sleep")),
                 [&](const std::exception_ptr&, const Result<http::Response>& answer) { ended = answer.error().code; });
  REQUIRE(run_until(pair.fixture.io, std::chrono::seconds(5), [&] { return pair.service.requests == 1; }));
  client.reset();
  CHECK(run_until(pair.fixture.io, std::chrono::seconds(5), [&] { return ended.has_value(); }));
  CHECK(ended == Fault::cancelled);
}
